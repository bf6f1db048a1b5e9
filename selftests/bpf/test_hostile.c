// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_hostile - frames that are cut short, lie, or are noise: every one gets a valid verdict from
 * every program, is hashed by what of it can be read, and is counted once.
 */
#include "bpf_harness.h"
#include "port.skel.h"

#define FUZZ_FRAMES 10000

static struct team team;
static struct team layer2; /* what a hash by MAC is */
static struct port_bpf *port;

/* Templates of what is cut. */
static const struct {
	const char *name;
	struct flow flow;
} templates[] = {
	{"ARP", {.type = 0x0806, .payload = 60}},
	{"UDP", {.family = AF_INET, .src = 1, .dst = 2, .proto = 17, .sport = 7, .dport = 8}},
	{"TCP with options",
	 {.family = AF_INET,
	  .src = 1,
	  .dst = 2,
	  .proto = 6,
	  .options = 10,
	  .sport = 7,
	  .dport = 8}},
	{"tagged UDP",
	 {.tpid = {0x8100},
	  .family = AF_INET,
	  .src = 1,
	  .dst = 2,
	  .proto = 17,
	  .sport = 7,
	  .dport = 8}},
	{"UDP over IPv6",
	 {.family = AF_INET6, .src = 1, .dst = 2, .proto = 17, .sport = 7, .dport = 8}},
	{"tagged TCP over IPv6 with extensions",
	 {.tpid = {0x88a8},
	  .family = AF_INET6,
	  .src = 1,
	  .dst = 2,
	  .proto = 6,
	  .sport = 7,
	  .dport = 8,
	  .extensions = 2,
	  .extension = {{IPPROTO_HOPOPTS, 0, 0}, {IPPROTO_AH, 4, 0}}}},
	{"double-tagged UDP",
	 {.tpid = {0x88a8, 0x8100},
	  .family = AF_INET,
	  .src = 1,
	  .dst = 2,
	  .proto = 17,
	  .sport = 7,
	  .dport = 8}},
};

/* What is left of a cut frame. The reference knows where the builder put each header's end. */
static uint32_t want_hash(const struct flow *flow, const struct frame_buf *frame, unsigned len)
{
	struct flow less = *flow;

	if (flow->tpid[1] || !flow->family || len < frame->ip_end) {
		/* By MAC and type: that behind the tag where it can still be read. */
		less = (struct flow){.type = flow->type, .family = flow->family};
		if (flow->tpid[0] && len < 18)
			less.type = flow->tpid[0];
		else if (flow->tpid[1])
			less.type = flow->tpid[1];
		/* A tag as a type is what the layer2 team sees behind another tag. */
		less.tpid[0] = 0x8100;
		return explain(&layer2, &less).hash;
	}
	if (len < frame->ports_end) {
		less.extensions = 0;
		less.proto = IPPROTO_ICMP;
	}
	return explain(&team, &less).hash;
}

static void test_cut(const char *name, const struct flow *flow)
{
	unsigned refused = 0, wrong = 0, uncounted = 0, verdicts = 0;
	struct frame_buf frame;

	frame_build(&frame, flow);
	frame_fill(&frame, 0, frame.len < 120 ? 120 - frame.len : 0);
	for (unsigned len = 0; len <= 120; len++) {
		struct answer answer = explain_bytes(&team, frame.data, len);
		uint64_t before = stats_total(&team.maps);
		uint32_t verdict;

		if (!answer.valid) {
			refused++;
			continue;
		}
		verdict = run_with(bpf_program__fd(team.tx), frame.data, len, NULL);
		verdicts += verdict != TC_REDIRECT;
		uncounted += stats_total(&team.maps) != before + 1;
		if (answer.hash != want_hash(flow, &frame, len)) {
			diag("%s cut to %u bytes: another hash than what is left makes", name, len);
			wrong++;
		}
	}
	/* BPF_PROG_TEST_RUN itself asks for an Ethernet header, and newer kernels for an IP one. */
	if (refused)
		diag("%s: the kernel refuses %u of the lengths 0 to 120", name, refused);
	ok(refused < 60 && !wrong, "%s, cut at any length, is hashed by what is left", name);
	ok(!verdicts, "%s, cut at any length, is sent", name);
	ok(!uncounted, "%s, cut at any length, is counted once", name);
}

/* byte at offset of the IP header becomes value: the frame is then hashed by MAC. */
static void test_lie(const char *what, const struct flow *flow, unsigned offset, uint8_t value)
{
	struct frame_buf frame;

	frame_build(&frame, flow);
	frame.data[14 + offset] = value;
	is(explain_bytes(&team, frame.data, frame.len).hash, explain(&layer2, flow).hash, what);
	is(run(team.tx, &frame), TC_REDIRECT, "... and sent");
}

/* As above, and the hash does not change at all. */
static void test_ignored(const char *what, const struct flow *flow, unsigned offset, uint8_t value)
{
	struct frame_buf frame;

	frame_build(&frame, flow);
	frame.data[14 + offset] = value;
	is(explain_bytes(&team, frame.data, frame.len).hash, explain(&team, flow).hash, what);
}

