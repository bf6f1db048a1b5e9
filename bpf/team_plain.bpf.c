// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * team_plain.bpf.c - the team's programs once more for the other detectors than "state", without a
 * word of kfuncs: a daemon without CAP_SYS_ADMIN loads them on kernels that have none.
 */
#define WITHOUT_KFUNCS
#include "team.bpf.c"
