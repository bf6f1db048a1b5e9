// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_vlan.c - io/link's VLAN devices, where the kernel has 8021q. What is said without it is in
 * test_link_rdma.c.
 *
 *	[ port0 ]--veth--[ peer0 ]	[ team0 ]--veth--[ inner0 ]
 */
#include "netns.h"

#include <errno.h>
#include <sys/socket.h>

#include "io/link.h"
#include "link_lab.h"

static void made_and_found(void **state)
{
	struct link_info a, b, lower;

	assert_int_equal(link_find_vlan(link0, port0, 5, &a, &err), -ENODEV);
	assert_string_equal(err.text, "port0: there is no device of VLAN 5 on it");
	assert_int_equal(link_set_mtu(link0, port0, 1400, &err), 0);
	if (link_create_vlan(link0, port0, "other5", 5, &err))
		fail_msg("%s", err.text);
	assert_int_equal(link_create_vlan(link0, team0, "port0.5", 5, &err), 0);
	assert_int_equal(link_create_vlan(link0, port0, "port0.4094", 4094, &err), 0);
	/* One of 802.1ad is another's. */
	SH("ip link add link port0 name ad0 type vlan protocol 802.1ad id 6");
	assert_int_equal(link_find_vlan(link0, port0, 5, &a, &err), 0);
	assert_string_equal(a.name, "other5");
	assert_string_equal(a.kind, "vlan");
	assert_int_equal(a.lower, port0);
	assert_int_equal(a.mtu, 1400);
	assert_false(a.flags & IFF_UP);
	assert_int_equal(link_get_index(link0, port0, &lower, &err), 0);
	assert_true(mac_equal(&a.mac, &lower.mac));
	assert_int_equal(link_find_vlan(link0, team0, 5, &b, &err), 0);
	assert_string_equal(b.name, "port0.5");
	assert_int_equal(link_find_vlan(link0, port0, 6, &a, &err), -ENODEV);
	assert_int_equal(link_find_vlan(link0, port0, 4094, &a, &err), 0);
	assert_int_equal(link_find_vlan(link0, b.ifindex, 5, &a, &err), -ENODEV);
	SH("ip -d link show other5 | grep -q 'vlan protocol 802.1Q id 5 '");
	assert_int_equal(link_delete(link0, b.ifindex, &err), 0);
	assert_int_equal(link_find_vlan(link0, team0, 5, &b, &err), -ENODEV);
}

static void refused(void **state)
{
	struct link_info lo, a;

	assert_int_equal(link_create_vlan(link0, port0, "port0.5", 5, &err), 0);
	assert_int_equal(link_create_vlan(link0, port0, "port0.5", 6, &err), -EEXIST);
	assert_string_equal(err.text, "port0.5: can't create it for VLAN 6: a device of that name "
				      "exists");
	assert_int_equal(link_create_vlan(link0, port0, "other5", 5, &err), -EEXIST);
	assert_string_equal(err.text, "other5: can't create it for VLAN 5: that VLAN has a device "
				      "there already");
	assert_int_equal(link_get(link0, "other5", &a, &err), -ENODEV);
	assert_int_equal(link_create_vlan(link0, 4711, "other5", 5, &err), -ENODEV);
	assert_string_equal(err.text, "#4711: can't create other5 for VLAN 5 on it: the device is "
				      "gone");
	/* Not the same as no 8021q. */
	assert_int_equal(link_get(link0, "lo", &lo, &err), 0);
	assert_int_equal(link_create_vlan(link0, lo.ifindex, "lo.5", 5, &err), -EOPNOTSUPP);
	assert_memory_equal(err.text, "lo: can't create lo.5 for VLAN 5 on it: Operation not", 53);
	assert_null(strstr(err.text, "module 8021q"));
}

/* Of a lower device in another namespace the index counts there. */
static void lower_elsewhere(void **state)
{
	pid_t other = netns_hold();
	struct link_info a;

	if (!have_vlans()) {
		netns_release(other);
	}
	SH("nsenter -t %d -n ip link add away0 index %u type veth peer name away1 && "
	   "nsenter -t %d -n ip link add link away0 name away0.5 type vlan id 5 && "
	   "nsenter -t %d -n ip link set away0.5 netns %d",
	   other, port0, other, other, getpid());
	assert_int_equal(link_get(link0, "away0.5", &a, &err), 0);
	assert_int_equal(link_find_vlan(link0, port0, 5, &a, &err), -ENODEV);
	netns_release(other);
}

#define WITH_DEVICES(test) cmocka_unit_test_setup_teardown(test, make_devices, remove_devices)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DEVICES(made_and_found),
		WITH_DEVICES(refused),
		WITH_DEVICES(lower_elsewhere),
	};
	int ret;

	netns_enter();
	if (!have_vlans())
		netns_skip_all("this kernel has no 8021q");
	if (link_open(&link0, &err)) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	link_close(link0);
	return !!ret;
}
