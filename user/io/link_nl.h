/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * link_nl.h - what the files of link share: the rtnetlink socket, requests, and reading answers.
 * Private to user/io/link_*.c and their tests.
 */
#ifndef BPFTEAM_IO_LINK_NL_H
#define BPFTEAM_IO_LINK_NL_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "io/link.h"

/* link_info.addr_gen_mode of a device without IPv6. */
#define LINK_IPV6_OFF 0xff

/* The kernel builds dumps of up to 32 KiB a message buffer when the reader offers that much. */
#define LINK_BUFFER_SIZE (64 * 1024)

struct link {
	struct mnl_socket *requests; /* NULL: to be opened anew */
	struct mnl_socket *events; /* NULL: not opened */
	uint32_t seq;
	char extack[256]; /* what the kernel added to the last error; "" = nothing */
	/* Apart, since who handles an event asks further questions. */
	char buf[LINK_BUFFER_SIZE] __attribute__((aligned(8)));
	char event_buf[LINK_BUFFER_SIZE] __attribute__((aligned(8)));
};

/* Room for every request made here; attributes put into it have a bounded size. */
struct link_request {
	union {
		struct nlmsghdr nlh;
		char buf[1024];
	};
};

/* Starts a request; returns its zeroed family header of that size. */
void *link_nl_begin(struct link_request *req, uint16_t type, uint16_t flags, size_t header);

/* Reads one message of an answer. 0, or -errno which the whole request then returns. */
typedef int link_nl_fn(const struct nlmsghdr *nlh, void *arg);

/* Sends a request and waits for its end. fn (may be NULL) gets each message of the answer. */
int link_nl_talk(struct link *link, struct link_request *req, link_nl_fn *fn, void *arg);

/*
 * The same for a dump. fn is called with NULL when the dump starts, and again when it starts over
 * because what it lists changed meanwhile. -EAGAIN when that would not end.
 */
int link_nl_dump(struct link *link, struct link_request *req, link_nl_fn *fn, void *arg);

/*
 * One datagram from the kernel into buf. Its length, 0 when it is not the kernel's or is cut off
 * (*cut), or -errno.
 */
ssize_t link_nl_receive(struct mnl_socket *nl, char *buf, bool *cut);

/* The whole message at *at in a datagram of n bytes, and *at behind it; NULL = there is none. */
const struct nlmsghdr *link_nl_next(const char *buf, size_t n, size_t *at);

/* Attributes behind a family header of that size, by type; those beyond max are left out. */
void link_nl_attrs(const struct nlmsghdr *nlh, size_t header, const struct nlattr **tb,
		   unsigned max);
void link_nl_nested(const struct nlattr *nest, const struct nlattr **tb, unsigned max);

/* Values; the fallback when the attribute is not there or too short for one. */
uint32_t link_nl_u32(const struct nlattr *attr, uint32_t fallback);
uint16_t link_nl_u16(const struct nlattr *attr, uint16_t fallback);
uint8_t link_nl_u8(const struct nlattr *attr, uint8_t fallback);
void link_nl_string(const struct nlattr *attr, char *ret, size_t size);
/* An address of that family; ret->family AF_UNSPEC when there is none. */
void link_nl_addr(const struct nlattr *attr, int family, uint8_t prefixlen, struct addr *ret);

/* Sets "DEVICE: can't DO: why" for a failed request; returns ret. */
int link_nl_fail(struct link *link, int ret, uint32_t ifindex, struct err *err, const char *fmt,
		 ...) __attribute__((format(printf, 5, 6)));

/* The same of what is no device: "SUBJECT: can't DO: why". */
int link_nl_fail_on(const struct link *link, int ret, const char *subject, struct err *err,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* -EBADMSG when it is not one. */
int link_dev_parse(const struct nlmsghdr *nlh, struct link_info *ret);

#endif
