// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_vlan.c - 802.1Q VLAN devices: made, and found by what they are and not by their name. Called by
 * team/.
 *
 * RTM_NEWLINK of kind "vlan" (net/8021q/vlan_netlink.c); the tag's protocol is 802.1Q's.
 */
#include <net/if.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <string.h>

#include "io/link_nl.h"

#define VID_MAX 4094

static int create(struct link *link, uint32_t lower, const char *name, uint16_t vid)
{
	struct nlattr *linkinfo, *data;
	struct link_request req;

	link_nl_begin(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(&req.nlh, IFLA_LINK, lower);
	mnl_attr_put_strz(&req.nlh, IFLA_IFNAME, name);
	linkinfo = mnl_attr_nest_start(&req.nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(&req.nlh, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(&req.nlh, IFLA_INFO_DATA);
	mnl_attr_put_u16(&req.nlh, IFLA_VLAN_ID, vid);
	mnl_attr_put_u16(&req.nlh, IFLA_VLAN_PROTOCOL, htons(ETH_P_8021Q));
	mnl_attr_nest_end(&req.nlh, data);
	mnl_attr_nest_end(&req.nlh, linkinfo);
	return link_nl_talk(link, &req, NULL, NULL);
}

/* EOPNOTSUPP is also what 8021q says of a driver that bears no VLANs; then it adds why. */
static bool is_unknown_kind(const struct link *link)
{
	return !link->extack[0] || strstr(link->extack, "Unknown device type");
}

int link_create_vlan(struct link *link, uint32_t lower, const char *name, uint16_t vid,
		     struct err *err)
{
	struct link_info info;
	int ret;

	if (!name[0] || strlen(name) >= IFNAMSIZ || !vid || vid > VID_MAX)
		return err_set(err, -EINVAL, "%.64s: can't create it for VLAN %u: %s", name, vid,
			       vid && vid <= VID_MAX ? "the name is too long or empty"
						     : "VLANs are 1 to 4094");
	ret = create(link, lower, name, vid);
	if (ret == -EOPNOTSUPP && is_unknown_kind(link))
		return err_set(err, ret,
			       "%s: can't create it for VLAN %u: the kernel has no 802.1Q VLANs "
			       "(module 8021q)",
			       name, vid);
	if (ret == -EEXIST)
		return err_set(err, ret, "%s: can't create it for VLAN %u: %s", name, vid,
			       link_get(link, name, &info, NULL)
				       ? "that VLAN has a device there already"
				       : "a device of that name exists");
	if (ret)
		return link_nl_fail(link, ret, lower, err, "create %s for VLAN %u on it", name,
				    vid);
	return 0;
}

struct vlan_search {
	uint32_t lower;
	uint16_t vid;
	struct link_info *found;
};

static int read_vlan(const struct nlmsghdr *nlh, void *arg)
{
	struct vlan_search *search = arg;
	struct link_info info;

	if (!nlh) {
		search->found->ifindex = 0;
		return 0;
	}
	if (nlh->nlmsg_type != RTM_NEWLINK || link_dev_parse(nlh, &info))
		return 0;
	if (info.lower == search->lower && info.vlan && info.vlan == search->vid &&
	    !info.vlan_8021ad)
		*search->found = info;
	return 0;
}

int link_find_vlan(struct link *link, uint32_t lower, uint16_t vid, struct link_info *ret,
		   struct err *err)
{
	struct link_info found = {0}, info;
	struct vlan_search search = {.lower = lower, .vid = vid, .found = &found};
	struct link_request req;
	int code = link_get_index(link, lower, &info, err);

	if (code)
		return code;
	link_nl_begin(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	code = link_nl_dump(link, &req, read_vlan, &search);
	if (code)
		return link_nl_fail(link, code, lower, err, "look for a device of VLAN %u", vid);
	if (!found.ifindex)
		return err_set(err, -ENODEV, "%s: there is no device of VLAN %u on it", info.name,
			       vid);
	*ret = found;
	return 0;
}
