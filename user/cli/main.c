/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * main.c - `bpfteam`: the command table, the way from argv to a command, and the only place where
 * an error becomes a line on stderr and an exit status (0 done, 1 refused or failed, 2 wrong usage).
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct command commands[] = {
	{
		.name = "attach",
		.args = "TEAM PORT...",
		.summary = "make a team of ports",
		.details = "A port that holds addresses or the default route is refused without\n"
			   "--move-addresses: with it they move to TEAM, and back on detach.\n"
			   "Without a daemon (bpfteamd) it says what the team then lacks.",
		.min_args = 2,
		.max_args = -1,
		.n_names = -1,
		.options = attach_rows,
		.size = sizeof(struct attach_options),
		.init = attach_init,
		.run = attach_run,
	},
	{
		.name = "detach",
		.args = "TEAM",
		.summary = "take a team away; its ports become what they were",
		.details = "Also clears up what an interrupted attach or a crash left of TEAM.",
		.min_args = 1,
		.max_args = 1,
		.n_names = 1,
		.run = detach_run,
	},
	{
		.name = "apply",
		.args = "FILE",
		.summary = "make a running team what a file says, without losing a frame",
		.details = "FILE is YAML, one team, see bpfteam.yaml(5); - reads standard input.\n"
			   "Prints one line a change.",
		.min_args = 1,
		.max_args = 1,
		.options = apply_rows,
		.size = sizeof(struct apply_options),
		.run = apply_run,
	},
	{
		.name = "port add",
		.args = "TEAM PORT",
		.summary = "add a port to a running team",
		.min_args = 2,
		.max_args = 2,
		.n_names = 2,
		.run = port_add_run,
	},
	{
		.name = "port del",
		.args = "TEAM PORT",
		.summary = "take a port out of a running team",
		.min_args = 2,
		.max_args = 2,
		.n_names = 2,
		.run = port_del_run,
	},
	{
		.name = "port set",
		.args = "TEAM PORT",
		.summary = "change a port's weight, priority or use",
		.min_args = 2,
		.max_args = 2,
		.n_names = 2,
		.options = port_rows,
		.size = sizeof(struct port_options),
		.run = port_set_run,
	},
	{
		.name = "show",
		.args = "[TEAM]",
		.summary = "state, ports, vports and counters",
		.max_args = 1,
		.n_names = 1,
		.run = show_run,
	},
	{
		.name = "explain",
		.args = "TEAM --src IP --dst IP --proto PROTO",
		.summary = "which port a flow takes, and why",
		.details = "The running data path itself is asked, nothing is sent.",
		.min_args = 1,
		.max_args = 1,
		.n_names = 1,
		.options = explain_rows,
		.size = sizeof(struct explain_options),
		.init = explain_init,
		.run = explain_run,
	},
	{
		.name = "rdma",
		.args = "[TEAM]",
		.summary = "RNICs, their vports, and which flows are theirs and why",
		.max_args = 1,
		.n_names = 1,
		.run = rdma_run,
	},
	{
		.name = "monitor",
		.args = "",
		.summary = "one event a line, as they happen",
		.details =
			"Without a daemon it compares the state of all teams ten times a second.",
		.run = monitor_run,
	},
	{
		.name = "import",
		.args = "BOND|FILE",
		.summary = "a configuration from a bond, or from the files of bonding or teamd",
		.details =
			"BOND is one of the kernel's. FILE is teamd's JSON, netplan's YAML, a "
			".netdev\n"
			"file of systemd-networkd, an ifcfg file or Debian's interfaces; - reads\n"
			"standard input. Prints YAML for bpfteam.yaml(5), and on standard error a "
			"line\n"
			"for each thing that could not be carried over. Changes nothing.",
		.max_args = 1,
		.options = import_rows,
		.size = sizeof(struct import_options),
		.run = import_run,
	},
	{
		.name = "doctor",
		.args = "",
		.summary = "what this kernel and these NICs allow, what is wrong, what to do",
		.details = "Exit status 0: a team can be attached and fails over in the kernel.",
		.run = doctor_run,
	},
	{.name = "vport", .later = true},
	{.name = "pin", .later = true},
	{.name = "unpin", .later = true},
	{.name = "flows", .later = true},
	{.name = "top", .later = true},
	{},
};

const struct option_row global_options[] = {
	{.name = "runtime-dir",
	 .value = "DIR",
	 .help = "socket and lock [BPFTEAM_RUNTIME_DIR, " TEAM_DEFAULT_RUNTIME_DIR "]",
	 .kind = OPTION_TEXT,
	 .offset = offsetof(struct cli, runtime_dir)},
	{.name = "bpffs",
	 .value = "DIR",
	 .help = "where teams are pinned [BPFTEAM_BPFFS, " TEAM_DEFAULT_BPFFS "]",
	 .kind = OPTION_TEXT,
	 .offset = offsetof(struct cli, bpffs)},
	{.name = "standalone",
	 .help = "do the work here, even where a daemon runs",
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct cli, standalone)},
	{.name = "json",
	 .letter = 'j',
	 .help = "print JSON",
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct cli, json)},
	{.name = "help",
	 .letter = 'h',
	 .help = "this help",
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct cli, help)},
	{.name = "version",
	 .letter = 'V',
	 .help = "the version",
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct cli, version)},
	{},
};

static bool is_first_word(const struct command *command, const char *word)
{
	size_t len = strlen(word);

	return len && !strncmp(command->name, word, len) && command->name[len] == ' ';
}

