// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_config_check.c - what bad input gets: one line with place, key, reason and what is allowed.
 * The messages are compared whole, since they are what a user has.
 */
#include <errno.h>
#include <sys/socket.h>

#include "unit.h"
#include "core/config.h"

static struct config config;
static struct err err;

struct bad {
	const char *text, *message;
};

static void refuse_text(const char *text, size_t len, const char *message)
{
	err.text[0] = '\0';
	assert_int_equal(config_parse(text, len, "f", &config, &err), -EINVAL);
	assert_string_equal(err.text, message);
	assert_int_equal(config_parse(text, len, "f", &config, NULL), -EINVAL);
}

static void refuse(const struct bad *bad, size_t n)
{
	for (size_t i = 0; i < n; i++)
		refuse_text(bad[i].text, strlen(bad[i].text), bad[i].message);
}

#define MODES "balance-rr, active-backup, balance-xor, broadcast, balance-tlb or random"
#define GOOD "team: t\nports:\n- {name: eth0}\n- {name: eth1}\n"
#define KEYS                                                                           \
	"team, mode, hash, packets_per_slave, tlb_dynamic_lb, rx, mac, mtu, primary, " \
	"primary_reselect, xdp, addresses, routes, ports, rdma, vlans, smc, detect, "  \
	"arp_interval_ms, arp_ip_target, arp_validate, arp_missed_max, "               \
	"min_links, all_slaves_active, num_peer_notif, peer_notif_delay_ms, resend_igmp"

static void test_good(void **state)
{
	assert_int_equal(config_parse(GOOD, strlen(GOOD), "f", &config, &err), 0);
}

static void test_keys(void **state)
{
	static const struct bad bad[] = {
		{GOOD "moed: x\n", "f:5: moed: unknown key (did you mean mode?)"},
		{GOOD "xyzzy: x\n", "f:5: xyzzy: unknown key (known are " KEYS ")"},
		{GOOD "Mode: x\n", "f:5: Mode: unknown key (did you mean mode?)"},
		{GOOD "updelay: 1\n",
		 "f:5: updelay: unknown key (did you mean detect.updelay_ms?)"},
		{GOOD "arp_interval: 1\n",
		 "f:5: arp_interval: unknown key (did you mean arp_interval_ms?)"},
		{GOOD "num_unsol_na: 1\n",
		 "f:5: num_unsol_na: unknown key (did you mean num_peer_notif?)"},
		{GOOD "max_bonds: 1\n", "f:5: max_bonds: unknown key (bonding's; here it is not "
					"needed: of the module; teams are made one by one)"},
		{GOOD "arp_foo: 1\n", "f:5: arp_foo: unknown key (known are " KEYS ")"},
		{GOOD "detect: {poll: 1}\n",
		 "f:5: detect.poll: unknown key (did you mean poll_ms?)"},
		{"team: t\nports:\n- name: e\n  prio: 1\n",
		 "f:4: ports.prio: unknown key (did you mean priority?)"},
		{"team: t\nports:\n- name: e\n  qqqq: 1\n",
		 "f:4: ports.qqqq: unknown key (known are name, weight, priority, drain, disable, "
		 "rdma)"},
		{GOOD "team: u\n", "f:5: team: stands here for the second time"},
		{GOOD "detect:\n  poll_ms: 1\n  poll_ms: 1\n",
		 "f:7: detect.poll_ms: stands here for the second time"},
		{"ports: [{name: e}]\n", "f:1: team: is missing"},
		{"\n\nteam: t\n", "f:3: ports: is missing"},
		{"team: t\nports:\n- weight: 1\n", "f:3: ports.name: is missing"},
		{GOOD "routes:\n- via: 192.0.2.1\n", "f:6: routes.to: is missing"},
		{GOOD "? [a, b]\n: c\n", "f:5: a key must be a word"},
		{GOOD "? \n: c\n", "f:5: a key must be a word"},
		{GOOD "detect: {[a]: c}\n", "f:5: detect: a key must be a word"},
		{GOOD "<<: {}\n", "f:5: <<: unknown key (known are " KEYS ")"},
		{GOOD "\"a\\nb\": c\n", "f:5: a b: unknown key (known are " KEYS ")"},
	};

	refuse(bad, ARRAY_SIZE(bad));
}

