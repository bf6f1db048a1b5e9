// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_record.c - core/record.c and config_format(): whatever is written is read back bit by bit,
 * over random content; and what is no record of ours is refused.
 */
#include <errno.h>

#include "random_config.h"

static struct record record, other;
static struct err err;

static void round_trip_record(void)
{
	char *text;

	assert_int_equal(record_format(&record, &text), 0);
	err.text[0] = '\0';
	memset(&other, 0x55, sizeof(other));
	if (record_parse(text, strlen(text), &other, &err))
		fail_msg("%s in\n%s", err.text, text);
	if (memcmp(&record, &other, sizeof(record)))
		fail_msg("came back otherwise:\n%s", text);
	free(text);
}

static void test_config_round_trip(void **state)
{
	struct config *config = &record.config, *back = &other.config;
	uint64_t seed = 11;
	char *text, *again;

	for (unsigned i = 0; i < 300; i++) {
		random_config(&seed, config);
		if (config_check(config, &err))
			fail_msg("the test made a bad config: %s", err.text);
		assert_int_equal(config_format(config, &text), 0);
		if (config_parse(text, strlen(text), "t", back, &err))
			fail_msg("%s in\n%s", err.text, text);
		if (memcmp(config, back, sizeof(*config)))
			fail_msg("came back otherwise:\n%s", text);
		assert_int_equal(config_diff(config, back, NULL, NULL), 0);
		assert_int_equal(config_format(back, &again), 0);
		assert_string_equal(text, again);
		free(text);
		free(again);
	}
}

static void test_record_round_trip(void **state)
{
	uint64_t seed = 12;

	for (unsigned i = 0; i < 60; i++) {
		random_record(&seed, &record);
		round_trip_record();
	}
}

static void make_usual(void)
{
	memset(&record, 0, sizeof(record));
	config_init(&record.config);
	strcpy(record.config.team, "team0");
	assert_int_equal(config_add_port(&record.config, "eth0", &err), 0);
	record.complete = true;
	record.ifindex = 7;
	strcpy(record.inner, "team0-in");
	strcpy(record.build, "0123abcd");
	strcpy(record.detector, "state");
	record.n_ports = 1;
	strcpy(record.ports[0].name, "eth0");
	record.ports[0].mtu = 1500;
	record.ports[0].n_addrs = 1;
	addr_parse("192.0.2.1/24", &record.ports[0].addrs[0].addr);
	strcpy(record.ports[0].addrs[0].label, "eth0:1");
	record.ports[0].addrs[0].valid_s = record.ports[0].addrs[0].preferred_s = UINT32_MAX;
}

/* The text is kept by running teams: a change here needs a thought for those. */
static void test_usual_text(void **state)
{
	char *text;

	make_usual();
	round_trip_record();
	assert_int_equal(record_format(&record, &text), 0);
	assert_string_equal(text, "version: 1\n"
				  "complete: true\n"
				  "ifindex: 7\n"
				  "inner: team0-in\n"
				  "build: 0123abcd\n"
				  "detector: state\n"
				  "config:\n"
				  "  team: team0\n"
				  "  ports:\n"
				  "  - {name: eth0}\n"
				  "ports:\n"
				  "- name: eth0\n"
				  "  id: 0\n"
				  "  mtu: 1500\n"
				  "  addrs:\n"
				  "  - {addr: 192.0.2.1/24, label: 'eth0:1'}\n");
	free(text);
}

/* 64 ports with their usual few addresses fit easily; all arrays full do not, and it says so. */
static void test_size(void **state)
{
	char *text;

	make_usual();
	for (unsigned i = 1; i < BPFTEAM_PORTS_MAX; i++) {
		record.ports[i] = record.ports[0];
		record.ports[i].id = i;
		for (unsigned j = 1; j < 4; j++)
			record.ports[i].addrs[j] = record.ports[i].addrs[0];
		record.ports[i].n_addrs = 4;
	}
	record.n_ports = BPFTEAM_PORTS_MAX;
	assert_int_equal(record_format(&record, &text), 0);
	assert_true(strlen(text) < RECORD_TEXT_MAX / 4);
	free(text);
	round_trip_record();
	for (unsigned i = 0; i < BPFTEAM_PORTS_MAX; i++) {
		for (unsigned j = 0; j < RECORD_ROUTES_MAX; j++) {
			addr_parse("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128",
				   &record.ports[i].routes[j].to);
			record.ports[i].routes[j].via = record.ports[i].routes[j].to;
		}
		record.ports[i].n_routes = RECORD_ROUTES_MAX;
	}
	assert_int_equal(record_format(&record, &text), -E2BIG);
}

static void refuse(const char *text, const char *message)
{
	assert_int_equal(record_parse(text, strlen(text), &other, &err), -EINVAL);
	assert_string_equal(err.text, message);
}

#define TEAM "config: {team: t, ports: [{name: e}]}\n"

static void test_bad(void **state)
{
	refuse("", "record:1: empty, there is no configuration in it");
	refuse("version: 2\nnewkey: 1\n", "record: was written by a newer bpfteam (version 2, this "
					  "one knows 1): use that one");
	refuse("version: x\n", "record: was written by a newer bpfteam (version x, this one knows "
			       "1): use that one");
	refuse("complete: true\n" TEAM, "record:1: version: is missing");
	refuse("version: 1\ncomplete: true\n", "record:1: config: is missing");
	refuse("version: 1\ncomplete: true\nconfig: {team: t}\n",
	       "record:3: config.ports: is missing");
	refuse("version: 1\ncomplete: true\n" TEAM "ports:\n- {name: e, id: 64}\n",
	       "record:5: ports.id: 64 is out of range (0 to 63)");
	refuse("version: 1\ncomplete: true\n" TEAM "ports:\n- {name: e%2, id: 1}\n",
	       "record:5: ports.name: a % must be followed by two hexadecimal digits");
	refuse("version: 1\ncomplete: true\n" TEAM "ports:\n- {name: e%00, id: 1}\n",
	       "record:5: ports.name: must be at most 15 bytes, none of them NUL");
	refuse("version: 1\ncomplete: true\n" TEAM "detector: abcdefghijklmnop\n",
	       "record:4: detector: must be at most 15 bytes, none of them NUL");
	refuse("version: 1\ncomplete: true\n" TEAM "surprise: 1\n",
	       "record:4: surprise: unknown key (known are version, complete, mac, ifindex, "
	       "inner_ifindex, inner, build, netns, detector, clsact, config, ports, rdma, "
	       "arp_quiet, arp_ignore, arp_announce)");
}

/* A record was checked when it was written. A rule that came later must not make it unreadable. */
static void test_rules_do_not_matter(void **state)
{
	static const char text[] = "version: 1\ncomplete: true\n"
				   "config: {team: t.1, ports: [], primary: gone}\n";

	assert_int_equal(record_parse(text, strlen(text), &other, &err), 0);
	assert_string_equal(other.config.primary, "gone");
	assert_int_equal(other.config.detect.updelay_ms, 1000);
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(config_round_trip),   TEST(record_round_trip), TEST(usual_text), TEST(size), TEST(bad),
	TEST(rules_do_not_matter),
};

UNIT_MAIN(tests)
