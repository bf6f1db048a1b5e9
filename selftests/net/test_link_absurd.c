// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_absurd.c - io/link under answers that no kernel should give: damaged, cut off, endless,
 * not from the kernel. recvmsg() of this program stands between it and the kernel's true answers.
 */
#include "netns.h"

#include <errno.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "io/link_nl.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size) ((void)(start))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start))
#endif

#define ROUNDS 6000
#define MAX 32

static struct err err;
static uint32_t port0;

/* ---- what happens to answers ---- */

static enum { HONEST, DAMAGED, CUT, FAILING, INTERRUPTED, OF_STRANGERS, WITH_A_STALE_ONE } answers;
static unsigned interrupts_left;

static void damage(uint8_t *buf, size_t n)
{
	for (unsigned i = rand() % 4 + 1; i--;) {
		/* Attribute headers are multiples of four; small lengths are the likeliest to hurt. */
		size_t at = rand() % 2 ? rand() % n : (rand() % n) & ~3u;

		buf[at] = rand() % 2 ? rand() : rand() % 8;
	}
}

static ssize_t tamper(struct msghdr *msg, ssize_t n)
{
	struct iovec *iov = msg->msg_iov;
	struct nlmsghdr *nlh = iov->iov_base;

	switch (answers) {
	case HONEST:
	case FAILING:
		break;
	case DAMAGED:
		damage(iov->iov_base, n);
		n = rand() % 4 ? n : rand() % (n + 1);
		break;
	case CUT:
		msg->msg_flags |= MSG_TRUNC;
		break;
	case INTERRUPTED:
		/* Behind the rules that fit into one datagram there is no further one. */
		if ((nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == RTM_NEWRULE) &&
		    interrupts_left && interrupts_left--)
			nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
		break;
	case OF_STRANGERS:
		((struct sockaddr_nl *)msg->msg_name)->nl_pid = 4711;
		break;
	case WITH_A_STALE_ONE:
		nlh->nlmsg_seq--;
		answers = HONEST;
		break;
	}
	return n;
}

/* Never waits: an answer whose end was damaged has none. */
ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct iovec *iov = msg->msg_iov;
	ssize_t n;

	ASAN_UNPOISON_MEMORY_REGION(iov->iov_base, iov->iov_len);
	if (answers == FAILING) {
		errno = ENOMEM;
		return -1;
	}
	n = syscall(SYS_recvmsg, fd, msg, flags | MSG_DONTWAIT);
	if (n < 0) {
		if (errno == EAGAIN && !(fcntl(fd, F_GETFL) & O_NONBLOCK))
			errno = ECONNABORTED;
		return -1;
	}
	n = tamper(msg, n);
	ASAN_POISON_MEMORY_REGION((char *)iov->iov_base + n, iov->iov_len - n);
	return n;
}

/* ---- tests ---- */

static int nothing(const struct link_info *info, void *arg)
{
	assert_true(memchr(info->name, '\0', sizeof(info->name)) && info->name[0]);
	assert_non_null(memchr(info->kind, '\0', sizeof(info->kind)));
	return 0;
}

static void note(int kind, const struct link_info *info, void *arg)
{
	assert_true(kind == RTM_NEWADDR || kind == RTM_DELADDR || info->name[0]);
}

static void ask_everything(struct link *link)
{
	struct saved_route *routes = calloc(MAX, sizeof(*routes));
	struct saved_addr *addrs = calloc(MAX, sizeof(*addrs));
	struct link_rule rule = {.family = AF_INET, .priority = 7, .table = 7, .protocol = 177};
	struct link_info info;
	uint32_t value;
	unsigned n;

	link_get(link, "port0", &info, &err);
	link_get_ipv4_conf(link, port0, IPV4_DEVCONF_RP_FILTER, &value, &err);
	if (!link_find_vlan(link, port0, 5, &info, &err))
		assert_true(info.lower == port0 && info.name[0]);
	/* Found again, or not, among those that are there. */
	link_add_rule(link, &rule, &err);
	link_del_rule(link, &rule, &err);
	link_del_rules(link, rule.protocol, 6, 7, &err);
	link_each(link, nothing, NULL, &err);
	if (!link_addrs(link, port0, addrs, MAX, &n, &err))
		assert_in_range(n, 0, MAX);
	for (unsigned i = 0; i < n; i++)
		assert_true(addr_size(&addrs[i].addr) && addrs[i].addr.prefixlen <= 128);
	if (!link_routes(link, port0, routes, MAX, &n, &err))
		assert_in_range(n, 0, MAX);
	for (unsigned i = 0; i < n; i++)
		assert_true(addr_size(&routes[i].to) && routes[i].to.prefixlen <= 128);
	link_set_mtu(link, port0, 70000, &err);
	assert_in_range(strlen(err.text), 1, sizeof(err.text) - 1);
	free(addrs);
	free(routes);
}

