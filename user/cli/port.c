/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* port.c - `bpfteam port add|del|set`: changes to the ports of a running team. */
#include "cli/cli.h"

#include <errno.h>

static int set_weight(void *target, const char *value, struct err *err)
{
	struct port_options *o = target;
	int64_t n;
	int r = number_parse(value, 1, CONFIG_WEIGHT_MAX, &n, err);

	if (r)
		return r;
	o->weight = n;
	o->settings.weight = &o->weight;
	return 0;
}

static int set_priority(void *target, const char *value, struct err *err)
{
	struct port_options *o = target;
	int64_t n;
	int r = number_parse(value, INT32_MIN, INT32_MAX, &n, err);

	if (r)
		return r;
	o->priority = n;
	o->settings.priority = &o->priority;
	return 0;
}

/* One of two opposite flags. */
static int set_switch(bool *field, const bool **setting, bool on, const char *opposite,
		      struct err *err)
{
	if (*setting && *field != on)
		return err_set(err, -EINVAL, "contradicts --%s", opposite);
	*field = on;
	*setting = field;
	return 0;
}

static int set_drain(void *target, const char *value, struct err *err)
{
	struct port_options *o = target;

	return set_switch(&o->drain, &o->settings.drain, true, "undrain", err);
}

static int set_undrain(void *target, const char *value, struct err *err)
{
	struct port_options *o = target;

	return set_switch(&o->drain, &o->settings.drain, false, "drain", err);
}

static int set_disable(void *target, const char *value, struct err *err)
{
	struct port_options *o = target;

	return set_switch(&o->disable, &o->settings.disable, true, "enable", err);
}

static int set_enable(void *target, const char *value, struct err *err)
{
	struct port_options *o = target;

	return set_switch(&o->disable, &o->settings.disable, false, "disable", err);
}

/* clang-format off */
const struct option_row port_rows[] = {
	{.name = "weight", .value = "N", .help = "share of the flows, 1 to 256",
	 .kind = OPTION_CALL, .set = set_weight},
	{.name = "priority", .value = "N", .help = "higher is preferred as the active one",
	 .kind = OPTION_CALL, .set = set_priority},
	{.name = "drain", .help = "sends nothing more, still receives",
	 .kind = OPTION_CALL, .set = set_drain},
	{.name = "undrain", .help = "sends again", .kind = OPTION_CALL, .set = set_undrain},
	{.name = "disable", .help = "neither sends nor receives",
	 .kind = OPTION_CALL, .set = set_disable},
	{.name = "enable", .help = "sends and receives again",
	 .kind = OPTION_CALL, .set = set_enable},
	{},
};
/* clang-format on */
_Static_assert(CONFIG_WEIGHT_MAX == 256, "the help of --weight");

enum port_change { PORT_ADD, PORT_DEL, PORT_SET };

static int by_client(struct client *client, enum port_change change, char **argv,
		     const struct team_port_settings *settings, struct err *err)
{
	switch (change) {
	case PORT_ADD:
		return client_add_port(client, argv[0], argv[1], err);
	case PORT_DEL:
		return client_remove_port(client, argv[0], argv[1], err);
	case PORT_SET:
		break;
	}
	return client_set_port(client, argv[0], argv[1], settings, err);
}

static int by_team(struct team *team, enum port_change change, char **argv,
		   const struct team_port_settings *settings, struct err *err)
{
	switch (change) {
	case PORT_ADD:
		return team_add_port(team, argv[1], err);
	case PORT_DEL:
		return team_remove_port(team, argv[1], err);
	case PORT_SET:
		break;
	}
	return team_set_port(team, argv[1], settings, err);
}

static int port_change(struct cli *cli, enum port_change change, char **argv,
		       const struct team_port_settings *settings)
{
	struct client *client;
	struct team *team;
	int r = cli_worker(cli, &client);

	if (r)
		return r;
	if (client) {
		r = by_client(client, change, argv, settings, &cli->err);
		client_close(client);
	} else {
		r = cli_open_team(cli, argv[0], &team);
		if (r)
			return r;
		r = by_team(team, change, argv, settings, &cli->err);
		team_close(team);
		if (!r)
			cli_refresh(cli);
	}
	return r ? r : cli_done(cli, argv[0], NULL, NULL);
}

int port_add_run(struct cli *cli, void *options, int argc, char **argv)
{
	return port_change(cli, PORT_ADD, argv, NULL);
}

int port_del_run(struct cli *cli, void *options, int argc, char **argv)
{
	return port_change(cli, PORT_DEL, argv, NULL);
}

int port_set_run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct team_port_settings *s = &((struct port_options *)options)->settings;

	if (!s->weight && !s->priority && !s->drain && !s->disable)
		return cli_usage(cli, "nothing to set (bpfteam port set -h)");
	return port_change(cli, PORT_SET, argv, s);
}
