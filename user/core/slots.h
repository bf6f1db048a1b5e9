/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * slots.h - fills the slot table: which ports each hash slot prefers, in order.
 *
 * Weighted rendezvous hashing (Thaler, Ravishankar 1998; weights as -w/ln(h), Schindelhauer,
 * Schomaker 2005): the score of a port in a slot depends on nothing but the slot, the port's id and
 * its weight. So a port that leaves moves only its own slots, spread over the others by weight, and
 * its return brings exactly those back.
 */
#ifndef BPFTEAM_CORE_SLOTS_H
#define BPFTEAM_CORE_SLOTS_H

#include <stdint.h>

#include "bpfteam/abi.h"

struct slot_port {
	uint8_t id;
	uint32_t weight; /* >= 1 */
};

/* n may be 0: every list is empty. Deterministic, the same on every machine. */
void slots_fill_weighted(struct bpfteam_slot slots[BPFTEAM_SLOTS], const struct slot_port *ports,
			 unsigned n);

/*
 * The same, but the first of the lists take turns, slot by slot, each as often as its weight says and
 * as evenly as that goes; who takes over from whom is as above. Returns how many slots, from slot 0,
 * hold whole rounds.
 */
unsigned slots_fill_turns(struct bpfteam_slot slots[BPFTEAM_SLOTS], const struct slot_port *ports,
			  unsigned n);

/* The same list in the first n_slots: order[0] first. */
void slots_fill_ordered(struct bpfteam_slot *slots, unsigned n_slots, const uint8_t *order,
			unsigned n);

/* In how many slots port id comes first among the ports of mask. */
unsigned slots_count(const struct bpfteam_slot slots[BPFTEAM_SLOTS], uint8_t id, uint64_t mask);

#endif
