// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * datapath_rdma.c - the RDMA systems' vports, and the flows that stay on their RNICs. Called by team/.
 *
 * A place in the tables is filled before programs are attached, and its ifindex, which makes it valid,
 * comes last. Flows come before the bit of their port, and go after it, so that no frame of a flow that
 * stays is missed while the set changes.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/datapath_priv.h"
#include "team.skel.h"

#define STORE(word, value) __atomic_store_n(&(word), value, __ATOMIC_SEQ_CST)

bool dp_rdma_hears(const struct datapath *dp, unsigned id)
{
	const struct bpfteam_rdma *rdma = dp_rdma(dp);

	for (unsigned i = 0; rdma && i < BPFTEAM_RDMA_MAX; i++) {
		if (rdma[i].ifindex && (rdma[i].port == id || rdma[i].failover))
			return true;
	}
	return false;
}

static int clear(struct datapath *dp, unsigned index, struct err *err)
{
	int r, r2;

	if (dp_rdma(dp))
		STORE(dp_rdma(dp)[index].ifindex, 0);
	r = dp_detach(dp, DP_AT_RDMA + index, err);
	r2 = dp_detach(dp, DP_AT_RDMA_INNER + index, r ? NULL : err);
	return r ? r : r2;
}

static void fill(struct bpfteam_rdma *entry, const struct datapath_rdma *rdma)
{
	if (entry->ifindex != rdma->ifindex)
		memset(entry, 0, sizeof(*entry));
	entry->port = rdma->port;
	memcpy(entry->mac, rdma->mac.byte, sizeof(entry->mac));
	entry->vlan = rdma->vlan;
	entry->failover = rdma->failover;
	STORE(entry->ifindex, rdma->ifindex);
}

int datapath_set_rdma(struct datapath *dp, unsigned index, const struct datapath_rdma *rdma,
		      struct err *err)
{
	struct team_bpf *team = NULL;
	int r;

	if (index >= BPFTEAM_RDMA_MAX)
		return err_set(err, -EINVAL, "%s: more than %d RDMA vports", dp->team,
			       BPFTEAM_RDMA_MAX);
	if (!rdma)
		return clear(dp, index, err);
	if (!dp_meta(dp) || !dp_rdma(dp))
		return err_set(err, -ENOENT, "%s: its maps are gone: detach it", dp->team);
	fill(&dp_rdma(dp)[index], rdma);
	r = dp_load_rdma(dp, index, &team, err);
	if (!r)
		r = dp_attach(dp, DP_AT_RDMA_INNER + index, rdma->inner_ifindex,
			      bpf_program__fd(team->progs.rdma_inner), err);
	if (!r)
		r = dp_attach(dp, DP_AT_RDMA + index, rdma->ifindex,
			      bpf_program__fd(team->progs.rdma_tx), err);
	team_bpf__destroy(team);
	return r;
}

int datapath_get_rdma(struct datapath *dp, unsigned index, struct bpfteam_rdma *ret)
{
	if (!dp_rdma(dp) || index >= BPFTEAM_RDMA_MAX)
		return -ENOENT;
	*ret = dp_rdma(dp)[index];
	return 0;
}

/* Of a flow: no address, or the wildcard, is any. */
static struct bpfteam_ip ip_or_any(const struct addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->byte, zero, addr_size(addr)) ? dp_ip(addr) : (struct bpfteam_ip){0};
}

