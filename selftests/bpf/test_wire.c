// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_wire - the programs on real devices: every way in which a frame can be sent reaches the port
 * that explain names, whole and once; captures see it; what a port receives comes up on team0 with
 * the right packet type.
 *
 *	team0 --- inner        p0 --- q0        p1 --- q1
 *	team_tx   team_inner   port_rx  \ heard  team_tx's other port
 */
#include <netinet/udp.h>
#include <sys/ioctl.h>

#include "packets.h"
#include "port.skel.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define RETURNS 20

static struct team team;
static int wire[2]; /* listens to q0, q1 */
static uint64_t counted, mine[2]; /* by the team, by port: before the last frame */
static bool watched; /* the timer runs, and opens shortcuts */

static const struct flow flow = {.dst_mac = 0xcc,
				 .src_mac = 0xaa,
				 .family = AF_INET,
				 .src = 1,
				 .dst = 2,
				 .proto = 17,
				 .sport = 7,
				 .dport = 9,
				 .payload = 64};

/* A datagram of the host's stack, from team0's address to its neighbour's. */
static void stack_send(unsigned bytes, int segment)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(9),
				 .sin_addr.s_addr = htonl(0x0a000002)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	static char data[8192];

	if (fd < 0 ||
	    (segment && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment))))
		bail("no UDP socket");
	if (sendto(fd, data, bytes, 0, (struct sockaddr *)&to, sizeof(to)) != (ssize_t)bytes)
		ok(false, "a datagram is sent: %s", strerror(errno));
	close(fd);
}

/* Frames heard on the wires since last asked; the last one in *ret. Both wires' numbers. */
static void heard_on_wires(unsigned n[2], struct heard *ret)
{
	for (int i = 0; i < 2; i++) {
		struct heard heard = hear(wire[i]);

		n[i] = heard.n;
		if (heard.n)
			*ret = heard;
	}
}

static void expect_sent(uint32_t port, const char *what)
{
	struct bpfteam_stats stats = stats_of(&team.maps, port);
	struct heard heard = {};
	unsigned n[2];

	heard_on_wires(n, &heard);
	if (!ok(n[port] == 1 && n[!port] == 0 && stats_total(&team.maps) == counted + 1 &&
			stats.tx_packets == mine[port] + 1,
		"%s: once, on port %u, counted once", what, port))
		diag("heard %u and %u, counted %llu", n[0], n[1],
		     (unsigned long long)(stats_total(&team.maps) - counted));
	counted = stats_total(&team.maps);
	mine[0] = stats_of(&team.maps, 0).tx_packets;
	mine[1] = stats_of(&team.maps, 1).tx_packets;
}

/* Waits until port 0 has a shortcut, or has none: for the timer's next period. */
static void shortcut_is(bool open)
{
	if (watched && !WAIT_FOR(!!team.maps.tables->shortcuts[0].dev == open))
		ok(false, "port 0's shortcut is %s", open ? "opened" : "closed");
}

static void test_ways(void)
{
	struct frame_buf frame;

	shortcut_is(true);
	stack_send(100, 0);
	expect_sent(0, "the stack");
	ok(!team.maps.state->crossed_jiffies, "... across no veth");
	frame_build(&frame, &flow);
	packet_send("team0", &frame);
	expect_sent(0, "a packet socket");
	ok(team.maps.state->crossed_jiffies, "... across the veth");
	packet_send_ring("team0", &frame);
	expect_sent(0, "PACKET_TX_RING");
	sh("ip link set q0 down");
	team.maps.state->link = 2;
	stack_send(100, 0);
	expect_sent(1, "the stack, port 0 dead");
	packet_send_ring("team0", &frame);
	expect_sent(1, "PACKET_TX_RING, port 0 dead");
	port_up("q0", 0);
	team.maps.state->link = 3;
	shortcut_is(true);
}

static void set_up(const char *device, bool up)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};

	strcpy(request.ifr_name, device);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request))
		bail("a device has no flags");
	request.ifr_flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		bail("a device can't be set up or down");
	close(fd);
}

/*
 * A device whose carrier is back drops what it is given until the kernel has activated its queues
 * (net/core/link_watch.c), so it must not be given any.
 */
static void test_return(void)
{
	unsigned n[2], sent = 0, lost = 0;
	struct heard heard;

	for (unsigned i = 0; i < RETURNS; i++) {
		set_up("q0", false);
		stack_send(100, 0);
		set_up("q0", true);
		for (unsigned j = 0; j < 3; j++)
			stack_send(100, 0);
		heard_on_wires(n, &heard);
		sent += 4;
		lost += 4 - n[0] - n[1];
	}
	ok(!lost, "a port that loses carrier and regains it: no frame is lost");
	diag("%u of %u frames lost", lost, sent);
	shortcut_is(true);
}