static void damaged_answers(void **state)
{
	const char *route = "10.0.0.0/8 nexthop via 192.0.2.8 nexthop via 192.0.2.7";

	srand(4711);
	for (unsigned i = 0; i < ROUNDS / 20; i++) {
		/* A multipath route ends the list, so it is there only half of the time. */
		if (i == ROUNDS / 40)
			SH("ip route add %s", route);
		struct link *link;

		answers = HONEST;
		assert_int_equal(link_open(&link, &err), 0);
		answers = DAMAGED;
		for (unsigned k = 0; k < 20; k++)
			ask_everything(link);
		link_close(link);
	}
	SH("ip route del %s", route);
}

static void damaged_events(void **state)
{
	struct link *link, *other;

	answers = HONEST;
	assert_int_equal(link_open(&link, &err), 0);
	assert_int_equal(link_open(&other, &err), 0);
	assert_int_equal(link_events_open(link, &err), 0);
	srand(4711);
	for (unsigned i = 0; i < ROUNDS; i++) {
		answers = HONEST;
		assert_int_equal(link_set_mtu(other, port0, 1400 + i % 2, &err), 0);
		answers = DAMAGED;
		link_events_read(link, note, NULL);
	}
	answers = HONEST;
	link_close(link);
	link_close(other);
}

static struct link *link_of(void **state)
{
	struct link *link;

	answers = HONEST;
	assert_int_equal(link_open(&link, &err), 0);
	return link;
}

/* The same message by itself, at every length. */
static void message_at_every_length(void **state)
{
	struct link *link = link_of(state);
	struct nlmsghdr *nlh, *copy;
	struct link_info info;
	uint32_t whole;

	assert_int_equal(link_get(link, "port0", &info, &err), 0);
	/* Its answer was the last but one message read; ask again, and stop before the ACK. */
	{
		struct link_request req;
		struct ifinfomsg *ifi = link_nl_begin(&req, RTM_GETLINK, 0, sizeof(*ifi));
		bool cut;

		ifi->ifi_index = (int)port0;
		req.nlh.nlmsg_seq = 99;
		assert_true(mnl_socket_sendto(link->requests, req.buf, req.nlh.nlmsg_len) > 0);
		assert_true(link_nl_receive(link->requests, link->buf, &cut) > 0);
	}
	nlh = (struct nlmsghdr *)link->buf;
	whole = nlh->nlmsg_len;
	assert_true(whole > 500);
	for (uint32_t len = sizeof(*nlh); len <= whole; len++) {
		copy = malloc(len);
		memcpy(copy, nlh, len);
		copy->nlmsg_len = len;
		link_dev_parse(copy, &info);
		free(copy);
	}
	assert_int_equal(link_dev_parse(nlh, &info), 0);
	link_close(link);
}

/* An attribute by itself, shorter and shorter: no value is read out of it. */
static void attribute_at_every_length(void **state)
{
	char name[IFNAMSIZ];
	struct addr a;

	for (size_t len = 0; len <= 17; len++) {
		struct nlattr *attr = calloc(1, sizeof(*attr) + len);

		attr->nla_len = sizeof(*attr) + len;
		assert_int_equal(link_nl_u32(attr, 77), len == 4 ? 0 : 77);
		assert_int_equal(link_nl_u8(attr, 77), len == 1 ? 0 : 77);
		link_nl_string(attr, name, sizeof(name));
		assert_string_equal(name, "");
		memset(attr + 1, 'x', len);
		link_nl_string(attr, name, sizeof(name));
		assert_string_equal(name, "");
		link_nl_addr(attr, AF_INET, 32, &a);
		assert_int_equal(a.family, len == 4 ? AF_INET : AF_UNSPEC);
		link_nl_addr(attr, AF_INET, 33, &a);
		assert_int_equal(a.family, AF_UNSPEC);
		link_nl_addr(attr, AF_INET6, 128, &a);
		assert_int_equal(a.family, len == 16 ? AF_INET6 : AF_UNSPEC);
		link_nl_addr(attr, AF_INET6, 129, &a);
		assert_int_equal(a.family, AF_UNSPEC);
		link_nl_addr(attr, AF_UNIX, 4, &a);
		assert_int_equal(a.family, AF_UNSPEC);
		free(attr);
	}
	assert_int_equal(link_nl_u32(NULL, 77), 77);
}

static void cut_off_answers(void **state)
{
	struct link *link = link_of(state);
	struct link_info info;

	assert_int_equal(link_events_open(link, &err), 0);
	assert_int_equal(link_set_mtu(link, port0, 1399, &err), 0);
	answers = CUT;
	assert_int_equal(link_events_read(link, note, NULL), -ENOBUFS);
	assert_true(link_get(link, "port0", &info, &err) < 0);
	link_close(link);
}

