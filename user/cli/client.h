/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * client.h - the daemon's side of a command: calls over RUNTIME_DIR/bus (bpfteam/dbus.h).
 *
 * All return 0 or -errno with a text; a refusal by the daemon is -EREMOTEIO with the daemon's own
 * line. Reads wait for 5 s, changes for 30 s.
 */
#ifndef BPFTEAM_CLI_CLIENT_H
#define BPFTEAM_CLI_CLIENT_H

#include <jansson.h>
#include <systemd/sd-bus.h>

#include "core/err.h"
#include "team/team.h"

struct client;

/* -ENOENT: no daemon is there (a socket that nobody listens on counts as none). */
int client_open(const char *runtime_dir, struct client **ret, struct err *err);
void client_close(struct client *client);

/* client_peer.c: 0 when the daemon behind fd may be the one of this namespace, else fd is closed. */
int client_check_peer(int fd, const char *socket, struct err *err);

/* Somebody listens there. */
bool client_there(const char *runtime_dir);

/* notes: array of the daemon's remarks, a new reference. */
int client_attach(struct client *client, const struct config *config, unsigned flags,
		  json_t **notes, struct err *err);
/* changes: array of lines, a new reference. */
int client_apply(struct client *client, const struct config *config, const char *origin, bool check,
		 json_t **changes, struct err *err);
int client_detach(struct client *client, const char *team, struct err *err);
int client_add_port(struct client *client, const char *team, const char *port, struct err *err);
int client_remove_port(struct client *client, const char *team, const char *port, struct err *err);
int client_set_port(struct client *client, const char *team, const char *port,
		    const struct team_port_settings *settings, struct err *err);
/* The array of `show -j`, a new reference. name "": all. */
int client_status(struct client *client, const char *name, json_t **ret, struct err *err);
/* The array of `rdma -j`, likewise. */
int client_rdma(struct client *client, const char *name, json_t **ret, struct err *err);
int client_refresh(struct client *client, struct err *err);

/* For monitor, which waits for signals. */
sd_bus *client_bus(struct client *client);

/* Lines of text as an array of strings. NULL when out of memory. */
json_t *client_lines(const char *text);

#endif