static void test_gso(void)
{
	uint64_t packets = stats_of(&team.maps, 0).tx_packets;
	uint64_t bytes = stats_of(&team.maps, 0).tx_bytes;
	struct heard heard = {};
	unsigned n[2];

	stack_send(4000, 1000);
	heard_on_wires(n, &heard);
	if (!ok(n[0] == 1 && n[1] == 0 && heard.frame.len == 14 + 20 + 8 + 4000,
		"a GSO frame keeps its size"))
		diag("heard %u and %u, %u bytes", n[0], n[1], heard.frame.len);
	is(stats_of(&team.maps, 0).tx_packets - packets, 1, "... is counted once");
	is(stats_of(&team.maps, 0).tx_bytes - bytes, 4042, "... as it is");
}

/* A capture on team0, promiscuous or not, hears n of one datagram sent. */
static void expect_captured(bool promisc, unsigned n, const char *what)
{
	int fd = listen_on("team0", promisc);
	struct heard heard, other = {};
	uint64_t total = stats_total(&team.maps);
	unsigned sent[2];

	shortcut_is(!n);
	stack_send(100, 0);
	heard_on_wires(sent, &other);
	heard = hear(fd);
	if (!ok(heard.n == n && sent[0] == 1 && !sent[1] && stats_total(&team.maps) == total + 1,
		"%s: captured %u times, sent and counted once", what, n))
		diag("captured %u, sent %u and %u", heard.n, sent[0], sent[1]);
	close(fd);
}

static void test_capture(bool state)
{
	struct heard old;
	unsigned n[2];

	heard_on_wires(n, &old);
	team.maps.state->capture = 1;
	expect_captured(false, 1, "told of a capture");
	team.maps.state->capture = 0;
	expect_captured(false, 0, "not told, not promiscuous");
	expect_captured(true, state, "promiscuous");
	team.maps.state->promisc_base = 1;
	expect_captured(true, 0, "a promiscuity that is no capture");
	team.maps.state->promisc_base = 0;
}

/* Ports by hash; what is not linear, or tagged, goes where explain says. */
static void test_hashed(void)
{
	unsigned wrong = 0, used[2] = {};

	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++)
		for (unsigned i = 0; i < 2; i++)
			team.maps.slots[slot].port[i] = (slot + i) % 2;
	for (unsigned i = 0; i < 48; i++) {
		struct flow each = flow;
		struct frame_buf frame;
		struct heard heard = {};
		struct answer answer;
		unsigned n[2];

		each.family = i & 1 ? AF_INET6 : AF_INET;
		each.sport = 1000 + i;
		each.tpid[0] = i & 2 ? 0x8100 : 0;
		/* The kernel takes one tag off before the inner end; the second is a type. */
		each.tpid[1] = i % 8 == 3 || i % 8 == 6 ? 0x8100 : 0;
		each.vid = 100;
		frame_build(&frame, &each);
		answer = explain_bytes(&team, frame.data, frame.len);
		if (i & 4)
			packet_send("team0", &frame);
		else
			packet_send_ring("team0", &frame);
		heard_on_wires(n, &heard);
		used[answer.port & 1]++;
		if (n[answer.port & 1] != 1 || n[!(answer.port & 1)] ||
		    heard.vlan != (i & 2 ? 100 : -1)) {
			diag("flow %u: explained %u, heard %u and %u, tag %d", i, answer.port, n[0],
			     n[1], heard.vlan);
			wrong++;
		}
	}
	ok(!wrong, "48 flows from packet sockets and rings, some tagged: where explain says");
	ok(used[0] > 10 && used[1] > 10, "... on either port");
}

/* ---- receiving ---- */

static void expect_up(int up, const struct frame_buf *frame, bool ring, int type, const char *what)
{
	struct heard heard;

	if (ring)
		packet_send_ring("q0", frame);
	else
		packet_send("q0", frame);
	heard = hear(up);
	if (type < 0)
		ok(!heard.n, "%s does not come up", what);
	else if (!ok(heard.n == 1 && heard.type == type && heard.frame.len >= frame->len - 4,
		     "%s comes up once, packet type %d", what, type))
		diag("%u times, type %u", heard.n, heard.type);
}

static struct port_bpf *load_port(void)
{
	static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0xaa};
	struct port_bpf *port = port_bpf__open();

	port->rodata->cfg_vport = if_nametoindex("team0");
	port->rodata->cfg_probe = 1;
	port->rodata->cfg_n_arp_target = 1;
	port->rodata->cfg_arp_target[0] = htonl(0xc0000201);
	memcpy((void *)port->rodata->cfg_mac, mac, sizeof(mac));
	if (bpf_map__reuse_fd(port->maps.bss, bpf_map__fd(team.skel->maps.bss)) ||
	    port_bpf__load(port))
		bail("port_rx can't be loaded");
	return port;
}

