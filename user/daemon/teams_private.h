/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* teams_private.h - what teams.c and member.c share: the set, and one team of it. */
#ifndef BPFTEAM_DAEMON_TEAMS_PRIVATE_H
#define BPFTEAM_DAEMON_TEAMS_PRIVATE_H

#include "daemon/teams.h"

struct teams {
	sd_event *loop;
	struct team_env env;
	struct teams_hooks hooks;
	struct poke poke;
	struct member **member;
	unsigned n;
};

struct member {
	struct teams *teams;
	struct team *team;
	char name[IFNAMSIZ];

	sd_event_source *link, *events, *timer;
	unsigned failures; /* of team_handle(), in a row */

	/* As last told to the hooks. */
	struct {
		char state[16], detector[16], active_port[IFNAMSIZ];
		uint64_t failovers;
		uint64_t ports; /* a digest of names, states and reasons */
		int mode, hash, rx;
	} seen;
};

/* On the loop, with the descriptors it has now; what was watched before is forgotten. */
void member_watch(struct member *member);
void member_unwatch(struct member *member);

/* Remembers how the team is; returns which TEAMS_* differ from before. */
unsigned member_look(struct member *member);
/* The same, and calls the `changed` hook. */
void member_tell(struct member *member);

/* An event as one line of log. */
void event_log(const struct team_event *event);

#endif
