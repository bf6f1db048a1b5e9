/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * beside.c - somebody else's BPF program at a device's tcx hook (Linux 6.6): counts the frames that
 * reach it, and lets them go on or drops them.
 *
 *   beside --dev DEV [--hook ingress|egress] [--order before|after] [--verdict next|drop] [--ready FILE]
 *
 * Stays attached until SIGTERM, then prints {"frames":N}. Before and after are those of BPF_F_BEFORE
 * and BPF_F_AFTER without a relative: first and last of all that are there now.
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <signal.h>
#include <sys/syscall.h>

#include "frame.h"

#define TCX_INGRESS 46
#define TCX_EGRESS 47
#define F_BEFORE (1u << 3)
#define F_AFTER (1u << 4)
#define TCX_NEXT -1
#define TCX_DROP 2

static struct {
	const char *dev, *hook, *order, *verdict, *ready;
} opt = {.hook = "ingress", .order = "after", .verdict = "next"};

static const struct lab_option options[] = {
	{"dev", .text = &opt.dev},     {"hook", .text = &opt.hook},
	{"order", .text = &opt.order}, {"verdict", .text = &opt.verdict},
	{"ready", .text = &opt.ready}, {},
};

/* One of two words: is it the second? */
static bool second(const char *word, const char *one, const char *two)
{
	if (strcmp(word, one) && strcmp(word, two))
		lab_die("%s: neither %s nor %s", word, one, two);
	return !strcmp(word, two);
}

/* counter: ARRAY[1] of 64 bits. */
static int load(int counter, int verdict)
{
	const struct bpf_insn insns[] = {
		/* r1 = &counter[0]; r2 = 1; *r1 += r2, atomic; return verdict */
		{.code = BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_VALUE, 0, counter},
		{},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 1},
		{.code = BPF_STX | BPF_DW | BPF_ATOMIC, 1, 2, 0, BPF_ADD},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, verdict},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "beside", "GPL", insns,
			       sizeof(insns) / sizeof(insns[0]), NULL);

	if (fd < 0)
		lab_die("BPF program: %s", strerror(errno));
	return fd;
}

/* BPF_LINK_CREATE as of Linux 6.6; older headers don't have the flags of tcx. */
static void attach(int prog, unsigned ifindex, unsigned hook, unsigned flags)
{
	struct {
		__u32 prog_fd, ifindex, type, flags, relative_fd, pad;
		__u64 revision;
		__u8 rest[64];
	} attr = {.prog_fd = (__u32)prog, .ifindex = ifindex, .type = hook, .flags = flags};

	if (syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr)) < 0)
		lab_die("%s: tcx: %s", opt.dev, strerror(errno));
}

int main(int argc, char **argv)
{
	uint64_t frames = 0;
	uint32_t zero = 0;
	int counter, signal;
	unsigned ifindex;
	sigset_t end;

	lab_parse(argc, argv, 1, options);
	if (!opt.dev)
		lab_die("usage: beside --dev DEV ...");
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	ifindex = frame_ifindex(opt.dev);
	counter = bpf_map_create(BPF_MAP_TYPE_ARRAY, "frames", 4, 8, 1, NULL);
	if (counter < 0)
		lab_die("BPF map: %s", strerror(errno));
	attach(load(counter, second(opt.verdict, "next", "drop") ? TCX_DROP : TCX_NEXT), ifindex,
	       second(opt.hook, "ingress", "egress") ? TCX_EGRESS : TCX_INGRESS,
	       second(opt.order, "before", "after") ? F_AFTER : F_BEFORE);
	lab_ready(opt.ready);
	sigwait(&end, &signal);
	bpf_map_lookup_elem(counter, &zero, &frames);
	printf("{\"frames\":%llu}\n", (unsigned long long)frames);
	return 0;
}
