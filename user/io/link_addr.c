// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_addr.c - addresses of a device: read so that they can be given to another device and back,
 * added, deleted. Called by team/.
 *
 * RTM_GETADDR, RTM_NEWADDR, RTM_DELADDR (net/ipv4/devinet.c, net/ipv6/addrconf.c). IFA_LOCAL is the
 * address and IFA_ADDRESS the peer's, where there are both.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>

#include "io/link_nl.h"

#define FOREVER UINT32_MAX
/* Since Linux 5.18; older headers lack it. */
#define ADDR_PROTO 11
/* What a request may carry; the other flags are the kernel's. */
#define SETTABLE                                                                        \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | \
	 IFA_F_MCAUTOJOIN)

struct addr_list {
	uint32_t ifindex;
	int family;
	struct saved_addr *addrs;
	unsigned max, n;
	unsigned first; /* of this family */
};

static void parse_addr(const struct nlmsghdr *nlh, struct saved_addr *ret)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[ADDR_PROTO + 1];
	const struct ifa_cacheinfo *cache;

	memset(ret, 0, sizeof(*ret));
	link_nl_attrs(nlh, sizeof(*ifa), tb, ADDR_PROTO);
	link_nl_addr(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], ifa->ifa_family,
		     ifa->ifa_prefixlen, &ret->addr);
	if (tb[IFA_LOCAL] && tb[IFA_ADDRESS])
		link_nl_addr(tb[IFA_ADDRESS], ifa->ifa_family, ifa->ifa_prefixlen, &ret->peer);
	if (addr_equal(&ret->peer, &ret->addr))
		memset(&ret->peer, 0, sizeof(ret->peer));
	link_nl_addr(tb[IFA_BROADCAST], ifa->ifa_family, ifa->ifa_family == AF_INET ? 32 : 128,
		     &ret->broadcast);
	ret->flags = link_nl_u32(tb[IFA_FLAGS], ifa->ifa_flags);
	ret->scope = ifa->ifa_scope;
	ret->valid_s = ret->preferred_s = FOREVER;
	if (tb[IFA_CACHEINFO] && mnl_attr_get_payload_len(tb[IFA_CACHEINFO]) >= sizeof(*cache)) {
		cache = mnl_attr_get_payload(tb[IFA_CACHEINFO]);
		ret->created = cache->cstamp;
		ret->valid_s = cache->ifa_valid;
		ret->preferred_s = cache->ifa_prefered;
	}
	link_nl_string(tb[IFA_LABEL], ret->label, sizeof(ret->label));
	ret->metric = link_nl_u32(tb[IFA_RT_PRIORITY], 0);
	if (tb[ADDR_PROTO] && mnl_attr_get_payload_len(tb[ADDR_PROTO]) == 1)
		ret->proto = mnl_attr_get_u8(tb[ADDR_PROTO]);
}

static int read_addr(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *ifa;
	struct addr_list *list = arg;
	struct saved_addr addr;

	if (!nlh) {
		list->n = list->first;
		return 0;
	}
	if (nlh->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return 0;
	ifa = mnl_nlmsg_get_payload(nlh);
	if (ifa->ifa_index != list->ifindex || ifa->ifa_family != list->family)
		return 0;
	parse_addr(nlh, &addr);
	if (addr.addr.family == AF_UNSPEC)
		return -EBADMSG;
	if (list->n == list->max)
		return -E2BIG;
	list->addrs[list->n++] = addr;
	return 0;
}

static int dump_addrs(struct link *link, struct addr_list *list)
{
	struct link_request req;
	struct ifaddrmsg *ifa = link_nl_begin(&req, RTM_GETADDR, 0, sizeof(*ifa));

	ifa->ifa_family = list->family;
	ifa->ifa_index = list->ifindex; /* heeded because of NETLINK_GET_STRICT_CHK */
	return link_nl_dump(link, &req, read_addr, list);
}

/* The kernel lists IPv6 addresses of a scope newest first; turned round, adding restores that. */
static void reverse(struct saved_addr *addrs, unsigned n)
{
	for (unsigned i = 0; i < n / 2; i++) {
		struct saved_addr tmp = addrs[i];

		addrs[i] = addrs[n - 1 - i];
		addrs[n - 1 - i] = tmp;
	}
}

int link_addrs(struct link *link, uint32_t ifindex, struct saved_addr *addrs, unsigned max,
	       unsigned *n, struct err *err)
{
	struct addr_list list = {.ifindex = ifindex, .addrs = addrs, .max = max};
	struct link_info info;
	int ret;

	*n = 0;
	ret = link_get_index(link, ifindex, &info, err);
	if (ret)
		return ret;
	for (unsigned i = 0; !ret && i < (info.addr_gen_mode == LINK_IPV6_OFF ? 1 : 2); i++) {
		list.family = i ? AF_INET6 : AF_INET;
		list.first = list.n;
		ret = dump_addrs(link, &list);
	}
	if (ret == -E2BIG)
		return err_set(err, ret, "%s: it holds more than %u addresses", info.name, max);
	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "list its addresses");
	reverse(addrs + list.first, list.n - list.first);
	*n = list.n;
	/* The device's own name is what a label defaults to, here and on the device it moves to. */
	for (unsigned i = 0; i < *n; i++) {
		if (!strcmp(addrs[i].label, info.name))
			addrs[i].label[0] = '\0';
	}
	return 0;
}

