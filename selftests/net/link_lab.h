/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * link_lab.h - two interfaces, port0 and team0, between which the tests of addresses and of routes
 * move what they add. Included behind cmocka, netns.h and io/link.h.
 */
#ifndef BPFTEAM_LINK_LAB_H
#define BPFTEAM_LINK_LAB_H

static struct link *link0;
static uint32_t port0, team0;
static struct err err;

static inline int make_devices(void **state)
{
	struct link_info info;

	/* No link-local addresses of their own: those would come in at their own time. */
	if (sh("ip link add port0 type veth peer name peer0 && ip link set port0 addrgenmode none "
	       "&& "
	       "ip link add team0 type veth peer name inner0 && ip link set team0 addrgenmode none "
	       "&& "
	       "ip link set peer0 up && ip link set inner0 up && "
	       "ip link set port0 up && ip link set team0 up"))
		return -1;
	if (link_get(link0, "port0", &info, &err))
		return -1;
	port0 = info.ifindex;
	if (link_get(link0, "team0", &info, &err))
		return -1;
	team0 = info.ifindex;
	return 0;
}

static inline int remove_devices(void **state)
{
	return sh("ip link del port0; ip link del team0");
}

static inline struct addr addr(const char *text)
{
	struct addr ret;

	if (addr_parse(text, &ret))
		fail_msg("%s is no address", text);
	return ret;
}

#define ASSERT_OUTPUT(want, ...)                      \
	do {                                          \
		char *text_ = sh_output(__VA_ARGS__); \
                                                      \
		assert_string_equal(text_, want);     \
		free(text_);                          \
	} while (0)

/* Does the kernel have 8021q, or can it load it? */
static inline bool have_vlans(void)
{
	return !sh("ip link add probe0 type veth peer name probe1 && "
		   "ip link add link probe0 name probe2 type vlan id 2 2>/dev/null; "
		   "rc=$?; ip link del probe0; exit $rc");
}

#endif
