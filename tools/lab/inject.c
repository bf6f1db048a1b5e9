/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inject.c - puts frames on a device as they are given, by a packet socket.
 *
 *   inject --dev DEV --src MAC --dst MAC [--type N] [--vlan N] [--payload HEX] [--mark TEXT]
 *          [--from IP --to IP [--sport N] [--dport N]]     an IPv4 UDP datagram
 *          [--raw HEX] [--count N] [--interval-us N]
 *
 * --mark is text at the end of the frame, for `sniff --mark` to know it by.
 */
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "frame.h"

static struct {
	const char *dev, *src, *dst, *payload, *mark, *from, *to, *raw;
	unsigned type, vlan, sport, dport, count, interval_us;
} opt = {.type = 0x88b5, .sport = 1000, .dport = 9, .count = 1};

static const struct lab_option options[] = {
	{"dev", .text = &opt.dev},
	{"src", .text = &opt.src},
	{"dst", .text = &opt.dst},
	{"payload", .text = &opt.payload},
	{"mark", .text = &opt.mark},
	{"from", .text = &opt.from},
	{"to", .text = &opt.to},
	{"raw", .text = &opt.raw},
	{"type", .number = &opt.type},
	{"vlan", .number = &opt.vlan},
	{"sport", .number = &opt.sport},
	{"dport", .number = &opt.dport},
	{"count", .number = &opt.count},
	{"interval-us", .number = &opt.interval_us},
	{},
};

static size_t put_hex(uint8_t *buf, size_t room, const char *hex)
{
	size_t n = 0;

	for (; hex[0] && hex[1] && n < room; hex += 2)
		if (sscanf(hex, "%2hhx", &buf[n++]) != 1)
			lab_die("%s: not hexadecimal", hex);
	return n;
}

static size_t build(uint8_t *buf, size_t room)
{
	size_t mark = opt.mark ? strlen(opt.mark) : 0, len;

	if (opt.raw)
		return put_hex(buf, room, opt.raw);
	if (!opt.src || !opt.dst)
		lab_die("inject: --src and --dst, or --raw");
	if (opt.from && opt.to) {
		len = frame_eth(buf, opt.src, opt.dst, opt.vlan, ETH_P_IP);
		len += frame_udp4(buf + len, opt.from, opt.to, opt.sport, opt.dport, mark);
	} else {
		len = frame_eth(buf, opt.src, opt.dst, opt.vlan, opt.type);
	}
	if (opt.payload)
		len += put_hex(buf + len, room - len, opt.payload);
	if (mark > room - len)
		lab_die("--mark: too long");
	memcpy(buf + len, opt.mark ? opt.mark : "", mark);
	return len + mark;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
	uint8_t frame[4096] = {};
	size_t len;
	int fd;

	lab_parse(argc, argv, 1, options);
	if (!opt.dev)
		lab_die("usage: inject --dev DEV --src MAC --dst MAC ...");
	len = build(frame, sizeof(frame) - 64);
	to.sll_ifindex = (int)frame_ifindex(opt.dev);
	memcpy(to.sll_addr, frame, 6);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		lab_die("packet socket: %s", strerror(errno));
	for (unsigned i = 0; i < opt.count; i++) {
		if (sendto(fd, frame, len, 0, (void *)&to, sizeof(to)) < 0)
			lab_die("%s: %s", opt.dev, strerror(errno));
		if (opt.interval_us)
			lab_sleep_until(lab_now() + opt.interval_us * 1000ull);
	}
	return 0;
}
