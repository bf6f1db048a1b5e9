// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_event.c - what changes: rtnetlink's multicast groups for devices and addresses. Called by the
 * daemon's loop through team/.
 *
 * The kernel drops messages for a reader that is slow (ENOBUFS, netlink(7)); then everything has to
 * be read again. A device moved to another namespace is told as RTM_DELLINK.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netconf.h>
#include <string.h>
#include <sys/socket.h>

#include "io/link_nl.h"

#define EVENTS_RCVBUF (4 * 1024 * 1024)

int link_events_open(struct link *link, struct err *err)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				     RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF};
	int size = EVENTS_RCVBUF, code, fd;
	struct mnl_socket *nl;

	if (link->events)
		return 0;
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		goto fail;
	fd = mnl_socket_get_fd(nl);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			goto fail;
	}
	link->events = nl;
	return 0;
fail:
	code = -errno;
	if (nl)
		mnl_socket_close(nl);
	return err_set(err, code, "netlink: can't listen to events: %s", strerror(-code));
}

int link_events_fd(const struct link *link)
{
	return link->events ? mnl_socket_get_fd(link->events) : -1;
}

/*
 * RTNLGRP_LINK also bears messages that lack most of a device: those of bridge ports (family
 * AF_BRIDGE) and of wireless extensions.
 */
static bool parse_link(const struct nlmsghdr *nlh, struct link_info *ret)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFLA_WIRELESS + 1];

	if (link_dev_parse(nlh, ret) || ifi->ifi_family != AF_UNSPEC)
		return false;
	link_nl_attrs(nlh, sizeof(*ifi), tb, IFLA_WIRELESS);
	return !tb[IFLA_WIRELESS];
}

static bool parse_addr(const struct nlmsghdr *nlh, struct link_info *ret)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);

	memset(ret, 0, sizeof(*ret));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return false;
	ret->ifindex = ifa->ifa_index;
	return true;
}

static bool parse_netconf(const struct nlmsghdr *nlh, struct link_info *ret)
{
	const struct nlattr *tb[NETCONFA_IFINDEX + 1];

	memset(ret, 0, sizeof(*ret));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct netconfmsg))
		return false;
	link_nl_attrs(nlh, sizeof(struct netconfmsg), tb, NETCONFA_IFINDEX);
	ret->ifindex = link_nl_u32(tb[NETCONFA_IFINDEX], 0);
	return true;
}

static bool parse_event(const struct nlmsghdr *nlh, struct link_info *ret)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return parse_link(nlh, ret);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return parse_addr(nlh, ret);
	case RTM_NEWNETCONF:
		return parse_netconf(nlh, ret);
	default:
		return false;
	}
}

int link_events_read(struct link *link,
		     void (*fn)(int kind, const struct link_info *info, void *arg), void *arg)
{
	struct link_info info;
	int ret = 0;

	if (!link->events)
		return 0;
	for (;;) {
		const struct nlmsghdr *nlh;
		bool cut = false;
		ssize_t n = link_nl_receive(link->events, link->event_buf, &cut);

		if (n == -EAGAIN)
			return ret;
		if (n < 0 && n != -ENOBUFS)
			return (int)n;
		if (n < 0 || cut)
			ret = -ENOBUFS;
		for (size_t at = 0; n > 0 && (nlh = link_nl_next(link->event_buf, n, &at));) {
			if (parse_event(nlh, &info))
				fn(nlh->nlmsg_type, &info, arg);
		}
	}
}
