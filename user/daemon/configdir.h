/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* configdir.h - the teams that the files of one folder ask for. */
#ifndef BPFTEAM_DAEMON_CONFIGDIR_H
#define BPFTEAM_DAEMON_CONFIGDIR_H

#include <systemd/sd-event.h>

#include "daemon/teams.h"

struct configdir;

/* poke: called when configdir_problems() may answer otherwise. */
int configdir_new(sd_event *loop, struct teams *teams, const char *dir, const struct poke *poke,
		  struct configdir **ret);
void configdir_free(struct configdir *configdir);

/*
 * Reads DIR/\*.yaml in the order of their names and makes the teams so, by difference. Whatever
 * fails is logged, and leaves its team as it is. From the second call on, a team whose file is gone
 * is detached. A file whose ports are missing is tried again when they may have come.
 */
void configdir_load(struct configdir *configdir);

/* How many files are not in force, and the first of them in a few words ("" when none). */
unsigned configdir_problems(const struct configdir *configdir, const char **ret_first);

#endif
