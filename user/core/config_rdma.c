// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * config_rdma.c - the vports of RDMA systems in a configuration: one more, what it is called, whether it
 * names a port. Called by the CLI, and by team/.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/field.h"

int config_add_rdma(struct config *config, const char *port, struct err *err)
{
	struct rdma_config *rdma = &config->rdma[config->n_rdma];

	if (*port && config_check_name("port", port, err))
		return -EINVAL;
	if (config->n_rdma >= CONFIG_RDMA_MAX)
		return err_set(err, -ENOSPC, "a team has at most %d RNICs", CONFIG_RDMA_MAX);
	memset(rdma, 0, sizeof(*rdma));
	field_init(config_rdma_fields, rdma);
	strcpy(rdma->port, port);
	config->n_rdma++;
	return 0;
}

char *config_rdma_port(struct rdma_config *rdma, const char *name)
{
	for (unsigned i = 0; i < rdma->n_ports; i++) {
		if (!strcmp(rdma->ports[i], name))
			return rdma->ports[i];
	}
	return NULL;
}

void config_rdma_vport(const struct config *config, unsigned i, char buf[IFNAMSIZ])
{
	char suffix[4] = "r";

	if (i)
		snprintf(suffix, sizeof(suffix), "r%u", i % 10 + 1);
	if (config->rdma[i].vport[0])
		memcpy(buf, config->rdma[i].vport, IFNAMSIZ);
	else
		config_derived_name(config->team, suffix, buf);
}
