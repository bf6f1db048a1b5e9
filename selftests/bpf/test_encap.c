// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_encap - the policies encap2+3 and encap3+4: what is carried inside decides, whatever carries
 * it, and what can't be read is hashed by what is outside. The measure is layer3+4 and layer2+3, on
 * what is carried alone, or on the same bytes.
 */
#include "bpf_harness.h"
#include "encap_frames.h"

#define POLICIES 5 /* up to encap3+4 */

static struct team teams[POLICIES]; /* by enum bpfteam_hash */

/* What is carried: IPv4 or IPv6 with TCP's or UDP's ports. */
static struct flow inner_of(uint8_t family)
{
	return (struct flow){.family = family,
			     .src = 1,
			     .dst = 2,
			     .proto = IPPROTO_TCP,
			     .sport = 1000,
			     .dport = 2000};
}

static uint32_t hash_of(enum bpfteam_hash policy, const struct frame_buf *frame)
{
	struct answer answer = explain_bytes(&teams[policy], frame->data, frame->len);

	if (!answer.valid)
		bail("team_explain can't be run");
	return answer.hash;
}

static uint32_t hash_alone(enum bpfteam_hash policy, const struct flow *flow)
{
	struct frame_buf frame;

	return hash_of(policy, frame_build(&frame, flow));
}

static char title[96];

static const char *title_of(const struct encap *encap, const struct flow *inner)
{
	snprintf(title, sizeof(title), "IPv%c in %s%s", inner->family == AF_INET ? '4' : '6',
		 encap->name,
		 !encap->by_ip             ? ""
		 : outer.family == AF_INET ? " over IPv4"
					   : " over IPv6");
	return title;
}

/* ---- what decides ---- */

static void test_inner(const struct encap *encap, const struct flow *inner)
{
	struct flow other = *inner;
	struct frame_buf frame;
	unsigned wrong = 0;
	uint32_t ports[2] = {};

	for (unsigned i = 0; i < 64; i++) {
		struct answer answer;

		other.sport = 1000 + i;
		other.src = 1 + i % 8;
		wrap(&frame, encap, &other);
		answer = explain_bytes(&teams[BPFTEAM_HASH_ENCAP34], frame.data, frame.len);
		wrong += answer.hash != hash_alone(BPFTEAM_HASH_LAYER34, &other);
		ports[answer.slot & 1]++;
	}
	ok(!wrong, "encap3+4, %s: the hash of what is carried", title_of(encap, inner));
	ok(ports[0] > 12 && ports[1] > 12, "... and 64 flows inside are spread: %u and %u",
	   ports[0], ports[1]);
}

static void test_addresses(const struct encap *encap, const struct flow *inner)
{
	struct flow other = *inner;
	struct frame_buf frame;
	uint32_t base = hash_of(BPFTEAM_HASH_ENCAP23, wrap(&frame, encap, inner));
	bool right;

	other.sport++;
	right = hash_of(BPFTEAM_HASH_ENCAP23, wrap(&frame, encap, &other)) == base;
	other.dst++;
	right &= hash_of(BPFTEAM_HASH_ENCAP23, wrap(&frame, encap, &other)) != base;
	outer.src++;
	outer.sport++;
	right &= hash_of(BPFTEAM_HASH_ENCAP23, wrap(&frame, encap, inner)) == base;
	outer.dst_mac = 7;
	right &= hash_of(BPFTEAM_HASH_ENCAP23, wrap(&frame, encap, inner)) != base;
	outer.dst_mac = outer.src = outer.sport = 0;
	ok(right, "encap2+3, %s: inner addresses and outer MAC addresses", title_of(encap, inner));
}

/* ---- what can't be read ---- */

/* Every length: what is cut off counts no more, and before the inner header the outer ones do. */
static void test_cut(const struct encap *encap, const struct flow *inner)
{
	struct flow alone = *inner;
	unsigned wrong = 0, ran = 0, whole, ip_end;
	struct frame_buf frame;

	wrap(&frame, encap, inner);
	whole = frame.ports_end;
	ip_end = frame.ip_end;
	alone.proto = IPPROTO_NONE;
	/* Of two, the first one inside is what is left, which test_bad() covers. */
	if (encap->put == put_vxlan_ipip || encap->put == put_mpls_vxlan)
		return;
	for (unsigned len = ETH_HLEN + 1; len < whole; len++) {
		uint32_t want;

		frame.len = len;
		/* The kernel refuses to run a frame whose first IP header is not whole. */
		if (!explain_bytes(&teams[BPFTEAM_HASH_ENCAP34], frame.data, len).valid)
			continue;
		ran++;
		want = len < ip_end ? hash_of(BPFTEAM_HASH_LAYER34, &frame)
				    : hash_alone(BPFTEAM_HASH_LAYER34, &alone);
		wrong += hash_of(BPFTEAM_HASH_ENCAP34, &frame) != want;
	}
	ok(!wrong && ran > 20, "encap3+4, %s: cut at any byte, by what is left",
	   title_of(encap, inner));
}

