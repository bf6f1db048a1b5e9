// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_wire.c - io/wire: the frames byte by byte, as a neighbour sees them, and what they do to a real
 * neighbour's caches.
 *
 *	[ port0 ]--veth--[ peer0 192.0.2.2 2001:db8::2 ] in another namespace
 */
#include "netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "io/wire.h"

static const struct mac mac0 = {{0x02, 0xbb, 0, 0, 0, 1}};
static struct wire *wire;
static struct err err;
static unsigned port0;
static pid_t other;

static struct addr addr(const char *text)
{
	struct addr ret;

	if (addr_parse(text, &ret))
		fail_msg("%s is no address", text);
	return ret;
}

/* ---- the frames ---- */

/* Builds at an odd place, and sees that nothing behind the frame is touched. */
static void check_frame(size_t (*build)(uint8_t *, const struct mac *, const struct addr *),
			const char *text, const uint8_t *want, size_t len)
{
	uint8_t buf[1 + 128];
	struct addr a = addr(text);

	memset(buf, 0xaa, sizeof(buf));
	assert_int_equal(build(buf + 1, &mac0, &a), len);
	assert_memory_equal(buf + 1, want, len);
	for (size_t i = len + 1; i < sizeof(buf); i++)
		assert_int_equal(buf[i], 0xaa);
}

static void arp_announcement(void **state)
{
	static const uint8_t want[60] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0xbb, 0, 0, 0,
		1,    0x08, 0x06, 0,    1,    0x08, 0x00, 6,    4, 0, 1, /* request */
		0x02, 0xbb, 0,    0,    0,    1,    192,  0,    2, 1, /* sender */
		0,    0,    0,    0,    0,    0,    192,  0,    2, 1, /* target */
	};

	check_frame(wire_build_announce, "192.0.2.1/24", want, sizeof(want));
}

static void arp_probe(void **state)
{
	static const uint8_t want[60] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0xbb, 0, 0, 0,
		1,    0x08, 0x06, 0,    1,    0x08, 0x00, 6,    4, 0, 1, /* request */
		0x02, 0xbb, 0,    0,    0,    1,    0,    0,    0, 0, /* sender */
		0,    0,    0,    0,    0,    0,    192,  0,    2, 2, /* target */
	};

	check_frame(wire_build_probe, "192.0.2.2", want, sizeof(want));
}

static void neighbour_advertisement(void **state)
{
	static const uint8_t want[86] = {
		0x33, 0x33, 0,    0,    0,    1,    0x02, 0xbb, 0, 0, 0, 1, 0x86, 0xdd, /* to all */
		0x60, 0,    0,    0,    0,    32,   58,   255, /* length, ICMPv6, hop limit */
		0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,    0, 0, 0, 0, 0,    0,    0,
		1,    0xff, 0x02, 0,    0,    0,    0,    0,    0, 0, 0, 0, 0,    0,    0,
		0,    1,    136,  0,    0xf8, 0x6f, 0x20, 0,    0, 0, /* checksum, override */
		0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,    0, 0, 0, 0, 0,    0,    0,
		1,    2,    1,    0x02, 0xbb, 0,    0,    0,    1, /* target link-layer address */
	};

	check_frame(wire_build_announce, "2001:db8::1/64", want, sizeof(want));
}

/* RFC 1071: over all, checksum included, the sum is all ones. */
static void checksums(void **state)
{
	uint8_t buf[128];

	srand(3); /* nine of these carry twice */
	for (unsigned i = 0; i < 20000; i++) {
		struct addr a = {.family = AF_INET6, .prefixlen = 64};
		struct mac mac;
		uint32_t sum = 32 + 58;

		for (unsigned k = 0; k < 16; k++)
			a.byte[k] = rand() % 3 ? rand() : 0xff;
		for (unsigned k = 0; k < 6; k++)
			mac.byte[k] = rand() % 3 ? rand() : 0xff;
		assert_int_equal(wire_build_announce(buf, &mac, &a), 86);
		for (unsigned k = 14 + 8; k < 86; k += 2)
			sum += buf[k] << 8 | buf[k + 1];
		sum = (sum & 0xffff) + (sum >> 16);
		sum = (sum & 0xffff) + (sum >> 16);
		assert_int_equal(sum, 0xffff);
	}
}

static void no_such_frame(void **state)
{
	struct addr none = {0}, v6 = addr("2001:db8::1");
	uint8_t buf[128];

	assert_int_equal(wire_build_announce(buf, &mac0, &none), 0);
	assert_int_equal(wire_build_probe(buf, &mac0, &none), 0);
	assert_int_equal(wire_build_probe(buf, &mac0, &v6), 0);
	assert_int_equal(wire_announce(wire, port0, &mac0, &none), -EAFNOSUPPORT);
	assert_int_equal(wire_probe_arp(wire, port0, &mac0, &v6), -EAFNOSUPPORT);
}

/* ---- on the wire ---- */

