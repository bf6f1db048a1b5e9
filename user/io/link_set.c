// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_set.c - makes, changes and deletes devices. Called by team/.
 *
 * RTM_NEWLINK, RTM_SETLINK, RTM_DELLINK (net/core/rtnetlink.c), veth's own attributes
 * (drivers/net/veth.c), and RTM_NEWNEIGH of AF_BRIDGE with NTF_SELF for secondary unicast addresses
 * (ndo_dflt_fdb_add(), as `bridge fdb add ... self permanent`).
 */
#include <net/if.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/random.h>

#include "io/link_nl.h"

static struct ifinfomsg *begin_set(struct link_request *req, uint32_t ifindex)
{
	struct ifinfomsg *ifi = link_nl_begin(req, RTM_SETLINK, 0, sizeof(*ifi));

	ifi->ifi_index = (int)ifindex;
	return ifi;
}

static int set_flag(struct link *link, uint32_t ifindex, unsigned flag, bool on, const char *what,
		    struct err *err)
{
	struct link_request req;
	struct ifinfomsg *ifi = begin_set(&req, ifindex);
	int ret;

	ifi->ifi_change = flag;
	ifi->ifi_flags = on ? flag : 0;
	ret = link_nl_talk(link, &req, NULL, NULL);
	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "%s", what);
	return 0;
}

int link_set_up(struct link *link, uint32_t ifindex, bool up, struct err *err)
{
	return set_flag(link, ifindex, IFF_UP, up, up ? "set it up" : "set it down", err);
}

int link_set_promisc(struct link *link, uint32_t ifindex, bool on, struct err *err)
{
	return set_flag(link, ifindex, IFF_PROMISC, on, "set promiscuous mode", err);
}

int link_set_allmulti(struct link *link, uint32_t ifindex, bool on, struct err *err)
{
	return set_flag(link, ifindex, IFF_ALLMULTI, on, "set allmulticast mode", err);
}

int link_set_mtu(struct link *link, uint32_t ifindex, uint32_t mtu, struct err *err)
{
	struct link_request req;
	int ret;

	begin_set(&req, ifindex);
	mnl_attr_put_u32(&req.nlh, IFLA_MTU, mtu);
	ret = link_nl_talk(link, &req, NULL, NULL);
	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "set MTU %u", mtu);
	return 0;
}

int link_set_mac(struct link *link, uint32_t ifindex, const struct mac *mac, struct err *err)
{
	struct link_request req;
	char text[MAC_STRLEN];
	int ret;

	begin_set(&req, ifindex);
	mnl_attr_put(&req.nlh, IFLA_ADDRESS, sizeof(mac->byte), mac->byte);
	ret = link_nl_talk(link, &req, NULL, NULL);
	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "set MAC address %s",
				    mac_format(mac, text));
	return 0;
}

/* 0 leaves a value as it is. Sizes up to 64 KiB set the limit of IPv4 too, in the kernel. */
int link_set_gso_max(struct link *link, uint32_t ifindex, uint32_t size, uint32_t segs,
		     struct err *err)
{
	struct link_request req;
	int ret;

	begin_set(&req, ifindex);
	if (size)
		mnl_attr_put_u32(&req.nlh, IFLA_GSO_MAX_SIZE, size);
	if (segs)
		mnl_attr_put_u32(&req.nlh, IFLA_GSO_MAX_SEGS, segs);
	ret = link_nl_talk(link, &req, NULL, NULL);
	if (ret)
		return link_nl_fail(link, ret, ifindex, err,
				    "limit GSO to %u bytes and %u segments", size, segs);
	return 0;
}

/*
 * By netlink the kernel only notes the mode; an address that it asks for is made when the device
 * comes up the next time. -EAFNOSUPPORT: no IPv6 in the kernel, or none on the device (MTU < 1280).
 */
int link_set_addr_gen_mode(struct link *link, uint32_t ifindex, uint8_t mode, struct err *err)
{
	struct nlattr *af_spec, *inet6;
	struct link_request req;
	int ret;

	begin_set(&req, ifindex);
	af_spec = mnl_attr_nest_start(&req.nlh, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(&req.nlh, AF_INET6);
	mnl_attr_put_u8(&req.nlh, IFLA_INET6_ADDR_GEN_MODE, mode);
	mnl_attr_nest_end(&req.nlh, inet6);
	mnl_attr_nest_end(&req.nlh, af_spec);
	ret = link_nl_talk(link, &req, NULL, NULL);
	if (ret == -EAFNOSUPPORT)
		return 0;
	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "set IPv6 address generation mode %u",
				    mode);
	return 0;
}

int link_delete(struct link *link, uint32_t ifindex, struct err *err)
{
	struct ifinfomsg *ifi;
	struct link_request req;
	int ret = -ENODEV;

	if (ifindex) {
		ifi = link_nl_begin(&req, RTM_DELLINK, 0, sizeof(*ifi));
		ifi->ifi_index = (int)ifindex;
		ret = link_nl_talk(link, &req, NULL, NULL);
	}
	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "delete it");
	return 0;
}

/*
 * A device that is unregistered waits for all CPUs; those of one group wait together. The group is made
 * for it: its number is nobody's, since random.
 */
