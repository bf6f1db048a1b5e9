/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * manyflows.c - many UDP flows of one datagram each, and which device each of them came in by.
 *
 *   manyflows send --to IP --port N [--flows N] [--sport FIRST]
 *   manyflows recv --devs DEV,DEV... --port N [--want N] [--secs S]
 *
 * recv prints a line "SPORT DEV" for each flow, in the order of SPORT; a flow that was seen twice
 * has two lines.
 */
#include <linux/if_packet.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "frame.h"

static struct {
	const char *to, *devs, *ready;
	unsigned port, flows, sport, want;
	double secs;
} opt = {.flows = 2000, .sport = 20000, .secs = 5};

static const struct lab_option options[] = {
	{"to", .text = &opt.to},
	{"devs", .text = &opt.devs},
	{"ready", .text = &opt.ready},
	{"port", .number = &opt.port},
	{"flows", .number = &opt.flows},
	{"sport", .number = &opt.sport},
	{"want", .number = &opt.want},
	{"secs", .real = &opt.secs},
	{},
};

static void send_flow(unsigned sport)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)opt.port)};
	struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)sport)};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), off = 0;
	char mapped[64];

	/* IPv4 by mapped addresses (RFC 4291 section 2.5.5.2). */
	snprintf(mapped, sizeof(mapped), "%s%s", strchr(opt.to, ':') ? "" : "::ffff:", opt.to);
	if (inet_pton(AF_INET6, mapped, &to.sin6_addr) != 1)
		lab_die("%s: no address", opt.to);
	if (fd < 0)
		lab_die("socket: %s", strerror(errno));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (void *)&from, sizeof(from)))
		lab_die("port %u: %s", sport, strerror(errno));
	if (sendto(fd, "flow", 4, 0, (void *)&to, sizeof(to)) < 0)
		lab_die("%s: %s", opt.to, strerror(errno));
	close(fd);
}

static int run_send(void)
{
	for (unsigned i = 0; i < opt.flows; i++) {
		send_flow(opt.sport + i);
		if (i % 20 == 19)
			lab_sleep_until(lab_now() + 1000000);
	}
	return 0;
}

/* Source port of a UDP datagram to our port, 0 if it is none. Headers without options only. */
static unsigned flow_of(const uint8_t *packet, size_t len)
{
	size_t at = 0;
	struct udphdr udp;

	if (len >= 28 && packet[0] == 0x45 && packet[9] == IPPROTO_UDP)
		at = 20;
	else if (len >= 48 && packet[0] >> 4 == 6 && packet[6] == IPPROTO_UDP)
		at = 40;
	if (!at)
		return 0;
	memcpy(&udp, packet + at, sizeof(udp));
	return ntohs(udp.dest) == opt.port ? ntohs(udp.source) : 0;
}

static int open_device(const char *dev)
{
	struct sockaddr_ll on = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 16 << 20;

	on.sll_ifindex = (int)frame_ifindex(dev);
	if (fd < 0)
		lab_die("packet socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (void *)&on, sizeof(on)))
		lab_die("%s: %s", dev, strerror(errno));
	return fd;
}

static int run_recv(void)
{
	static unsigned seen[64][65536];
	char *devs[64], *list = strdup(opt.devs), *save = NULL;
	struct pollfd fds[64];
	unsigned n = 0, got = 0;
	uint64_t end;

	for (char *dev = strtok_r(list, ",", &save); dev && n < 64;
	     dev = strtok_r(NULL, ",", &save)) {
		devs[n] = dev;
		fds[n++] = (struct pollfd){.fd = open_device(dev), .events = POLLIN};
	}
	lab_ready(opt.ready);
	end = lab_now() + (uint64_t)(opt.secs * (double)NSEC);
	while (lab_now() < end && (!opt.want || got < opt.want)) {
		if (poll(fds, n, 20) <= 0)
			continue;
		for (unsigned i = 0; i < n; i++) {
			uint8_t packet[2048];
			struct sockaddr_ll from;
			socklen_t from_len = sizeof(from);
			ssize_t len = recvfrom(fds[i].fd, packet, sizeof(packet), MSG_DONTWAIT,
					       (void *)&from, &from_len);
			unsigned flow = len > 0 ? flow_of(packet, (size_t)len) : 0;

			if (!flow || from.sll_pkttype == PACKET_OUTGOING)
				continue;
			got += !seen[i][flow]++;
		}
	}
	for (unsigned flow = 1; flow < 65536; flow++)
		for (unsigned i = 0; i < n; i++)
			for (unsigned k = 0; k < seen[i][flow]; k++)
				printf("%u %s\n", flow, devs[i]);
	free(list);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	lab_parse(argc, argv, 2, options);
	if (!strcmp(verb, "send") && opt.to && opt.port)
		return run_send();
	if (!strcmp(verb, "recv") && opt.devs && opt.port)
		return run_recv();
	lab_die("usage: manyflows send --to IP --port N ... | manyflows recv --devs A,B --port N "
		"...");
}
