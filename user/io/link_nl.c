// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_nl.c - the transport of link: one NETLINK_ROUTE socket for requests and dumps, the reading
 * of attributes, and the wording of failures. Called by the other link_*.c only.
 *
 * A dump that the kernel had to interrupt (NLM_F_DUMP_INTR) is made again. An answer is always read
 * to its end, for a dump left half-read makes the kernel refuse the next one with EBUSY. Lengths in
 * answers are checked before use (RFC 3549 section 2.3 for the format).
 */
#include "io/link_nl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NETNS_COOKIE 71 /* SO_NETNS_COOKIE; older headers lack it */

#define DUMP_TRIES 20

static int open_requests(struct link *link)
{
	int on = 1;

	link->requests = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!link->requests || mnl_socket_bind(link->requests, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* Comforts, each there since Linux 4.20; without them texts are poorer and dumps longer. */
	mnl_socket_setsockopt(link->requests, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(link->requests, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(link->requests, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return 0;
}

static void close_requests(struct link *link)
{
	if (link->requests)
		mnl_socket_close(link->requests);
	link->requests = NULL;
}

const char *link_namespace(char buf[LINK_NAMESPACE_MAX])
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	struct stat st;

	buf[0] = '\0';
	if (fd >= 0 && !getsockopt(fd, SOL_SOCKET, NETNS_COOKIE, &cookie, &len))
		snprintf(buf, LINK_NAMESPACE_MAX, "%llu", (unsigned long long)cookie);
	else if (!stat("/proc/self/ns/net", &st))
		snprintf(buf, LINK_NAMESPACE_MAX, "i%llu", (unsigned long long)st.st_ino);
	if (fd >= 0)
		close(fd);
	return buf;
}

int link_open(struct link **ret, struct err *err)
{
	struct link *link = calloc(1, sizeof(*link));
	int code;

	if (!link)
		return err_set(err, -ENOMEM, "netlink: %s", strerror(ENOMEM));
	code = open_requests(link);
	if (code) {
		link_close(link);
		return err_set(err, code, "netlink: can't open a socket: %s", strerror(-code));
	}
	*ret = link;
	return 0;
}

void link_close(struct link *link)
{
	if (!link)
		return;
	close_requests(link);
	if (link->events)
		mnl_socket_close(link->events);
	free(link);
}

void *link_nl_begin(struct link_request *req, uint16_t type, uint16_t flags, size_t header)
{
	mnl_nlmsg_put_header(req->buf);
	req->nlh.nlmsg_type = type;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(&req->nlh, header);
}

ssize_t link_nl_receive(struct mnl_socket *nl, char *buf, bool *cut)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {.iov_base = buf, .iov_len = LINK_BUFFER_SIZE};
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n;

	do {
		n = recvmsg(mnl_socket_get_fd(nl), &msg, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*cut = msg.msg_flags & MSG_TRUNC;
	/* Other processes with CAP_NET_ADMIN can send to this socket as well. */
	if (*cut || from.nl_pid != 0)
		return 0;
	return n;
}

/* The text behind an error code (NLMSGERR_ATTR_MSG) at that offset of the payload. */
static void read_extack(struct link *link, const struct nlmsghdr *nlh, size_t offset)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	link_nl_attrs(nlh, offset, tb, NLMSGERR_ATTR_MSG);
	link_nl_string(tb[NLMSGERR_ATTR_MSG], link->extack, sizeof(link->extack));
}

static int read_error(struct link *link, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*error);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*error))
		return -EBADMSG;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && error->msg.nlmsg_len > sizeof(error->msg))
		offset += MNL_ALIGN((size_t)error->msg.nlmsg_len) - sizeof(error->msg);
	if (offset <= mnl_nlmsg_get_payload_len(nlh))
		read_extack(link, nlh, offset);
	return error->error > 0 ? -EBADMSG : error->error;
}

static int read_done(struct link *link, const struct nlmsghdr *nlh)
{
	const int *code = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*code) || *code >= 0)
		return 0;
	read_extack(link, nlh, sizeof(*code));
	return *code;
}

/* Reads to the end of the answer. *interrupted: the dump has to be made again. */
static int read_answer(struct link *link, link_nl_fn *fn, void *arg, bool *interrupted)
{
	unsigned portid = mnl_socket_get_portid(link->requests);
	int ret = 0;

	for (;;) {
		const struct nlmsghdr *nlh;
		bool cut = false;
		ssize_t n = link_nl_receive(link->requests, link->buf, &cut);

		if (n < 0) {
			/* The rest of the answer stays behind: the next request needs another. */
			close_requests(link);
			return (int)n;
		}
		if (cut && !ret)
			ret = -EMSGSIZE;
		for (size_t at = 0; (nlh = link_nl_next(link->buf, (size_t)n, &at));) {
			if (nlh->nlmsg_seq != link->seq || nlh->nlmsg_pid != portid)
				continue; /* the rest of an answer that was given up */
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				*interrupted = true;
			if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
				int end = nlh->nlmsg_type == NLMSG_ERROR ? read_error(link, nlh)
									 : read_done(link, nlh);

				return ret ? ret : end;
			}
			if (fn && !ret && nlh->nlmsg_type >= NLMSG_MIN_TYPE)
				ret = fn(nlh, arg);
		}
	}
}

static int send_request(struct link *link, struct link_request *req)
{
	int ret = link->requests ? 0 : open_requests(link);

	link->extack[0] = '\0';
	if (ret) {
		close_requests(link);
		return ret;
	}
	req->nlh.nlmsg_seq = ++link->seq;
	if (mnl_socket_sendto(link->requests, req->buf, req->nlh.nlmsg_len) < 0)
		return -errno;
	return 0;
}

