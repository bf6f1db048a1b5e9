/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* unit.h - what every unit test starts with: cmocka, TAP output, numbers that repeat. */
#ifndef BPFTEAM_SELFTESTS_UNIT_H
#define BPFTEAM_SELFTESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define UNIT_MAIN(tests)                                          \
	int main(void)                                            \
	{                                                         \
		cmocka_set_message_output(CM_OUTPUT_TAP);         \
		return cmocka_run_group_tests(tests, NULL, NULL); \
	}

/* xorshift64 (Marsaglia 2003): the same sequence on every machine. */
static inline uint64_t unit_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

static inline unsigned unit_below(uint64_t *seed, unsigned limit)
{
	return unit_random(seed) % limit;
}

#endif