static void test_lies(void)
{
	const struct flow *udp4 = &templates[1].flow, *udp6 = &templates[4].flow;

	for (int words = 0; words < 5; words++)
		test_lie("IPv4 with a header length below 5: by MAC", udp4, 0, 0x40 | words);
	test_lie("IPv4 that says version 6: by MAC", udp4, 0, 0x65);
	test_lie("IPv4 that says version 0: by MAC", udp4, 0, 0x05);
	test_lie("IPv6 that says version 4: by MAC", udp6, 0, 0x45);
	test_ignored("IPv4 with a total length of 0", udp4, 2, 0);
	test_ignored("IPv4 with a total length beyond the frame", udp4, 2, 0xff);
	test_ignored("IPv6 with a payload length beyond the frame", udp6, 4, 0xff);
	test_ignored("IPv6 with a payload length of 0", udp6, 5, 0);
}

/* An endless chain of extension headers, and lengths that point out of the frame. */
static void test_chains(void)
{
	struct flow flow = templates[4].flow, alone = flow;
	struct frame_buf frame;
	unsigned wrong = 0;
	uint32_t want;

	alone.proto = IPPROTO_ICMPV6;
	want = explain(&team, &alone).hash;
	for (int len = 0; len < 256; len += 5) {
		frame_build(&frame, &flow);
		memset(frame.data + frame.ip_end, 0, 1000);
		frame.data[14 + 6] = IPPROTO_HOPOPTS;
		for (int i = 0; i < 1000; i += 8)
			frame.data[frame.ip_end + i + 1] = len;
		frame.len = 1054;
		wrong += explain_bytes(&team, frame.data, frame.len).hash != want;
	}
	ok(!wrong, "chains without an end are hashed by addresses");
	flow.extensions = 1;
	flow.extension[0] = (struct extension){IPPROTO_ROUTING, 30, 0};
	frame_build(&frame, &flow);
	is(explain_bytes(&team, frame.data, 100).hash, want,
	   "an extension that ends behind the frame");
}

static bool is_port_verdict(uint32_t verdict)
{
	return verdict == TC_REDIRECT || verdict == TC_DROP || verdict == TC_NEXT;
}

/* Noise, and templates with some of their bytes replaced. */
static void fuzz_frame(struct frame_buf *frame, int i)
{
	const size_t n = sizeof(templates) / sizeof(*templates);

	if (i % 4) {
		frame_build(frame, &templates[random32() % n].flow);
		for (unsigned j = random32() % 8; j > 0; j--)
			frame->data[random32() % frame->len] = random32();
		frame->len = 14 + random32() % (frame->len - 13);
		return;
	}
	frame->len = 14 + random32() % 400;
	for (unsigned j = 0; j < frame->len; j++)
		frame->data[j] = random32();
	if (i % 8)
		memcpy(frame->data + 12, i % 16 > 8 ? "\x08\x00\x45" : "\x86\xdd\x60", 3);
}

static void test_fuzz(void)
{
	unsigned ran = 0, wrong = 0, uncounted = 0, unsteady = 0;
	struct frame_buf frame;

	for (int i = 0; i < FUZZ_FRAMES; i++) {
		struct answer answer, again;
		uint64_t before;

		fuzz_frame(&frame, i);
		answer = explain_bytes(&team, frame.data, frame.len);
		if (!answer.valid)
			continue;
		ran++;
		again = explain_bytes(&team, frame.data, frame.len);
		unsteady += answer.hash != again.hash || answer.port > 1;
		before = i % 16 ? 0 : stats_total(&team.maps);
		wrong += run(team.tx, &frame) != TC_REDIRECT;
		if (!(i % 16))
			uncounted += stats_total(&team.maps) != before + 1;
		wrong += run(team.inner, &frame) != TC_REDIRECT;
		wrong += !is_port_verdict(run(port->progs.port_rx, &frame));
	}
	diag("%u frames, seed fixed", ran);
	ok(ran > FUZZ_FRAMES / 2, "noise reaches the programs");
	ok(!wrong, "noise always gets a verdict: sent, or for a port taken, passed or dropped");
	ok(!unsteady, "noise gets the same hash every time");
	ok(!uncounted, "noise is counted once");
}

int main(void)
{
	struct team_options options = {.mode = BPFTEAM_BALANCE_XOR, .hash = BPFTEAM_HASH_LAYER34};

	harness_init(2);
	team = team_load(&options, 2);
	options.hash = BPFTEAM_HASH_LAYER2;
	layer2 = team_load(&options, 2);
	port = port_bpf__open();
	if (!team.skel || !layer2.skel || !port)
		skip_all("the kernel loads no tc programs");
	port->rodata->cfg_vport = if_nametoindex("team0");
	port->rodata->cfg_active_only = port->rodata->cfg_probe = 1;
	if (port_bpf__load(port))
		bail("port_rx does not load");
	for (size_t i = 0; i < sizeof(templates) / sizeof(*templates); i++)
		test_cut(templates[i].name, &templates[i].flow);
	test_lies();
	test_chains();
	test_fuzz();
	port_bpf__destroy(port);
	team_free(&layer2);
	team_free(&team);
	return tap_done();
}
