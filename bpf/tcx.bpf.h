/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcx.bpf.h - what a program at tcx returns (enum tcx_action_base, include/uapi/linux/bpf.h). */
#ifndef BPFTEAM_TCX_BPF_H
#define BPFTEAM_TCX_BPF_H

#define TCX_NEXT -1
#define TCX_PASS 0
#define TCX_DROP 2

#endif
