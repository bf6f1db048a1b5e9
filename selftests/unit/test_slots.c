// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_slots.c - core/slots.c: shares by weight, and no flow moved without need. Each property is
 * checked on the lists themselves, over random teams.
 */
#include <time.h>

#include "unit.h"
#include "core/slots.h"

#define ALL UINT64_MAX

static struct bpfteam_slot before[BPFTEAM_SLOTS], after[BPFTEAM_SLOTS];

static void make_team(uint64_t *seed, struct slot_port *ports, unsigned n)
{
	uint64_t used = 0;

	for (unsigned i = 0; i < n; i++) {
		uint8_t id;

		do {
			id = unit_below(seed, BPFTEAM_PORTS_MAX);
		} while (used >> id & 1);
		used |= 1ULL << id;
		ports[i] = (struct slot_port){id, 1 + unit_below(seed, 16)};
	}
}

static unsigned without(const struct slot_port *ports, unsigned n, unsigned leaves,
			struct slot_port *ret)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (i != leaves)
			ret[kept++] = ports[i];
	}
	return kept;
}

static void check_even(const struct slot_port *ports, unsigned n, uint64_t mask, double slack)
{
	double share = (double)BPFTEAM_SLOTS / __builtin_popcountll(mask);

	for (unsigned i = 0; i < n; i++) {
		unsigned count = slots_count(after, ports[i].id, mask);

		if (mask >> ports[i].id & 1)
			assert_true(count >= share * (1 - slack) && count <= share * (1 + slack));
		else
			assert_int_equal(count, 0);
	}
}

/* What SEED was chosen for: any 2 to 4 of the ids 0 to 7, and the first n of them. */
static void test_even_shares(void **state)
{
	struct slot_port ports[8];

	for (unsigned i = 0; i < 8; i++)
		ports[i] = (struct slot_port){i, 7};
	slots_fill_weighted(after, ports, 8);
	for (unsigned mask = 1; mask < 256; mask++) {
		unsigned n = __builtin_popcount(mask);

		if (n <= 4)
			check_even(ports, 8, mask, mask < 32 && mask < 2u << n ? 0.017 : 0.04);
		else if (!(mask & (mask + 1)))
			check_even(ports, 8, mask, 0.026);
	}
}

/* Any four ids: four standard deviations. */
static void test_even_shares_any_ids(void **state)
{
	struct slot_port ports[4];
	uint64_t seed = 1;

	for (unsigned round = 0; round < 50; round++) {
		uint64_t mask = 0;

		make_team(&seed, ports, 4);
		for (unsigned i = 0; i < 4; i++) {
			ports[i].weight = 1;
			mask |= 1ULL << ports[i].id;
		}
		slots_fill_weighted(after, ports, 4);
		check_even(ports, 4, mask, 0.074);
	}
}

/* Every round holds each port as often as its weight says, and no port twice running without need. */
static void test_turns(void **state)
{
	struct slot_port ports[8];
	uint64_t seed = 3;

	for (unsigned round = 0; round < 40; round++) {
		unsigned n = 1 + unit_below(&seed, 8), sum = 0, turns;

		make_team(&seed, ports, n);
		for (unsigned i = 0; i < n; i++) {
			ports[i].weight = round & 1 ? ports[i].weight : 1;
			sum += ports[i].weight;
		}
		turns = slots_fill_turns(after, ports, n);
		assert_int_equal(turns, BPFTEAM_SLOTS / sum * sum);
		for (unsigned slot = 0; slot < turns; slot += sum) {
			for (unsigned i = 0; i < n; i++) {
				unsigned count = 0;

				for (unsigned k = 0; k < sum; k++)
					count += after[slot + k].port[0] == ports[i].id;
				assert_int_equal(count, ports[i].weight);
			}
		}
		for (unsigned slot = 1; !(round & 1) && n > 1 && slot < turns; slot++)
			assert_int_not_equal(after[slot].port[0], after[slot - 1].port[0]);
	}
	assert_int_equal(slots_fill_turns(after, ports, 0), BPFTEAM_SLOTS);
	assert_int_equal(after[0].port[0], BPFTEAM_PORT_NONE);
}

/* Behind the port whose turn it is the others stand as ever: all of them, by weight. */
static void test_turns_of_the_dead(void **state)
{
	struct slot_port ports[12];
	unsigned counted = 0;

	for (unsigned i = 0; i < 12; i++)
		ports[i] = (struct slot_port){i, 1};
	slots_fill_turns(after, ports, 4);
	for (unsigned i = 1; i < 4; i++)
		assert_in_range(slots_count(after, i, ALL & ~1ull), 1365 - 60, 1365 + 60);
	slots_fill_turns(after, ports, 12);
	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++) {
		uint64_t seen = 0;

		for (unsigned i = 0; i < BPFTEAM_SLOT_PORTS; i++)
			seen |= 1ull << after[slot].port[i];
		counted += __builtin_popcountll(seen) == BPFTEAM_SLOT_PORTS;
	}
	assert_int_equal(counted, BPFTEAM_SLOTS);
}

