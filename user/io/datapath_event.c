/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_event.c - what the programs tell (ring buffer) and what they answer (BPF_PROG_TEST_RUN).
 *
 * Called by team/. A ring buffer has one consumer position, shared by all processes: only the
 * daemon reads it.
 */
#include <string.h>
#include <unistd.h>

#include "io/datapath_priv.h"

static int on_sample(void *arg, void *data, size_t size)
{
	struct datapath *dp = arg;

	if (size >= sizeof(struct bpfteam_event) && dp->event_fn)
		dp->event_fn(data, dp->event_arg);
	return 0;
}

static int open_ring(struct datapath *dp)
{
	if (dp->ring)
		return 0;
	if (dp->map[DP_EVENTS] < 0)
		return -ENOENT;
	dp->ring = ring_buffer__new(dp->map[DP_EVENTS], on_sample, dp, NULL);
	return dp->ring ? 0 : -errno;
}

int datapath_events_fd(struct datapath *dp)
{
	int r = open_ring(dp);

	return r ? r : ring_buffer__epoll_fd(dp->ring);
}

int datapath_events_read(struct datapath *dp,
			 void (*fn)(const struct bpfteam_event *event, void *arg), void *arg)
{
	int r = open_ring(dp);

	if (r)
		return r;
	dp->event_fn = fn;
	dp->event_arg = arg;
	r = ring_buffer__consume(dp->ring);
	return r < 0 ? r : 0;
}

int dp_run(int prog_fd, const void *frame, size_t len, struct __sk_buff *ctx, uint32_t *retval)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)len,
		    .ctx_in = ctx, .ctx_size_in = sizeof(*ctx), .ctx_out = ctx,
		    .ctx_size_out = sizeof(*ctx), .repeat = 1);
	int r = bpf_prog_test_run_opts(prog_fd, &opts);

	if (!r && retval)
		*retval = opts.retval;
	return r;
}

int dp_explain(const struct datapath *dp, int prog_fd, const void *frame, size_t len,
	       struct __sk_buff *ctx, struct datapath_verdict *ret, struct err *err)
{
	uint32_t retval = 0;
	int r;

	if (len < 14)
		return err_set(err, -EINVAL, "%s: a frame has at least 14 bytes", dp->team);
	r = dp_run(prog_fd, frame, len, ctx, &retval);
	if (!r && retval)
		r = -ENOENT;
	if (r)
		return dp_fail(err, r, "%s: running the data path on a frame", dp->team);
	ret->port = ctx->cb[BPFTEAM_EXPLAIN_PORT] < BPFTEAM_PORTS_MAX
			    ? (uint8_t)ctx->cb[BPFTEAM_EXPLAIN_PORT]
			    : BPFTEAM_PORT_NONE;
	ret->slot = ctx->cb[BPFTEAM_EXPLAIN_SLOT];
	ret->hash = ctx->cb[BPFTEAM_EXPLAIN_HASH];
	ret->position = ctx->cb[BPFTEAM_EXPLAIN_POSITION];
	return 0;
}

int datapath_explain(struct datapath *dp, const void *frame, size_t len,
		     struct datapath_verdict *ret, struct err *err)
{
	struct __sk_buff ctx = {0};
	int fd, r;

	fd = dp_get(dp, "explain");
	if (fd < 0)
		return dp_fail(err, fd, "%s: program to explain with", dp->team);
	r = dp_explain(dp, fd, frame, len, &ctx, ret, err);
	close(fd);
	return r;
}