static void test_types(void **state)
{
	static const struct bad bad[] = {
		{"team: [t]\nports: []\n", "f:1: team: must be a single value, not a list"},
		{"team: {a: b}\nports: []\n",
		 "f:1: team: must be a single value, not keys with values"},
		{"team: t\nports: eth0\n", "f:2: ports: must be a list, not a single value"},
		{"team: t\nports: {name: eth0}\n",
		 "f:2: ports: must be a list, not keys with values"},
		{"team: t\nports: [eth0]\n",
		 "f:2: ports: must be keys with values, like {name: ...}, not a single value"},
		{"team: t\nports:\n", "f:2: ports: has no value (must be a list)"},
		{"team:\nports: []\n", "f:1: team: has no value (must be a single value)"},
		{"team: ''\nports: []\n", "f:1: team: has no value (must be a single value)"},
		{GOOD "detect: auto\n",
		 "f:5: detect: must be keys with values, like {method: ...}, not a single value"},
		{GOOD "detect: []\n",
		 "f:5: detect: must be keys with values, like {method: ...}, not a list"},
		{GOOD "addresses:\n- 192.0.2.1/24\n- [a]\n",
		 "f:7: addresses: must be a single value, not a list"},
		{GOOD "addresses: 192.0.2.1/24\n",
		 "f:5: addresses: must be a list, not a single value"},
		{"hello\n", "f:1: must be keys with values (team: NAME ...)"},
		{"# x\n- a\n", "f:2: must be keys with values (team: NAME ...)"},
	};

	refuse(bad, ARRAY_SIZE(bad));
}

static void test_values(void **state)
{
	static const struct bad bad[] = {
		{GOOD "mode: foo\n", "f:5: mode: \"foo\" is not known (" MODES ")"},
		{GOOD "mode: |\n  a\n  b\n", "f:5: mode: \"a?b?\" is not known (" MODES ")"},
		{GOOD "hash: layer4\n", "f:5: hash: \"layer4\" is not known (layer2, layer2+3, "
					"layer3+4, encap2+3, encap3+4, "
					"vlan+srcmac or txhash)"},
		{GOOD "xdp: maybe\n", "f:5: xdp: \"maybe\" is not known (true or false)"},
		{GOOD "xdp: 1\n", "f:5: xdp: \"1\" is not known (true or false)"},
		{GOOD "mtu: big\n", "f:5: mtu: \"big\" is not a whole number (68 to 65535)"},
		{GOOD "mtu: 0x5dc\n", "f:5: mtu: \"0x5dc\" is not a whole number (68 to 65535)"},
		{GOOD "mtu: 1500.0\n", "f:5: mtu: \"1500.0\" is not a whole number (68 to 65535)"},
		{GOOD "mtu: '-'\n", "f:5: mtu: \"-\" is not a whole number (68 to 65535)"},
		{GOOD "mtu: 67\n", "f:5: mtu: 67 is out of range (68 to 65535)"},
		{GOOD "mtu: 65536\n", "f:5: mtu: 65536 is out of range (68 to 65535)"},
		{GOOD "mtu: 99999999999999999999999999\n",
		 "f:5: mtu: 999999999999999999999999 is out of range (68 to 65535)"},
		{"team: t\nports:\n- name: e\n  weight: 0\n",
		 "f:4: ports.weight: 0 is out of range (1 to 256)"},
		{"team: t\nports:\n- name: e\n  priority: 2147483648\n",
		 "f:4: ports.priority: 2147483648 is out of range (-2147483648 to 2147483647)"},
		{GOOD "detect: {poll_ms: 0}\n",
		 "f:5: detect.poll_ms: 0 is out of range (1 to 1000)"},
		{GOOD "detect: {updelay_ms: -1}\n",
		 "f:5: detect.updelay_ms: -1 is out of range (0 to 3600000)"},
		{GOOD "arp_missed_max: 256\n",
		 "f:5: arp_missed_max: 256 is out of range (1 to 255)"},
		{GOOD "mac: 01:00:5e:00:00:01\n", "f:5: mac: \"01:00:5e:00:00:01\" is not a MAC "
						  "address (unicast, like 02:00:00:00:00:01)"},
		{GOOD "primary: sixteencharacter\n",
		 "f:5: primary: \"sixteencharacter\" cannot be the name of a network device (1 to "
		 "15 characters, no blank, \"/\" or \":\")"},
		{"team: a b\nports: [{name: e}]\n", "f:1: team: \"a b\" cannot be the name of a "
						    "network device (1 to 15 characters, no "
						    "blank, \"/\" or \":\")"},
		{GOOD "primary: \"a\\0b\"\n", "f:5: primary: has a NUL character in its value"},
	};

	refuse(bad, ARRAY_SIZE(bad));
}

