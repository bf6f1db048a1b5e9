// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * wire.c - builds and sends the frames that BPF programs can't make. Called by team/ after a
 * fail-over and for each probe interval.
 *
 * ARP: RFC 826, RFC 5227. Neighbour discovery: RFC 4861. The socket's protocol is 0, so the kernel
 * queues nothing on it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/wire_priv.h"

#define FRAME_MAX 128
#define FRAME_MIN 60 /* without the checksum that the NIC appends */

struct wire {
	int fd;
};

int wire_open(struct wire **ret, struct err *err)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	int code;

	if (!wire)
		return err_set(err, -ENOMEM, "packet socket: %s", strerror(ENOMEM));
	wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->fd < 0) {
		code = -errno;
		free(wire);
		return err_set(err, code, "packet socket: can't open it: %s",
			       code == -EPERM ? "not permitted; it takes CAP_NET_RAW"
					      : strerror(-code));
	}
	*ret = wire;
	return 0;
}

void wire_close(struct wire *wire)
{
	if (!wire)
		return;
	close(wire->fd);
	free(wire);
}

void wire_put_ethernet(uint8_t *buf, const uint8_t *dst, const struct mac *src, uint16_t proto)
{
	proto = htons(proto);
	memcpy(buf, dst, ETH_ALEN);
	memcpy(buf + ETH_ALEN, src->byte, ETH_ALEN);
	memcpy(buf + 2 * ETH_ALEN, &proto, sizeof(proto));
}

/* A broadcast ARP request; sender NULL is 0.0.0.0. */
static size_t build_arp(uint8_t *buf, const struct mac *mac, const uint8_t *sender,
			const uint8_t *target)
{
	static const uint8_t broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct ether_arp arp = {
		.arp_hrd = htons(ARPHRD_ETHER),
		.arp_pro = htons(ETHERTYPE_IP),
		.arp_hln = ETH_ALEN,
		.arp_pln = 4,
		.arp_op = htons(ARPOP_REQUEST),
	};

	memcpy(arp.arp_sha, mac->byte, ETH_ALEN);
	if (sender)
		memcpy(arp.arp_spa, sender, 4);
	memcpy(arp.arp_tpa, target, 4);
	memset(buf, 0, FRAME_MIN);
	wire_put_ethernet(buf, broadcast, mac, ETHERTYPE_ARP);
	memcpy(buf + ETH_HLEN, &arp, sizeof(arp));
	return FRAME_MIN;
}

uint32_t wire_sum16(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)byte[i] << 8 | byte[i + 1];
	return sum;
}

/* RFC 4443 section 2.3, over the pseudo-header of RFC 8200 section 8.1. len is even here. */
static uint16_t icmp6_checksum(const struct ip6_hdr *ip6, const void *icmp6, size_t len)
{
	uint32_t sum = wire_sum16(0, &ip6->ip6_src, 16);

	sum = wire_sum16(sum, &ip6->ip6_dst, 16);
	sum += len + IPPROTO_ICMPV6;
	sum = wire_sum16(sum, icmp6, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static size_t build_na(uint8_t *buf, const struct mac *mac, const uint8_t *addr)
{
	static const uint8_t all_nodes_mac[ETH_ALEN] = {0x33, 0x33, 0, 0, 0, 1};
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	struct ip6_hdr ip6 = {.ip6_hlim = 255, .ip6_nxt = IPPROTO_ICMPV6};
	struct {
		struct nd_neighbor_advert advert;
		struct nd_opt_hdr option;
		uint8_t mac[ETH_ALEN];
	} na = {0};

	na.advert.nd_na_type = ND_NEIGHBOR_ADVERT;
	na.advert.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
	memcpy(&na.advert.nd_na_target, addr, 16);
	na.option.nd_opt_type = ND_OPT_TARGET_LINKADDR;
	na.option.nd_opt_len = 1;
	memcpy(na.mac, mac->byte, ETH_ALEN);
	ip6.ip6_vfc = 6 << 4;
	ip6.ip6_plen = htons(sizeof(na));
	memcpy(&ip6.ip6_src, addr, 16);
	memcpy(&ip6.ip6_dst, all_nodes, 16);
	na.advert.nd_na_cksum = icmp6_checksum(&ip6, &na, sizeof(na));

	wire_put_ethernet(buf, all_nodes_mac, mac, ETHERTYPE_IPV6);
	memcpy(buf + ETH_HLEN, &ip6, sizeof(ip6));
	memcpy(buf + ETH_HLEN + sizeof(ip6), &na, sizeof(na));
	return ETH_HLEN + sizeof(ip6) + sizeof(na);
}

/* 0 for an address of no family. */
size_t wire_build_announce(uint8_t *buf, const struct mac *mac, const struct addr *addr)
{
	switch (addr->family) {
	case AF_INET:
		return build_arp(buf, mac, addr->byte, addr->byte);
	case AF_INET6:
		return build_na(buf, mac, addr->byte);
	default:
		return 0;
	}
}

size_t wire_build_probe(uint8_t *buf, const struct mac *mac, const struct addr *target)
{
	return target->family == AF_INET ? build_arp(buf, mac, NULL, target->byte) : 0;
}

int wire_send_frame(struct wire *wire, uint32_t ifindex, const uint8_t *frame, size_t len)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)ifindex,
		.sll_halen = ETH_ALEN,
	};

	if (!len)
		return -EAFNOSUPPORT;
	memcpy(to.sll_addr, frame, ETH_ALEN);
	memcpy(&to.sll_protocol, frame + 2 * ETH_ALEN, sizeof(to.sll_protocol));
	if (sendto(wire->fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

int wire_announce(struct wire *wire, uint32_t ifindex, const struct mac *mac,
		  const struct addr *addr)
{
	uint8_t frame[FRAME_MAX];

	return wire_send_frame(wire, ifindex, frame, wire_build_announce(frame, mac, addr));
}

int wire_probe_arp(struct wire *wire, uint32_t ifindex, const struct mac *mac,
		   const struct addr *target)
{
	uint8_t frame[FRAME_MAX];

	return wire_send_frame(wire, ifindex, frame, wire_build_probe(frame, mac, target));
}