static int unknown_command(struct cli *cli, const char *first, const char *second)
{
	struct nearest nearest;

	nearest_init(&nearest, second ? second : first);
	for (const struct command *c = commands; c->name; c++) {
		const char *space = strchr(c->name, ' ');

		if (c->later || (second && !is_first_word(c, first)))
			continue;
		nearest_offer(&nearest, second && space ? space + 1 : c->name);
	}
	if (second && nearest.best)
		return cli_usage(cli, "%s: unknown command %s; did you mean %s?", first, second,
				 nearest.best);
	if (second)
		return cli_usage(cli, "%s: unknown command %s (bpfteam %s -h)", first, second,
				 first);
	if (nearest.best)
		return cli_usage(cli, "%s: unknown command; did you mean %s?", first, nearest.best);
	return cli_usage(cli, "%s: unknown command (bpfteam -h lists the commands)", first);
}

/*
 * Sets cli->command from the words of argv and returns how many it took. A lone first word of
 * commands that have two ("port", "port -h") leaves cli->command NULL and returns 1.
 */
static int find_command(struct cli *cli, int argc, char **argv)
{
	bool two = false;

	for (const struct command *c = commands; c->name; c++) {
		if (!strcmp(c->name, argv[0])) {
			cli->command = c;
			return 1;
		}
		if (!is_first_word(c, argv[0]))
			continue;
		two = true;
		if (argc > 1 && !strcmp(c->name + strlen(argv[0]) + 1, argv[1])) {
			cli->command = c;
			return 2;
		}
	}
	if (!two)
		return unknown_command(cli, argv[0], NULL);
	if (argc > 1 && argv[1][0] != '-')
		return unknown_command(cli, argv[0], argv[1]);
	return 1;
}

static int check_args(struct cli *cli, int argc, char **argv)
{
	const struct command *command = cli->command;

	if (argc < command->min_args || (command->max_args >= 0 && argc > command->max_args))
		return cli_usage(cli, "wants %s%s%s (bpfteam %s -h)",
				 *command->args ? command->args : "no arguments",
				 argc > command->min_args ? ", not " : "",
				 argc > command->min_args ? argv[argc - 1] : "", command->name);
	for (int i = 0; i < argc; i++) {
		if (command->n_names >= 0 && i >= command->n_names)
			break;
		if (config_check_name(i ? "port" : "team", argv[i], &cli->err))
			return cli_usage(cli, "%s", cli->err.text);
	}
	return 0;
}

static int print_version(void)
{
	puts("bpfteam " BPFTEAM_VERSION);
	return 0;
}

/* argv[0] is the command's last word. */
static int run_command(struct cli *cli, const char *word, int argc, char **argv)
{
	const struct command *command = cli->command;
	size_t size = command && command->size ? command->size : 1;
	void *options = calloc(1, size);
	struct option_set sets[] = {{global_options, cli},
				    {command ? command->options : NULL, options}};
	int n, r;

	if (!options)
		return cli_fail(cli, -ENOMEM, "out of memory");
	if (command && command->init)
		command->init(options);
	n = options_parse(sets, 2, false, argc, argv, &cli->err);
	if (n < 0) {
		r = cli_usage(cli, "%s", cli->err.text);
	} else if (cli->help) {
		help_command(command, word);
		r = 0;
	} else if (cli->version) {
		r = print_version();
	} else if (!command) {
		r = cli_usage(cli, "%s: which? (bpfteam %s -h)", word, word);
	} else {
		r = check_args(cli, n, argv);
		team_env_init(&cli->env, cli->runtime_dir, cli->bpffs);
		if (!r)
			r = command->run(cli, options, n, argv);
	}
	free(options);
	return r;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct option_set global = {global_options, cli};
	int n = options_parse(&global, 1, true, argc, argv, &cli->err);

	if (n < 0)
		return cli_usage(cli, "%s", cli->err.text);
	argc -= n;
	argv += n;
	if (argc && !strcmp(argv[0], "help")) {
		cli->help = true;
		n = options_parse(&global, 1, true, argc, argv, &cli->err);
		if (n < 0)
			return cli_usage(cli, "%s", cli->err.text);
		argc -= n;
		argv += n;
	}
	if (cli->version)
		return print_version();
	if (!argc && cli->help)
		return cli->json ? cli_print(cli, help_json(), NULL) : (help_all(), 0);
	if (!argc) {
		help_all();
		return cli_usage(cli, "no command given");
	}
	n = find_command(cli, argc, argv);
	if (n < 0)
		return n;
	if (cli->command && cli->command->later)
		return cli_usage(cli, "not supported by this version");
	return run_command(cli, argv[0], argc - n + 1, argv + n - 1);
}

/* Nothing that is opened later may become standard output or error. */
static void fill_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			_exit(1);
}

/* What was printed has arrived, or its reader wants no more (`bpfteam show | head -1`). */
static int finish_output(struct cli *cli)
{
	struct pollfd out = {.fd = STDOUT_FILENO};
	bool failed = ferror(stdout);

	errno = 0;
	failed |= fflush(stdout) != 0;
	if (!failed || (poll(&out, 1, 0) == 1 && out.revents & POLLERR))
		return 0;
	return err_set(&cli->err, -EIO, "standard output: %s",
		       errno ? strerror(errno) : "could not be written");
}

int main(int argc, char **argv)
{
	struct cli cli = {};
	int r, out;

	fill_standard_fds();
	/* A reader that went away must not stop a change half-way. */
	signal(SIGPIPE, SIG_IGN);
	r = run(&cli, argc, argv);
	out = r ? fflush(stdout) : finish_output(&cli);
	if (!r)
		r = out;
	if (!r)
		return 0;
	fprintf(stderr, "bpfteam: %s\n", cli.err.text);
	return cli.usage ? 2 : 1;
}
