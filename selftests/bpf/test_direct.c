// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_direct - rx: direct: which frames a port keeps for its own stack, and that everything else is
 * as it is without.
 */
#include "port.skel.h"
#include "rx_frames.h"

#define TC_PASS 0

/* The team has 10.0.0.1 to .6 and 2001:db8::1 to ::6: four each to compare, two each to look up. */
#define LOCAL_N 6

struct receiver {
	struct port_bpf *skel;
	struct maps maps;
	struct bpfteam_local *local;
};

static struct bpfteam_ip address6(uint32_t host)
{
	uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = host};
	struct bpfteam_ip ip;

	memcpy(&ip, bytes, sizeof(ip));
	return ip;
}

static struct bpfteam_ip address4(uint32_t host)
{
	uint8_t bytes[16] = {[10] = 0xff, 0xff, 10, 0, 0, host};
	struct bpfteam_ip ip;

	memcpy(&ip, bytes, sizeof(ip));
	return ip;
}

static void look_up(struct receiver *receiver, struct bpfteam_ip ip)
{
	uint32_t value = 1;

	if (bpf_map_update_elem(bpf_map__fd(receiver->skel->maps.local), &ip, &value, BPF_ANY))
		bail("an address can't be set");
}

static void set_addresses(struct receiver *receiver)
{
	for (uint32_t i = 0; i < BPFTEAM_LOCAL_FEW; i++) {
		receiver->local->ip4[i] = htonl(0x0a000001 + i);
		receiver->local->ip6[i] = address6(1 + i);
	}
	for (uint32_t host = BPFTEAM_LOCAL_FEW + 1; host <= LOCAL_N; host++) {
		look_up(receiver, address4(host));
		look_up(receiver, address6(host));
	}
	receiver->local->more = 1;
}

static void set_nothing(struct receiver *receiver)
{
	for (int i = 0; i < BPFTEAM_LOCAL_FEW; i++) {
		receiver->local->ip4[i] = htonl(INADDR_LOOPBACK);
		memcpy(&receiver->local->ip6[i], &in6addr_loopback, sizeof(in6addr_loopback));
	}
	receiver->local->more = 0;
}

static struct receiver receiver_load(bool active_only, bool direct)
{
	struct receiver receiver = {.skel = port_bpf__open()};

	if (!receiver.skel)
		bail("the skeleton can't be opened");
	receiver.skel->rodata->cfg_port = RX_PORT_ID;
	receiver.skel->rodata->cfg_vport = if_nametoindex("team0");
	receiver.skel->rodata->cfg_active_only = active_only;
	receiver.skel->rodata->cfg_direct = direct;
	memcpy((void *)receiver.skel->rodata->cfg_mac, MAC_TEAM, 6);
	if (port_bpf__load(receiver.skel))
		skip_all("the kernel loads no tc programs");
	receiver.maps = maps_open(receiver.skel->maps.bss, receiver.skel->maps.port_stats);
	receiver.local = &receiver.maps.tables->local;
	maps_fill(&receiver.maps, 3);
	set_nothing(&receiver);
	return receiver;
}

static void receiver_free(struct receiver *receiver)
{
	maps_free(&receiver->maps);
	port_bpf__destroy(receiver->skel);
}

/* Port 1 is the first of the list, alive and with link. */
static void make_active(struct receiver *receiver)
{
	static const struct rx_case active = {.dst = MAC_TEAM,
					      .src = MAC_PEER,
					      .alive = 3,
					      .link = 3};

	rx_prepare(&receiver->maps, &active);
	receiver->maps.slots[0].port[0] = RX_PORT_ID;
}

#define FOR_TEAM .dst_mac = 0xaa, .src_mac = 0xcc
#define V4 FOR_TEAM, .family = AF_INET, .src = 99
#define V6 FOR_TEAM, .family = AF_INET6, .src = 99
#define UDP .proto = IPPROTO_UDP, .sport = 7, .dport = 9
#define TCP .proto = IPPROTO_TCP, .sport = 7, .dport = 9
#define EXTENDED(kind) .proto = IPPROTO_UDP, .extensions = 1, .extension = {{kind}}

