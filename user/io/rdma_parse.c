// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_parse.c - reads the messages of RDMA netlink (drivers/infiniband/core/nldev.c): message in,
 * struct out, no kernel needed. Called by the other rdma*.c and by tests.
 *
 * They have no family header: attributes follow the message's own. An attribute that can't be read
 * counts as absent; a message or an entry that lacks what names it is refused.
 */
#include "io/rdma_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/* The attributes of a message for this command, or -EPROTO. */
static int read_attrs(const struct nlmsghdr *nlh, unsigned command, const struct nlattr **tb)
{
	if (nlh->nlmsg_type != RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command))
		return -EPROTO;
	nlmsg_attrs(nlh, 0, tb, RDMA_ATTR_LAST);
	return 0;
}

static bool read_name(const struct nlattr *attr, char ret[RDMA_NAME_MAX])
{
	if (nlmsg_string(attr, ret, RDMA_NAME_MAX) && ret[0] && ret[0] != '.' && !strchr(ret, '/'))
		return true;
	ret[0] = '\0';
	return false;
}

/* Index and name of the device: each message has them (fill_nldev_handle()). */
static int read_handle(const struct nlattr **tb, uint32_t *index, char name[RDMA_NAME_MAX])
{
	if (!nlmsg_value(tb[RDMA_NLDEV_ATTR_DEV_INDEX], sizeof(*index)) ||
	    !read_name(tb[RDMA_NLDEV_ATTR_DEV_NAME], name))
		return -EPROTO;
	*index = nlmsg_u32(tb[RDMA_NLDEV_ATTR_DEV_INDEX], 0);
	return 0;
}

int rdma_parse_device(const struct nlmsghdr *nlh, struct rdma_device *ret)
{
	const struct nlattr *tb[RDMA_ATTR_LAST + 1];

	memset(ret, 0, sizeof(*ret));
	if (read_attrs(nlh, RDMA_NLDEV_CMD_GET, tb) || read_handle(tb, &ret->index, ret->name))
		return -EPROTO;
	nlmsg_string(tb[RDMA_NLDEV_ATTR_DEV_PROTOCOL], ret->proto, sizeof(ret->proto));
	return 0;
}

int rdma_parse_link(const struct nlmsghdr *nlh, struct rdma_link *ret)
{
	const struct nlattr *tb[RDMA_ATTR_LAST + 1];

	memset(ret, 0, sizeof(*ret));
	if (read_attrs(nlh, RDMA_NLDEV_CMD_PORT_GET, tb) || read_handle(tb, &ret->index, ret->name))
		return -EPROTO;
	ret->port = nlmsg_u32(tb[RDMA_NLDEV_ATTR_PORT_INDEX], 0);
	if (ret->port == 0)
		return -EPROTO;
	ret->ifindex = nlmsg_u32(tb[RDMA_NLDEV_ATTR_NDEV_INDEX], 0);
	if (!nlmsg_string(tb[RDMA_NLDEV_ATTR_NDEV_NAME], ret->netdev, sizeof(ret->netdev)))
		ret->ifindex = 0;
	ret->state = nlmsg_u8(tb[RDMA_NLDEV_ATTR_PORT_STATE], 0);
	return 0;
}

/* True: there is none, or it is an IP address. */
static bool read_sockaddr(const struct nlattr *attr, struct addr *ret, uint16_t *port)
{
	const sa_family_t *family = nlmsg_value(attr, sizeof(*family));
	const struct sockaddr_in6 *in6;
	const struct sockaddr_in *in;

	memset(ret, 0, sizeof(*ret));
	*port = 0;
	if (!attr || (family && *family == AF_UNSPEC))
		return true;
	in = nlmsg_value(attr, sizeof(*in));
	in6 = nlmsg_value(attr, sizeof(*in6));
	if (family && *family == AF_INET && in) {
		memcpy(ret->byte, &in->sin_addr, 4);
		ret->prefixlen = 32;
		*port = ntohs(in->sin_port);
	} else if (family && *family == AF_INET6 && in6) {
		memcpy(ret->byte, &in6->sin6_addr, 16);
		ret->prefixlen = 128;
		*port = ntohs(in6->sin6_port);
	} else {
		return false; /* AF_IB, for one, which is no business of IP's */
	}
	ret->family = (uint8_t)*family;
	return true;
}