static void test_addresses(void **state)
{
	static const struct bad bad[] = {
		{GOOD "addresses:\n- 192.0.2.1/24\n- 192.0.2.256/24\n",
		 "f:7: addresses: \"192.0.2.256/24\" is not an IP address (192.0.2.1/24 or "
		 "2001:db8::1/64)"},
		{GOOD "addresses: [0.0.0.0/24]\n",
		 "f:5: addresses: 0.0.0.0 is not the address of a host"},
		{GOOD "addresses: [\"ff02::1/64\"]\n",
		 "f:5: addresses: ff02::1 is not the address of a host"},
		{GOOD "addresses:\n- 192.0.2.1/24\n- 192.0.2.1/24\n",
		 "f:7: addresses: 192.0.2.1 is listed twice"},
		{GOOD "routes: [{to: somewhere}]\n",
		 "f:5: routes.to: \"somewhere\" is not an IP address (default, 192.0.2.0/24, "
		 "2001:db8::/64)"},
		{GOOD "routes: [{to: 192.0.2.1/24}]\n",
		 "f:5: routes.to: 192.0.2.1/24 has bits set behind its prefix length"},
		{GOOD "routes: [{to: default, via: 192.0.2.1/24}]\n",
		 "f:5: routes.via: \"192.0.2.1/24\" must be an address without a prefix length"},
		{GOOD "routes:\n- to: 10.0.0.0/8\n  via: 2001:db8::1\n",
		 "f:7: routes.via: is not of the same family as 10.0.0.0/8"},
		{GOOD "routes:\n- to: 10.0.0.0/8\n  via: 224.0.0.1\n",
		 "f:7: routes.via: is not the address of a host"},
		{GOOD "routes:\n- {to: default, via: 192.0.2.1}\n- {to: 0.0.0.0/0}\n",
		 "f:7: routes.to: 0.0.0.0/0 is listed twice with the same metric"},
		{GOOD "arp_interval_ms: 100\narp_ip_target: ['2001:db8::1']\n",
		 "f:6: arp_ip_target: \"2001:db8::1\" is not an IPv4 address"},
		{GOOD "arp_interval_ms: 100\narp_ip_target: [192.0.2.1, 192.0.2.1]\n",
		 "f:6: arp_ip_target: 192.0.2.1 is listed twice"},
		{GOOD "arp_ip_target: [192.0.2.1]\n",
		 "f:5: arp_ip_target: needs arp_interval_ms (how often to ask)"},
		{GOOD "arp_interval_ms: 100\n",
		 "f:5: arp_interval_ms: needs an arp_ip_target to ask"},
		{GOOD "arp_validate: all\n",
		 "f:5: arp_validate: needs arp_interval_ms and arp_ip_target"},
	};

	refuse(bad, ARRAY_SIZE(bad));
}

static void test_members(void **state)
{
	static const struct bad bad[] = {
		{"team: t\nports: []\n", "f:2: ports: a team needs at least one port"},
		{"team: t\nports:\n- name: e\n- name: e\n", "f:4: ports.name: e is listed twice"},
		{"team: t\nports:\n- name: t\n", "f:3: ports.name: t is the team itself"},
		{GOOD "mode: balance-rr\npackets_per_slave: 65536\n",
		 "f:6: packets_per_slave: 65536 is out of range (0 to 65535)"},
		{GOOD "mode: balance-rr\npackets_per_slave: -1\n",
		 "f:6: packets_per_slave: -1 is out of range (0 to 65535)"},
		{GOOD "packets_per_slave: 0\n",
		 "f:5: packets_per_slave: is for balance-rr, and the mode is active-backup"},
		{GOOD "mode: random\npackets_per_slave: 2\n",
		 "f:6: packets_per_slave: is for balance-rr, and the mode is random"},
		{GOOD "tlb_dynamic_lb: true\n",
		 "f:5: tlb_dynamic_lb: is for balance-tlb, and the mode is active-backup"},
		{GOOD "mode: balance-tlb\ntlb_dynamic_lb: true\n",
		 "f:6: tlb_dynamic_lb: true is not supported by this version: flows are spread by "
		 "their hash (false)"},
		{GOOD "primary: eth9\n", "f:5: primary: eth9 is not among the ports"},
		{"team: t.1\nports: [{name: e}]\n",
		 "f:1: team: t.1 has a dot, which the BPF file system refuses"},
		{"team: t%d\nports: [{name: e}]\n",
		 "f:1: team: t%d has a percent sign, which the kernel puts a number for"},
		{"team: all\nports: [{name: e}]\n",
		 "f:1: team: all is a name that the kernel keeps to itself"},
	};

	refuse(bad, ARRAY_SIZE(bad));
}

