// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_datapath_smc.c - TCP sockets of chosen cgroups become SMC's. Where the kernel refuses such
 * programs, what is said of it; else this process's own sockets, in and out of a cgroup of its own.
 */
#include "datapath_lab.h"

#include <netinet/in.h>

#define PROTOCOL_SMC 256
#define CGROUPS "/sys/fs/cgroup"
#define OURS "bpfteam-test"

static const char names[][CONFIG_CGROUP_LEN] = {OURS, "bpfteam-other"};
static struct err err;

static struct datapath *new_team(void)
{
	struct datapath *dp;

	assert_int_equal(datapath_prepare(lab_bpffs, &err), 0);
	assert_int_equal(datapath_create(lab_bpffs, LAB_TEAM, &dp, &err), 0);
	return dp;
}

/* The protocol that the kernel gives a socket that asks for none, or as it asks. */
static int protocol_of(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol), got = -1;
	socklen_t len = sizeof(got);

	assert_true(fd >= 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &got, &len), 0);
	close(fd);
	return got;
}

/* A link that lost its last pin goes a moment later (bpf_link_put(), kernel/bpf/syscall.c). */
static void wait_for_tcp(void)
{
	for (int i = 0; i < 500 && protocol_of(AF_INET, SOCK_STREAM, 0) != IPPROTO_TCP; i++)
		usleep(10000);
	assert_int_equal(protocol_of(AF_INET, SOCK_STREAM, 0), IPPROTO_TCP);
}

static void enter_cgroup(const char *name)
{
	char path[128], pid[16];

	snprintf(path, sizeof(path), CGROUPS "/%s/cgroup.procs", name);
	snprintf(pid, sizeof(pid), "%d", getpid());
	lab_write(path, pid);
}

static void told_away(void **state)
{
	pid_t pid = lab_fork();
	int status;

	if (!pid) {
		struct datapath *dp = new_team();

		setenv("BPFTEAM_WITHOUT", "smc", 1);
		if (datapath_set_smc(dp, names, 1, &err) != -EOPNOTSUPP || datapath_has_smc(dp))
			_exit(1);
		if (!strstr(err.text, "smc.cgroups: this kernel refuses programs on "
				      "update_socket_protocol"))
			_exit(2);
		if (datapath_set_smc(dp, names, 0, &err))
			_exit(3);
		_exit(!!datapath_destroy(dp, &err));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void as_this_kernel_can(void **state)
{
	struct datapath *dp = new_team();
	int ret;

	mkdir(CGROUPS "/" OURS, 0755);
	ret = datapath_set_smc(dp, names, 1, &err);
	if (ret) {
		assert_int_equal(ret, -EOPNOTSUPP);
		assert_non_null(strstr(err.text, "TCP sockets there stay TCP's"));
		assert_false(datapath_has_smc(dp));
		rmdir(CGROUPS "/" OURS);
		assert_int_equal(datapath_destroy(dp, &err), 0);
		printf("# %s\n", err.text);
		return;
	}
	assert_true(datapath_has_smc(dp));
	assert_int_equal(protocol_of(AF_INET, SOCK_STREAM, 0), IPPROTO_TCP);
	enter_cgroup(OURS);
	assert_int_equal(protocol_of(AF_INET, SOCK_STREAM, 0), PROTOCOL_SMC);
	assert_int_equal(protocol_of(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP),
			 PROTOCOL_SMC);
	assert_int_equal(protocol_of(AF_INET, SOCK_DGRAM, 0), IPPROTO_UDP);
	assert_int_equal(protocol_of(AF_UNIX, SOCK_STREAM, 0), 0);
	/* One that is not there: the other is in force, whichever comes first. */
	assert_int_equal(datapath_set_smc(dp, names, 2, &err), -ENOENT);
	assert_string_equal(err.text, "smc.cgroups: there is no /sys/fs/cgroup/bpfteam-other now");
	assert_int_equal(protocol_of(AF_INET, SOCK_STREAM, 0), PROTOCOL_SMC);
	assert_int_equal(datapath_set_smc(dp, &names[1], 1, &err), -ENOENT);
	assert_int_equal(protocol_of(AF_INET, SOCK_STREAM, 0), IPPROTO_TCP);
	assert_int_equal(datapath_set_smc(dp, names, 1, &err), 0);
	/* It outlives who attached it, and goes with the team. */
	datapath_close(dp);
	assert_int_equal(protocol_of(AF_INET, SOCK_STREAM, 0), PROTOCOL_SMC);
	assert_int_equal(datapath_open(lab_bpffs, LAB_TEAM, &dp, &err), 0);
	assert_true(datapath_has_smc(dp));
	assert_int_equal(datapath_set_smc(dp, NULL, 0, &err), 0);
	wait_for_tcp();
	assert_int_equal(datapath_set_smc(dp, names, 1, &err), 0);
	assert_int_equal(protocol_of(AF_INET, SOCK_STREAM, 0), PROTOCOL_SMC);
	assert_int_equal(datapath_destroy(dp, &err), 0);
	wait_for_tcp();
	enter_cgroup(".");
	rmdir(CGROUPS "/" OURS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_away),
		cmocka_unit_test(as_this_kernel_can),
	};
	int failed;

	lab_enter();
	failed = cmocka_run_group_tests_name("datapath_smc", tests, NULL, NULL);
	lab_leave();
	return failed != 0;
}
