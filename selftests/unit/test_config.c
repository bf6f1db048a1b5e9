// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_config.c - core/config.c: what a good file means, writing it back, adding and removing ports. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"
#include "core/config.h"

static struct config config, other;
static struct err err;

static void parse(const char *text)
{
	err.text[0] = '\0';
	if (config_parse(text, strlen(text), "t", &config, &err))
		fail_msg("%s", err.text);
}

static void test_defaults(void **state)
{
	config_init(&config);
	assert_string_equal(config.team, "");
	assert_int_equal(config.mode, BPFTEAM_ACTIVE_BACKUP);
	assert_int_equal(config.hash, BPFTEAM_HASH_LAYER34);
	assert_int_equal(config.rx, RX_REDIRECT);
	assert_int_equal(config.primary_reselect, RESELECT_ALWAYS);
	assert_int_equal(config.detect.method, DETECT_AUTO);
	assert_int_equal(config.detect.poll_ms, 5);
	assert_int_equal(config.detect.updelay_ms, 1000);
	assert_int_equal(config.detect.downdelay_ms, 0);
	assert_int_equal(config.arp_missed_max, 2);
	assert_int_equal(config.num_peer_notif, 1);
	assert_int_equal(config.n_ports + config.n_addresses + config.n_routes, 0);
}

static void test_least_file(void **state)
{
	parse("team: team0\nports: [{name: eth0}]\n");
	config_init(&other);
	strcpy(other.team, "team0");
	assert_int_equal(config_add_port(&other, "eth0", &err), 0);
	assert_memory_equal(&config, &other, sizeof(config));
	assert_int_equal(config.ports[0].weight, 1);
}

static const char everything[] =
	"# comment\n"
	"team: team0\n"
	"mode: balance-xor\n"
	"hash: 'layer2+3'\n"
	"rx: direct\n"
	"mac: 02:00:00:00:00:AA\n"
	"mtu: 9000\n"
	"primary: eth1\n"
	"primary_reselect: better\n"
	"xdp: yes\n"
	"addresses: [192.0.2.10/24, 2001:db8::10/64, 198.51.100.1]\n"
	"routes:\n"
	"  - {to: default, via: 192.0.2.1}\n"
	"  - {to: default, via: 2001:db8::1, metric: 50}\n"
	"  - to: 10.0.0.0/8\n"
	"ports:\n"
	"  - {name: eth0, priority: -100, weight: 256}\n"
	"  - name: eth1\n"
	"    drain: true\n"
	"    disable: on\n"
	"    rdma: off\n"
	"  - {name: \"3com\", rdma: auto}\n"
	"rdma: {vport: team0r, addresses: [203.0.113.10/24, 2001:db8:0:1::10/64], vlan: 20,\n"
	"  failover: true, smc: true}\n"
	"detect: {method: poll, poll_ms: 1000, updelay_ms: 0, downdelay_ms: 200}\n"
	"arp_interval_ms: 100\n"
	"arp_ip_target: [192.0.2.1, 192.0.2.2]\n"
	"arp_validate: filter_active\n"
	"arp_missed_max: 255\n"
	"num_peer_notif: 0\n"
	"peer_notif_delay_ms: 300000\n";

