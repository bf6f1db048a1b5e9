// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * slots.c - weighted rendezvous hashing into the slot table. Called by plan.c.
 *
 * In every slot each port draws a number u in (0, 1); the ports stand in the order of -ln(u)/weight,
 * least first, which makes port p the first with probability weight(p) / sum of weights. Three
 * things differ from the textbook:
 *
 * - Integers only (32 fraction bits, scores compared by cross-multiplication), so that every
 *   machine and every compiler flag gives the same table.
 * - A port's draws over the 4,096 slots are stratified: the upper 12 bits of u are a permutation of
 *   0..4095 that belongs to the port id. That takes a third off the deviation of the shares.
 * - SEED is the best of 100,000 for ports of equal weight: any 2 to 4 ports with ids below 8 are
 *   within 4 % of even, the first 2 to 4 within 1.7 %, also with one of them lost, and the first 5
 *   to 8 within 2.6 %. Ids and weights in general: one standard deviation is 1.8 % for four ports.
 *
 * slots_fill_turns() puts the port whose turn it is in front of such a list.
 *
 * A change to any constant here moves flows at the upgrade of a running team.
 */
#include <stdbool.h>
#include <string.h>

#include "core/slots.h"

#define SEED 91343
#define LOG_STEPS 256

/* -log2 of 1 + i/256, 32 fraction bits, for interpolation; built per call: 257 short loops. */
struct log_table {
	uint64_t log2[LOG_STEPS + 1];
};

/* Finaliser of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* log2(1 + i/256) bit by bit: squaring doubles the logarithm, an overflow past 2 is a one bit. */
static void log_table_init(struct log_table *table)
{
	for (unsigned i = 0; i < LOG_STEPS; i++) {
		uint64_t x = (uint64_t)(LOG_STEPS + i) << 23; /* 31 fraction bits */
		uint64_t log = 0;

		for (int bit = 31; bit >= 0; bit--) {
			x = x * x >> 31;
			if (x >> 32) {
				x >>= 1;
				log |= 1ULL << bit;
			}
		}
		table->log2[i] = log;
	}
	table->log2[LOG_STEPS] = 1ULL << 32;
}

/* -log2(u / 2^32) with 32 fraction bits, for u in 1..2^32-1. Never rises with u. */
static uint64_t neg_log2(const struct log_table *table, uint32_t u)
{
	unsigned shift = __builtin_clz(u);
	uint32_t mantissa = u << shift; /* 1.31 */
	unsigned step = mantissa >> 23 & (LOG_STEPS - 1);
	uint64_t rest = mantissa & ((1 << 23) - 1);
	uint64_t low = table->log2[step], high = table->log2[step + 1];

	return ((uint64_t)(shift + 1) << 32) - low - ((high - low) * rest >> 23);
}

/* How one port draws: keys of its permutation of the strata, and of the bits below them. */
struct draw {
	uint32_t add[3], multiply[3]; /* multiply: odd, so that it can be undone modulo 4,096 */
	uint64_t key;
	uint32_t weight;
	uint8_t id;
};

static void draw_init(struct draw *draw, const struct slot_port *port)
{
	draw->key = mix(SEED << 8 | port->id);
	draw->weight = port->weight;
	draw->id = port->id;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t bits = mix(draw->key + i);

		draw->add[i] = bits;
		draw->multiply[i] = bits >> 32 | 1;
	}
}

/* u of the port in this slot. Each step is a bijection of 12 bits, hence so is the whole. */
static uint32_t draw_number(const struct draw *draw, uint32_t slot)
{
	uint32_t x = slot;

	for (unsigned i = 0; i < 3; i++) {
		x = (x + draw->add[i]) * draw->multiply[i] & (BPFTEAM_SLOTS - 1);
		x ^= x >> (BPFTEAM_SLOT_BITS / 2 + 1);
	}
	return x << (32 - BPFTEAM_SLOT_BITS) | (mix(draw->key ^ slot) >> (32 + BPFTEAM_SLOT_BITS)) |
	       1;
}

struct rank {
	uint64_t score; /* -log2(u): less is better, in proportion to the weight */
	uint32_t weight;
	uint8_t id;
};

/* The id breaks a tie, so that the order of the ports in the call does not matter. */
static bool rank_before(const struct rank *a, const struct rank *b)
{
	unsigned __int128 left = (unsigned __int128)a->score * b->weight;
	unsigned __int128 right = (unsigned __int128)b->score * a->weight;

	return left != right ? left < right : a->id < b->id;
}

