// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * smc_diag.c - SMC's sockets by sock_diag (net/smc/smc_diag.c). Called by team/.
 *
 * Of a socket that was made by IPPROTO_SMC the kernel tells the ports and leaves the addresses out (its
 * protocol is neither of those that smc_diag_msg_common_fill() knows). The TCP socket below it, which
 * has the same ports, has them.
 */
#include "io/smc_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/smc_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SOCKETS_MAX (1u << 20) /* what goes on beyond that is no list */

struct sockets {
	struct smc_connection *items;
	size_t n, room;
};

static int add_socket(const struct nlmsghdr *nlh, void *arg)
{
	struct sockets *sockets = arg;
	struct smc_connection found;

	if (smc_parse_connection(nlh, &found))
		return 0;
	if (sockets->n >= SOCKETS_MAX)
		return -EPROTO;
	if (sockets->n == sockets->room) {
		size_t room = sockets->room ? sockets->room * 2 : 16;
		void *items = realloc(sockets->items, room * sizeof(found));

		if (!items)
			return -ENOMEM;
		sockets->items = items;
		sockets->room = room;
	}
	sockets->items[sockets->n++] = found;
	return 0;
}

/* Of a listener on all addresses, it stays so. */
static bool has_address(const struct smc_connection *c)
{
	static const uint8_t zero[sizeof(c->src.byte)];

	return memcmp(c->src.byte, zero, sizeof(zero)) != 0;
}

static int note_tcp(const struct nlmsghdr *nlh, void *arg)
{
	smc_parse_tcp(nlh, arg);
	return 0;
}

/* By its ports, since the kernel tells no more. */
static void find_addresses(struct smc *smc, uint8_t family, struct smc_connection *c)
{
	struct inet_diag_req_v2 *diag;
	struct smc_request req;

	mnl_nlmsg_put_header(req.buf);
	req.nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	req.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	diag = mnl_nlmsg_put_extra_header(&req.nlh, sizeof(*diag));
	diag->sdiag_family = family;
	diag->sdiag_protocol = IPPROTO_TCP;
	diag->idiag_states = c->dport ? ~(1u << TCP_LISTEN) : 1u << TCP_LISTEN;
	diag->id.idiag_sport = htons(c->sport);
	diag->id.idiag_dport = htons(c->dport);
	smc_nl_talk(smc, &smc->diag, &req, note_tcp, c, NULL);
}

int smc_each(struct smc *smc, int (*fn)(const struct smc_connection *c, void *arg), void *arg,
	     struct err *err)
{
	struct sockets sockets = {0};
	struct smc_diag_req *diag;
	struct smc_request req;
	int ret;

	mnl_nlmsg_put_header(req.buf);
	req.nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	req.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	diag = mnl_nlmsg_put_extra_header(&req.nlh, sizeof(*diag));
	diag->diag_family = AF_SMC;
	diag->diag_ext = 1 << (SMC_DIAG_LGRINFO - 1);
	ret = smc_nl_talk(smc, &smc->diag, &req, add_socket, &sockets, &sockets.n);
	if (ret == -ENOENT || ret == -EINVAL)
		ret = -EOPNOTSUPP; /* no handler for AF_SMC */
	if (ret)
		smc_nl_fail(smc, ret, err, "list connections");
	for (size_t i = 0; !ret && i < sockets.n; i++) {
		struct smc_connection *c = &sockets.items[i];

		if (c->sport && !has_address(c))
			find_addresses(smc, AF_INET, c);
		if (c->sport && !has_address(c))
			find_addresses(smc, AF_INET6, c);
		ret = fn(c, arg);
	}
	free(sockets.items);
	return ret;
}
