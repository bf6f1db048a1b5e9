/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doctor_ports.c - which devices of this namespace could be ports of a team, and why not. Asks
 * team_apply() in its checking form about a team of that one port, so that the answer is the one
 * that attach would give. Called by doctor.c.
 */
#include "cli/cli.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/link.h"

/* A name that no team has: it is only asked about. */
#define TRIAL_TEAM "bpfteam-doctor"

struct search {
	struct cli *cli;
	json_t *ports;
	int socket;
};

/* By ethtool, since /sys shows the devices of the namespace that it was mounted in. */
static void driver_of(int sock, const char *name, char *ret, size_t size)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (char *)&info};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	ret[0] = '\0';
	if (sock >= 0 && !ioctl(sock, SIOCETHTOOL, &request))
		snprintf(ret, size, "%s", info.driver);
}

/* 0, or why name can be no port. */
static int try_port(struct cli *cli, const char *name, struct err *err)
{
	static struct config config;
	struct team *team = NULL;
	int r;

	config_init(&config);
	strcpy(config.team, TRIAL_TEAM);
	r = config_add_port(&config, name, err);
	if (!r)
		r = team_apply(&cli->env, &config, true, 0, &team, NULL, NULL, err);
	team_close(team);
	return r;
}

static int add_device(const struct link_info *info, void *arg)
{
	struct search *search = arg;
	const char *why = "";
	size_t len = strlen(info->name);
	char driver[32];
	struct err err;

	if (try_port(search->cli, info->name, &err)) {
		why = err.text;
		/* The device's name stands in a column of its own. */
		if (!strncmp(why, info->name, len) && !strncmp(why + len, ": ", 2))
			why += len + 2;
	}
	driver_of(search->socket, info->name, driver, sizeof(driver));
	json_array_append_new(search->ports, json_pack("{s:s, s:b, s:s, s:s, s:b}", "name",
						       info->name, "usable", !*why, "reason", why,
						       "driver", driver, "carrier", info->carrier));
	return 0;
}

json_t *doctor_ports(struct cli *cli)
{
	struct search search = {.cli = cli, .ports = json_array()};
	struct link *link;
	struct err err;

	if (link_open(&link, &err))
		return search.ports;
	search.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	link_each(link, add_device, &search, &err);
	if (search.socket >= 0)
		close(search.socket);
	link_close(link);
	return search.ports;
}