static void test_receive(void)
{
	static const uint8_t arp[] = "\x00\x01\x08\x00\x06\x04\x00\x02\x02\x00\x00\x00\x00\xcc"
				     "\xc0\x00\x02\x01\x02\x00\x00\x00\x00\xaa\xc0\x00\x02\x02";
	struct port_bpf *port = load_port();
	struct bpfteam_probe *probes = map_memory(port->maps.probes);
	struct flow each = flow;
	struct frame_buf frame;
	int up;

	attach(port->progs.port_rx, "p0", TCX_INGRESS);
	up = listen_on("team0", false);
	each.src_mac = 0xcc;
	each.dst_mac = 0xaa;
	expect_up(up, frame_build(&frame, &each), false, PACKET_HOST, "a frame for the team");
	expect_up(up, &frame, true, PACKET_HOST, "a frame for the team that is not linear");
	memset(frame.data, 0xff, 6);
	expect_up(up, &frame, false, PACKET_BROADCAST, "a broadcast");
	each.tpid[0] = 0x8100;
	expect_up(up, frame_build(&frame, &each), false, PACKET_HOST, "a tagged frame");
	each.tpid[0] = 0;
	each.dst_mac = 0xbb;
	expect_up(up, frame_build(&frame, &each), false, -1, "a frame for another");
	team.maps.state->promisc = 1;
	expect_up(up, &frame, false, PACKET_OTHERHOST, "a frame for another, promiscuous,");
	team.maps.state->promisc = 0;
	each = (struct flow){.dst_mac = 0xaa, .src_mac = 0xcc, .type = 0x0806};
	frame_build(&frame, &each);
	memcpy(frame.data + 14, arp, sizeof(arp) - 1);
	frame.len = 14 + sizeof(arp) - 1;
	expect_up(up, &frame, true, PACKET_HOST, "an ARP reply that is not linear");
	ok(probes[0].target_ns[0], "... and is stamped");
	close(up);
	munmap(probes, BPFTEAM_PORTS_MAX * sizeof(*probes));
	port_bpf__destroy(port);
}

static bool start(const struct team_options *options)
{
	uint8_t frame[64] = {};

	counted = mine[0] = mine[1] = 0;
	team = team_load(options, 2);
	if (!team.skel)
		return false;
	watched = options->watch_ns;
	for (unsigned id = 0; watched && id < 2; id++)
		team_learn_port(&team, id);
	if (watched &&
	    run_with(bpf_program__fd(team.skel->progs.team_watch), frame, sizeof(frame), NULL))
		bail("the timer can't be armed");
	attach(team.tx, "team0", TCX_EGRESS);
	attach(team.inner, "inner", TCX_INGRESS);
	return true;
}

/* False: refused, and skipped. */
static bool replace(const struct team_options *options, const char *what)
{
	sh("ip link del team0");
	sh("ip link add team0 address 02:00:00:00:00:aa type veth peer name inner");
	sh("ip link set team0 up && ip link set inner up");
	sh("ip addr add 10.0.0.1/24 dev team0");
	sh("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:cc dev team0");
	team_free(&team);
	if (start(options))
		return true;
	skip(what, "this kernel refuses it");
	return false;
}

int main(void)
{
	struct team_options options = {.mode = BPFTEAM_ACTIVE_BACKUP};

	harness_init(2);
	sh("ip addr add 10.0.0.1/24 dev team0");
	sh("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:cc dev team0");
	if (!start(&options))
		skip_all("the kernel loads no tc programs");
	wire[0] = listen_on("q0", false);
	wire[1] = listen_on("q1", false);
	test_ways();
	test_gso();
	test_capture(false);
	options.mode = BPFTEAM_BALANCE_XOR;
	options.hash = BPFTEAM_HASH_LAYER34;
	replace(&options, "balance-xor");
	test_hashed();
	test_receive();
	options.mode = BPFTEAM_ACTIVE_BACKUP;
	options.state = true;
	if (replace(&options, "captures seen by the state detector"))
		test_capture(true);
	options.watch_ns = 1000000;
	for (int i = 0; i < 2; i++) {
		options.mode = i ? BPFTEAM_BALANCE_XOR : BPFTEAM_ACTIVE_BACKUP;
		if (!replace(&options, "sending by shortcuts"))
			continue;
		diag("%s, by shortcuts", i ? "balance-xor" : "active-backup");
		test_ways();
		test_return();
		test_gso();
		test_capture(true);
		if (i)
			test_hashed();
	}
	team_free(&team);
	return tap_done();
}
