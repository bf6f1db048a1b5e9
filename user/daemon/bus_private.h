/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bus_private.h - what the files of the bus share. */
#ifndef BPFTEAM_DAEMON_BUS_PRIVATE_H
#define BPFTEAM_DAEMON_BUS_PRIVATE_H

#include <systemd/sd-bus.h>

#include "bpfteam/dbus.h"
#include "daemon/bus.h"

#define BUS_PEERS_MAX 64

/* One connection of the private socket. */
struct bus_peer {
	struct bus *bus;
	sd_bus *conn;
	unsigned id; /* its unique name is ":1.ID" */
	uint64_t heard_us; /* when it last sent a message; at first, when it connected */
	bool gone; /* to be freed when nothing uses it any more */
};

struct bus {
	sd_event *loop;
	struct teams *teams;
	sd_event_source *accept, *room, *reap;
	struct bus_peer *peer[BUS_PEERS_MAX];
	unsigned n_peers, last_id;
	sd_bus *system;
};

/* Calls fn for every connection that may be sent to. */
void bus_each(struct bus *bus, void (*fn)(sd_bus *conn, void *arg), void *arg);

/* peers.c: the private socket's connections. */
void peer_drop(struct bus_peer *peer);
/* A peer that lets so much wait unread is dropped. */
void peer_check_backlog(struct bus_peer *peer);
void peers_free(struct bus *bus);

/* Each puts its objects on one connection. 0 or -errno. */
int bus_driver_export(struct bus_peer *peer);
int bus_manager_export(struct bus *bus, sd_bus *conn);
int bus_team_export(struct bus *bus, sd_bus *conn);

/* Signals. */
void bus_manager_event(sd_bus *conn, const struct team_event *event);
void bus_team_added(sd_bus *conn, const struct member *member);
void bus_team_removing(sd_bus *conn, const struct member *member);
void bus_team_changed(sd_bus *conn, const struct member *member, unsigned what);

#endif