static void strangers_are_not_heard(void **state)
{
	struct link *link = link_of(state);
	struct link_info info;

	assert_int_equal(link_events_open(link, &err), 0);
	answers = OF_STRANGERS;
	assert_true(link_get(link, "port0", &info, &err) < 0);
	link_close(link);
}

static void stale_answers_are_passed_over(void **state)
{
	struct link *link = link_of(state);
	struct link_info info;

	assert_int_equal(link_get(link, "port0", &info, &err), 0);
	/* The answer itself is taken for an old one, and the ACK ends the wait. */
	answers = WITH_A_STALE_ONE;
	assert_int_equal(link_get(link, "port0", &info, &err), -EBADMSG);
	assert_int_equal(link_get(link, "port0", &info, &err), 0);
	link_close(link);
}

static int count(const struct link_info *info, void *arg)
{
	++*(unsigned *)arg;
	return 0;
}

static void interrupted_dumps(void **state)
{
	struct saved_addr addrs[MAX];
	struct saved_route routes[MAX];
	unsigned n = 0, want = 0;
	struct link *link = link_of(state);
	struct link_info info;

	SH("ip rule add pref 5 lookup 5 proto 177; ip rule add pref 5 lookup 6 proto 177");
	assert_int_equal(link_each(link, count, &want, &err), 0);
	answers = INTERRUPTED;
	interrupts_left = 3;
	assert_int_equal(link_each(link, count, &n, &err), 0);
	assert_int_equal(interrupts_left, 0);
	assert_int_equal(n, want);
	interrupts_left = 3;
	assert_int_equal(link_addrs(link, port0, addrs, MAX, &n, &err), 0);
	assert_int_equal(interrupts_left, 0);
	assert_int_equal(n, 4);
	interrupts_left = 3;
	assert_int_equal(link_routes(link, port0, routes, MAX, &n, &err), 0);
	assert_int_equal(interrupts_left, 0);
	assert_int_equal(n, 2);
	interrupts_left = 3;
	assert_int_equal(link_del_rules(link, 177, 0, UINT32_MAX, &err), 0);
	assert_int_equal(interrupts_left, 0);
	SH("[ $(ip rule | wc -l) = 3 ]");
	interrupts_left = 1000;
	assert_int_equal(link_del_rules(link, 177, 0, UINT32_MAX, &err), -EAGAIN);
	assert_int_equal(link_find_vlan(link, port0, 5, &info, &err), -EAGAIN);
	assert_int_equal(link_addrs(link, port0, addrs, MAX, &n, &err), -EAGAIN);
	assert_non_null(strstr(err.text, "keeps changing; try again"));
	assert_int_equal(n, 0);
	link_close(link);
	answers = HONEST;
}

/* A dump that was left half-read would make the kernel refuse the next one. */
static void a_failure_is_got_over(void **state)
{
	struct link *link = link_of(state);
	unsigned n = 0, want = 0;

	SH("for i in $(seq 40); do echo link add many$i group 7 type bridge; done | ip -batch -");
	assert_int_equal(link_each(link, count, &want, &err), 0);
	for (unsigned i = 0; i < 3; i++) {
		answers = FAILING;
		assert_int_equal(link_each(link, count, &n, &err), -ENOMEM);
		answers = HONEST;
		assert_int_equal(link_each(link, count, &n, &err), 0);
		assert_int_equal(n, want);
		n = 0;
	}
	SH("ip link del group 7");
	link_close(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_answers),
		cmocka_unit_test(damaged_events),
		cmocka_unit_test(message_at_every_length),
		cmocka_unit_test(attribute_at_every_length),
		cmocka_unit_test(cut_off_answers),
		cmocka_unit_test(strangers_are_not_heard),
		cmocka_unit_test(stale_answers_are_passed_over),
		cmocka_unit_test(interrupted_dumps),
		cmocka_unit_test(a_failure_is_got_over),
	};
	struct link_info info;
	struct link *link;

	netns_enter();
	if (sh("ip link add port0 type veth peer name peer0 && "
	       "ip link set port0 addrgenmode none && "
	       "ip link set port0 up && ip link set peer0 up && "
	       "ip addr add 192.0.2.1/24 brd + dev port0 && ip addr add 192.0.2.2/24 dev port0 && "
	       "ip addr add 2001:db8::1/64 nodad dev port0 && "
	       "ip addr add fe80::7/64 nodad dev port0 && "
	       "ip route add default via 192.0.2.9 && "
	       "ip -6 route add default via fe80::1 dev port0") ||
	    link_open(&link, &err) || link_get(link, "port0", &info, &err)) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	port0 = info.ifindex;
	link_close(link);
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
