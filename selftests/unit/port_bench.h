/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* port_bench.h - one port with a clock, for the tests of core/port.c. */
#ifndef BPFTEAM_SELFTESTS_UNIT_PORT_BENCH_H
#define BPFTEAM_SELFTESTS_UNIT_PORT_BENCH_H

#include "unit.h"
#include "core/port.h"

#define MS 1000000ULL

struct bench {
	struct port port;
	struct port_facts facts;
	struct port_policy policy;
	uint64_t now_ns;
};

static inline bool step(struct bench *bench, unsigned ms)
{
	bench->now_ns += ms * MS;
	return port_update(&bench->port, &bench->facts, &bench->policy, bench->now_ns);
}

static inline void expect(const struct bench *bench, enum port_state state, const char *reason)
{
	assert_string_equal(name_of(port_state_names, bench->port.state),
			    name_of(port_state_names, state));
	assert_string_equal(bench->port.reason, reason);
}

static inline struct bench bench_new(void)
{
	struct bench bench = {
		.facts = {.present = true, .admin_up = true, .carrier = true},
		.policy = {.updelay_ms = 1000, .others_up = true},
		.now_ns = 123456789,
	};

	port_init(&bench.port);
	return bench;
}

static inline struct bench bench_up(void)
{
	struct bench bench = bench_new();

	assert_true(step(&bench, 0));
	expect(&bench, PORT_UP, "");
	return bench;
}

#endif