/* Documented, not done yet: refused, never ignored. */
static void test_later(void **state)
{
	static const struct bad bad[] = {
		{GOOD "mode: 802.3ad\n",
		 "f:5: mode: \"802.3ad\" is not supported by this version (" MODES ")"},
		{GOOD "mode: 4\n", "f:5: mode: \"4\" is not supported by this version (" MODES ")"},
	};

	refuse(bad, ARRAY_SIZE(bad));
}

static void test_broken(void **state)
{
	static const struct bad bad[] = {
		{"", "f:1: empty, there is no configuration in it"},
		{"# only this\n\n", "f:1: empty, there is no configuration in it"},
		{"---\n...\n", "f:1: empty, there is no configuration in it"},
		{"team: t\nports:\n\t- {name: e}\n",
		 "f:3: broken YAML: a tab in the indentation (use spaces)"},
		{"team: t\nports: [{name: e}\nmode: x\n",
		 "f:3: broken YAML: did not find expected ',' or ']', while parsing a flow "
		 "sequence "
		 "that began on line 2"},
		{"team: \"t\nports: []\n",
		 "f:3: broken YAML: found unexpected end of stream, while scanning a quoted scalar "
		 "that began on line 1"},
		{"team: @t\n", "f:1: broken YAML: found character that cannot start any token"},
		{GOOD "---\nteam: u\n",
		 "f:5: a second document begins here (one file is one team)"},
		{"team: t\n---\n{[\n", "f:2: a second document begins here (one file is one team)"},
		{"team: &a t\nports: [{name: e}]\n", "f:1: anchors (&NAME) are not allowed here"},
		{"a: &a [*a]\n", "f:1: anchors (&NAME) are not allowed here"},
		{"team: *a\n", "f:1: aliases (*NAME) are not allowed here"},
		{"a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n", "f:1: nested too deeply"},
		{"team: caf\xc3\n", "f:1: byte 0xc3 is not UTF-8 text"},
		{"team: t\n# \xed\xa0\x80 a surrogate\n", "f:2: byte 0xed is not UTF-8 text"},
		{"team: t\n\xc0\x80", "f:2: byte 0xc0 is not UTF-8 text"},
		{"\xff\xfet\n", "f:1: byte 0xff is not UTF-8 text"},
		{"team: t\n\n\x1b[31m\n", "f:3: control character 0x1b: not a text file"},
	};

	refuse(bad, ARRAY_SIZE(bad));
	refuse_text("team: t\n\0ports", 14, "f:2: control character 0x00: not a text file");
}

/* First and last character of each length, and what lies just outside (RFC 3629). */
static void test_utf8(void **state)
{
	static const char *const good[] = {
		"\x7f",         "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80",
					  "\xc1\xbf",
					  "\xc2",
					  "\xc2\x7f",
					  "\xe0\x9f\xbf",
					  "\xe2\x82",
					  "\xed\xa0\x80",
					  "\xf0\x8f\xbf\xbf",
					  "\xf0\x90\x80",
					  "\xf4\x90\x80\x80",
					  "\xf5\x80\x80\x80",
					  "\xfe",
					  "\xff"};
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(bad); i++) {
		bool is_good = i < ARRAY_SIZE(good);

		snprintf(text, sizeof(text), "# %s", is_good ? good[i] : bad[i - ARRAY_SIZE(good)]);
		assert_int_equal(config_parse(text, strlen(text), "f", &config, &err), -EINVAL);
		if (is_good == !!strstr(err.text, "is not UTF-8 text"))
			fail_msg("%zu: %s", i, err.text);
	}
}

/* "Billion laughs": must be refused by its first anchor, at once. */
static void test_bomb(void **state)
{
	char text[4096] = "a0: &a0 [x]\n";

	for (unsigned i = 1; i < 40; i++)
		sprintf(text + strlen(text), "a%u: &a%u [*a%u, *a%u, *a%u, *a%u]\n", i, i, i - 1,
			i - 1, i - 1, i - 1);
	refuse_text(text, strlen(text), "f:1: anchors (&NAME) are not allowed here");
}

static void test_huge(void **state)
{
	size_t len = 1024 * 1024 + 1;
	char *text = malloc(len);

	memset(text, ' ', len);
	memcpy(text, GOOD, strlen(GOOD));
	assert_int_equal(config_parse(text, len - 1, "f", &config, &err), 0);
	refuse_text(text, len, "f: more than 1 MiB, which is no config of a team");
	free(text);
}

