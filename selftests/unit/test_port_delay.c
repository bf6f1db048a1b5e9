// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_port_delay.c - core/port.c: updelay, downdelay, and how the probe goes with them. */
#include "port_bench.h"

/* ---- updelay ---- */

static void test_updelay(void **state)
{
	struct bench bench = bench_up();
	uint64_t came;

	bench.facts.carrier = false;
	assert_true(step(&bench, 10));
	expect(&bench, PORT_DOWN, "no carrier");
	bench.facts.carrier = true;
	assert_true(step(&bench, 10));
	came = bench.now_ns;
	expect(&bench, PORT_PROBING, "link up, held back for 1000 ms");
	assert_true(bench.port.link);
	assert_true(port_is_fallback(&bench.port));
	assert_int_equal(bench.port.deadline_ns, came + 1000 * MS);
	assert_false(step(&bench, 999));
	expect(&bench, PORT_PROBING, "link up, held back for 1000 ms");
	assert_int_equal(bench.port.deadline_ns, came + 1000 * MS);
	assert_true(step(&bench, 1));
	expect(&bench, PORT_UP, "");
	assert_int_equal(bench.port.deadline_ns, 0);
}

static void bounce(struct bench *bench)
{
	bench->facts.carrier = false;
	step(bench, 10);
	bench->facts.carrier = true;
	step(bench, 10);
}

static void test_updelay_alone(void **state)
{
	struct bench bench = bench_up();

	bench.policy.others_up = false;
	bounce(&bench);
	expect(&bench, PORT_UP, "");
	bench.policy.others_up = true; /* once let go, it stays */
	assert_false(step(&bench, 10));
	expect(&bench, PORT_UP, "");
}

static void test_updelay_others_die(void **state)
{
	struct bench bench = bench_up();

	bounce(&bench);
	expect(&bench, PORT_PROBING, "link up, held back for 1000 ms");
	bench.policy.others_up = false;
	assert_true(step(&bench, 100));
	expect(&bench, PORT_UP, "");
	assert_int_equal(bench.port.deadline_ns, 0);
}

static void test_updelay_zero(void **state)
{
	struct bench bench = bench_up();

	bench.policy.updelay_ms = 0;
	bounce(&bench);
	expect(&bench, PORT_UP, "");
}

static void test_updelay_starts_anew(void **state)
{
	struct bench bench = bench_up();

	bounce(&bench);
	step(&bench, 900);
	bounce(&bench);
	expect(&bench, PORT_PROBING, "link up, held back for 1000 ms");
	assert_int_equal(bench.port.deadline_ns, bench.now_ns + 1000 * MS);
	step(&bench, 999);
	expect(&bench, PORT_PROBING, "link up, held back for 1000 ms");
	step(&bench, 1);
	expect(&bench, PORT_UP, "");
}

static void test_updelay_changed_while_held(void **state)
{
	struct bench bench = bench_up();

	bounce(&bench);
	bench.policy.updelay_ms = 300;
	step(&bench, 200);
	expect(&bench, PORT_PROBING, "link up, held back for 300 ms");
	step(&bench, 100);
	expect(&bench, PORT_UP, "");
}

static void test_updelay_after_removal_and_admin(void **state)
{
	struct bench bench = bench_up();

	bench.facts.present = false;
	step(&bench, 10);
	bench.facts.present = true;
	assert_true(step(&bench, 10));
	expect(&bench, PORT_PROBING, "link up, held back for 1000 ms");
	step(&bench, 1000);
	expect(&bench, PORT_UP, "");
	bench.facts.admin_up = false;
	step(&bench, 10);
	bench.facts.admin_up = true;
	step(&bench, 10);
	expect(&bench, PORT_PROBING, "link up, held back for 1000 ms");
}

/* Only a link that is new is held: not one that the administrator kept from use. */
static void test_updelay_not_after_drain(void **state)
{
	struct bench bench = bench_up();

	bench.facts.drain = true;
	assert_true(step(&bench, 10));
	bench.facts.drain = false;
	assert_true(step(&bench, 10));
	expect(&bench, PORT_UP, "");
	bench.facts.disable = true;
	assert_true(step(&bench, 10));
	bench.facts.disable = false;
	assert_true(step(&bench, 10));
	expect(&bench, PORT_UP, "");
}

static void test_updelay_runs_while_drained(void **state)
{
	struct bench bench = bench_up();

	bench.facts.drain = true;
	bounce(&bench);
	expect(&bench, PORT_DRAINED, "drained by the administrator");
	step(&bench, 400);
	bench.facts.drain = false;
	step(&bench, 0);
	expect(&bench, PORT_PROBING, "link up, held back for 1000 ms");
	assert_int_equal(bench.port.deadline_ns, bench.now_ns + 600 * MS);
}

static void test_updelay_with_probe(void **state)
{
	struct bench bench = bench_up();

	bench.facts.probe = PROBE_UNKNOWN;
	bounce(&bench);
	expect(&bench, PORT_PROBING, "waiting for an ARP reply");
	step(&bench, 200);
	bench.facts.probe = PROBE_OK;
	assert_false(step(&bench, 0));
	expect(&bench, PORT_PROBING, "link up, held back for 1000 ms");
	assert_true(step(&bench, 800));
	expect(&bench, PORT_UP, "");
}

