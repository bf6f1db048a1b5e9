// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * nlmsg.c - reads netlink messages, attributes, and the end of an answer (RFC 3549 section 2.3; the
 * kernel's net/netlink/af_netlink.c). Called by io/rdma and io/smc, which own the sockets.
 */
#include "core/nlmsg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Lengths of messages and attributes have a multiple of four behind them. */
static size_t aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

const struct nlmsghdr *nlmsg_next(const void *buf, size_t n, size_t *at)
{
	const struct nlmsghdr *nlh = (const void *)((const char *)buf + *at);

	if (*at >= n || n - *at < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) ||
	    nlh->nlmsg_len > n - *at)
		return NULL;
	*at += aligned(nlh->nlmsg_len);
	return nlh;
}

static const struct nlattr *next_attr(const char *data, size_t n, size_t *at)
{
	const struct nlattr *attr = (const void *)(data + *at);

	if (*at >= n || n - *at < sizeof(*attr) || attr->nla_len < sizeof(*attr) ||
	    attr->nla_len > n - *at)
		return NULL;
	*at += aligned(attr->nla_len);
	return attr;
}

uint16_t nlmsg_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

static void index_attrs(const char *data, size_t n, const struct nlattr **tb, unsigned max)
{
	const struct nlattr *attr;

	memset(tb, 0, sizeof(*tb) * (max + 1));
	for (size_t at = 0; (attr = next_attr(data, n, &at));) {
		if (nlmsg_type(attr) <= max)
			tb[nlmsg_type(attr)] = attr;
	}
}

static size_t payload_len(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_len < sizeof(*nlh) ? 0 : nlh->nlmsg_len - sizeof(*nlh);
}

void nlmsg_attrs(const struct nlmsghdr *nlh, size_t header, const struct nlattr **tb, unsigned max)
{
	size_t n = payload_len(nlh);

	header = aligned(header);
	if (n > header)
		index_attrs((const char *)(nlh + 1) + header, n - header, tb, max);
	else
		index_attrs("", 0, tb, max);
}

void nlmsg_nested(const struct nlattr *nest, const struct nlattr **tb, unsigned max)
{
	if (nest)
		index_attrs((const char *)(nest + 1), nest->nla_len - sizeof(*nest), tb, max);
	else
		index_attrs("", 0, tb, max);
}

const struct nlattr *nlmsg_each(const struct nlattr *nest, size_t *at)
{
	if (!nest)
		return NULL;
	return next_attr((const char *)(nest + 1), nest->nla_len - sizeof(*nest), at);
}

const void *nlmsg_header(const struct nlmsghdr *nlh, size_t size)
{
	return payload_len(nlh) < size ? NULL : nlh + 1;
}

const void *nlmsg_value(const struct nlattr *attr, size_t size)
{
	return attr && attr->nla_len - sizeof(*attr) >= size ? attr + 1 : NULL;
}

/* A number of just that size; ret stays as it is when the attribute is no such one. */
static void read_number(const struct nlattr *attr, void *ret, size_t size)
{
	if (attr && attr->nla_len == sizeof(*attr) + size)
		memcpy(ret, attr + 1, size);
}

uint8_t nlmsg_u8(const struct nlattr *attr, uint8_t fallback)
{
	read_number(attr, &fallback, sizeof(fallback));
	return fallback;
}

uint16_t nlmsg_u16(const struct nlattr *attr, uint16_t fallback)
{
	read_number(attr, &fallback, sizeof(fallback));
	return fallback;
}

uint32_t nlmsg_u32(const struct nlattr *attr, uint32_t fallback)
{
	read_number(attr, &fallback, sizeof(fallback));
	return fallback;
}

/* 64-bit values stand at multiples of four only, hence the copy. */
uint64_t nlmsg_u64(const struct nlattr *attr, uint64_t fallback)
{
	read_number(attr, &fallback, sizeof(fallback));
	return fallback;
}

bool nlmsg_string(const struct nlattr *attr, char *ret, size_t size)
{
	size_t n = attr ? attr->nla_len - sizeof(*attr) : 0;
	const char *end = n ? memchr(attr + 1, '\0', n) : NULL;

	ret[0] = '\0';
	if (!end || (size_t)(end - (const char *)(attr + 1)) >= size)
		return false;
	memcpy(ret, attr + 1, (size_t)(end - (const char *)(attr + 1)) + 1);
	return true;
}

/* The text behind an error code (NLMSGERR_ATTR_MSG) at that offset of the payload. */
static void read_extack(struct nlmsg_answer *answer, const struct nlmsghdr *nlh, size_t offset)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	nlmsg_attrs(nlh, offset, tb, NLMSGERR_ATTR_MSG);
	nlmsg_string(tb[NLMSGERR_ATTR_MSG], answer->extack, sizeof(answer->extack));
}

static int read_error(struct nlmsg_answer *answer, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *error = nlmsg_header(nlh, sizeof(*error));
	size_t offset = sizeof(*error);

	if (!error || error->error > 0)
		return -EPROTO;
	/* Unless it was asked not to, the kernel repeats the request in front of the text. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && error->msg.nlmsg_len > sizeof(error->msg))
		offset += aligned(error->msg.nlmsg_len) - sizeof(error->msg);
	read_extack(answer, nlh, offset);
	return error->error;
}

static int read_done(struct nlmsg_answer *answer, const struct nlmsghdr *nlh)
{
	const int *code = nlmsg_header(nlh, sizeof(*code));

	if (!code || *code >= 0)
		return 0;
	read_extack(answer, nlh, sizeof(*code));
	return *code;
}

bool nlmsg_read(struct nlmsg_answer *answer, const void *buf, size_t n, nlmsg_fn *fn, void *arg)
{
	const struct nlmsghdr *nlh;

	for (size_t at = 0; (nlh = nlmsg_next(buf, n, &at));) {
		if (nlh->nlmsg_seq != answer->seq || nlh->nlmsg_pid != answer->portid)
			continue; /* the rest of an answer that was given up */
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			answer->interrupted = true;
		if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
			int end = nlh->nlmsg_type == NLMSG_ERROR ? read_error(answer, nlh)
								 : read_done(answer, nlh);

			if (!answer->code)
				answer->code = end;
			return true;
		}
		if (fn && !answer->code && nlh->nlmsg_type >= NLMSG_MIN_TYPE)
			answer->code = fn(nlh, arg);
	}
	return false;
}