/* A CM ID whose device stands in ret already (fill_res_cm_id_entry()). */
static int read_cm(const struct nlattr *entry, struct rdma_cm *ret)
{
	static const uint8_t none[sizeof(ret->dst.byte)];
	const struct nlattr *tb[RDMA_ATTR_LAST + 1];

	nlmsg_nested(entry, tb, RDMA_ATTR_LAST);
	if (!nlmsg_value(tb[RDMA_NLDEV_ATTR_RES_STATE], sizeof(ret->state)) ||
	    !nlmsg_value(tb[RDMA_NLDEV_ATTR_RES_PS], sizeof(uint32_t)))
		return -EPROTO;
	if (!read_sockaddr(tb[RDMA_NLDEV_ATTR_RES_SRC_ADDR], &ret->src, &ret->sport) ||
	    !read_sockaddr(tb[RDMA_NLDEV_ATTR_RES_DST_ADDR], &ret->dst, &ret->dport))
		return -EPROTO;
	/* Binding gives the destination the source's family (rdma_bind_addr()), and nothing else. */
	if (!ret->dport && !memcmp(ret->dst.byte, none, sizeof(none)))
		memset(&ret->dst, 0, sizeof(ret->dst));
	ret->state = nlmsg_u8(tb[RDMA_NLDEV_ATTR_RES_STATE], 0);
	ret->space = (uint8_t)nlmsg_u32(tb[RDMA_NLDEV_ATTR_RES_PS], 0);
	ret->id = nlmsg_u32(tb[RDMA_NLDEV_ATTR_RES_CM_IDN], 0);
	ret->lqpn = nlmsg_u32(tb[RDMA_NLDEV_ATTR_RES_LQPN], 0);
	ret->pid = nlmsg_u32(tb[RDMA_NLDEV_ATTR_RES_PID], 0);
	if (!nlmsg_string(tb[RDMA_NLDEV_ATTR_RES_KERN_NAME], ret->comm, sizeof(ret->comm)))
		ret->comm[0] = '\0';
	return 0;
}

int rdma_parse_cms(const struct nlmsghdr *nlh, rdma_cm_fn *fn, void *arg)
{
	const struct nlattr *tb[RDMA_ATTR_LAST + 1], *entry, *port[RDMA_NLDEV_ATTR_PORT_INDEX + 1];
	struct rdma_cm device = {0}, cm;
	int ret = 0;

	if (read_attrs(nlh, RDMA_NLDEV_CMD_RES_CM_ID_GET, tb) ||
	    read_handle(tb, &device.index, device.name))
		return -EPROTO;
	for (size_t at = 0; !ret && (entry = nlmsg_each(tb[RDMA_NLDEV_ATTR_RES_CM_ID], &at));) {
		cm = device;
		if (nlmsg_type(entry) != RDMA_NLDEV_ATTR_RES_CM_ID_ENTRY || read_cm(entry, &cm))
			continue;
		nlmsg_nested(entry, port, RDMA_NLDEV_ATTR_PORT_INDEX);
		ret = fn(&cm, nlmsg_u32(port[RDMA_NLDEV_ATTR_PORT_INDEX], 0), arg);
	}
	return ret;
}

/*
 * What drivers call the packets that they sent and received by RDMA, and how often they sent one
 * again. By file of drivers/infiniband: sw/rxe/rxe_hw_counters.c, hw/mlx5/counters.c,
 * hw/bnxt_re/hw_counters.c, hw/irdma/verbs.c, hw/efa/efa_verbs.c, hw/erdma/erdma_verbs.c,
 * hw/cxgb4/provider.c. Not every failure is listed: only what stands for a packet that was sent anew.
 */
