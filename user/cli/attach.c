/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attach.c - `bpfteam attach`: a configuration from the command line, handed to the daemon or made
 * true by this process. What the words alone show to be wrong is wrong usage; what the machine
 * refuses is a refusal.
 */
#include "cli/cli.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_CONFIG(member) \
	(offsetof(struct attach_options, config) + offsetof(struct config, member))

static int parse_address(const char *value, struct addr *ret, struct err *err)
{
	if (!addr_parse(value, ret))
		return 0;
	return err_set(err, -EINVAL, "'%s' is no address such as 192.0.2.1/24 or 2001:db8::1/64",
		       value);
}

static int set_address(void *target, const char *value, struct err *err)
{
	struct config *config = &((struct attach_options *)target)->config;

	if (config->n_addresses == CONFIG_ADDRESSES_MAX)
		return err_set(err, -EINVAL, "more than %d", CONFIG_ADDRESSES_MAX);
	return parse_address(value, &config->addresses[config->n_addresses++], err);
}

static int set_mac(void *target, const char *value, struct err *err)
{
	struct config *config = &((struct attach_options *)target)->config;

	if (mac_parse(value, &config->mac))
		return err_set(err, -EINVAL,
			       "'%s' is no unicast MAC address such as 02:00:00:00:00:01", value);
	return 0;
}

static int set_primary(void *target, const char *value, struct err *err)
{
	struct config *config = &((struct attach_options *)target)->config;

	if (config_check_name("port", value, err))
		return -EINVAL;
	snprintf(config->primary, sizeof(config->primary), "%s", value);
	return 0;
}

static int set_arp_target(void *target, const char *value, struct err *err)
{
	struct config *config = &((struct attach_options *)target)->config;
	struct addr *addr = &config->arp_ip_target[config->n_arp_ip_target];

	if (config->n_arp_ip_target == BPFTEAM_ARP_TARGETS_MAX)
		return err_set(err, -EINVAL, "more than %d", BPFTEAM_ARP_TARGETS_MAX);
	if (strchr(value, '/') || addr_parse(value, addr) || addr->family != AF_INET)
		return err_set(err, -EINVAL, "'%s' is no IPv4 address", value);
	config->n_arp_ip_target++;
	return 0;
}

static int add_vlan(void *target, const char *value, struct err *err)
{
	int64_t id;
	int r = number_parse(value, 1, CONFIG_VLANS_MAX, &id, err);

	return r ? r : config_add_vlan(&((struct attach_options *)target)->config, id, err);
}

static int add_rdma(void *target, const char *value, struct err *err)
{
	return config_add_rdma(&((struct attach_options *)target)->config, value, err);
}

/* What belongs to an RNIC belongs to the last one named. NULL with a text: none was. */
static struct rdma_config *last_rdma(void *target, struct err *err)
{
	struct config *config = &((struct attach_options *)target)->config;

	if (config->n_rdma)
		return &config->rdma[config->n_rdma - 1];
	err_set(err, -EINVAL, "whose? Give --rdma PORT before it");
	return NULL;
}

static int add_rdma_address(void *target, const char *value, struct err *err)
{
	struct rdma_config *rdma = last_rdma(target, err);

	if (!rdma)
		return -EINVAL;
	if (rdma->n_addresses == CONFIG_RDMA_ADDRESSES_MAX)
		return err_set(err, -EINVAL, "more than %d of %s", CONFIG_RDMA_ADDRESSES_MAX,
			       rdma->port);
	return parse_address(value, &rdma->addresses[rdma->n_addresses++], err);
}

static int set_rdma_vlan(void *target, const char *value, struct err *err)
{
	struct rdma_config *rdma = last_rdma(target, err);
	int64_t vlan;
	int r = rdma ? number_parse(value, 0, 4094, &vlan, err) : -EINVAL;

	if (!r)
		rdma->vlan = vlan;
	return r;
}

static int set_rdma_failover(void *target, const char *value, struct err *err)
{
	struct rdma_config *rdma = last_rdma(target, err);

	if (!rdma)
		return -EINVAL;
	rdma->failover = true;
	return 0;
}

static int set_rdma_smc(void *target, const char *value, struct err *err)
{
	struct rdma_config *rdma = last_rdma(target, err);

	if (!rdma)
		return -EINVAL;
	rdma->smc = true;
	return 0;
}

