// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus.c - what is common to all connections: signals to everybody, and the one connection to the
 * system bus. Called by main; the teams' hooks lead here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bus_private.h"
#include "daemon/log.h"

#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"

void bus_each(struct bus *bus, void (*fn)(sd_bus *conn, void *arg), void *arg)
{
	unsigned i;

	for (i = 0; i < bus->n_peers; i++) {
		struct bus_peer *peer = bus->peer[i];

		if (peer->gone || sd_bus_is_ready(peer->conn) <= 0)
			continue;
		fn(peer->conn, arg);
		peer_check_backlog(peer);
	}
	if (bus->system && sd_bus_is_ready(bus->system) > 0)
		fn(bus->system, arg);
}

struct change {
	const struct member *member;
	unsigned what;
};

static void tell_added(sd_bus *conn, void *arg)
{
	bus_team_added(conn, arg);
}

static void tell_removing(sd_bus *conn, void *arg)
{
	bus_team_removing(conn, arg);
}

static void tell_changed(sd_bus *conn, void *arg)
{
	struct change *change = arg;

	bus_team_changed(conn, change->member, change->what);
}

static void tell_event(sd_bus *conn, void *arg)
{
	bus_manager_event(conn, arg);
}

static void on_added(struct member *member, void *arg)
{
	bus_each(arg, tell_added, member);
}

static void on_removing(struct member *member, void *arg)
{
	bus_each(arg, tell_removing, member);
}

static void on_changed(struct member *member, unsigned what, void *arg)
{
	bus_each(arg, tell_changed, &(struct change){member, what});
}

static void on_event(const struct team_event *event, void *arg)
{
	bus_each(arg, tell_event, (void *)event);
}

int bus_new(sd_event *loop, struct teams *teams, struct bus **ret)
{
	struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return -ENOMEM;
	bus->loop = sd_event_ref(loop);
	bus->teams = teams;
	teams_set_hooks(teams, &(struct teams_hooks){.added = on_added,
						     .removing = on_removing,
						     .changed = on_changed,
						     .event = on_event,
						     .arg = bus});
	*ret = bus;
	return 0;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	teams_set_hooks(bus->teams, NULL);
	peers_free(bus);
	if (bus->system)
		sd_bus_close_unref(bus->system);
	sd_event_unref(bus->loop);
	free(bus);
}

static int on_system_lost(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus *bus = arg;

	log_print(LOG_NOTICE, "the system bus is gone; the private socket goes on");
	/* sd-bus itself holds the connection until this call has returned. */
	bus->system = sd_bus_close_unref(bus->system);
	return 0;
}

static int on_name(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const sd_bus_error *refused = sd_bus_message_get_error(m);
	uint32_t reply = 0;

	if (!refused && sd_bus_message_read(m, "u", &reply) >= 0 && reply == 1)
		log_print(LOG_INFO, "on the system bus as " BPFTEAM_DBUS_NAME);
	else
		log_print(LOG_WARNING,
			  "system bus: the name " BPFTEAM_DBUS_NAME " is not to be had: %s",
			  refused ? refused->message : "another daemon has it");
	return 0;
}

void bus_connect_system(struct bus *bus)
{
	const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
	int r = sd_bus_new(&bus->system);

	if (r >= 0)
		r = sd_bus_set_address(bus->system, address ? address : SYSTEM_BUS_ADDRESS);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus->system, true);
	if (r >= 0)
		r = sd_bus_set_watch_bind(bus->system, true);
	if (r >= 0)
		r = sd_bus_negotiate_fds(bus->system, false);
	if (r >= 0)
		r = bus_manager_export(bus, bus->system);
	if (r >= 0)
		r = bus_team_export(bus, bus->system);
	if (r >= 0)
		r = sd_bus_match_signal(bus->system, NULL, NULL, "/org/freedesktop/DBus/Local",
					"org.freedesktop.DBus.Local", "Disconnected",
					on_system_lost, bus);
	if (r >= 0)
		r = sd_bus_start(bus->system);
	if (r >= 0)
		r = sd_bus_request_name_async(bus->system, NULL, BPFTEAM_DBUS_NAME, 0, on_name,
					      bus);
	if (r >= 0)
		r = sd_bus_attach_event(bus->system, bus->loop, LOOP_BUS);
	if (r >= 0)
		return;
	log_print(LOG_NOTICE, "no system bus: %s; the private socket serves alone", strerror(-r));
	bus->system = sd_bus_close_unref(bus->system);
}