static void test_too_many(void **state)
{
	char text[16384] = "team: t\nports:\n";

	for (unsigned i = 0; i < 64; i++)
		sprintf(text + strlen(text), "- {name: eth%u}\n", i);
	assert_int_equal(config_parse(text, strlen(text), "f", &config, &err), 0);
	strcat(text, "- {name: more}\n- {name: evenmore}\n");
	refuse_text(text, strlen(text), "f:67: ports: 66 are too many (at most 64)");
	strcpy(text, GOOD "arp_interval_ms: 1\narp_ip_target:\n");
	for (unsigned i = 1; i <= 17; i++)
		sprintf(text + strlen(text), "- 192.0.2.%u\n", i);
	refuse_text(text, strlen(text), "f:23: arp_ip_target: 17 are too many (at most 16)");
}

/* A value of any length makes a short line. */
static void test_long_values(void **state)
{
	char text[9000] = GOOD "mode: ";

	memset(text + strlen(text), 'x', 8000);
	refuse_text(
		text, strlen(text),
		"f:5: mode: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is not known (" MODES
		")");
	memcpy(text + strlen(GOOD "mode: ") + 41, "\xc3\xa9", 2); /* e acute across the cut */
	refuse_text(
		text, strlen(text),
		"f:5: mode: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is not known (" MODES
		")");
}

/* ---- configurations that come from elsewhere than a file ---- */

static void check(const char *message)
{
	err.text[0] = '\0';
	assert_int_equal(config_check(&config, &err), -EINVAL);
	assert_string_equal(err.text, message);
	assert_int_equal(config_parse(GOOD, strlen(GOOD), "f", &config, &err), 0);
}

static void test_check(void **state)
{
	assert_int_equal(config_parse(GOOD, strlen(GOOD), "f", &config, &err), 0);
	assert_int_equal(config_check(&config, &err), 0);
	config.ports[1].weight = 0;
	check("ports.weight: 0 is out of range (1 to 256)");
	config.mode = BPFTEAM_8023AD;
	check("mode: 4 is not known (" MODES ")");
	config.mac.byte[0] = 0x33;
	check("mac: must be a unicast MAC address");
	config.detect.poll_ms = 5000;
	check("detect.poll_ms: 5000 is out of range (1 to 1000)");
	config.n_ports = 65;
	check("ports: 65 are too many (at most 64)");
	config.n_ports = 0;
	check("ports: a team needs at least one port");
	config.n_rdma = 5;
	check("rdma: 5 are too many (at most 4)");
	config.n_rdma = 1;
	config.rdma[0].n_addresses = 5;
	check("rdma.addresses: 5 are too many (at most 4)");
	config.n_rdma = 1;
	config.rdma[0].vlan = 4095;
	check("rdma.vlan: 4095 is out of range (0 to 4094)");
	config.n_rdma = config.rdma[0].n_addresses = 1;
	check("rdma.addresses:  is not the address of a host");
	config.n_rdma = 1;
	memset(config.rdma[0].vport, 'x', IFNAMSIZ);
	check("rdma.vport: \"xxxxxxxxxxxxxxxx\" cannot be the name of a network device (1 to 15 "
	      "characters, no blank, \"/\" or \":\")");
	config.n_routes = 1;
	memset(config.routes, 0, sizeof(config.routes));
	check("routes.to: must be a destination");
	memset(config.team, 'x', IFNAMSIZ);
	check("team: \"xxxxxxxxxxxxxxxx\" cannot be the name of a network device (1 to 15 "
	      "characters, no blank, \"/\" or \":\")");
	config.team[0] = '\0';
	check("team: \"\" cannot be the name of a network device (1 to 15 characters, no blank, "
	      "\"/\" or \":\")");
}

static void test_names(void **state)
{
	static const char *const good[] = {"a", "eth0", "eth0.100", "fifteen-letters", "@!%"};
	static const char *const bad[] = {"",     ".",          "..",  "sixteen-letters-",
					  "a/b",  "eth0:1",     "a b", "a\tb",
					  "a\nb", "caf\xc3\xa9"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(config_check_name("port", good[i], &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(config_check_name("port", bad[i], &err), -EINVAL);
	config_check_name("port", "a/b", &err);
	assert_string_equal(err.text, "port: \"a/b\" cannot be the name of a network device (1 to "
				      "15 characters, no blank, \"/\" or \":\")");
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(good),    TEST(keys),     TEST(types),       TEST(values), TEST(addresses),
	TEST(members), TEST(later),    TEST(broken),      TEST(utf8),   TEST(bomb),
	TEST(huge),    TEST(too_many), TEST(long_values), TEST(check),  TEST(names),
};

UNIT_MAIN(tests)
