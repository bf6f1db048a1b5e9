// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_dev.c - what there is: devices by name, by index, and all of them. Called by team/ and cli/.
 *
 * RTM_GETLINK as in rtnetlink(7) and net/core/rtnetlink.c. RTEXT_FILTER_SKIP_STATS would make
 * answers shorter, but it also leaves out IFLA_INET6_ADDR_GEN_MODE (inet6_fill_ifla6_attrs()).
 */
#include <net/if.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if.h> /* IFF_LOWER_UP; after net/if.h, whose names it then spares */
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "io/link_nl.h"

/* Newer than the headers this builds with. */
#define ATTR_GSO_IPV4_MAX_SIZE 63
#define ATTR_MAX ATTR_GSO_IPV4_MAX_SIZE

static void parse_mac(const struct nlattr *attr, struct mac *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (attr && mnl_attr_get_payload_len(attr) == sizeof(ret->byte))
		memcpy(ret->byte, mnl_attr_get_payload(attr), sizeof(ret->byte));
}

static void parse_vlan(const struct nlattr *data, struct link_info *ret)
{
	const struct nlattr *tb[IFLA_VLAN_PROTOCOL + 1];

	link_nl_nested(data, tb, IFLA_VLAN_PROTOCOL);
	ret->vlan = link_nl_u16(tb[IFLA_VLAN_ID], 0);
	ret->vlan_8021ad = link_nl_u16(tb[IFLA_VLAN_PROTOCOL], 0) == htons(ETH_P_8021AD);
}

static void parse_kind(const struct nlattr *linkinfo, struct link_info *ret)
{
	const struct nlattr *tb[IFLA_INFO_SLAVE_KIND + 1];

	link_nl_nested(linkinfo, tb, IFLA_INFO_SLAVE_KIND);
	link_nl_string(tb[IFLA_INFO_KIND], ret->kind, sizeof(ret->kind));
	link_nl_string(tb[IFLA_INFO_SLAVE_KIND], ret->master_kind, sizeof(ret->master_kind));
	if (!strcmp(ret->kind, "vlan"))
		parse_vlan(tb[IFLA_INFO_DATA], ret);
}

static uint8_t parse_addr_gen_mode(const struct nlattr *af_spec)
{
	const struct nlattr *af[AF_INET6 + 1], *tb[IFLA_INET6_ADDR_GEN_MODE + 1];

	link_nl_nested(af_spec, af, AF_INET6);
	link_nl_nested(af[AF_INET6], tb, IFLA_INET6_ADDR_GEN_MODE);
	return link_nl_u8(tb[IFLA_INET6_ADDR_GEN_MODE], LINK_IPV6_OFF);
}

int link_dev_parse(const struct nlmsghdr *nlh, struct link_info *ret)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[ATTR_MAX + 1];

	memset(ret, 0, sizeof(*ret));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) || ifi->ifi_index <= 0)
		return -EBADMSG;
	link_nl_attrs(nlh, sizeof(*ifi), tb, ATTR_MAX);
	ret->ifindex = ifi->ifi_index;
	ret->flags = ifi->ifi_flags;
	ret->type = ifi->ifi_type;
	link_nl_string(tb[IFLA_IFNAME], ret->name, sizeof(ret->name));
	if (!ret->name[0])
		return -EBADMSG;
	parse_kind(tb[IFLA_LINKINFO], ret);
	parse_mac(tb[IFLA_ADDRESS], &ret->mac);
	parse_mac(tb[IFLA_PERM_ADDRESS], &ret->perm_mac);
	ret->mtu = link_nl_u32(tb[IFLA_MTU], 0);
	ret->min_mtu = link_nl_u32(tb[IFLA_MIN_MTU], 0);
	ret->max_mtu = link_nl_u32(tb[IFLA_MAX_MTU], 0);
	ret->carrier = link_nl_u8(tb[IFLA_CARRIER], !!(ret->flags & IFF_LOWER_UP));
	ret->master = link_nl_u32(tb[IFLA_MASTER], 0);
	/* With a namespace id the index counts in that other namespace. */
	if (!tb[IFLA_LINK_NETNSID])
		ret->lower = link_nl_u32(tb[IFLA_LINK], 0);
	ret->promiscuity = link_nl_u32(tb[IFLA_PROMISCUITY], 0);
	ret->gso_max_size = link_nl_u32(tb[IFLA_GSO_MAX_SIZE], 0);
	ret->gso_max_segs = link_nl_u32(tb[IFLA_GSO_MAX_SEGS], 0);
	ret->tso_max_size = link_nl_u32(tb[IFLA_TSO_MAX_SIZE], 0);
	ret->tso_max_segs = link_nl_u32(tb[IFLA_TSO_MAX_SEGS], 0);
	ret->gso_ipv4_max_size = link_nl_u32(tb[ATTR_GSO_IPV4_MAX_SIZE], 0);
	ret->txqlen = link_nl_u32(tb[IFLA_TXQLEN], 0);
	ret->n_tx_queues = link_nl_u32(tb[IFLA_NUM_TX_QUEUES], 0);
	ret->n_rx_queues = link_nl_u32(tb[IFLA_NUM_RX_QUEUES], 0);
	ret->addr_gen_mode = parse_addr_gen_mode(tb[IFLA_AF_SPEC]);
	return 0;
}

