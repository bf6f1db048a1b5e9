// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_err.c - core/err.c: one line, whatever is put into it. */
#include "unit.h"
#include "core/err.h"

static void test_set(void **state)
{
	struct err err;

	assert_int_equal(err_set(&err, -22, "port %s: %d", "eth0", 7), -22);
	assert_string_equal(err.text, "port eth0: 7");
	assert_int_equal(err_set(NULL, -5, "nobody listens"), -5);
}

static void test_prefix(void **state)
{
	struct err err;

	err_set(&err, -22, "why");
	assert_int_equal(err_prefix(&err, -7, "%s:%d", "file", 3), -7);
	assert_string_equal(err.text, "file:3: why");
	assert_int_equal(err_prefix(NULL, -5, "nobody"), -5);
}

static void test_one_line(void **state)
{
	struct err err;

	err_set(&err, -22, "a\nb\tc\033[31m\x7f");
	assert_string_equal(err.text, "a b c [31m ");
	err_set(&err, -22, "why");
	err_prefix(&err, -22, "new\nline");
	assert_string_equal(err.text, "new line: why");
	err_set(&err, -22, "caf\xc3\xa9");
	assert_string_equal(err.text, "caf\xc3\xa9");
}

static void test_too_long(void **state)
{
	char text[2000];
	struct err err;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, -22, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, -22, "%s", "start");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "start: xxx", 10);
	err_prefix(&err, -22, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_set),
	cmocka_unit_test(test_prefix),
	cmocka_unit_test(test_one_line),
	cmocka_unit_test(test_too_long),
};

UNIT_MAIN(tests)
