// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_wire_groups.c - io/wire_groups.c: which groups are told of by /proc/net/igmp and igmp6, and the
 * reports of each version, byte by byte. On the wire they are seen by resend_igmp.sh.
 */
#include "netns.h"

#include <sys/socket.h>

#include "io/wire_priv.h"

static const char igmp[] = "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
			   "1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n"
			   "7\tteam0     :     3      V2\n\t\t\t\t030201EF     1 0:00000000\t\t0\n"
			   "\t\t\t\tFB0000E0     2 0:00000000\t\t1\n"
			   "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
			   "8\tteam1     :     1      V3\n\t\t\t\t040201EF     1 0:00000000\t\t0\n";
static const char igmp6[] =
	"7    team0           ff050000000000000000000000001234     1 00000004 0\n"
	"7    team0           ff020000000000000000000000000001     1 0000000C 0\n"
	"7    team0           ff010000000000000000000000000001     1 00000008 0\n"
	"7    team0           ff02\n"
	"8    team1           ff050000000000000000000000005678     1 00000004 0\n";

static const struct mac mac = {{2, 0, 0, 0, 0, 7}};
static struct wire_groups groups;

static struct addr addr(const char *text)
{
	struct addr ret;

	assert_int_equal(addr_parse(text, &ret), 0);
	return ret;
}

static void read_text(const char *text, size_t len, bool v6, uint32_t ifindex)
{
	FILE *in = fmemopen((void *)text, len, "r");

	assert_non_null(in);
	if (v6)
		wire_parse_igmp6(in, ifindex, &groups);
	else
		wire_parse_igmp(in, ifindex, &groups);
	fclose(in);
}

static void assert_group(unsigned i, const char *text)
{
	char buf[ADDR_STRLEN];

	assert_string_equal(addr_format(&groups.group[i], false, buf), text);
}

static void lists(void **state)
{
	read_text(igmp, sizeof(igmp) - 1, false, 7);
	assert_int_equal(groups.n, 2);
	assert_int_equal(groups.version, 2);
	assert_group(0, "239.1.2.3");
	assert_group(1, "224.0.0.251");
	read_text(igmp, sizeof(igmp) - 1, false, 8);
	assert_int_equal(groups.n, 1);
	assert_int_equal(groups.version, 3);
	assert_group(0, "239.1.2.4");
	read_text(igmp, sizeof(igmp) - 1, false, 9);
	assert_int_equal(groups.n, 0);
	read_text(igmp6, sizeof(igmp6) - 1, true, 7);
	assert_int_equal(groups.n, 1);
	assert_group(0, "ff05::1234");
}

/* Cut short anywhere: less, and never more. */
static void cut_lists(void **state)
{
	for (size_t len = 1; len < sizeof(igmp); len++) {
		read_text(igmp, len, false, 7);
		assert_true(groups.n <= 2);
	}
	for (size_t len = 1; len < sizeof(igmp6); len++) {
		read_text(igmp6, len, true, 7);
		assert_true(groups.n <= 1);
	}
}

static void assert_frame(const uint8_t *frame, size_t n, const char *hex)
{
	char text[2 * WIRE_REPORT_MAX + 1];

	for (size_t i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", frame[i]);
	assert_string_equal(text, hex);
}

static void reports(void **state)
{
	struct addr source = addr("192.0.2.1"), two[] = {addr("239.129.2.3"), addr("239.1.2.4")};
	struct addr source6 = addr("fe80::7"), six = addr("ff05::1234");
	uint8_t frame[WIRE_REPORT_MAX];
	size_t n;

	n = wire_build_report(frame, &mac, &source, two, 2, 3);
	assert_frame(frame, n,
		     "01005e000016"
		     "020000000007"
		     "0800"
		     "46c0003000004000"
		     "010241f0"
		     "c0000201"
		     "e0000016"
		     "94040000"
		     "2200f77200000002"
		     "02000000"
		     "ef810203"
		     "02000000"
		     "ef010204");
	n = wire_build_report(frame, &mac, &source, two, 1, 2);
	assert_frame(frame, n,
		     "01005e010203"
		     "020000000007"
		     "0800"
		     "46c0002000004000"
		     "01023092"
		     "c0000201"
		     "ef810203"
		     "94040000"
		     "1600f87a"
		     "ef810203");
	n = wire_build_report(frame, &mac, &source6, &six, 1, 3);
	assert_frame(frame, n,
		     "333300000016"
		     "020000000007"
		     "86dd"
		     "6000000000240001"
		     "fe800000000000000000000000000007"
		     "ff020000000000000000000000000016"
		     "3a00050200000100"
		     "8f005fcd00000001"
		     "02000000"
		     "ff050000000000000000000000001234");
}

/* As many as there is room for are split into frames that every link bears. */
static void room(void **state)
{
	struct addr source6 = addr("fe80::7"), many[60];
	uint8_t frame[WIRE_REPORT_MAX];

	for (unsigned i = 0; i < 60; i++)
		many[i] = addr("ff05::1");
	assert_true(wire_build_report(frame, &mac, &source6, many, 60, 3) <= 14 + 1280);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(cut_lists),
		cmocka_unit_test(reports),
		cmocka_unit_test(room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
