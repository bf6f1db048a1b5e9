// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * explain.c - which port would carry this flow? Builds the headers that such a frame has and asks
 * the data path's own code, so that the answer can't differ from what it does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/mode.h"
#include "team/team_priv.h"

#define FRAME_MAX 128

struct builder {
	uint8_t frame[FRAME_MAX];
	size_t len;
};

static void put(struct builder *b, const void *bytes, size_t n)
{
	memcpy(b->frame + b->len, bytes, n);
	b->len += n;
}

static void put_u8(struct builder *b, uint8_t value)
{
	put(b, &value, 1);
}

static void put_be16(struct builder *b, uint16_t value)
{
	value = htons(value);
	put(b, &value, 2);
}

/* Where none is given and it can be told: a group's (RFC 1112, 6.4; RFC 2464, 7). */
static void put_destination(struct builder *b, const struct team_flow *flow)
{
	const uint8_t *ip = flow->dst.byte;

	if (mac_is_zero(&flow->dmac) && flow->dst.family == AF_INET && ip[0] >> 4 == 14)
		put(b, (const uint8_t[]){0x01, 0x00, 0x5e, ip[1] & 0x7f, ip[2], ip[3]}, 6);
	else if (mac_is_zero(&flow->dmac) && flow->dst.family == AF_INET6 && ip[0] == 0xff)
		put(b, (const uint8_t[]){0x33, 0x33, ip[12], ip[13], ip[14], ip[15]}, 6);
	else
		put(b, flow->dmac.byte, 6);
}

static void put_ethernet(struct builder *b, const struct team_flow *flow, const struct mac *own)
{
	put_destination(b, flow);
	put(b, mac_is_zero(&flow->smac) ? own->byte : flow->smac.byte, 6);
	if (flow->vlan >= 0) {
		put_be16(b, 0x8100);
		put_be16(b, flow->vlan);
	}
	put_be16(b, flow->dst.family == AF_INET ? 0x0800 : 0x86dd);
}

/* RFC 791 section 3.1; checksum 0, which nobody looks at here. */
static void put_ipv4(struct builder *b, const struct team_flow *flow)
{
	put_be16(b, 0x4500);
	put_be16(b, 40);
	put_be16(b, 0);
	put_be16(b, 0);
	put_u8(b, 64);
	put_u8(b, flow->proto);
	put_be16(b, 0);
	put(b, flow->src.byte, 4);
	put(b, flow->dst.byte, 4);
}

/* RFC 8200 section 3. */
static void put_ipv6(struct builder *b, const struct team_flow *flow)
{
	put_be16(b, 0x6000);
	put_be16(b, 0);
	put_be16(b, 20);
	put_u8(b, flow->proto);
	put_u8(b, 64);
	put(b, flow->src.byte, 16);
	put(b, flow->dst.byte, 16);
}

static void build(struct builder *b, const struct team_flow *flow, const struct mac *own)
{
	static const uint8_t rest[16];

	b->len = 0;
	put_ethernet(b, flow, own);
	if (flow->dst.family == AF_INET)
		put_ipv4(b, flow);
	else
		put_ipv6(b, flow);
	put_be16(b, flow->sport);
	put_be16(b, flow->dport);
	put(b, rest, sizeof(rest));
}

static const char *port_of(const struct team *team, uint8_t id)
{
	int i = member_index_id(team, id);

	return i < 0 ? NULL : team->rec->ports[i].name;
}

static const char *reason(enum bpfteam_mode mode, const struct datapath_verdict *verdict)
{
	if (verdict->port == BPFTEAM_PORT_NONE)
		return "no-port";
	if (verdict->position)
		return "failover";
	/* Where the hash has the other slots, slot 0 is the active port's. */
	return mode_of(mode)->active && !verdict->slot ? "active" : mode_of(mode)->reason;
}

/* The headers don't tell: all ports that it may be, or, in broadcast, that it is. */
static json_t *explain_any(struct team *team, const struct datapath_vlan *sender)
{
	json_t *candidates = json_array();
	uint64_t usable;

	team_read_links(team);
	usable = team_usable(team);
	if (sender->id)
		usable &= datapath_vlan(team->dp, sender->id)->mask;
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (usable >> team->rec->ports[i].id & 1)
			json_array_append_new(candidates, json_string(team->rec->ports[i].name));
	}
	return json_pack("{s:s, s:n, s:s, s:n, s:n, s:o}", "team", team->rec->config.team, "port",
			 "reason", usable ? mode_of(sender->mode)->reason : "no-port", "slot",
			 "hash", "candidates", candidates);
}

/* Policies that count the destination's MAC address. */
static bool hashes_dmac(enum bpfteam_hash hash)
{
	return hash == BPFTEAM_HASH_LAYER2 || hash == BPFTEAM_HASH_LAYER23 ||
	       hash == BPFTEAM_HASH_ENCAP23;
}

