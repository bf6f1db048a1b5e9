// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_rule.c - io/link's routing rules, beside those of others; ip(8) says what there is.
 *
 *	[ port0 ]--veth--[ peer0 ]	[ team0 ]--veth--[ inner0 ]
 */
#include "netns.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "io/link.h"
#include "link_lab.h"

#define OURS 177
#define OTHERS 178

/* Those of the two makers, as ip(8) shows them. */
#define RULES "ip -%c rule show | grep 'proto 17[78]$' | tr '\t' ' '"

static struct link_rule rule(const char *to, uint32_t priority, uint8_t ipproto)
{
	struct link_rule ret = {
		.family = AF_INET,
		.priority = priority,
		.table = 1000,
		.ipproto = ipproto,
		.protocol = OURS,
	};

	if (to) {
		ret.to = addr(to);
		ret.family = ret.to.family;
	}
	return ret;
}

static int remove_rules(void **state)
{
	return sh("for f in 4 6; do for p in %u %u; do ip -$f rule flush protocol $p; done; done",
		  OURS, OTHERS);
}

static void add(const struct link_rule *r)
{
	if (link_add_rule(link0, r, &err))
		fail_msg("%s", err.text);
}

static void as_asked(void **state)
{
	struct link_rule a = rule("192.0.2.0/24", 100, IPPROTO_TCP), b = rule(NULL, 101, 0);
	struct link_rule c = rule("2001:db8::/64", 100, IPPROTO_ICMPV6), d = rule("::/0", 101, 0);

	b.table = RT_TABLE_MAIN;
	add(&a);
	add(&b);
	add(&c);
	add(&d);
	ASSERT_OUTPUT("100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n"
		      "101: from all lookup main proto 177\n",
		      RULES, '4');
	ASSERT_OUTPUT("100: from all to 2001:db8::/64 ipproto ipv6-icmp lookup 1000 proto 177\n"
		      "101: from all lookup 1000 proto 177\n",
		      RULES, '6');
	assert_int_equal(link_del_rule(link0, &a, &err), 0);
	assert_int_equal(link_del_rule(link0, &d, &err), 0);
	ASSERT_OUTPUT("101: from all lookup main proto 177\n", RULES, '4');
	ASSERT_OUTPUT("100: from all to 2001:db8::/64 ipproto ipv6-icmp lookup 1000 proto 177\n",
		      RULES, '6');
}

static void not_doubled(void **state)
{
	struct link_rule a = rule("192.0.2.0/24", 100, IPPROTO_TCP), b = rule("192.0.2.7/24", 0, 0);
	struct link_rule c = rule("2001:db8::/64", 100, 0),
			 d = rule("2001:db8::1:0:0:1/64", 100, 0);
	const struct link_rule *each[] = {&a, &b, &c, &d};

	b.priority = 100;
	b.ipproto = IPPROTO_TCP;
	for (unsigned i = 0; i < 3 * 4; i++)
		add(each[i % 4]);
	ASSERT_OUTPUT("100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n", RULES,
		      '4');
	ASSERT_OUTPUT("100: from all to 2001:db8::/64 lookup 1000 proto 177\n", RULES, '6');
	assert_int_equal(link_del_rule(link0, &b, &err), 0);
	ASSERT_OUTPUT("", RULES, '4');
}

/* For NLM_F_EXCL the kernel takes a rule to any address for the same as one to some address. */
static void to_any_beside_a_particular_one(void **state)
{
	struct link_rule some = rule("192.0.2.0/24", 100, IPPROTO_TCP);
	struct link_rule any = rule(NULL, 100, IPPROTO_TCP);

	add(&some);
	add(&any);
	add(&any);
	add(&some);
	ASSERT_OUTPUT("100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n"
		      "100: from all ipproto tcp lookup 1000 proto 177\n",
		      RULES, '4');
	/* And it would delete the wrong one. */
	assert_int_equal(link_del_rule(link0, &any, &err), -EBUSY);
	assert_string_equal(err.text, "IPv4 rule 100: can't delete it (to any address, IP protocol "
				      "6, table 1000): Device or resource busy");
	assert_int_equal(link_del_rule(link0, &some, &err), 0);
	ASSERT_OUTPUT("100: from all ipproto tcp lookup 1000 proto 177\n", RULES, '4');
	assert_int_equal(link_del_rule(link0, &any, &err), 0);
	ASSERT_OUTPUT("", RULES, '4');
}