static void test_fragments(const struct encap *encap, const struct flow *inner)
{
	static const uint16_t fragments[] = {0x2000, 0x2001, 0x00b9};
	struct flow alone = *inner, piece = *inner;
	struct frame_buf frame;
	unsigned wrong = 0;

	for (unsigned i = 0; encap->by_ip && i < 3; i++) {
		outer.fragment = fragments[i] << (outer.family == AF_INET6 ? 3 : 0);
		if (outer.family == AF_INET6 && i == 0)
			outer.fragment = 1;
		wrap(&frame, encap, inner);
		wrong += hash_of(BPFTEAM_HASH_ENCAP34, &frame) !=
			 hash_of(BPFTEAM_HASH_LAYER34, &frame);
	}
	outer.fragment = 0;
	ok(!wrong, "encap3+4, %s: an outer fragment, by what is outside", title_of(encap, inner));
	if (inner->family == AF_INET6)
		piece.extension[piece.extensions++] = (struct extension){IPPROTO_FRAGMENT, 0, 1};
	piece.fragment = 0x2000;
	alone.proto = IPPROTO_NONE;
	ok(hash_of(BPFTEAM_HASH_ENCAP34, wrap(&frame, encap, &piece)) ==
		   hash_alone(BPFTEAM_HASH_LAYER34, &alone),
	   "encap3+4, %s: an inner fragment, by inner addresses", title);
}

/* One byte of a good frame made wrong. */
static const struct bad {
	const char *what;
	void (*put)(struct frame_buf *frame, uint8_t carries);
	int offset; /* from the inner header's start; 0 and up: in it */
	uint8_t value;
} bads[] = {
	{"inner IP version 5", put_ipip, 0, 0x55},
	{"inner IP version 4 or 6, whichever it is not", put_ipip, 0, 0},
	{"GRE version 1", put_gre_bare, -3, 1},
	{"GRE with routing", put_gre_bare, -4, 0x40},
	{"GRE carrying ARP", put_gre_bare, -1, 6},
	{"VXLAN without a VNI", put_vxlan, -22, 0},
	{"VXLAN carrying ARP", put_vxlan, -1, 6},
	{"Geneve version 1", put_geneve, -22, 0x40},
	{"GUE control message", put_gue, -4, 0x20},
	{"GUE variant 2", put_gue, -4, 0x80},
	{"GUE with an extension", put_gue, -2, 0x80},
	{"GUE carrying nothing", put_gue, -3, IPPROTO_NONE},
	{"MPLS pseudowire", put_mpls, 0, 0},
	{"MPLS without an end", put_mpls, -2, 0},
	{"PPPoE discovery", put_pppoe, -7, 0x09},
	{"PPPoE version 2", put_pppoe, -8, 0x21},
	{"PPP's LCP", put_pppoe, -2, 0xc0},
	{"another UDP port", put_vxlan, -27, 0xb6},
};

static void test_bad(const struct flow *inner)
{
	const struct encap none = {};
	struct encap encap = none;

	for (size_t i = 0; i < sizeof(bads) / sizeof(*bads); i++) {
		struct frame_buf frame;
		unsigned start;
		uint32_t good;

		encap.put = bads[i].put;
		wrap(&frame, &encap, inner);
		start = frame.ip_end - (inner->family == AF_INET ? 20 : 40);
		good = hash_of(BPFTEAM_HASH_ENCAP34, &frame);
		if (bads[i].put == put_ipip && !bads[i].value)
			frame.data[start] ^= 0x20; /* 4 and 6 */
		else
			frame.data[start + bads[i].offset] = bads[i].value;
		ok(hash_of(BPFTEAM_HASH_ENCAP34, &frame) == hash_of(BPFTEAM_HASH_LAYER34, &frame) &&
			   hash_of(BPFTEAM_HASH_ENCAP34, &frame) != good,
		   "encap3+4, IPv%c: %s is not looked into", inner->family == AF_INET ? '4' : '6',
		   bads[i].what);
	}
}

/* The inner of two is broken: the outer of them counts. */
static void test_bad_second(void)
{
	const struct encap encap = {"", put_vxlan_ipip, true};
	struct flow inner = inner_of(AF_INET),
		    first = {.family = AF_INET, .src = 77, .proto = IPPROTO_NONE};
	struct frame_buf frame;

	wrap(&frame, &encap, &inner);
	frame.data[frame.ip_end - 20] = 0x44;
	ok(hash_of(BPFTEAM_HASH_ENCAP34, &frame) == hash_alone(BPFTEAM_HASH_LAYER34, &first),
	   "encap3+4: of two encapsulations the second is broken: the first counts");
}

