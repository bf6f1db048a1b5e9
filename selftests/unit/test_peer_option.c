// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_peer_option.c - core/peer_option.c: the table holds together. What it says is ours is a key, and
 * a word, that the parser knows; what shows it is a test that is there; the rest has a reason.
 */
#include <unistd.h>

#include "unit.h"
#include "core/config_key.h"
#include "core/import_priv.h"
#include "core/peer_option.h"

/* Keys that are on their way; all others have to be known. */
static const char *const awaited[] = {"lp_interval"};

static bool is_awaited(const char *key)
{
	for (unsigned i = 0; i < ARRAY_SIZE(awaited); i++) {
		if (!strcmp(awaited[i], key))
			return true;
	}
	return false;
}

static void check_row(const struct peer_option *option)
{
	enum peer_fate fate = peer_option_fate(option);

	if (option->key && fate == PEER_LATER && !is_awaited(option->key))
		fail_msg("%s: the parser does not know %s", option->name, option->key);
	if (fate == PEER_OURS && !option->test)
		fail_msg("%s: no test shows it", option->name);
	if (option->test && access(option->test, R_OK))
		fail_msg("%s: there is no %s", option->name, option->test);
	if (!option->key && !option->text)
		fail_msg("%s: no word about why", option->name);
	if (fate != PEER_OURS && option->decides)
		fail_msg("%s: decides, and is not carried over", option->name);
	/* Our words are such that our key takes them. */
	for (const struct peer_word *word = option->words; word && word->theirs; word++) {
		const struct name *words = option->key ? config_words(option->key) : NULL;

		if (words && word->ours && name_parse(words, word->ours) < 0)
			fail_msg("%s: %s: our %s is none", option->name, word->theirs, word->ours);
	}
}

static void test_rows(void **state)
{
	for (const struct peer_option *option = bonding_options; option->name; option++) {
		check_row(option);
		assert_ptr_equal(bonding_option(option->name), option);
		if (option->old)
			assert_ptr_equal(bonding_option(option->old), option);
		if (option->netplan)
			assert_ptr_equal(import_find(option->netplan, IMPORT_NETPLAN), option);
		if (option->networkd)
			assert_ptr_equal(import_find(option->networkd, IMPORT_NETWORKD), option);
	}
	for (const struct peer_option *option = teamd_options; option->name; option++)
		check_row(option);
	assert_null(bonding_option("frobnicate"));
}

static void test_paths(void **state)
{
	const struct peer_option *option;
	const char *port;
	int len;

	option = teamd_option("runner.tx_hash", &port, &len);
	assert_string_equal(option->key, "hash");
	assert_null(port);
	option = teamd_option("ports.eth0.7.prio", &port, &len);
	assert_string_equal(option->key, "ports.priority");
	assert_int_equal(len, 6);
	assert_memory_equal(port, "eth0.7", 6);
	assert_null(teamd_option("ports..prio", &port, &len));
	assert_null(teamd_option("ports.prio", &port, &len));
	assert_null(teamd_option("ports.eth0.frob", &port, &len));
	assert_null(teamd_option("", &port, &len));
}

/* Every word that the parser takes for a mode or a policy of theirs is in the table. */
static void test_modes(void **state)
{
	for (unsigned i = 0; peer_modes[i].name; i++) {
		if (name_parse(mode_names, peer_modes[i].name) < 0)
			continue;
		if (!peer_modes[i].test || access(peer_modes[i].test, R_OK))
			fail_msg("%s: no test shows it", peer_modes[i].name);
		if (peer_modes[i].teamd)
			assert_int_equal(name_parse(mode_names, peer_modes[i].teamd),
					 name_parse(mode_names, peer_modes[i].name));
	}
	for (unsigned i = 0; peer_hashes[i].name; i++) {
		if (name_parse(hash_names, peer_hashes[i].name) >= 0 &&
		    (!peer_hashes[i].test || access(peer_hashes[i].test, R_OK)))
			fail_msg("%s: no test shows it", peer_hashes[i].name);
	}
	assert_int_equal(peer_mode_number("balance-xor"), 2);
	assert_int_equal(peer_mode_number("loadbalance"), 2);
	assert_int_equal(peer_mode_number("6"), 6);
	assert_int_equal(peer_mode_number("7"), -1);
	assert_int_equal(peer_mode_number("random"), -1);
}

static void test_config_key(void **state)
{
	static struct config config;
	struct err err;

	config_init(&config);
	assert_int_equal(config_add_port(&config, "eth0", &err), 0);
	assert_true(config_knows("detect.updelay_ms") && config_knows("ports.priority"));
	assert_false(config_knows("detect") && config_knows("detect.frob"));
	assert_false(config_knows("updelay_ms") || config_knows("vlan") || config_knows(""));
	assert_int_equal(config_set(&config, "detect.updelay_ms", NULL, "7", &err), 0);
	assert_int_equal(config.detect.updelay_ms, 7);
	assert_int_equal(config_set(&config, "ports.priority", "eth0", "-3", &err), 0);
	assert_int_equal(config.ports[0].priority, -3);
	assert_int_equal(config_set(&config, "ports.priority", "eth1", "-3", &err), -22);
	assert_string_equal(err.text, "port eth1: is not in the team");
	assert_int_equal(config_set(&config, "ports", NULL, "x", &err), -22);
	assert_int_equal(config_set(&config, "mode", NULL, "x", &err), -22);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(config_set(&config, "arp_ip_target", NULL, "192.0.2.1", &err), 0);
	assert_int_equal(config.n_arp_ip_target, 1);
	assert_int_equal(config_set(&config, "arp_ip_target", NULL, "::1", &err), -22);
	assert_int_equal(config.n_arp_ip_target, 1);
	assert_int_equal(config_set(&config, "arp_ip_target", NULL, "192.0.2.2", &err), 0);
	config_reset(&config, "arp_ip_target", 0);
	assert_int_equal(config.n_arp_ip_target, 1);
	assert_int_equal(config.arp_ip_target[0].byte[3], 2);
	config_reset(&config, "arp_ip_target", -1);
	config_reset(&config, "detect.updelay_ms", -1);
	assert_int_equal(config.n_arp_ip_target, 0);
	assert_int_equal(config.detect.updelay_ms, 1000);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_rows),
	cmocka_unit_test(test_paths),
	cmocka_unit_test(test_modes),
	cmocka_unit_test(test_config_key),
};

UNIT_MAIN(tests)
