/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rdma_priv.h - what the files of rdma share: the socket, requests, and the reading of messages.
 * Private to user/io/rdma*.c and their tests.
 */
#ifndef BPFTEAM_IO_RDMA_PRIV_H
#define BPFTEAM_IO_RDMA_PRIV_H

#include <libmnl/libmnl.h>
#include <rdma/rdma_netlink.h>

#include "core/nlmsg.h"
#include "io/rdma.h"

/* From Linux 6.12's include/uapi/rdma/rdma_netlink.h; older headers lack them. */
#define RDMA_GROUP_NOTIFY 4 /* RDMA_NL_GROUP_NOTIFY */
#define RDMA_CMD_MONITOR 28 /* RDMA_NLDEV_CMD_MONITOR */
#define RDMA_ATTR_MONITOR_MODE 103 /* RDMA_NLDEV_SYS_ATTR_MONITOR_MODE */

/* The highest attribute that is read. */
#define RDMA_ATTR_LAST RDMA_ATTR_MONITOR_MODE

/* A dump of CM IDs comes in pieces of up to 32 KiB when the reader offers that much. */
#define RDMA_BUFFER_SIZE (64 * 1024)

/* More than a kernel would list; what goes on beyond that is no list. */
#define RDMA_ENTRIES_MAX (1u << 20)

struct rdma {
	struct mnl_socket *requests; /* NULL: to be opened anew */
	struct mnl_socket *events; /* NULL: not opened */
	uint32_t seq;
	char extack[256]; /* what the kernel added to the last error; "" = nothing */
	char buf[RDMA_BUFFER_SIZE] __attribute__((aligned(8)));
};

struct rdma_device {
	uint32_t index;
	char name[RDMA_NAME_MAX];
	char proto[16];
};

/* A list that grows: items of one size. */
struct rdma_list {
	char *items;
	size_t n, room, size;
};
/* A copy of item behind the others; -ENOMEM, -EPROTO when there are too many. */
int rdma_list_add(struct rdma_list *list, const void *item);
void rdma_list_free(struct rdma_list *list);

/* Room for every request made here. */
struct rdma_request {
	union {
		struct nlmsghdr nlh;
		char buf[256];
	};
};

/* Starts a request: RDMA_NLDEV_CMD_*, NLM_F_DUMP or NLM_F_ACK. */
void rdma_nl_begin(struct rdma_request *req, unsigned command, uint16_t flags);

/*
 * Sends it and reads the answer to its end; fn gets each message. Of a dump that the kernel had to
 * interrupt nothing counts: list is emptied, and it is made again.
 */
int rdma_nl_talk(struct rdma *rdma, struct rdma_request *req, nlmsg_fn *fn, void *arg,
		 struct rdma_list *list);

/* Sets "RDMA: can't DO: why" for a failed request; returns ret. */
int rdma_nl_fail(const struct rdma *rdma, int ret, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Messages, without a kernel: 0, or -EPROTO when it is not one, is cut short or lacks what it must
 * have. Names that are no file names count as absent, for some are looked up in sysfs.
 */
int rdma_parse_device(const struct nlmsghdr *nlh, struct rdma_device *ret);
int rdma_parse_link(const struct nlmsghdr *nlh, struct rdma_link *ret); /* without driver_proto */
int rdma_parse_load(const struct nlmsghdr *nlh, struct rdma_load *ret);
/* Is this kernel able to tell events? */
bool rdma_parse_monitor(const struct nlmsghdr *nlh);
/* Does a datagram of n bytes hold a message of RDMA's devices? */
bool rdma_parse_events(const void *buf, size_t n);

/*
 * The CM IDs of a message, each given to fn with the port of its device (0: not known), in cm all
 * but comm of a process, and ifindex. Entries that can't be read are left out. Returns what fn
 * returned when that is not 0.
 */
typedef int rdma_cm_fn(const struct rdma_cm *cm, uint32_t port, void *arg);
int rdma_parse_cms(const struct nlmsghdr *nlh, rdma_cm_fn *fn, void *arg);

#endif
