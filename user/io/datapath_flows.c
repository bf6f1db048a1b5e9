// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * datapath_flows.c - the flows that stay on RNICs, and the bitmap of their local ports. Called by team/.
 *
 * There may be a hundred thousand of them, looked at each second: what is in the map is read in few
 * calls, and only the difference is written. Flows come before the bit of their port, and go after it,
 * so that no frame of a flow that stays is missed while the set changes; likewise `full` comes before
 * the bits of flows that have no room.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/datapath_priv.h"

#define STORE(word, value) __atomic_store_n(&(word), value, __ATOMIC_SEQ_CST)

#define BATCH 4096
#define MAP_MAX (BPFTEAM_RDMA_FLOWS_MAX + BPFTEAM_RDMA_BY_HAND_MAX)

/* An entry of the map; the key is first, by which they are compared. */
struct entry {
	struct bpfteam_rdma_flow key;
	__u32 kind;
};

struct change {
	int fd;
	__u32 kind;
	struct entry *have;
	unsigned n_have, used, max; /* used: how many of max places of this kind are taken */
	struct bpfteam_rdma_flow *want;
	bool *placed; /* parallel to want */
	unsigned n_want, left; /* left: wanted, and no room for them */
	int count;
};

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct bpfteam_rdma_flow));
}

/* No address, or the wildcard, is any. */
static struct bpfteam_ip ip_or_any(const struct addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->byte, zero, addr_size(addr)) ? dp_ip(addr) : (struct bpfteam_ip){0};
}

static struct bpfteam_rdma_flow key_of(const struct datapath_flow *flow)
{
	return (struct bpfteam_rdma_flow){
		.port = flow->port,
		.proto = flow->proto,
		.local_port = htons(flow->local_port),
		.remote_port = htons(flow->remote_port),
		.local = ip_or_any(&flow->local),
		.remote = ip_or_any(&flow->remote),
	};
}

/* What is in the map, in the order of the keys. */
static int read_map(struct change *change)
{
	struct bpfteam_rdma_flow *keys = calloc(BATCH, sizeof(*keys));
	__u32 *kinds = calloc(BATCH, sizeof(*kinds)), place, *from = NULL, n;
	struct entry *more;
	int r = keys && kinds ? 0 : -ENOMEM;

	while (!r && change->n_have <= MAP_MAX) {
		n = BATCH;
		r = bpf_map_lookup_batch(change->fd, from, &place, keys, kinds, &n, NULL);
		if (r && r != -ENOENT)
			break;
		more = realloc(change->have, (change->n_have + n + 1) * sizeof(*more));
		if (!more) {
			r = -ENOMEM;
			break;
		}
		change->have = more;
		for (__u32 i = 0; i < n; i++) {
			more[change->n_have++] = (struct entry){keys[i], kinds[i]};
			change->used += kinds[i] == change->kind;
		}
		from = &place;
	}
	free(keys);
	free(kinds);
	if (r != -ENOENT)
		return r;
	qsort(change->have, change->n_have, sizeof(*change->have), compare_keys);
	return 0;
}

static int list_wanted(struct change *change, const struct datapath_flow *flows, unsigned n)
{
	change->want = calloc(n + 1, sizeof(*change->want));
	change->placed = calloc(n + 1, sizeof(*change->placed));
	if (!change->want || !change->placed)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++)
		change->want[i] = key_of(&flows[i]);
	change->n_want = n;
	qsort(change->want, n, sizeof(*change->want), compare_keys);
	return 0;
}

/* Those that are missing, as far as there is room. What is there by hand is not learnt in addition. */
static void place(struct change *change)
{
	const struct bpfteam_rdma_flow *key = change->want;

	change->left = 0;
	for (unsigned i = 0; i < change->n_want; i++, key++) {
		const struct entry *entry = bsearch(key, change->have, change->n_have,
						    sizeof(*entry), compare_keys);

		if (change->placed[i] || (i && !compare_keys(key, key - 1)))
			continue;
		if (entry && (entry->kind == change->kind || entry->kind == BPFTEAM_RDMA_BY_HAND)) {
			change->placed[i] = true;
		} else if (change->used >= change->max ||
			   bpf_map_update_elem(change->fd, key, &change->kind, BPF_ANY)) {
			change->left++;
		} else {
			change->placed[i] = true;
			change->used++;
			change->count++;
		}
	}
}

static void set_bit(struct bpfteam_rdma_bitmap *bits, const struct bpfteam_rdma_flow *key)
{
	__u16 port = ntohs(key->local_port);

	bits->word[port / 64] |= 1ull << port % 64;
}

/* The local ports of all that is wanted, and of what is there for another reason. */
static int write_bits(struct bpfteam_rdma_bitmap *bitmap, const struct change *change)
{
	struct bpfteam_rdma_bitmap *bits = calloc(1, sizeof(*bits));

	if (!bits)
		return -ENOMEM;
	for (unsigned i = 0; i < change->n_want; i++)
		set_bit(bits, &change->want[i]);
	for (unsigned i = 0; i < change->n_have; i++) {
		if (change->have[i].kind != change->kind)
			set_bit(bits, &change->have[i].key);
	}
	for (unsigned i = 0; i < sizeof(bits->word) / sizeof(bits->word[0]); i++) {
		if (bitmap->word[i] != bits->word[i])
			STORE(bitmap->word[i], bits->word[i]);
	}
	free(bits);
	return 0;
}

static void remove_others(struct change *change)
{
	for (unsigned i = 0; i < change->n_have; i++) {
		const struct entry *entry = &change->have[i];

		if (entry->kind != change->kind ||
		    bsearch(&entry->key, change->want, change->n_want, sizeof(*change->want),
			    compare_keys) ||
		    bpf_map_delete_elem(change->fd, &entry->key))
			continue;
		change->used--;
		change->count++;
	}
}

static int make_change(struct change *change, struct bpfteam_rdma_bitmap *bitmap)
{
	bool learnt = change->kind == BPFTEAM_RDMA_IWARP;
	int r;

	place(change);
	if (learnt && change->left)
		STORE(bitmap->full, 1);
	r = write_bits(bitmap, change);
	if (r)
		return r;
	remove_others(change);
	if (change->left)
		place(change);
	if (learnt && !change->left)
		STORE(bitmap->full, 0);
	return change->left ? -E2BIG : change->count;
}

int datapath_set_flows(struct datapath *dp, enum bpfteam_rdma_kind kind,
		       const struct datapath_flow *flows, unsigned n)
{
	struct change change = {
		.fd = dp->map[DP_RDMA_FLOWS],
		.kind = kind,
		.max = kind == BPFTEAM_RDMA_BY_HAND ? BPFTEAM_RDMA_BY_HAND_MAX
						    : BPFTEAM_RDMA_FLOWS_MAX,
	};
	int r;

	if (!dp->mem[DP_RDMA_PORTS] || change.fd < 0)
		return -ENOENT;
	r = read_map(&change);
	r = r ?: list_wanted(&change, flows, n);
	r = r ?: make_change(&change, dp->mem[DP_RDMA_PORTS]);
	free(change.have);
	free(change.want);
	free(change.placed);
	return r;
}

bool datapath_flows_full(const struct datapath *dp)
{
	const struct bpfteam_rdma_bitmap *bitmap = dp->mem[DP_RDMA_PORTS];

	return bitmap && bitmap->full;
}