int link_nl_talk(struct link *link, struct link_request *req, link_nl_fn *fn, void *arg)
{
	bool interrupted = false;
	int ret;

	req->nlh.nlmsg_flags |= NLM_F_ACK;
	ret = send_request(link, req);
	if (ret)
		return ret;
	return read_answer(link, fn, arg, &interrupted);
}

int link_nl_dump(struct link *link, struct link_request *req, link_nl_fn *fn, void *arg)
{
	req->nlh.nlmsg_flags |= NLM_F_DUMP;
	for (unsigned i = 0; i < DUMP_TRIES; i++) {
		bool interrupted = false;
		int ret = send_request(link, req);

		if (!ret)
			ret = fn(NULL, arg);
		if (!ret)
			ret = read_answer(link, fn, arg, &interrupted);
		if (ret || !interrupted)
			return ret;
	}
	return -EAGAIN;
}

/* libmnl's own check lets lengths of 2 GiB and more pass. */
const struct nlmsghdr *link_nl_next(const char *buf, size_t n, size_t *at)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(buf + *at);

	if (*at >= n || n - *at < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) ||
	    nlh->nlmsg_len > n - *at)
		return NULL;
	*at += MNL_ALIGN((size_t)nlh->nlmsg_len);
	return nlh;
}

static void index_attrs(const char *data, size_t n, const struct nlattr **tb, unsigned max)
{
	memset(tb, 0, sizeof(*tb) * (max + 1));
	for (size_t at = 0; at < n;) {
		const struct nlattr *attr = (const struct nlattr *)(data + at);

		if (n - at < sizeof(*attr) || attr->nla_len < sizeof(*attr) ||
		    attr->nla_len > n - at)
			return;
		if (mnl_attr_get_type(attr) <= max)
			tb[mnl_attr_get_type(attr)] = attr;
		at += MNL_ALIGN((size_t)attr->nla_len);
	}
}

void link_nl_attrs(const struct nlmsghdr *nlh, size_t header, const struct nlattr **tb,
		   unsigned max)
{
	const char *payload = mnl_nlmsg_get_payload(nlh);
	size_t n = mnl_nlmsg_get_payload_len(nlh);

	header = MNL_ALIGN(header);
	index_attrs(payload + header, n > header ? n - header : 0, tb, max);
}

void link_nl_nested(const struct nlattr *nest, const struct nlattr **tb, unsigned max)
{
	if (nest)
		index_attrs(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), tb, max);
	else
		index_attrs(NULL, 0, tb, max);
}

uint32_t link_nl_u32(const struct nlattr *attr, uint32_t fallback)
{
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return fallback;
	return mnl_attr_get_u32(attr);
}

uint16_t link_nl_u16(const struct nlattr *attr, uint16_t fallback)
{
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_U16) < 0)
		return fallback;
	return mnl_attr_get_u16(attr);
}

uint8_t link_nl_u8(const struct nlattr *attr, uint8_t fallback)
{
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_U8) < 0)
		return fallback;
	return mnl_attr_get_u8(attr);
}

void link_nl_string(const struct nlattr *attr, char *ret, size_t size)
{
	ret[0] = '\0';
	if (attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(ret, size, "%s", mnl_attr_get_str(attr));
}

void link_nl_addr(const struct nlattr *attr, int family, uint8_t prefixlen, struct addr *ret)
{
	size_t size = family == AF_INET ? 4 : 16;

	memset(ret, 0, sizeof(*ret));
	if (!attr || (family != AF_INET && family != AF_INET6) ||
	    mnl_attr_get_payload_len(attr) != size || prefixlen > size * 8)
		return;
	ret->family = family;
	ret->prefixlen = prefixlen;
	memcpy(ret->byte, mnl_attr_get_payload(attr), size);
}

/* Where the kernel's own words would be no help; NULL = they are. */
static const char *why(int code)
{
	switch (code) {
	case -EPERM:
		return "not permitted; it takes CAP_NET_ADMIN";
	case -ENODEV:
		return "the device is gone";
	case -EAGAIN:
		return "the network configuration keeps changing; try again";
	case -EBADMSG:
	case -EMSGSIZE:
		return "the kernel's answer can't be read";
	default:
		return NULL;
	}
}

static int fail(int ret, const char *subject, const char *extack, struct err *err, const char *fmt,
		va_list args)
{
	char what[128];

	vsnprintf(what, sizeof(what), fmt, args);
	if (why(ret))
		return err_set(err, ret, "%s: can't %s: %s", subject, what, why(ret));
	return err_set(err, ret, "%s: can't %s: %s%s%s%s", subject, what, strerror(-ret),
		       extack[0] ? " (" : "", extack, extack[0] ? ")" : "");
}

int link_nl_fail(struct link *link, int ret, uint32_t ifindex, struct err *err, const char *fmt,
		 ...)
{
	char name[IFNAMSIZ], extack[sizeof(link->extack)];
	struct link_info info;
	va_list args;

	if (!err)
		return ret;
	/* Asking for the name clears it. */
	memcpy(extack, link->extack, sizeof(extack));
	if (link_get_index(link, ifindex, &info, NULL) == 0)
		snprintf(name, sizeof(name), "%s", info.name);
	else
		snprintf(name, sizeof(name), "#%u", ifindex);
	va_start(args, fmt);
	ret = fail(ret, name, extack, err, fmt, args);
	va_end(args);
	return ret;
}

int link_nl_fail_on(const struct link *link, int ret, const char *subject, struct err *err,
		    const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ret = fail(ret, subject, link->extack, err, fmt, args);
	va_end(args);
	return ret;
}
