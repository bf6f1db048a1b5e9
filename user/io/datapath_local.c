/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_local.c - the addresses whose frames rx: direct leaves on the ports. Called by team/.
 *
 * The programs read meanwhile. What they miss for a moment goes by the redirect, as all does that is
 * not here.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "io/datapath_priv.h"

#define STORE(word, value) __atomic_store_n(&(word), value, __ATOMIC_SEQ_CST)

struct ip_list {
	struct bpfteam_ip ip[BPFTEAM_LOCAL_MAX];
	unsigned n;
};

/* As the programs see an address: 16 bytes in network order, IPv4 mapped (RFC 4291, 2.5.5.2). */
struct bpfteam_ip dp_ip(const struct addr *addr)
{
	uint8_t bytes[16] = {[10] = 0xff, 0xff};
	struct bpfteam_ip ip;

	if (addr->family == AF_INET)
		memcpy(bytes + 12, addr->byte, 4);
	else
		memcpy(bytes, addr->byte, sizeof(bytes));
	memcpy(&ip, bytes, sizeof(ip));
	return ip;
}

static bool has_ip(const struct ip_list *list, const struct bpfteam_ip *ip)
{
	for (unsigned i = 0; i < list->n; i++) {
		if (!memcmp(&list->ip[i], ip, sizeof(*ip)))
			return true;
	}
	return false;
}

/* 0 while it changes: never the half of one address and the half of another. */
static void store_ip6(struct bpfteam_ip *to, const struct bpfteam_ip *ip)
{
	if (!memcmp(to, ip, sizeof(*to)))
		return;
	STORE(to->high, 0);
	STORE(to->low, ip->low);
	STORE(to->high, ip->high);
}

static int set_more(int fd, const struct ip_list *list)
{
	struct bpfteam_ip key, next;
	__u32 value = 1;
	bool any = !bpf_map_get_next_key(fd, NULL, &next);
	int ret = 0;

	while (any) {
		key = next;
		any = !bpf_map_get_next_key(fd, &key, &next);
		if (!has_ip(list, &key))
			bpf_map_delete_elem(fd, &key);
	}
	for (unsigned i = 0; !ret && i < list->n; i++)
		ret = bpf_map_update_elem(fd, &list->ip[i], &value, BPF_ANY);
	return ret;
}

int datapath_set_local(struct datapath *dp, const struct addr *addrs, unsigned n)
{
	struct bpfteam_ip none = dp_ip(&(struct addr){.family = AF_INET6, .byte[15] = 1});
	struct bpfteam_local *few = dp_local(dp);
	struct bpfteam_ip ip6[BPFTEAM_LOCAL_FEW];
	__u32 ip4[BPFTEAM_LOCAL_FEW];
	struct ip_list more = {.n = 0};
	unsigned n4 = 0, n6 = 0, i;
	int ret;

	if (!few)
		return -ENOENT;
	for (i = 0; i < n; i++) {
		if (addrs[i].family == AF_INET && n4 < BPFTEAM_LOCAL_FEW)
			memcpy(&ip4[n4++], addrs[i].byte, sizeof(ip4[0]));
		else if (addrs[i].family == AF_INET6 && n6 < BPFTEAM_LOCAL_FEW)
			ip6[n6++] = dp_ip(&addrs[i]);
		else if (more.n < BPFTEAM_LOCAL_MAX)
			more.ip[more.n++] = dp_ip(&addrs[i]);
	}
	for (i = 0; i < BPFTEAM_LOCAL_FEW; i++) {
		STORE(few->ip4[i], i < n4 ? ip4[i] : htonl(INADDR_LOOPBACK));
		store_ip6(&few->ip6[i], i < n6 ? &ip6[i] : &none);
	}
	ret = set_more(dp->map[DP_LOCAL], &more);
	STORE(few->more, more.n != 0);
	/* The watch timer sets it again, where there is one. */
	STORE(few->captured, 0);
	return ret;
}
