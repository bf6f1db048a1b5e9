/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * spread.c - on which port of the peer each flow of the host comes in: a line a flow, in order.
 *
 *   spread --host NETNS --peer NETNS --flows N
 *
 * A flow is one UDP frame with a port of its own. Ends with 1 as soon as one does not come in.
 */
#include <net/ethernet.h>
#include <netpacket/packet.h>

#include "bench.h"

#define HOST4 "192.0.2.1"
#define SINK4 "192.0.2.3"
#define FIRST_PORT 10000

static struct {
	const char *host, *peer;
	unsigned flows;
} opt = {.flows = 4096};

static const struct lab_option options[] = {
	{.name = "host", .text = &opt.host},
	{.name = "peer", .text = &opt.peer},
	{.name = "flows", .number = &opt.flows},
	{},
};

/* The device that the flow's frame came in by; the frame is there already, or lost. */
static int device_of(int fd, unsigned port)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	uint8_t packet[256];
	ssize_t n;

	while ((n = recvfrom(fd, packet, sizeof(packet), MSG_DONTWAIT, (void *)&from, &len)) > 0) {
		struct udphdr udp;

		if (from.sll_pkttype == PACKET_OUTGOING || n < 28 || packet[9] != IPPROTO_UDP)
			continue;
		memcpy(&udp, packet + 20, sizeof(udp));
		if (ntohs(udp.dest) == port)
			return from.sll_ifindex;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	int out, in;

	lab_parse(argc, argv, 1, options);
	if (!opt.host || !opt.peer || opt.flows > 50000)
		lab_die("usage: spread --host NETNS --peer NETNS --flows N (at most 50,000)");
	out = bench_socket(opt.host, AF_INET, SOCK_DGRAM, 0);
	bench_bind(out, HOST4, 9000);
	in = bench_socket(opt.peer, AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	for (unsigned port = FIRST_PORT; port < FIRST_PORT + opt.flows; port++) {
		socklen_t len = frame_sockaddr(SINK4, port, &to);
		char name[IF_NAMESIZE];
		int ifindex;

		if (sendto(out, "flow", 4, 0, (void *)&to, len) != 4)
			lab_die("port %u: %s", port, strerror(errno));
		ifindex = device_of(in, port);
		if (!ifindex)
			lab_die("port %u: lost", port);
		puts(if_indextoname((unsigned)ifindex, name) ? name : "?");
	}
	return 0;
}