static void test_weighted_shares(void **state)
{
	struct slot_port ports[4];
	uint64_t seed = 2;

	for (unsigned round = 0; round < 40; round++) {
		unsigned sum = 0;

		make_team(&seed, ports, 4);
		for (unsigned i = 0; i < 4; i++)
			sum += ports[i].weight;
		slots_fill_weighted(after, ports, 4);
		for (unsigned i = 0; i < 4; i++) {
			int share = BPFTEAM_SLOTS * ports[i].weight / sum;
			int got = slots_count(after, ports[i].id, ALL);

			/* 5% of the share, or 3 standard deviations where that is more. */
			assert_true(abs(got - share) <= share / 20 + 45);
		}
	}
	ports[0] = (struct slot_port){0, 1};
	ports[1] = (struct slot_port){1, 256};
	slots_fill_weighted(after, ports, 2);
	assert_in_range(slots_count(after, 0, ALL), 8, 24); /* 15.9 */
}

/* Every list is sorted out of the team, each port once, and PORT_NONE only at the end. */
static void test_lists(void **state)
{
	struct slot_port ports[BPFTEAM_PORTS_MAX];
	uint64_t seed = 3;

	for (unsigned n = 0; n <= BPFTEAM_PORTS_MAX; n += n < 10 ? 1 : 9) {
		uint64_t members = 0;

		make_team(&seed, ports, n);
		for (unsigned i = 0; i < n; i++)
			members |= 1ULL << ports[i].id;
		slots_fill_weighted(after, ports, n);
		for (unsigned s = 0; s < BPFTEAM_SLOTS; s++) {
			uint64_t seen = 0;

			for (unsigned i = 0; i < BPFTEAM_SLOT_PORTS; i++) {
				uint8_t id = after[s].port[i];

				if (i >= n) {
					assert_int_equal(id, BPFTEAM_PORT_NONE);
					continue;
				}
				assert_true(id < BPFTEAM_PORTS_MAX && (members >> id & 1));
				assert_false(seen >> id & 1);
				seen |= 1ULL << id;
			}
		}
	}
}

static void remove_from(struct bpfteam_slot *slot, uint8_t id)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < BPFTEAM_SLOT_PORTS; i++) {
		if (slot->port[i] != id)
			slot->port[kept++] = slot->port[i];
	}
	while (kept < BPFTEAM_SLOT_PORTS)
		slot->port[kept++] = BPFTEAM_PORT_NONE;
}

/* A port that leaves vanishes from the lists, and nothing else changes in them. */
static void test_leave(void **state)
{
	struct slot_port ports[8], rest[8];
	uint64_t seed = 4;

	for (unsigned round = 0; round < 20; round++) {
		unsigned n = 2 + unit_below(&seed, 7), leaves = unit_below(&seed, n);

		make_team(&seed, ports, n);
		slots_fill_weighted(before, ports, n);
		slots_fill_weighted(after, rest, without(ports, n, leaves, rest));
		for (unsigned s = 0; s < BPFTEAM_SLOTS; s++)
			remove_from(&before[s], ports[leaves].id);
		assert_memory_equal(before, after, sizeof(after));
	}
}

/* The slots of a port that leaves go to all others, by weight; in teams beyond one list, too. */
static void test_spread(void **state)
{
	struct slot_port ports[12], rest[12];
	uint64_t seed = 5;

	for (unsigned round = 0; round < 20; round++) {
		unsigned n = round < 10 ? 5 : 12, kept, sum = 0, moved = 0;
		int gained[12] = {0};

		make_team(&seed, ports, n);
		slots_fill_weighted(before, ports, n);
		kept = without(ports, n, 0, rest);
		slots_fill_weighted(after, rest, kept);
		for (unsigned i = 0; i < kept; i++)
			sum += rest[i].weight;
		for (unsigned s = 0; s < BPFTEAM_SLOTS; s++) {
			if (before[s].port[0] != ports[0].id) {
				assert_int_equal(before[s].port[0], after[s].port[0]);
				continue;
			}
			moved++;
			for (unsigned i = 0; i < kept; i++)
				gained[i] += after[s].port[0] == rest[i].id;
		}
		for (unsigned i = 0; i < kept; i++) {
			double want = (double)moved * rest[i].weight / sum;

			/* Four standard deviations of independent draws. */
			assert_true((gained[i] - want) * (gained[i] - want) <= 16 * (want + 1));
		}
	}
}

static void test_order_and_repeat(void **state)
{
	struct slot_port ports[9], turned[9];
	uint64_t seed = 6;

	make_team(&seed, ports, 9);
	for (unsigned i = 0; i < 9; i++)
		turned[i] = ports[8 - i];
	slots_fill_weighted(before, ports, 9);
	slots_fill_weighted(after, turned, 9);
	assert_memory_equal(before, after, sizeof(after));
}

