// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus_manager.c - the object BPFTEAM_DBUS_PATH: a table of methods, one function each, and the
 * signal Event. Called by sd-bus, on the private socket and the system bus alike.
 *
 * What comes in is untrusted in shape: sd-bus checks types and UTF-8, and here names are checked
 * before they become part of a path. Methods that change something are left privileged, which on
 * the system bus lets pass root only (sd_bus_query_sender_privilege(3)).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bus_private.h"
#include "daemon/text.h"

#define CONFIG_TEXT_MAX (1024 * 1024)

/* The answer to a refused call: err's line as BPFTEAM_DBUS_ERROR. Returns what sd-bus wants. */
static int refuse(sd_bus_error *error, int r, struct err *err)
{
	if (!err->text[0])
		err_set(err, r, "%s", strerror(-r));
	sd_bus_error_set(error, BPFTEAM_DBUS_ERROR, text_clean(err->text));
	return r;
}

static int parse_config(const char *text, const char *origin, struct config *config,
			struct err *err)
{
	size_t len = strlen(text);

	if (len > CONFIG_TEXT_MAX)
		return err_set(err, -E2BIG, "%s: larger than 1 MiB", origin);
	return config_parse(text, len, origin, config, err);
}

static int method_attach(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus *bus = arg;
	struct config *config = malloc(sizeof(*config));
	struct err err = {};
	const char *text;
	char *notes = NULL;
	uint32_t flags;
	int r;

	if (!config)
		return -ENOMEM;
	r = sd_bus_message_read(m, "su", &text, &flags);
	if (r < 0)
		goto out;
	if (flags & ~(TEAM_MOVE_ADDRESSES | TEAM_NO_FAILOVER | TEAM_ALLOW_MISSING))
		r = err_set(&err, -EINVAL, "flags 0x%x: not known to this daemon", flags);
	else
		r = parse_config(text, "configuration", config, &err);
	if (!r)
		r = teams_attach(bus->teams, config, flags, &notes, &err);
	r = r ? refuse(error, r, &err)
	      : sd_bus_reply_method_return(m, "s", notes ? text_clean_lines(notes) : "");
out:
	free(notes);
	free(config);
	return r;
}

static void append_line(const char *line, void *arg)
{
	char clean[1024];

	snprintf(clean, sizeof(clean), "%s", line);
	/* A failure stays with the message, and sending it fails. */
	sd_bus_message_append(arg, "s", text_clean(clean));
}

static int method_apply(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus *bus = arg;
	struct config *config = malloc(sizeof(*config));
	sd_bus_message *reply = NULL;
	struct err err = {};
	const char *text, *origin;
	int check, r;

	if (!config)
		return -ENOMEM;
	r = sd_bus_message_read(m, "ssb", &text, &origin, &check);
	if (r >= 0)
		r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "s");
	if (r < 0)
		goto out;
	r = parse_config(text, origin, config, &err);
	if (!r)
		r = teams_apply(bus->teams, config, check, 0, append_line, reply, &err);
	if (r) {
		r = refuse(error, r, &err);
		goto out;
	}
	r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
out:
	sd_bus_message_unref(reply);
	free(config);
	return r;
}

static int method_detach(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus *bus = arg;
	struct err err = {};
	const char *team;
	int r = sd_bus_message_read(m, "s", &team);

	if (r < 0)
		return r;
	r = config_check_name("team", team, &err);
	if (!r)
		r = teams_detach(bus->teams, team, &err);
	return r ? refuse(error, r, &err) : sd_bus_reply_method_return(m, NULL);
}

/* Reads team and port, and finds the team. */
static int read_port(sd_bus_message *m, struct bus *bus, struct member **ret, const char **ret_port,
		     struct err *err)
{
	const char *team;
	int r = sd_bus_message_read(m, "ss", &team, ret_port);

	if (r < 0)
		return r;
	r = config_check_name("team", team, err);
	if (!r)
		r = config_check_name("port", *ret_port, err);
	if (r)
		return r;
	*ret = teams_get(bus->teams, team, err);
	return *ret ? 0 : -ENOENT;
}

static int method_add_port(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct member *member;
	struct err err = {};
	const char *port;
	int r = read_port(m, arg, &member, &port, &err);

	if (!r)
		r = teams_settle(member, team_add_port(member_team(member), port, &err));
	return r ? refuse(error, r, &err) : sd_bus_reply_method_return(m, NULL);
}

static int method_remove_port(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct member *member;
	struct err err = {};
	const char *port;
	int r = read_port(m, arg, &member, &port, &err);

	if (!r)
		r = teams_settle(member, team_remove_port(member_team(member), port, &err));
	return r ? refuse(error, r, &err) : sd_bus_reply_method_return(m, NULL);
}

struct port_values {
	uint32_t weight;
	int32_t priority;
	bool drain, disable;
};

static int read_bool(sd_bus_message *m, bool *ret)
{
	int value, r = sd_bus_message_read(m, "v", "b", &value);

	*ret = r >= 0 && value;
	return r;
}

/* One entry of the a{sv} of SetPort. */
static int read_setting(sd_bus_message *m, struct port_values *values,
			struct team_port_settings *settings, struct err *err)
{
	const char *key;
	int r = sd_bus_message_read(m, "s", &key);

	if (r < 0)
		return r;
	if (!strcmp(key, "weight")) {
		r = sd_bus_message_read(m, "v", "u", &values->weight);
		settings->weight = &values->weight;
	} else if (!strcmp(key, "priority")) {
		r = sd_bus_message_read(m, "v", "i", &values->priority);
		settings->priority = &values->priority;
	} else if (!strcmp(key, "drain")) {
		r = read_bool(m, &values->drain);
		settings->drain = &values->drain;
	} else if (!strcmp(key, "disable")) {
		r = read_bool(m, &values->disable);
		settings->disable = &values->disable;
	} else {
		return err_set(err, -EINVAL,
			       "%s: no setting of a port; there are weight, priority, drain and "
			       "disable",
			       key);
	}
	return r < 0 ? err_set(err, -EINVAL, "%s: of another type", key) : 0;
}

