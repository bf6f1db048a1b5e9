/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpf_harness.h - what the tests of this folder share: a network namespace of their own with ports
 * in it, the loaded programs with their maps at hand, and BPF_PROG_TEST_RUN.
 *
 *	this process's namespace:   p0 --- q0   p1 --- q1   ...      veth pairs; a port's carrier is
 *	                            (ids 0, 1, ...)                  its peer's admin state
 *
 * Uses libbpf, the skeletons and abi.h, and nothing of user/.
 */
#ifndef BPFTEAM_BPF_HARNESS_H
#define BPFTEAM_BPF_HARNESS_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bpfteam/abi.h"
#include "frames.h"
#include "tap.h"
#include "team.skel.h"

#define TC_NEXT ((uint32_t)-1)
#define TC_DROP 2
#define TC_REDIRECT 7
#define NO_VERDICT 0xdead /* BPF_PROG_TEST_RUN refused the frame; errno says why */

#define TEST_MARK 0x5eed1234

static inline void __attribute__((format(printf, 1, 2))) sh(const char *fmt, ...)
{
	char command[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command)) {
		diag("failed: %s", command);
		bail("a command of the test's set-up failed");
	}
}

static inline uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

/* A seeded generator, so that a failure can be had again (Marsaglia 2003, xorshift64). */
static inline uint32_t random32(void)
{
	static uint64_t state = 0x2545f4914f6cdd1d;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 32;
}

/* Waits up to a second until the condition holds; true when it does. */
#define WAIT_FOR(condition)                                 \
	({                                                  \
		uint64_t until_ = now_ns() + 1000000000ull; \
		while (!(condition) && now_ns() < until_)   \
			usleep(500);                        \
		!!(condition);                              \
	})

static inline int harness_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level != LIBBPF_WARN || !getenv("V"))
		return 0;
	return vfprintf(stderr, fmt, args);
}

/* After p<port> or its peer was set up: its queues become active a moment later. */
static inline void port_up(const char *device, unsigned port)
{
	char command[64];

	sh("ip link set %s up", device);
	snprintf(command, sizeof(command), "ip link show dev p%u | grep -q 'state UP'", port);
	if (!WAIT_FOR(!system(command)))
		bail("a port does not come up");
}

/* A namespace with team0, its inner end, and n ports, all up. Skips all when that can't be had. */
static inline void harness_init(unsigned n)
{
	char name[IFNAMSIZ];
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	libbpf_set_print(harness_print);
	if (geteuid())
		skip_all("not root");
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (unshare(CLONE_NEWNET))
		skip_all("no network namespaces");
	/* No traffic but the test's. */
	sh("echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/default/disable_ipv6 || :");
	sh("ip link set lo up");
	sh("ip link add team0 address 02:00:00:00:00:aa type veth peer name inner");
	sh("ip link set team0 up && ip link set inner up");
	for (unsigned i = 0; i < n; i++) {
		sh("ip link add p%u type veth peer name q%u", i, i);
		snprintf(name, sizeof(name), "q%u", i);
		sh("ip link set p%u up", i);
		port_up(name, i);
	}
}

/* balance-rr counts on each CPU for itself. */
static inline void harness_stay(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bail("can't stay on a CPU");
}

static inline uint32_t port_ifindex(unsigned i)
{
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "p%u", i);
	return if_nametoindex(name);
}

/* The maps that programs of one team share, as memory. */
struct maps {
	struct bpfteam_tables *tables;
	struct bpfteam_state *state; /* of tables, as are these: */
	struct bpfteam_slot *slots;
	struct bpfteam_port *ports;
	int stats_fd;
};

static inline void *map_memory(const struct bpf_map *map)
{
	size_t size = (size_t)bpf_map__max_entries(map) * ((bpf_map__value_size(map) + 7) & ~7u);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (memory == MAP_FAILED)
		bail("a map can't be mapped into memory");
	return memory;
}

static inline struct maps maps_open(const struct bpf_map *tables, const struct bpf_map *stats)
{
	struct bpfteam_tables *memory = map_memory(tables);

	return (struct maps){.tables = memory,
			     .state = &memory->state,
			     .slots = memory->slots,
			     .ports = memory->ports,
			     .stats_fd = bpf_map__fd(stats)};
}

