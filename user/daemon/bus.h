/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bus.h - the D-Bus side of the daemon (include/bpfteam/dbus.h): the private socket's connections
 * and the system bus, all served with the same objects.
 */
#ifndef BPFTEAM_DAEMON_BUS_H
#define BPFTEAM_DAEMON_BUS_H

#include <systemd/sd-event.h>

#include "daemon/teams.h"

struct bus;

/* Installs itself as the hooks of teams. */
int bus_new(sd_event *loop, struct teams *teams, struct bus **ret);
/* Closes every connection. */
void bus_free(struct bus *bus);

/* Serves who connects to the listening socket fd, which stays the caller's. */
int bus_listen(struct bus *bus, int fd);

/*
 * Connects to the system bus and asks for its name; where there is none, that happens when one
 * appears. Never waits: a bus that comes up after the daemon at boot must not hold it up.
 */
void bus_connect_system(struct bus *bus);

#endif
