// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_datapath_rights.c - io/datapath under less than everything: without root, with no more than
 * the capabilities of the unit file, and without features that are told away.
 */
#include "datapath_lab.h"

#include <linux/capability.h>
#include <sys/syscall.h>

/* Somebody else than root: one line that says so, at every door. */
static void no_root(void **state)
{
	int status;
	pid_t pid;

	assert_int_equal(datapath_prepare(lab_bpffs, NULL), 0);
	pid = lab_fork();
	if (!pid) {
		enum detect detector;
		struct datapath *dp;
		struct err err = {""};

		if (setresuid(65534, 65534, 65534))
			_exit(1);
		if (datapath_prepare(lab_bpffs, &err) >= 0 || !strstr(err.text, "need root"))
			_exit(2);
		if (datapath_open(lab_bpffs, "team0", &dp, &err) >= 0 ||
		    !strstr(err.text, "need root"))
			_exit(3);
		if (!datapath_choose_detector(DETECT_AUTO, &detector, &err) ||
		    !strstr(err.text, "need root"))
			_exit(4);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void without(void **state)
{
	pid_t pid = lab_fork();
	int status;

	if (!pid) {
		const struct features *features;
		enum detect detector;

		setenv("BPFTEAM_WITHOUT", "state,xdp", 1);
		features = datapath_features();
		if (!features->bpf || features->state || features->xdp)
			_exit(1);
		if (datapath_choose_detector(DETECT_STATE, &detector, NULL) != -EOPNOTSUPP)
			_exit(2);
		if (datapath_choose_detector(DETECT_AUTO, &detector, NULL) ||
		    detector == DETECT_STATE)
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What the unit file leaves a daemon: enough for everything but mounting bpffs. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {0};
	static const unsigned keep[] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF, CAP_PERFMON};
	unsigned i;

	for (i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
		data[CAP_TO_INDEX(keep[i])].effective |= CAP_TO_MASK(keep[i]);
		data[CAP_TO_INDEX(keep[i])].permitted |= CAP_TO_MASK(keep[i]);
	}
	if (syscall(SYS_capset, &header, data))
		_exit(99);
}

static int whole_life(void)
{
	struct datapath *dp = NULL;
	struct datapath_config config = lab_config(DETECT_AUTO);
	struct err err = {""};
	int r;

	r = datapath_choose_detector(DETECT_AUTO, &config.detector, &err);
	if (!r)
		r = datapath_create(lab_bpffs, LAB_TEAM, &dp, &err);
	if (!r)
		r = datapath_configure(dp, &config, &err);
	if (!r)
		r = lab_join(dp, 0, "p0");
	if (!r && !datapath_joined(dp, 0, if_nametoindex("p0")))
		r = -ENOENT;
	config.xdp = datapath_features()->xdp;
	if (!r)
		r = datapath_configure(dp, &config, &err);
	if (!r)
		r = lab_join(dp, 0, "p0");
	if (!r)
		r = datapath_destroy(dp, &err);
	if (r)
		print_error("%s\n", err.text);
	return -r;
}

static void few_capabilities(void **state)
{
	int status;
	pid_t pid;

	lab_add_links(1);
	assert_int_equal(datapath_prepare(lab_bpffs, NULL), 0);
	pid = lab_fork();
	if (!pid) {
		drop_capabilities();
		_exit(whole_life());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	lab_del_links();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			no_root), /* first: what is found out as root holds for its children */
		cmocka_unit_test(without),
		cmocka_unit_test(few_capabilities),
	};
	int failed;

	lab_enter();
	failed = cmocka_run_group_tests_name("datapath_rights", tests, NULL, NULL);
	lab_leave();
	return failed != 0;
}