/* Deeper than it looks: of twenty-one IPv4 headers, fifteen are stepped over, and Ethernet. */
static void test_deep(void)
{
	struct flow flow = {.family = AF_INET, .proto = IPPROTO_IPIP};
	struct frame_buf frame = {};
	bool steady = true;

	outer.family = AF_INET;
	put_ip(&frame, IPPROTO_IPIP);
	for (unsigned i = 0; i < 20; i++) {
		flow.src = i;
		frame_ip4(&frame, &flow);
	}
	for (unsigned len = frame.len - 60; len < frame.len; len++) {
		struct frame_buf cut = frame;

		cut.len = len;
		steady &= hash_of(BPFTEAM_HASH_ENCAP34, &cut) ==
			  hash_of(BPFTEAM_HASH_ENCAP34, &frame);
	}
	flow.src = 13;
	flow.proto = IPPROTO_NONE;
	ok(steady &&
		   hash_of(BPFTEAM_HASH_ENCAP34, &frame) == hash_alone(BPFTEAM_HASH_LAYER34, &flow),
	   "encap3+4: beyond 16 headers nothing is looked at");
}

/* ---- what carries nothing ---- */

static void test_plain(void)
{
	static const uint16_t fragments[] = {0, 0, 0x2000, 0x00b9};
	unsigned wrong[2] = {};

	for (unsigned i = 0; i < 4096; i++) {
		uint8_t family = i & 1 ? AF_INET : AF_INET6;
		struct flow flow = {.family = i % 31 ? family : 0,
				    .src = random32() & 0xffff,
				    .dst = random32() & 0xffff,
				    .proto = i % 3   ? IPPROTO_TCP
					     : i % 7 ? IPPROTO_UDP
						     : IPPROTO_ICMP,
				    .sport = 1 + random32() % 4000,
				    .dport = 1 + random32() % 4000,
				    .fragment = fragments[random32() % 4],
				    .options = random32() % 3,
				    .dst_mac = random32(),
				    .vid = 5};

		if (i % 5 == 0)
			flow.tpid[0] = i % 2 ? ETH_P_8021Q : ETH_P_8021AD;
		if (i % 11 == 0 && family == AF_INET6)
			flow.extension[flow.extensions++] = (struct extension){IPPROTO_DSTOPTS,
									       random32() % 8, 0};
		wrong[0] += hash_alone(BPFTEAM_HASH_ENCAP34, &flow) !=
			    hash_alone(BPFTEAM_HASH_LAYER34, &flow);
		wrong[1] += hash_alone(BPFTEAM_HASH_ENCAP23, &flow) !=
			    hash_alone(BPFTEAM_HASH_LAYER23, &flow);
	}
	ok(!wrong[0], "a frame that carries none has layer3+4's hash by encap3+4");
	ok(!wrong[1], "... and layer2+3's by encap2+3");
}

/* Whatever the bytes are, the programs end, and the same way each time. */
static void test_noise(void)
{
	unsigned unsteady = 0, unsent = 0;

	for (unsigned i = 0; i < 4096; i++) {
		struct flow inner = inner_of(i & 1 ? AF_INET : AF_INET6);
		struct frame_buf frame;
		uint32_t hash;

		outer.family = i & 2 ? AF_INET : AF_INET6;
		wrap(&frame, &encaps[i % ENCAPS], &inner);
		for (unsigned n = random32() % 6; n; n--)
			frame.data[ETH_HLEN + random32() % (frame.len - ETH_HLEN)] = random32();
		frame.len -= random32() % 40;
		hash = hash_of(BPFTEAM_HASH_ENCAP34, &frame);
		unsteady += hash != hash_of(BPFTEAM_HASH_ENCAP34, &frame);
		unsent += run(teams[BPFTEAM_HASH_ENCAP34].tx, &frame) != TC_REDIRECT;
	}
	ok(!unsteady && !unsent, "bytes made wrong at random: sent, by the same hash each time");
}

static void test_family(uint8_t family)
{
	const struct flow inner = inner_of(family);

	for (size_t i = 0; i < ENCAPS; i++) {
		for (int options = 0; options < 2; options++) {
			outer.family = AF_INET6;
			if (!encaps[i].by_ip && options)
				continue;
			outer.options = options;
			test_inner(&encaps[i], &inner);
			outer.family = AF_INET;
			if (encaps[i].by_ip)
				test_inner(&encaps[i], &inner);
		}
		outer.options = 0;
		for (int six = 0; six <= encaps[i].by_ip; six++) {
			outer.family = six ? AF_INET6 : AF_INET;
			test_addresses(&encaps[i], &inner);
			test_cut(&encaps[i], &inner);
			test_fragments(&encaps[i], &inner);
		}
	}
	for (int six = 0; six < 2; six++) {
		outer.family = six ? AF_INET6 : AF_INET;
		test_bad(&inner);
	}
}

int main(void)
{
	harness_init(2);
	for (int policy = 0; policy < POLICIES; policy++) {
		const struct team_options options = {.mode = BPFTEAM_BALANCE_XOR, .hash = policy};

		teams[policy] = team_load(&options, 2);
		if (!teams[policy].skel)
			skip_all("the kernel loads no tc programs");
	}
	test_family(AF_INET);
	test_family(AF_INET6);
	test_bad_second();
	test_deep();
	test_plain();
	test_noise();
	for (int policy = 0; policy < POLICIES; policy++)
		team_free(&teams[policy]);
	return tap_done();
}