/* Sets up port ids 0..n-1 as p0..pn-1, all alive with link, in every list in that order. */
static inline void maps_fill(struct maps *maps, unsigned n)
{
	memset(maps->tables, 0, sizeof(*maps->tables));
	memset(maps->slots, BPFTEAM_PORT_NONE, BPFTEAM_SLOTS * sizeof(*maps->slots));
	maps->state->alive = maps->state->link = maps->state->accept = n ? ~0ull >> (64 - n) : 0;
	maps->state->prev_port = BPFTEAM_PORT_NONE;
	for (unsigned i = 0; i < n; i++)
		maps->ports[i].ifindex = port_ifindex(i);
	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++)
		for (unsigned i = 0; i < n && i < BPFTEAM_SLOT_PORTS; i++)
			maps->slots[slot].port[i] = i;
}

static inline struct bpfteam_stats stats_of(const struct maps *maps, uint32_t id)
{
	struct bpfteam_stats sum = {}, *each;
	int cpus = libbpf_num_possible_cpus();
	const size_t words = sizeof(sum) / 8;

	each = calloc(cpus, sizeof(*each));
	if (!each || bpf_map_lookup_elem(maps->stats_fd, &id, each))
		bail("counters can't be read");
	for (int cpu = 0; cpu < cpus; cpu++)
		for (size_t i = 0; i < words; i++)
			((__u64 *)&sum)[i] += ((__u64 *)&each[cpu])[i];
	free(each);
	return sum;
}

/* Frames and drops of everybody: what a program counted for one frame, wherever. */
static inline uint64_t stats_total(const struct maps *maps)
{
	uint64_t total = 0;

	for (uint32_t id = 0; id < BPFTEAM_STATS_MAX; id++) {
		struct bpfteam_stats stats = stats_of(maps, id);

		total += stats.tx_packets + stats.rx_packets;
		for (int i = 0; i < BPFTEAM_DROP_MAX; i++)
			total += stats.drops[i];
	}
	return total;
}

/* Runs a program on len bytes. ctx may be NULL. Returns its verdict, or NO_VERDICT. */
static inline uint32_t run_with(int fd, const void *data, unsigned len, struct __sk_buff *ctx)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data, .data_size_in = len);

	if (ctx) {
		opts.ctx_in = opts.ctx_out = ctx;
		opts.ctx_size_in = opts.ctx_size_out = sizeof(*ctx);
	}
	if (bpf_prog_test_run_opts(fd, &opts))
		return NO_VERDICT;
	return opts.retval;
}

/* The same with the frame as the program left it in *ret. */
static inline uint32_t run_out(const struct bpf_program *prog, const struct frame_buf *frame,
			       struct frame_buf *ret)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data, .data_size_in = frame->len,
		    .data_out = ret->data, .data_size_out = sizeof(ret->data));

	memset(ret, 0, sizeof(*ret));
	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
		return NO_VERDICT;
	ret->len = opts.data_size_out;
	return opts.retval;
}

static inline uint32_t run(const struct bpf_program *prog, const struct frame_buf *frame)
{
	return run_with(bpf_program__fd(prog), frame->data, frame->len, NULL);
}

/* ---- the vport's programs ---- */

struct team_options {
	enum bpfteam_mode mode;
	enum bpfteam_hash hash;
	bool state; /* the state detector */
	uint64_t watch_ns;
	uint32_t packets_per_slave;
};

struct team {
	struct team_bpf *skel;
	struct bpf_program *tx, *inner; /* those that are loaded */
	struct maps maps;
};

static inline bool hashes_more(const struct team_options *options)
{
	return options->mode != BPFTEAM_ACTIVE_BACKUP && options->hash > BPFTEAM_HASH_LAYER23;
}

/* The ones that the loader takes. */
static inline struct bpf_program *team_inner_program(struct team_bpf *skel,
						     const struct team_options *options)
{
	if (options->mode == BPFTEAM_BROADCAST)
		return skel->progs.team_inner_all;
	if (options->mode == BPFTEAM_BALANCE_TLB)
		return skel->progs.team_inner_own;
	if (options->mode == BPFTEAM_BALANCE_RR || options->mode == BPFTEAM_RANDOM)
		return skel->progs.team_inner_turn;
	return hashes_more(options) ? skel->progs.team_inner_policy : skel->progs.team_inner;
}

static inline struct bpf_program *team_program(struct team_bpf *skel,
					       const struct team_options *options)
{
	if (options->mode == BPFTEAM_BROADCAST)
		return skel->progs.team_tx_all;
	if (options->mode == BPFTEAM_BALANCE_RR || options->mode == BPFTEAM_RANDOM)
		return skel->progs.team_tx_turn;
	if (options->mode == BPFTEAM_BALANCE_TLB)
		return skel->progs.team_tx_own;
	if (hashes_more(options))
		return skel->progs.team_tx_policy;
	if (!options->state || !options->watch_ns)
		return skel->progs.team_tx;
	if (options->mode == BPFTEAM_ACTIVE_BACKUP)
		return skel->progs.team_tx_first;
	return options->hash == BPFTEAM_HASH_LAYER34 ? skel->progs.team_tx_flow
						     : skel->progs.team_tx_mac;
}

