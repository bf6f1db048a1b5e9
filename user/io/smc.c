// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * smc.c - the transport of smc: generic netlink for the PNET table and sock_diag for its sockets, and
 * the wording of failures. Called by the other smc*.c and by team/.
 */
#include "io/smc_priv.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/smc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define WAIT_S 5 /* for an answer that does not come; the kernel gives them at once */
#define DUMP_TRIES 20

/* Where the kernel's own words would be no help; NULL = they are. */
static const char *why(int code)
{
	switch (code) {
	case -EOPNOTSUPP:
		return "this kernel has no SMC, or its modules are not loaded "
		       "(modprobe smc smc_diag)";
	case -EPERM:
		return "not permitted; it takes CAP_NET_ADMIN";
	case -EAGAIN:
		return "it keeps changing; try again";
	case -ETIMEDOUT:
		return "the kernel does not answer";
	case -EPROTO:
		return "the kernel's answer can't be read";
	default:
		return NULL;
	}
}

int smc_nl_fail(const struct smc *smc, int ret, struct err *err, const char *fmt, ...)
{
	const char *extack = smc ? smc->extack : "";
	char what[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (why(ret))
		return err_set(err, ret, "SMC: can't %s: %s", what, why(ret));
	return err_set(err, ret, "SMC: can't %s: %s%s%s%s", what, strerror(-ret),
		       extack[0] ? " (" : "", extack, extack[0] ? ")" : "");
}

/* ---- transport ---- */

static void close_socket(struct mnl_socket **nl)
{
	if (*nl)
		mnl_socket_close(*nl);
	*nl = NULL;
}

static int open_socket(struct mnl_socket **nl, int protocol)
{
	struct timeval wait = {.tv_sec = WAIT_S};
	int on = 1, ret = 0;

	*nl = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!*nl || mnl_socket_bind(*nl, 0, MNL_SOCKET_AUTOPID) < 0)
		ret = -errno;
	if (ret) {
		close_socket(nl);
		return ret == -EPROTONOSUPPORT ? -EOPNOTSUPP : ret;
	}
	mnl_socket_setsockopt(*nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(*nl, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(*nl), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return 0;
}

/* One datagram of the kernel's. Its length, 0 when it is somebody else's or cut off, or -errno. */
static ssize_t receive(struct smc *smc, struct mnl_socket *nl, bool *cut)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {.iov_base = smc->buf, .iov_len = sizeof(smc->buf)};
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
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	*cut = msg.msg_flags & MSG_TRUNC;
	return *cut || from.nl_pid != 0 ? 0 : n;
}

int smc_nl_talk(struct smc *smc, struct mnl_socket **nl, struct smc_request *req, nlmsg_fn *fn,
		void *arg, size_t *n)
{
	smc->extack[0] = '\0';
	for (unsigned i = 0; i < DUMP_TRIES; i++) {
		int protocol = nl == &smc->genl ? NETLINK_GENERIC : NETLINK_SOCK_DIAG;
		int ret = *nl ? 0 : open_socket(nl, protocol);
		struct nlmsg_answer answer = {0};

		if (ret)
			return ret;
		if (n)
			*n = 0;
		req->nlh.nlmsg_seq = answer.seq = ++smc->seq;
		answer.portid = mnl_socket_get_portid(*nl);
		if (mnl_socket_sendto(*nl, req->buf, req->nlh.nlmsg_len) < 0)
			return -errno;
		for (bool last = false; !last;) {
			bool cut = false;
			ssize_t len = receive(smc, *nl, &cut);

			if (len < 0) {
				/* The rest of the answer stays behind. */
				close_socket(nl);
				return (int)len;
			}
			if (cut && !answer.code)
				answer.code = -EPROTO;
			last = nlmsg_read(&answer, smc->buf, (size_t)len, fn, arg);
		}
		memcpy(smc->extack, answer.extack, sizeof(smc->extack));
		if (answer.code || !answer.interrupted)
			return answer.code;
	}
	return -EAGAIN;
}

void smc_nl_begin(struct smc_request *req, uint16_t family, uint8_t command, uint16_t flags)
{
	struct genlmsghdr *genl;

	mnl_nlmsg_put_header(req->buf);
	req->nlh.nlmsg_type = family;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(&req->nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = 1;
}

/* ---- opening ---- */

struct family {
	const char *name;
	uint16_t id;
};

static int note_family(const struct nlmsghdr *nlh, void *arg)
{
	struct family *family = arg;

	return smc_parse_family(nlh, family->name, &family->id);
}

int smc_nl_family(struct smc *smc, const char *name, uint16_t *ret_id)
{
	struct family family = {.name = name};
	struct smc_request req;
	int ret;

	smc_nl_begin(&req, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	mnl_attr_put_strz(&req.nlh, CTRL_ATTR_FAMILY_NAME, name);
	ret = smc_nl_talk(smc, &smc->genl, &req, note_family, &family, NULL);
	if (!ret && !family.id)
		ret = -EPROTO;
	*ret_id = family.id;
	return ret == -ENOENT ? -EOPNOTSUPP : ret;
}

int smc_open(struct smc **ret, struct err *err)
{
	struct smc *smc = calloc(1, sizeof(*smc));
	int code;

	if (!smc)
		return err_set(err, -ENOMEM, "SMC: %s", strerror(ENOMEM));
	code = smc_nl_family(smc, SMCR_GENL_FAMILY_NAME, &smc->family);
	if (code) {
		smc_nl_fail(smc, code, err, "find its PNET table");
		smc_close(smc);
		return code;
	}
	*ret = smc;
	return 0;
}

void smc_close(struct smc *smc)
{
	if (!smc)
		return;
	close_socket(&smc->genl);
	close_socket(&smc->diag);
	free(smc);
}