/* The first sight of a port whose link is there trusts that link, even if the probe takes time. */
static void test_first_sight_with_probe(void **state)
{
	struct bench bench = bench_new();

	bench.facts.probe = PROBE_UNKNOWN;
	assert_true(step(&bench, 0));
	expect(&bench, PORT_PROBING, "waiting for an ARP reply");
	assert_true(port_is_fallback(&bench.port));
	bench.facts.probe = PROBE_OK;
	assert_true(step(&bench, 10));
	expect(&bench, PORT_UP, "");
}

static void test_probe_fails_and_recovers(void **state)
{
	struct bench bench = bench_up();

	bench.facts.probe = PROBE_FAILED;
	assert_true(step(&bench, 10));
	expect(&bench, PORT_DOWN, "no ARP reply");
	assert_true(bench.port.link);
	assert_false(port_is_fallback(&bench.port));
	bench.facts.probe = PROBE_OK;
	assert_true(step(&bench, 10));
	expect(&bench, PORT_UP, "");
}

/* ---- downdelay ---- */

static void test_downdelay(void **state)
{
	struct bench bench = bench_up();
	uint64_t lost;

	bench.policy.downdelay_ms = 200;
	bench.facts.carrier = false;
	assert_false(step(&bench, 50));
	lost = bench.now_ns;
	expect(&bench, PORT_UP, "");
	assert_true(bench.port.link);
	assert_int_equal(bench.port.deadline_ns, lost + 200 * MS);
	assert_false(step(&bench, 199));
	assert_int_equal(bench.port.deadline_ns, lost + 200 * MS);
	assert_true(step(&bench, 1));
	expect(&bench, PORT_DOWN, "no carrier");
	assert_false(bench.port.link);
	assert_int_equal(bench.port.deadline_ns, 0);
}

static void test_downdelay_returns_in_time(void **state)
{
	struct bench bench = bench_up();

	bench.policy.downdelay_ms = 200;
	bench.facts.carrier = false;
	step(&bench, 50);
	bench.facts.carrier = true;
	assert_false(step(&bench, 150));
	expect(&bench, PORT_UP, "");
	assert_int_equal(bench.port.deadline_ns, 0);
	bench.facts.carrier = false; /* counted from the second loss */
	step(&bench, 100);
	step(&bench, 199);
	expect(&bench, PORT_UP, "");
	step(&bench, 1);
	expect(&bench, PORT_DOWN, "no carrier");
}

static void test_downdelay_not_for_admin_or_removal(void **state)
{
	struct bench bench = bench_up();

	bench.policy.downdelay_ms = 200;
	bench.facts.admin_up = false;
	bench.facts.carrier = false;
	assert_true(step(&bench, 1));
	expect(&bench, PORT_DOWN, "administratively down");
	assert_false(bench.port.link);

	bench = bench_up();
	bench.policy.downdelay_ms = 200;
	bench.facts.carrier = false;
	step(&bench, 1);
	bench.facts.present = false;
	assert_true(step(&bench, 1));
	expect(&bench, PORT_MISSING, "removed");
	assert_false(bench.port.link);
	assert_int_equal(bench.port.deadline_ns, 0);
}

static void test_downdelay_only_when_up(void **state)
{
	struct bench bench = bench_up();

	bench.policy.downdelay_ms = 200;
	bench.facts.probe = PROBE_FAILED;
	step(&bench, 1);
	bench.facts.carrier = false;
	step(&bench, 1);
	expect(&bench, PORT_DOWN, "no carrier");

	bench = bench_up();
	bounce(&bench);
	bench.policy.downdelay_ms = 200;
	bench.facts.carrier = false;
	assert_true(step(&bench, 10));
	expect(&bench, PORT_DOWN, "no carrier");
}

/* A port that was in its downdelay when it was drained ends it all the same. */
static void test_downdelay_and_drain(void **state)
{
	struct bench bench = bench_up();

	bench.policy.downdelay_ms = 200;
	bench.facts.carrier = false;
	step(&bench, 0);
	bench.facts.drain = true;
	assert_true(step(&bench, 100));
	expect(&bench, PORT_DRAINED, "drained by the administrator");
	assert_true(step(&bench, 100));
	expect(&bench, PORT_DOWN, "no carrier");
	assert_false(port_is_fallback(&bench.port));
}

static void test_downdelay_not_at_first_sight(void **state)
{
	struct bench bench = bench_new();

	bench.policy.downdelay_ms = 200;
	bench.facts.carrier = false;
	assert_true(step(&bench, 0));
	expect(&bench, PORT_DOWN, "no carrier");
	assert_true(port_is_fallback(&bench.port));
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(updelay),
	TEST(updelay_alone),
	TEST(updelay_others_die),
	TEST(updelay_zero),
	TEST(updelay_starts_anew),
	TEST(updelay_changed_while_held),
	TEST(updelay_after_removal_and_admin),
	TEST(updelay_not_after_drain),
	TEST(updelay_runs_while_drained),
	TEST(updelay_with_probe),
	TEST(first_sight_with_probe),
	TEST(probe_fails_and_recovers),
	TEST(downdelay),
	TEST(downdelay_returns_in_time),
	TEST(downdelay_not_for_admin_or_removal),
	TEST(downdelay_only_when_up),
	TEST(downdelay_and_drain),
	TEST(downdelay_not_at_first_sight),
};

UNIT_MAIN(tests)
