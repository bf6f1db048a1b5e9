// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_policy_wire - the policies that read more than the headers in front, on real devices: frames
 * whose headers are not linear and whose tag is beside them take the port that explain names for
 * their bytes; txhash follows the socket.
 *
 *	team0 ------------ inner               p0 --- q0        p1 --- q1
 *	team_tx_policy     team_inner_policy          \ heard
 */
#include "encap_frames.h"
#include "packets.h"

#define SOCKETS 32

static struct team team;
static int wire[2]; /* listens to q0, q1 */

/* By which port the next frame goes; -1: none, or several, or twice. */
static int port_heard(int *vlan)
{
	struct heard heard[2] = {hear(wire[0]), hear(wire[1])};

	if (heard[0].n + heard[1].n != 1)
		return -1;
	if (vlan)
		*vlan = heard[heard[1].n].vlan;
	return heard[1].n;
}

static void expect_way(const struct frame_buf *frame, bool ring, int vlan, unsigned used[2],
		       unsigned *wrong)
{
	uint32_t want = explain_bytes(&team, frame->data, frame->len).port;
	int tag = -1, port;

	if (ring)
		packet_send_ring("team0", frame);
	else
		packet_send("team0", frame);
	port = port_heard(&tag);
	used[want & 1]++;
	if (port == (int)want && tag == vlan)
		return;
	diag("explained %u, heard %d, tag %d", want, port, tag);
	++*wrong;
}

/* Guests in VLANs, and what they send. */
static void test_frames(const char *name)
{
	unsigned wrong = 0, used[2] = {};

	for (unsigned i = 0; i < 48; i++) {
		struct flow flow = {.dst_mac = 0xcc,
				    .src_mac = 1 + i % 5,
				    .tpid = {i & 2 ? 0x8100 : 0, i % 16 == 7 ? 0x8100 : 0},
				    .vid = 100 + i / 8,
				    .family = i & 1 ? AF_INET6 : AF_INET,
				    .src = 1,
				    .dst = 2,
				    .proto = IPPROTO_UDP,
				    .sport = 1000 + i,
				    .dport = 9,
				    .payload = 64};
		struct frame_buf frame;

		frame_build(&frame, &flow);
		expect_way(&frame, i & 4, i & 2 ? flow.vid : -1, used, &wrong);
	}
	ok(!wrong && used[0] > 8 && used[1] > 8,
	   "%s: tags beside the frame and in it, headers not linear: as explained (%u and %u)",
	   name, used[0], used[1]);
}

static void test_encapsulated(const char *name, bool inside)
{
	unsigned wrong = 0, used[2] = {};

	for (unsigned i = 0; i < 2 * ENCAPS; i++) {
		struct flow inner = {.family = AF_INET,
				     .src = 1 + i,
				     .dst = 2,
				     .proto = IPPROTO_TCP,
				     .sport = 1000 + i,
				     .dport = 2000,
				     .payload = 100};
		const struct encap *encap = &encaps[i / 2];
		struct frame_buf frame;

		/* The kernel takes one of its tags off, which the wire shows. */
		if (encap->put == put_qinq)
			continue;
		outer.family = i & 2 ? AF_INET6 : AF_INET;
		wrap(&frame, encap, &inner);
		expect_way(&frame, i & 1, -1, used, &wrong);
	}
	ok(!wrong && (!inside || (used[0] > 8 && used[1] > 8)),
	   "%s: all encapsulations, not linear, as explained (%u and %u)", name, used[0], used[1]);
}

/* A datagram of the host's stack; its socket is connected, or is not and has no hash. */
static int socket_open(bool connected)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(9),
				 .sin_addr.s_addr = htonl(0x0a000002)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || (connected && connect(fd, (struct sockaddr *)&to, sizeof(to))))
		bail("no UDP socket");
	return fd;
}

