// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_route.c - unicast routes through a device: read so that they can be given to another device
 * and back, added, deleted. Called by team/.
 *
 * RTM_GETROUTE, RTM_NEWROUTE, RTM_DELROUTE (net/ipv4/fib_frontend.c, net/ipv6/route.c).
 */
#include <errno.h>
#include <string.h>

#include "io/link_nl.h"

/* The rest of rtm_flags is what the kernel says of the next hop's state. */
#define SETTABLE (RTNH_F_ONLINK | RTNH_F_PERVASIVE)

struct route_list {
	uint32_t ifindex;
	int family;
	struct saved_route *routes;
	unsigned max, n;
	unsigned first; /* of this family */
	bool of_kernel; /* only those the kernel made, instead of all others */
	struct addr culprit; /* the route that can't be moved */
};

static bool multipath_uses(const struct nlattr *attr, uint32_t ifindex)
{
	const struct rtnexthop *nh = mnl_attr_get_payload(attr);
	int len = mnl_attr_get_payload_len(attr);

	while (len >= (int)sizeof(*nh) && RTNH_OK(nh, len)) {
		if ((uint32_t)nh->rtnh_ifindex == ifindex)
			return true;
		len -= RTNH_ALIGN(nh->rtnh_len);
		nh = RTNH_NEXT(nh);
	}
	return false;
}

static bool is_wanted(const struct route_list *list, const struct rtmsg *rtm, uint32_t table)
{
	return rtm->rtm_family == list->family && rtm->rtm_type == RTN_UNICAST &&
	       (rtm->rtm_protocol == RTPROT_KERNEL) == list->of_kernel &&
	       rtm->rtm_protocol != RTPROT_REDIRECT && !(rtm->rtm_flags & RTM_F_CLONED) &&
	       table != RT_TABLE_LOCAL;
}

static void parse_route(const struct rtmsg *rtm, const struct nlattr **tb, struct saved_route *ret)
{
	const struct nlattr *metrics[RTAX_MTU + 1];
	int whole = rtm->rtm_family == AF_INET ? 32 : 128;

	if (tb[RTA_GATEWAY])
		link_nl_addr(tb[RTA_GATEWAY], rtm->rtm_family, whole, &ret->via);
	else if (tb[RTA_VIA] && mnl_attr_get_payload_len(tb[RTA_VIA]) ==
					sizeof(struct rtvia) + sizeof(ret->via.byte)) {
		const struct rtvia *via = mnl_attr_get_payload(tb[RTA_VIA]);

		if (via->rtvia_family == AF_INET6) {
			ret->via.family = AF_INET6;
			ret->via.prefixlen = 128;
			memcpy(ret->via.byte, via->rtvia_addr, sizeof(ret->via.byte));
		}
	}
	link_nl_addr(tb[RTA_PREFSRC], rtm->rtm_family, whole, &ret->prefsrc);
	ret->metric = link_nl_u32(tb[RTA_PRIORITY], 0);
	ret->protocol = rtm->rtm_protocol;
	ret->scope = rtm->rtm_scope;
	ret->type = rtm->rtm_type;
	ret->tos = rtm->rtm_tos;
	ret->flags = rtm->rtm_flags & SETTABLE;
	link_nl_nested(tb[RTA_METRICS], metrics, RTAX_MTU);
	ret->mtu = link_nl_u32(metrics[RTAX_MTU], 0);
}

static int read_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[RTA_NH_ID + 1];
	struct route_list *list = arg;
	struct saved_route route = {0};
	const struct rtmsg *rtm;

	if (!nlh) {
		list->n = list->first;
		return 0;
	}
	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm))
		return 0;
	rtm = mnl_nlmsg_get_payload(nlh);
	link_nl_attrs(nlh, sizeof(*rtm), tb, RTA_NH_ID);
	route.table = link_nl_u32(tb[RTA_TABLE], rtm->rtm_table);
	if (!is_wanted(list, rtm, route.table))
		return 0;
	route.to.family = rtm->rtm_family;
	route.to.prefixlen = rtm->rtm_dst_len;
	if (tb[RTA_DST])
		link_nl_addr(tb[RTA_DST], rtm->rtm_family, rtm->rtm_dst_len, &route.to);
	if (route.to.family == AF_UNSPEC)
		return -EBADMSG;
	if (route.to.family == AF_INET6 && route.to.byte[0] == 0xff)
		return 0;
	list->culprit = route.to;
	if (tb[RTA_MULTIPATH])
		return multipath_uses(tb[RTA_MULTIPATH], list->ifindex) ? -EMULTIHOP : 0;
	/* Listed because of its device, which net.ipv4.nexthop_compat_mode=0 leaves out. */
	if (tb[RTA_NH_ID] && !tb[RTA_OIF])
		return -EMULTIHOP;
	if (link_nl_u32(tb[RTA_OIF], 0) != list->ifindex)
		return 0;
	/* Tunnels (lwtunnel) and source-specific routes have more to them than is saved. */
	if (tb[RTA_ENCAP] || rtm->rtm_src_len)
		return -EOPNOTSUPP;
	if (list->n == list->max)
		return -E2BIG;
	parse_route(rtm, tb, &route);
	list->routes[list->n++] = route;
	return 0;
}

