// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mode.c - the table of modes. Called by plan.c, team/ and io/datapath. A mode's way of sending is
 * bpf/team.bpf.c's, and its names are names.c's.
 */
#include "core/mode.h"

static const struct mode modes[] = {
	[BPFTEAM_BALANCE_RR] = {.turns = true, .reason = "round-robin"},
	[BPFTEAM_ACTIVE_BACKUP] = {.active = true, .ordered = true, .reason = "active"},
	[BPFTEAM_BALANCE_XOR] = {.hashed = true, .reason = "hash"},
	[BPFTEAM_BROADCAST] = {.reason = "broadcast"},
	[BPFTEAM_BALANCE_TLB] = {.active = true,
				 .hashed = true,
				 .own_macs = true,
				 .reason = "hash"},
	[BPFTEAM_RANDOM] = {.turns = true, .reason = "round-robin"},
};

const struct mode *mode_of(enum bpfteam_mode mode)
{
	bool known = mode < sizeof(modes) / sizeof(modes[0]) && modes[mode].reason;

	return &modes[known ? mode : BPFTEAM_ACTIVE_BACKUP];
}
