/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * nlmsg.h - reads netlink messages (RFC 3549 section 2.3) that may be cut short, damaged or absurd.
 *
 * Pure: bytes in, values out. Nothing is read outside the length given, every length in the bytes is
 * checked before use, and no loop goes on without having got on. Called by io/rdma and io/smc.
 */
#ifndef BPFTEAM_CORE_NLMSG_H
#define BPFTEAM_CORE_NLMSG_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole message at *at in a datagram of n bytes, and *at behind it; NULL = there is none. */
const struct nlmsghdr *nlmsg_next(const void *buf, size_t n, size_t *at);

/* Attributes behind a family header of that size, by type; those beyond max are left out. */
void nlmsg_attrs(const struct nlmsghdr *nlh, size_t header, const struct nlattr **tb, unsigned max);
void nlmsg_nested(const struct nlattr *nest, const struct nlattr **tb, unsigned max);

/* Each attribute of a nest (NULL: empty), *at being 0 at first; NULL = no further one. */
const struct nlattr *nlmsg_each(const struct nlattr *nest, size_t *at);

/* What is behind the family header, or NULL when the message is shorter than that. */
const void *nlmsg_header(const struct nlmsghdr *nlh, size_t size);

uint16_t nlmsg_type(const struct nlattr *attr); /* without its flags */
/* The attribute's value when it is there and has that many bytes at least, or NULL. */
const void *nlmsg_value(const struct nlattr *attr, size_t size);
/* Values; the fallback when the attribute is not there or has another size. */
uint8_t nlmsg_u8(const struct nlattr *attr, uint8_t fallback);
uint16_t nlmsg_u16(const struct nlattr *attr, uint16_t fallback);
uint32_t nlmsg_u32(const struct nlattr *attr, uint32_t fallback);
uint64_t nlmsg_u64(const struct nlattr *attr, uint64_t fallback);
/* False, and ret "", when it is not there, not terminated, or too long for ret. */
bool nlmsg_string(const struct nlattr *attr, char *ret, size_t size);

/* The answer to one request: which it is, and how it ended. */
struct nlmsg_answer {
	uint32_t seq, portid; /* those of the request */
	bool interrupted; /* a dump that has to be made again (NLM_F_DUMP_INTR) */
	int code; /* once it has ended: 0 or -errno, -EPROTO for an end that can't be read */
	char extack[256]; /* what the kernel added to an error; "" = nothing */
};

typedef int nlmsg_fn(const struct nlmsghdr *nlh, void *arg);

/*
 * Reads one datagram of an answer: fn (may be NULL) gets each of its messages until it returns
 * non-zero, which becomes the answer's code. True: that was the last datagram.
 */
bool nlmsg_read(struct nlmsg_answer *answer, const void *buf, size_t n, nlmsg_fn *fn, void *arg);

#endif
