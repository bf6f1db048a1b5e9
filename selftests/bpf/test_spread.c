// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_spread - how well the hash mixes: flows spread over the slots as chance would have it, and
 * one bit of a header changes half of the hash's.
 */
#include <math.h>

#include "bpf_harness.h"

#define FLOWS 20000
#define BUCKETS 256

static struct team team;

/*
 * Pearson's test against an even spread. Of BUCKETS - 1 degrees of freedom, chi-square has this mean
 * and twice that as variance; six deviations are no accident.
 */
static void spread(const char *what, void (*make)(struct flow *flow, unsigned i))
{
	const double expected = (double)FLOWS / BUCKETS, freedom = BUCKETS - 1;
	unsigned count[BUCKETS] = {}, slots = 0;
	static uint8_t seen[BPFTEAM_SLOTS];
	double sum = 0;

	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < FLOWS; i++) {
		struct flow flow = {.family = AF_INET,
				    .src = 1,
				    .dst = 2,
				    .proto = 17,
				    .sport = 40000,
				    .dport = 80};
		uint32_t slot;

		make(&flow, i);
		slot = explain(&team, &flow).slot;
		count[slot * BUCKETS / BPFTEAM_SLOTS]++;
		slots += !seen[slot];
		seen[slot] = 1;
	}
	for (int i = 0; i < BUCKETS; i++)
		sum += (count[i] - expected) * (count[i] - expected) / expected;
	diag("%s: chi-square %.0f, expected %.0f +- %.0f; %u slots of %u hit", what, sum, freedom,
	     sqrt(2 * freedom), slots, BPFTEAM_SLOTS);
	ok(fabs(sum - freedom) < 6 * sqrt(2 * freedom) || sum < freedom, "%s: even", what);
	/* Of 20,000 flows thrown at 4,096 slots, 31 slots stay empty on average. */
	ok(slots > BPFTEAM_SLOTS - 80, "%s: reaches the slots", what);
}

static void make_ports(struct flow *flow, unsigned i)
{
	flow->sport = 1024 + i;
}

static void make_even_ports(struct flow *flow, unsigned i)
{
	flow->sport = 2 * i;
	flow->dport = 443;
}

static void make_clients(struct flow *flow, unsigned i)
{
	flow->src = 256 + i;
}

static void make_servers(struct flow *flow, unsigned i)
{
	flow->dst = 256 * (i / 100) + i % 100;
	flow->sport = 32768 + i % 7;
}

static void make_clients6(struct flow *flow, unsigned i)
{
	flow->family = AF_INET6;
	flow->src = i << 8;
}

static void make_pairs6(struct flow *flow, unsigned i)
{
	flow->family = AF_INET6;
	flow->src = i / 200;
	flow->dst = i % 200;
	flow->proto = 58;
}

/*
 * Of random values in these bytes of a frame, one bit is flipped: how often does each bit of the
 * hash flip? Four hundred throws of a coin stay within 0.35 to 0.65.
 */
static void avalanche(const char *what, unsigned byte, unsigned bytes, uint8_t family,
		      uint8_t proto)
{
	const unsigned rounds = 400;
	const struct flow flow = {
		.family = family, .src = 1, .dst = 2, .proto = proto, .sport = 1, .dport = 2};
	double least = 1, most = 0;
	struct frame_buf frame;

	frame_build(&frame, &flow);
	for (unsigned bit = 0; bit < bytes * 8; bit++) {
		unsigned flips[32] = {};

		for (unsigned i = 0; i < rounds; i++) {
			uint32_t a, b;

			for (unsigned j = 0; j < bytes; j++)
				frame.data[byte + j] = random32();
			a = explain_bytes(&team, frame.data, frame.len).hash;
			frame.data[byte + bit / 8] ^= 1 << bit % 8;
			b = explain_bytes(&team, frame.data, frame.len).hash;
			for (int out = 0; out < 32; out++)
				flips[out] += (a ^ b) >> out & 1;
		}
		for (int out = 0; out < 32; out++) {
			double share = (double)flips[out] / rounds;

			least = share < least ? share : least;
			most = share > most ? share : most;
		}
	}
	diag("%s: an output bit flips in %.2f to %.2f of the cases", what, least, most);
	ok(least > 0.35 && most < 0.65, "%s: every bit reaches every bit of the hash", what);
}

/* Four ports with equal lists: 5,000 flows each, give or take what chance gives. */
static void shares(void)
{
	unsigned count[4] = {};

	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++)
		for (unsigned i = 0; i < 4; i++)
			team.maps.slots[slot].port[i] = (slot + i) % 4;
	for (unsigned i = 0; i < FLOWS; i++) {
		struct flow flow = {.family = AF_INET,
				    .src = 1,
				    .dst = 2,
				    .proto = 6,
				    .sport = 1024 + i,
				    .dport = 5201};
		uint32_t port = explain(&team, &flow).port;

		if (port < 4)
			count[port]++;
	}
	diag("flows per port: %u %u %u %u", count[0], count[1], count[2], count[3]);
	for (int i = 0; i < 4; i++)
		ok(count[i] > FLOWS / 4 * 0.95 && count[i] < FLOWS / 4 * 1.05,
		   "port %d has its share within 5 %%", i);
}

int main(void)
{
	const struct team_options options = {.mode = BPFTEAM_BALANCE_XOR,
					     .hash = BPFTEAM_HASH_LAYER34};

	harness_init(4);
	team = team_load(&options, 4);
	if (!team.skel)
		skip_all("the kernel loads no tc programs");
	spread("consecutive source ports", make_ports);
	spread("even source ports", make_even_ports);
	spread("consecutive clients", make_clients);
	spread("servers in /24s", make_servers);
	spread("IPv6 clients", make_clients6);
	spread("IPv6 address pairs without ports", make_pairs6);
	avalanche("IPv4 addresses", 26, 8, AF_INET, IPPROTO_UDP);
	avalanche("IPv4 addresses alone", 26, 8, AF_INET, IPPROTO_ICMP);
	avalanche("IPv4 ports", 34, 4, AF_INET, IPPROTO_UDP);
	avalanche("IPv6 addresses", 22, 32, AF_INET6, IPPROTO_UDP);
	avalanche("IPv6 addresses alone", 22, 32, AF_INET6, IPPROTO_ICMPV6);
	avalanche("IPv6 ports", 54, 4, AF_INET6, IPPROTO_UDP);
	avalanche("MAC addresses", 0, 12, AF_UNSPEC, 0);
	shares();
	team_free(&team);
	return tap_done();
}
