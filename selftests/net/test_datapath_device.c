// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_datapath_device.c - io/datapath and devices that go: removed, moved to another namespace,
 * made anew; and XDP, which is bound to devices too. Topology in datapath_lab.h.
 */
#include "datapath_lab.h"

#include <bpf/bpf.h>

/* The port's device is deleted: the other carries at once, and leaving and coming back work. */
static void device_removed(void **state)
{
	struct datapath *dp = lab_team(lab_detector, 2);
	uint32_t ifindex = if_nametoindex("p0");
	int w1 = lab_listen("w1"), udp = lab_udp(), w0;
	struct err err = {""};

	assert_true(datapath_joined(dp, 0, ifindex));
	assert_int_equal(lab_run("ip link del p0"), 0);
	assert_false(datapath_joined(dp, 0, ifindex));
	if (lab_detector != DETECT_STATE)
		datapath_set_link(dp, 0, false);
	lab_send(udp, 0, 10);
	assert_int_equal(lab_drain(w1, NULL, 0), 10);
	assert_int_equal(datapath_leave(dp, 0, &err), 0);
	assert_int_equal(datapath_leave(dp, 0, &err), 0);

	lab_add_port(0);
	w0 = lab_listen("w0");
	assert_int_equal(lab_join(dp, 0, "p0"), 0);
	assert_true(datapath_joined(dp, 0, if_nametoindex("p0")));
	lab_send(udp, 0, 10);
	assert_int_equal(lab_drain(w0, NULL, 0), 10);
	close(w0);
	close(w1);
	close(udp);
	lab_destroy(dp);
}

/* The port's device moves elsewhere: what is attached there goes by leave, wherever it is. */
static void device_moved(void **state)
{
	struct datapath *dp = lab_team(lab_detector, 2);
	uint32_t ifindex = if_nametoindex("p0");
	int w0 = lab_listen("w0"), w1 = lab_listen("w1"), team = lab_listen("team0");
	int udp = lab_udp();
	pid_t pid = lab_other_namespace();
	struct bpfteam_stats stats;
	struct err err = {""};
	char path[160];
	int held;

	/* A link that somebody has open (bpftool, for one) outlives its pin. */
	snprintf(path, sizeof(path), "%s/%s/rx-0", lab_bpffs, LAB_TEAM);
	held = bpf_obj_get(path);
	assert_int_equal(lab_run("ip link set p0 netns %d && nsenter -t %d -n ip link set p0 up",
				 pid, pid),
			 0);
	assert_false(datapath_joined(dp, 0, ifindex));
	if (lab_detector != DETECT_STATE)
		datapath_set_link(dp, 0, false);
	lab_send(udp, 0, 10);
	assert_int_equal(lab_drain(w1, NULL, 0), 10);
	assert_int_equal(datapath_leave(dp, 0, &err), 0);
	/* Were the program still there, the frame would be redirected into the team. */
	lab_inject(w0, &lab_mac, 1);
	usleep(20000);
	assert_int_equal(lab_drain(team, NULL, 0), 0);
	assert_int_equal(datapath_get_stats(dp, 0, &stats), 0);
	assert_int_equal(stats.rx_packets, 0);
	if (held >= 0)
		close(held);

	assert_int_equal(lab_run("nsenter -t %d -n ip link set p0 netns %d", pid, getpid()), 0);
	assert_int_equal(lab_run("ip link set p0 up"), 0);
	assert_int_equal(lab_join(dp, 0, "p0"), 0);
	lab_drain(w0, NULL, 0);
	lab_send(udp, 0, 10);
	assert_int_equal(lab_drain(w0, NULL, 0), 10);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(team);
	close(w0);
	close(w1);
	close(udp);
	lab_destroy(dp);
}

/* The team's own device is made anew: configure attaches there. */
static void team_device_replaced(void **state)
{
	struct datapath *dp = lab_team(lab_detector, 1);
	struct datapath_config config;
	struct err err = {""};
	int w0 = lab_listen("w0"), udp;

	lab_run("ip link del team0");
	assert_int_equal(
		lab_run("ip link add team0 address 02:00:00:00:0a:01 type veth peer name inner0 && "
			"ip link set team0 up && ip link set inner0 up && "
			"ip addr add 192.0.2.1/24 dev team0 && "
			"ip neigh add 192.0.2.2 lladdr 02:00:00:00:0b:01 dev team0"),
		0);
	config = lab_config(lab_detector);
	assert_int_equal(datapath_configure(dp, &config, &err), 0);
	udp = lab_udp();
	lab_send(udp, 0, 10);
	assert_int_equal(lab_drain(w0, NULL, 0), 10);
	close(w0);
	close(udp);
	lab_destroy(dp);
}

