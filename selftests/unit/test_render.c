// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_render.c - cli/render*.c: JSON in, the text that a user sees out; whatever is missing or null. */
#include "unit.h"
#include "cli/render.h"

/* What fn prints of this JSON; to be freed. */
static char *render(void (*fn)(const json_t *root), const char *json)
{
	FILE *out = stdout;
	json_error_t error;
	json_t *root = json_loads(json, 0, &error);
	char *text;
	size_t size;

	if (!root)
		fail_msg("%s: %s", error.text, json);
	stdout = open_memstream(&text, &size);
	fn(root);
	fclose(stdout);
	stdout = out;
	json_decref(root);
	return text;
}

static void expect(void (*fn)(const json_t *root), const char *json, const char *want)
{
	char *text = render(fn, json);

	assert_string_equal(text, want);
	free(text);
}

#define TRAFFIC "\"tx_packets\":1,\"tx_bytes\":60,\"rx_packets\":20000,\"rx_bytes\":3000000"

static void test_show_vports(void **state)
{
	expect(render_show,
	       "[{\"name\":\"team0\",\"mode\":\"active-backup\",\"state\":\"up\",\"active_port\":"
	       "\"eth0\",\"hash\":\"layer3+4\",\"detector\":\"state\",\"daemon\":true,"
	       "\"failovers\":3,\"rx\":\"redirect\",\"mac\":\"02:00:00:00:00:01\",\"mtu\":1500,"
	       "\"ifindex\":7,\"ports\":[{\"name\":\"eth0\",\"state\":\"up\",\"rdma\":\"rxe0\","
	       "\"weight\":1,\"priority\":0,\"slots\":4096," TRAFFIC "}],\"vports\":["
	       "{\"name\":\"team0\",\"kind\":\"team\",\"vlan\":null,\"pinned_to\":null," TRAFFIC
	       "},{\"name\":\"team0r\",\"kind\":\"rdma\",\"vlan\":20,\"pinned_to\":\"eth0\","
	       "\"tx_packets\":0,\"tx_bytes\":0,\"rx_packets\":0,\"rx_bytes\":0,"
	       "\"drops\":{\"no_port\":2,\"malformed\":0}}]}]",
	       "team0: up, active-backup, active port eth0\n"
	       "  hash layer3+4, detector state, daemon yes, failovers 3\n"
	       "  mac 02:00:00:00:00:01, mtu 1500, ifindex 7\n"
	       "  PORT     STATE  RDMA  WEIGHT  PRIO  SLOTS  TX PKTS  TX BYTES  RX PKTS  RX BYTES\n"
	       "  eth0  *  up     rxe0       1     0   4096        1        60    20.0k     3.00M\n"
	       "  VPORT   KIND  VLAN  PINNED TO  TX PKTS  TX BYTES  RX PKTS  RX BYTES  DROPS\n"
	       "  team0   team                         1        60    20.0k     3.00M\n"
	       "  team0r  rdma  20    eth0             0         0        0         0  no_port "
	       "2\n");
}