/* clang-format off */
const struct option_row attach_rows[] = {
	{.name = "mode", .value = "MODE", .help = "who carries what", .kind = OPTION_WORD,
	 .offset = IN_CONFIG(mode), .names = mode_names},
	{.name = "hash", .value = "POLICY", .help = "what a flow is, in balance-xor",
	 .kind = OPTION_WORD, .offset = IN_CONFIG(hash), .names = hash_names},
	{.name = "primary", .value = "PORT", .help = "the port that is preferred as the active one",
	 .kind = OPTION_CALL, .set = set_primary},
	{.name = "primary-reselect", .value = "WHEN", .help = "when the primary takes over again",
	 .kind = OPTION_WORD, .offset = IN_CONFIG(primary_reselect), .names = reselect_names},
	{.name = "mac", .value = "MAC", .help = "the team's MAC address [the first port's]",
	 .kind = OPTION_CALL, .set = set_mac},
	{.name = "mtu", .value = "N", .help = "the team's MTU [the least of the ports']",
	 .kind = OPTION_NUMBER,
	 .offset = IN_CONFIG(mtu), .min = 68, .max = 65535},
	{.name = "address", .value = "CIDR", .help = "an address of the team; may be repeated",
	 .kind = OPTION_CALL, .set = set_address},
	{.name = "detect", .value = "METHOD", .help = "how failures are seen", .kind = OPTION_WORD,
	 .offset = IN_CONFIG(detect.method), .names = detect_names},
	{.name = "updelay", .value = "MS",
	 .help = "how long a port that returns waits while another lives [1000]",
	 .kind = OPTION_NUMBER, .offset = IN_CONFIG(detect.updelay_ms), .max = UINT32_MAX},
	{.name = "downdelay", .value = "MS", .help = "how long a lost carrier is borne [0]",
	 .kind = OPTION_NUMBER, .offset = IN_CONFIG(detect.downdelay_ms), .max = UINT32_MAX},
	{.name = "arp-interval", .value = "MS", .help = "probe --arp-ip-target that often [off]",
	 .kind = OPTION_NUMBER, .offset = IN_CONFIG(arp_interval_ms), .max = UINT32_MAX},
	{.name = "arp-ip-target", .value = "IP", .help = "whom to probe for; may be repeated",
	 .kind = OPTION_CALL, .set = set_arp_target},
	{.name = "xdp", .help = "XDP on ports and team (resets many NICs)", .kind = OPTION_FLAG,
	 .offset = IN_CONFIG(xdp)},
	{.name = "rx", .value = "PATH", .help = "how received frames reach the team",
	 .kind = OPTION_WORD, .offset = IN_CONFIG(rx), .names = rx_names},
	{.name = "move-addresses", .help = "move the ports' addresses and routes to the team",
	 .kind = OPTION_FLAG, .offset = offsetof(struct attach_options, move_addresses)},
	{.name = "no-failover", .help = "accept a team in which nobody can see a failure",
	 .kind = OPTION_FLAG, .offset = offsetof(struct attach_options, no_failover)},
	{.name = "rdma", .value = "PORT", .help = "make a vport for this RNIC; may be repeated",
	 .kind = OPTION_CALL, .set = add_rdma},
	{.name = "rdma-address", .value = "CIDR",
	 .help = "an address of that vport; may be repeated",
	 .kind = OPTION_CALL, .set = add_rdma_address},
	{.name = "rdma-vlan", .value = "VID", .help = "that vport's 802.1Q tag [untagged]",
	 .kind = OPTION_CALL, .set = set_rdma_vlan},
	{.name = "rdma-failover",
	 .help = "that vport may use the other ports while the RNIC is down",
	 .kind = OPTION_CALL, .set = set_rdma_failover},
	{.name = "rdma-smc", .help = "that vport is made known to SMC-R",
	 .kind = OPTION_CALL, .set = set_rdma_smc},
	{.name = "vlan", .value = "VID",
	 .help = "make an interface TEAM-vVID for this VLAN; may be repeated",
	 .kind = OPTION_CALL, .set = add_vlan},
	{},
};
/* clang-format on */

void attach_init(void *options)
{
	config_init(&((struct attach_options *)options)->config);
}

static int attach_here(struct cli *cli, const struct config *config, unsigned flags, json_t **notes)
{
	struct team *team = NULL;
	char *text = NULL;
	int r = team_attach(&cli->env, config, flags, &team, &text, &cli->err);

	if (!r) {
		team_close(team);
		/* A daemon that was passed over watches the team from now on. */
		*notes = client_lines(cli_refresh(cli) || !text ? "" : text);
	}
	free(text);
	return r;
}

int attach_run(struct cli *cli, void *options, int argc, char **argv)
{
	struct attach_options *o = options;
	struct config *config = &o->config;
	unsigned flags = (o->move_addresses ? TEAM_MOVE_ADDRESSES : 0) |
			 (o->no_failover ? TEAM_NO_FAILOVER : 0);
	struct client *client;
	json_t *notes = NULL;
	int r = 0;

	snprintf(config->team, sizeof(config->team), "%s", argv[0]);
	for (int i = 1; i < argc && !r; i++)
		r = config_add_port(config, argv[i], &cli->err);
	if (!r)
		r = config_check(config, &cli->err);
	if (r)
		return cli_usage(cli, "%s", cli->err.text);
	r = cli_worker(cli, &client);
	if (r)
		return r;
	r = client ? client_attach(client, config, flags, &notes, &cli->err)
		   : attach_here(cli, config, flags, &notes);
	client_close(client);
	return r ? r : cli_done(cli, config->team, NULL, notes);
}