/* clsact is a place for others, too: their filters stay, and a qdisc that was there stays. */
static void clsact_of_others(void **state)
{
	static const char filter[] = "bpf bytecode '1,6 0 0 0'"; /* a classic program: no match */
	struct datapath_config config;
	struct datapath *dp = NULL;
	struct err err = {""};

	lab_add_links(2);
	assert_int_equal(lab_run("tc qdisc add dev team0 clsact && tc qdisc add dev p0 clsact && "
				 "tc filter add dev p0 ingress prio 7 %s",
				 filter),
			 0);
	config = lab_config(lab_detector);
	assert_int_equal(datapath_create(lab_bpffs, LAB_TEAM, &dp, &err), 0);
	assert_int_equal(datapath_configure(dp, &config, &err), 0);
	assert_int_equal(lab_join(dp, 0, "p0"), 0);
	assert_int_equal(lab_join(dp, 1, "p1"), 0);
	lab_run("tc qdisc add dev p1 clsact 2>/dev/null");
	assert_int_equal(lab_run("tc filter add dev p1 egress prio 7 %s", filter), 0);
	assert_int_equal(datapath_destroy(dp, &err), 0);
	datapath_close(dp);
	assert_int_equal(lab_run("tc filter show dev p0 ingress | grep -q 'pref 7 '"), 0);
	assert_int_equal(lab_run("tc filter show dev p1 egress | grep -q 'pref 7 '"), 0);
	assert_int_equal(lab_run("tc filter show dev p0 ingress | grep -q port_rx"), 256);
	assert_int_equal(lab_run("tc qdisc show dev team0 | grep -q clsact"), 0);
	assert_int_equal(lab_run("tc qdisc show dev inner0 | grep -q clsact"), 256);
	lab_del_links();
}

static void xdp(void **state)
{
	struct datapath *dp = lab_team(lab_detector, 2), *other = NULL;
	struct datapath_config config = lab_config(lab_detector);
	int team = lab_listen("team0"), w0 = lab_listen("w0");
	struct bpfteam_stats stats;
	struct err err = {""};
	pid_t pid;

	if (!datapath_features()->xdp)
		skip();
	config.xdp = true;
	assert_int_equal(datapath_configure(dp, &config, &err), 0);
	assert_int_equal(lab_join(dp, 0, "p0"), 0);
	assert_int_equal(lab_join(dp, 0, "p0"), 0);
	assert_int_equal(lab_run("ip -d link show p0 | grep -q 'prog/xdp'"), 0);
	assert_int_equal(lab_run("ip -d link show inner0 | grep -q 'prog/xdp'"), 0);
	lab_inject(w0, &lab_mac, 1);
	assert_true(lab_wait(lab_drain(team, NULL, 0)));
	lab_set_alive(dp, 2);
	lab_inject(w0, &lab_mac, 2);
	assert_true(lab_wait(!datapath_get_stats(dp, 0, &stats) &&
			     stats.drops[BPFTEAM_DROP_DISABLED_PORT] == 1));

	/* Another process takes it off, and off a device that went elsewhere. */
	pid = lab_other_namespace();
	assert_int_equal(lab_run("ip link set p0 netns %d", pid), 0);
	assert_int_equal(datapath_open(lab_bpffs, LAB_TEAM, &other, &err), 0);
	assert_int_equal(datapath_leave(other, 0, &err), 0);
	if (!datapath_features()->freplace)
		assert_int_equal(lab_run("nsenter -t %d -n ip -d link show p0 2>/dev/null | "
					 "grep -q prog/xdp",
					 pid),
				 256);
	config.xdp = false;
	assert_int_equal(datapath_configure(other, &config, &err), 0);
	assert_int_equal(lab_run("ip -d link show inner0 | grep -q prog/xdp"), 256);
	datapath_close(other);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(team);
	close(w0);
	lab_destroy(dp);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_removed),
		cmocka_unit_test(device_moved),
		cmocka_unit_test(team_device_replaced),
		cmocka_unit_test(clsact_of_others),
		cmocka_unit_test(xdp),
	};

	return lab_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
