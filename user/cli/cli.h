/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cli.h - what the commands of `bpfteam` share: the context of one invocation, the shape of a row
 * of the command table, and the few things that every command does alike.
 *
 * A command returns 0 or -errno with cli->err set; main() alone turns that into a line on stderr
 * and an exit status: 2 when cli_usage() was called, else 1.
 */
#ifndef BPFTEAM_CLI_H
#define BPFTEAM_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/client.h"
#include "cli/options.h"
#include "core/err.h"
#include "core/import.h"
#include "team/team.h"

struct cli;

struct command {
	const char *name; /* "attach", or two words: "port add"; NULL ends the table */
	const char *args; /* as help shows them */
	const char *summary; /* one line, for the list of commands */
	const char *details; /* further lines for the command's own help, or NULL */
	int min_args, max_args; /* max_args -1: any number */
	int n_names; /* how many of the first arguments are names of devices; -1: all */
	const struct option_row *options; /* NULL: none of its own */
	size_t size; /* of the struct that options fill; zeroed first */
	void (*init)(void *options); /* its defaults, or NULL */
	int (*run)(struct cli *cli, void *options, int argc, char **argv);
	bool later; /* part of the interface, not of this version; help does not show it */
};

/* Ends with a row whose name is NULL. */
extern const struct command commands[];

struct cli {
	/* Global options. */
	const char *runtime_dir, *bpffs;
	bool standalone, json, help, version;

	const struct command *command;
	struct team_env env;
	bool usage; /* err is about how the command was called */
	struct err err;
};

extern const struct option_row global_options[];

/* Sets err to "COMMAND: ..." (or to the text alone before a command is known); -EINVAL. */
int cli_usage(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set(), prefixed with the command's name. */
int cli_fail(struct cli *cli, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Who does the work? 0 and *ret = the daemon's client; 0 and *ret = NULL: this process, which is
 * privileged enough then; or -errno.
 */
int cli_worker(struct cli *cli, struct client **ret);

/* 0, or -EPERM with a message when this process may not do what the commands do. */
int cli_privileged(struct cli *cli);

/* After a change that this process made itself: tells a daemon that is there, best effort.
 * Returns whether one was told. */
bool cli_refresh(struct cli *cli);

/* team_open(); where there is none of that name, the message names those that are. */
int cli_open_team(struct cli *cli, const char *name, struct team **ret);

/* -ENOENT with a message that names the teams there are: those of the array, or, when it is NULL,
 * those that are pinned. */
int cli_no_team(struct cli *cli, const char *name, const json_t *teams);

/* Ends a changing command: with -j {"team": ..., "changes": [...], "notes": [...]}, the last two
 * where not NULL; else the lines. Takes the references. */
int cli_done(struct cli *cli, const char *team, json_t *changes, json_t *notes);

/* Prints root as JSON, or as text by fn (NULL: nothing). Takes the reference; NULL is -ENOMEM. */
int cli_print(struct cli *cli, json_t *root, void (*text)(const json_t *root));

/* help.c */
void help_all(void);
/* word: the first word of commands that have two, or NULL. */
void help_command(const struct command *command, const char *word);
json_t *help_json(void);

/* The commands, one file each. */
int attach_run(struct cli *cli, void *options, int argc, char **argv);
int detach_run(struct cli *cli, void *options, int argc, char **argv);
int apply_run(struct cli *cli, void *options, int argc, char **argv);
int port_add_run(struct cli *cli, void *options, int argc, char **argv);
int port_del_run(struct cli *cli, void *options, int argc, char **argv);
int port_set_run(struct cli *cli, void *options, int argc, char **argv);
int show_run(struct cli *cli, void *options, int argc, char **argv);
int explain_run(struct cli *cli, void *options, int argc, char **argv);
int rdma_run(struct cli *cli, void *options, int argc, char **argv);
int import_run(struct cli *cli, void *options, int argc, char **argv);
int monitor_run(struct cli *cli, void *options, int argc, char **argv);
int doctor_run(struct cli *cli, void *options, int argc, char **argv);

/* Their options, and the structs that these fill. */
struct attach_options {
	struct config config;
	bool move_addresses, no_failover;
};
struct apply_options {
	bool check;
};
struct port_options {
	uint32_t weight;
	int32_t priority;
	bool drain, disable;
	struct team_port_settings settings; /* points at those that were given */
};
struct explain_options {
	struct team_flow flow;
	int proto; /* -1: not given */
	bool has_sport, has_dport;
};
struct import_options {
	enum import_format format;
	const char *bond, *team;
	bool list;
};
extern const struct option_row attach_rows[], apply_rows[], port_rows[], explain_rows[],
	import_rows[];
void attach_init(void *options);
void explain_init(void *options);

/* view.c: a view of teams, JSON that is told by the daemon or made here and now. */
struct view {
	/* Of one team; NULL with err set. daemon: one watches it. */
	json_t *(*make)(struct team *team, bool daemon, struct err *err);
	/* The array of all (name "") or one, asked of a daemon. */
	int (*ask)(struct client *client, const char *name, json_t **ret, struct err *err);
	void (*text)(const json_t *teams);
};
/* The array, made by this process, of one team when name is not NULL. -errno with cli->err set when
 * a team can't be read; *ret then holds the others. */
int view_collect(struct cli *cli, const struct view *view, const char *name, bool daemon,
		 json_t **ret);
/* The whole of a command that shows it. */
int view_run(struct cli *cli, const struct view *view, const char *name);

/*
 * show.c, also for monitor without a daemon and doctor: the array of `show -j`, by view_collect().
 */
int show_collect(struct cli *cli, const char *name, bool daemon, json_t **ret);

/* monitor_poll.c: events from comparing two such arrays, each passed to fn. */
void monitor_compare(const json_t *before, const json_t *after,
		     void (*fn)(json_t *event, void *arg), void *arg);
/* One event as monitor prints it. time NULL: now. "" where a field does not apply. */
json_t *monitor_event(const char *time, const char *team, const char *event, const char *port,
		      const char *cause, const char *detector, uint64_t datapath_ns,
		      const char *active_port);

/* doctor_ports.c: what of this namespace's devices could be a port; doctor_notes.c: what else to look
 * after, teams being the array of `show -j`. New references. doctor_firewall.c adds to such notes. */
json_t *doctor_ports(struct cli *cli);
json_t *doctor_notes(const json_t *teams);
void doctor_firewall(json_t *notes, const json_t *teams);

#endif
