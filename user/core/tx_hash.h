/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tx_hash.h - teamd's runner.tx_hash (teamd.conf(5)), a list of what is hashed, as one of our policies. */
#ifndef BPFTEAM_CORE_TX_HASH_H
#define BPFTEAM_CORE_TX_HASH_H

#include <stddef.h>

#include "bpfteam/abi.h"
#include "core/err.h"

/*
 * The nearest policy to the list, which is the one that spreads at least as finely by the highest
 * layer that is named. lost: which of the words it leaves out, "" or "eth" or "eth, vlan"; may be
 * NULL. -EINVAL: an unknown word, or an empty list.
 */
int tx_hash_policy(const char *const words[], unsigned n, enum bpfteam_hash *ret, char *lost,
		   size_t size, struct err *err);

#endif