/* What differs in one thing, or has more to it, is another rule: added beside, and not deleted. */
static void others_are_left_alone(void **state)
{
	static const char others[] =
		"99: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n"
		"100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 178\n"
		"100: from all to 192.0.2.0/25 ipproto tcp lookup 1000 proto 177\n"
		"100: from all to 192.0.2.0/24 ipproto udp lookup 1000 proto 177\n"
		"100: from all to 192.0.2.0/24 ipproto tcp lookup 1001 proto 177\n"
		"100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 unreachable proto 177\n";
	struct link_rule r = rule("192.0.2.0/24", 100, IPPROTO_TCP), any = rule(NULL, 100, 0);
	char *text;

	SH("ip rule add pref 99 to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177 && "
	   "ip rule add pref 100 to 192.0.2.0/24 ipproto tcp lookup 1000 proto 178 && "
	   "ip rule add pref 100 to 192.0.2.0/25 ipproto tcp lookup 1000 proto 177 && "
	   "ip rule add pref 100 to 192.0.2.0/24 ipproto udp lookup 1000 proto 177 && "
	   "ip rule add pref 100 to 192.0.2.0/24 ipproto tcp lookup 1001 proto 177 && "
	   "ip rule add pref 100 to 192.0.2.0/24 ipproto tcp lookup 1000 unreachable proto 177");
	assert_int_equal(link_del_rule(link0, &r, &err), -ENOENT);
	assert_int_equal(link_del_rule(link0, &any, &err), -ENOENT);
	ASSERT_OUTPUT(others, RULES, '4');
	add(&r);
	text = sh_output(RULES, '4');
	assert_memory_equal(text, others, sizeof(others) - 1);
	assert_string_equal(text + sizeof(others) - 1,
			    "100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n");
	free(text);
	assert_int_equal(link_del_rule(link0, &r, &err), 0);
	ASSERT_OUTPUT(others, RULES, '4');
	/* The kernel would take this one, before ours. */
	SH("ip rule add pref 100 from 10.0.0.0/8 to 192.0.2.0/24 ipproto tcp lookup 1000 proto "
	   "177");
	assert_int_equal(link_del_rule(link0, &r, &err), -ENOENT);
	add(&r);
	assert_int_equal(link_del_rule(link0, &r, &err), -EBUSY);
}

static void all_of_a_maker(void **state)
{
	struct link_rule r;

	for (unsigned i = 0; i < 50; i++) {
		r = rule(i % 2 ? "192.0.2.1/32" : "2001:db8::1/128", 100 + i / 10, 1 + i);
		add(&r);
	}
	SH("ip rule add pref 99 lookup 1 proto 177; ip rule add pref 105 lookup 1 proto 177;"
	   "ip -6 rule add pref 99 lookup 1 proto 177; ip -6 rule add pref 105 lookup 1 proto 177");
	SH("ip rule add pref 102 lookup 2 proto 178; ip -6 rule add pref 102 lookup 2 proto 178");
	/* Whatever a rule of that maker does. */
	SH("ip rule add pref 100 to 192.0.2.2 unreachable proto 177;"
	   "ip rule add pref 101 from 10.0.0.0/8 iif port0 fwmark 7 tos 8 lookup main proto 177;"
	   "ip rule add pref 103 goto 105 proto 177;"
	   "ip rule add not pref 104 to 192.0.2.3 lookup main suppress_prefixlength 0 proto 177;"
	   "ip rule add pref 104 uidrange 1-7 sport 7-9 lookup main proto 177");
	assert_int_equal(link_del_rules(link0, OURS, 100, 104, &err), 0);
	ASSERT_OUTPUT("99: from all lookup 1 proto 177\n"
		      "102: from all lookup 2 proto 178\n"
		      "105: from all lookup 1 proto 177\n",
		      RULES, '4');
	ASSERT_OUTPUT("99: from all lookup 1 proto 177\n"
		      "102: from all lookup 2 proto 178\n"
		      "105: from all lookup 1 proto 177\n",
		      RULES, '6');
	assert_int_equal(link_del_rules(link0, OURS, 100, 104, &err), 0);
	assert_int_equal(link_del_rules(link0, OURS, 104, 100, &err), 0);
	assert_int_equal(link_del_rules(link0, OURS, 0, UINT32_MAX, &err), 0);
	assert_int_equal(link_del_rules(link0, OTHERS, 102, 102, &err), 0);
	ASSERT_OUTPUT("", RULES, '4');
	ASSERT_OUTPUT("", RULES, '6');
}

