// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rdma_absurd.c - io/rdma with a fake kernel that lists devices, loses them, cuts its answers off,
 * says nothing; and with a true one without RDMA. With soft RoCE: test_rdma_rxe.
 */
#include "netns.h"
#include "netlink_fake.h"
#include "rdma_lab.h"

static struct err err;

enum trouble {
	NONE,
	CUT,
	SILENT,
	FAILING,
	OF_STRANGERS,
	STALE,
	HALF, /* messages that lack what they must have, among good ones */
	FORBIDDEN,
	VANISHING, /* the second device is gone when its ports are asked for */
	NO_COUNTERS,
	NO_DEVICE,
};

static enum trouble trouble;
static unsigned interrupts;
static bool monitors;

static void say_devices(const struct nlmsghdr *req)
{
	struct fake_datagram *datagram = fake_datagram();
	struct nlmsghdr *nlh = fake_message(datagram, req->nlmsg_type);

	put_device(nlh, 0, "rxe0", "roce");
	fake_end(datagram, nlh);
	nlh = fake_message(datagram, req->nlmsg_type);
	if (trouble == HALF)
		mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_DEV_INDEX, 1);
	else
		put_device(nlh, 1, "siw0", "iw");
	fake_end(datagram, nlh);
}

static uint32_t index_of(const struct nlmsghdr *req)
{
	const struct nlattr *tb[RDMA_NLDEV_ATTR_DEV_INDEX + 1];

	nlmsg_attrs(req, 0, tb, RDMA_NLDEV_ATTR_DEV_INDEX);
	return nlmsg_u32(tb[RDMA_NLDEV_ATTR_DEV_INDEX], 99);
}

static void say(const struct nlmsghdr *req, unsigned command)
{
	struct fake_datagram *datagram;
	struct nlmsghdr *nlh;

	if (command == RDMA_NLDEV_CMD_GET && req->nlmsg_flags & NLM_F_DUMP) {
		say_devices(req);
		return;
	}
	datagram = fake_datagram();
	nlh = fake_message(datagram, req->nlmsg_type);
	if (command == RDMA_NLDEV_CMD_GET)
		put_device(nlh, index_of(req), "none0", "roce");
	else if (command == RDMA_NLDEV_CMD_PORT_GET)
		put_link(nlh, index_of(req), index_of(req) ? "siw0" : "rxe0", 1, 7 + index_of(req));
	else if (command == RDMA_NLDEV_CMD_RES_CM_ID_GET)
		put_cms(nlh, index_of(req), index_of(req) ? "siw0" : "rxe0");
	else if (command == RDMA_NLDEV_CMD_STAT_GET)
		put_counters(nlh, rxe_counters, 5);
	else if (command == RDMA_NLDEV_CMD_SYS_GET && monitors)
		mnl_attr_put_u8(nlh, RDMA_ATTR_MONITOR_MODE, 1);
	fake_end(datagram, nlh);
}

static void answer(const struct nlmsghdr *req)
{
	unsigned command = RDMA_NL_GET_OP(req->nlmsg_type);
	int code = 0;

	if (trouble == SILENT)
		return;
	if (trouble == FORBIDDEN)
		code = -EPERM;
	else if (trouble == VANISHING && command == RDMA_NLDEV_CMD_PORT_GET && index_of(req) == 1)
		code = -EINVAL;
	else if (trouble >= NO_COUNTERS && command == RDMA_NLDEV_CMD_STAT_GET)
		code = -EINVAL;
	else if (trouble == NO_DEVICE)
		code = -EINVAL;
	else
		say(req, command);
	if (interrupts && interrupts--)
		fake_done(code)->nlmsg_flags |= NLM_F_DUMP_INTR;
	else
		fake_done(code);
	for (unsigned i = 0; i < fake_last; i++) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)fake_queue[i].buf;

		fake_queue[i].cut = trouble == CUT && i == 0;
		fake_queue[i].from = trouble == OF_STRANGERS ? 4711 : 0;
		fake_queue[i].error = trouble == FAILING ? ENOBUFS : 0;
		nlh->nlmsg_seq -= trouble == STALE;
	}
}

static struct rdma *opened(enum trouble what)
{
	struct rdma *rdma;

	fake_answer = answer;
	trouble = NONE;
	interrupts = 0;
	assert_int_equal(rdma_open(&rdma, &err), 0);
	trouble = what;
	return rdma;
}

