// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_smc.c - SMC-R over an RDMA vport: the vport and the RNIC's device are of one physical network, which
 * SMC is told by its PNET table (net/smc/smc_pnet.c). The id is made from the vport's name, so that
 * a later process finds and removes it. And the cgroups whose TCP sockets become SMC's: where that can't
 * be, it is said, and nothing fails.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/smc.h"
#include "team/team_priv.h"

/* Capital letters and digits only. */
static void make_pnetid(const struct saved_rdma *saved, char id[SMC_PNETID_LEN + 1])
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *c = saved->vport; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	snprintf(id, SMC_PNETID_LEN + 1, "BPFTEAM%08X", hash);
}

int rdma_smc(struct team *team, const struct rdma_config *rdma, struct saved_rdma *saved,
	     unsigned port, struct err *err)
{
	struct rdma_link link;
	struct smc *smc = NULL;
	int ret;

	if (!rdma->smc) {
		rdma_smc_undo(team, saved);
		return 0;
	}
	if (saved->pnetid[0])
		return 0;
	if (!rdma_handle(team) || rdma_find(team->rdma, team->rec->ports[port].ifindex, &link, err))
		return err_set(err, -ENODEV, "%s: smc: its RNIC %s has no RDMA device now",
			       saved->vport, team->rec->ports[port].name);
	ret = smc_open(&smc, err);
	if (ret)
		return ret;
	make_pnetid(saved, saved->pnetid);
	ret = team_store(team, err);
	ret = ret ?: smc_add_netdev(smc, saved->pnetid, saved->vport, err);
	ret = ret ?: smc_add_rdma(smc, saved->pnetid, link.name, link.port, err);
	smc_close(smc);
	if (ret)
		rdma_smc_undo(team, saved);
	return ret;
}

void rdma_smc_undo(struct team *team, struct saved_rdma *saved)
{
	struct smc *smc;

	if (!saved->pnetid[0])
		return;
	if (!smc_open(&smc, NULL)) {
		smc_del_pnetid(smc, saved->pnetid, NULL);
		smc_close(smc);
	}
	memset(saved->pnetid, 0, sizeof(saved->pnetid));
	team_store(team, NULL);
}

static int note_v1(const struct rdma_gid *gid, void *arg)
{
	*(bool *)arg |= !!strstr(gid->type, "v1");
	return 0;
}

/* Over RoCE v2 alone SMC speaks its version 2, and that takes an EID. */
bool rdma_smc_lacks_eid(const struct rdma_link *link)
{
	bool has_v1 = false;
	unsigned n = 0;
	struct smc *smc;
	int ret;

	if (rdma_each_gid(link->name, link->port, note_v1, &has_v1) || has_v1 ||
	    smc_open(&smc, NULL))
		return false;
	ret = smc_count_eids(smc, &n, NULL);
	smc_close(smc);
	return !ret && !n;
}

/* As the configuration says. Why something is not so is told once, and kept to be shown. */
void rdma_smc_cgroups(struct team *team, const struct config *config)
{
	struct err why = {""};

	if (!datapath_set_smc(team->dp, config->smc_cgroups, config->n_smc_cgroups, &why))
		why.text[0] = '\0';
	if (!strncmp(team->smc_why, why.text, sizeof(team->smc_why) - 1))
		return;
	snprintf(team->smc_why, sizeof(team->smc_why), "%s", why.text);
	if (why.text[0])
		team_emit(team, EVENT_CONFIG, "", why.text, 0);
}
