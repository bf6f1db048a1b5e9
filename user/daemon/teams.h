/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * teams.h - the set of teams that the daemon keeps: adopted, made and given up here, each with its
 * file descriptors and its timer on the event loop.
 */
#ifndef BPFTEAM_DAEMON_TEAMS_H
#define BPFTEAM_DAEMON_TEAMS_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "team/team.h"

struct teams;

/* One team of the set. Valid until its `removing` hook returns. */
struct member;

/* What changed of a team, for PropertiesChanged. */
#define TEAMS_STATE (1u << 0)
#define TEAMS_ACTIVE_PORT (1u << 1)
#define TEAMS_FAILOVERS (1u << 2)
#define TEAMS_PORTS (1u << 3)
#define TEAMS_SETTINGS (1u << 4) /* mode, hash, detector */

/* Who wants to know. Called from within the functions below; must not change the set. */
struct teams_hooks {
	void (*added)(struct member *member, void *arg);
	void (*removing)(struct member *member, void *arg);
	void (*changed)(struct member *member, unsigned what, void *arg);
	void (*event)(const struct team_event *event, void *arg);
	void *arg;
};

/* Somebody wants to look again, later. */
struct poke {
	void (*fn)(void *arg);
	void *arg;
};

/* What is handled first when several things are ready in one turn of the loop. */
enum loop_priority {
	LOOP_KERNEL = -20, /* the ring buffer: a port has died */
	LOOP_LINK = -10, /* rtnetlink and the teams' deadlines */
	LOOP_BUS = 10,
	LOOP_ACCEPT = 20, /* after the bus: those who are connected first */
};

/* poke: called when a team came or went. */
int teams_new(sd_event *loop, const char *runtime_dir, const char *bpffs, const struct poke *poke,
	      struct teams **ret);
/* Leaves the teams running and closes them. */
void teams_free(struct teams *teams);
void teams_set_hooks(struct teams *teams, const struct teams_hooks *hooks);

/*
 * Adopts the teams under bpffs that are not in the set yet, reads the others anew, drops those that
 * are gone. What can't be adopted is logged and left alone. Returns how many are in the set.
 */
unsigned teams_refresh(struct teams *teams);

/* The team of that name, adopted if another process made it. NULL and a text when there is none. */
struct member *teams_get(struct teams *teams, const char *name, struct err *err);
/* Only what is in the set already. */
struct member *teams_find(struct teams *teams, const char *name);
struct member *teams_at(struct teams *teams, unsigned i); /* NULL behind the last */
unsigned teams_count(const struct teams *teams);

struct team *member_team(const struct member *member);
const char *member_name(const struct member *member);

/* As team_attach(), team_apply() and team_detach(), with the set kept right. 0 or -errno. */
int teams_attach(struct teams *teams, const struct config *config, unsigned flags, char **notes,
		 struct err *err);
int teams_apply(struct teams *teams, const struct config *config, bool check, unsigned flags,
		void (*fn)(const char *line, void *arg), void *arg, struct err *err);
int teams_detach(struct teams *teams, const char *name, struct err *err);

/*
 * After a function of team.h changed the member's team by itself and returned r: watches it anew,
 * tells what changed, and drops a team that is gone (-ENOENT). Returns r.
 */
int teams_settle(struct member *member, int r);

#endif
