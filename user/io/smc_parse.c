// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * smc_parse.c - reads SMC's messages: message in, struct out, no kernel needed; and the reasons of a
 * fallback in words. Called by smc.c and by tests. The kernel's side: net/smc/smc_pnet.c, smc_diag.c.
 */
#include "io/smc_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/inet_diag.h>
#include <linux/smc.h>
#include <linux/smc_diag.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

int smc_parse_family(const struct nlmsghdr *nlh, const char *name, uint16_t *ret)
{
	const struct nlattr *tb[CTRL_ATTR_FAMILY_NAME + 1];
	char answered[GENL_NAMSIZ];

	if (nlh->nlmsg_type != GENL_ID_CTRL || !nlmsg_header(nlh, sizeof(struct genlmsghdr)))
		return -EPROTO;
	nlmsg_attrs(nlh, sizeof(struct genlmsghdr), tb, CTRL_ATTR_FAMILY_NAME);
	if (!nlmsg_string(tb[CTRL_ATTR_FAMILY_NAME], answered, sizeof(answered)) ||
	    strcmp(answered, name))
		return -EPROTO;
	*ret = nlmsg_u16(tb[CTRL_ATTR_FAMILY_ID], 0);
	return *ret >= NLMSG_MIN_TYPE ? 0 : -EPROTO;
}

/* What an entry has not, the kernel calls "n/a". */
static bool read_name(const struct nlattr *attr, char *ret, size_t size)
{
	if (!nlmsg_string(attr, ret, size))
		return false;
	if (!strcmp(ret, "n/a"))
		ret[0] = '\0';
	return true;
}

int smc_parse_pnet(const struct nlmsghdr *nlh, uint16_t family, struct smc_pnet *ret)
{
	const struct nlattr *tb[SMC_PNETID_IBPORT + 1];

	memset(ret, 0, sizeof(*ret));
	if (nlh->nlmsg_type != family || !nlmsg_header(nlh, sizeof(struct genlmsghdr)))
		return -EPROTO;
	nlmsg_attrs(nlh, sizeof(struct genlmsghdr), tb, SMC_PNETID_IBPORT);
	if (!nlmsg_string(tb[SMC_PNETID_NAME], ret->pnetid, sizeof(ret->pnetid)) ||
	    !ret->pnetid[0] ||
	    !read_name(tb[SMC_PNETID_ETHNAME], ret->netdev, sizeof(ret->netdev)) ||
	    !read_name(tb[SMC_PNETID_IBNAME], ret->rdma, sizeof(ret->rdma)))
		return -EPROTO;
	ret->port = nlmsg_u8(tb[SMC_PNETID_IBPORT], 0);
	return 0;
}

/*
 * The kernel does not say of which family an address is. One that has only its first word is taken
 * for IPv4, as smcss of smc-tools does; IPv4 on an IPv6 socket is written as what it is.
 */
static void read_addr(const __be32 word[4], struct addr *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!word[1] && !word[2] && !word[3]) {
		ret->family = AF_INET;
		ret->prefixlen = 32;
		memcpy(ret->byte, word, 4);
	} else if (!word[0] && !word[1] && word[2] == htonl(0xffff)) {
		ret->family = AF_INET;
		ret->prefixlen = 32;
		memcpy(ret->byte, &word[3], 4);
	} else {
		ret->family = AF_INET6;
		ret->prefixlen = 128;
		memcpy(ret->byte, word, 16);
	}
}