int link_delete_all(struct link *link, const uint32_t *ifindex, unsigned n, struct err *err)
{
	struct link_request req;
	uint32_t group = 0;
	unsigned found = 0;
	int ret = 0;

	while (group < 0x10000) /* those that people and programs choose */
		if (getrandom(&group, sizeof(group), 0) < 0)
			return err_set(err, -errno, "random number: %s", strerror(errno));
	for (unsigned i = 0; i < n; i++) {
		if (!ifindex[i])
			continue;
		begin_set(&req, ifindex[i]);
		mnl_attr_put_u32(&req.nlh, IFLA_GROUP, group);
		ret = link_nl_talk(link, &req, NULL, NULL);
		if (ret && ret != -ENODEV)
			return link_nl_fail(link, ret, ifindex[i], err, "delete it");
		found += !ret;
	}
	if (!found)
		return 0;
	link_nl_begin(&req, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(&req.nlh, IFLA_GROUP, group);
	ret = link_nl_talk(link, &req, NULL, NULL);
	return ret ? err_set(err, ret, "can't delete %u devices: %s", found, strerror(-ret)) : 0;
}

static void put_end(struct nlmsghdr *nlh, const char *name, const struct link_veth *veth)
{
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (veth->mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, veth->mtu);
	mnl_attr_put_u32(nlh, IFLA_NUM_TX_QUEUES, veth->queues);
	mnl_attr_put_u32(nlh, IFLA_NUM_RX_QUEUES, veth->queues);
}

/* The address is given at creation: udev's MACAddressPolicy replaces only those made at random. */
static int create_pair(struct link *link, const struct link_veth *veth)
{
	struct nlattr *linkinfo, *data, *peer;
	struct link_request req;

	link_nl_begin(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	put_end(&req.nlh, veth->outer, veth);
	mnl_attr_put(&req.nlh, IFLA_ADDRESS, sizeof(veth->mac->byte), veth->mac->byte);
	linkinfo = mnl_attr_nest_start(&req.nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(&req.nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(&req.nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(&req.nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(&req.nlh, sizeof(struct ifinfomsg));
	put_end(&req.nlh, veth->inner, veth);
	mnl_attr_nest_end(&req.nlh, peer);
	mnl_attr_nest_end(&req.nlh, data);
	mnl_attr_nest_end(&req.nlh, linkinfo);
	return link_nl_talk(link, &req, NULL, NULL);
}

int link_create_veth(struct link *link, const struct link_veth *veth, struct err *err)
{
	struct link_info info;
	int ret;

	if (!veth->outer[0] || strlen(veth->outer) >= IFNAMSIZ || !veth->inner[0] ||
	    strlen(veth->inner) >= IFNAMSIZ || !veth->queues)
		return err_set(err, -EINVAL, "%.64s: can't create it: a name is too long or empty",
			       veth->outer);
	ret = create_pair(link, veth);
	if (ret == -EEXIST) {
		bool outer = link_get(link, veth->outer, &info, NULL) == 0;

		return err_set(err, ret, "%s: can't create %s: a device of that name exists",
			       veth->outer, outer ? "it" : veth->inner);
	}
	if (ret)
		return err_set(err, ret,
			       "%s: can't create a veth pair with MTU %u and %u queues: %s%s%s%s",
			       veth->outer, veth->mtu, veth->queues,
			       ret == -EPERM ? "not permitted; it takes CAP_NET_ADMIN"
					     : strerror(-ret),
			       link->extack[0] ? " (" : "", link->extack,
			       link->extack[0] ? ")" : "");
	/* Not read from the message that creates a device. Addresses are made when it goes up. */
	ret = link_get(link, veth->inner, &info, err);
	if (!ret)
		ret = link_set_addr_gen_mode(link, info.ifindex, IN6_ADDR_GEN_MODE_NONE, err);
	if (ret && link_get(link, veth->outer, &info, NULL) == 0)
		link_delete(link, info.ifindex, NULL);
	return ret;
}

static int change_unicast(struct link *link, uint32_t ifindex, uint16_t type, uint16_t flags,
			  const struct mac *mac)
{
	struct link_request req;
	struct ndmsg *ndm = link_nl_begin(&req, type, flags, sizeof(*ndm));

	ndm->ndm_family = AF_BRIDGE;
	ndm->ndm_ifindex = (int)ifindex;
	ndm->ndm_state = NUD_PERMANENT;
	ndm->ndm_flags = NTF_SELF;
	mnl_attr_put(&req.nlh, NDA_LLADDR, sizeof(mac->byte), mac->byte);
	return link_nl_talk(link, &req, NULL, NULL);
}

int link_add_unicast(struct link *link, uint32_t ifindex, const struct mac *mac, struct err *err)
{
	int ret = change_unicast(link, ifindex, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, mac);
	char text[MAC_STRLEN];

	if (ret == -EEXIST)
		return 0;
	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "receive for %s too",
				    mac_format(mac, text));
	return 0;
}

int link_del_unicast(struct link *link, uint32_t ifindex, const struct mac *mac, struct err *err)
{
	int ret = change_unicast(link, ifindex, RTM_DELNEIGH, 0, mac);
	char text[MAC_STRLEN];

	if (ret)
		return link_nl_fail(link, ret, ifindex, err, "stop receiving for %s",
				    mac_format(mac, text));
	return 0;
}