/* By whom a frame is sent: a VLAN's group, or the team itself: id 0. */
static void find_sender(const struct team *team, const struct team_flow *flow,
			struct datapath_vlan *ret)
{
	const struct config *config = &team->rec->config;
	const struct vlan_config *vlan = flow->vlan > 0 ? config_vlan(config, flow->vlan) : NULL;

	*ret = (struct datapath_vlan){.mode = config->mode, .hash = config->hash};
	if (vlan && datapath_vlan(team->dp, vlan->id))
		vlan_describe(team, vlan, ret);
}

/* Which hash and slot the frame has; for nothing where no headers are hashed. */
static int run(struct team *team, const struct team_flow *flow, const struct datapath_vlan *sender,
	       const struct mac *smac, struct datapath_verdict *ret, struct err *err)
{
	const struct config *config = &team->rec->config;
	struct team_flow sent = *flow;
	struct builder b;

	if (mode_of(sender->mode)->hashed && hashes_dmac(sender->hash) && mac_is_zero(&flow->dmac))
		return err_set(err, -EINVAL,
			       "%s: %s hashes the destination's MAC; give it with --dmac ('ip "
			       "neigh' shows it)",
			       config->team, name_of(hash_names, sender->hash));
	/* A group's frame is tagged behind the choice. */
	if (sender->id)
		sent.vlan = -1;
	build(&b, &sent, smac);
	if (sender->id)
		return datapath_explain_vlan(team->dp, sender, plan_vlan_needs_slots(config),
					     b.frame, b.len, ret, err);
	return datapath_explain(team->dp, b.frame, b.len, ret, err);
}

/* NULL: none, or of no meaning. */
static json_t *answer(struct team *team, const char *port, const char *reason,
		      const struct datapath_verdict *verdict, struct err *err)
{
	char hash[16] = "";
	json_t *ret;

	if (verdict)
		snprintf(hash, sizeof(hash), "0x%08x", verdict->hash);
	ret = json_pack("{s:s, s:s?, s:s, s:o, s:o}", "team", team->rec->config.team, "port", port,
			"reason", reason, "slot",
			verdict ? json_integer(verdict->slot) : json_null(), "hash",
			verdict ? json_string(hash) : json_null());
	if (!ret)
		err_set(err, -ENOMEM, "%s: out of memory", team->rec->config.team);
	return ret;
}

static bool is_multicast(const struct addr *addr)
{
	return addr->family == AF_INET ? addr->byte[0] >> 4 == 0xe : addr->byte[0] == 0xff;
}

/*
 * What an RDMA vport's address sends: by its RNIC, or, where it may and must, by another port; by the
 * hash where it is spread. ICMPv6 and multicast are not.
 */
static json_t *explain_rdma(struct team *team, const struct team_flow *flow,
			    const struct saved_rdma *saved, struct err *err)
{
	const struct rdma_config *rdma = rdma_config_of(team, &team->rec->config, saved);
	bool spread = rdma && rdma_spreads(team, rdma) && flow->proto != IPPROTO_ICMPV6 &&
		      !is_multicast(&flow->dst);
	struct datapath_verdict verdict;
	struct datapath_vlan sender = {.mode = team->rec->config.mode,
				       .hash = team->rec->config.hash};
	int path;

	team_read_links(team);
	path = rdma_path(team, saved);
	if (path < 0)
		return answer(team, NULL, "no-port", NULL, err);
	if (!spread)
		return answer(team, team->rec->ports[path].name,
			      path == rdma_port(team, saved) ? "rdma" : "failover", NULL, err);
	if (run(team, flow, &sender, &saved->mac, &verdict, err))
		return NULL;
	datapath_get_slots(team->dp, team->slots);
	path = rdma_path_of_slot(team, rdma, saved, &team->slots[verdict.slot]);
	return answer(team, team->rec->ports[path].name, "hash", &verdict, err);
}

json_t *team_explain(struct team *team, const struct team_flow *flow, struct err *err)
{
	const struct saved_rdma *rdma = rdma_of_address(team, &flow->src);
	struct datapath_verdict verdict;
	struct datapath_vlan sender;

	if (rdma)
		return explain_rdma(team, flow, rdma, err);
	find_sender(team, flow, &sender);
	if (mode_of(sender.mode)->hashed ? sender.hash == BPFTEAM_HASH_TXHASH
					 : !mode_of(sender.mode)->active)
		return explain_any(team, &sender);
	if (run(team, flow, &sender, &team->rec->mac, &verdict, err))
		return NULL;
	return answer(team, port_of(team, verdict.port), reason(sender.mode, &verdict), &verdict,
		      err);
}
