/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* instance.h - one daemon per runtime directory: its lock and its socket. */
#ifndef BPFTEAM_DAEMON_INSTANCE_H
#define BPFTEAM_DAEMON_INSTANCE_H

#include "core/err.h"

struct instance;

/*
 * Makes the runtime directory, takes RUNTIME_DIR/bpfteamd.pid and listens on RUNTIME_DIR/bus, whose
 * stale predecessor is replaced. -EEXIST when another daemon serves the directory: the text says
 * which.
 */
int instance_open(const char *runtime_dir, struct instance **ret, struct err *err);
/* Removes the socket, gives the lock back. */
void instance_close(struct instance *instance);

/* The listening socket: non-blocking, stays the instance's. */
int instance_fd(const struct instance *instance);

#endif