static const struct direct_case {
	const char *what;
	struct flow flow;
	uint32_t want;
	unsigned len; /* cut to; 0 = whole */
} cases[] = {
	{"UDP, the first address", .flow = {V4, UDP, .dst = 1}, .want = TC_PASS},
	{"UDP, the second", .flow = {V4, UDP, .dst = 2}, .want = TC_PASS},
	{"UDP, the third", .flow = {V4, UDP, .dst = 3}, .want = TC_PASS},
	{"UDP, the fourth", .flow = {V4, UDP, .dst = 4}, .want = TC_PASS},
	{"UDP, the fifth, looked up", .flow = {V4, UDP, .dst = 5}, .want = TC_PASS},
	{"UDP, the sixth, looked up", .flow = {V4, UDP, .dst = 6}, .want = TC_PASS},
	{"UDP, to be forwarded", .flow = {V4, UDP, .dst = 7}, .want = TC_REDIRECT},
	{"TCP", .flow = {V4, TCP, .dst = 1}, .want = TC_PASS},
	{"TCP, to be forwarded", .flow = {V4, TCP, .dst = 7}, .want = TC_REDIRECT},
	{"GRE", .flow = {V4, .proto = 47, .dst = 1, .payload = 4}, .want = TC_PASS},
	{"ESP, looked up", .flow = {V4, .proto = 50, .dst = 5, .payload = 4}, .want = TC_PASS},
	{"ICMP", .flow = {V4, .proto = IPPROTO_ICMP, .dst = 1}, .want = TC_REDIRECT},
	{"IGMP", .flow = {V4, .proto = IPPROTO_IGMP, .dst = 1}, .want = TC_REDIRECT},
	{"the last protocol that stays", .flow = {V4, .proto = 63, .dst = 1, .payload = 4},
	 .want = TC_PASS},
	{"the first that doesn't", .flow = {V4, .proto = 64, .dst = 1}, .want = TC_REDIRECT},
	{"protocol 255", .flow = {V4, .proto = 255, .dst = 1}, .want = TC_REDIRECT},
	{"an answer of DHCP", .flow = {V4, .proto = 17, .sport = 67, .dport = 68, .dst = 1},
	 .want = TC_REDIRECT},
	{"a question of DHCP", .flow = {V4, .proto = 17, .sport = 68, .dport = 67, .dst = 1},
	 .want = TC_PASS},
	{"TCP, port 68", .flow = {V4, .proto = 6, .sport = 67, .dport = 68, .dst = 1},
	 .want = TC_PASS},
	{"UDP behind options", .flow = {V4, UDP, .dst = 1, .options = 1}, .want = TC_REDIRECT},
	{"TCP behind options", .flow = {V4, TCP, .dst = 1, .options = 10}, .want = TC_PASS},
	{"the first fragment", .flow = {V4, UDP, .dst = 1, .fragment = FRAGMENT_MORE},
	 .want = TC_PASS},
	{"another fragment", .flow = {V4, UDP, .dst = 1, .fragment = 185}, .want = TC_PASS},
	{"cut before the end of UDP", .flow = {V4, UDP, .dst = 1, .payload = 20},
	 .want = TC_REDIRECT, .len = 41},
	{"cut behind it", .flow = {V4, UDP, .dst = 1, .payload = 20}, .want = TC_PASS, .len = 42},
	{"IPv6, UDP, the first address", .flow = {V6, UDP, .dst = 1}, .want = TC_PASS},
	{"IPv6, UDP, the second", .flow = {V6, UDP, .dst = 2}, .want = TC_PASS},
	{"IPv6, UDP, the third", .flow = {V6, UDP, .dst = 3}, .want = TC_PASS},
	{"IPv6, UDP, the fourth", .flow = {V6, UDP, .dst = 4}, .want = TC_PASS},
	{"IPv6, UDP, the fifth, looked up", .flow = {V6, UDP, .dst = 5}, .want = TC_PASS},
	{"IPv6, UDP, the sixth, looked up", .flow = {V6, UDP, .dst = 6}, .want = TC_PASS},
	{"IPv6, UDP, to be forwarded", .flow = {V6, UDP, .dst = 7}, .want = TC_REDIRECT},
	{"IPv6, TCP", .flow = {V6, TCP, .dst = 1}, .want = TC_PASS},
	{"IPv6, ESP", .flow = {V6, .proto = 50, .dst = 1, .payload = 4}, .want = TC_PASS},
	{"ICMPv6: a neighbour may ask", .flow = {V6, .proto = IPPROTO_ICMPV6, .dst = 1},
	 .want = TC_REDIRECT},
	{"ICMPv6, looked up", .flow = {V6, .proto = IPPROTO_ICMPV6, .dst = 5}, .want = TC_REDIRECT},
	{"IPv6, protocol 89", .flow = {V6, .proto = 89, .dst = 1}, .want = TC_REDIRECT},
	{"IPv6, hop-by-hop options", .flow = {V6, EXTENDED(IPPROTO_HOPOPTS), .dst = 1},
	 .want = TC_REDIRECT},
	{"IPv6, destination options", .flow = {V6, EXTENDED(IPPROTO_DSTOPTS), .dst = 1},
	 .want = TC_REDIRECT},
	{"IPv6, routing header", .flow = {V6, EXTENDED(IPPROTO_ROUTING), .dst = 1},
	 .want = TC_REDIRECT},
	{"IPv6, a fragment", .flow = {V6, EXTENDED(IPPROTO_FRAGMENT), .dst = 1}, .want = TC_PASS},
	{"IPv6, cut behind IP", .flow = {V6, UDP, .dst = 1}, .want = TC_PASS, .len = 54},
	{"no IP, with the bytes of it", .flow = {V4, UDP, .dst = 1, .type = 0x88b5},
	 .want = TC_REDIRECT},
	{"ARP", .flow = {FOR_TEAM, .type = 0x0806}, .want = TC_REDIRECT},
	{"LLDP", .flow = {FOR_TEAM, .type = 0x88cc}, .want = TC_NEXT},
	{"a tag in line", .flow = {V4, UDP, .dst = 1, .tpid = {0x8100}, .vid = 5},
	 .want = TC_REDIRECT},
	{"for another MAC",
	 .flow = {.dst_mac = 0xbb, .src_mac = 0xcc, .family = AF_INET, UDP, .dst = 1},
	 .want = TC_NEXT},
	{"from our own MAC",
	 .flow = {.dst_mac = 0xaa, .src_mac = 0xaa, .family = AF_INET, UDP, .dst = 1},
	 .want = TC_DROP},
};

