/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * mode.h - what the modes differ in, as far as it is not the data path's own business: one row a mode.
 */
#ifndef BPFTEAM_CORE_MODE_H
#define BPFTEAM_CORE_MODE_H

#include <stdbool.h>

#include "bpfteam/abi.h"

struct mode {
	/* One port is the active one: frames to all are taken from it alone, and the neighbours are
	 * told when it is another. */
	bool active;
	/* All slots are filled by rank, and none by weight. */
	bool ordered;
	/* The port of a frame comes from a counter or by chance. */
	bool turns;
	/* A port that is not the active one sends with a MAC of its own. */
	bool own_macs;
	/* The headers say by which port a frame goes, by policy. */
	bool hashed;
	/* What explain says of a frame that goes by its first choice, or by any (CLI contract). */
	const char *reason;
};

/* Never NULL: a number that is no mode's is as active-backup. */
const struct mode *mode_of(enum bpfteam_mode mode);

#endif