#define LOAD(field) offsetof(struct rdma_load, field)
static const struct {
	const char *name;
	size_t field;
} counters[] = {
	{"sent_pkts", LOAD(tx_packets)},
	{"rcvd_pkts", LOAD(rx_packets)},
	{"completer_retry_err", LOAD(retransmissions)},
	{"local_ack_timeout_err", LOAD(retransmissions)},
	{"packet_seq_err", LOAD(retransmissions)},
	{"implied_nak_seq_err", LOAD(retransmissions)},
	{"rnr_nak_retry_err", LOAD(retransmissions)},
	{"tx_pkts", LOAD(tx_packets)},
	{"rx_pkts", LOAD(rx_packets)},
	{"tx_bytes", LOAD(tx_bytes)},
	{"rx_bytes", LOAD(rx_bytes)},
	{"to_retransmits", LOAD(retransmissions)},
	{"seq_err_naks_rcvd", LOAD(retransmissions)},
	{"retrans_pkts", LOAD(retransmissions)},
	{"tx_packets_cnt", LOAD(tx_packets)},
	{"rx_packets_cnt", LOAD(rx_packets)},
	{"tx_bytes_cnt", LOAD(tx_bytes)},
	{"rx_bytes_cnt", LOAD(rx_bytes)},
	{"ip4OutPkts", LOAD(tx_packets)},
	{"ip6OutPkts", LOAD(tx_packets)},
	{"ip4InPkts", LOAD(rx_packets)},
	{"ip6InPkts", LOAD(rx_packets)},
	{"ip4OutOctets", LOAD(tx_bytes)},
	{"ip6OutOctets", LOAD(tx_bytes)},
	{"ip4InOctets", LOAD(rx_bytes)},
	{"ip6InOctets", LOAD(rx_bytes)},
	{"tcpRetransSegs", LOAD(retransmissions)},
};

static void count(struct rdma_load *load, const char *name, uint64_t value)
{
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (strcmp(counters[i].name, name))
			continue;
		*(uint64_t *)((char *)load + counters[i].field) += value;
		if (counters[i].field == LOAD(tx_packets) || counters[i].field == LOAD(rx_packets))
			load->known = true;
	}
}

int rdma_parse_load(const struct nlmsghdr *nlh, struct rdma_load *ret)
{
	const struct nlattr *tb[RDMA_ATTR_LAST + 1], *entry, *in[RDMA_ATTR_LAST + 1];
	char name[64];

	memset(ret, 0, sizeof(*ret));
	if (read_attrs(nlh, RDMA_NLDEV_CMD_STAT_GET, tb) || !tb[RDMA_NLDEV_ATTR_STAT_HWCOUNTERS])
		return -EPROTO;
	for (size_t at = 0; (entry = nlmsg_each(tb[RDMA_NLDEV_ATTR_STAT_HWCOUNTERS], &at));) {
		nlmsg_nested(entry, in, RDMA_ATTR_LAST);
		if (nlmsg_type(entry) == RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY &&
		    nlmsg_string(in[RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME], name, sizeof(name)))
			count(ret, name,
			      nlmsg_u64(in[RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE], 0));
	}
	return 0;
}

bool rdma_parse_monitor(const struct nlmsghdr *nlh)
{
	const struct nlattr *tb[RDMA_ATTR_LAST + 1];

	return !read_attrs(nlh, RDMA_NLDEV_CMD_SYS_GET, tb) &&
	       nlmsg_u8(tb[RDMA_ATTR_MONITOR_MODE], 0) != 0;
}

bool rdma_parse_events(const void *buf, size_t n)
{
	const struct nlmsghdr *nlh;

	for (size_t at = 0; (nlh = nlmsg_next(buf, n, &at));) {
		if (RDMA_NL_GET_CLIENT(nlh->nlmsg_type) == RDMA_NL_NLDEV)
			return true;
	}
	return false;
}