static void check_everything(void)
{
	char buf[ADDR_STRLEN];

	assert_string_equal(config.team, "team0");
	assert_int_equal(config.mode, BPFTEAM_BALANCE_XOR);
	assert_int_equal(config.hash, BPFTEAM_HASH_LAYER23);
	assert_int_equal(config.mac.byte[5], 0xaa);
	assert_int_equal(config.mtu, 9000);
	assert_string_equal(config.primary, "eth1");
	assert_int_equal(config.primary_reselect, RESELECT_BETTER);
	assert_true(config.xdp);
	assert_int_equal(config.rx, RX_DIRECT);
	assert_int_equal(config.n_addresses, 3);
	assert_string_equal(addr_format(&config.addresses[1], true, buf), "2001:db8::10/64");
	assert_string_equal(addr_format(&config.addresses[2], true, buf), "198.51.100.1/32");
	assert_int_equal(config.n_routes, 3);
	assert_string_equal(addr_format(&config.routes[0].to, true, buf), "0.0.0.0/0");
	assert_string_equal(addr_format(&config.routes[0].via, false, buf), "192.0.2.1");
	assert_string_equal(addr_format(&config.routes[1].to, true, buf), "::/0");
	assert_int_equal(config.routes[1].metric, 50);
	assert_int_equal(config.routes[2].via.family, AF_UNSPEC);
	assert_int_equal(config.n_ports, 3);
	assert_int_equal(config.ports[0].priority, -100);
	assert_int_equal(config.ports[0].weight, 256);
	assert_true(config.ports[1].drain && config.ports[1].disable);
	assert_int_equal(config.ports[1].rdma, RDMA_OFF);
	assert_string_equal(config.ports[2].name, "3com");
	assert_int_equal(config.n_rdma, 1);
	assert_string_equal(config.rdma[0].port, "");
	assert_string_equal(config.rdma[0].vport, "team0r");
	assert_int_equal(config.rdma[0].n_addresses, 2);
	assert_string_equal(addr_format(&config.rdma[0].addresses[1], true, buf),
			    "2001:db8:0:1::10/64");
	assert_int_equal(config.rdma[0].vlan, 20);
	assert_true(config.rdma[0].failover && config.rdma[0].smc);
	assert_int_equal(config.detect.method, DETECT_POLL);
	assert_int_equal(config.detect.poll_ms, 1000);
	assert_int_equal(config.detect.updelay_ms, 0);
	assert_int_equal(config.detect.downdelay_ms, 200);
	assert_int_equal(config.arp_interval_ms, 100);
	assert_int_equal(config.n_arp_ip_target, 2);
	assert_int_equal(config.arp_ip_target[1].byte[3], 2);
	assert_int_equal(config.arp_validate, ARP_VALIDATE_FILTER_ACTIVE);
	assert_int_equal(config.arp_missed_max, 255);
	assert_int_equal(config.num_peer_notif, 0);
	assert_int_equal(config.peer_notif_delay_ms, 300000);
}

static void test_everything(void **state)
{
	parse(everything);
	check_everything();
}

/* The forms that YAML offers, and what editors leave behind. */
static void test_forms(void **state)
{
	static const char *const same[] = {
		"{team: t, ports: [{name: eth0}]}",
		"{\"team\": \"t\", \"ports\": [{\"name\": \"eth0\"}]}",
		"---\nteam: t\nports:\n- name: eth0\n...\n",
		"\xef\xbb\xbfteam: t\r\nports:\r\n- name: eth0\r\n",
		"%YAML 1.1\n---\nteam: !!str t\nports: [ {name: 'eth0'} ] # c\n",
		"ports:\n  -   name:   eth0\n\n\nteam: >-\n  t\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		parse(same[i]);
		if (!i)
			other = config;
		assert_memory_equal(&config, &other, sizeof(config));
	}
}

static void test_aliases_of_words(void **state)
{
	parse("{team: t, ports: [{name: e}], mode: 2, hash: 0, primary_reselect: 2}");
	assert_int_equal(config.mode, BPFTEAM_BALANCE_XOR);
	assert_int_equal(config.hash, BPFTEAM_HASH_LAYER2);
	assert_int_equal(config.primary_reselect, RESELECT_FAILURE);
	parse("{team: t, ports: [{name: e}], mode: loadbalance}");
	assert_int_equal(config.mode, BPFTEAM_BALANCE_XOR);
	parse("{team: t, ports: [{name: e}], mode: activebackup}");
	assert_int_equal(config.mode, BPFTEAM_ACTIVE_BACKUP);
}

static void test_format(void **state)
{
	char *text;

	parse(everything);
	other = config;
	assert_int_equal(config_format(&config, &text), 0);
	memset(&config, 0x55, sizeof(config));
	parse(text);
	check_everything();
	assert_memory_equal(&config, &other, sizeof(config));
	free(text);
}

/* Only what differs from the defaults is written. */
static void test_format_least(void **state)
{
	char *text;

	parse("{team: team0, mode: 1, hash: 1, mtu: 1500, addresses: [192.0.2.1/24],"
	      " routes: [{to: default, via: 192.0.2.9}], ports: [{name: eth0, weight: 1},"
	      " {name: eth1, weight: 2}], detect: {poll_ms: 6}, num_peer_notif: 1}");
	assert_int_equal(config_format(&config, &text), 0);
	assert_string_equal(text, "team: team0\n"
				  "mtu: 1500\n"
				  "addresses: [192.0.2.1/24]\n"
				  "routes:\n"
				  "- {to: default, via: 192.0.2.9}\n"
				  "ports:\n"
				  "- {name: eth0}\n"
				  "- {name: eth1, weight: 2}\n"
				  "detect: {poll_ms: 6}\n");
	free(text);
}

