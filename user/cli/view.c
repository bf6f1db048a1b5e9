/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * view.c - teams as JSON, one or all, from the daemon or from the maps: what `show` and `rdma` have
 * in common. Called by them, and by monitor and doctor through show_collect().
 */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "cli/render.h"

struct collect {
	struct cli *cli;
	const struct view *view;
	json_t *array;
	bool daemon;
	bool one; /* asked for by name */
	int r; /* of the first team that can't be read; cli->err is about it */
};

static int collect_team(const char *name, void *arg)
{
	struct collect *collect = arg;
	struct team *team;
	struct err err = {};
	int r = team_open(&collect->cli->env, name, &team, &err);

	/* Gone between the list and here, or not of this namespace and not asked for. */
	if (r == -ENOENT || (r == -EXDEV && !collect->one))
		return 0;
	if (!r) {
		json_t *made = collect->view->make(team, collect->daemon, &err);

		team_close(team);
		if (!made || json_array_append_new(collect->array, made))
			r = err.text[0] ? -EIO : err_set(&err, -ENOMEM, "%s: out of memory", name);
	}
	if (r && !collect->r) {
		collect->r = r;
		collect->cli->err = err;
	}
	return 0;
}

int view_collect(struct cli *cli, const struct view *view, const char *name, bool daemon,
		 json_t **ret)
{
	struct collect collect = {
		.cli = cli, .view = view, .array = json_array(), .daemon = daemon, .one = name};

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

static int ask_daemon(struct cli *cli, struct client *client, const struct view *view,
		      const char *name, json_t **ret)
{
	struct err err;
	json_t *all;
	int r = view->ask(client, name ? name : "", ret, &cli->err);

	/* Refused: perhaps since there is none of that name. Then say which there are. */
	if (r != -EREMOTEIO || !name || client_status(client, "", &all, &err))
		return r;
	if (!is_among(all, name))
		r = cli_no_team(cli, name, all);
	json_decref(all);
	return r;
}

int view_run(struct cli *cli, const struct view *view, const char *name)
{
	struct client *client;
	json_t *teams = NULL;
	int r = cli_worker(cli, &client);

	if (r)
		return r;
	if (client)
		r = ask_daemon(cli, client, view, name, &teams);
	else
		r = view_collect(cli, view, name,
				 cli->standalone && client_there(cli->env.runtime_dir), &teams);
	client_close(client);
	/* One team that can't be read must not hide the others. */
	if (!r || (!name && json_array_size(teams)))
		return cli_print(cli, teams, view->text) ?: r;
	json_decref(teams);
	return r;
}