/* Learns a device as the loader does. Returns the program's result. */
static inline uint32_t team_learn(struct team *team, unsigned id, uint32_t ifindex)
{
	struct __sk_buff ctx = {.ifindex = ifindex, .cb = {id}};
	uint8_t frame[64] = {};

	return run_with(bpf_program__fd(team->skel->progs.team_learn), frame, sizeof(frame), &ctx);
}

static inline uint32_t team_learn_port(struct team *team, unsigned id)
{
	return team_learn(team, id, port_ifindex(id));
}

/* Loads them and gives them ports 0..n-1. skel is NULL when this kernel refuses. */
static inline struct team team_load(const struct team_options *options, unsigned n)
{
	struct team team = {.skel = team_bpf__open()};

	if (!team.skel)
		return team;
	team.skel->rodata->cfg_mode = options->mode;
	team.skel->rodata->cfg_hash = options->hash;
	team.skel->rodata->cfg_state = options->state;
	team.skel->rodata->cfg_watch_ns = options->watch_ns;
	team.skel->rodata->cfg_mark = TEST_MARK;
	bpf_program__set_autoload(team.skel->progs.team_learn, options->state);
	bpf_program__set_autoload(team.skel->progs.team_watch, options->watch_ns);
	team.skel->rodata->cfg_packets_per_slave = options->packets_per_slave;
	team.tx = team_program(team.skel, options);
	team.inner = team_inner_program(team.skel, options);
	bpf_program__set_autoload(team.tx, true);
	bpf_program__set_autoload(team.inner, true);
	if (team_bpf__load(team.skel)) {
		team_bpf__destroy(team.skel);
		team.skel = NULL;
		return team;
	}
	team.maps = maps_open(team.skel->maps.bss, team.skel->maps.port_stats);
	maps_fill(&team.maps, n);
	if (options->state)
		team_learn(&team, BPFTEAM_LEARN_TEAM, if_nametoindex("team0"));
	return team;
}

static inline void maps_free(struct maps *maps)
{
	munmap(maps->tables, sizeof(*maps->tables));
}

static inline void team_free(struct team *team)
{
	if (team->skel)
		maps_free(&team->maps);
	team_bpf__destroy(team->skel);
	team->skel = NULL;
}

struct answer {
	uint32_t port, slot, hash, position;
	bool valid;
};

static inline struct answer explain_bytes(struct team *team, const void *data, unsigned len)
{
	struct __sk_buff ctx = {};
	struct answer answer = {};

	answer.valid = !run_with(bpf_program__fd(team->skel->progs.team_explain), data, len, &ctx);
	answer.port = ctx.cb[BPFTEAM_EXPLAIN_PORT];
	answer.slot = ctx.cb[BPFTEAM_EXPLAIN_SLOT];
	answer.hash = ctx.cb[BPFTEAM_EXPLAIN_HASH];
	answer.position = ctx.cb[BPFTEAM_EXPLAIN_POSITION];
	return answer;
}

static inline struct answer explain(struct team *team, const struct flow *flow)
{
	struct frame_buf frame;

	frame_build(&frame, flow);
	return explain_bytes(team, frame.data, frame.len);
}

/* ---- events ---- */

#define EVENTS_MAX 64

struct events {
	struct ring_buffer *ring;
	struct bpfteam_event event[EVENTS_MAX];
	unsigned n;
};

static inline int events_add(void *arg, void *data, size_t size)
{
	struct events *events = arg;

	if (size >= sizeof(struct bpfteam_event) && events->n < EVENTS_MAX)
		memcpy(&events->event[events->n++], data, sizeof(struct bpfteam_event));
	return 0;
}

static inline void events_open(struct events *events, const struct bpf_map *map)
{
	events->n = 0;
	events->ring = ring_buffer__new(bpf_map__fd(map), events_add, events, NULL);
	if (!events->ring)
		bail("the ring buffer can't be opened");
}

/* Reads what is there; returns how many there are since the last events_clear(). */
static inline unsigned events_read(struct events *events)
{
	ring_buffer__consume(events->ring);
	return events->n;
}

static inline void events_clear(struct events *events)
{
	events_read(events);
	events->n = 0;
}

#endif
