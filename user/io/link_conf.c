// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_conf.c - a device's own IPv4 settings, by netlink. Called by team/.
 *
 * IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF } }, net/ipv4/devinet.c: in a request a nest of attributes
 * whose type is IPV4_DEVCONF_x (inet_set_link_af()), in an answer an array of values at
 * IPV4_DEVCONF_x - 1 (inet_fill_link_af()). A device without IPv4 has no such nest.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <stdio.h>
#include <string.h>

#include "io/link_nl.h"

#define NAME_LEN 24

static const char *const setting_names[] = {
	[IPV4_DEVCONF_RP_FILTER] = "rp_filter",
	[IPV4_DEVCONF_ARP_ANNOUNCE] = "arp_announce",
	[IPV4_DEVCONF_ARP_IGNORE] = "arp_ignore",
};

static const char *setting_name(unsigned what, char buf[NAME_LEN])
{
	if (what < sizeof(setting_names) / sizeof(setting_names[0]) && setting_names[what])
		return setting_names[what];
	snprintf(buf, NAME_LEN, "setting %u", what);
	return buf;
}

static int fail(struct link *link, int ret, uint32_t ifindex, const char *verb, unsigned what,
		struct err *err)
{
	char buf[NAME_LEN];

	return link_nl_fail(link, ret, ifindex, err, "%s IPv4's %s%s", verb,
			    setting_name(what, buf),
			    ret == -EAFNOSUPPORT ? " (IPv4 is off there)" : "");
}

/* Values count from 1; what is beyond this kernel's it refuses by itself. */
static bool is_setting(unsigned what)
{
	return what && what <= UINT8_MAX;
}

int link_set_ipv4_conf(struct link *link, uint32_t ifindex, unsigned what, uint32_t value,
		       struct err *err)
{
	struct nlattr *af_spec, *inet, *conf;
	struct ifinfomsg *ifi;
	struct link_request req;
	int ret = is_setting(what) ? -ENODEV : -EINVAL;

	if (is_setting(what) && ifindex) {
		ifi = link_nl_begin(&req, RTM_SETLINK, 0, sizeof(*ifi));
		ifi->ifi_index = (int)ifindex;
		af_spec = mnl_attr_nest_start(&req.nlh, IFLA_AF_SPEC);
		inet = mnl_attr_nest_start(&req.nlh, AF_INET);
		conf = mnl_attr_nest_start(&req.nlh, IFLA_INET_CONF);
		mnl_attr_put_u32(&req.nlh, what, value);
		mnl_attr_nest_end(&req.nlh, conf);
		mnl_attr_nest_end(&req.nlh, inet);
		mnl_attr_nest_end(&req.nlh, af_spec);
		ret = link_nl_talk(link, &req, NULL, NULL);
	}
	if (ret)
		return fail(link, ret, ifindex, "set", what, err);
	return 0;
}

struct setting {
	unsigned what;
	uint32_t *value;
	int code; /* until an answer bears it: why it does not */
};

static int read_setting(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[IFLA_AF_SPEC + 1], *af[AF_INET + 1], *inet[IFLA_INET_CONF + 1];
	struct setting *setting = arg;
	const char *values;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	link_nl_attrs(nlh, sizeof(struct ifinfomsg), tb, IFLA_AF_SPEC);
	link_nl_nested(tb[IFLA_AF_SPEC], af, AF_INET);
	link_nl_nested(af[AF_INET], inet, IFLA_INET_CONF);
	setting->code = -EAFNOSUPPORT;
	if (!inet[IFLA_INET_CONF])
		return 0;
	setting->code = -EOPNOTSUPP;
	if (mnl_attr_get_payload_len(inet[IFLA_INET_CONF]) / sizeof(uint32_t) < setting->what)
		return 0;
	values = mnl_attr_get_payload(inet[IFLA_INET_CONF]);
	memcpy(setting->value, values + (setting->what - 1) * sizeof(uint32_t), sizeof(uint32_t));
	setting->code = 0;
	return 0;
}

int link_get_ipv4_conf(struct link *link, uint32_t ifindex, unsigned what, uint32_t *ret,
		       struct err *err)
{
	struct setting setting = {.what = what, .value = ret, .code = -EBADMSG};
	struct ifinfomsg *ifi;
	struct link_request req;
	int code = is_setting(what) ? -ENODEV : -EINVAL;

	/* Without an index the kernel would list all devices. */
	if (is_setting(what) && ifindex && ifindex <= INT32_MAX) {
		ifi = link_nl_begin(&req, RTM_GETLINK, 0, sizeof(*ifi));
		ifi->ifi_index = (int)ifindex;
		code = link_nl_talk(link, &req, read_setting, &setting);
		if (!code)
			code = setting.code;
	}
	if (code)
		return fail(link, code, ifindex, "read", what, err);
	return 0;
}
