// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_flow - which headers make the hash of a frame, in each policy: what must change the slot,
 * and what must not. Asks team_explain, which is the code that sends.
 */
#include "bpf_harness.h"

static struct team teams[BPFTEAM_HASH_POLICIES]; /* by enum bpfteam_hash */

/* The first of them read headers in front alone; test_encap.c has more of the others. */
#define PLAIN 3

static const struct flow udp4 = {
	.family = AF_INET, .src = 1, .dst = 2, .proto = 17, .sport = 1000, .dport = 2000};
static const struct flow udp6 = {
	.family = AF_INET6, .src = 1, .dst = 2, .proto = 17, .sport = 1000, .dport = 2000};

static uint32_t hash_of(enum bpfteam_hash policy, const struct flow *flow)
{
	struct answer answer = explain(&teams[policy], flow);

	if (!answer.valid)
		bail("team_explain can't be run");
	if (answer.slot != answer.hash >> (32 - BPFTEAM_SLOT_BITS))
		ok(false, "the slot is the hash's top bits");
	return answer.hash;
}

/* Changes one thing of a flow and tells in which policies the hash has to follow. */
struct change {
	const char *what;
	void (*apply)(struct flow *flow);
	uint8_t matters; /* a bit for each policy */
};

static void change_dst_mac(struct flow *flow)
{
	flow->dst_mac = 0xd2;
}

static void change_src_mac(struct flow *flow)
{
	flow->src_mac = 0x52;
}

static void change_src(struct flow *flow)
{
	flow->src = 3;
}

static void change_dst(struct flow *flow)
{
	flow->dst = 3;
}

static void change_sport(struct flow *flow)
{
	flow->sport++;
}

static void change_dport(struct flow *flow)
{
	flow->dport++;
}

static void change_swap(struct flow *flow)
{
	flow->sport = 2000;
	flow->dport = 1000;
}

static void change_rest(struct flow *flow)
{
	flow->filler = 0x35;
	flow->payload = 777;
}

static void change_tag(struct flow *flow)
{
	flow->tpid[0] = 0x8100;
	flow->vid = 100;
}

/* txhash of what no socket sent. */
#define BY_PORTS (1 << BPFTEAM_HASH_LAYER34 | 1 << BPFTEAM_HASH_ENCAP34 | 1 << BPFTEAM_HASH_TXHASH)
#define BY_MACS (1 << BPFTEAM_HASH_LAYER2 | 1 << BPFTEAM_HASH_LAYER23 | 1 << BPFTEAM_HASH_ENCAP23)
#define BY_ADDRESSES (BY_PORTS | 1 << BPFTEAM_HASH_LAYER23 | 1 << BPFTEAM_HASH_ENCAP23)
#define BY_SOURCE (1 << BPFTEAM_HASH_VLAN_SRCMAC)

static const struct change changes[] = {
	{"destination MAC", change_dst_mac, BY_MACS},
	{"source MAC", change_src_mac, BY_MACS | BY_SOURCE},
	{"VLAN", change_tag, BY_SOURCE},
	{"source address", change_src, BY_ADDRESSES},
	{"destination address", change_dst, BY_ADDRESSES},
	{"source port", change_sport, BY_PORTS},
	{"destination port", change_dport, BY_PORTS},
	{"ports swapped", change_swap, BY_PORTS},
	{"TOS, TTL, flow label, payload and length", change_rest, 0},
};

static const char *const policy_names[] = {"layer2",   "layer3+4",    "layer2+3", "encap2+3",
					   "encap3+4", "vlan+srcmac", "txhash"};

static void test_changes(const char *name, const struct flow *base)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		for (int policy = 0; policy < BPFTEAM_HASH_POLICIES; policy++) {
			bool differs, matters = changes[i].matters >> policy & 1;
			struct flow flow = *base;

			changes[i].apply(&flow);
			differs = hash_of(policy, &flow) != hash_of(policy, base);
			ok(differs == matters, "%s, %s: %s %s", name, policy_names[policy],
			   changes[i].what, matters ? "matters" : "does not matter");
		}
	}
}

