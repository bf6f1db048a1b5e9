// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_shortcut - the short way to send: it takes the frames it is made for and leaves all others to
 * the long way, both come to the same slot, and a shortcut is open exactly while it may be.
 */
#include "bpf_harness.h"

#define PORTS 3
#define FUZZ_FRAMES 20000

/* A period that nobody waits for: each arming is a tick, and nothing else is. */
#define NO_TICK_NS (3600 * 1000000000ull)

/* What the short way counts under another id than the long way, to be told from it. */
#define SHORT 32

static struct team team;

static void tick(void)
{
	uint8_t frame[64] = {};

	if (run_with(bpf_program__fd(team.skel->progs.team_watch), frame, sizeof(frame), NULL))
		bail("the timer can't be armed");
}

static struct team load(enum bpfteam_mode mode, enum bpfteam_hash hash)
{
	const struct team_options options = {.mode = mode,
					     .hash = hash,
					     .state = true,
					     .watch_ns = NO_TICK_NS};
	struct team loaded = team_load(&options, PORTS);

	if (!loaded.skel)
		skip_all("this kernel refuses the state detector or timers");
	for (unsigned id = 0; id < PORTS; id++)
		if (team_learn_port(&loaded, id))
			bail("a port is not learnt");
	return loaded;
}

/* ---- both ways come to the same slot ---- */

/* Every id is p0. A slot's first port is six bits of its number, the upper or the lower ones. */
static void fill_all(bool upper)
{
	struct bpfteam_tables *tables = team.maps.tables;

	tables->state.alive = tables->state.link = ~0ull;
	for (unsigned id = 0; id < BPFTEAM_PORTS_MAX; id++) {
		tables->ports[id] = tables->ports[0];
		tables->shortcuts[id] =
			(struct bpfteam_shortcut){.id = id ^ SHORT,
						  .ifindex = tables->ports[0].ifindex,
						  .dev = tables->ports[0].dev};
	}
	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++)
		tables->slots[slot].port[0] = upper ? slot >> 6 : slot & 63;
}

static uint64_t sent_by(uint32_t id)
{
	return stats_of(&team.maps, id).tx_packets;
}

enum way { WAY_NONE, WAY_SHORT, WAY_LONG };

/* Which way the frame takes; WAY_NONE when that is not to where explain says. */
static enum way way_of(const void *data, unsigned len)
{
	struct answer answer = explain_bytes(&team, data, len);
	uint64_t by_long = sent_by(answer.port), by_short = sent_by(answer.port ^ SHORT);

	if (!answer.valid || run_with(bpf_program__fd(team.tx), data, len, NULL) != TC_REDIRECT)
		return WAY_NONE;
	if (sent_by(answer.port ^ SHORT) == by_short + 1)
		return WAY_SHORT;
	return sent_by(answer.port) == by_long + 1 ? WAY_LONG : WAY_NONE;
}

#define IP4(protocol) \
	.family = AF_INET, .src = 1, .dst = 2, .proto = protocol, .sport = 7, .dport = 9
#define IP6(protocol) \
	.family = AF_INET6, .src = 1, .dst = 2, .proto = protocol, .sport = 7, .dport = 9

static const struct {
	const char *what;
	struct flow flow;
	enum way way;
} kinds[] = {
	{"UDP", {IP4(17), .payload = 18}, WAY_SHORT},
	{"TCP", {IP4(6), .payload = 18}, WAY_SHORT},
	{"UDP with DF and TOS", {IP4(17), .fragment = 0x4000, .filler = 0xff}, WAY_SHORT},
	{"UDP over IPv6", {IP6(17)}, WAY_SHORT},
	{"TCP over IPv6", {IP6(6), .payload = 1200}, WAY_SHORT},
	{"UDP over IPv6 with a flow label", {IP6(17), .filler = 0xff}, WAY_SHORT},
	{"SCTP", {IP4(132)}, WAY_LONG},
	{"ICMP", {IP4(1)}, WAY_LONG},
	{"GRE", {IP4(47)}, WAY_LONG},
	{"UDP behind options", {IP4(17), .options = 1}, WAY_LONG},
	{"a first fragment", {IP4(17), .fragment = 0x2000}, WAY_LONG},
	{"a later fragment", {IP4(17), .fragment = 0x0001}, WAY_LONG},
	{"a last fragment", {IP4(6), .fragment = 0x1f00}, WAY_LONG},
	{"tagged UDP", {IP4(17), .tpid = {0x8100}}, WAY_LONG},
	{"doubly tagged UDP", {IP4(17), .tpid = {0x88a8, 0x8100}}, WAY_LONG},
	{"ICMPv6", {IP6(58)}, WAY_LONG},
	{"UDP behind an extension header",
	 {IP6(17), .extensions = 1, .extension = {{IPPROTO_HOPOPTS, 0, 0}}},
	 WAY_LONG},
	{"an IPv6 fragment",
	 {IP6(17), .extensions = 1, .extension = {{IPPROTO_FRAGMENT, 0, 1}}},
	 WAY_LONG},
	{"ARP", {.type = 0x0806, .payload = 46}, WAY_LONG},
	{"something else", {.type = 0x88b5, .payload = 46}, WAY_LONG},
};

