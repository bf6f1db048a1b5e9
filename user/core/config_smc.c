// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * config_smc.c - the section smc of a configuration: the cgroups whose TCP sockets become SMC's. Called
 * by config_check.c and config_diff.c.
 */
#include <errno.h>
#include <string.h>

#include "core/config_check.h"
#include "core/field.h"

bool config_smc_has(const struct config *config, const char *cgroup)
{
	for (unsigned i = 0; i < config->n_smc_cgroups; i++) {
		if (!strcmp(config->smc_cgroups[i], cgroup))
			return true;
	}
	return false;
}

/* No byte that a text would not bring through as it is. */
static bool is_plain(const char *path)
{
	for (; *path; path++) {
		if (*path <= ' ' || *path >= 0x7f || *path == '%')
			return false;
	}
	return true;
}

/* Below /sys/fs/cgroup, as systemctl shows it but for the slash in front: system.slice/a.service */
static bool is_path(const char *path)
{
	size_t len;

	if (!is_plain(path))
		return false;
	do {
		len = strcspn(path, "/");
		if (!len || (len <= 2 && !strncmp(path, "..", len)))
			return false;
		path += len;
	} while (*path++);
	return true;
}

static int check_cgroup(const struct config *config, unsigned item, struct err *err)
{
	const char *cgroup = config->smc_cgroups[item];
	char quote[FIELD_QUOTE_MAX];

	if (!memchr(cgroup, '\0', CONFIG_CGROUP_LEN) || !is_path(cgroup))
		return err_set(err, -EINVAL,
			       "%.40s is not a cgroup's path below /sys/fs/cgroup "
			       "(system.slice/app.service)",
			       field_quote(cgroup, quote));
	for (unsigned i = 0; i < item; i++) {
		if (!strcmp(config->smc_cgroups[i], cgroup))
			return err_set(err, -EINVAL, "%.40s is listed twice",
				       field_quote(cgroup, quote));
	}
	return 0;
}

int config_check_smc(const struct config *config, struct config_spot *ret, struct err *err)
{
	unsigned n_smc = 0;

	*ret = (struct config_spot){"smc", -1, "cgroups", -1};
	if (config->n_smc_cgroups > BPFTEAM_SMC_CGROUPS_MAX)
		return err_set(err, -EINVAL, "%u are too many (at most %d)", config->n_smc_cgroups,
			       BPFTEAM_SMC_CGROUPS_MAX);
	for (unsigned i = 0; i < config->n_smc_cgroups; i++) {
		ret->item = i;
		if (check_cgroup(config, i, err))
			return -EINVAL;
	}
	for (unsigned i = 0; i < config->n_rdma; i++)
		n_smc += config->rdma[i].smc;
	ret->item = -1;
	if (config->n_smc_cgroups && !n_smc)
		return err_set(err, -EINVAL,
			       "no RDMA vport for SMC's connections: rdma: {smc: true, ...}");
	return 0;
}
