// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus_team.c - one object per team under BPFTEAM_DBUS_PATH/team, with the properties that desktop
 * and monitoring tools want to watch; everything else is in Status. Called by sd-bus and bus.c.
 *
 * The objects come and go with the teams: one fallback vtable serves them all, and looks the team
 * up by the path. Names are escaped as sd_bus_path_encode(3) does ("my-team" is "my_2dteam").
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/port.h"
#include "daemon/bus_private.h"
#include "daemon/text.h"

#define TEAM_PREFIX BPFTEAM_DBUS_PATH "/team"

static int append_clean(sd_bus_message *reply, const char *text)
{
	char buf[256];

	snprintf(buf, sizeof(buf), "%s", text ? text : "");
	return sd_bus_message_append(reply, "s", text_clean(buf));
}

static int get_text(sd_bus *conn, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *arg, sd_bus_error *error)
{
	const struct team *team = member_team(arg);
	const struct config *config = team_config(team);
	/* Few enough to compute all: a property is read once in a while. */
	const struct {
		const char *property, *value;
	} values[] = {
		{"Name", member_name(arg)},
		{"Mode", name_of(mode_names, config->mode)},
		{"Hash", name_of(hash_names, config->hash)},
		{"State", team_state(team)},
		{"ActivePort", team_active_port(team)},
		{"Detector", team_detector(team)},
		{"Rx", name_of(rx_names, config->rx)},
	};
	unsigned i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!strcmp(values[i].property, property))
			return append_clean(reply, values[i].value);
	return -ENOENT;
}

static int get_failovers(sd_bus *conn, const char *path, const char *interface,
			 const char *property, sd_bus_message *reply, void *arg,
			 sd_bus_error *error)
{
	return sd_bus_message_append(reply, "t", team_failovers(member_team(arg)));
}

static int get_ports(sd_bus *conn, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *arg, sd_bus_error *error)
{
	const struct team *team = member_team(arg);
	unsigned i;
	int r = sd_bus_message_open_container(reply, 'a', "(sss)");

	for (i = 0; r >= 0 && i < team_n_ports(team); i++) {
		const struct port *port = team_port_state(team, i);

		r = sd_bus_message_open_container(reply, 'r', "sss");
		if (r >= 0)
			r = append_clean(reply, team_port_name(team, i));
		if (r >= 0)
			r = append_clean(reply, name_of(port_state_names, port->state));
		if (r >= 0)
			r = append_clean(reply, port->reason);
		if (r >= 0)
			r = sd_bus_message_close_container(reply);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable team_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Name", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Mode", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Hash", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("State", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("ActivePort", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Detector", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Rx", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Failovers", "t", get_failovers, 0, CHANGES),
	SD_BUS_PROPERTY("Ports", "a(sss)", get_ports, 0, CHANGES),
	SD_BUS_VTABLE_END,
};

/* sd_bus_object_find_t: 1 and the member when path is a team's. */
static int find(sd_bus *conn, const char *path, const char *interface, void *arg, void **ret,
		sd_bus_error *error)
{
	struct bus *bus = arg;
	char *name = NULL;
	int r = sd_bus_path_decode(path, TEAM_PREFIX, &name);

	if (r <= 0)
		return r;
	*ret = teams_find(bus->teams, name);
	free(name);
	return *ret != NULL;
}

static int enumerate(sd_bus *conn, const char *prefix, void *arg, char ***ret, sd_bus_error *error)
{
	struct bus *bus = arg;
	char **paths = calloc(teams_count(bus->teams) + 1, sizeof(*paths));
	struct member *member;
	unsigned i;

	if (!paths)
		return -ENOMEM;
	for (i = 0; (member = teams_at(bus->teams, i)); i++) {
		if (sd_bus_path_encode(TEAM_PREFIX, member_name(member), &paths[i]) >= 0)
			continue;
		while (i-- > 0)
			free(paths[i]);
		free(paths);
		return -ENOMEM;
	}
	*ret = paths;
	return 1;
}

int bus_team_export(struct bus *bus, sd_bus *conn)
{
	int r;

	r = sd_bus_add_fallback_vtable(conn, NULL, TEAM_PREFIX, BPFTEAM_DBUS_TEAM, team_vtable,
				       find, bus);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(conn, NULL, TEAM_PREFIX, enumerate, bus);
	if (r >= 0)
		r = sd_bus_add_object_manager(conn, NULL, BPFTEAM_DBUS_PATH);
	return r < 0 ? r : 0;
}

void bus_team_added(sd_bus *conn, const struct member *member)
{
	char *path;

	if (sd_bus_path_encode(TEAM_PREFIX, member_name(member), &path) < 0)
		return;
	sd_bus_emit_object_added(conn, path);
	free(path);
}

void bus_team_removing(sd_bus *conn, const struct member *member)
{
	char *path;

	if (sd_bus_path_encode(TEAM_PREFIX, member_name(member), &path) < 0)
		return;
	sd_bus_emit_object_removed(conn, path);
	free(path);
}

void bus_team_changed(sd_bus *conn, const struct member *member, unsigned what)
{
	static const struct {
		unsigned bit;
		const char *property;
	} properties[] = {
		{TEAMS_STATE, "State"},         {TEAMS_ACTIVE_PORT, "ActivePort"},
		{TEAMS_FAILOVERS, "Failovers"}, {TEAMS_PORTS, "Ports"},
		{TEAMS_SETTINGS, "Mode"},       {TEAMS_SETTINGS, "Hash"},
		{TEAMS_SETTINGS, "Detector"},   {TEAMS_SETTINGS, "Rx"},
	};
	char *names[sizeof(properties) / sizeof(properties[0]) + 1] = {}, *path;
	unsigned i, n = 0;

	for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (what & properties[i].bit)
			names[n++] = (char *)properties[i].property;
	if (sd_bus_path_encode(TEAM_PREFIX, member_name(member), &path) < 0)
		return;
	sd_bus_emit_properties_changed_strv(conn, path, BPFTEAM_DBUS_TEAM, names);
	free(path);
}
