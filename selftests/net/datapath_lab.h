/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_lab.h - what the test_datapath*.c programs stand on: a network and mount namespace of
 * their own, a bpffs in a temporary folder, veths, numbered datagrams, and capturing sockets.
 *
 *	team0 ---- inner0            the team's veth, 192.0.2.1/24
 *	p0 ---- w0    p1 ---- w1     ports, and the wires' far ends, where sockets listen
 *
 * All in one namespace; nothing answers, so what a socket sees is what the data path did.
 */
#ifndef BPFTEAM_SELFTESTS_DATAPATH_LAB_H
#define BPFTEAM_SELFTESTS_DATAPATH_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/datapath.h"

#define LAB_TEAM "team0"
#define LAB_PORT 4242 /* UDP destination of numbered datagrams */
#define LAB_SKIP 4 /* kselftest's exit status */

static const struct mac lab_mac = {{0x02, 0, 0, 0, 0x0a, 0x01}};
static char lab_dir[64], lab_bpffs[96];

static inline int lab_run(const char *fmt, ...)
{
	char command[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	return system(command);
}

static inline void lab_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, text, strlen(text)) < 0)
			perror(path);
		close(fd);
	}
}

static inline void lab_skip(const char *why)
{
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	exit(LAB_SKIP);
}

/* Namespaces and the folder. bpffs itself is mounted by datapath_prepare(). */
static inline void lab_enter(void)
{
	if (geteuid())
		lab_skip("needs root");
	if (unshare(CLONE_NEWNET | CLONE_NEWNS))
		lab_skip("needs network and mount namespaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		lab_skip("can't make mounts private");
	strcpy(lab_dir, "/tmp/bpfteam-datapath.XXXXXX");
	if (!mkdtemp(lab_dir))
		lab_skip("no temporary folder");
	snprintf(lab_bpffs, sizeof(lab_bpffs), "%s/bpf", lab_dir);
	lab_write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	lab_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	lab_run("ip link set lo up");
}

static inline void lab_leave(void)
{
	umount2(lab_bpffs, MNT_DETACH);
	rmdir(lab_bpffs);
	rmdir(lab_dir);
}

static inline void lab_add_port(unsigned i)
{
	assert_int_equal(lab_run("ip link add p%u type veth peer name w%u && "
				 "ip link set p%u up && ip link set w%u up",
				 i, i, i, i),
			 0);
}

static inline void lab_add_links(unsigned n_ports)
{
	unsigned i;

	assert_int_equal(
		lab_run("ip link add team0 address 02:00:00:00:0a:01 type veth peer name inner0 "
			"&& ip link set team0 up && ip link set inner0 up && "
			"ip addr add 192.0.2.1/24 dev team0 && "
			"ip neigh add 192.0.2.2 lladdr 02:00:00:00:0b:01 dev team0"),
		0);
	for (i = 0; i < n_ports; i++)
		lab_add_port(i);
}

static inline void lab_del_links(void)
{
	lab_run("for d in team0 p0 p1 p2 p3 p4 p5 p6 p7; do "
		"ip link del $d 2>/dev/null; done; true");
}

static inline struct datapath_config lab_config(enum detect detector)
{
	return (struct datapath_config){
		.mode = BPFTEAM_BALANCE_XOR,
		.hash = BPFTEAM_HASH_LAYER34,
		.mac = lab_mac,
		.ifindex = if_nametoindex("team0"),
		.inner_ifindex = if_nametoindex("inner0"),
		.detector = detector,
	};
}

/* Every slot's list: these ports, in this order. */
static inline void lab_set_slots(struct datapath *dp, unsigned n, const uint8_t *order)
{
	static struct bpfteam_slot slots[BPFTEAM_SLOTS];
	unsigned i, j;

	for (i = 0; i < BPFTEAM_SLOTS; i++)
		for (j = 0; j < BPFTEAM_SLOT_PORTS; j++)
			slots[i].port[j] = j < n ? order[j] : BPFTEAM_PORT_NONE;
	assert_int_equal(datapath_set_slots(dp, slots, 0), 0);
}

static inline void lab_set_alive(struct datapath *dp, uint64_t mask)
{
	const struct datapath_masks masks = {.alive = &mask, .accept = &mask};

	assert_int_equal(datapath_set_masks(dp, &masks), 0);
}

static inline int lab_join(struct datapath *dp, unsigned id, const char *name)
{
	static const struct mac none;
	struct err err = {""};
	int r = datapath_join(dp, id, if_nametoindex(name), &none, &err);

	if (r)
		print_error("join %s: %s\n", name, err.text);
	else
		datapath_set_link(dp, id, true);
	return r;
}

/* A team of n ports that carries traffic. */
static inline struct datapath *lab_team(enum detect detector, unsigned n)
{
	static const uint8_t order[] = {0, 1, 2, 3, 4, 5, 6, 7};
	struct datapath_config config;
	struct datapath *dp = NULL;
	struct err err = {""};
	char name[8];
	unsigned i;
	int r;

	lab_add_links(n);
	config = lab_config(detector);
	r = datapath_create(lab_bpffs, LAB_TEAM, &dp, &err);
	if (!r) {
		lab_set_slots(dp, n, order);
		r = datapath_configure(dp, &config, &err);
	}
	if (r)
		print_error("%s\n", err.text);
	assert_int_equal(r, 0);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		assert_int_equal(lab_join(dp, i, name), 0);
	}
	lab_set_alive(dp, (1ull << n) - 1);
	return dp;
}

