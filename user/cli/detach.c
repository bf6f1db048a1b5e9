/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* detach.c - `bpfteam detach`: everything gone, also what a crash left of a team. */
#include "cli/cli.h"

#include <errno.h>

int detach_run(struct cli *cli, void *options, int argc, char **argv)
{
	struct client *client;
	int r = cli_worker(cli, &client);

	if (r)
		return r;
	if (client) {
		r = client_detach(client, argv[0], &cli->err);
		client_close(client);
	} else {
		r = team_detach_name(&cli->env, argv[0], &cli->err);
		if (r == -ENOENT)
			cli_no_team(cli, argv[0], NULL);
		else if (!r)
			cli_refresh(cli);
	}
	return r ? r : cli_done(cli, argv[0], NULL, NULL);
}
