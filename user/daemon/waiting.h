/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* waiting.h - calls a function when a device may have appeared, and every second anyway. */
#ifndef BPFTEAM_DAEMON_WAITING_H
#define BPFTEAM_DAEMON_WAITING_H

#include <stdbool.h>
#include <systemd/sd-event.h>

struct waiting;

/* try: does its thing, and returns whether to go on. Nothing runs before waiting_start(). */
int waiting_new(sd_event *loop, bool (*try)(void *arg), void *arg, struct waiting **ret);
void waiting_free(struct waiting *waiting);
void waiting_start(struct waiting *waiting);
void waiting_stop(struct waiting *waiting);

#endif
