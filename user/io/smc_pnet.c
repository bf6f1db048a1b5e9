// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * smc_pnet.c - SMC's PNET table by generic netlink SMC_PNETID (net/smc/smc_pnet.c), and its EIDs by
 * SMC_GEN_NETLINK (smc_clc.c). Called by team/.
 *
 * Adding answers EEXIST for whatever it did not add: an entry that is there already with the same id
 * or another one, and, in all network namespaces but the initial one, every RDMA device. The table
 * is read to tell these apart.
 */
#include "io/smc_priv.h"

#include <ctype.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/smc.h>
#include <string.h>

static bool is_pnetid(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		if (!isupper((unsigned char)text[i]) && !isdigit((unsigned char)text[i]))
			return false;
	}
	return n > 0 && n <= SMC_PNETID_LEN;
}

/* An entry that is looked for by its device, and what was found of it. */
struct search {
	uint16_t family;
	const char *netdev, *rdma;
	uint32_t port;
	char pnetid[SMC_PNETID_LEN + 1]; /* "": none */
};

static int look_at(const struct nlmsghdr *nlh, void *arg)
{
	struct search *search = arg;
	struct smc_pnet pnet;

	if (smc_parse_pnet(nlh, search->family, &pnet))
		return 0;
	if ((search->netdev && !strcmp(pnet.netdev, search->netdev)) ||
	    (search->rdma && !strcmp(pnet.rdma, search->rdma) && pnet.port == search->port))
		memcpy(search->pnetid, pnet.pnetid, sizeof(search->pnetid));
	return 0;
}

/* What EEXIST meant. */
static int explain(struct smc *smc, const char *pnetid, struct search *search, struct err *err)
{
	const char *device = search->netdev ? search->netdev : search->rdma;
	struct smc_request req;
	int ret;

	search->family = smc->family;
	smc_nl_begin(&req, smc->family, SMC_PNETID_GET, NLM_F_DUMP);
	ret = smc_nl_talk(smc, &smc->genl, &req, look_at, search, NULL);
	if (ret)
		return smc_nl_fail(smc, ret, err, "read the PNET table");
	if (!strcmp(search->pnetid, pnetid))
		return 0;
	if (search->pnetid[0])
		return err_set(err, -EEXIST, "SMC: %s has the PNET id %s already", device,
			       search->pnetid);
	if (search->rdma)
		return err_set(err, -EEXIST,
			       "SMC: %s can be given a PNET id in the initial network namespace "
			       "only, and if it has none by its hardware",
			       device);
	return err_set(err, -EEXIST, "SMC: %s has a PNET id by its hardware", device);
}

static int add(struct smc *smc, const char *pnetid, struct search *search, struct err *err)
{
	const char *device = search->netdev ? search->netdev : search->rdma;
	struct smc_request req;
	int ret;

	if (!is_pnetid(pnetid))
		return err_set(err, -EINVAL,
			       "SMC: \"%s\" is no PNET id (1 to 16 capital letters and digits)",
			       pnetid);
	if (strlen(device) >= (search->netdev ? IFNAMSIZ : 64) || search->port > UINT8_MAX)
		return err_set(err, -EINVAL, "SMC: no device can have the name or port %s:%u",
			       device, search->port);
	smc_nl_begin(&req, smc->family, SMC_PNETID_ADD, NLM_F_ACK);
	mnl_attr_put_strz(&req.nlh, SMC_PNETID_NAME, pnetid);
	if (search->netdev)
		mnl_attr_put_strz(&req.nlh, SMC_PNETID_ETHNAME, search->netdev);
	if (search->rdma) {
		mnl_attr_put_strz(&req.nlh, SMC_PNETID_IBNAME, search->rdma);
		mnl_attr_put_u8(&req.nlh, SMC_PNETID_IBPORT, (uint8_t)search->port);
	}
	ret = smc_nl_talk(smc, &smc->genl, &req, NULL, NULL, NULL);
	if (ret == -EEXIST)
		return explain(smc, pnetid, search, err);
	return ret ? smc_nl_fail(smc, ret, err, "give %s the PNET id %s", device, pnetid) : 0;
}

int smc_add_netdev(struct smc *smc, const char *pnetid, const char *netdev, struct err *err)
{
	struct search search = {.netdev = netdev};

	return add(smc, pnetid, &search, err);
}

int smc_add_rdma(struct smc *smc, const char *pnetid, const char *rdma, uint32_t port,
		 struct err *err)
{
	struct search search = {.rdma = rdma, .port = port};

	return add(smc, pnetid, &search, err);
}

int smc_del_pnetid(struct smc *smc, const char *pnetid, struct err *err)
{
	struct smc_request req;
	int ret;

	if (!is_pnetid(pnetid))
		return err_set(err, -EINVAL, "SMC: \"%s\" is no PNET id", pnetid);
	smc_nl_begin(&req, smc->family, SMC_PNETID_DEL, NLM_F_ACK);
	mnl_attr_put_strz(&req.nlh, SMC_PNETID_NAME, pnetid);
	ret = smc_nl_talk(smc, &smc->genl, &req, NULL, NULL, NULL);
	if (ret && ret != -ENOENT)
		return smc_nl_fail(smc, ret, err, "remove the PNET id %s", pnetid);
	return 0;
}

static int count(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[SMC_NLA_EID_TABLE_ENTRY + 1];

	nlmsg_attrs(nlh, sizeof(struct genlmsghdr), tb, SMC_NLA_EID_TABLE_ENTRY);
	*(size_t *)arg += tb[SMC_NLA_EID_TABLE_ENTRY] != NULL;
	return 0;
}

int smc_count_eids(struct smc *smc, unsigned *ret, struct err *err)
{
	struct smc_request req;
	uint16_t family;
	size_t n = 0;
	int code = smc_nl_family(smc, SMC_GENL_FAMILY_NAME, &family);

	if (!code) {
		smc_nl_begin(&req, family, SMC_NETLINK_DUMP_UEID, NLM_F_DUMP);
		code = smc_nl_talk(smc, &smc->genl, &req, count, &n, &n);
	}
	*ret = n;
	return code ? smc_nl_fail(smc, code, err, "list EIDs") : 0;
}