static int count_link(const struct rdma_link *link, void *arg)
{
	unsigned *n = arg;

	++*n;
	assert_string_equal(link->driver_proto, link->index ? "iw" : "roce");
	return 0;
}

static int stop(const struct rdma_link *link, void *arg)
{
	++*(unsigned *)arg;
	return 42;
}

static void links_are_listed(void **state)
{
	struct rdma *rdma = opened(NONE);
	struct rdma_link link;
	unsigned n = 0;

	assert_int_equal(rdma_each_link(rdma, count_link, &n, &err), 0);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(rdma_each_link(rdma, stop, &n, &err), 42);
	assert_int_equal(n, 1);
	assert_int_equal(rdma_find(rdma, 8, &link, &err), 0);
	assert_string_equal(link.name, "siw0");
	assert_int_equal(rdma_find(rdma, 9, &link, &err), -ENODEV);
	assert_string_equal(err.text, "RDMA: interface #9 has no RDMA device");
	assert_int_equal(rdma_find(rdma, 0, &link, &err), -ENODEV);
	rdma_close(rdma);
}

static int note_cm(const struct rdma_cm *cm, void *arg)
{
	struct seen *seen = arg;

	assert_int_equal(cm->ifindex, 7 + cm->index);
	return see(cm, 0, seen);
}

static void connections_are_listed(void **state)
{
	struct rdma *rdma = opened(NONE);
	struct seen seen = {0};

	assert_int_equal(rdma_each_cm(rdma, note_cm, &seen, &err), 0);
	assert_int_equal(seen.n, 4);
	assert_string_equal(seen.cms[0].comm, "nvmet");
	assert_int_equal(seen.cms[1].pid, 1);
	assert_true(seen.cms[1].comm[0]); /* of process 1 */
	assert_string_equal(seen.cms[2].name, "siw0");
	rdma_close(rdma);
}

static void devices_that_go(void **state)
{
	struct rdma *rdma = opened(VANISHING);
	unsigned n = 0;

	assert_int_equal(rdma_each_link(rdma, count_link, &n, &err), 0);
	assert_int_equal(n, 1);
	trouble = HALF;
	n = 0;
	assert_int_equal(rdma_each_link(rdma, count_link, &n, &err), 0);
	assert_int_equal(n, 1);
	rdma_close(rdma);
}

static void interrupted_dumps(void **state)
{
	struct rdma *rdma = opened(NONE);
	struct seen seen = {0};
	unsigned n = 0;

	interrupts = 3;
	assert_int_equal(rdma_each_link(rdma, count_link, &n, &err), 0);
	assert_int_equal(interrupts, 0);
	assert_int_equal(n, 2);
	interrupts = 9;
	assert_int_equal(rdma_each_cm(rdma, note_cm, &seen, &err), 0);
	assert_int_equal(seen.n, 4);
	interrupts = 1000;
	assert_int_equal(rdma_each_link(rdma, count_link, &n, &err), -EAGAIN);
	assert_non_null(strstr(err.text, "keep changing; try again"));
	rdma_close(rdma);
}

static void troubles_have_a_text(void **state)
{
	static const struct {
		enum trouble trouble;
		int code;
		const char *text;
	} cases[] = {
		{CUT, -EPROTO, "RDMA: can't list devices: the kernel's answer can't be read"},
		{SILENT, -ETIMEDOUT, "RDMA: can't list devices: the kernel does not answer"},
		{OF_STRANGERS, -ETIMEDOUT, "RDMA: can't list devices: the kernel does not answer"},
		{STALE, -ETIMEDOUT, "RDMA: can't list devices: the kernel does not answer"},
		{FAILING, -ENOBUFS, "RDMA: can't list devices: No buffer space available"},
		{FORBIDDEN, -EPERM,
		 "RDMA: can't list devices: not permitted; it takes CAP_NET_ADMIN"},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rdma *rdma = opened(cases[i].trouble);
		unsigned n = 0;

		assert_int_equal(rdma_each_link(rdma, count_link, &n, &err), cases[i].code);
		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(n, 0);
		trouble = NONE; /* and it is got over */
		assert_int_equal(rdma_each_link(rdma, count_link, &n, NULL), 0);
		assert_int_equal(n, 2);
		rdma_close(rdma);
	}
}

