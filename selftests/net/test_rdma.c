// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_rdma.c - io/rdma's reading of messages: whole ones, cut short, damaged and absurd ones. */
#include "netns.h"
#include "netlink_fake.h"
#include "rdma_lab.h"

#define ROUNDS 200000

static union {
	struct nlmsghdr nlh;
	char buf[8192];
} messages[4];

/* One of each kind: a device, a port, CM IDs, counters. */
static void make_messages(void)
{
	static const unsigned commands[] = {RDMA_NLDEV_CMD_GET, RDMA_NLDEV_CMD_PORT_GET,
					    RDMA_NLDEV_CMD_RES_CM_ID_GET, RDMA_NLDEV_CMD_STAT_GET};

	memset(messages, 0, sizeof(messages));
	for (unsigned i = 0; i < 4; i++) {
		mnl_nlmsg_put_header(messages[i].buf);
		messages[i].nlh.nlmsg_type = TYPE(commands[i]);
	}
	put_device(&messages[0].nlh, 3, "mlx5_0", "roce");
	put_link(&messages[1].nlh, 3, "mlx5_0", 1, 7);
	put_cms(&messages[2].nlh, 3, "mlx5_0");
	put_counters(&messages[3].nlh, rxe_counters, 1000);
}

/* Reads a message as each of the kinds; how many it is. */
static unsigned read_as_all(const struct nlmsghdr *nlh, struct seen *seen)
{
	struct rdma_device device;
	struct rdma_link link;
	struct rdma_load load;
	unsigned n = 0;

	memset(seen, 0, sizeof(*seen));
	if (!rdma_parse_device(nlh, &device)) {
		assert_true(device.name[0] && !strchr(device.name, '/'));
		n++;
	}
	if (!rdma_parse_link(nlh, &link)) {
		assert_true(link.name[0] && link.port && strlen(link.netdev) < IFNAMSIZ);
		n++;
	}
	n += !rdma_parse_cms(nlh, see, seen);
	n += !rdma_parse_load(nlh, &load);
	rdma_parse_monitor(nlh);
	rdma_parse_events(nlh, nlh->nlmsg_len);
	return n;
}

static void whole_messages(void **state)
{
	struct rdma_device device;
	struct rdma_link link;
	struct seen seen;
	char text[ADDR_STRLEN];

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(read_as_all(&messages[i].nlh, &seen), 1);
	assert_int_equal(rdma_parse_device(&messages[0].nlh, &device), 0);
	assert_int_equal(device.index, 3);
	assert_string_equal(device.proto, "roce");
	assert_int_equal(rdma_parse_link(&messages[1].nlh, &link), 0);
	assert_int_equal(link.port, 1);
	assert_int_equal(link.ifindex, 7);
	assert_int_equal(link.state, 4);
	assert_string_equal(link.netdev, "eth0");
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(rdma_parse_cms(&messages[2].nlh, see, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.cms[0].state, RDMA_CM_STATE_LISTEN);
	assert_string_equal(addr_format(&seen.cms[0].src, false, text), "0.0.0.0");
	assert_int_equal(seen.cms[0].dst.family, AF_UNSPEC);
	assert_int_equal(seen.cms[0].sport, 7174);
	assert_string_equal(seen.cms[0].comm, "nvmet");
	assert_int_equal(seen.cms[0].space, 0x06);
	assert_int_equal(seen.ports[0], 0);
	assert_int_equal(seen.cms[1].id, 3);
	assert_int_equal(seen.cms[1].state, RDMA_CM_STATE_CONNECT);
	assert_int_equal(seen.cms[1].lqpn, 17);
	assert_int_equal(seen.cms[1].pid, 1);
	assert_int_equal(seen.cms[1].dport, 40001);
	assert_string_equal(addr_format(&seen.cms[1].dst, false, text), "2001:db8::2");
	assert_int_equal(seen.ports[1], 1);
}

static void message_at_every_length(void **state)
{
	struct seen seen;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t whole = messages[i].nlh.nlmsg_len;

		for (uint32_t len = sizeof(struct nlmsghdr); len <= whole; len++) {
			struct nlmsghdr *copy = fake_copy(&messages[i].nlh, len);

			read_as_all(copy, &seen);
			/* A header alone, and one attribute, are no message. */
			if (len < sizeof(*copy) + 8 + 4 + 2)
				assert_int_not_equal(read_as_all(copy, &seen), 1);
			free(copy);
		}
	}
}

