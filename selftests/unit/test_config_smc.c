// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_config_smc.c - the section smc of a team's configuration: shape, rules, text, difference. */
#include <errno.h>

#include "unit.h"
#include "core/config.h"

static struct config config, other;
static struct err err;

#define BASE "team: t\nports:\n- {name: eth0}\n"
#define GOOD BASE "rdma: {smc: true}\n"

static int parse(const char *text)
{
	err.text[0] = '\0';
	return config_parse(text, strlen(text), "f", &config, &err);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{GOOD "smc: true\n",
		 "f:5: smc: must be keys with values, like {cgroups: ...}, not a single value"},
		{GOOD "smc: {ports: [5201]}\n",
		 "f:5: smc.ports: can't be told: the kernel asks for SMC when a socket is made, "
		 "which has no port yet; name the program's cgroup in smc.cgroups"},
		{GOOD "smc: {qqq: 1}\n", "f:5: smc.qqq: unknown key (known are cgroups)"},
		{GOOD "smc: {cgroups: a}\n",
		 "f:5: smc.cgroups: must be a list, not a single value"},
		{GOOD "smc:\n  cgroups:\n  - a\n  - ../b\n",
		 "f:8: smc.cgroups: \"../b\" is not a cgroup's path below /sys/fs/cgroup "
		 "(system.slice/app.service)"},
		{GOOD "smc: {cgroups: [/a]}\n",
		 "f:5: smc.cgroups: \"/a\" is not a cgroup's path below /sys/fs/cgroup "
		 "(system.slice/app.service)"},
		{GOOD "smc: {cgroups: [a/./b]}\n", "f:5: smc.cgroups: \"a/./b\" is not a cgroup's "
						   "path below /sys/fs/cgroup "
						   "(system.slice/app.service)"},
		{GOOD "smc: {cgroups: [a//b]}\n", "f:5: smc.cgroups: \"a//b\" is not a cgroup's "
						  "path below /sys/fs/cgroup "
						  "(system.slice/app.service)"},
		{GOOD "smc: {cgroups: [\"a b\"]}\n", "f:5: smc.cgroups: \"a b\" is not a cgroup's "
						     "path below /sys/fs/cgroup "
						     "(system.slice/app.service)"},
		{GOOD "smc: {cgroups: [a, b, a]}\n", "f:5: smc.cgroups: \"a\" is listed twice"},
		{GOOD "smc: {cgroups: [a, b, c, d, e, f, g, h, i]}\n",
		 "f:5: smc.cgroups: 9 are too many (at most 8)"},
		{BASE "rdma: {}\nsmc: {cgroups: [a]}\n",
		 "f:5: smc.cgroups: no RDMA vport for SMC's connections: rdma: {smc: true, ...}"},
		{BASE "smc: {cgroups: [a]}\n",
		 "f:4: smc.cgroups: no RDMA vport for SMC's connections: rdma: {smc: true, ...}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(bad[i].text), -EINVAL);
		assert_string_equal(err.text, bad[i].why);
	}
}

/* As long as a path may be, and one byte more. */
static void test_length(void **state)
{
	char text[400], path[CONFIG_CGROUP_LEN + 1];

	memset(path, 'a', sizeof(path));
	path[CONFIG_CGROUP_LEN - 1] = '\0';
	snprintf(text, sizeof(text), GOOD "smc: {cgroups: [%s]}\n", path);
	assert_int_equal(parse(text), 0);
	assert_string_equal(config.smc_cgroups[0], path);
	path[CONFIG_CGROUP_LEN - 1] = 'a';
	path[CONFIG_CGROUP_LEN] = '\0';
	snprintf(text, sizeof(text), GOOD "smc: {cgroups: [%s]}\n", path);
	assert_int_equal(parse(text), -EINVAL);
	assert_string_equal(err.text,
			    "f:5: smc.cgroups: must be at most 199 bytes, none of them NUL");
}

static void test_text(void **state)
{
	char *text;

	assert_int_equal(parse(GOOD "smc:\n  cgroups: [system.slice/a@1.service, b\\x2d]\n"), 0);
	other = config;
	assert_int_equal(config_format(&config, &text), 0);
	assert_non_null(strstr(text, "\nsmc: {cgroups: [system.slice/a@1.service, b\\x2d]}\n"));
	assert_int_equal(parse(text), 0);
	assert_memory_equal(&config, &other, sizeof(config));
	free(text);
	assert_int_equal(parse(GOOD "smc: {cgroups: []}\n"), 0);
	assert_int_equal(config.n_smc_cgroups, 0);
	assert_int_equal(parse(GOOD "smc: {}\n"), 0);
}

/* What no text has been: a struct of bytes. */
static void test_check(void **state)
{
	assert_int_equal(parse(GOOD "smc: {cgroups: [a]}\n"), 0);
	memset(config.smc_cgroups[0], 'a', sizeof(config.smc_cgroups[0]));
	assert_int_equal(config_check(&config, &err), -EINVAL);
	strcpy(config.smc_cgroups[0], "");
	assert_int_equal(config_check(&config, &err), -EINVAL);
	config.n_smc_cgroups = 9;
	assert_int_equal(config_check(&config, &err), -EINVAL);
	assert_string_equal(err.text, "smc.cgroups: 9 are too many (at most 8)");
}

static void note(const char *line, void *arg)
{
	strcat(arg, line);
	strcat(arg, "\n");
}

static void test_diff(void **state)
{
	char lines[256] = "";

	assert_int_equal(parse(GOOD "smc: {cgroups: [a, b]}\n"), 0);
	other = config;
	assert_int_equal(parse(GOOD "smc: {cgroups: [b, c]}\n"), 0);
	assert_int_equal(config_diff(&other, &config, note, lines), 2);
	assert_string_equal(lines, "smc cgroup a: removed\nsmc cgroup c: added\n");
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(refused), TEST(length), TEST(text), TEST(check), TEST(diff),
};

UNIT_MAIN(tests)
