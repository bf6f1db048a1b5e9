/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smc.h - SMC's table of physical networks, and its connections: generic netlink SMC_PNETID and
 * sock_diag's AF_SMC, both by libmnl (include/uapi/linux/smc.h, smc_diag.h).
 *
 * All functions return 0 or -errno with a text in err. -EOPNOTSUPP: this kernel has no SMC, or its
 * module is not loaded (modprobe smc, smc_diag).
 */
#ifndef BPFTEAM_IO_SMC_H
#define BPFTEAM_IO_SMC_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"

struct smc;

#define SMC_PNETID_LEN 16 /* SMC_MAX_PNETID_LEN */

int smc_open(struct smc **ret, struct err *err);
void smc_close(struct smc *smc);

/*
 * Gives a network device, or port (from 1) of an RDMA device, the PNET id: capital letters and
 * digits, at most 16. An RDMA device's entry goes into the initial network namespace's table only
 * (net/smc/smc_pnet.c). -EEXIST: it has another one.
 */
int smc_add_netdev(struct smc *smc, const char *pnetid, const char *netdev, struct err *err);
int smc_add_rdma(struct smc *smc, const char *pnetid, const char *rdma, uint32_t port,
		 struct err *err);
/* Removes every entry of that id. 0 also when there is none. */
int smc_del_pnetid(struct smc *smc, const char *pnetid, struct err *err);

/*
 * How many EIDs this machine has, names that those have in common who shall speak SMCv2 with each other.
 * Set by the administrator: smcr ueid add NAME. -EOPNOTSUPP: this kernel has no SMCv2.
 */
int smc_count_eids(struct smc *smc, unsigned *ret, struct err *err);

struct smc_connection {
	uint8_t state; /* enum smc_state */
	bool fallback; /* it is plain TCP */
	bool smcd; /* SMC-D and not SMC-R */
	uint32_t reason, peer_reason; /* SMC_CLC_DECL_*; why it fell back */
	struct addr src, dst;
	uint16_t sport, dport; /* host order */
	char rdma[64]; /* the RDMA device that carries it; "" = none */
};
int smc_each(struct smc *smc, int (*fn)(const struct smc_connection *c, void *arg), void *arg,
	     struct err *err);

/* A fallback's reason in words (net/smc/smc_clc.h); "not known" for others. */
const char *smc_reason(uint32_t reason);

#endif