static inline void lab_destroy(struct datapath *dp)
{
	struct err err = {""};

	if (datapath_destroy(dp, &err))
		print_error("destroy: %s\n", err.text);
	datapath_close(dp);
	lab_del_links();
}

/* Non-blocking, deep enough for a burst. */
static inline int lab_listen(const char *name)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL),
				   .sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int size = 128 << 20;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)), 0);
	assert_int_equal(bind(fd, (void *)&addr, sizeof(addr)), 0);
	return fd;
}

static inline int lab_udp(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(LAB_PORT),
				 .sin_addr.s_addr = inet_addr("192.0.2.2")};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (void *)&to, sizeof(to)), 0);
	return fd;
}

/* The number in a captured datagram of ours, or -1. */
static inline int64_t lab_number(const uint8_t *frame, ssize_t len)
{
	uint32_t number;

	if (len < 46 || frame[12] != 8 || frame[13] || frame[23] != IPPROTO_UDP ||
	    (frame[36] << 8 | frame[37]) != LAB_PORT)
		return -1;
	memcpy(&number, frame + 42, sizeof(number));
	return number;
}

/* Reads all there is; seen[number]++ where seen is not NULL. Returns how many. */
static inline unsigned lab_drain(int fd, uint8_t *seen, uint32_t max)
{
	uint8_t frame[2048];
	unsigned n = 0;
	ssize_t len;

	while ((len = recv(fd, frame, sizeof(frame), 0)) > 0) {
		int64_t number = lab_number(frame, len);

		if (number < 0)
			continue;
		n++;
		if (seen && number < max)
			seen[number]++;
	}
	return n;
}

static inline void lab_send(int fd, uint32_t from, uint32_t n)
{
	uint32_t i;

	for (i = from; i < from + n; i++)
		assert_int_equal(send(fd, &i, sizeof(i), 0), sizeof(i));
}

/* A datagram as the wire's far end would send it to the team. */
static inline void lab_inject(int fd, const struct mac *to, uint32_t number)
{
	uint8_t frame[64] = {0};

	memcpy(frame, to->byte, 6);
	memcpy(frame + 6, "\x02\x00\x00\x00\x0b\x01", 6);
	frame[12] = 8;
	frame[14] = 0x45;
	frame[23] = IPPROTO_UDP;
	frame[36] = LAB_PORT >> 8;
	frame[37] = LAB_PORT & 0xff;
	memcpy(frame + 42, &number, sizeof(number));
	assert_int_equal(send(fd, frame, sizeof(frame), 0), sizeof(frame));
}

/* Polls until cond holds, at most two seconds. */
#define lab_wait(cond)                         \
	({                                     \
		int lab_tries = 2000;          \
		while (!(cond) && --lab_tries) \
			usleep(1000);          \
		lab_tries > 0;                 \
	})

/* fork(); the child dies with the test, too, which an assertion may end at any point. */
static inline pid_t lab_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* A process in a network namespace of its own, to be killed. */
static inline pid_t lab_other_namespace(void)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = lab_fork();
	if (!pid) {
		if (unshare(CLONE_NEWNET) || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static enum detect lab_detector; /* what the kernel gives this variant by itself */

static inline int lab_run_variant(const char *name, const char *without,
				  const struct CMUnitTest *tests, unsigned n)
{
	static char names[16][64];
	struct CMUnitTest named[16] = {0};
	unsigned i;
	int failed;

	setenv("BPFTEAM_WITHOUT", without, 1);
	lab_enter();
	if (datapath_choose_detector(DETECT_AUTO, &lab_detector, NULL))
		lab_skip("this kernel has no BPF");
	for (i = 0; i < n && i < 16; i++) {
		snprintf(names[i], sizeof(names[i]), "%s: %s", name, tests[i].name);
		named[i].name = names[i];
		named[i].test_func = tests[i].test_func;
	}
	failed = _cmocka_run_group_tests(name, named, n, NULL, NULL);
	lab_leave();
	return failed != 0;
}

/*
 * The same tests with what the kernel has, with clsact where it has tcx, and with the poll detector.
 * What a process found out of the kernel holds for its life, so each variant is a process.
 */
static inline int lab_main(int argc, char **argv, const struct CMUnitTest *tests, unsigned n)
{
	static const char *const variants[][2] = {
		{"best", ""},
		{"clsact", "tcx,fentry,kprobe"},
		{"poll", "state,fentry,kprobe"},
	};
	int failed = 0, status = 0;
	unsigned i;

	for (i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		pid_t pid;

		if (argc > 1 && strcmp(argv[1], variants[i][0]))
			continue;
		fflush(stdout);
		pid = fork();
		if (!pid)
			exit(lab_run_variant(variants[i][0], variants[i][1], tests, n));
		waitpid(pid, &status, 0);
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		if (status == LAB_SKIP)
			return status;
		failed |= status;
	}
	return failed;
}

#endif