static void test_kinds(const char *bits)
{
	struct frame_buf frame;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		frame_build(&frame, &kinds[i].flow);
		ok(way_of(frame.data, frame.len) == kinds[i].way, "%s bits of the slot: %s: %s way",
		   bits, kinds[i].what, kinds[i].way == WAY_SHORT ? "short" : "long");
	}
}

/* Cut before the ports' end there is no short way; the kernel refuses the shortest ones itself. */
static void test_cut(const struct flow *flow, const char *what)
{
	unsigned wrong = 0, shorts = 0;
	struct frame_buf frame;

	frame_build(&frame, flow);
	for (unsigned len = 14; len <= frame.len; len++) {
		enum way way;

		if (!explain_bytes(&team, frame.data, len).valid)
			continue;
		way = way_of(frame.data, len);
		wrong += way != (len < frame.ports_end ? WAY_LONG : WAY_SHORT);
		shorts += way == WAY_SHORT;
	}
	ok(!wrong && shorts == frame.len - frame.ports_end + 1,
	   "%s, cut at any length: short from the ports on", what);
}

/* Known frames with some bytes of the headers replaced, with single bits, and cut. */
static void test_fuzz(void)
{
	unsigned ways[3] = {};

	for (unsigned i = 0; i < FUZZ_FRAMES; i++) {
		struct frame_buf frame;
		unsigned len;

		frame_build(&frame, &kinds[random32() % (sizeof(kinds) / sizeof(*kinds))].flow);
		for (unsigned j = random32() % 4; j > 0; j--)
			frame.data[random32() % 60] = random32();
		if (i & 1)
			frame.data[12 + random32() % 12] ^= 1 << random32() % 8;
		if (!(i % 4))
			memcpy(frame.data + 12, i & 4 ? "\x08\x00\x45" : "\x86\xdd\x60", 3);
		len = i % 3 ? frame.len : 14 + random32() % (frame.len - 13);
		if (explain_bytes(&team, frame.data, len).valid)
			ways[way_of(frame.data, len)]++;
	}
	diag("%u frames short, %u long, seed fixed", ways[WAY_SHORT], ways[WAY_LONG]);
	ok(!ways[WAY_NONE], "noise comes to the same slot either way");
	ok(ways[WAY_SHORT] > FUZZ_FRAMES / 20 && ways[WAY_LONG] > FUZZ_FRAMES / 20,
	   "... and takes both");
}

static void test_same(void)
{
	team = load(BPFTEAM_BALANCE_XOR, BPFTEAM_HASH_LAYER34);
	fill_all(false);
	test_kinds("lower");
	fill_all(true);
	test_kinds("upper");
	test_cut(&kinds[0].flow, "UDP");
	test_cut(&kinds[3].flow, "UDP over IPv6");
	test_fuzz();
	team_free(&team);
}

/* By the other policies, the headers are read by the same code either way, and all are short. */
static void test_policies(void)
{
	static const char *const names[BPFTEAM_HASH_POLICIES] = {"layer2",   "layer3+4",
								 "layer2+3", "encap2+3",
								 "encap3+4", "vlan+srcmac",
								 "txhash"};
	struct frame_buf frame;

	for (int hash = 0; hash < BPFTEAM_HASH_POLICIES; hash++) {
		unsigned wrong = 0;

		if (hash == BPFTEAM_HASH_LAYER34)
			continue;
		team = load(BPFTEAM_BALANCE_XOR, hash);
		for (unsigned i = 0; i < 2 * sizeof(kinds) / sizeof(*kinds); i++) {
			fill_all(i & 1);
			frame_build(&frame, &kinds[i / 2].flow);
			wrong += way_of(frame.data, frame.len) != WAY_SHORT;
		}
		ok(!wrong, "%s: frames of all kinds come to the same slot the short way",
		   names[hash]);
		team_free(&team);
	}
}

/* ---- when a shortcut is open ---- */

