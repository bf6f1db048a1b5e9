// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * wire_groups.c - tells multicast routers, and switches that snoop, which groups a device is in, as the
 * kernel does for a bond after a fail-over (ip_mc_rejoin_groups()) and for nobody else. Called by team/.
 *
 * IGMPv3: RFC 3376 section 4.2, by /proc/net/igmp; IGMPv2 and v1 where a querier of that version was
 * heard. MLDv2: RFC 3810 section 5.2, by /proc/net/igmp6, which does not tell the querier's version.
 * A record is "mode is exclude" of no source: what any member who filters nothing would send.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/igmp.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "io/wire.h"
#include "io/wire_priv.h"

#define RECORDS_MAX 60 /* in a frame, which an MTU of 1280 bears (RFC 8200 section 5) */
#define IGMP_V3_REPORT 0x22
#define MLD_V2_REPORT 143
#define MODE_IS_EXCLUDE 2
#define ROUTER_ALERT 0x94040000 /* RFC 2113 */

static const uint8_t to_v3[4] = {224, 0, 0, 22};
static const uint8_t to_mld[16] = {0xff, 0x02, [15] = 22};

static uint16_t checksum(uint32_t sum, const void *data, size_t len)
{
	sum = wire_sum16(sum, data, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

/* Type, auxiliary length, number of sources, and the group. */
static size_t put_records(uint8_t *buf, const struct addr *groups, unsigned n)
{
	size_t used = 0, size = addr_size(&groups[0]);

	for (unsigned i = 0; i < n; i++) {
		memset(buf + used, 0, 4);
		buf[used] = MODE_IS_EXCLUDE;
		memcpy(buf + used + 4, groups[i].byte, size);
		used += 4 + size;
	}
	return used;
}

#define IPV4_BODY (ETH_HLEN + sizeof(struct iphdr) + 4)

/*
 * Of len bytes of IGMP that are there already the checksum, which is 0 as yet, and in front of them an IPv4
 * header with the router alert.
 */
static size_t finish_igmp(uint8_t *buf, const struct mac *mac, const uint8_t *source,
			  const uint8_t *to, size_t len)
{
	uint8_t mac_to[ETH_ALEN] = {0x01, 0x00, 0x5e, to[1] & 0x7f, to[2], to[3]};
	uint32_t option = htonl(ROUTER_ALERT);
	struct iphdr ip = {
		.version = 4,
		.ihl = 6,
		.tos = 0xc0, /* internetwork control, as the kernel's */
		.tot_len = htons(sizeof(ip) + sizeof(option) + len),
		.frag_off = htons(IP_DF),
		.ttl = 1,
		.protocol = IPPROTO_IGMP,
	};
	uint8_t header[sizeof(ip) + sizeof(option)], *igmp = buf + IPV4_BODY;
	uint16_t sum = checksum(0, igmp, len);

	memcpy(igmp + 2, &sum, sizeof(sum));
	memcpy(&ip.saddr, source, 4);
	memcpy(&ip.daddr, to, 4);
	memcpy(header, &ip, sizeof(ip));
	memcpy(header + sizeof(ip), &option, sizeof(option));
	ip.check = checksum(0, header, sizeof(header));
	wire_put_ethernet(buf, mac_to, mac, ETHERTYPE_IP);
	memcpy(buf + ETH_HLEN, &ip, sizeof(ip));
	memcpy(buf + ETH_HLEN + sizeof(ip), &option, sizeof(option));
	return ETH_HLEN + sizeof(header) + len;
}

static size_t build_v3(uint8_t *buf, const struct mac *mac, const uint8_t *source,
		       const struct addr *groups, unsigned n)
{
	uint8_t *igmp = buf + IPV4_BODY;
	uint16_t count = htons(n);
	size_t len;

	memset(igmp, 0, 8);
	igmp[0] = IGMP_V3_REPORT;
	memcpy(igmp + 6, &count, sizeof(count));
	len = 8 + put_records(igmp + 8, groups, n);
	return finish_igmp(buf, mac, source, to_v3, len);
}

/* Of one group, to the group itself (RFC 2236). */
static size_t build_old(uint8_t *buf, const struct mac *mac, const uint8_t *source,
			const struct addr *group, unsigned version)
{
	uint8_t *igmp = buf + IPV4_BODY;

	memset(igmp, 0, 8);
	igmp[0] = version == 1 ? IGMP_V1_MEMBERSHIP_REPORT : IGMP_V2_MEMBERSHIP_REPORT;
	memcpy(igmp + 4, group->byte, 4);
	return finish_igmp(buf, mac, source, group->byte, 8);
}

static size_t build_mld(uint8_t *buf, const struct mac *mac, const uint8_t *source,
			const struct addr *groups, unsigned n)
{
	/* Hop-by-hop: next header, length, router alert of MLD, padding (RFC 2711). */
	static const uint8_t options[8] = {IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
	static const uint8_t mac_to[ETH_ALEN] = {0x33, 0x33, 0, 0, 0, 22};
	struct ip6_hdr ip6 = {.ip6_hlim = 1, .ip6_nxt = IPPROTO_HOPOPTS};
	uint8_t *mld = buf + ETH_HLEN + sizeof(ip6) + sizeof(options);
	uint16_t count = htons(n), sum;
	size_t len;

	memset(mld, 0, 8);
	mld[0] = MLD_V2_REPORT;
	memcpy(mld + 6, &count, sizeof(count));
	len = 8 + put_records(mld + 8, groups, n);
	ip6.ip6_vfc = 6 << 4;
	ip6.ip6_plen = htons(sizeof(options) + len);
	memcpy(&ip6.ip6_src, source, 16);
	memcpy(&ip6.ip6_dst, to_mld, 16);
	sum = checksum(wire_sum16(wire_sum16(len + IPPROTO_ICMPV6, &ip6.ip6_src, 16), to_mld, 16),
		       mld, len);
	memcpy(mld + 2, &sum, sizeof(sum));
	wire_put_ethernet(buf, mac_to, mac, ETHERTYPE_IPV6);
	memcpy(buf + ETH_HLEN, &ip6, sizeof(ip6));
	memcpy(buf + ETH_HLEN + sizeof(ip6), options, sizeof(options));
	return ETH_HLEN + sizeof(ip6) + sizeof(options) + len;
}

size_t wire_build_report(uint8_t *buf, const struct mac *mac, const struct addr *source,
			 const struct addr *groups, unsigned n, unsigned version)
{
	if (groups[0].family == AF_INET6)
		return build_mld(buf, mac, source->byte, groups, n);
	return version < 3 ? build_old(buf, mac, source->byte, groups, version)
			   : build_v3(buf, mac, source->byte, groups, n);
}

/* All of one family that were read. */
static int send_reports(struct wire *wire, uint32_t ifindex, const struct mac *mac,
			const struct addr *source, const struct wire_groups *groups)
{
	uint8_t frame[WIRE_REPORT_MAX];
	int ret = 0;

	for (unsigned i = 0, n; i < groups->n; i += n) {
		n = groups->n - i < RECORDS_MAX ? groups->n - i : RECORDS_MAX;
		if (groups->version < 3)
			n = 1;
		ret = wire_send_frame(wire, ifindex, frame,
				      wire_build_report(frame, mac, source, &groups->group[i], n,
							groups->version))
			      ?: ret;
	}
	return ret;
}

/* A group, and not one that all hosts are in, of which nobody tells. */
static bool is_told(const struct addr *group)
{
	static const uint8_t all_hosts[4] = {224, 0, 0, 1}, all_nodes[16] = {0xff, 0x02, [15] = 1};

	if (group->family == AF_INET)
		return (group->byte[0] & 0xf0) == 0xe0 && memcmp(group->byte, all_hosts, 4);
	return group->byte[0] == 0xff && (group->byte[1] & 0xf) > 1 &&
	       memcmp(group->byte, all_nodes, 16);
}

static void add_group(struct wire_groups *groups, const struct addr *group)
{
	if (groups->n < WIRE_GROUPS_MAX && is_told(group))
		groups->group[groups->n++] = *group;
}

/* A line of the device: "4	eth0      :     1      V3"; then one a group: "		010000E0     1 ...". */
void wire_parse_igmp(FILE *in, uint32_t ifindex, struct wire_groups *ret)
{
	struct addr group = {.family = AF_INET};
	unsigned index = 0, version;
	uint32_t word;
	char line[128];

	ret->n = 0;
	ret->version = 3;
	while (fgets(line, sizeof(line), in)) {
		char *v = strrchr(line, 'V');

		if (line[0] != '\t' && sscanf(line, "%u", &index) == 1) {
			if (index == ifindex && v && sscanf(v, "V%u", &version) == 1 && version)
				ret->version = version;
		} else if (index == ifindex && line[0] == '\t' && sscanf(line, "%x", &word) == 1) {
			memcpy(group.byte, &word, sizeof(word)); /* printed as it lies in memory */
			add_group(ret, &group);
		}
	}
}

/* "4    eth0            ff020000000000000000000000000001     1 0000000C 0" */
void wire_parse_igmp6(FILE *in, uint32_t ifindex, struct wire_groups *ret)
{
	struct addr group = {.family = AF_INET6};
	char line[128], hex[33];
	unsigned index;

	ret->n = 0;
	ret->version = 3;
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%u %*s %32[0-9a-f]", &index, hex) != 2 || index != ifindex ||
		    strlen(hex) != 32)
			continue;
		for (unsigned i = 0; i < 16; i++)
			sscanf(hex + 2 * i, "%2hhx", &group.byte[i]);
		add_group(ret, &group);
	}
}

int wire_report_groups(struct wire *wire, uint32_t ifindex, const struct mac *mac,
		       const struct addr *source)
{
	static struct wire_groups groups;
	bool v6 = source->family == AF_INET6;
	/* The namespace of this thread, which need not be the process's first one's. */
	FILE *in = fopen(v6 ? "/proc/thread-self/net/igmp6" : "/proc/thread-self/net/igmp", "re");

	if (!in)
		return -errno;
	if (v6)
		wire_parse_igmp6(in, ifindex, &groups);
	else
		wire_parse_igmp(in, ifindex, &groups);
	fclose(in);
	return send_reports(wire, ifindex, mac, source, &groups);
}
