// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_addr.c - core/addr.c: addresses as text and bytes, strict on the way in. */
#include <errno.h>
#include <sys/socket.h>

#include "unit.h"
#include "core/addr.h"

static void test_mac(void **state)
{
	static const struct mac want = {{0x02, 0xab, 0x00, 0x7f, 0xfe, 0x01}};
	char buf[MAC_STRLEN];
	struct mac mac;

	assert_int_equal(mac_parse("02:ab:00:7f:fe:01", &mac), 0);
	assert_true(mac_equal(&mac, &want));
	assert_int_equal(mac_parse("02:AB:00:7F:FE:01", &mac), 0);
	assert_true(mac_equal(&mac, &want));
	assert_string_equal(mac_format(&want, buf), "02:ab:00:7f:fe:01");
	assert_false(mac_is_zero(&want));
	memset(&mac, 0, sizeof(mac));
	assert_true(mac_is_zero(&mac));
	assert_false(mac_equal(&mac, &want));
}

static void test_mac_bad(void **state)
{
	static const char *const bad[] = {
		"",
		"02",
		"02:00:00:00:00",
		"02:00:00:00:00:0",
		"02:00:00:00:00:011",
		"02:00:00:00:00:01:",
		"02:00:00:00:00:01:02",
		"02-00-00-00-00-01",
		"0g:00:00:00:00:01",
		" 2:00:00:00:00:01",
		"02:00:00:00:00:01 ",
		"020000000001",
		"00:00:00:00:00:00",
		"01:00:5e:00:00:01",
		"ff:ff:ff:ff:ff:ff",
	};
	struct mac mac = {{1, 2, 3, 4, 5, 6}}, before = mac;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(mac_parse(bad[i], &mac), -EINVAL);
		assert_true(mac_equal(&mac, &before));
	}
}

static void test_addr(void **state)
{
	static const struct {
		const char *text, *with, *without;
		uint8_t family, prefixlen;
	} good[] = {
		{"192.0.2.1", "192.0.2.1/32", "192.0.2.1", AF_INET, 32},
		{"192.0.2.1/24", "192.0.2.1/24", "192.0.2.1", AF_INET, 24},
		{"0.0.0.0/0", "0.0.0.0/0", "0.0.0.0", AF_INET, 0},
		{"255.255.255.255/32", "255.255.255.255/32", "255.255.255.255", AF_INET, 32},
		{"2001:DB8::1/64", "2001:db8::1/64", "2001:db8::1", AF_INET6, 64},
		{"::/0", "::/0", "::", AF_INET6, 0},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1/128", "::ffff:192.0.2.1", AF_INET6, 128},
		{"2001:0db8:0:0:0:0:0:1/128", "2001:db8::1/128", "2001:db8::1", AF_INET6, 128},
	};
	char buf[ADDR_STRLEN];
	struct addr addr, again;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(addr_parse(good[i].text, &addr), 0);
		assert_int_equal(addr.family, good[i].family);
		assert_int_equal(addr.prefixlen, good[i].prefixlen);
		assert_string_equal(addr_format(&addr, false, buf), good[i].without);
		assert_string_equal(addr_format(&addr, true, buf), good[i].with);
		assert_int_equal(addr_parse(buf, &again), 0);
		assert_true(addr_equal(&addr, &again));
	}
}

static void test_addr_bad(void **state)
{
	static const char *const bad[] = {
		"",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.1/33",
		"192.0.2.1/",
		"192.0.2.1/-1",
		"192.0.2.1/+1",
		"192.0.2.1/ 1",
		"192.0.2.1/024",
		"192.0.2.1/24x",
		"192.0.2.1/24/",
		"192.0.2.01",
		"0x7f.1",
		" 192.0.2.1",
		"192.0.2.1 ",
		"default",
		"eth0",
		"2001:db8::1/129",
		"2001:db8:::1",
		"fe80::1%eth0",
		"1:2:3:4:5:6:7",
		"::/9999999999",
		"/24",
		"2001:db8:0000:0000:0000:0000:0000:0000:0000:0001/64",
	};
	struct addr addr = {.family = 77};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(addr_parse(bad[i], &addr), -EINVAL);
		assert_int_equal(addr.family, 77);
	}
}

/* Around the size of the buffer for the host's part. */
static void test_addr_long(void **state)
{
	struct addr addr;

	for (size_t len = 40; len < 60; len++) {
		char text[80];

		memset(text, '0', len);
		strcpy(text + len, "::1/64");
		assert_int_equal(addr_parse(text, &addr), -EINVAL);
		text[len + 3] = '\0';
		assert_int_equal(addr_parse(text, &addr), -EINVAL);
	}
}

static void test_addr_equal(void **state)
{
	struct addr a, b, none = {0};

	addr_parse("192.0.2.1/24", &a);
	addr_parse("192.0.2.1/25", &b);
	assert_false(addr_equal(&a, &b));
	addr_parse("192.0.2.2/24", &b);
	assert_false(addr_equal(&a, &b));
	addr_parse("c000:0201::/24", &b);
	assert_false(addr_equal(&a, &b));
	b = a;
	b.byte[4] = 1; /* beyond what an IPv4 address uses */
	assert_true(addr_equal(&a, &b));
	assert_false(addr_equal(&a, &none));
	b = none;
	b.prefixlen = 3;
	assert_true(addr_equal(&b, &none));
}

static void test_addr_none(void **state)
{
	struct addr none = {0};
	char buf[ADDR_STRLEN];

	assert_int_equal(addr_size(&none), 0);
	assert_string_equal(addr_format(&none, true, buf), "");
	assert_string_equal(addr_format(&none, false, buf), "");
	assert_false(addr_is_link_local(&none));
}

static void test_link_local(void **state)
{
	static const char *const yes[] = {"169.254.0.1", "fe80::1", "febf::1"};
	static const char *const no[] = {"169.253.0.1", "192.0.2.1", "fec0::1", "2001:db8::1"};
	struct addr addr;

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		assert_int_equal(addr_parse(yes[i], &addr), 0);
		assert_true(addr_is_link_local(&addr));
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		assert_int_equal(addr_parse(no[i], &addr), 0);
		assert_false(addr_is_link_local(&addr));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_mac),        cmocka_unit_test(test_mac_bad),
	cmocka_unit_test(test_addr),       cmocka_unit_test(test_addr_bad),
	cmocka_unit_test(test_addr_equal), cmocka_unit_test(test_addr_long),
	cmocka_unit_test(test_addr_none),  cmocka_unit_test(test_link_local),
};

UNIT_MAIN(tests)
