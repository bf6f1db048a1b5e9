// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_names.c - core/names.c: every word means one thing, and is printed as it is read. */
#include <errno.h>

#include "unit.h"
#include "bpfteam/abi.h"
#include "core/names.h"

static const struct name *const tables[] = {
	mode_names,         hash_names,     detect_names,     rx_names,   reselect_names,
	arp_validate_names, rdma_use_names, port_state_names, drop_names, event_names,
};

static void test_round_trip(void **state)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (const struct name *row = tables[t]; row->name; row++) {
			assert_int_equal(name_parse(tables[t], row->name), row->value);
			assert_string_not_equal(name_of(tables[t], row->value), "?");
			if (!row->alias)
				assert_string_equal(name_of(tables[t], row->value), row->name);
		}
		assert_int_equal(name_parse(tables[t], ""), -ENOENT);
		assert_int_equal(name_parse(tables[t], "nonsense"), -ENOENT);
		assert_string_equal(name_of(tables[t], 99), "?");
	}
}

static void test_unique(void **state)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (const struct name *a = tables[t]; a->name; a++) {
			for (const struct name *b = tables[t]; b < a; b++) {
				assert_string_not_equal(a->name, b->name);
				assert_true(a->alias || b->alias || a->value != b->value);
			}
		}
	}
}

/* Numbers are bonding's, as in Documentation/networking/bonding.rst. */
static void test_aliases(void **state)
{
	assert_int_equal(name_parse(mode_names, "1"), BPFTEAM_ACTIVE_BACKUP);
	assert_int_equal(name_parse(mode_names, "activebackup"), BPFTEAM_ACTIVE_BACKUP);
	assert_int_equal(name_parse(mode_names, "2"), BPFTEAM_BALANCE_XOR);
	assert_int_equal(name_parse(mode_names, "loadbalance"), BPFTEAM_BALANCE_XOR);
	assert_int_equal(name_parse(mode_names, "0"), BPFTEAM_BALANCE_RR);
	assert_int_equal(name_parse(mode_names, "roundrobin"), BPFTEAM_BALANCE_RR);
	assert_int_equal(name_parse(mode_names, "3"), BPFTEAM_BROADCAST);
	assert_int_equal(name_parse(mode_names, "Active-Backup"), -ENOENT);
	assert_int_equal(name_parse(hash_names, "0"), BPFTEAM_HASH_LAYER2);
	assert_int_equal(name_parse(hash_names, "1"), BPFTEAM_HASH_LAYER34);
	assert_int_equal(name_parse(hash_names, "2"), BPFTEAM_HASH_LAYER23);
	assert_int_equal(name_parse(hash_names, "3"), BPFTEAM_HASH_ENCAP23);
	assert_int_equal(name_parse(hash_names, "4"), BPFTEAM_HASH_ENCAP34);
	assert_int_equal(name_parse(hash_names, "5"), BPFTEAM_HASH_VLAN_SRCMAC);
	assert_int_equal(name_parse(hash_names, "6"), -ENOENT);
	assert_int_equal(name_parse(hash_names, "txhash"), BPFTEAM_HASH_TXHASH);
	assert_int_equal(name_parse(reselect_names, "2"), RESELECT_FAILURE);
	assert_int_equal(name_parse(arp_validate_names, "3"), ARP_VALIDATE_ALL);
}

static void test_later(void **state)
{
	static const char *const modes[] = {"802.3ad", "4", "lacp", "6", "balance-alb", "adaptive"};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_true(name_is_later(mode_names, modes[i]));
		assert_int_equal(name_parse(mode_names, modes[i]), -ENOENT);
	}
	assert_false(name_is_later(hash_names, "balance-rr"));
	assert_false(name_is_later(mode_names, "active-backup"));
	assert_false(name_is_later(mode_names, "nonsense"));
	assert_false(name_is_later(detect_names, "balance-rr"));
}

static void test_list(void **state)
{
	char buf[128], tiny[6];

	assert_string_equal(
		name_list(mode_names, buf, sizeof(buf)),
		"balance-rr, active-backup, balance-xor, broadcast, balance-tlb or random");
	assert_string_equal(
		name_list(hash_names, buf, sizeof(buf)),
		"layer2, layer2+3, layer3+4, encap2+3, encap3+4, vlan+srcmac or txhash");
	assert_string_equal(name_list(hash_names, tiny, sizeof(tiny)), "layer");
}

/* Contract: CLI.md. */
static void test_contract(void **state)
{
	assert_string_equal(name_of(port_state_names, PORT_MISSING), "missing");
	assert_string_equal(name_of(event_names, EVENT_RDMA_FLOW), "rdma-flow");
	for (int i = 0; i < BPFTEAM_DROP_MAX; i++)
		assert_string_not_equal(name_of(drop_names, i), "?");
	assert_string_equal(name_of(drop_names, BPFTEAM_DROP_INACTIVE_PORT), "inactive_port");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_round_trip), cmocka_unit_test(test_unique),
	cmocka_unit_test(test_aliases),    cmocka_unit_test(test_later),
	cmocka_unit_test(test_list),       cmocka_unit_test(test_contract),
};

UNIT_MAIN(tests)
