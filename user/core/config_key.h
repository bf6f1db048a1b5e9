/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * config_key.h - a configuration by the names of its keys, for who has a key and its value as text:
 * the table of bonding's and teamd's options, and the import. By the same tables as config_parse().
 */
#ifndef BPFTEAM_CORE_CONFIG_KEY_H
#define BPFTEAM_CORE_CONFIG_KEY_H

#include "core/config.h"

/* Does this version know the key: "mode", "detect.updelay_ms", "ports.priority"? */
bool config_knows(const char *key);

/* The words that a key of a few words takes, or NULL. */
const struct name *config_words(const char *key);

/*
 * Sets a key to its value as the file has it; of a list of values one more is put at the end, and one
 * that is there already is left alone. port: the port that is meant by a key of "ports.", which must
 * be one. -EINVAL, and err says why.
 */
int config_set(struct config *config, const char *key, const char *port, const char *text,
	       struct err *err);

/* Does the key hold a list of values? */
bool config_is_list(const char *key);

/* Back to its default: the key, or of a list that entry (index -1: all). */
void config_reset(struct config *config, const char *key, int index);

#endif
