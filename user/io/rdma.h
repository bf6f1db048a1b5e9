/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rdma.h - RDMA devices, and the connections that are theirs; the only user of RDMA netlink
 * (NETLINK_RDMA, by libmnl; include/uapi/rdma/rdma_netlink.h).
 *
 * All functions return 0 or -errno; those with a struct err set its text. A kernel without RDMA
 * answers rdma_open() with -EOPNOTSUPP, and then there are no RNICs.
 */
#ifndef BPFTEAM_IO_RDMA_H
#define BPFTEAM_IO_RDMA_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"

struct rdma;

#define RDMA_NAME_MAX 64 /* IB_DEVICE_NAME_MAX */

/* One port of an RDMA device, with the network device it belongs to. */
struct rdma_link {
	uint32_t index; /* of the RDMA device */
	char name[RDMA_NAME_MAX];
	uint32_t port; /* from 1 */
	uint32_t ifindex; /* 0: none in this namespace */
	char netdev[IFNAMSIZ];
	uint8_t state; /* IB_PORT_*: 4 = active */
	char driver_proto[16]; /* RDMA_NLDEV_ATTR_DEV_PROTOCOL: "ib", "roce", "iw", "usnic" */
};

/* A CM ID: a listener, a connection or one that is being set up (RDMA_NLDEV_CMD_RES_CM_ID_GET). */
struct rdma_cm {
	uint32_t index; /* of the RDMA device; the device's name beside it */
	char name[RDMA_NAME_MAX];
	uint32_t ifindex; /* of the device's network device, 0: not known */
	uint32_t id; /* RDMA_NLDEV_ATTR_RES_CM_IDN */
	uint8_t state; /* enum rdma_cm_state: RDMA_CM_STATE_* below */
	uint8_t space; /* RDMA_PS_*: 0x0106 TCP, 0x0111 UDP as low byte: 0x06, 0x11 */
	uint32_t lqpn; /* 0: none */
	struct addr src,
		dst; /* family AF_UNSPEC: not set, as a listener's dst; src all-zero: wildcard */
	uint16_t sport, dport; /* host order */
	uint32_t pid; /* 0: the kernel's */
	char comm[32]; /* of the process, or of the kernel's module */
};

/* Values of rdma_cm.state that matter here (drivers/infiniband/core/cma_priv.h). */
#define RDMA_CM_STATE_CONNECT 5 /* on both sides from the first message of the set-up on */
#define RDMA_CM_STATE_LISTEN 8

/* Counters of a port (RDMA_NLDEV_CMD_STAT_GET: hw counters by name), and what of them is load. */
struct rdma_load {
	uint64_t tx_packets, rx_packets; /* what the device sent and received by RDMA */
	uint64_t tx_bytes, rx_bytes; /* 0 where the device does not count them */
	uint64_t retransmissions; /* of what the device names so; 0 if nothing is */
	bool known; /* the device counts packets at all */
};

/* Is there anything to be opened? To ask costs less than to try, by which the kernel looks for modules. */
bool rdma_is_loaded(void);
int rdma_open(struct rdma **ret, struct err *err);
void rdma_close(struct rdma *rdma);

/* Each port of each RDMA device that this namespace sees; stops when fn returns non-zero, and
 * returns that. */
int rdma_each_link(struct rdma *rdma, int (*fn)(const struct rdma_link *link, void *arg), void *arg,
		   struct err *err);
/* The RDMA device of a network device. -ENODEV: it has none. */
int rdma_find(struct rdma *rdma, uint32_t ifindex, struct rdma_link *ret, struct err *err);

/* Every CM ID of every device. As rdma_each_link(). */
int rdma_each_cm(struct rdma *rdma, int (*fn)(const struct rdma_cm *cm, void *arg), void *arg,
		 struct err *err);

/*
 * Reads a port's counters; where its driver has none of packets, the port's standard ones from sysfs.
 * -EOPNOTSUPP where there are none of them either.
 */
int rdma_read_load(struct rdma *rdma, uint32_t index, uint32_t port, struct rdma_load *ret,
		   struct err *err);

/*
 * GIDs of a device's port, from sysfs (/sys/class/infiniband/NAME/ports/N/gid*), by index. -ENODEV:
 * no such port. Each index is a file, of which soft RoCE has 1,024: not for a frequent look.
 */
struct rdma_gid {
	unsigned index;
	uint8_t gid[16];
	char type[16]; /* "IB/RoCE v1", "RoCE v2" */
	char netdev[IFNAMSIZ];
};
int rdma_each_gid(const char *name, uint32_t port, int (*fn)(const struct rdma_gid *gid, void *arg),
		  void *arg);

/*
 * Events: a device was registered, attached to a network device, unregistered
 * (RDMA_NLDEV_CMD_MONITOR, RDMA_NL_GROUP_NOTIFY; Linux 6.12). The descriptor becomes readable; read
 * drains it and says whether anything was heard (1), nothing (0), or messages were lost (-ENOBUFS).
 * Kernels without them: -EOPNOTSUPP from open, and the caller looks by itself from time to time.
 */
int rdma_events_open(struct rdma *rdma, struct err *err);
int rdma_events_fd(const struct rdma *rdma);
int rdma_events_read(struct rdma *rdma);

#endif