static void refused(void **state)
{
	struct link_rule r = rule("192.0.2.0/24", 100, 0), bad;
	const struct link_rule bads[] = {
		{.family = AF_UNSPEC, .table = 7, .protocol = OURS},
		{.family = AF_UNIX, .table = 7, .protocol = OURS},
		{.family = AF_INET, .table = 0, .protocol = OURS},
		{.family = AF_INET, .table = 7, .protocol = 0},
		{.family = AF_INET6, .table = 7, .protocol = OURS, .to = r.to},
		{.family = AF_INET, .table = 7, .protocol = OURS, .to = {AF_INET, 33, {0}}},
		{.family = AF_INET, .table = 7, .protocol = OURS, .to = {AF_UNIX, 8, {0}}},
	};

	for (unsigned i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		assert_int_equal(link_add_rule(link0, &bads[i], &err), -EINVAL);
		assert_int_equal(link_del_rule(link0, &bads[i], &err), -EINVAL);
	}
	ASSERT_OUTPUT("", RULES, '4');
	assert_int_equal(link_del_rule(link0, &r, &err), -ENOENT);
	assert_string_equal(err.text,
			    "IPv4 rule 100: can't delete it (to 192.0.2.0/24, IP protocol "
			    "0, table 1000): No such file or directory");
	assert_int_equal(link_del_rule(link0, &r, NULL), -ENOENT);
	/* All of the kernel's own would go, else. */
	assert_int_equal(link_del_rules(link0, 0, 0, UINT32_MAX, &err), -EINVAL);
	assert_string_equal(err.text, "IP rules: can't delete those of protocol 0, priorities 0 to "
				      "4294967295: Invalid argument");
	ASSERT_OUTPUT("3\n", "ip rule | wc -l");
	bad = rule("::/0", 7, 0);
	bad.family = AF_INET;
	assert_int_equal(link_add_rule(link0, &bad, &err), -EINVAL);
}

static void steers(void **state)
{
	struct link_rule r = rule("192.0.2.0/24", 100, IPPROTO_TCP);
	struct saved_route route = {
		.to = addr("192.0.2.0/24"),
		.table = 1000,
		.protocol = OURS,
		.scope = RT_SCOPE_LINK,
		.type = RTN_UNICAST,
	};

	SH("ip addr add 192.0.2.1/24 dev port0");
	assert_int_equal(link_add_route(link0, team0, &route, &err), 0);
	add(&r);
	SH("ip route get 192.0.2.9 ipproto tcp | grep -q 'dev team0 table 1000 '");
	SH("ip route get 192.0.2.9 ipproto udp | grep -q 'dev port0 '");
	SH("ip route get 192.0.2.9 | grep -q 'dev port0 '");
}

static int remove_both(void **state)
{
	return remove_rules(state) || remove_devices(state);
}

#define WITH_RULES(test) cmocka_unit_test_setup_teardown(test, make_devices, remove_both)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RULES(as_asked),
		WITH_RULES(not_doubled),
		WITH_RULES(to_any_beside_a_particular_one),
		WITH_RULES(others_are_left_alone),
		WITH_RULES(all_of_a_maker),
		WITH_RULES(refused),
		WITH_RULES(steers),
	};
	int ret;

	netns_enter();
	if (link_open(&link0, &err)) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	link_close(link0);
	return !!ret;
}