static void load(void **state)
{
	struct rdma *rdma = opened(NONE);
	struct rdma_load ret;

	assert_int_equal(rdma_read_load(rdma, 0, 1, &ret, &err), 0);
	assert_int_equal(ret.rx_packets, 6);
	trouble = NO_COUNTERS;
	assert_int_equal(rdma_read_load(rdma, 0, 1, &ret, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "none0: port 1 counts no RDMA packets");
	assert_false(ret.known);
	trouble = NO_DEVICE;
	assert_int_equal(rdma_read_load(rdma, 5, 1, &ret, &err), -ENODEV);
	assert_string_equal(err.text, "RDMA: there is no device #5");
	trouble = SILENT;
	assert_int_equal(rdma_read_load(rdma, 0, 1, &ret, &err), -ETIMEDOUT);
	rdma_close(rdma);
}

/* The datagrams that lie there for the events' socket: from the kernel, and not. */
static void put_event(uint32_t from, int error, bool cut)
{
	struct fake_datagram *datagram = fake_datagram();
	struct nlmsghdr *nlh = fake_message(datagram, TYPE(RDMA_CMD_MONITOR));

	mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_DEV_INDEX, 0);
	fake_end(datagram, nlh);
	datagram->from = from;
	datagram->error = error;
	datagram->cut = cut;
}

static int hear(struct rdma *rdma, uint32_t from, int error, bool cut)
{
	fake_first = fake_last = 0;
	put_event(from, error, cut);
	return rdma_events_read(rdma);
}

static void events(void **state)
{
	struct rdma *rdma = opened(NONE);

	assert_int_equal(rdma_events_fd(rdma), -1);
	assert_int_equal(rdma_events_read(rdma), 0);
	monitors = false;
	assert_int_equal(rdma_events_open(rdma, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "6.12"));
	assert_int_equal(rdma_events_fd(rdma), -1);
	monitors = true;
	assert_int_equal(rdma_events_open(rdma, &err), 0);
	assert_true(rdma_events_fd(rdma) >= 0);
	fake_first = fake_last = 0;
	assert_int_equal(rdma_events_read(rdma), 0);
	assert_int_equal(hear(rdma, 0, 0, false), 1);
	assert_int_equal(rdma_events_read(rdma), 0);
	assert_int_equal(hear(rdma, 4711, 0, false), 0);
	assert_int_equal(hear(rdma, 0, 0, true), -ENOBUFS);
	assert_int_equal(hear(rdma, 0, ENOBUFS, false), -ENOBUFS);
	assert_int_equal(hear(rdma, 0, EBADF, false), -EBADF);
	rdma_close(rdma);
}

/* ---- this kernel ---- */

static int never(const struct rdma_gid *gid, void *arg)
{
	return 1;
}

static void gids_of_no_device(void **state)
{
	assert_int_equal(rdma_each_gid("none0", 1, never, NULL), -ENODEV);
	assert_int_equal(rdma_each_gid("", 1, never, NULL), -ENODEV);
	assert_int_equal(rdma_each_gid("../net", 1, never, NULL), -ENODEV);
	assert_int_equal(rdma_each_gid(".", 1, never, NULL), -ENODEV);
}

static void a_kernel_without_rdma(void **state)
{
	struct rdma *rdma = NULL;

	fake_answer = NULL;
	assert_int_equal(rdma_open(&rdma, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "RDMA: can't open a netlink socket: this kernel has no RDMA, "
				      "or its module is not loaded (modprobe ib_core)");
	assert_null(rdma);
	assert_int_equal(rdma_open(&rdma, NULL), -EOPNOTSUPP);
	rdma_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_listed),
		cmocka_unit_test(connections_are_listed),
		cmocka_unit_test(devices_that_go),
		cmocka_unit_test(interrupted_dumps),
		cmocka_unit_test(troubles_have_a_text),
		cmocka_unit_test(load),
		cmocka_unit_test(events),
		cmocka_unit_test(gids_of_no_device),
	};
	const struct CMUnitTest without[] = {cmocka_unit_test(a_kernel_without_rdma)};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_RDMA), failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (fd < 0)
		return !!(failed + cmocka_run_group_tests(without, NULL, NULL));
	printf("1..1\nok 1 - a_kernel_without_rdma # SKIP this one has RDMA\n");
	return !!failed;
}
