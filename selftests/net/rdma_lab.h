/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rdma_lab.h - RDMA netlink's messages as the kernel makes them (drivers/infiniband/core/nldev.c), for
 * the tests of io/rdma. Included behind netns.h and netlink_fake.h.
 */
#ifndef BPFTEAM_RDMA_LAB_H
#define BPFTEAM_RDMA_LAB_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include "io/rdma_priv.h"

#define TYPE(command) RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command)

static inline void put_handle(struct nlmsghdr *nlh, uint32_t index, const char *name)
{
	mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_DEV_INDEX, index);
	mnl_attr_put_strz(nlh, RDMA_NLDEV_ATTR_DEV_NAME, name);
}

static inline void put_device(struct nlmsghdr *nlh, uint32_t index, const char *name,
			      const char *proto)
{
	put_handle(nlh, index, name);
	mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_PORT_INDEX, 1);
	mnl_attr_put_strz(nlh, RDMA_NLDEV_ATTR_FW_VERSION, "");
	mnl_attr_put_strz(nlh, RDMA_NLDEV_ATTR_DEV_PROTOCOL, proto);
}

static inline void put_link(struct nlmsghdr *nlh, uint32_t index, const char *name, uint32_t port,
			    uint32_t ifindex)
{
	put_handle(nlh, index, name);
	mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_PORT_INDEX, port);
	mnl_attr_put_u8(nlh, RDMA_NLDEV_ATTR_PORT_STATE, 4);
	if (ifindex) {
		mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_NDEV_INDEX, ifindex);
		mnl_attr_put_strz(nlh, RDMA_NLDEV_ATTR_NDEV_NAME, "eth0");
	}
}

/* A struct sockaddr_storage of that family; the address is that of the text, if it is an IP one. */
static inline void put_sockaddr(struct nlmsghdr *nlh, uint16_t type, uint16_t family,
				const char *text, uint16_t port)
{
	struct sockaddr_storage storage = {.ss_family = family};

	((struct sockaddr_in *)&storage)->sin_port = htons(port);
	if (family == AF_INET)
		inet_pton(family, text, &((struct sockaddr_in *)&storage)->sin_addr);
	if (family == AF_INET6)
		inet_pton(family, text, &((struct sockaddr_in6 *)&storage)->sin6_addr);
	mnl_attr_put(nlh, type, sizeof(storage), &storage);
}

struct cm_text {
	uint32_t port, id;
	uint8_t state;
	uint16_t src_family, dst_family;
	const char *src, *dst, *kern;
	uint32_t pid;
};

static inline void put_cm(struct nlmsghdr *nlh, const struct cm_text *cm)
{
	struct nlattr *entry = mnl_attr_nest_start(nlh, RDMA_NLDEV_ATTR_RES_CM_ID_ENTRY);

	if (cm->port)
		mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_PORT_INDEX, cm->port);
	mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_RES_LQPN, 17);
	mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_RES_PS, 0x0106);
	mnl_attr_put_u8(nlh, RDMA_NLDEV_ATTR_RES_STATE, cm->state);
	if (cm->src_family)
		put_sockaddr(nlh, RDMA_NLDEV_ATTR_RES_SRC_ADDR, cm->src_family, cm->src, 7174);
	if (cm->dst_family)
		put_sockaddr(nlh, RDMA_NLDEV_ATTR_RES_DST_ADDR, cm->dst_family, cm->dst,
			     cm->state == 8 ? 0 : 40001);
	mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_RES_CM_IDN, cm->id);
	if (cm->kern)
		mnl_attr_put_strz(nlh, RDMA_NLDEV_ATTR_RES_KERN_NAME, cm->kern);
	else
		mnl_attr_put_u32(nlh, RDMA_NLDEV_ATTR_RES_PID, cm->pid);
	mnl_attr_nest_end(nlh, entry);
}

/* Two that count, and between them one of a family that is no IP. */
static inline void put_cms(struct nlmsghdr *nlh, uint32_t index, const char *name)
{
	static const struct cm_text texts[] = {
		{.id = 1,
		 .state = 8,
		 .src_family = AF_INET,
		 .src = "0.0.0.0",
		 .dst_family = AF_INET,
		 .dst = "0.0.0.0",
		 .kern = "nvmet"},
		{.id = 2, .state = 8, .src_family = 27 /* AF_IB */},
		{.port = 1,
		 .id = 3,
		 .state = 5,
		 .src_family = AF_INET6,
		 .src = "2001:db8::1",
		 .dst_family = AF_INET6,
		 .dst = "2001:db8::2",
		 .pid = 1},
	};
	struct nlattr *table;

	put_handle(nlh, index, name);
	table = mnl_attr_nest_start(nlh, RDMA_NLDEV_ATTR_RES_CM_ID);
	for (unsigned i = 0; i < 3; i++)
		put_cm(nlh, &texts[i]);
	mnl_attr_nest_end(nlh, table);
}

static inline void put_counter(struct nlmsghdr *nlh, const char *name, uint64_t value)
{
	struct nlattr *entry = mnl_attr_nest_start(nlh, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY);

	mnl_attr_put_strz(nlh, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME, name);
	mnl_attr_put_u64(nlh, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE, value);
	mnl_attr_nest_end(nlh, entry);
}

static inline void put_counters(struct nlmsghdr *nlh, const char *const *names, uint64_t first)
{
	struct nlattr *table;

	put_handle(nlh, 0, "rxe0");
	table = mnl_attr_nest_start(nlh, RDMA_NLDEV_ATTR_STAT_HWCOUNTERS);
	for (; *names; names++)
		put_counter(nlh, *names, first++);
	mnl_attr_nest_end(nlh, table);
}

static const char *const rxe_counters[] = {"sent_pkts", "rcvd_pkts", "completer_retry_err",
					   "link_downed", NULL};
static const char *const mlx5_counters[] = {"rx_write_requests", "packet_seq_err",
					    "local_ack_timeout_err", NULL};

/* CM IDs that were read. */
struct seen {
	struct rdma_cm cms[8];
	uint32_t ports[8];
	unsigned n;
};

static inline int see(const struct rdma_cm *cm, uint32_t port, void *arg)
{
	struct seen *seen = arg;

	assert_true(cm->name[0] && memchr(cm->name, '\0', sizeof(cm->name)));
	assert_non_null(memchr(cm->comm, '\0', sizeof(cm->comm)));
	assert_true(cm->src.family == AF_UNSPEC || addr_size(&cm->src));
	if (seen->n < 8) {
		seen->ports[seen->n] = port;
		seen->cms[seen->n++] = *cm;
	}
	return 0;
}

#endif