static void damaged_messages(void **state)
{
	struct seen seen;

	srand(4711);
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct nlmsghdr *nlh = &messages[i % 4].nlh;
		struct nlmsghdr *copy = fake_copy(nlh, nlh->nlmsg_len);

		fake_damage(copy);
		assert_in_range(read_as_all(copy, &seen), 0, 1);
		free(copy);
	}
}

/* A device message of that name, of n bytes. */
static int parse_named(const char *name, size_t n)
{
	struct rdma_device device;
	char buf[512] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = TYPE(RDMA_NLDEV_CMD_GET);
	mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_DEV_INDEX, 0);
	mnl_attr_put(nlh, RDMA_NLDEV_ATTR_DEV_NAME, n, name);
	return rdma_parse_device(nlh, &device);
}

static void absurd_names(void **state)
{
	char longest[RDMA_NAME_MAX + 1];

	assert_int_equal(parse_named("rxe0", 5), 0);
	assert_int_equal(parse_named("rxe0", 4), -EPROTO); /* unterminated */
	assert_int_equal(parse_named("", 1), -EPROTO);
	assert_int_equal(parse_named("", 0), -EPROTO);
	assert_int_equal(parse_named("..", 3), -EPROTO);
	assert_int_equal(parse_named("../../etc", 10), -EPROTO);
	memset(longest, 'x', sizeof(longest));
	longest[RDMA_NAME_MAX] = '\0';
	assert_int_equal(parse_named(longest, sizeof(longest)), -EPROTO);
	assert_int_equal(parse_named(longest + 1, sizeof(longest) - 1), 0);
}

/* A CM ID whose source is the first n bytes of a sockaddr of that family; how many were read. */
static unsigned parse_sockaddr(uint16_t family, size_t n)
{
	struct sockaddr_storage storage = {.ss_family = family};
	struct nlattr *table, *entry;
	struct seen seen = {0};
	char buf[1024] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = TYPE(RDMA_NLDEV_CMD_RES_CM_ID_GET);
	put_handle(nlh, 0, "rxe0");
	table = mnl_attr_nest_start(nlh, RDMA_NLDEV_ATTR_RES_CM_ID);
	entry = mnl_attr_nest_start(nlh, RDMA_NLDEV_ATTR_RES_CM_ID_ENTRY);
	mnl_attr_put_u8(nlh, RDMA_NLDEV_ATTR_RES_STATE, 8);
	mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_RES_PS, 0x0106);
	mnl_attr_put(nlh, RDMA_NLDEV_ATTR_RES_SRC_ADDR, n, &storage);
	mnl_attr_nest_end(nlh, entry);
	mnl_attr_nest_end(nlh, table);
	assert_int_equal(rdma_parse_cms(nlh, see, &seen), 0);
	return seen.n;
}

static void absurd_addresses(void **state)
{
	assert_int_equal(parse_sockaddr(AF_INET, 128), 1);
	assert_int_equal(parse_sockaddr(AF_INET, sizeof(struct sockaddr_in)), 1);
	assert_int_equal(parse_sockaddr(AF_INET, sizeof(struct sockaddr_in) - 1), 0);
	assert_int_equal(parse_sockaddr(AF_INET6, sizeof(struct sockaddr_in6)), 1);
	assert_int_equal(parse_sockaddr(AF_INET6, sizeof(struct sockaddr_in6) - 1), 0);
	assert_int_equal(parse_sockaddr(AF_UNSPEC, 128), 1);
	assert_int_equal(parse_sockaddr(27, 128), 0); /* AF_IB */
	assert_int_equal(parse_sockaddr(0xffff, 128), 0);
	assert_int_equal(parse_sockaddr(AF_INET, 1), 0);
	assert_int_equal(parse_sockaddr(AF_INET, 0), 0);
}

static void counters_by_name(void **state)
{
	struct rdma_load load;
	char buf[1024];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	assert_int_equal(rdma_parse_load(&messages[3].nlh, &load), 0);
	assert_true(load.known);
	assert_int_equal(load.tx_packets, 1000);
	assert_int_equal(load.rx_packets, 1001);
	assert_int_equal(load.retransmissions, 1002);
	assert_int_equal(load.tx_bytes, 0);
	nlh->nlmsg_type = TYPE(RDMA_NLDEV_CMD_STAT_GET);
	put_counters(nlh, mlx5_counters, 10);
	assert_int_equal(rdma_parse_load(nlh, &load), 0);
	assert_false(load.known); /* requests are no packets */
	assert_int_equal(load.retransmissions, 11 + 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_messages),   cmocka_unit_test(message_at_every_length),
		cmocka_unit_test(damaged_messages), cmocka_unit_test(absurd_names),
		cmocka_unit_test(absurd_addresses), cmocka_unit_test(counters_by_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	make_messages();
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