static int read_settings(sd_bus_message *m, struct port_values *values,
			 struct team_port_settings *settings, struct err *err)
{
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_setting(m, values, settings, err);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int method_set_port(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct team_port_settings settings = {};
	struct port_values values = {};
	struct member *member;
	struct err err = {};
	const char *port;
	int r = read_port(m, arg, &member, &port, &err);

	if (!r)
		r = read_settings(m, &values, &settings, &err);
	if (r >= 0)
		r = teams_settle(member, team_set_port(member_team(member), port, &settings, &err));
	return r ? refuse(error, r, &err) : sd_bus_reply_method_return(m, NULL);
}

/* One team as JSON, NULL with err set. */
typedef json_t *team_view(struct team *team, struct err *err);

static int append_view(json_t *teams, struct member *member, team_view *view, struct err *err)
{
	json_t *json = view(member_team(member), err);

	if (json && !json_array_append_new(teams, json))
		return 0;
	return err->text[0] ? -EIO : -ENOMEM;
}

/* The answer to a call that names a team, or "" for all: an array. */
static int reply_view(sd_bus_message *m, struct bus *bus, team_view *view, sd_bus_error *error)
{
	struct member *member;
	struct err err = {};
	json_t *teams;
	const char *name;
	char *text;
	int r = sd_bus_message_read(m, "s", &name);

	if (r < 0)
		return r;
	r = 0;
	teams = json_array();
	if (!*name) {
		for (unsigned i = 0; !r && (member = teams_at(bus->teams, i)); i++)
			r = append_view(teams, member, view, &err);
	} else {
		r = config_check_name("team", name, &err);
		member = r ? NULL : teams_get(bus->teams, name, &err);
		if (!r)
			r = member ? append_view(teams, member, view, &err) : -ENOENT;
	}
	if (r < 0) {
		json_decref(teams);
		return refuse(error, r, &err);
	}
	text = json_dumps(teams, JSON_COMPACT);
	r = text ? sd_bus_reply_method_return(m, "s", text) : -ENOMEM;
	free(text);
	json_decref(teams);
	return r;
}

static json_t *view_status(struct team *team, struct err *err)
{
	return team_status(team, true);
}

static int method_status(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	return reply_view(m, arg, view_status, error);
}

static int method_rdma(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	return reply_view(m, arg, team_rdma, error);
}

static int method_refresh(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus *bus = arg;

	teams_refresh(bus->teams);
	return sd_bus_reply_method_return(m, NULL);
}

static int get_version(sd_bus *conn, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *arg, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", BPFTEAM_VERSION);
}

/* The argument lists take pairs. */
/* clang-format off */
static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Attach", SD_BUS_ARGS("s", config, "u", flags),
				SD_BUS_RESULT("s", notes), method_attach, 0),
	SD_BUS_METHOD_WITH_ARGS("Apply", SD_BUS_ARGS("s", config, "s", origin, "b", check),
				SD_BUS_RESULT("as", changes), method_apply, 0),
	SD_BUS_METHOD_WITH_ARGS("Detach", SD_BUS_ARGS("s", team), SD_BUS_NO_RESULT,
				method_detach, 0),
	SD_BUS_METHOD_WITH_ARGS("AddPort", SD_BUS_ARGS("s", team, "s", port), SD_BUS_NO_RESULT,
				method_add_port, 0),
	SD_BUS_METHOD_WITH_ARGS("RemovePort", SD_BUS_ARGS("s", team, "s", port), SD_BUS_NO_RESULT,
				method_remove_port, 0),
	SD_BUS_METHOD_WITH_ARGS("SetPort",
				SD_BUS_ARGS("s", team, "s", port, "a{sv}", settings),
				SD_BUS_NO_RESULT, method_set_port, 0),
	SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_ARGS("s", team), SD_BUS_RESULT("s", json),
				method_status, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Rdma", SD_BUS_ARGS("s", team), SD_BUS_RESULT("s", json),
				method_rdma, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Refresh", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_refresh, 0),
	SD_BUS_SIGNAL_WITH_ARGS("Event",
				SD_BUS_ARGS("s", time, "s", team, "s", event, "s", port,
					    "s", cause, "s", detector, "t", datapath_ns,
					    "s", active_port), 0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};
/* clang-format on */

int bus_manager_export(struct bus *bus, sd_bus *conn)
{
	int r = sd_bus_add_object_vtable(conn, NULL, BPFTEAM_DBUS_PATH, BPFTEAM_DBUS_MANAGER,
					 manager_vtable, bus);

	return r < 0 ? r : 0;
}

/* A string of an event, fit to be sent. */
static const char *clean(const char *text, char buf[256])
{
	snprintf(buf, 256, "%s", text ? text : "");
	return text_clean(buf);
}

void bus_manager_event(sd_bus *conn, const struct team_event *event)
{
	char time[TEXT_TIME_LEN], team[256], port[256], cause[256], detector[256], active[256];

	sd_bus_emit_signal(conn, BPFTEAM_DBUS_PATH, BPFTEAM_DBUS_MANAGER, "Event", "ssssssts",
			   text_time(event->time_ns, time), clean(event->team, team),
			   name_of(event_names, event->type), clean(event->port, port),
			   clean(event->cause, cause), clean(event->detector, detector),
			   event->datapath_ns, clean(event->active_port, active));
}
