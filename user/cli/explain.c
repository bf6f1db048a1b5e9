/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * explain.c - `bpfteam explain`: which port a flow takes. Always asks the running programs itself,
 * daemon or not: they are pinned, and looking changes nothing.
 */
#include "cli/cli.h"

#include <errno.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/render.h"

static const struct name protocols[] = {
	{"tcp", IPPROTO_TCP, false},
	{"udp", IPPROTO_UDP, false},
	{"sctp", IPPROTO_SCTP, false},
	{"icmp", IPPROTO_ICMP, false},
	{"icmpv6", IPPROTO_ICMPV6, true},
	{"icmp6", IPPROTO_ICMPV6, true},
	{},
};

static int set_addr(struct addr *addr, const char *value, struct err *err)
{
	if (strchr(value, '/') || addr_parse(value, addr))
		return err_set(err, -EINVAL, "'%s' is no IPv4 or IPv6 address", value);
	return 0;
}

static int set_src(void *target, const char *value, struct err *err)
{
	return set_addr(&((struct explain_options *)target)->flow.src, value, err);
}

static int set_dst(void *target, const char *value, struct err *err)
{
	return set_addr(&((struct explain_options *)target)->flow.dst, value, err);
}

static int set_proto(void *target, const char *value, struct err *err)
{
	struct explain_options *o = target;
	char list[64];
	int64_t n;

	o->proto = name_parse(protocols, value);
	if (o->proto >= 0)
		return 0;
	if (number_parse(value, 0, 255, &n, err))
		return err_set(err, -EINVAL, "'%s' is unknown: choose %s, or a number up to 255",
			       value, name_list(protocols, list, sizeof(list)));
	o->proto = n;
	return 0;
}

static int set_sport(void *target, const char *value, struct err *err)
{
	struct explain_options *o = target;
	int64_t n;
	int r = number_parse(value, 0, UINT16_MAX, &n, err);

	o->flow.sport = r ? 0 : n;
	o->has_sport = true;
	return r;
}

static int set_dport(void *target, const char *value, struct err *err)
{
	struct explain_options *o = target;
	int64_t n;
	int r = number_parse(value, 0, UINT16_MAX, &n, err);

	o->flow.dport = r ? 0 : n;
	o->has_dport = true;
	return r;
}

static int set_smac(void *target, const char *value, struct err *err)
{
	struct explain_options *o = target;

	if (mac_parse(value, &o->flow.smac))
		return err_set(err, -EINVAL, "'%s' is no unicast MAC address", value);
	return 0;
}

/* A destination may be a group or everyone, which mac_parse() refuses. */
static int set_dmac(void *target, const char *value, struct err *err)
{
	struct explain_options *o = target;
	struct ether_addr addr;

	if (!mac_parse(value, &o->flow.dmac))
		return 0;
	if (!ether_aton_r(value, &addr) || !(addr.ether_addr_octet[0] & 1))
		return err_set(err, -EINVAL, "'%s' is no MAC address", value);
	memcpy(o->flow.dmac.byte, addr.ether_addr_octet, sizeof(o->flow.dmac.byte));
	return 0;
}

static int set_vlan(void *target, const char *value, struct err *err)
{
	int64_t n;
	int r = number_parse(value, 1, 4094, &n, err);

	if (!r)
		((struct explain_options *)target)->flow.vlan = n;
	return r;
}

/* clang-format off */
const struct option_row explain_rows[] = {
	{.name = "src", .value = "IP", .help = "source address", .kind = OPTION_CALL,
	 .set = set_src},
	{.name = "dst", .value = "IP", .help = "destination address", .kind = OPTION_CALL,
	 .set = set_dst},
	{.name = "proto", .value = "PROTO", .help = "tcp, udp, sctp, icmp or a number",
	 .kind = OPTION_CALL, .set = set_proto},
	{.name = "sport", .value = "N", .help = "source port", .kind = OPTION_CALL,
	 .set = set_sport},
	{.name = "dport", .value = "N", .help = "destination port", .kind = OPTION_CALL,
	 .set = set_dport},
	{.name = "smac", .value = "MAC", .help = "source MAC address [the team's]",
	 .kind = OPTION_CALL, .set = set_smac},
	{.name = "dmac", .value = "MAC", .help = "destination MAC address, where that is hashed",
	 .kind = OPTION_CALL, .set = set_dmac},
	{.name = "vlan", .value = "VID", .help = "802.1Q tag [none]", .kind = OPTION_CALL,
	 .set = set_vlan},
	{},
};
/* clang-format on */

void explain_init(void *options)
{
	struct explain_options *o = options;

	o->proto = -1;
	o->flow.vlan = -1;
}

static int check_flow(struct cli *cli, struct explain_options *o)
{
	struct team_flow *flow = &o->flow;
	bool has_ports = o->proto == IPPROTO_TCP || o->proto == IPPROTO_UDP ||
			 o->proto == IPPROTO_SCTP;

	if (!flow->src.family || !flow->dst.family || o->proto < 0)
		return cli_usage(cli, "--%s is missing",
				 !flow->src.family   ? "src"
				 : !flow->dst.family ? "dst"
						     : "proto");
	if (flow->src.family != flow->dst.family)
		return cli_usage(cli, "--src and --dst: one is IPv4 and the other IPv6");
	if (o->has_sport != o->has_dport)
		return cli_usage(cli, "--sport and --dport: give both or none");
	if (o->has_sport && !has_ports)
		return cli_usage(cli, "--sport and --dport: protocol %d has no ports", o->proto);
	if (o->proto == IPPROTO_ICMP && flow->src.family == AF_INET6)
		o->proto = IPPROTO_ICMPV6;
	flow->proto = o->proto;
	flow->has_ports = o->has_sport;
	return 0;
}

static void print_explain(const json_t *root)
{
	const json_t *candidates = json_object_get(root, "candidates"), *candidate;
	const char *port = json_text(root, "port"), *hash = json_text(root, "hash");
	const json_t *slot = json_object_get(root, "slot");
	size_t i;

	printf("%s: ", json_text(root, "team"));
	if (*port)
		fputs(port, stdout);
	else if (json_array_size(candidates))
		fputs("one of ", stdout);
	else
		fputs("no port", stdout);
	json_array_foreach (candidates, i, candidate)
		if (!*port)
			printf("%s%s", i ? ", " : "", json_string_value(candidate));
	printf(" (%s", json_text(root, "reason"));
	/* 0 where the mode does not hash. */
	if (strtoul(hash, NULL, 16))
		printf("%s %s, slot %d", strcmp(json_text(root, "reason"), "hash") ? ", hash" : "",
		       hash, (int)json_integer_value(slot));
	puts(")");
}

int explain_run(struct cli *cli, void *options, int argc, char **argv)
{
	struct explain_options *o = options;
	struct team *team;
	json_t *root;
	int r = check_flow(cli, o);

	if (!r)
		r = cli_privileged(cli);
	if (!r)
		r = cli_open_team(cli, argv[0], &team);
	if (r)
		return r;
	root = team_explain(team, &o->flow, &cli->err);
	team_close(team);
	return root ? cli_print(cli, root, print_explain) : -EIO;
}
