/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rdma.c - `bpfteam rdma`: the RNICs of one team or of all, from the daemon or from this process. */
#include "cli/cli.h"

#include "cli/render.h"

static json_t *rdma_of(struct team *team, bool daemon, struct err *err)
{
	return team_rdma(team, err);
}

int rdma_run(struct cli *cli, void *options, int argc, char **argv)
{
	static const struct view view = {rdma_of, client_rdma, render_rdma};

	return view_run(cli, &view, argc ? argv[0] : NULL);
}