static void test_protocols(const struct flow *base, const char *name)
{
	static const uint8_t with[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_DCCP,
				       IPPROTO_UDPLITE};
	static const uint8_t without[] = {IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_GRE, IPPROTO_ESP,
					  IPPROTO_IPIP, IPPROTO_NONE,   253};
	struct flow flow = *base, other;

	for (size_t i = 0; i < sizeof(with); i++) {
		flow.proto = with[i];
		other = flow;
		other.sport++;
		ok(hash_of(BPFTEAM_HASH_LAYER34, &flow) != hash_of(BPFTEAM_HASH_LAYER34, &other),
		   "%s, protocol %u is hashed by its ports", name, with[i]);
	}
	for (size_t i = 0; i < sizeof(without); i++) {
		flow.proto = without[i];
		other = flow;
		other.sport++;
		other.proto = without[0];
		ok(hash_of(BPFTEAM_HASH_LAYER34, &flow) == hash_of(BPFTEAM_HASH_LAYER34, &other),
		   "%s, protocol %u is hashed by addresses alone", name, without[i]);
	}
}

static void test_fragments4(void)
{
	static const uint16_t fragments[] = {0x2000, 0x20b9, 0x0172, 0x1fff, 0x3fff, 0x6000};
	struct flow alone = udp4, flow = udp4;

	alone.proto = IPPROTO_ICMP;
	for (size_t i = 0; i < sizeof(fragments) / sizeof(*fragments); i++) {
		flow.fragment = fragments[i];
		/* Behind the first fragment there is payload where the ports were. */
		flow.sport = fragments[i] & 0x1fff ? 0x4142 + i : 1000;
		ok(hash_of(BPFTEAM_HASH_LAYER34, &flow) == hash_of(BPFTEAM_HASH_LAYER34, &alone),
		   "IPv4 fragment 0x%04x is hashed by addresses alone", fragments[i]);
	}
	flow = udp4;
	flow.fragment = 0x4000;
	ok(hash_of(BPFTEAM_HASH_LAYER34, &flow) == hash_of(BPFTEAM_HASH_LAYER34, &udp4),
	   "IPv4 with DF is no fragment");
}

static void test_fragments6(void)
{
	static const uint16_t fragments[] = {0x0001, 0x05a9, 0x0b50, 0xfff8, 0xfff9};
	struct flow alone = udp6, flow = udp6;

	alone.proto = IPPROTO_ICMPV6;
	flow.extensions = 1;
	for (size_t i = 0; i < sizeof(fragments) / sizeof(*fragments); i++) {
		flow.extension[0] = (struct extension){IPPROTO_FRAGMENT, 0, fragments[i]};
		flow.sport = 0x4142 + i;
		ok(hash_of(BPFTEAM_HASH_LAYER34, &flow) == hash_of(BPFTEAM_HASH_LAYER34, &alone),
		   "IPv6 fragment 0x%04x is hashed by addresses alone", fragments[i]);
	}
	flow = udp6;
	flow.extensions = 1;
	flow.extension[0] = (struct extension){IPPROTO_FRAGMENT, 0xff, 0};
	ok(hash_of(BPFTEAM_HASH_LAYER34, &flow) == hash_of(BPFTEAM_HASH_LAYER34, &udp6),
	   "an atomic IPv6 fragment is none, and its reserved byte no length");
}

static void expect_ports(const struct flow *flow, bool found, const char *what)
{
	struct flow alone = udp6;
	uint32_t want;

	alone.proto = IPPROTO_ICMPV6;
	want = hash_of(BPFTEAM_HASH_LAYER34, found ? &udp6 : &alone);
	ok(hash_of(BPFTEAM_HASH_LAYER34, flow) == want, "%s: ports %s", what,
	   found ? "found" : "left out");
}