/* Runs one frame; what stays and what is redirected is counted alike. */
static void expect(struct receiver *receiver, const struct frame_buf *frame, uint32_t want,
		   const char *mode, const char *what)
{
	struct bpfteam_stats before = stats_of(&receiver->maps, RX_PORT_ID), after;
	bool counts = want == TC_PASS || want == TC_REDIRECT;
	uint32_t verdict = run(receiver->skel->progs.port_rx, frame);

	after = stats_of(&receiver->maps, RX_PORT_ID);
	if (!ok(verdict == want && after.rx_packets == before.rx_packets + counts &&
			after.rx_bytes == before.rx_bytes + (counts ? frame->len : 0),
		"%s: %s", mode, what))
		diag("verdict %d, want %d; counted %llu", (int)verdict, (int)want,
		     after.rx_packets - before.rx_packets);
}

static void test_cases(bool backup)
{
	const char *mode = backup ? "active-backup" : "balance-xor";
	struct receiver receiver = receiver_load(backup, true);
	struct frame_buf frame;

	set_addresses(&receiver);
	make_active(&receiver);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		frame_build(&frame, &cases[i].flow);
		frame.len = cases[i].len ? cases[i].len : frame.len;
		expect(&receiver, &frame, cases[i].want, mode, cases[i].what);
	}
	receiver_free(&receiver);
}

static const struct flow first = {V4, UDP, .dst = 1}, fifth = {V4, UDP, .dst = 5};
static const struct flow first6 = {V6, UDP, .dst = 1}, fifth6 = {V6, UDP, .dst = 5};

