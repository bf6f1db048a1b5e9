// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tx_hash.c - teamd hashes any mix of headers, bpfteam by policies. What a policy hashes beyond the
 * list only spreads more finely; what it leaves out is told, so that an import can say so.
 */
#include <errno.h>
#include <stdio.h>

#include "core/names.h"
#include "core/tx_hash.h"

enum {
	TX_ETH = 1 << 0,
	TX_VLAN = 1 << 1,
	TX_IPV4 = 1 << 2,
	TX_IPV6 = 1 << 3,
	TX_TCP = 1 << 4,
	TX_UDP = 1 << 5,
	TX_SCTP = 1 << 6,
	TX_L3 = TX_IPV4 | TX_IPV6,
	TX_L4 = TX_TCP | TX_UDP | TX_SCTP,
};

static const struct name tx_hash_names[] = {
	{"eth", TX_ETH, false},   {"vlan", TX_VLAN, false}, {"ipv4", TX_IPV4, false},
	{"ipv6", TX_IPV6, false}, {"ip", TX_L3, false},     {"l3", TX_L3, false},
	{"tcp", TX_TCP, false},   {"udp", TX_UDP, false},   {"sctp", TX_SCTP, false},
	{"l4", TX_L4, false},     {NULL, 0, false},
};

/* The first whose `when` is named is taken. A host's own frames all have one source MAC: VLANs are
 * told apart only where nothing else is. */
static const struct {
	unsigned when, hashes;
	enum bpfteam_hash policy;
} policies[] = {
	{TX_L4, TX_L3 | TX_L4, BPFTEAM_HASH_LAYER34},
	{TX_L3, TX_ETH | TX_L3, BPFTEAM_HASH_LAYER23},
	{TX_ETH, TX_ETH, BPFTEAM_HASH_LAYER2},
	{TX_VLAN, TX_VLAN, BPFTEAM_HASH_VLAN_SRCMAC},
};

static void put_lost(unsigned bits, char *buf, size_t size)
{
	if (buf && size)
		snprintf(buf, size, "%s%s%s", bits & TX_ETH ? "eth" : "",
			 bits == (TX_ETH | TX_VLAN) ? ", " : "", bits & TX_VLAN ? "vlan" : "");
}

int tx_hash_policy(const char *const words[], unsigned n, enum bpfteam_hash *ret, char *lost,
		   size_t size, struct err *err)
{
	unsigned wanted = 0, i;
	char list[80];

	for (i = 0; i < n; i++) {
		int bits = name_parse(tx_hash_names, words[i]);

		if (bits < 0)
			return err_set(err, -EINVAL, "tx_hash: \"%s\" is not known (%s)", words[i],
				       name_list(tx_hash_names, list, sizeof(list)));
		wanted |= bits;
	}
	for (i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		if (!(wanted & policies[i].when))
			continue;
		*ret = policies[i].policy;
		put_lost(wanted & ~policies[i].hashes, lost, size);
		return 0;
	}
	return err_set(err, -EINVAL, "tx_hash: the list is empty, so nothing tells flows apart");
}