static int socket_port(int fd)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(9),
				 .sin_addr.s_addr = htonl(0x0a000002)};
	char data[64] = {};

	if (sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		bail("a datagram can't be sent");
	return port_heard(NULL);
}

/* The port of what a socket sends, by its headers. */
static uint32_t socket_by_headers(int fd)
{
	struct flow flow = {
		.family = AF_INET, .src = 1, .dst = 2, .proto = IPPROTO_UDP, .dport = 9};
	struct sockaddr_in own;
	socklen_t len = sizeof(own);

	if (getsockname(fd, (struct sockaddr *)&own, &len))
		bail("getsockname");
	flow.sport = ntohs(own.sin_port);
	return explain(&team, &flow).port;
}

/* txhash: the socket's own number decides, which the headers don't tell. */
static void test_sockets(void)
{
	unsigned used[2] = {}, moved = 0, other = 0, wrong = 0;

	for (unsigned i = 0; i < SOCKETS; i++) {
		int fd = socket_open(true), port = socket_port(fd);

		used[port & 1]++;
		moved += socket_port(fd) != port || socket_port(fd) != port;
		other += port != (int)socket_by_headers(fd);
		close(fd);
		fd = socket_open(false);
		port = socket_port(fd);
		wrong += port != (int)socket_by_headers(fd);
		close(fd);
	}
	ok(used[0] > 4 && used[1] > 4, "txhash: sockets are spread: %u and %u", used[0], used[1]);
	ok(!moved, "... and each stays where it is");
	ok(other > 4, "... by no function of the headers: %u elsewhere than layer3+4", other);
	ok(!wrong, "... but for sockets without a hash");
}

static bool start(enum bpfteam_hash hash, bool watched)
{
	const struct team_options options = {.mode = BPFTEAM_BALANCE_XOR,
					     .hash = hash,
					     .state = watched,
					     .watch_ns = watched ? 1000000 : 0};
	uint8_t frame[64] = {};

	sh("ip link del team0");
	sh("ip link add team0 address 02:00:00:00:00:aa type veth peer name inner");
	sh("ip link set team0 up && ip link set inner up");
	sh("ip addr add 10.0.0.1/24 dev team0");
	sh("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:cc dev team0");
	team = team_load(&options, 2);
	if (!team.skel)
		return false;
	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++)
		for (unsigned i = 0; i < 2; i++)
			team.maps.slots[slot].port[i] = (slot + i) % 2;
	for (unsigned id = 0; watched && id < 2; id++)
		team_learn_port(&team, id);
	if (watched &&
	    run_with(bpf_program__fd(team.skel->progs.team_watch), frame, sizeof(frame), NULL))
		bail("the timer can't be armed");
	attach(team.tx, "team0", TCX_EGRESS);
	attach(team.inner, "inner", TCX_INGRESS);
	return true;
}

static void test_all(bool watched)
{
	static const struct {
		const char *name;
		enum bpfteam_hash hash;
	} policies[] = {
		{"encap2+3", BPFTEAM_HASH_ENCAP23},
		{"encap3+4", BPFTEAM_HASH_ENCAP34},
		{"vlan+srcmac", BPFTEAM_HASH_VLAN_SRCMAC},
		{"txhash", BPFTEAM_HASH_TXHASH},
	};

	for (unsigned i = 0; i < 4; i++) {
		if (!start(policies[i].hash, watched)) {
			skip(policies[i].name, "this kernel refuses it");
			continue;
		}
		diag("%s%s", policies[i].name, watched ? ", by shortcuts" : "");
		test_frames(policies[i].name);
		test_encapsulated(policies[i].name, i < 2);
		if (policies[i].hash == BPFTEAM_HASH_TXHASH)
			test_sockets();
		team_free(&team);
	}
}

int main(void)
{
	harness_init(2);
	wire[0] = listen_on("q0", false);
	wire[1] = listen_on("q1", false);
	test_all(false);
	test_all(true);
	return tap_done();
}
