/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show.c - `bpfteam show`: the state of one team or of all, from the daemon or from the maps. */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "cli/render.h"

struct collect {
	struct cli *cli;
	json_t *array;
	bool daemon;
	bool one; /* asked for by name */
	int r; /* of the first team that can't be read; cli->err is about it */
};

static int collect_team(const char *name, void *arg)
{
	struct collect *collect = arg;
	struct team *team;
	struct err err;
	int r = team_open(&collect->cli->env, name, &team, &err);

	/* Gone between the list and here, or not of this namespace and not asked for. */
	if (r == -ENOENT || (r == -EXDEV && !collect->one))
		return 0;
	if (!r) {
		json_t *status = team_status(team, collect->daemon);

		team_close(team);
		if (!status || json_array_append_new(collect->array, status))
			r = err_set(&err, -ENOMEM, "%s: no status: out of memory", name);
	}
	if (r && !collect->r) {
		collect->r = r;
		collect->cli->err = err;
	}
	return 0;
}

int show_collect(struct cli *cli, const char *name, bool daemon, json_t **ret)
{
	struct collect collect = {.cli = cli, .array = json_array(), .daemon = daemon, .one = name};

	if (name)
		collect_team(name, &collect);
	else
		team_list(&cli->env, collect_team, &collect);
	*ret = collect.array;
	if (name && !collect.r && !json_array_size(collect.array))
		return cli_no_team(cli, name, NULL);
	return collect.r;
}

static bool is_among(const json_t *teams, const char *name)
{
	const json_t *team;
	size_t i;

	json_array_foreach (teams, i, team)
		if (!strcmp(json_text(team, "name"), name))
			return true;
	return false;
}

static int ask_daemon(struct cli *cli, struct client *client, const char *name, json_t **ret)
{
	struct err err;
	json_t *all;
	int r = client_status(client, name ? name : "", ret, &cli->err);

	/* Refused: perhaps since there is none of that name. Then say which there are. */
	if (r != -EREMOTEIO || !name || client_status(client, "", &all, &err))
		return r;
	if (!is_among(all, name))
		r = cli_no_team(cli, name, all);
	json_decref(all);
	return r;
}

int show_run(struct cli *cli, void *options, int argc, char **argv)
{
	const char *name = argc ? argv[0] : NULL;
	struct client *client;
	json_t *teams = NULL;
	int r = cli_worker(cli, &client);

	if (r)
		return r;
	if (client)
		r = ask_daemon(cli, client, name, &teams);
	else
		r = show_collect(cli, name, cli->standalone && client_there(cli->env.runtime_dir),
				 &teams);
	client_close(client);
	/* One team that can't be read must not hide the others. */
	if (!r || (!name && json_array_size(teams)))
		return cli_print(cli, teams, render_show) ?: r;
	json_decref(teams);
	return r;
}
