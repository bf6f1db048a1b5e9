/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* config_check.h - which key broke a rule, so that config_parse() can tell its line. Private. */
#ifndef BPFTEAM_CORE_CONFIG_CHECK_H
#define BPFTEAM_CORE_CONFIG_CHECK_H

#include "core/config.h"
#include "core/field.h"

struct config_spot {
	const char *key;
	int index; /* entry of a list; -1: none */
	const char *subkey; /* or NULL */
	int item; /* of the list that the subkey holds; -1: none */
};

/* config_check(), but err has only the why, and *ret says of which key. */
int config_check_at(const struct config *config, struct config_spot *ret, struct err *err);

/* config_smc.c: the section smc. As config_check_at(). */
int config_check_smc(const struct config *config, struct config_spot *ret, struct err *err);

/* Of one mapping under `rdma:`, in config_check_rdma.c. */
int config_check_rdma(const struct config *config, unsigned i, struct config_spot *spot,
		      struct err *err);

/* What the rules share. *spot is that key; -EINVAL. */
int config_fail_at(struct config_spot *spot, const char *key, int index, const char *subkey);
/* The scalars of a mapping; of an entry of a list, key is the list's. */
int config_check_scalars(const struct field *fields, const void *base, const char *key, int index,
			 struct config_spot *spot, struct err *err);
bool config_is_host(const struct addr *addr);
/* What can be a device's name, and is no name for one that we make. */
int config_check_our_name(const char *name, struct err *err);

/* Puts "KEY: " or "KEY.SUBKEY: " in front. */
int config_spot_prefix(const struct config_spot *spot, int code, struct err *err);

/* A default route's family, from its gateway, and back: in text it is just "default". */
void config_resolve_routes(struct config *config);
void config_unresolve_routes(struct config *config);

#endif
