/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * frame.h - Ethernet frames made by hand, for the programs of this folder that send on packet
 * sockets. IPv4 as in RFC 791, UDP without a checksum (RFC 768 allows 0).
 */
#ifndef BPFTEAM_LAB_FRAME_H
#define BPFTEAM_LAB_FRAME_H

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "lab.h"

/* The datagrams of `stream`, so that `stream recv` counts those of the other senders too. */
#define STREAM_MAGIC 0x62706674u

struct stream_packet {
	uint32_t magic;
	uint32_t flow;
	uint64_t seq;
	uint64_t sent_ns;
	uint64_t total; /* in the closing datagrams: how many there were; else 0 */
};

static inline void frame_mac(const char *text, uint8_t ret[6])
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", ret, ret + 1, ret + 2, ret + 3, ret + 4,
		   ret + 5) != 6)
		lab_die("%s: no MAC address", text);
}

static inline uint32_t frame_ip4(const char *text)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		lab_die("%s: no IPv4 address", text);
	return in.s_addr;
}

/* IPv4 or IPv6; returns the address's length. */
static inline socklen_t frame_sockaddr(const char *text, unsigned port,
				       struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		return sizeof(*in6);
	}
	lab_die("%s: no address", text);
}

static inline unsigned frame_ifindex(const char *dev)
{
	unsigned ifindex = if_nametoindex(dev);

	if (!ifindex)
		lab_die("%s: %s", dev, strerror(errno));
	return ifindex;
}

/* Writes an Ethernet header, tagged when vlan is not 0; returns its length. */
static inline size_t frame_eth(uint8_t *buf, const char *src, const char *dst, unsigned vlan,
			       unsigned type)
{
	uint16_t word;
	size_t len = 12;

	frame_mac(dst, buf);
	frame_mac(src, buf + 6);
	if (vlan) {
		word = htons(ETH_P_8021Q);
		memcpy(buf + len, &word, 2);
		word = htons((uint16_t)vlan);
		memcpy(buf + len + 2, &word, 2);
		len += 4;
	}
	word = htons((uint16_t)type);
	memcpy(buf + len, &word, 2);
	return len + 2;
}

/* Writes an IPv4 and a UDP header for a payload of that length; returns their length. */
static inline size_t frame_udp4(uint8_t *buf, const char *src, const char *dst, unsigned sport,
				unsigned dport, size_t payload)
{
	struct iphdr ip = {
		.ihl = 5,
		.version = 4,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.tot_len = htons((uint16_t)(28 + payload)),
		.saddr = frame_ip4(src),
		.daddr = frame_ip4(dst),
	};
	struct udphdr udp = {
		.source = htons((uint16_t)sport),
		.dest = htons((uint16_t)dport),
		.len = htons((uint16_t)(8 + payload)),
	};
	uint16_t word;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(ip); i += 2) {
		memcpy(&word, (const uint8_t *)&ip + i, 2);
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	ip.check = (uint16_t) ~(sum + (sum >> 16));
	memcpy(buf, &ip, sizeof(ip));
	memcpy(buf + sizeof(ip), &udp, sizeof(udp));
	return sizeof(ip) + sizeof(udp);
}

#endif