static uint64_t open_ids(void)
{
	uint64_t ids = 0;

	for (unsigned id = 0; id < BPFTEAM_PORTS_MAX; id++)
		if (team.maps.tables->shortcuts[id].dev)
			ids |= 1ull << id;
	return ids;
}

static void expect_open(uint64_t ids, const char *what)
{
	tick();
	is(open_ids(), ids, what);
}

static void test_policy(void)
{
	struct bpfteam_state *state = team.maps.state;
	uint64_t dev = state->dev;

	expect_open(7, "all as it should be");
	state->alive = 5;
	expect_open(5, "not what policy took out");
	state->alive = 2;
	state->fallback = 7;
	expect_open(2, "fallback is no policy for it");
	state->alive = 7;
	state->fallback = 0;
	state->capture = 1;
	expect_open(0, "none while a capture is told of");
	state->capture = 0;
	expect_open(7, "and open again");
	sh("ip link set team0 promisc on");
	expect_open(0, "none while team0 is promiscuous");
	state->promisc_base = 1;
	expect_open(7, "but by its bridges");
	state->promisc_base = 0;
	sh("ip link set team0 promisc off");
	state->dev = 0;
	expect_open(0, "none while team0 is not learnt, and captures are not seen");
	state->dev = dev;
	expect_open(7, "learnt");
}

static void test_device(void)
{
	struct bpfteam_port *ports = team.maps.ports;
	const struct bpfteam_shortcut *shortcut = &team.maps.tables->shortcuts[1];

	ok(shortcut->id == 1 && shortcut->ifindex == ports[1].ifindex &&
		   shortcut->dev == ports[1].dev,
	   "it holds the port's id, ifindex and device");
	ports[1].net++;
	expect_open(5, "not a device that is in another namespace");
	ports[1].net--;
	ports[1].ifindex++;
	expect_open(5, "not one of another ifindex");
	ports[1].ifindex--;
	ports[2].dev = 0;
	expect_open(3, "not one that is not learnt");
	ports[2].dev = ports[1].dev + 1;
	expect_open(3, "not one that is none");
	team_learn_port(&team, 2);
	sh("ip link set q2 down");
	expect_open(3, "not one without carrier");
	port_up("q2", 2);
	expect_open(7, "carrier is back");
	ports[2].ifindex = 0;
	expect_open(3, "not a free id");
	ports[2].ifindex = port_ifindex(2);
	expect_open(7, "all again");
}

/* What a frame finds: expect it under id, and these shortcuts open afterwards. */
static void expect_sent(uint32_t id, uint64_t ids, const char *what)
{
	const struct flow flow = {IP4(17)};
	uint64_t before = sent_by(id);
	struct frame_buf frame;

	ok(run(team.tx, frame_build(&frame, &flow)) == TC_REDIRECT && sent_by(id) == before + 1,
	   "%s: by port %u", what, id);
	is(open_ids(), ids, "... and these shortcuts are open");
}

static void test_dead(void)
{
	struct bpfteam_shortcut *shortcut = &team.maps.tables->shortcuts[0];
	struct bpfteam_shortcut saved = *shortcut;

	expect_sent(0, 7, "all open");
	sh("ip link set q0 down");
	expect_sent(1, 6, "carrier gone without a tick");
	port_up("q0", 0);
	expect_sent(0, 6, "carrier back without a tick: the long way");
	expect_open(7, "a tick opens it again");
	sh("ip link set p0 down");
	expect_sent(1, 6, "admin down");
	port_up("p0", 0);
	tick();
	shortcut->dev = 0xffffffffdeadbeef;
	expect_sent(0, 7, "an address of nothing can't fault: the long way");
	shortcut->dev = 8;
	expect_sent(0, 7, "an address in user space can't fault: the long way");
	*shortcut = saved;
	team.maps.slots[0].port[0] = BPFTEAM_PORT_NONE;
	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++)
		memset(&team.maps.slots[slot], BPFTEAM_PORT_NONE, sizeof(struct bpfteam_slot));
	expect_sent(0, 7, "an empty list has no shortcut");
}

static void test_open(enum bpfteam_mode mode)
{
	team = load(mode, BPFTEAM_HASH_LAYER34);
	diag(mode == BPFTEAM_ACTIVE_BACKUP ? "active-backup" : "balance-xor");
	is(open_ids(), 0, "nothing is open before the first tick");
	test_policy();
	test_device();
	test_dead();
	team_free(&team);
}

int main(void)
{
	harness_init(PORTS);
	test_same();
	test_policies();
	test_open(BPFTEAM_BALANCE_XOR);
	test_open(BPFTEAM_ACTIVE_BACKUP);
	return tap_done();
}
