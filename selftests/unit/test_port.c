// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_port.c - core/port.c: every state, every way from one to another, but for the delays. */
#include "port_bench.h"

static void test_init(void **state)
{
	struct port port;

	memset(&port, 0xff, sizeof(port));
	port_init(&port);
	assert_int_equal(port.state, PORT_MISSING);
	assert_false(port.seen);
	assert_false(port.link);
	assert_false(port_is_fallback(&port));
	assert_int_equal(port.deadline_ns, 0);
}

/* What every combination of facts makes of a port, by the precedence in port.h. */
static void test_precedence(void **state)
{
	static const char *const probes[] = {"off", "unknown", "ok", "failed"};

	for (unsigned bits = 0; bits < 32; bits++) {
		for (enum probe_verdict probe = PROBE_OFF; probe <= PROBE_FAILED; probe++) {
			struct bench bench = bench_new();
			bool present = bits & 1, up = bits & 2, carrier = bits & 4;
			bool drain = bits & 8, disable = bits & 16;

			bench.facts = (struct port_facts){present, up,    carrier, drain,
							  disable, probe, NULL};
			step(&bench, 0);
			print_message("# facts %u probe %s\n", bits, probes[probe]);
			if (!present)
				expect(&bench, PORT_MISSING, "removed");
			else if (disable)
				expect(&bench, PORT_DISABLED, "disabled by the administrator");
			else if (!up)
				expect(&bench, PORT_DOWN, "administratively down");
			else if (!carrier)
				expect(&bench, PORT_DOWN, "no carrier");
			else if (probe == PROBE_FAILED)
				expect(&bench, PORT_DOWN, "no ARP reply");
			else if (probe == PROBE_UNKNOWN)
				expect(&bench, PORT_PROBING, "waiting for an ARP reply");
			else if (drain)
				expect(&bench, PORT_DRAINED, "drained by the administrator");
			else
				expect(&bench, PORT_UP, "");
			assert_int_equal(bench.port.link, present && up && carrier);
			assert_int_equal(port_is_fallback(&bench.port),
					 present && !disable && !drain && probe != PROBE_FAILED &&
						 bench.port.state != PORT_UP);
			assert_int_equal(bench.port.deadline_ns, 0);
		}
	}
}

static void test_changed_and_since(void **state)
{
	struct bench bench = bench_up();
	uint64_t since = bench.port.since_ns;

	assert_int_equal(since, bench.now_ns);
	assert_false(step(&bench, 10));
	assert_int_equal(bench.port.since_ns, since);
	bench.facts.carrier = false;
	assert_true(step(&bench, 10));
	assert_int_equal(bench.port.since_ns, bench.now_ns);
	since = bench.now_ns;
	bench.facts.admin_up = false; /* another reason, the same state */
	assert_false(step(&bench, 10));
	expect(&bench, PORT_DOWN, "administratively down");
	assert_int_equal(bench.port.since_ns, since);
}

static void test_first_update_of_a_missing_port(void **state)
{
	struct bench bench = bench_new();

	bench.facts.present = false;
	assert_false(step(&bench, 5));
	assert_int_equal(bench.port.since_ns, bench.now_ns);
	expect(&bench, PORT_MISSING, "removed");
}

static void test_missing_reason(void **state)
{
	struct bench bench = bench_up();

	bench.facts.present = false;
	bench.facts.missing_reason = "moved to another namespace";
	assert_true(step(&bench, 1));
	expect(&bench, PORT_MISSING, "moved to another namespace");
	bench.facts.missing_reason = "a reason that is so long that it does not fit into the room "
				     "that there is for it";
	step(&bench, 1);
	assert_int_equal(strlen(bench.port.reason), sizeof(bench.port.reason) - 1);
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(init),
	TEST(precedence),
	TEST(changed_and_since),
	TEST(first_update_of_a_missing_port),
	TEST(missing_reason),
};

UNIT_MAIN(tests)