static void test_rdma(void **state)
{
	expect(render_rdma,
	       "[{\"team\":\"team0\",\"rnics\":[{\"port\":\"rnic0\",\"ifindex\":5,\"device\":"
	       "\"rxe0\",\"protocol\":\"roce\",\"state\":\"active\",\"vport\":\"team0r\","
	       "\"vlan\":20,\"addresses\":[\"198.51.100.10/24\",\"2001:db8::1/64\"],\"failover\":"
	       "false,\"path\":\"rnic0\",\"gids\":[{\"index\":0,\"gid\":\"fe80::1\",\"type\":"
	       "\"IB/RoCE v1\"},{\"index\":11,\"gid\":\"::ffff:198.51.100.10\",\"type\":"
	       "\"RoCE v2\"}],\"load\":{\"tx_packets\":7,\"rx_packets\":20000,\"tx_bytes\":null,"
	       "\"retransmissions\":1},\"exempt\":{\"roce_v1\":0,\"roce_v2\":12,\"iwarp\":0,"
	       "\"neighbours\":3},\"problems\":[\"rp_filter is 1\",\"no GID\"]},"
	       "{\"port\":\"rnic1\",\"device\":\"siw0\",\"vport\":null,\"vlan\":null,\"addresses\":"
	       "[],\"failover\":false,\"load\":null}],"
	       "\"flows\":[{\"port\":\"rnic0\",\"kind\":\"listener\",\"why\":\"CM ID 3\",\"proto\":"
	       "\"tcp\",\"local\":\"198.51.100.10:7174\",\"remote\":null}],"
	       "\"smc\":[{\"local\":\"a:1\",\"remote\":\"b:2\",\"mode\":\"tcp\",\"reason\":\"no "
	       "PNET id\",\"device\":null}],\"smc_cgroups\":[\"a/b\",\"c\"]}]",
	       "team0:\n"
	       "  RNIC   DEVICE  PROTOCOL  STATE   VPORT   VLAN  PATH   FAILOVER  ADDRESSES\n"
	       "  rnic0  rxe0    roce      active  team0r  20    rnic0  no        "
	       "198.51.100.10/24, 2001:db8::1/64\n"
	       "  rnic1  siw0\n"
	       "  problem: rnic0: rp_filter is 1\n"
	       "  problem: rnic0: no GID\n"
	       "\n"
	       "  GIDS OF  INDEX  GID                   TYPE\n"
	       "  rnic0        0  fe80::1               IB/RoCE v1\n"
	       "  rnic0       11  ::ffff:198.51.100.10  RoCE v2\n"
	       "\n"
	       "  RDMA LOAD  TX PKTS  RX PKTS  RETRANS\n"
	       "  rnic0            7    20.0k        1\n"
	       "  rnic1\n"
	       "\n"
	       "  EXEMPT  ROCE V1  ROCE V2  IWARP  NEIGHBOURS\n"
	       "  rnic0         0       12      0           3\n"
	       "  rnic1\n"
	       "\n"
	       "  FLOWS OF  KIND      PROTO  LOCAL               REASON\n"
	       "  rnic0     listener  tcp    198.51.100.10:7174  CM ID 3\n"
	       "\n"
	       "  SMC  LOCAL  REMOTE  REASON\n"
	       "  tcp  a:1    b:2     no PNET id\n"
	       "\n"
	       "  TCP becomes SMC in cgroup a/b\n"
	       "  TCP becomes SMC in cgroup c\n");
}

static void test_rdma_little(void **state)
{
	expect(render_rdma, "[]", "no teams\n");
	expect(render_rdma,
	       "[{\"team\":\"a\",\"rnics\":[],\"flows\":[],\"smc\":[]},{\"team\":\"b\"}]",
	       "no RDMA device among the ports of a\n\nno RDMA device among the ports of b\n");
	expect(render_rdma, "[{\"team\":\"a\",\"rnics\":[{\"vport\":\"ar\"}]}]",
	       "a:\n  RNIC  VPORT\n  ?     ar\n");
}

/* Each member of what is complete left out, null, and of another type: no crash, and no "(null)". */
static void test_rdma_any(void **state)
{
	static const char *const values[] = {
		"null", "1", "\"x\"", "[]", "[null, 1, {}]", "{}", "{\"tx_packets\": \"x\"}"};
	static const char *const keys[] = {"port",     "device", "vport", "vlan",   "addresses",
					   "failover", "gids",   "load",  "exempt", "problems"};
	char json[512], *text;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			snprintf(json, sizeof(json),
				 "[{\"team\":\"t\",\"rnics\":[{\"%s\":%s}],\"flows\":%s,\"smc\":%s,"
				 "\"smc_cgroups\":%s},{\"team\":%s,\"rnics\":%s}]",
				 keys[k], values[v], values[v], values[v], values[v], values[v],
				 values[v]);
			text = render(render_rdma, json);
			assert_null(strstr(text, "null"));
			free(text);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_show_vports),
	cmocka_unit_test(test_rdma),
	cmocka_unit_test(test_rdma_little),
	cmocka_unit_test(test_rdma_any),
};

UNIT_MAIN(tests)
