// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_bond.c - io/link_bond.c against a kernel that is played here: every kind of option, bonds
 * of newer kernels, and answers that are damaged. What the true one says is in import.sh.
 */
#include "netns.h"
#include "netlink_fake.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "io/link.h"

#define BOND 7
#define ROUNDS 4000

static struct link *link0;
static struct err err;
static bool damaged;

static struct nlmsghdr *begin_link(struct fake_datagram *datagram, int ifindex, const char *name)
{
	struct nlmsghdr *nlh = fake_message(datagram, RTM_NEWLINK);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_index = ifindex;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

static void end_link(struct fake_datagram *datagram, struct nlmsghdr *nlh)
{
	if (damaged)
		fake_damage(nlh);
	fake_end(datagram, nlh);
}

static void put_bond(struct fake_datagram *datagram)
{
	struct nlmsghdr *nlh = begin_link(datagram, BOND, "bond0");
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO), *data, *targets;

	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bond");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u8(nlh, IFLA_BOND_MODE, 1);
	mnl_attr_put_u32(nlh, IFLA_BOND_UPDELAY, 300);
	mnl_attr_put_u32(nlh, IFLA_BOND_PRIMARY, 9);
	mnl_attr_put_u16(nlh, IFLA_BOND_AD_ACTOR_SYS_PRIO, 65535);
	mnl_attr_put(nlh, IFLA_BOND_AD_ACTOR_SYSTEM, 6, "\x02\0\0\0\0\x07");
	targets = mnl_attr_nest_start(nlh, IFLA_BOND_ARP_IP_TARGET);
	mnl_attr_put_u32(nlh, 0, htonl(0xc0000201));
	mnl_attr_put_u32(nlh, 3, htonl(0xc0000202));
	mnl_attr_put_u32(nlh, 16, htonl(0xc0000203)); /* there are 16, from 0 */
	mnl_attr_nest_end(nlh, targets);
	mnl_attr_put_u64(nlh, IFLA_BOND_MIN_LINKS, 1); /* no number of theirs */
	mnl_attr_put_u32(nlh, 39, 1); /* an option of a kernel to come */
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	end_link(datagram, nlh);
}

static void put_port(struct fake_datagram *datagram, int ifindex, const char *name, uint32_t master)
{
	struct nlmsghdr *nlh = begin_link(datagram, ifindex, name);
	struct nlattr *info, *data;

	mnl_attr_put_u32(nlh, IFLA_MASTER, master);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, "bond");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u16(nlh, IFLA_BOND_SLAVE_QUEUE_ID, 2);
	mnl_attr_put_u32(nlh, 9 /* IFLA_BOND_SLAVE_PRIO */, (uint32_t)-5);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	end_link(datagram, nlh);
}

/* To a dump all; to a question about one device, it. */
static void answer(const struct nlmsghdr *req)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(req);
	struct fake_datagram *datagram = fake_datagram();
	bool dump = (req->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;

	if (dump)
		put_bond(datagram);
	if (dump || ifi->ifi_index == 9)
		put_port(datagram, 9, "eth1", BOND);
	if (dump)
		put_port(datagram, 10, "other", BOND + 1);
	fake_done(dump || ifi->ifi_index == 9 ? 0 : -ENODEV);
}

static void assert_option(const struct bond_option *option, const char *port, const char *name,
			  const char *value)
{
	assert_string_equal(option->port, port);
	if (name)
		assert_string_equal(option->name, name);
	else
		assert_null(option->name);
	assert_string_equal(option->value, value);
}

static void every_kind(void **state)
{
	struct bond_option *options;
	unsigned n;

	damaged = false;
	fake_answer = answer;
	if (link_bond_options(link0, BOND, &options, &n, &err))
		fail_msg("%s", err.text);
	fake_answer = NULL;
	assert_int_equal(n, 10);
	assert_option(&options[0], "", "mode", "1");
	assert_option(&options[1], "", "primary", "eth1");
	assert_option(&options[2], "", "updelay", "300");
	assert_option(&options[3], "", "arp_ip_target", "192.0.2.1");
	assert_option(&options[4], "", "arp_ip_target", "192.0.2.2");
	assert_option(&options[5], "", "ad_actor_sys_prio", "65535");
	assert_option(&options[6], "", "ad_actor_system", "02:00:00:00:00:07");
	assert_option(&options[7], "eth1", NULL, "");
	assert_option(&options[8], "eth1", "queue_id", "2");
	assert_option(&options[9], "eth1", "prio", "-5");
	free(options);
}

static void no_bond(void **state)
{
	struct bond_option *options;
	unsigned n;

	damaged = false;
	fake_answer = answer;
	assert_int_equal(link_bond_options(link0, 9, &options, &n, &err), -ENODEV);
	fake_answer = NULL;
	assert_null(options);
	assert_int_equal(n, 0);
}

static void damage(void **state)
{
	struct bond_option *options;
	unsigned n, good = 0;

	damaged = true;
	fake_answer = answer;
	for (unsigned i = 0; i < ROUNDS; i++) {
		good += !link_bond_options(link0, BOND, &options, &n, &err);
		for (unsigned j = 0; j < n; j++)
			assert_true(strlen(options[j].value) < sizeof(options[j].value));
		free(options);
	}
	fake_answer = NULL;
	assert_true(good > ROUNDS / 4 && good < ROUNDS);
}

static int open_link(void **state)
{
	return link_open(&link0, &err);
}

static int close_link(void **state)
{
	link_close(link0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),
		cmocka_unit_test(no_bond),
		cmocka_unit_test(damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return !!cmocka_run_group_tests(tests, open_link, close_link);
}
