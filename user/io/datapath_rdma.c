// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * datapath_rdma.c - the RDMA systems' vports, and what is counted of their RNICs. Called by team/.
 *
 * A place in the tables is filled before programs are attached, and its ifindex, which makes it valid,
 * comes last.
 */
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
		if (rdma[i].ifindex && (rdma[i].port == id || rdma[i].others >> id & 1))
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
	STORE(*(__u64 *)&entry->path, *(const __u64 *)&rdma->path);
	STORE(entry->others, rdma->others);
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
	r = dp_load_rdma(dp, index, rdma->spread, &team, err);
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

int datapath_get_rdma_stats(struct datapath *dp, unsigned id, struct bpfteam_rdma_stats *ret)
{
	struct bpfteam_rdma_stats *rows;
	int n, r;

	memset(ret, 0, sizeof(*ret));
	r = dp_read_rows(dp, DP_RDMA_STATS, id, sizeof(*rows), &rows, &n);
	if (r)
		return r;
	for (int cpu = 0; cpu < n; cpu++)
		for (unsigned kind = 0; kind < BPFTEAM_RDMA_KINDS; kind++)
			ret->packets[kind] += rows[cpu].packets[kind];
	free(rows);
	return 0;
}
