// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * xdp_plain.bpf.c - the XDP programs without a word of kfuncs, as team_plain.bpf.c.
 */
#define WITHOUT_KFUNCS
#include "xdp.bpf.c"
