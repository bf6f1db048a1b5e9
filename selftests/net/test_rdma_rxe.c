// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rdma_rxe.c - io/rdma with soft RoCE: devices, GIDs, connections of rping, counters, events.
 *
 *	initial namespace:  rxe0 on va (192.0.2.1) <-> vb, where rxe1 comes and goes
 *
 * Soft RoCE works in the initial namespace alone, so this runs in virtual machines only
 * (tools/vm/run).
 */
#include "netns.h"

#include <errno.h>
#include <poll.h>
#include <sys/utsname.h>
#include <time.h>

#include "io/rdma.h"

#define WAIT_S 60 /* of the VM's own time */

static struct rdma *rdma;
static struct rdma_link rxe0;
static struct err err;
static uint32_t va;

static uint32_t ifindex_of(const char *name)
{
	return if_nametoindex(name);
}

static int count_link(const struct rdma_link *link, void *arg)
{
	++*(unsigned *)arg;
	assert_string_equal(link->driver_proto, "roce");
	return 0;
}

static void devices(void **state)
{
	struct rdma_link found;
	unsigned n = 0;

	assert_int_equal(rdma_each_link(rdma, count_link, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(rdma_find(rdma, va, &found, &err), 0);
	assert_string_equal(found.name, "rxe0");
	assert_string_equal(found.netdev, "va");
	assert_int_equal(found.port, 1);
	assert_int_equal(found.state, 4);
	assert_int_equal(rdma_find(rdma, ifindex_of("vb"), &found, &err), -ENODEV);
	/* What a script sees of it. */
	SH("ip link set va down");
	assert_int_equal(rdma_find(rdma, va, &found, &err), 0);
	assert_int_not_equal(found.state, 4);
	SH("ip link set va name vx");
	assert_int_equal(rdma_find(rdma, va, &found, &err), 0);
	assert_string_equal(found.netdev, "vx");
	SH("ip link set vx name va && ip link set va up");
}

/* ---- GIDs ---- */

struct gids {
	unsigned n, of_address;
	bool stop;
};

static int note_gid(const struct rdma_gid *gid, void *arg)
{
	static const uint8_t address[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
	struct gids *gids = arg;

	gids->n++;
	assert_string_equal(gid->type, "RoCE v2");
	assert_string_equal(gid->netdev, "va");
	gids->of_address += !memcmp(gid->gid, address, sizeof(address));
	return gids->stop ? 42 : 0;
}

static unsigned gids_of_address(void)
{
	struct gids gids = {0};

	assert_int_equal(rdma_each_gid("rxe0", 1, note_gid, &gids), 0);
	assert_true(gids.n >= gids.of_address);
	return gids.of_address;
}

/* GIDs follow addresses, by a work queue: waits for so many of 192.0.2.1. */
static void wait_gids(unsigned n)
{
	time_t end = time(NULL) + WAIT_S;

	while (gids_of_address() != n && time(NULL) < end)
		usleep(20000);
	assert_int_equal(gids_of_address(), n);
}

static void gids(void **state)
{
	struct gids gids = {.stop = true};

	wait_gids(1);
	assert_int_equal(rdma_each_gid("rxe0", 1, note_gid, &gids), 42);
	assert_int_equal(gids.n, 1);
	assert_int_equal(rdma_each_gid("rxe0", 2, note_gid, &gids), -ENODEV);
	SH("ip addr del 192.0.2.1/24 dev va");
	wait_gids(0);
	SH("ip addr add 192.0.2.1/24 dev va");
	wait_gids(1);
}

/* ---- connections ---- */

struct cms {
	unsigned listeners, connections, others;
	uint32_t pid;
	struct rdma_cm last; /* connection */
};

static int note_cm(const struct rdma_cm *cm, void *arg)
{
	struct cms *cms = arg;

	assert_string_equal(cm->name, "rxe0");
	assert_int_equal(cm->ifindex, va);
	assert_int_equal(cm->space, 0x06);
	if (cm->state == RDMA_CM_STATE_LISTEN) {
		assert_int_equal(cm->sport, 7174);
		assert_int_equal(cm->dst.family, AF_UNSPEC);
		cms->listeners++;
	} else if (cm->state == RDMA_CM_STATE_CONNECT) {
		cms->connections++;
		cms->last = *cm;
	} else {
		cms->others++;
	}
	assert_string_equal(cm->comm, "rping");
	return 0;
}

static struct cms list_cms(void)
{
	struct cms cms = {0};

	assert_int_equal(rdma_each_cm(rdma, note_cm, &cms, &err), 0);
	return cms;
}

static pid_t start(const char *command)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct cms wait_cms(unsigned listeners, unsigned connections)
{
	time_t end = time(NULL) + WAIT_S;
	struct cms cms = list_cms();

	while ((cms.listeners != listeners || cms.connections != connections) && time(NULL) < end) {
		usleep(50000);
		cms = list_cms();
	}
	assert_int_equal(cms.listeners, listeners);
	assert_int_equal(cms.connections, connections);
	return cms;
}

static void connections(void **state)
{
	struct rdma_load before, after;
	pid_t server, client;
	char text[ADDR_STRLEN];
	time_t end = time(NULL) + WAIT_S;
	struct cms cms;

	wait_cms(0, 0);
	assert_int_equal(rdma_read_load(rdma, rxe0.index, 1, &before, &err), 0);
	assert_true(before.known);
	server = start("exec rping -s -P -a 192.0.2.1 -p 7174 >/dev/null");
	cms = wait_cms(1, 0);
	client = start("exec rping -c -a 192.0.2.1 -p 7174 >/dev/null");
	cms = wait_cms(1, 2); /* both ends of it */
	assert_string_equal(addr_format(&cms.last.src, false, text), "192.0.2.1");
	assert_string_equal(addr_format(&cms.last.dst, false, text), "192.0.2.1");
	assert_true(cms.last.sport == 7174 || cms.last.dport == 7174);
	assert_true(cms.last.pid == (uint32_t)server || cms.last.pid == (uint32_t)client);
	assert_true(cms.last.lqpn);
	do {
		usleep(50000);
		assert_int_equal(rdma_read_load(rdma, rxe0.index, 1, &after, &err), 0);
	} while (after.tx_packets < before.tx_packets + 10 && time(NULL) < end);
	assert_true(after.tx_packets >= before.tx_packets + 10);
	assert_true(after.rx_packets >= before.rx_packets + 10);
	printf("# %llu packets sent, %llu received, %llu sent again\n",
	       (unsigned long long)after.tx_packets, (unsigned long long)after.rx_packets,
	       (unsigned long long)after.retransmissions);
	stop(client);
	wait_cms(1, 0);
	stop(server);
	wait_cms(0, 0);
}

/* A listener on no address is listed once a device. */
static void wildcard_listener(void **state)
{
	pid_t server;

	server = start("exec rping -s -P -p 7174 >/dev/null");
	wait_cms(1, 0);
	stop(server);
	wait_cms(0, 0);
}

static void load_of_no_device(void **state)
{
	struct rdma_load load;

	assert_int_equal(rdma_read_load(rdma, 4711, 1, &load, &err), -ENODEV);
	assert_int_equal(rdma_read_load(rdma, rxe0.index, 7, &load, &err), -EOPNOTSUPP);
}

/* ---- events ---- */

static bool kernel_tells(void)
{
	unsigned major = 0, minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	return major > 6 || (major == 6 && minor >= 12);
}

/* Something was heard within the time. */
static void expect_event(void)
{
	struct pollfd fd = {.fd = rdma_events_fd(rdma), .events = POLLIN};

	assert_int_equal(poll(&fd, 1, WAIT_S * 1000), 1);
	assert_int_equal(rdma_events_read(rdma), 1);
}

static void events(void **state)
{
	if (!kernel_tells()) {
		assert_int_equal(rdma_events_open(rdma, &err), -EOPNOTSUPP);
		assert_int_equal(rdma_events_fd(rdma), -1);
		return;
	}
	assert_int_equal(rdma_events_open(rdma, &err), 0);
	assert_int_equal(rdma_events_read(rdma), 0);
	SH("rdma link add rxe1 type rxe netdev vb");
	expect_event();
	usleep(300000); /* what else of it comes by a work queue */
	rdma_events_read(rdma);
	assert_int_equal(rdma_events_read(rdma), 0);
	SH("rdma link del rxe1");
	expect_event();
}

static int make_rxe0(void)
{
	if (sh("modprobe -q rdma_rxe"))
		return -1;
	return sh("ip link add va type veth peer name vb && ip link set va up && "
		  "ip link set vb up && ip addr add 192.0.2.1/24 dev va && "
		  "rdma link add rxe0 type rxe netdev va");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices),
		cmocka_unit_test(gids),
		cmocka_unit_test(load_of_no_device),
		cmocka_unit_test(events),
	};
	const struct CMUnitTest with_rping[] = {
		cmocka_unit_test(connections),
		cmocka_unit_test(wildcard_listener),
	};
	int failed;

	if (!getenv("BPFTEAM_IN_VM") || geteuid() != 0)
		netns_skip_all("soft RoCE is set up in virtual machines only");
	if (make_rxe0())
		netns_skip_all("this kernel has no soft RoCE");
	va = ifindex_of("va");
	if (rdma_open(&rdma, &err) || rdma_find(rdma, va, &rxe0, &err)) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (sh("command -v rping >/dev/null && modprobe -q rdma_ucm"))
		printf("1..1\nok 1 - connections # SKIP no rping (rdmacm-utils), or no rdma_ucm\n");
	else
		failed += cmocka_run_group_tests(with_rping, NULL, NULL);
	rdma_close(rdma);
	sh("rdma link del rxe0; ip link del va");
	return !!failed;
}