static int make_pair(void **state)
{
	other = netns_hold();
	if (sh("ip link add port0 address 02:bb:00:00:00:01 type veth peer name peer0 && "
	       "ip link set port0 addrgenmode none up && ip link set peer0 netns %d && "
	       "nsenter -t %d -n ip link set peer0 up && "
	       "nsenter -t %d -n ip addr add 192.0.2.2/24 dev peer0 && "
	       "nsenter -t %d -n ip addr add 2001:db8::2/64 nodad dev peer0",
	       other, other, other, other))
		return -1;
	port0 = if_nametoindex("port0");
	return port0 ? 0 : -1;
}

static int remove_pair(void **state)
{
	int ret = sh("ip link del port0");

	netns_release(other);
	return ret;
}

/* Does a line of the neighbour's cache say so, in the end? */
static bool neighbour_says(const char *address, const char *what)
{
	return !sh("for i in $(seq 50); do nsenter -t %d -n ip neigh show %s dev peer0 | "
		   "grep -q '%s' && exit 0; sleep 0.05; done; exit 1",
		   other, address, what);
}

static void neighbours_learn(void **state)
{
	struct addr v4 = addr("192.0.2.1/24"), v6 = addr("2001:db8::1/64");

	SH("for a in 192.0.2.1 2001:db8::1; do nsenter -t %d -n ip neigh add $a dev peer0 "
	   "lladdr 02:00:00:00:00:99 nud reachable; done",
	   other);
	assert_int_equal(wire_announce(wire, port0, &mac0, &v4), 0);
	assert_true(neighbour_says("192.0.2.1", "02:bb:00:00:00:01"));
	assert_int_equal(wire_announce(wire, port0, &mac0, &v6), 0);
	assert_true(neighbour_says("2001:db8::1", "02:bb:00:00:00:01"));
}

static int listener(void)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)port0,
		.sll_protocol = htons(ETHERTYPE_ARP),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETHERTYPE_ARP));

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void probe_is_answered(void **state)
{
	static const uint8_t answer[] = {0, 2, [8] = 192, 0, 2, 2}; /* reply; sender at 8 */
	struct addr target = addr("192.0.2.2");
	int fd = listener();
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	uint8_t buf[128];
	char *text;

	assert_int_equal(wire_probe_arp(wire, port0, &mac0, &target), 0);
	assert_int_equal(poll(&pfd, 1, 2000), 1);
	assert_true(recv(fd, buf, sizeof(buf), 0) >= 42);
	assert_memory_equal(buf, mac0.byte, 6);
	assert_memory_equal(buf + 20, answer, 2);
	assert_memory_equal(buf + 28, answer + 8, 4);
	close(fd);
	text = sh_output("nsenter -t %d -n ip -4 neigh show dev peer0", other);
	assert_string_equal(text, "");
	free(text);
}

static void not_sent(void **state)
{
	struct addr a = addr("192.0.2.1/24");

	assert_true(wire_announce(wire, 4711, &mac0, &a) == -ENXIO ||
		    wire_announce(wire, 4711, &mac0, &a) == -ENODEV);
	assert_true(wire_announce(wire, 0, &mac0, &a) < 0);
	SH("ip link set port0 down");
	assert_int_equal(wire_announce(wire, port0, &mac0, &a), -ENETDOWN);
	assert_int_equal(wire_probe_arp(wire, port0, &mac0, &a), -ENETDOWN);
}

/* The socket queues nothing, whatever goes by: of protocol 0, and no memory of it in use. */
static void receives_nothing(void **state)
{
	struct addr target = addr("192.0.2.2");

	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(wire_probe_arp(wire, port0, &mac0, &target), 0);
	SH("nsenter -t %d -n ping -q -c 2 -i 0.1 -W 1 192.0.2.77 >/dev/null; true", other);
	SH("awk 'NR > 1 && ($4 != \"0000\" || $7 != 0) { bad = 1 } END { exit bad || NR != 2 }' "
	   "/proc/self/net/packet");
}

static int open_without_capability(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	struct wire *refused = NULL;

	if (syscall(SYS_capset, &header, none) < 0)
		return 1;
	if (wire_open(&refused, &err) != -EPERM || !strstr(err.text, "CAP_NET_RAW"))
		return 2;
	return 0;
}

static void without_capability(void **state)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(open_without_capability());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	wire_close(NULL);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, make_pair, remove_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp_announcement),
		cmocka_unit_test(arp_probe),
		cmocka_unit_test(neighbour_advertisement),
		cmocka_unit_test(checksums),
		cmocka_unit_test(no_such_frame),
		WITH_PAIR(neighbours_learn),
		WITH_PAIR(probe_is_answered),
		WITH_PAIR(not_sent),
		WITH_PAIR(receives_nothing),
		cmocka_unit_test(without_capability),
	};
	int ret;

	netns_enter();
	if (wire_open(&wire, &err)) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	wire_close(wire);
	return !!ret;
}