static int read_one(const struct nlmsghdr *nlh, void *arg)
{
	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	return link_dev_parse(nlh, arg);
}

static int get(struct link *link, struct link_request *req, struct link_info *ret)
{
	struct link_info info = {0};
	int code = link_nl_talk(link, req, read_one, &info);

	if (code)
		return code;
	if (!info.ifindex)
		return -EBADMSG;
	*ret = info;
	return 0;
}

int link_get(struct link *link, const char *name, struct link_info *ret, struct err *err)
{
	struct link_request req;
	int code = -ENODEV;

	if (name[0] && strlen(name) < IFNAMSIZ) {
		link_nl_begin(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
		mnl_attr_put_strz(&req.nlh, IFLA_IFNAME, name);
		code = get(link, &req, ret);
	}
	if (code == -ENODEV)
		return err_set(err, code, "%.64s: there is no such device", name);
	if (code)
		return err_set(err, code, "%.64s: can't look the device up: %s", name,
			       strerror(-code));
	return 0;
}

int link_get_index(struct link *link, uint32_t ifindex, struct link_info *ret, struct err *err)
{
	struct ifinfomsg *ifi;
	struct link_request req;
	int code = -ENODEV;

	if (ifindex && ifindex <= INT32_MAX) {
		ifi = link_nl_begin(&req, RTM_GETLINK, 0, sizeof(*ifi));
		ifi->ifi_index = (int)ifindex;
		code = get(link, &req, ret);
	}
	if (code == -ENODEV)
		return err_set(err, code, "#%u: there is no such device", ifindex);
	if (code)
		return err_set(err, code, "#%u: can't look the device up: %s", ifindex,
			       strerror(-code));
	return 0;
}

struct info_list {
	struct link_info *info;
	size_t n, size;
};

static int read_each(const struct nlmsghdr *nlh, void *arg)
{
	struct info_list *list = arg;
	struct link_info *info;

	if (!nlh) {
		list->n = 0;
		return 0;
	}
	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (list->n == list->size) {
		size_t size = list->size ? list->size * 2 : 64;

		info = reallocarray(list->info, size, sizeof(*info));
		if (!info)
			return -ENOMEM;
		list->info = info;
		list->size = size;
	}
	if (link_dev_parse(nlh, &list->info[list->n]) == 0)
		list->n++;
	return 0;
}

/* Collects first: fn may use link itself, and must not see a dump that is then made again. */
int link_each(struct link *link, int (*fn)(const struct link_info *info, void *arg), void *arg,
	      struct err *err)
{
	struct info_list list = {0};
	struct link_request req;
	int ret;

	link_nl_begin(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	ret = link_nl_dump(link, &req, read_each, &list);
	if (ret)
		err_set(err, ret, "can't list the network devices: %s", strerror(-ret));
	for (size_t i = 0; !ret && i < list.n; i++)
		ret = fn(&list.info[i], arg);
	free(list.info);
	return ret;
}