static void test_largest(void **state)
{
	char *text, name[16];

	config_init(&config);
	strcpy(config.team, "team0");
	for (unsigned i = 0; i < BPFTEAM_PORTS_MAX; i++) {
		snprintf(name, sizeof(name), "averylongname%u", i);
		assert_int_equal(config_add_port(&config, name, &err), 0);
	}
	for (unsigned i = 0; i < CONFIG_ADDRESSES_MAX; i++) {
		addr_parse("2001:db8::/64", &config.addresses[i]);
		config.addresses[i].byte[15] = i + 1;
		addr_parse("2001:db8::/64", &config.routes[i].to);
		config.routes[i].to.byte[7] = i + 1;
	}
	config.n_addresses = config.n_routes = CONFIG_ADDRESSES_MAX;
	for (unsigned i = 0; i < CONFIG_RDMA_MAX * CONFIG_RDMA_ADDRESSES_MAX; i++) {
		struct rdma_config *rdma = &config.rdma[i / CONFIG_RDMA_ADDRESSES_MAX];
		struct addr *addr = &rdma->addresses[rdma->n_addresses++];

		strcpy(rdma->port, config.ports[i / CONFIG_RDMA_ADDRESSES_MAX].name);
		addr_parse("2001:db9::/64", addr);
		addr->byte[15] = i + 1;
	}
	config.n_rdma = CONFIG_RDMA_MAX;
	assert_int_equal(config_check(&config, &err), 0);
	assert_int_equal(config_format(&config, &text), 0);
	other = config;
	parse(text);
	assert_memory_equal(&config, &other, sizeof(config));
	free(text);
}

static void test_add_and_remove(void **state)
{
	config_init(&config);
	assert_int_equal(config_add_port(&config, "eth0", &err), 0);
	assert_int_equal(config_add_port(&config, "eth1", &err), 0);
	assert_int_equal(config_add_port(&config, "eth2", &err), 0);
	assert_int_equal(config_add_port(&config, "eth1", &err), -EEXIST);
	assert_string_equal(err.text, "port eth1: is in the team already");
	assert_int_equal(config_add_port(&config, "bad/name", &err), -EINVAL);
	assert_ptr_equal(config_port(&config, "eth1"), &config.ports[1]);
	assert_null(config_port(&config, "eth9"));
	strcpy(config.primary, "eth0");
	assert_int_equal(config_remove_port(&config, "eth1", &err), 0);
	assert_int_equal(config.n_ports, 2);
	assert_string_equal(config.ports[1].name, "eth2");
	assert_string_equal(config.primary, "eth0");
	assert_int_equal(config_remove_port(&config, "eth1", &err), -EINVAL);
	assert_int_equal(config_remove_port(&config, "eth0", &err), 0);
	assert_string_equal(config.primary, ""); /* or the rest would be no valid config */
	assert_int_equal(config_remove_port(&config, "eth2", &err), 0);
	config_init(&other);
	assert_memory_equal(&config, &other, sizeof(config));
}

static void test_add_too_many(void **state)
{
	char name[16];

	config_init(&config);
	for (unsigned i = 0; i < BPFTEAM_PORTS_MAX; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		assert_int_equal(config_add_port(&config, name, &err), 0);
	}
	assert_int_equal(config_add_port(&config, "one-more", &err), -ENOSPC);
	assert_string_equal(err.text, "port one-more: a team has at most 64 ports");
	assert_int_equal(config_remove_port(&config, "eth63", &err), 0);
	assert_int_equal(config.n_ports, 63);
}

static void test_load(void **state)
{
	char path[] = "/tmp/bpfteam-unit-XXXXXX", want[128];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, everything, sizeof(everything) - 1), sizeof(everything) - 1);
	assert_int_equal(config_load(path, &config, &err), 0);
	check_everything();
	assert_int_equal(write(fd, "team: x\n", 8), 8);
	close(fd);
	assert_int_equal(config_load(path, &config, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s:32: team: stands here for the second time", path);
	assert_string_equal(err.text, want);
	unlink(path);
	assert_int_equal(config_load(path, &config, &err), -ENOENT);
	snprintf(want, sizeof(want), "%s: cannot be read: No such file or directory", path);
	assert_string_equal(err.text, want);
	assert_int_equal(config_load("/tmp", &config, &err), -EISDIR);
	assert_int_equal(config_load("/dev/zero", &config, &err), -EINVAL);
	assert_int_equal(config_load("/dev/null", &config, NULL), -EINVAL);
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(defaults),         TEST(least_file),   TEST(everything),   TEST(forms),
	TEST(aliases_of_words), TEST(format),       TEST(format_least), TEST(largest),
	TEST(add_and_remove),   TEST(add_too_many), TEST(load),
};

UNIT_MAIN(tests)