int smc_parse_connection(const struct nlmsghdr *nlh, struct smc_connection *ret)
{
	const struct smc_diag_msg *msg = nlmsg_header(nlh, sizeof(*msg));
	const struct nlattr *tb[SMC_DIAG_FALLBACK + 1];
	const struct smc_diag_fallback *fallback;
	const struct smc_diag_lgrinfo *group;

	memset(ret, 0, sizeof(*ret));
	if (!msg || nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    (msg->diag_family != AF_SMC && msg->diag_family != AF_INET &&
	     msg->diag_family != AF_INET6))
		return -EPROTO;
	nlmsg_attrs(nlh, sizeof(*msg), tb, SMC_DIAG_FALLBACK);
	ret->state = msg->diag_state;
	ret->fallback = msg->diag_mode == SMC_DIAG_MODE_FALLBACK_TCP;
	ret->smcd = msg->diag_mode == SMC_DIAG_MODE_SMCD;
	read_addr(msg->id.idiag_src, &ret->src);
	read_addr(msg->id.idiag_dst, &ret->dst);
	ret->sport = ntohs(msg->id.idiag_sport);
	ret->dport = ntohs(msg->id.idiag_dport);
	fallback = nlmsg_value(tb[SMC_DIAG_FALLBACK], sizeof(*fallback));
	if (ret->fallback && fallback) {
		ret->reason = fallback->reason;
		ret->peer_reason = fallback->peer_diagnosis;
	}
	/* With newer kernels the name may fill its field without a zero behind it. */
	group = nlmsg_value(tb[SMC_DIAG_LGRINFO], sizeof(*group));
	if (group && memchr(group->lnk[0].ibname, '\0', sizeof(group->lnk[0].ibname)))
		memcpy(ret->rdma, group->lnk[0].ibname, sizeof(group->lnk[0].ibname));
	return 0;
}

int smc_parse_tcp(const struct nlmsghdr *nlh, struct smc_connection *ret)
{
	const struct inet_diag_msg *msg = nlmsg_header(nlh, sizeof(*msg));

	if (!msg || nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    msg->id.idiag_sport != htons(ret->sport) || msg->id.idiag_dport != htons(ret->dport))
		return -EPROTO;
	read_addr(msg->id.idiag_src, &ret->src);
	read_addr(msg->id.idiag_dst, &ret->dst);
	return 0;
}

/* SMC_CLC_DECL_* of net/smc/smc_clc.h, Linux 6.12. */
static const struct {
	uint32_t reason;
	const char *text;
} reasons[] = {
	{0x01010000, "out of memory"},
	{0x02010000, "the first RDMA link was not confirmed in time"},
	{0x02020000, "adding a second RDMA link took too long"},
	{0x03000000, "the two sides' configurations don't fit"},
	{0x03010000, "the peer does not speak SMC"},
	{0x03020000, "IPsec protects the connection"},
	{0x03030000, "no SMC device for this connection (no PNET id, or none active)"},
	{0x03030001, "no SMC-D device"},
	{0x03030002, "no SMC-R device for this connection (no PNET id, or none active)"},
	{0x03030003, "this machine has no SMC-Dv2 hardware"},
	{0x03030004, "the peer does not speak SMCv2"},
	{0x03030005, "the peer does not speak SMC-Dv2"},
	{0x03030006, "the peer has no system EID"},
	{0x03030007, "no SMC-Dv2 device"},
	{0x03030008, "the peer has no user EID"},
	{0x03030009, "no SMC release that both sides have"},
	{0x0303000a, "no agreement on the number of connections of a link group"},
	{0x0303000b, "no agreement on the number of links of a link group"},
	{0x03040000, "one side wants SMC-R, the other SMC-D"},
	{0x03050000, "the peer wants a mark at the start of its buffers"},
	{0x03060000, "the socket has an option that SMC lacks (TCP Fast Open)"},
	{0x03070000, "the two sides are in different subnets, which SMCv1 can't cross"},
	{0x03080000, "the VLAN of the connection can't be told"},
	{0x03090000, "the SMC-D device does not take the VLAN"},
	{0x030a0000, "no RDMA link of the link group is up"},
	{0x030b0000, "the RDMA link that the server chose is not known here"},
	{0x030c0000, "the two sides' SMC versions differ"},
	{0x030d0000, "the SMC-D device has no buffer left"},
	{0x030e0000, "no route to the peer's RDMA address"},
	{0x030f0000, "one side reaches the other through a router, the other directly"},
	{0x04000000, "the two sides disagree about whether this is their first connection"},
	{0x05000000, "the peer declined"},
	{0x09990000, "internal error"},
	{0x09990001, "the peer's memory key could not be stored"},
	{0x09990002, "the RDMA link could not be made ready"},
	{0x09990003, "memory could not be registered with the RDMA device"},
};

const char *smc_reason(uint32_t reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (reasons[i].reason == reason)
			return reasons[i].text;
	}
	return "not known";
}
