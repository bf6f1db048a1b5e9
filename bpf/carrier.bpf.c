// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * carrier.bpf.c - hears of every carrier change in the kernel, as fentry programs or, where
 * trampolines are refused, as kprobes. The loader enables one pair.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "kernel.bpf.h"
#include "trace.bpf.h"

SEC("license")
char LICENSE[] = "GPL";

const volatile __u32 cfg_netns; /* inode of the team's network namespace; 0 = any */

struct ns_common {
	unsigned int inum;
} KERNEL_STRUCT;
struct net {
	struct ns_common ns;
} KERNEL_STRUCT;

/* The first argument of a probed function, by architecture: one object serves all, since the
 * register's field is looked up in the running kernel's BTF. */
struct pt_regs___x86 {
	unsigned long di;
} KERNEL_STRUCT;
struct pt_regs___arm64 {
	unsigned long regs[31];
} KERNEL_STRUCT;
struct pt_regs___riscv {
	unsigned long a0;
} KERNEL_STRUCT;

static __always_inline struct net_device *carrier_argument(void *ctx)
{
	const struct pt_regs___arm64 *arm64 = ctx;
	const struct pt_regs___riscv *riscv = ctx;
	const struct pt_regs___x86 *x86 = ctx;

	if (bpf_core_field_exists(x86->di))
		return (void *)BPF_CORE_READ(x86, di);
	if (bpf_core_field_exists(arm64->regs))
		return (void *)BPF_CORE_READ(arm64, regs[0]);
	if (bpf_core_field_exists(riscv->a0))
		return (void *)BPF_CORE_READ(riscv, a0);
	return NULL;
}

static __always_inline __u64 carrier_net(struct net_device *dev)
{
	if (!bpf_core_field_exists(dev->nd_net.net))
		return 0;
	return (__u64)BPF_CORE_READ(dev, nd_net.net);
}

/*
 * A port's namespace is known by address only where its device can be learnt (Linux 6.2). The inode's
 * number serves everywhere: an ifindex alone is ambiguous, and a bridge reports the carrier that it
 * already has whenever one of its ports changes.
 */
static __always_inline bool carrier_here(struct net_device *dev)
{
	struct net *net = (struct net *)carrier_net(dev);

	return !cfg_netns || !net || BPF_CORE_READ(net, ns.inum) == cfg_netns;
}

static __always_inline int carrier_off(struct net_device *dev)
{
	if (!carrier_here(dev))
		return 0;
	trace_carrier_off(BPF_CORE_READ(dev, ifindex), carrier_net(dev));
	return 0;
}

static __always_inline int carrier_on(struct net_device *dev)
{
	if (!carrier_here(dev))
		return 0;
	trace_carrier_on(BPF_CORE_READ(dev, ifindex), carrier_net(dev), BPF_CORE_READ(dev, state));
	return 0;
}

SEC("?fentry/netif_carrier_off")
int fentry_off(__u64 *ctx)
{
	return carrier_off((void *)ctx[0]);
}

SEC("?fentry/netif_carrier_on")
int fentry_on(__u64 *ctx)
{
	return carrier_on((void *)ctx[0]);
}

SEC("?kprobe/netif_carrier_off")
int kprobe_off(void *ctx)
{
	return carrier_off(carrier_argument(ctx));
}

SEC("?kprobe/netif_carrier_on")
int kprobe_on(void *ctx)
{
	return carrier_on(carrier_argument(ctx));
}