static void test_extensions(void)
{
	static const uint8_t kinds[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS,
					IPPROTO_AH, 135};
	struct flow flow = udp6;
	char what[64];

	flow.extensions = 1;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		for (int len = 0; len < 8; len += 3) {
			flow.extension[0] = (struct extension){kinds[i], len, 0};
			snprintf(what, sizeof(what), "extension %u of length %d", kinds[i], len);
			expect_ports(&flow, true, what);
		}
	}
	for (unsigned n = 2; n <= 10; n++) {
		flow.extensions = n;
		for (unsigned i = 0; i < n; i++)
			flow.extension[i] = (struct extension){kinds[i % sizeof(kinds)], i % 2, 0};
		snprintf(what, sizeof(what), "%u extensions", n);
		expect_ports(&flow, n <= 8, what);
	}
	flow.extensions = 2;
	flow.extension[0] = (struct extension){IPPROTO_DSTOPTS, 0, 0};
	flow.extension[1] = (struct extension){IPPROTO_FRAGMENT, 0, 0x0001};
	expect_ports(&flow, false, "a fragment header behind another extension");
	flow.extension[1] = (struct extension){139, 0, 0};
	expect_ports(&flow, false, "an extension that nobody knows");
	flow.extensions = 1;
	flow.extension[0] = (struct extension){IPPROTO_DSTOPTS, 57, 0};
	expect_ports(&flow, true, "ports 504 bytes behind the IPv6 header's start");
	flow.extension[0] = (struct extension){IPPROTO_DSTOPTS, 200, 0};
	expect_ports(&flow, false, "ports deeper than the parser looks");
}

static void test_options4(void)
{
	struct flow flow = udp4;

	for (unsigned words = 1; words <= 10; words++) {
		flow.options = words;
		ok(hash_of(BPFTEAM_HASH_LAYER34, &flow) == hash_of(BPFTEAM_HASH_LAYER34, &udp4),
		   "IPv4 with %u words of options", words);
	}
}

static void test_tags(const struct flow *base, const char *name)
{
	static const uint16_t tpids[] = {0x8100, 0x88a8};
	struct flow flow = *base, other;

	for (int policy = 0; policy < PLAIN; policy++) {
		for (int i = 0; i < 2; i++) {
			flow = *base;
			flow.tpid[0] = tpids[i];
			flow.vid = 100;
			ok(hash_of(policy, &flow) == hash_of(policy, base),
			   "%s, %s: tag 0x%04x is looked behind", name, policy_names[policy],
			   tpids[i]);
		}
		flow.tpid[1] = 0x8100;
		other = flow;
		other.src++;
		other.sport++;
		ok(hash_of(policy, &flow) == hash_of(policy, &other),
		   "%s, %s: two tags: by MAC alone", name, policy_names[policy]);
		other.dst_mac = 7;
		ok(hash_of(policy, &flow) != hash_of(policy, &other), "%s, %s: two tags: by MAC",
		   name, policy_names[policy]);
	}
}

static void test_type(void)
{
	struct flow flow = {.type = 0x88b5}, other = {.type = 0x88b6};

	for (int policy = 0; policy < PLAIN; policy++)
		ok(hash_of(policy, &flow) != hash_of(policy, &other),
		   "%s: by MAC, the EtherType matters", policy_names[policy]);
	ok(hash_of(BPFTEAM_HASH_LAYER2, &udp4) != hash_of(BPFTEAM_HASH_LAYER2, &udp6),
	   "layer2: IPv4 and IPv6 between two hosts are two flows");
}

static void test_other_types(void)
{
	static const uint16_t types[] = {0x0806, 0x88b5, 0x8847, 0x8864, 0x0026, 0x8915};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct flow flow = {.type = types[i], .filler = 1, .payload = 60}, same = flow,
			    other = flow;

		same.filler = 2;
		other.src_mac = 9;
		for (int policy = 0; policy < PLAIN; policy++)
			ok(hash_of(policy, &flow) == hash_of(policy, &same) &&
				   hash_of(policy, &flow) != hash_of(policy, &other),
			   "EtherType 0x%04x, %s: by MAC", types[i], policy_names[policy]);
	}
}