static void put_addr(struct nlmsghdr *nlh, uint16_t type, const struct addr *addr)
{
	mnl_attr_put(nlh, type, addr_size(addr), addr->byte);
}

static struct link_request *begin_addr(struct link_request *req, uint16_t type, uint16_t flags,
				       uint32_t ifindex, const struct saved_addr *addr)
{
	struct ifaddrmsg *ifa = link_nl_begin(req, type, flags, sizeof(*ifa));

	ifa->ifa_family = addr->addr.family;
	ifa->ifa_prefixlen = addr->addr.prefixlen;
	ifa->ifa_scope = addr->scope;
	ifa->ifa_index = ifindex;
	put_addr(&req->nlh, IFA_LOCAL, &addr->addr);
	put_addr(&req->nlh, IFA_ADDRESS, addr->peer.family ? &addr->peer : &addr->addr);
	return req;
}

static int put_on(struct link *link, uint32_t ifindex, const struct saved_addr *addr,
		  uint32_t flags)
{
	struct ifa_cacheinfo cache = {.ifa_prefered = FOREVER, .ifa_valid = FOREVER};
	struct link_request req;
	struct nlmsghdr *nlh;

	nlh = &begin_addr(&req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, ifindex, addr)->nlh;
	mnl_attr_put_u32(nlh, IFA_FLAGS, flags & SETTABLE);
	if (addr->valid_s) {
		cache.ifa_valid = addr->valid_s;
		cache.ifa_prefered = addr->preferred_s;
	}
	mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(cache), &cache);
	if (addr->addr.family == AF_INET && addr->broadcast.family == AF_INET)
		put_addr(nlh, IFA_BROADCAST, &addr->broadcast);
	if (addr->addr.family == AF_INET && addr->label[0])
		mnl_attr_put_strz(nlh, IFA_LABEL, addr->label);
	if (addr->metric)
		mnl_attr_put_u32(nlh, IFA_RT_PRIORITY, addr->metric);
	if (addr->proto)
		mnl_attr_put_u8(nlh, ADDR_PROTO, addr->proto);
	return link_nl_talk(link, &req, NULL, NULL);
}

/*
 * IPv6: without NODAD the address would be tentative for a second, refused by bind() and as a
 * route's source. Once it is there the flag is taken off again, if it was not the saved one's: a
 * change of flags starts no duplicate address detection (inet6_addr_modify()).
 */
int link_add_addr(struct link *link, uint32_t ifindex, const struct saved_addr *addr,
		  struct err *err)
{
	char text[ADDR_STRLEN];
	int ret;

	if (!addr_size(&addr->addr))
		return err_set(err, -EINVAL, "#%u: can't add an address of no family", ifindex);
	if (addr->addr.family == AF_INET6) {
		ret = put_on(link, ifindex, addr, addr->flags | IFA_F_NODAD);
		if (!ret && !(addr->flags & IFA_F_NODAD))
			ret = put_on(link, ifindex, addr, addr->flags);
	} else {
		ret = put_on(link, ifindex, addr, addr->flags);
	}
	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "add address %s%s",
				    addr_format(&addr->addr, true, text),
				    ret == -EACCES ? " (IPv6 is disabled there)" : "");
	return 0;
}

int link_del_addr(struct link *link, uint32_t ifindex, const struct saved_addr *addr,
		  struct err *err)
{
	struct link_request req;
	char text[ADDR_STRLEN];
	int ret;

	if (!addr_size(&addr->addr))
		return err_set(err, -EINVAL, "#%u: can't delete an address of no family", ifindex);
	begin_addr(&req, RTM_DELADDR, 0, ifindex, addr);
	ret = link_nl_talk(link, &req, NULL, NULL);
	/* A device without IPv6 has no such address either. */
	if (ret == -ENXIO)
		ret = -EADDRNOTAVAIL;
	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "delete address %s",
				    addr_format(&addr->addr, true, text));
	return 0;
}
