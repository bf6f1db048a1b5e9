/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show.c - `bpfteam show`: the state of one team or of all, from the daemon or from the maps. */
#include "cli/cli.h"

#include "cli/render.h"

static json_t *status_of(struct team *team, bool daemon, struct err *err)
{
	return team_status(team, daemon);
}

static const struct view show_view = {status_of, client_status, render_show};

int show_collect(struct cli *cli, const char *name, bool daemon, json_t **ret)
{
	return view_collect(cli, &show_view, name, daemon, ret);
}

int show_run(struct cli *cli, void *options, int argc, char **argv)
{
	return view_run(cli, &show_view, argc ? argv[0] : NULL);
}