/* Weights count by their ratio; a heavier port only gains, each of its new slots from another. */
static void test_weight_change(void **state)
{
	struct slot_port ports[5];
	uint64_t seed = 7;

	for (unsigned round = 0; round < 10; round++) {
		unsigned gained = 0;

		make_team(&seed, ports, 5);
		slots_fill_weighted(before, ports, 5);
		for (unsigned i = 0; i < 5; i++)
			ports[i].weight *= 3;
		slots_fill_weighted(after, ports, 5);
		assert_memory_equal(before, after, sizeof(after));
		ports[2].weight += 5;
		slots_fill_weighted(after, ports, 5);
		for (unsigned s = 0; s < BPFTEAM_SLOTS; s++) {
			if (before[s].port[0] == after[s].port[0])
				continue;
			assert_int_equal(after[s].port[0], ports[2].id);
			gained++;
		}
		assert_true(gained > 0);
	}
}

/* Flows must not move when bpfteam is upgraded: the table is a promise. FNV-1a over it. */
static void test_frozen(void **state)
{
	static const struct slot_port ports[] = {{0, 1}, {1, 4}, {2, 2}, {17, 256}, {63, 10}};
	uint64_t hash = 0xcbf29ce484222325;

	slots_fill_weighted(after, ports, ARRAY_SIZE(ports));
	for (size_t i = 0; i < sizeof(after); i++)
		hash = (hash ^ ((const uint8_t *)after)[i]) * 0x100000001b3;
	assert_int_equal(hash, 0x4f964e4217bbe87d);
}

static void test_ordered(void **state)
{
	static const uint8_t order[] = {5, 0, 63, 7, 8, 9, 10, 11, 12, 13};
	static const uint8_t few[] = {3, 4};

	slots_fill_ordered(after, BPFTEAM_SLOTS, order, ARRAY_SIZE(order));
	for (unsigned s = 0; s < BPFTEAM_SLOTS; s++)
		assert_memory_equal(after[s].port, order, BPFTEAM_SLOT_PORTS);
	slots_fill_ordered(after, BPFTEAM_SLOTS, few, ARRAY_SIZE(few));
	for (unsigned s = 0; s < BPFTEAM_SLOTS; s++)
		assert_memory_equal(after[s].port, "\3\4\xff\xff\xff\xff\xff\xff", 8);
	slots_fill_ordered(after, BPFTEAM_SLOTS, few, 0);
	for (unsigned s = 0; s < BPFTEAM_SLOTS; s++)
		assert_memory_equal(after[s].port, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

static void test_count(void **state)
{
	static const uint8_t order[] = {5, 0, 63}, full[] = {1, 2, 3, 4, 5, 6, 7, 8};

	slots_fill_ordered(after, BPFTEAM_SLOTS, order, ARRAY_SIZE(order));
	assert_int_equal(slots_count(after, 5, ALL), BPFTEAM_SLOTS);
	assert_int_equal(slots_count(after, 0, ALL), 0);
	assert_int_equal(slots_count(after, 0, ~(1ULL << 5)), BPFTEAM_SLOTS);
	assert_int_equal(slots_count(after, 63, 1ULL << 63), BPFTEAM_SLOTS);
	assert_int_equal(slots_count(after, 5, 0), 0);
	slots_fill_ordered(after, BPFTEAM_SLOTS, full, ARRAY_SIZE(full));
	assert_int_equal(slots_count(after, 8, 1ULL << 9), 0); /* to the end of a full list */
	slots_fill_ordered(after, BPFTEAM_SLOTS, order, ARRAY_SIZE(order));
	after[7].port[0] = 0;
	assert_int_equal(slots_count(after, 0, ALL), 1);
}

/* Generous, since this runs under sanitizers: without them it is 4 ms. */
static void test_fast(void **state)
{
	struct slot_port ports[BPFTEAM_PORTS_MAX];
	clock_t start = clock();

	for (unsigned i = 0; i < BPFTEAM_PORTS_MAX; i++)
		ports[i] = (struct slot_port){i, 1 + i % 7};
	slots_fill_weighted(after, ports, BPFTEAM_PORTS_MAX);
	assert_true(clock() - start < CLOCKS_PER_SEC / 4);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_even_shares),
	cmocka_unit_test(test_turns),
	cmocka_unit_test(test_turns_of_the_dead),
	cmocka_unit_test(test_even_shares_any_ids),
	cmocka_unit_test(test_weighted_shares),
	cmocka_unit_test(test_lists),
	cmocka_unit_test(test_leave),
	cmocka_unit_test(test_spread),
	cmocka_unit_test(test_order_and_repeat),
	cmocka_unit_test(test_weight_change),
	cmocka_unit_test(test_frozen),
	cmocka_unit_test(test_ordered),
	cmocka_unit_test(test_count),
	cmocka_unit_test(test_fast),
};

UNIT_MAIN(tests)
