// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * peers.c - the connections of the private socket: accepted, checked, limited, and freed. Called by
 * bus.c, and by sd-event.
 *
 * Each is a D-Bus server of one client (D-Bus specification, "Server Addresses" and the EXTERNAL
 * mechanism); who may connect is decided by SO_PEERCRED before a byte is read. sd-bus itself closes
 * a connection that speaks no D-Bus, and one that doesn't finish its greeting in time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/bus_private.h"
#include "daemon/log.h"

/* Messages that wait to be read by one client: some hundred KiB of signals. */
#define BACKLOG_MAX 1024
/* With all places taken, how long one must have been silent to lose it. */
#define GREETING_US 1000000
#define SILENT_US 10000000
#define ROOM_PERIOD_US 250000

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static void peer_free(struct bus_peer *peer)
{
	if (!peer)
		return;
	sd_bus_close_unref(peer->conn);
	free(peer);
}

static int on_reap(sd_event_source *source, void *arg)
{
	struct bus *bus = arg;
	unsigned i, kept = 0;

	for (i = 0; i < bus->n_peers; i++) {
		if (bus->peer[i]->gone)
			peer_free(bus->peer[i]);
		else
			bus->peer[kept++] = bus->peer[i];
	}
	bus->n_peers = kept;
	if (kept < BUS_PEERS_MAX) {
		sd_event_source_set_enabled(bus->accept, SD_EVENT_ON);
		sd_event_source_set_enabled(bus->room, SD_EVENT_OFF);
	}
	return 0;
}

void peer_drop(struct bus_peer *peer)
{
	/* Not freed here: a call of this very connection may be under way. */
	peer->gone = true;
	sd_event_source_set_enabled(peer->bus->reap, SD_EVENT_ONESHOT);
}

void peer_check_backlog(struct bus_peer *peer)
{
	uint64_t queued;

	if (sd_bus_get_n_queued_write(peer->conn, &queued) < 0 || queued <= BACKLOG_MAX)
		return;
	log_print(LOG_NOTICE, "private socket: dropping client :1.%u, which reads nothing",
		  peer->id);
	peer_drop(peer);
}

static int on_disconnected(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	peer_drop(arg);
	return 0;
}

static int on_any_message(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus_peer *peer = arg;

	peer->heard_us = now_us();
	return 0;
}

/* Takes fd, also when it fails. */
static int peer_new(struct bus *bus, int fd, struct bus_peer **ret)
{
	struct bus_peer *peer = calloc(1, sizeof(*peer));
	sd_id128_t id;
	int r = -ENOMEM;

	if (!peer || (r = sd_bus_new(&peer->conn)) < 0 ||
	    (r = sd_bus_set_fd(peer->conn, fd, fd)) < 0) {
		close(fd);
		peer_free(peer);
		return r;
	}
	peer->bus = bus;
	peer->id = ++bus->last_id;
	peer->heard_us = now_us();
	r = sd_id128_randomize(&id);
	if (r >= 0)
		r = sd_bus_set_server(peer->conn, true, id);
	if (r >= 0)
		r = sd_bus_negotiate_fds(peer->conn, false);
	/* It was checked at accept(): may do what a privileged caller may. */
	if (r >= 0)
		r = sd_bus_set_trusted(peer->conn, true);
	/* So that a client may match signals by the name it knows from the system bus. */
	if (r >= 0)
		r = sd_bus_set_sender(peer->conn, BPFTEAM_DBUS_NAME);
	if (r >= 0)
		r = sd_bus_add_filter(peer->conn, NULL, on_any_message, peer);
	if (r >= 0)
		r = sd_bus_match_signal(peer->conn, NULL, NULL, "/org/freedesktop/DBus/Local",
					"org.freedesktop.DBus.Local", "Disconnected",
					on_disconnected, peer);
	if (r >= 0)
		r = bus_driver_export(peer);
	if (r >= 0)
		r = bus_manager_export(bus, peer->conn);
	if (r >= 0)
		r = bus_team_export(bus, peer->conn);
	if (r >= 0)
		r = sd_bus_start(peer->conn);
	if (r >= 0)
		r = sd_bus_attach_event(peer->conn, bus->loop, LOOP_BUS);
	if (r < 0) {
		peer_free(peer);
		return r;
	}
	*ret = peer;
	return 0;
}

static bool may_connect(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) &&
	       (cred.uid == 0 || cred.uid == geteuid());
}

/* New clients wait in the socket's backlog until there is room again. */
static void hold_accept(struct bus *bus)
{
	sd_event_source_set_enabled(bus->accept, SD_EVENT_OFF);
	sd_event_source_set_time_relative(bus->room, ROOM_PERIOD_US);
	sd_event_source_set_enabled(bus->room, SD_EVENT_ONESHOT);
}

static int on_accept(sd_event_source *source, int listener, uint32_t revents, void *arg)
{
	struct bus *bus = arg;
	int fd, r;

	if (bus->n_peers == BUS_PEERS_MAX) {
		hold_accept(bus);
		return 0;
	}
	/* One a turn: those who are connected already come first (LOOP_ACCEPT). */
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			hold_accept(bus);
		return 0;
	}
	if (!may_connect(fd)) {
		close(fd);
		return 0;
	}
	r = peer_new(bus, fd, &bus->peer[bus->n_peers]);
	if (r < 0)
		log_print(LOG_WARNING, "private socket: a client was refused: %s", strerror(-r));
	else
		bus->n_peers++;
	return 0;
}

/*
 * All places are taken. Those who have not even greeted for a second make room; if there are none,
 * who has been silent for ten seconds and the longest. A client at work is never thrown out.
 */
static int on_room(sd_event_source *source, uint64_t usec, void *arg)
{
	struct bus *bus = arg;
	struct bus_peer *silent = NULL;
	uint64_t now = now_us();
	unsigned i, dropped = 0;

	sd_event_source_set_enabled(bus->accept, SD_EVENT_ON);
	if (bus->n_peers < BUS_PEERS_MAX)
		return 0;
	for (i = 0; i < bus->n_peers; i++) {
		struct bus_peer *peer = bus->peer[i];

		if (sd_bus_is_ready(peer->conn) <= 0 && now - peer->heard_us > GREETING_US) {
			peer_drop(peer);
			dropped++;
		}
		if (!silent || peer->heard_us < silent->heard_us)
			silent = peer;
	}
	if (!dropped && now - silent->heard_us > SILENT_US)
		peer_drop(silent);
	return 0;
}

int bus_listen(struct bus *bus, int fd)
{
	int r;

	r = sd_event_add_io(bus->loop, &bus->accept, fd, EPOLLIN, on_accept, bus);
	if (r >= 0)
		r = sd_event_source_set_priority(bus->accept, LOOP_ACCEPT);
	if (r >= 0)
		r = sd_event_add_time(bus->loop, &bus->room, CLOCK_MONOTONIC, UINT64_MAX, 1000,
				      on_room, bus);
	if (r >= 0)
		r = sd_event_source_set_enabled(bus->room, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_defer(bus->loop, &bus->reap, on_reap, bus);
	if (r >= 0)
		r = sd_event_source_set_enabled(bus->reap, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

void peers_free(struct bus *bus)
{
	unsigned i;

	/* No flush: it would wait for ever for a client that reads nothing. */
	for (i = 0; i < bus->n_peers; i++)
		peer_free(bus->peer[i]);
	bus->n_peers = 0;
	bus->accept = sd_event_source_disable_unref(bus->accept);
	bus->room = sd_event_source_disable_unref(bus->room);
	bus->reap = sd_event_source_disable_unref(bus->reap);
}
