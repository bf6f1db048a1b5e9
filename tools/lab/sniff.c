/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sniff.c - counts frames on a device, by what the kernel says they are. Unlike tcpdump it leaves
 * the device's promiscuity alone.
 *
 *   sniff --dev DEV [--secs S] [--src MAC] [--dst MAC] [--type N] [--mark TEXT] [--want N]
 *
 * Ends after S seconds, at SIGTERM, or when N frames matched. Packet sockets see a frame before the
 * programs at tcx ingress do, and a redirected frame again on the device that it came to.
 */
#include <linux/if_packet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "frame.h"

static struct {
	const char *dev, *src, *dst, *mark, *ready;
	unsigned type, want;
	double secs;
} opt = {.secs = 5};

static const struct lab_option options[] = {
	{"dev", .text = &opt.dev},     {"src", .text = &opt.src},     {"dst", .text = &opt.dst},
	{"mark", .text = &opt.mark},   {"ready", .text = &opt.ready}, {"type", .number = &opt.type},
	{"want", .number = &opt.want}, {"secs", .real = &opt.secs},   {},
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = 1;
}

static bool mac_matches(const char *text, const uint8_t *mac)
{
	uint8_t wanted[6];

	if (!text)
		return true;
	frame_mac(text, wanted);
	return !memcmp(mac, wanted, 6);
}

static bool matches(const uint8_t *frame, size_t len)
{
	uint16_t type;

	if (len < ETH_HLEN || !mac_matches(opt.dst, frame) || !mac_matches(opt.src, frame + 6))
		return false;
	memcpy(&type, frame + 12, 2);
	if (opt.type && ntohs(type) != opt.type)
		return false;
	return !opt.mark || memmem(frame, len, opt.mark, strlen(opt.mark));
}

int main(int argc, char **argv)
{
	static const char *const names[] = {
		[PACKET_HOST] = "host",           [PACKET_BROADCAST] = "broadcast",
		[PACKET_MULTICAST] = "multicast", [PACKET_OTHERHOST] = "otherhost",
		[PACKET_OUTGOING] = "outgoing",
	};
	struct sockaddr_ll on = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	unsigned counts[8] = {}, matched = 0;
	int size = 16 << 20;
	struct pollfd pfd = {.events = POLLIN};
	uint64_t end;

	lab_parse(argc, argv, 1, options);
	if (!opt.dev)
		lab_die("usage: sniff --dev DEV ...");
	signal(SIGTERM, on_signal);
	on.sll_ifindex = (int)frame_ifindex(opt.dev);
	pfd.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (pfd.fd < 0)
		lab_die("packet socket: %s", strerror(errno));
	setsockopt(pfd.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(pfd.fd, (void *)&on, sizeof(on)))
		lab_die("%s: %s", opt.dev, strerror(errno));
	lab_ready(opt.ready);
	end = lab_now() + (uint64_t)(opt.secs * (double)NSEC);
	while (!stopped && lab_now() < end && (!opt.want || matched < opt.want)) {
		uint8_t frame[65536];
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		ssize_t n;

		if (poll(&pfd, 1, 20) <= 0)
			continue;
		n = recvfrom(pfd.fd, frame, sizeof(frame), MSG_DONTWAIT, (void *)&from, &from_len);
		if (n < 0 || !matches(frame, (size_t)n))
			continue;
		matched++;
		counts[from.sll_pkttype & 7]++;
	}
	printf("{\"matched\":%u", matched);
	for (unsigned i = 0; i <= PACKET_OUTGOING; i++)
		printf(",\"%s\":%u", names[i], counts[i]);
	printf("}\n");
	return 0;
}
