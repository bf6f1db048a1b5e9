/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * team.h - a running team: decides with core/, acts through io/. The daemon keeps one struct team
 * per team and feeds it events; the one-shot CLI opens one, does a thing, and closes it.
 */
#ifndef BPFTEAM_TEAM_H
#define BPFTEAM_TEAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"
#include "core/err.h"
#include "io/datapath.h"

struct team;

/* Something that happened, as `monitor` and D-Bus tell it. Strings are "" where they don't apply. */
struct team_event {
	enum team_event_type type;
	uint64_t time_ns; /* CLOCK_REALTIME */
	const char *team;
	const char *port;
	const char *cause;
	const char *detector;
	uint64_t
		datapath_ns; /* from the kernel side seeing it to the daemon having acted; 0 = n/a */
	const char *active_port;
};

/* Where a process works, and what it is. Lives as long as the teams opened with it. */
struct team_env {
	const char *runtime_dir;
	const char *bpffs;
	bool daemon; /* somebody will go on watching */
	void (*on_event)(const struct team_event *event, void *arg); /* may be NULL */
	void *arg;
};

#define TEAM_DEFAULT_RUNTIME_DIR "/run/bpfteam"
#define TEAM_DEFAULT_BPFFS "/sys/fs/bpf/bpfteam"

/* runtime_dir and bpffs from the arguments, else the environment, else the defaults. */
void team_env_init(struct team_env *env, const char *runtime_dir, const char *bpffs);

/*
 * One writer at a time, per runtime directory: an advisory lock on RUNTIME_DIR/lock, waited for at
 * most 10 s. Every function below that changes something takes it by itself. Signals SIGINT, SIGTERM
 * and SIGHUP stay blocked while it is held, so that no change is left half-way by a Ctrl-C.
 */
int team_lock(const struct team_env *env, struct err *err); /* returns an fd, or -errno */
void team_unlock(int fd);

#define TEAM_MOVE_ADDRESSES (1u << 0)
#define TEAM_NO_FAILOVER (1u << 1) /* accept that nobody can see a failure */
#define TEAM_ALLOW_MISSING (1u << 2) /* ports that are not there yet join later; one must be */

/*
 * Makes a team out of nothing. On any failure everything is put back and -errno returned. A record
 * of an interrupted attach of that name is undone first. -EEXIST when the team is there. *notes, if
 * not NULL, gets malloc'd text for the user: what the team lacks without a daemon ("" if nothing).
 */
int team_attach(const struct team_env *env, const struct config *config, unsigned flags,
		struct team **ret, char **notes, struct err *err);

/* Everything gone, the ports as they were. Takes the handle. */
int team_detach(struct team *team, struct err *err);
/* The same by name; also for what a crash left. -ENOENT. */
int team_detach_name(const struct team_env *env, const char *name, struct err *err);

/*
 * Opens a team that runs: reads its record, the links and the states. Changes nothing unless
 * env->daemon, which adopts it: missing ports rejoin, programs of another build are swapped.
 */
int team_open(const struct team_env *env, const char *name, struct team **ret, struct err *err);
void team_close(struct team *team);

/* Names of the teams under env->bpffs. */
int team_list(const struct team_env *env, int (*fn)(const char *name, void *arg), void *arg);

/*
 * Changes the running team to config, by difference, without losing a frame; or, with check, only
 * tells the differences. On failure the old configuration is in force again. fn may be NULL.
 */
int team_reconfigure(struct team *team, const struct config *config, bool check,
		     void (*fn)(const char *line, void *arg), void *arg, struct err *err);

/*
 * apply: attach when there is no such team, else reconfigure. *team may be NULL on entry (opened or
 * made then) and is the handle afterwards, unless check. flags as for team_attach().
 */
int team_apply(const struct team_env *env, const struct config *config, bool check, unsigned flags,
	       struct team **team, void (*fn)(const char *line, void *arg), void *arg,
	       struct err *err);

const char *team_name(const struct team *team);
const struct config *team_config(const struct team *team);

/* Port changes: a copy of the configuration is edited and applied. */
int team_add_port(struct team *team, const char *port, struct err *err);
int team_remove_port(struct team *team, const char *port, struct err *err);
struct team_port_settings {
	const uint32_t *weight;
	const int32_t *priority;
	const bool *drain, *disable;
};
int team_set_port(struct team *team, const char *port, const struct team_port_settings *settings,
		  struct err *err);

/* ---- for the daemon's loop ---- */

/* File descriptors that become readable: rtnetlink and the ring buffer. */
int team_link_fd(const struct team *team);
int team_events_fd(const struct team *team);
/* Reads what is there, updates ports, plan and data path, sends notices. now: CLOCK_MONOTONIC ns. */
int team_handle(struct team *team, uint64_t now_ns);
/* When team_handle() wants to be called at the latest; UINT64_MAX = when an fd says so. */
uint64_t team_deadline(const struct team *team);
/* Another process changed the record: read it again. -ENOENT: the team is gone. */
int team_reload(struct team *team, struct err *err);
/* The daemon goes: leaves masks that serve a team nobody watches. */
void team_release(struct team *team);

/* ---- to look at it ---- */

/* One element of `show -j`'s array (CLI.md). New reference. daemon: as reported in "daemon". */
json_t *team_status(struct team *team, bool daemon);

/* One element of rdma -j's array. NULL with err set. */
json_t *team_rdma(struct team *team, struct err *err);

/* What `explain` asks. Zero MACs: made up, or resolved where layer2 needs them. */
struct team_flow {
	struct addr src, dst;
	uint8_t proto;
	uint16_t sport, dport;
	bool has_ports;
	struct mac smac, dmac;
	int vlan; /* -1 = untagged */
};
/* CLI.md's explain object. NULL on failure. */
json_t *team_explain(struct team *team, const struct team_flow *flow, struct err *err);

/* Active port's name ("" when there is not just one), state "up" or "down". */
const char *team_active_port(const struct team *team);
const char *team_state(const struct team *team);
const char *team_detector(const struct team *team);
uint64_t team_failovers(const struct team *team);
unsigned team_n_ports(const struct team *team);
const char *team_port_name(const struct team *team, unsigned i);
const struct port *team_port_state(const struct team *team, unsigned i);

#endif