static int dump_routes(struct link *link, struct route_list *list)
{
	struct link_request req;
	struct rtmsg *rtm = link_nl_begin(&req, RTM_GETROUTE, 0, sizeof(*rtm));

	rtm->rtm_family = list->family;
	/* Spares reading a full BGP table, because of NETLINK_GET_STRICT_CHK. */
	mnl_attr_put_u32(&req.nlh, RTA_OIF, list->ifindex);
	return link_nl_dump(link, &req, read_route, list);
}

/* "default" for a prefix of no length, as ip(8) says it. */
static const char *format_to(const struct addr *to, char buf[ADDR_STRLEN])
{
	return to->prefixlen ? addr_format(to, true, buf) : "default";
}

static int fail_list(struct link *link, int ret, const char *name, const struct route_list *list,
		     struct err *err)
{
	char buf[ADDR_STRLEN];
	const char *to = format_to(&list->culprit, buf);

	switch (ret) {
	case -EMULTIHOP:
		return err_set(err, ret,
			       "%s: can't take over the route to %s: it has several next hops; "
			       "delete it first",
			       name, to);
	case -EOPNOTSUPP:
		return err_set(err, ret,
			       "%s: can't take over the route to %s: it is a tunnel's or depends "
			       "on the source; delete it first",
			       name, to);
	case -E2BIG:
		return err_set(err, ret, "%s: can't take over its routes: there are more than %u",
			       name, list->max);
	default:
		return link_nl_fail(link, ret, list->ifindex, err, "list its routes");
	}
}

/* Routes without a gateway first, since those with one are refused until it can be reached. */
static void sort_routes(struct saved_route *routes, unsigned n)
{
	for (unsigned i = 0, direct = 0; i < n; i++) {
		struct saved_route route = routes[i];

		if (route.via.family != AF_UNSPEC)
			continue;
		memmove(&routes[direct + 1], &routes[direct], sizeof(route) * (i - direct));
		routes[direct++] = route;
	}
}

int link_routes(struct link *link, uint32_t ifindex, struct saved_route *routes, unsigned max,
		unsigned *n, struct err *err)
{
	struct route_list list = {.ifindex = ifindex, .routes = routes, .max = max};
	struct link_info info;
	int ret;

	*n = 0;
	ret = link_get_index(link, ifindex, &info, err);
	for (unsigned i = 0; !ret && i < (info.addr_gen_mode == LINK_IPV6_OFF ? 1 : 2); i++) {
		list.family = i ? AF_INET6 : AF_INET;
		list.first = list.n;
		ret = dump_routes(link, &list);
		if (ret)
			fail_list(link, ret, info.name, &list, err);
	}
	if (ret)
		return ret;
	sort_routes(routes, list.n);
	*n = list.n;
	return 0;
}

static void put_gateway(struct nlmsghdr *nlh, const struct saved_route *route)
{
	struct {
		struct rtvia via;
		uint8_t addr[16];
	} __attribute__((packed)) other = {0};

	if (route->via.family == AF_UNSPEC)
		return;
	if (route->via.family == route->to.family) {
		mnl_attr_put(nlh, RTA_GATEWAY, addr_size(&route->via), route->via.byte);
		return;
	}
	/* An IPv4 route by an IPv6 next hop (RFC 8950). */
	other.via.rtvia_family = route->via.family;
	memcpy(other.addr, route->via.byte, sizeof(other.addr));
	mnl_attr_put(nlh, RTA_VIA, sizeof(other.via) + addr_size(&route->via), &other);
}