/* The addresses change under the running program. */
static void test_addresses(void)
{
	struct receiver receiver = receiver_load(true, true);
	struct bpfteam_ip ip = address6(1);
	struct frame_buf frame;

	make_active(&receiver);
	frame_build(&frame, &first);
	expect(&receiver, &frame, TC_REDIRECT, "no address", "IPv4");
	frame_build(&frame, &first6);
	expect(&receiver, &frame, TC_REDIRECT, "no address", "IPv6");
	set_addresses(&receiver);
	expect(&receiver, &frame, TC_PASS, "addresses", "IPv6");
	receiver.local->ip6[0].high++;
	expect(&receiver, &frame, TC_REDIRECT, "another prefix", "IPv6");
	receiver.local->ip6[0] = ip;
	receiver.local->ip6[0].low ^= 1ull << 40;
	expect(&receiver, &frame, TC_REDIRECT, "another interface identifier", "IPv6");
	receiver.local->more = 0;
	frame_build(&frame, &fifth);
	expect(&receiver, &frame, TC_REDIRECT, "nothing is looked up", "IPv4");
	frame_build(&frame, &fifth6);
	expect(&receiver, &frame, TC_REDIRECT, "nothing is looked up", "IPv6");
	receiver.local->more = 1;
	expect(&receiver, &frame, TC_PASS, "again", "IPv6");
	receiver.local->captured = 1;
	expect(&receiver, &frame, TC_REDIRECT, "captured", "IPv6, looked up");
	frame_build(&frame, &first);
	expect(&receiver, &frame, TC_REDIRECT, "captured", "IPv4");
	receiver_free(&receiver);
}

/* Who may receive is decided as without. */
static void test_policy(void)
{
	struct receiver receiver = receiver_load(true, true);
	struct bpfteam_state *state = receiver.maps.state;
	struct frame_buf frame;

	set_addresses(&receiver);
	make_active(&receiver);
	frame_build(&frame, &first);
	receiver.maps.slots[0].port[0] = 0;
	receiver.maps.slots[0].port[1] = RX_PORT_ID;
	expect(&receiver, &frame, TC_DROP, "policy", "another port is active");
	state->link = 2;
	expect(&receiver, &frame, TC_PASS, "policy", "that one has no link");
	state->link = 3;
	state->prev_port = RX_PORT_ID;
	expect(&receiver, &frame, TC_PASS, "policy", "was active until now");
	state->prev_until_ns = 0;
	expect(&receiver, &frame, TC_DROP, "policy", "was active until a while ago");
	make_active(&receiver);
	state->link = 1;
	expect(&receiver, &frame, TC_DROP, "policy", "first of the list, without link");
	state->link = 3;
	state->alive = 1;
	expect(&receiver, &frame, TC_DROP, "policy", "first of the list, not alive");
	make_active(&receiver);
	state->accept = ~2ull;
	expect(&receiver, &frame, TC_DROP, "policy", "the port is disabled");
	make_active(&receiver);
	state->promisc = 1;
	frame.data[5] = 0xbb;
	expect(&receiver, &frame, TC_REDIRECT, "policy", "promiscuous, for another MAC");
	memset(frame.data, 0xff, 6);
	expect(&receiver, &frame, TC_REDIRECT, "policy", "a local address by broadcast");
	receiver_free(&receiver);
}

/* With no address, and without rx: direct, every frame goes as it always did. */
static void test_as_redirect(bool backup, bool direct)
{
	static const uint32_t verdicts[] = {
		[RX_TEAM] = TC_REDIRECT, [RX_PORT] = TC_NEXT, [RX_DROP] = TC_DROP};
	struct receiver receiver = receiver_load(backup, direct);
	struct frame_buf frame;
	bool same = true;

	if (!direct)
		set_addresses(&receiver);
	for (size_t i = 0; i < RX_CASES; i++) {
		rx_prepare(&receiver.maps, &rx_cases[i]);
		rx_frame(&frame, &rx_cases[i]);
		same &= run(receiver.skel->progs.port_rx, &frame) ==
			verdicts[rx_cases[i].want[backup]];
	}
	make_active(&receiver);
	frame_build(&frame, &first);
	same &= run(receiver.skel->progs.port_rx, &frame) == TC_REDIRECT;
	ok(same, "%s, %s: as ever", backup ? "active-backup" : "balance-xor",
	   direct ? "direct without an address" : "redirect");
	receiver_free(&receiver);
}

int main(void)
{
	harness_init(3);
	for (int backup = 0; backup < 2; backup++) {
		test_cases(backup);
		test_as_redirect(backup, false);
		test_as_redirect(backup, true);
	}
	test_addresses();
	test_policy();
	return tap_done();
}