/* One guest in one VLAN has one port; guests and VLANs are spread. */
static void test_source(void)
{
	static const uint16_t tpids[] = {0x8100, 0x88a8};
	struct flow base = udp4, flow;
	unsigned half[2] = {}, wrong = 0;
	uint32_t hash;

	for (unsigned guest = 1; guest <= 16; guest++) {
		for (unsigned vid = 0; vid < 64; vid++) {
			base = (struct flow){.src_mac = guest, .vid = vid, .type = 0x0806};
			base.tpid[0] = vid ? tpids[vid & 1] : 0;
			hash = hash_of(BPFTEAM_HASH_VLAN_SRCMAC, &base);
			half[hash >> 31]++;
			flow = base;
			flow.tpid[0] = tpids[!(vid & 1)];
			flow.vid |= (vid & 7) << 13; /* priority */
			flow.tpid[1] = vid & 2 ? 0x8100 : 0;
			flow.type = 0;
			flow.family = vid & 4 ? AF_INET : AF_INET6;
			flow.src = random32() & 0xffff;
			flow.dst_mac = random32();
			wrong += hash_of(BPFTEAM_HASH_VLAN_SRCMAC, &flow) != hash;
		}
	}
	ok(!wrong, "vlan+srcmac: a guest in a VLAN has one hash, by whatever it sends");
	ok(half[0] > 440 && half[1] > 440, "... and 16 guests in 64 VLANs are spread: %u and %u",
	   half[0], half[1]);
}

static void test_source_cut(void)
{
	struct flow flow = {.tpid = {0x8100}, .vid = 100};
	struct frame_buf frame;
	struct answer cut;
	uint32_t untagged;

	frame_build(&frame, &flow);
	flow.tpid[0] = 0;
	untagged = hash_of(BPFTEAM_HASH_VLAN_SRCMAC, &flow);
	for (unsigned len = 15; len < 18; len++) {
		cut = explain_bytes(&teams[BPFTEAM_HASH_VLAN_SRCMAC], frame.data, len);
		ok(cut.valid && cut.hash == untagged,
		   "vlan+srcmac: a tag that is cut after %u bytes is none", len);
	}
}

static void test_active_backup(void)
{
	const struct team_options options = {.mode = BPFTEAM_ACTIVE_BACKUP, .hash = 1};
	struct team team = team_load(&options, 2);
	struct answer answer;

	if (!team.skel)
		bail("active-backup does not load");
	answer = explain(&team, &udp4);
	ok(answer.valid && answer.slot == 0 && answer.hash == 0 && answer.port == 0,
	   "active-backup computes no hash and reads slot 0");
	team_free(&team);
}

int main(void)
{
	harness_init(2);
	for (int policy = 0; policy < BPFTEAM_HASH_POLICIES; policy++) {
		const struct team_options options = {.mode = BPFTEAM_BALANCE_XOR, .hash = policy};

		teams[policy] = team_load(&options, 2);
		if (!teams[policy].skel)
			skip_all("the kernel loads no tc programs");
	}
	test_changes("IPv4", &udp4);
	test_changes("IPv6", &udp6);
	test_protocols(&udp4, "IPv4");
	test_protocols(&udp6, "IPv6");
	test_fragments4();
	test_fragments6();
	test_options4();
	test_extensions();
	test_tags(&udp4, "IPv4");
	test_tags(&udp6, "IPv6");
	test_type();
	test_other_types();
	test_source();
	test_source_cut();
	test_active_backup();
	for (int policy = 0; policy < BPFTEAM_HASH_POLICIES; policy++)
		team_free(&teams[policy]);
	return tap_done();
}