/* Inserts into a sorted list of at most BPFTEAM_SLOT_PORTS; the last one falls off. */
static unsigned rank_insert(struct rank *list, unsigned n, const struct rank *rank)
{
	unsigned at = n;

	while (at && rank_before(rank, &list[at - 1]))
		at--;
	if (at == BPFTEAM_SLOT_PORTS)
		return n;
	if (n < BPFTEAM_SLOT_PORTS)
		n++;
	memmove(&list[at + 1], &list[at], (n - at - 1) * sizeof(*list));
	list[at] = *rank;
	return n;
}

void slots_fill_weighted(struct bpfteam_slot slots[BPFTEAM_SLOTS], const struct slot_port *ports,
			 unsigned n)
{
	struct draw draws[BPFTEAM_PORTS_MAX];
	struct log_table table;

	log_table_init(&table);
	for (unsigned p = 0; p < n; p++)
		draw_init(&draws[p], &ports[p]);
	memset(slots, BPFTEAM_PORT_NONE, BPFTEAM_SLOTS * sizeof(*slots));
	for (uint32_t slot = 0; slot < BPFTEAM_SLOTS; slot++) {
		struct rank list[BPFTEAM_SLOT_PORTS];
		unsigned listed = 0;

		for (unsigned p = 0; p < n; p++) {
			struct rank rank = {
				.score = neg_log2(&table, draw_number(&draws[p], slot)),
				.weight = draws[p].weight,
				.id = draws[p].id,
			};

			listed = rank_insert(list, listed, &rank);
		}
		for (unsigned i = 0; i < listed; i++)
			slots[slot].port[i] = list[i].id;
	}
}

/* To the front; the others keep their order, and of a full list the last falls off. */
static void put_first(struct bpfteam_slot *slot, uint8_t id)
{
	unsigned at = 0;

	while (at < BPFTEAM_SLOT_PORTS - 1 && slot->port[at] != id)
		at++;
	memmove(&slot->port[1], slot->port, at);
	slot->port[0] = id;
}

/* Who lags furthest behind its share is next (as in "smooth" weighted round robin). */
static unsigned next_turn(int64_t *credit, const struct slot_port *ports, unsigned n,
			  uint32_t round)
{
	unsigned best = 0;

	for (unsigned p = 0; p < n; p++) {
		credit[p] += ports[p].weight;
		if (credit[p] > credit[best])
			best = p;
	}
	credit[best] -= round;
	return best;
}

unsigned slots_fill_turns(struct bpfteam_slot slots[BPFTEAM_SLOTS], const struct slot_port *ports,
			  unsigned n)
{
	int64_t credit[BPFTEAM_PORTS_MAX] = {0};
	uint32_t round = 0;

	slots_fill_weighted(slots, ports, n);
	for (unsigned p = 0; p < n; p++)
		round += ports[p].weight;
	for (unsigned slot = 0; n && slot < BPFTEAM_SLOTS; slot++)
		put_first(&slots[slot], ports[next_turn(credit, ports, n, round)].id);
	/* A round that does not fit is cut: of more than 4,096 turns each port gets its share of these. */
	return round && round < BPFTEAM_SLOTS ? BPFTEAM_SLOTS - BPFTEAM_SLOTS % round
					      : BPFTEAM_SLOTS;
}

void slots_fill_ordered(struct bpfteam_slot *slots, unsigned n_slots, const uint8_t *order,
			unsigned n)
{
	if (n > BPFTEAM_SLOT_PORTS)
		n = BPFTEAM_SLOT_PORTS;
	memset(slots, BPFTEAM_PORT_NONE, n_slots * sizeof(*slots));
	for (unsigned slot = 0; n && slot < n_slots; slot++)
		memcpy(slots[slot].port, order, n);
}

unsigned slots_count(const struct bpfteam_slot slots[BPFTEAM_SLOTS], uint8_t id, uint64_t mask)
{
	unsigned count = 0;

	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++) {
		for (unsigned i = 0; i < BPFTEAM_SLOT_PORTS; i++) {
			uint8_t port = slots[slot].port[i];

			if (port >= BPFTEAM_PORTS_MAX)
				break;
			if (!(mask >> port & 1))
				continue;
			count += port == id;
			break;
		}
	}
	return count;
}
