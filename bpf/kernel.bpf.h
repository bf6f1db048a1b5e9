/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kernel.bpf.h - the few kernel structs that bpfteam looks into, as CO-RE declarations: only the
 * members used, found by name in the running kernel's BTF.
 *
 * The kfuncs are there from Linux 6.2. They are weak, and every use stands behind cfg_state, so that
 * an older kernel's verifier removes the calls before it would have to resolve them. libbpf before 1.5,
 * though, looks for them in all modules' BTF, which takes CAP_SYS_ADMIN; hence WITHOUT_KFUNCS.
 */
#ifndef BPFTEAM_KERNEL_BPF_H
#define BPFTEAM_KERNEL_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpfteam/abi.h"

#define KERNEL_STRUCT __attribute__((preserve_access_index))

struct net;

struct net_device {
	unsigned long state;
	int ifindex;
	unsigned int promiscuity;
	unsigned int operstate; /* one byte before Linux 6.9 */
	struct {
		struct net *net;
	} nd_net;
} KERNEL_STRUCT;

struct sk_buff {
	struct net_device *dev;
} KERNEL_STRUCT;

#ifdef WITHOUT_KFUNCS
#define bpf_cast_to_kern_ctx(ctx) ((void *)NULL)
#define bpf_rdonly_cast(obj, btf_id) ((void *)NULL)
#else
extern void *bpf_cast_to_kern_ctx(void *ctx) __weak __ksym;
/* Newer libbpf declares it itself, beside this macro. */
#ifndef bpf_core_cast
extern void *bpf_rdonly_cast(void *obj, __u32 btf_id) __weak __ksym;
#endif
#endif

/* Bits of net_device.state (enum netdev_state_t, include/linux/netdevice.h). */
#define DEVICE_START (1u << 0)
#define DEVICE_PRESENT (1u << 1)
#define DEVICE_NOCARRIER (1u << 2)
#define DEVICE_LINK_BITS (DEVICE_START | DEVICE_PRESENT | DEVICE_NOCARRIER)
#define DEVICE_LINK_UP (DEVICE_START | DEVICE_PRESENT)

/* net_device.operstate (RFC 2863). */
#define DEVICE_DOWN 2
#define DEVICE_LOWER_DOWN 3

/* The namespace's address; 0 on a kernel without namespaces, where nothing is to be told apart. */
static __always_inline __u64 device_net(struct net_device *dev)
{
	if (!bpf_core_field_exists(dev->nd_net.net))
		return 0;
	return (__u64)dev->nd_net.net;
}

/*
 * When carrier is back, the device's queues drop what comes until they are activated
 * (net/core/link_watch.c, linkwatch_do_dev()), by the same work that sets operstate just before. A
 * device that never had one says UNKNOWN.
 */
static __always_inline bool device_active(const struct net_device *dev)
{
	return dev->operstate != DEVICE_DOWN && dev->operstate != DEVICE_LOWER_DOWN;
}

/*
 * Is the port's device, learnt earlier, up with carrier? The pointer may be stale: such reads can't
 * fault, and memory that has been given to something else hardly bears our ifindex and namespace.
 */
static __always_inline bool device_ready(const struct bpfteam_port *port)
{
	struct net_device *dev = bpf_rdonly_cast((void *)port->dev,
						 bpf_core_type_id_kernel(struct net_device));

	return (dev->state & DEVICE_LINK_BITS) == DEVICE_LINK_UP && device_active(dev) &&
	       (__u32)dev->ifindex == port->ifindex && device_net(dev) == port->net;
}

/* Is the team's own device promiscuous beyond what its bridges and macvlans make it? */
static __always_inline bool device_captured(const struct net_device *dev,
					    const struct bpfteam_state *state)
{
	return dev->promiscuity > state->promisc_base;
}

static __always_inline bool device_promiscuous(const struct net_device *dev)
{
	return dev->promiscuity;
}

static __always_inline struct net_device *context_device(struct __sk_buff *skb)
{
	struct sk_buff *kernel_skb = bpf_cast_to_kern_ctx(skb);

	return kernel_skb->dev;
}

#endif
