// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * smc.bpf.c - TCP sockets that programs of chosen cgroups make become SMC's, and the programs know
 * nothing of it (update_socket_protocol(), net/socket.c, from Linux 6.6; IPPROTO_SMC from 6.11). SMC
 * itself falls back to TCP where the other side does not speak it.
 *
 * The kernel asks when a socket is made. Then nothing is known of it but who makes it: no address, no
 * port.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpfteam/abi.h"

#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOCK_TYPE_MASK 0xf
#define IPPROTO_TCP 6
#define IPPROTO_SMC 256

SEC("license")
char LICENSE[] = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, BPFTEAM_SMC_CGROUPS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} smc_cgroups SEC(".maps");

/* What it returns is the socket's protocol; 0: what the program asked for. */
SEC("fmod_ret/update_socket_protocol")
int smc_protocol(__u64 *ctx)
{
	int family = ctx[0], type = ctx[1], protocol = ctx[2];

	if ((family != AF_INET && family != AF_INET6) || (type & SOCK_TYPE_MASK) != SOCK_STREAM ||
	    (protocol && protocol != IPPROTO_TCP))
		return 0;
	for (__u32 i = 0; i < BPFTEAM_SMC_CGROUPS_MAX; i++)
		if (bpf_current_task_under_cgroup(&smc_cgroups, i) == 1)
			return IPPROTO_SMC;
	return 0;
}