int datapath_set_rdma_addrs(struct datapath *dp, unsigned index, const struct addr *addrs,
			    unsigned n)
{
	struct bpfteam_rdma *entry = dp_rdma(dp) ? &dp_rdma(dp)[index] : NULL;
	struct bpfteam_ip ip6[BPFTEAM_RDMA_ADDRS] = {{0}};
	__u32 ip4[BPFTEAM_RDMA_ADDRS] = {0};
	unsigned n4 = 0, n6 = 0;

	if (!entry || index >= BPFTEAM_RDMA_MAX)
		return -ENOENT;
	for (unsigned i = 0; i < n; i++) {
		if (addrs[i].family == AF_INET && n4 < BPFTEAM_RDMA_ADDRS)
			memcpy(&ip4[n4++], addrs[i].byte, sizeof(ip4[0]));
		else if (addrs[i].family == AF_INET6 && n6 < BPFTEAM_RDMA_ADDRS)
			ip6[n6++] = dp_ip(&addrs[i]);
	}
	for (unsigned i = 0; i < BPFTEAM_RDMA_ADDRS; i++) {
		STORE(entry->ip4[i], ip4[i]);
		STORE(entry->ip6[i].high, ip6[i].high);
		STORE(entry->ip6[i].low, ip6[i].low);
	}
	return 0;
}

/* ---- flows ---- */

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct bpfteam_rdma_flow));
}

static struct bpfteam_rdma_flow key_of(const struct datapath_flow *flow)
{
	return (struct bpfteam_rdma_flow){
		.port = flow->port,
		.local_port = htons(flow->local_port),
		.remote_port = htons(flow->remote_port),
		.local = ip_or_any(&flow->local),
		.remote = ip_or_any(&flow->remote),
	};
}

static unsigned remove_others(int fd, const struct bpfteam_rdma_flow *keys, unsigned n)
{
	struct bpfteam_rdma_flow key, next;
	bool any = !bpf_map_get_next_key(fd, NULL, &next);
	unsigned removed = 0;

	while (any) {
		key = next;
		any = !bpf_map_get_next_key(fd, &key, &next);
		if (!bsearch(&key, keys, n, sizeof(key), compare_keys))
			removed += !bpf_map_delete_elem(fd, &key);
	}
	return removed;
}

int datapath_set_flows(struct datapath *dp, const struct datapath_flow *flows, unsigned n)
{
	struct bpfteam_rdma_bitmap *bitmap = dp->mem[DP_RDMA_PORTS], *bits;
	int fd = dp->map[DP_RDMA_FLOWS], changes = 0, ret = 0, r;
	struct bpfteam_rdma_flow *keys;
	__u32 value = 1;

	if (!bitmap || fd < 0)
		return -ENOENT;
	bits = calloc(1, sizeof(*bits));
	keys = calloc(n + 1, sizeof(*keys));
	if (!bits || !keys) {
		ret = -ENOMEM;
		goto out;
	}
	for (unsigned i = 0; i < n; i++) {
		keys[i] = key_of(&flows[i]);
		bits->word[flows[i].local_port / 64] |= 1ull << flows[i].local_port % 64;
		r = bpf_map_update_elem(fd, &keys[i], &value, BPF_NOEXIST);
		changes += !r;
		if (r && errno != EEXIST)
			ret = -E2BIG;
	}
	for (unsigned i = 0; i < sizeof(bits->word) / sizeof(bits->word[0]); i++)
		STORE(bitmap->word[i], bits->word[i]);
	qsort(keys, n, sizeof(*keys), compare_keys);
	changes += remove_others(fd, keys, n);
out:
	free(bits);
	free(keys);
	return ret ? ret : changes;
}

int datapath_get_rdma_stats(struct datapath *dp, unsigned id, struct bpfteam_rdma_stats *ret)
{
	int cpus = libbpf_num_possible_cpus(), r = 0;
	struct bpfteam_rdma_stats *each;
	__u32 key = id;

	memset(ret, 0, sizeof(*ret));
	if (cpus < 0)
		return cpus;
	each = calloc(cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	if (bpf_map_lookup_elem(dp->map[DP_RDMA_STATS], &key, each))
		r = -errno;
	for (int cpu = 0; !r && cpu < cpus; cpu++)
		for (unsigned kind = 0; kind < BPFTEAM_RDMA_KINDS; kind++)
			ret->packets[kind] += each[cpu].packets[kind];
	free(each);
	return r;
}
