// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_tx_hash.c - teamd's tx_hash lists and the policies they become. */
#include <errno.h>

#include "unit.h"
#include "core/tx_hash.h"

#define WORDS_MAX 8

static void test_lists(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		enum bpfteam_hash policy;
		const char *lost;
	} lists[] = {
		{{"eth"}, BPFTEAM_HASH_LAYER2, ""},
		{{"vlan"}, BPFTEAM_HASH_VLAN_SRCMAC, ""},
		{{"eth", "vlan"}, BPFTEAM_HASH_LAYER2, "vlan"},
		{{"ipv4"}, BPFTEAM_HASH_LAYER23, ""},
		{{"ipv6"}, BPFTEAM_HASH_LAYER23, ""},
		{{"ip"}, BPFTEAM_HASH_LAYER23, ""},
		{{"l3"}, BPFTEAM_HASH_LAYER23, ""},
		{{"eth", "ipv4", "ipv6"}, BPFTEAM_HASH_LAYER23, ""}, /* teamd's default */
		{{"vlan", "ip"}, BPFTEAM_HASH_LAYER23, "vlan"},
		{{"tcp"}, BPFTEAM_HASH_LAYER34, ""},
		{{"udp", "l3"}, BPFTEAM_HASH_LAYER34, ""},
		{{"sctp"}, BPFTEAM_HASH_LAYER34, ""},
		{{"l4", "l3"}, BPFTEAM_HASH_LAYER34, ""},
		{{"eth", "ipv4", "tcp"}, BPFTEAM_HASH_LAYER34, "eth"},
		{{"vlan", "l3", "l4"}, BPFTEAM_HASH_LAYER34, "vlan"},
		{{"eth", "vlan", "ip", "tcp", "udp", "sctp"}, BPFTEAM_HASH_LAYER34, "eth, vlan"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		enum bpfteam_hash policy = -1;
		char lost[32] = "?";
		struct err err;
		unsigned n = 0;

		while (n < WORDS_MAX && lists[i].words[n])
			n++;
		assert_int_equal(tx_hash_policy(lists[i].words, n, &policy, lost, sizeof(lost),
						&err),
				 0);
		assert_int_equal(policy, lists[i].policy);
		assert_string_equal(lost, lists[i].lost);
		assert_int_equal(tx_hash_policy(lists[i].words, n, &policy, NULL, 0, &err), 0);
	}
}

static void test_bad(void **state)
{
	static const char *const words[] = {"eth", "l5"};
	enum bpfteam_hash policy = BPFTEAM_HASH_TXHASH;
	struct err err;

	assert_int_equal(tx_hash_policy(words, 2, &policy, NULL, 0, &err), -EINVAL);
	assert_string_equal(err.text,
			    "tx_hash: \"l5\" is not known (eth, vlan, ipv4, ipv6, ip, l3, "
			    "tcp, udp, sctp or l4)");
	assert_int_equal(tx_hash_policy(NULL, 0, &policy, NULL, 0, &err), -EINVAL);
	assert_string_equal(err.text, "tx_hash: the list is empty, so nothing tells flows apart");
	assert_int_equal(policy, BPFTEAM_HASH_TXHASH);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_lists),
	cmocka_unit_test(test_bad),
};

UNIT_MAIN(tests)
