/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_try.c - tries a kernel feature with the least program that needs it, and leaves nothing.
 *
 * Called by datapath_feature.c. Each function returns 0 or -errno. What needs a device to be tried
 * on is tried in a network namespace of a child process.
 */
#include <bpf/btf.h>
#include <linux/btf.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/datapath_priv.h"

#define NO_SUCH_IFINDEX 0x7fffffff
#define LOOPBACK_IFINDEX 1

/* r0 = 0; exit */
static const struct bpf_insn nothing[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};

static int load_nothing(enum bpf_prog_type type, struct bpf_prog_load_opts *opts)
{
	return bpf_prog_load(type, "bpfteam_try", "GPL", nothing,
			     sizeof(nothing) / sizeof(nothing[0]), opts);
}

static int try_load(enum bpf_prog_type type)
{
	int fd = load_nothing(type, NULL);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int dp_try_bpf(void)
{
	return try_load(BPF_PROG_TYPE_SCHED_CLS);
}

int dp_try_xdp(void)
{
	return try_load(BPF_PROG_TYPE_XDP);
}

/* A kernel that knows the attach type looks for the device; another one refuses the type. */
int dp_try_tcx(void)
{
	int prog = load_nothing(BPF_PROG_TYPE_SCHED_CLS, NULL), link;

	if (prog < 0)
		return prog;
	link = bpf_link_create(prog, NO_SUCH_IFINDEX, DP_TCX_INGRESS, NULL);
	close(prog);
	if (link >= 0) {
		close(link);
		return 0;
	}
	return link == -ENODEV ? 0 : link;
}

/* Who may not make a namespace (the unit's RestrictNamespaces=) can't try it, and takes it for there:
 * it is as old as cls_bpf's direct action, Linux 4.5. Attaching will tell. */
static int attach_clsact(void)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = LOOPBACK_IFINDEX, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1);
	int r;

	if (unshare(CLONE_NEWNET))
		return errno == EPERM ? 0 : -errno;
	opts.prog_fd = load_nothing(BPF_PROG_TYPE_SCHED_CLS, NULL);
	if (opts.prog_fd < 0)
		return opts.prog_fd;
	r = bpf_tc_hook_create(&hook);
	return r ? r : bpf_tc_attach(&hook, &opts);
}

int dp_try_clsact(void)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(-attach_clsact() & 0xff);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

/* A map whose value is a struct bpf_timer, by BTF. */
int dp_try_timer(void)
{
	struct btf *btf = btf__new_empty();
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int timer, fd, r = -ENOMEM;

	if (!btf)
		return -ENOMEM;
	opts.btf_key_type_id = (__u32)btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	timer = btf__add_struct(btf, "bpf_timer", sizeof(struct bpf_timer));
	opts.btf_value_type_id = (__u32)btf__add_struct(btf, "value", sizeof(struct bpf_timer));
	if (timer < 0 || btf__add_field(btf, "timer", timer, 0, 0))
		goto out;
	r = btf__load_into_kernel(btf);
	if (r)
		goto out;
	opts.btf_fd = (__u32)btf__fd(btf);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bpfteam_try", 4, sizeof(struct bpf_timer), 1,
			    &opts);
	r = fd < 0 ? fd : 0;
	if (fd >= 0)
		close(fd);
out:
	btf__free(btf);
	return r;
}

static struct bpf_insn call_kfunc(uint32_t id)
{
	return (struct bpf_insn){.code = BPF_JMP | BPF_CALL,
				 .src_reg = BPF_PSEUDO_KFUNC_CALL,
				 .imm = (__s32)id};
}

/* Reads a word of the context's device, as team.bpf.c does: kfuncs of Linux 6.2, CAP_PERFMON. */
int dp_try_rung0(void)
{
	struct dp_btf btf[] = {{"bpf_cast_to_kern_ctx", BTF_KIND_FUNC, 0},
			       {"bpf_rdonly_cast", BTF_KIND_FUNC, 0},
			       {"net_device", BTF_KIND_STRUCT, 0}};
	struct bpf_insn insns[7];
	int fd, r;

	r = dp_btf_find(btf, 3);
	if (r)
		return r;
	insns[0] = call_kfunc(btf[0].id);
	insns[1] = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X,
				     .dst_reg = BPF_REG_1,
				     .src_reg = BPF_REG_0};
	insns[2] = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K,
				     .dst_reg = BPF_REG_2,
				     .imm = (__s32)btf[2].id};
	insns[3] = call_kfunc(btf[1].id);
	insns[4] = (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_DW,
				     .dst_reg = BPF_REG_0,
				     .src_reg = BPF_REG_0};
	memcpy(insns + 5, nothing, sizeof(nothing));
	fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "bpfteam_try", "GPL", insns, 7, NULL);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int try_trace(const char *function, enum bpf_attach_type how)
{
	struct dp_btf btf = {function, BTF_KIND_FUNC, 0};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = how);
	int fd, r;

	r = dp_btf_find(&btf, 1);
	if (r)
		return r;
	opts.attach_btf_id = btf.id;
	fd = load_nothing(BPF_PROG_TYPE_TRACING, &opts);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int dp_try_tracing(void)
{
	return try_trace("netif_carrier_off", BPF_TRACE_FENTRY);
}

/* Whether the kernel's RDMA has the tracepoint is known once its module is there. */
int dp_try_cma(void)
{
	return try_load(BPF_PROG_TYPE_RAW_TRACEPOINT);
}

int dp_try_smc(void)
{
	return try_trace("update_socket_protocol", BPF_MODIFY_RETURN);
}

/* An extension takes the place of an XDP program's main function, as libxdp's dispatcher does. */
static int replace(struct btf *btf, __u32 func_id)
{
	struct bpf_func_info info = {.type_id = func_id};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_btf_fd = (__u32)btf__fd(btf),
		    .func_info = &info, .func_info_cnt = 1, .func_info_rec_size = sizeof(info));
	int target, ext, link;

	target = load_nothing(BPF_PROG_TYPE_XDP, &opts);
	if (target < 0)
		return target;
	opts.attach_prog_fd = (__u32)target;
	opts.attach_btf_id = func_id;
	ext = load_nothing(BPF_PROG_TYPE_EXT, &opts);
	link = ext < 0 ? ext : bpf_raw_tracepoint_open(NULL, ext);
	if (link >= 0)
		close(link);
	if (ext >= 0)
		close(ext);
	close(target);
	return link < 0 ? link : 0;
}

int dp_try_freplace(void)
{
	struct btf *btf = btf__new_empty();
	int r = -ENOMEM, number, context, pointer, proto, func;

	if (!btf)
		return -ENOMEM;
	number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	/* A whole struct: the kernel knows the context by that, and no forward declaration. */
	context = btf__add_struct(btf, "xdp_md", 4);
	if (context < 0 || btf__add_field(btf, "data", number, 0, 0))
		goto out;
	pointer = btf__add_ptr(btf, context);
	proto = btf__add_func_proto(btf, number);
	if (pointer < 0 || proto < 0 || btf__add_func_param(btf, "ctx", pointer))
		goto out;
	func = btf__add_func(btf, "bpfteam_try", BTF_FUNC_GLOBAL, proto);
	if (func < 0)
		goto out;
	r = btf__load_into_kernel(btf);
	if (!r)
		r = replace(btf, (__u32)func);
out:
	btf__free(btf);
	return r;
}
