// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma.c - the transport of rdma: a NETLINK_RDMA socket for requests and dumps, one for events, and
 * the wording of failures. Called by the other rdma*.c and by team/.
 *
 * The kernel's side is drivers/infiniband/core/netlink.c and nldev.c. An answer is always read to
 * its end, for a dump left half-read makes the kernel refuse the next one with EBUSY.
 */
#include "io/rdma_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define DUMP_TRIES 20
#define WAIT_S 5 /* for an answer that does not come; the kernel gives them at once */
#define EVENTS_AT_ONCE 1000

static int open_socket(struct mnl_socket **ret, int flags)
{
	*ret = mnl_socket_open2(NETLINK_RDMA, SOCK_CLOEXEC | flags);
	if (!*ret)
		return errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT ? -EOPNOTSUPP : -errno;
	return mnl_socket_bind(*ret, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
}

static void close_socket(struct mnl_socket **nl)
{
	if (*nl)
		mnl_socket_close(*nl);
	*nl = NULL;
}

static int open_requests(struct rdma *rdma)
{
	struct timeval wait = {.tv_sec = WAIT_S};
	int on = 1, ret = open_socket(&rdma->requests, 0);

	if (ret) {
		close_socket(&rdma->requests);
		return ret;
	}
	mnl_socket_setsockopt(rdma->requests, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(rdma->requests, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(rdma->requests), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return 0;
}

bool rdma_is_loaded(void)
{
	return !access("/sys/class/infiniband", F_OK);
}

int rdma_open(struct rdma **ret, struct err *err)
{
	struct rdma *rdma = calloc(1, sizeof(*rdma));
	int code;

	if (!rdma)
		return err_set(err, -ENOMEM, "RDMA: %s", strerror(ENOMEM));
	code = open_requests(rdma);
	if (code) {
		rdma_close(rdma);
		return rdma_nl_fail(NULL, code, err, "open a netlink socket");
	}
	*ret = rdma;
	return 0;
}

void rdma_close(struct rdma *rdma)
{
	if (!rdma)
		return;
	close_socket(&rdma->requests);
	close_socket(&rdma->events);
	free(rdma);
}

void rdma_nl_begin(struct rdma_request *req, unsigned command, uint16_t flags)
{
	mnl_nlmsg_put_header(req->buf);
	req->nlh.nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command);
	req->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
}

/* One datagram of the kernel's. Its length, 0 when it is somebody else's or cut off, or -errno. */
static ssize_t receive(struct mnl_socket *nl, char *buf, bool *cut)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {.iov_base = buf, .iov_len = RDMA_BUFFER_SIZE};
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
	return *cut || from.nl_pid != 0 ? 0 : n;
}

static int read_answer(struct rdma *rdma, struct nlmsg_answer *answer, nlmsg_fn *fn, void *arg)
{
	for (bool last = false; !last;) {
		bool cut = false;
		ssize_t n = receive(rdma->requests, rdma->buf, &cut);

		if (n < 0) {
			/* The rest of the answer stays behind: the next request needs another. */
			close_socket(&rdma->requests);
			return n == -EAGAIN ? -ETIMEDOUT : (int)n;
		}
		if (cut && !answer->code)
			answer->code = -EPROTO;
		last = nlmsg_read(answer, rdma->buf, (size_t)n, fn, arg);
	}
	memcpy(rdma->extack, answer->extack, sizeof(rdma->extack));
	return answer->code;
}

int rdma_nl_talk(struct rdma *rdma, struct rdma_request *req, nlmsg_fn *fn, void *arg,
		 struct rdma_list *list)
{
	size_t before = list ? list->n : 0;

	rdma->extack[0] = '\0';
	for (unsigned i = 0; i < DUMP_TRIES; i++) {
		struct nlmsg_answer answer = {0};
		int ret = rdma->requests ? 0 : open_requests(rdma);

		if (ret)
			return ret;
		if (list)
			list->n = before;
		req->nlh.nlmsg_seq = answer.seq = ++rdma->seq;
		answer.portid = mnl_socket_get_portid(rdma->requests);
		if (mnl_socket_sendto(rdma->requests, req->buf, req->nlh.nlmsg_len) < 0)
			return -errno;
		ret = read_answer(rdma, &answer, fn, arg);
		if (ret || !answer.interrupted)
			return ret;
	}
	return -EAGAIN;
}

/* Where the kernel's own words would be no help; NULL = they are. */
static const char *why(int code)
{
	switch (code) {
	case -EOPNOTSUPP:
		return "this kernel has no RDMA, or its module is not loaded (modprobe ib_core)";
	case -EPERM:
		return "not permitted; it takes CAP_NET_ADMIN";
	case -EAGAIN:
		return "the RDMA devices keep changing; try again";
	case -ETIMEDOUT:
		return "the kernel does not answer";
	case -EPROTO:
		return "the kernel's answer can't be read";
	default:
		return NULL;
	}
}

int rdma_nl_fail(const struct rdma *rdma, int ret, struct err *err, const char *fmt, ...)
{
	const char *extack = rdma ? rdma->extack : "";
	char what[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (why(ret))
		return err_set(err, ret, "RDMA: can't %s: %s", what, why(ret));
	return err_set(err, ret, "RDMA: can't %s: %s%s%s%s", what, strerror(-ret),
		       extack[0] ? " (" : "", extack, extack[0] ? ")" : "");
}

/* ---- events ---- */

static int note_monitor(const struct nlmsghdr *nlh, void *arg)
{
	*(bool *)arg = rdma_parse_monitor(nlh);
	return 0;
}

int rdma_events_open(struct rdma *rdma, struct err *err)
{
	struct rdma_request req;
	int group = RDMA_GROUP_NOTIFY, ret;
	bool able = false;

	/* Older kernels let one join the group all the same, and stay silent. */
	rdma_nl_begin(&req, RDMA_NLDEV_CMD_SYS_GET, NLM_F_ACK);
	ret = rdma_nl_talk(rdma, &req, note_monitor, &able, NULL);
	if (ret)
		return rdma_nl_fail(rdma, ret, err, "ask for what the kernel tells of");
	if (!able)
		return err_set(
			err, -EOPNOTSUPP,
			"RDMA: this kernel tells of no devices that come and go (6.12 does)");
	close_socket(&rdma->events);
	ret = open_socket(&rdma->events, SOCK_NONBLOCK);
	if (!ret &&
	    mnl_socket_setsockopt(rdma->events, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		ret = -errno;
	if (!ret)
		return 0;
	close_socket(&rdma->events);
	return rdma_nl_fail(NULL, ret, err, "listen for devices that come and go");
}

int rdma_events_fd(const struct rdma *rdma)
{
	return rdma->events ? mnl_socket_get_fd(rdma->events) : -1;
}

int rdma_events_read(struct rdma *rdma)
{
	bool heard = false, lost = false, cut = false;

	/* What does not end here makes the descriptor readable again. */
	for (unsigned i = 0; rdma->events && i < EVENTS_AT_ONCE; i++) {
		ssize_t n = receive(rdma->events, rdma->buf, &cut);

		if (n == -EAGAIN)
			break;
		if (n < 0 && n != -ENOBUFS)
			return (int)n;
		if (n < 0 || cut)
			lost = true;
		else
			heard |= rdma_parse_events(rdma->buf, (size_t)n);
	}
	return lost ? -ENOBUFS : heard;
}