static int change_route(struct link *link, uint32_t ifindex, uint16_t type, uint16_t flags,
			const struct saved_route *route)
{
	struct link_request req;
	struct rtmsg *rtm = link_nl_begin(&req, type, flags, sizeof(*rtm));
	struct nlmsghdr *nlh = &req.nlh;
	struct nlattr *metrics;

	rtm->rtm_family = route->to.family;
	rtm->rtm_dst_len = route->to.prefixlen;
	rtm->rtm_tos = route->tos;
	rtm->rtm_protocol = route->protocol;
	rtm->rtm_scope = route->scope;
	rtm->rtm_type = route->type;
	rtm->rtm_flags = route->flags & SETTABLE;
	mnl_attr_put_u32(nlh, RTA_TABLE, route->table);
	if (route->to.prefixlen)
		mnl_attr_put(nlh, RTA_DST, addr_size(&route->to), route->to.byte);
	put_gateway(nlh, route);
	mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
	if (route->prefsrc.family != AF_UNSPEC)
		mnl_attr_put(nlh, RTA_PREFSRC, addr_size(&route->prefsrc), route->prefsrc.byte);
	if (route->metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
	if (route->mtu) {
		metrics = mnl_attr_nest_start(nlh, RTA_METRICS);
		mnl_attr_put_u32(nlh, RTAX_MTU, route->mtu);
		mnl_attr_nest_end(nlh, metrics);
	}
	return link_nl_talk(link, &req, NULL, NULL);
}

static int fail_route(struct link *link, int ret, uint32_t ifindex, const char *verb,
		      const struct saved_route *route, struct err *err)
{
	char buf[ADDR_STRLEN], via[ADDR_STRLEN];
	const char *to = format_to(&route->to, buf);

	if (route->via.family == AF_UNSPEC)
		return link_nl_fail(link, ret, ifindex, err, "%s route to %s", verb, to);
	addr_format(&route->via, false, via);
	return link_nl_fail(link, ret, ifindex, err, "%s route to %s via %s", verb, to, via);
}

/*
 * IPv4 knows one route of a prefix, TOS and metric, and NLM_F_REPLACE changes it. IPv6 lets several
 * stand side by side (two routers that advertise themselves, ECMP) and NLM_F_REPLACE would remove
 * all of them; appended, a route joins them, and EEXIST means that this next hop is there already.
 */
int link_add_route(struct link *link, uint32_t ifindex, const struct saved_route *route,
		   struct err *err)
{
	bool v6 = route->to.family == AF_INET6;
	int ret = -EINVAL;

	if (addr_size(&route->to))
		ret = change_route(link, ifindex, RTM_NEWROUTE,
				   NLM_F_CREATE | (v6 ? NLM_F_APPEND : NLM_F_REPLACE), route);
	if (v6 && ret == -EEXIST)
		ret = 0;
	if (ret)
		return fail_route(link, ret, ifindex, "add", route, err);
	return 0;
}

int link_del_route(struct link *link, uint32_t ifindex, const struct saved_route *route,
		   struct err *err)
{
	int ret = -EINVAL;

	if (addr_size(&route->to))
		ret = change_route(link, ifindex, RTM_DELROUTE, 0, route);
	if (ret)
		return fail_route(link, ret, ifindex, "delete", route, err);
	return 0;
}

int link_del_prefix_routes(struct link *link, uint32_t ifindex, struct err *err)
{
	struct saved_route routes[RECORD_ROUTES_MAX];
	struct route_list list = {
		.ifindex = ifindex,
		.family = AF_INET6,
		.routes = routes,
		.max = RECORD_ROUTES_MAX,
		.of_kernel = true,
	};
	struct link_info info;
	int ret = link_get_index(link, ifindex, &info, err);

	if (ret || info.addr_gen_mode == LINK_IPV6_OFF)
		return ret;
	ret = dump_routes(link, &list);
	if (ret)
		return fail_list(link, ret, info.name, &list, err);
	for (unsigned i = 0; i < list.n; i++) {
		ret = change_route(link, ifindex, RTM_DELROUTE, 0, &routes[i]);
		if (ret && ret != -ESRCH)
			return fail_route(link, ret, ifindex, "delete", &routes[i], err);
	}
	return 0;
}
