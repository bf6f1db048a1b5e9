/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * peer_option.h - every option of the kernel's bonding and every key of teamd, and what becomes of it
 * here. One table, read by the import, by the parser where it meets such a key, by
 * bpfteam-options(7) and by the parity table. Whether one of our keys or words works is never said
 * here: the parser's own tables are asked.
 */
#ifndef BPFTEAM_CORE_PEER_OPTION_H
#define BPFTEAM_CORE_PEER_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/names.h"

/* A word of theirs. Neither ours nor why: nothing is lost without it. */
struct peer_word {
	const char *theirs;
	const char *ours; /* the value of our key */
	const char *why; /* refused */
};

struct peer_option {
	const char *name; /* teamd's as a path: "runner.tx_hash", "ports.*.prio" */
	const char *old; /* another name of it, or NULL */
	const char *netplan, *networkd; /* its name there, or NULL */
	/* systemd.time(7): a plain number is seconds. Elsewhere all are in their own unit. */
	bool time_span;
	uint16_t modes; /* bit: bonding's number of a mode that has it; 0: all */
	const char *def; /* their default, "slow|0", which is no choice of anybody's; NULL: none */
	bool decides; /* what is on the wire: the default is carried over, too */
	const char *key; /* ours; NULL: there is none */
	const struct peer_word
		*words; /* NULL: the value is ours as it is. Ends with theirs NULL. */
	bool needless; /* no key: nothing is lost without it */
	const char *text; /* what becomes of it; why it is refused, and what to do instead */
	const char *test; /* that shows it, from the tree's root; NULL: nothing to show */
};

/* Each ends with a row whose name is NULL. */
extern const struct peer_option bonding_options[], teamd_options[];

enum peer_fate { PEER_OURS, PEER_NEEDLESS, PEER_REFUSED, PEER_LATER };

/* What becomes of it in this version. */
enum peer_fate peer_option_fate(const struct peer_option *option);

extern const struct name peer_fate_names[];

/* By any of its names in bonding; NULL: bonding has none of that name. */
const struct peer_option *bonding_option(const char *name);
/* By its path, with the name of a port in place of "*"; *port gets it (NULL: none), and its length. */
const struct peer_option *teamd_option(const char *path, const char **port, int *port_len);

/* A mode or a hash policy of bonding's, teamd's runner for it, and the test that shows it. */
struct peer_mode {
	const char *name;
	const char *teamd; /* or NULL */
	const char *test;
};
extern const struct peer_mode peer_modes[], peer_hashes[];

/* bonding's number of a mode, by any of its words; -1: none. */
int peer_mode_number(const char *word);

#endif
