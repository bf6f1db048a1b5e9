/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * apply.c - `bpfteam apply`: a file's configuration made true by difference, or with --check only
 * compared. A file that is wrong is refused with file, line and key, before anything is touched.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Far more than 64 ports take; keeps `bpfteam apply - </dev/zero` from eating the memory. */
#define STDIN_MAX (1024 * 1024)

const struct option_row apply_rows[] = {
	{.name = "check",
	 .help = "print what would change, change nothing",
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct apply_options, check)},
	{},
};

static int load_stdin(struct config *config, struct err *err)
{
	char *text = malloc(STDIN_MAX);
	size_t len;
	int r;

	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	len = fread(text, 1, STDIN_MAX, stdin);
	if (ferror(stdin))
		r = err_set(err, -EIO, "standard input: %s", strerror(errno));
	else if (len == STDIN_MAX)
		r = err_set(err, -E2BIG, "standard input: longer than any configuration");
	else
		r = config_parse(text, len, "standard input", config, err);
	free(text);
	return r;
}

static void add_line(const char *line, void *arg)
{
	json_array_append_new(arg, json_string(line));
}

static int apply_here(struct cli *cli, const struct config *config, bool check, json_t **changes)
{
	struct team *team = NULL;
	int r;

	*changes = json_array();
	r = team_apply(&cli->env, config, check, 0, &team, add_line, *changes, &cli->err);
	team_close(team);
	if (r) {
		json_decref(*changes);
		return r;
	}
	if (!check)
		cli_refresh(cli);
	return 0;
}

int apply_run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct apply_options *o = options;
	bool from_stdin = !strcmp(argv[0], "-");
	struct config *config = malloc(sizeof(*config));
	struct client *client = NULL;
	json_t *changes = NULL;
	int r;

	if (!config)
		return cli_fail(cli, -ENOMEM, "out of memory");
	r = from_stdin ? load_stdin(config, &cli->err) : config_load(argv[0], config, &cli->err);
	if (!r)
		r = cli_worker(cli, &client);
	if (r)
		goto out;
	r = client ? client_apply(client, config, from_stdin ? "standard input" : argv[0], o->check,
				  &changes, &cli->err)
		   : apply_here(cli, config, o->check, &changes);
	if (r)
		goto out;
	if (!cli->json && !json_array_size(changes))
		add_line("no changes", changes);
	r = cli_done(cli, config->team, changes, NULL);
out:
	client_close(client);
	free(config);
	return r;
}
