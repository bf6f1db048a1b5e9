/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netlink_fake.h - a kernel that answers netlink as a test wants it to: libmnl's opening and sending,
 * and recvmsg(), of this program stand between it and the true one. Included behind netns.h by one
 * file of a program.
 */
#ifndef BPFTEAM_SELFTESTS_NETLINK_FAKE_H
#define BPFTEAM_SELFTESTS_NETLINK_FAKE_H

#include <errno.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define FAKE_SIZE (64 * 1024)
#define FAKE_MAX 64

struct fake_datagram {
	char buf[FAKE_SIZE] __attribute__((aligned(8)));
	size_t n;
	bool cut; /* it was longer */
	uint32_t from; /* port id: 0 is the kernel */
	int error; /* instead of the datagram */
};

/* What the fake kernel says to a request: it puts datagrams into the queue. NULL: the true kernel. */
static void (*fake_answer)(const struct nlmsghdr *req);
static struct fake_datagram fake_queue[FAKE_MAX];
static unsigned fake_first, fake_last, fake_requests;
static const struct nlmsghdr *fake_request;
static uint32_t fake_portid;

static inline struct fake_datagram *fake_datagram(void)
{
	struct fake_datagram *datagram = &fake_queue[fake_last++];

	assert_true(fake_last <= FAKE_MAX);
	memset(datagram, 0, sizeof(*datagram));
	return datagram;
}

/* A message behind the others of that datagram, as an answer to the request at hand. */
static inline struct nlmsghdr *fake_message(struct fake_datagram *datagram, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(datagram->buf + datagram->n);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = fake_request ? fake_request->nlmsg_seq : 0;
	nlh->nlmsg_pid = fake_request ? fake_portid : 0;
	return nlh;
}

/* To be called when a message is whole. */
static inline void fake_end(struct fake_datagram *datagram, const struct nlmsghdr *nlh)
{
	datagram->n += MNL_ALIGN(nlh->nlmsg_len);
	assert_true(datagram->n <= FAKE_SIZE);
}

/* The end of the answer, in a datagram of its own: of a dump, or an acknowledgement. */
static inline struct nlmsghdr *fake_done(int code)
{
	bool dump = (fake_request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	struct fake_datagram *datagram = fake_datagram();
	struct nlmsghdr *nlh = fake_message(datagram, dump ? NLMSG_DONE : NLMSG_ERROR);

	if (dump) {
		*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = code;
	} else {
		struct nlmsgerr *error = mnl_nlmsg_put_extra_header(nlh, sizeof(*error));

		error->error = code;
		nlh->nlmsg_flags = NLM_F_CAPPED;
	}
	fake_end(datagram, nlh);
	return nlh;
}

/* ---- in libmnl's and the C library's place ---- */

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *nl = mnl_socket_open(fake_answer ? NETLINK_ROUTE : bus);

	if (nl && flags & SOCK_NONBLOCK)
		fcntl(mnl_socket_get_fd(nl), F_SETFL, O_NONBLOCK);
	return nl;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req, size_t n)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	if (!fake_answer)
		return sendto(mnl_socket_get_fd(nl), req, n, 0, (void *)&kernel, sizeof(kernel));
	fake_request = req;
	fake_portid = mnl_socket_get_portid(nl);
	fake_requests++;
	fake_first = fake_last = 0;
	fake_answer(req);
	fake_request = NULL;
	return (ssize_t)n;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct iovec *iov = msg->msg_iov;
	struct fake_datagram *datagram = &fake_queue[fake_first];

	if (!fake_answer)
		return syscall(SYS_recvmsg, fd, msg, flags);
	if (fake_first == fake_last) {
		errno = EAGAIN;
		return -1;
	}
	fake_first++;
	if (datagram->error) {
		errno = datagram->error;
		return -1;
	}
	((struct sockaddr_nl *)msg->msg_name)->nl_pid = datagram->from;
	msg->msg_flags = datagram->cut ? MSG_TRUNC : 0;
	memcpy(iov->iov_base, datagram->buf, datagram->n);
	return (ssize_t)datagram->n;
}

/* ---- damage ---- */

/* A copy with nothing behind it; free() it. */
static inline struct nlmsghdr *fake_copy(const struct nlmsghdr *nlh, uint32_t len)
{
	struct nlmsghdr *copy = malloc(len);

	memcpy(copy, nlh, len);
	copy->nlmsg_len = len;
	return copy;
}

/* Attribute headers are multiples of four; small lengths are the likeliest to hurt. */
static inline void fake_damage(struct nlmsghdr *nlh)
{
	uint8_t *buf = (uint8_t *)(nlh + 1);
	size_t n = nlh->nlmsg_len - sizeof(*nlh);

	for (unsigned i = rand() % 4 + 1; n && i--;) {
		size_t at = rand() % 2 ? rand() % n : (rand() % n) & ~3u;

		buf[at] = (uint8_t)(rand() % 2 ? rand() : rand() % 8);
	}
}

#endif
