/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smc_priv.h - what the files of smc share: sockets, requests, and the reading of messages. Private to
 * user/io/smc*.c and their tests.
 */
#ifndef BPFTEAM_IO_SMC_PRIV_H
#define BPFTEAM_IO_SMC_PRIV_H

#include <libmnl/libmnl.h>

#include "core/nlmsg.h"
#include "io/smc.h"

#define SMC_BUFFER_SIZE (64 * 1024)

struct smc {
	struct mnl_socket *genl; /* NULL: to be opened anew; so is diag */
	struct mnl_socket *diag;
	uint16_t family; /* of SMC_PNETID */
	uint32_t seq;
	char extack[256]; /* what the kernel added to the last error; "" = nothing */
	char buf[SMC_BUFFER_SIZE] __attribute__((aligned(8)));
};

/* Room for every request made here; attributes put into it have a bounded size. */
struct smc_request {
	union {
		struct nlmsghdr nlh;
		char buf[512];
	};
};

/* Starts a request of a generic netlink family. */
void smc_nl_begin(struct smc_request *req, uint16_t family, uint8_t command, uint16_t flags);

/*
 * Sends a request over nl (&smc->genl or &smc->diag), which is opened when needed, and reads the
 * answer to its end. Of a dump that has to be made again nothing counts: *n, what fn counts up (may
 * be NULL), becomes 0.
 */
int smc_nl_talk(struct smc *smc, struct mnl_socket **nl, struct smc_request *req, nlmsg_fn *fn,
		void *arg, size_t *n);

/* The id of a generic netlink family. -EOPNOTSUPP: there is none of that name. */
int smc_nl_family(struct smc *smc, const char *name, uint16_t *ret_id);

/* Sets "SMC: can't DO: why" for a failed request; returns ret. */
int smc_nl_fail(const struct smc *smc, int ret, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* An entry of the PNET table: of a network device or of an RDMA device's port. */
struct smc_pnet {
	char pnetid[SMC_PNETID_LEN + 1];
	char netdev[IFNAMSIZ]; /* "": none */
	char rdma[64]; /* "": none */
	uint8_t port; /* of the RDMA device */
};

/* Messages, without a kernel: 0, or -EPROTO when it is not one, is cut short or lacks what it needs. */
int smc_parse_family(const struct nlmsghdr *nlh, const char *name, uint16_t *ret);
int smc_parse_pnet(const struct nlmsghdr *nlh, uint16_t family, struct smc_pnet *ret);
int smc_parse_connection(const struct nlmsghdr *nlh, struct smc_connection *ret);
/* The addresses of its TCP socket, as inet_diag tells them. */
int smc_parse_tcp(const struct nlmsghdr *nlh, struct smc_connection *ret);

#endif
