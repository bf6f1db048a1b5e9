// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_datapath_flows.c - the flows that stay on RNICs, in the pinned maps of a team without programs:
 * differences, what is by hand beside what is learnt, and one more than there is room for.
 */
#include "datapath_lab.h"

#include <bpf/bpf.h>
#include <netinet/in.h>
#include <sys/mman.h>

#define MANY BPFTEAM_RDMA_FLOWS_MAX

static struct datapath_flow *flows;

/* Learnt flow number i: a local port of its own for each eight. */
static struct datapath_flow flow_of(unsigned i)
{
	struct datapath_flow flow = {
		.port = 3,
		.proto = IPPROTO_TCP,
		.local = {.family = AF_INET, .byte = {198, 51, 100, 1}},
		.local_port = 20000 + i / 8,
		.remote = {.family = AF_INET, .byte = {203, 0, 113, i % 8 + 1}},
		.remote_port = 1000,
	};

	return flow;
}

static int map_of(const char *name)
{
	char path[192];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", lab_bpffs, LAB_TEAM, name);
	fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	return fd;
}

static const struct bpfteam_rdma_bitmap *bitmap_of(void)
{
	int fd = map_of("rdma_ports");
	void *memory = mmap(NULL, sizeof(struct bpfteam_rdma_bitmap), PROT_READ, MAP_SHARED, fd, 0);

	close(fd);
	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static bool has_bit(const struct bpfteam_rdma_bitmap *bitmap, uint16_t port)
{
	return bitmap->word[port / 64] >> port % 64 & 1;
}

/* The reason for which a flow is in the map; -1: it is not. */
static int kind_of(const struct datapath_flow *flow)
{
	struct bpfteam_rdma_flow key = {
		.port = flow->port,
		.proto = flow->proto,
		.local_port = htons(flow->local_port),
		.remote_port = htons(flow->remote_port),
	};
	int fd = map_of("rdma_flows"), ret;
	uint32_t kind;

	memcpy(&key.local, (uint8_t[16]){[10] = 0xff, 0xff, 198, 51, 100, 1}, 16);
	if (flow->remote_port) {
		memcpy(&key.remote, (uint8_t[16]){[10] = 0xff, 0xff}, 16);
		memcpy((uint8_t *)&key.remote + 12, flow->remote.byte, 4);
	}
	ret = bpf_map_lookup_elem(fd, &key, &kind) ? -1 : (int)kind;
	close(fd);
	return ret;
}

static struct datapath *make(void)
{
	struct datapath *dp;
	struct err err = {""};

	assert_int_equal(datapath_create(lab_bpffs, LAB_TEAM, &dp, &err), 0);
	return dp;
}

static void unmake(struct datapath *dp)
{
	assert_int_equal(datapath_destroy(dp, NULL), 0);
	datapath_close(dp);
}

static int learn(struct datapath *dp, unsigned n)
{
	return datapath_set_flows(dp, BPFTEAM_RDMA_IWARP, flows, n);
}

static void differences(void **state)
{
	struct datapath *dp = make();
	const struct bpfteam_rdma_bitmap *bitmap = bitmap_of();

	assert_int_equal(learn(dp, 0), 0);
	assert_int_equal(learn(dp, 20), 20);
	assert_int_equal(learn(dp, 20), 0);
	assert_true(has_bit(bitmap, 20000) && has_bit(bitmap, 20002));
	assert_int_equal(datapath_set_flows(dp, BPFTEAM_RDMA_IWARP, flows + 10, 20), 20);
	assert_int_equal(kind_of(&flows[9]), -1);
	assert_int_equal(kind_of(&flows[10]), BPFTEAM_RDMA_IWARP);
	assert_false(has_bit(bitmap, 20000));
	assert_true(has_bit(bitmap, 20001));
	/* One that is named twice is one. */
	flows[1] = flows[0];
	assert_int_equal(learn(dp, 2), 1 + 20);
	flows[1] = flow_of(1);
	assert_int_equal(learn(dp, 0), 1);
	assert_false(has_bit(bitmap, 20000));
	munmap((void *)bitmap, sizeof(*bitmap));
	unmake(dp);
}

static void by_hand(void **state)
{
	struct datapath *dp = make();
	const struct bpfteam_rdma_bitmap *bitmap = bitmap_of();
	struct datapath_flow udp = {.port = 3,
				    .proto = IPPROTO_UDP,
				    .local = flows[0].local,
				    .local_port = 9};
	struct datapath_flow hand[] = {flows[0], udp};

	assert_int_equal(learn(dp, 10), 10);
	assert_int_equal(datapath_set_flows(dp, BPFTEAM_RDMA_BY_HAND, hand, 2), 2);
	assert_int_equal(kind_of(&flows[0]), BPFTEAM_RDMA_BY_HAND);
	assert_int_equal(kind_of(&udp), BPFTEAM_RDMA_BY_HAND);
	assert_int_equal(kind_of(&flows[1]), BPFTEAM_RDMA_IWARP);
	assert_true(has_bit(bitmap, 9) && has_bit(bitmap, 20001));
	/* A poll takes away nothing of that, whether or not it finds the same. */
	assert_int_equal(learn(dp, 10), 0);
	assert_int_equal(learn(dp, 0), 9);
	assert_int_equal(kind_of(&flows[0]), BPFTEAM_RDMA_BY_HAND);
	assert_true(has_bit(bitmap, 9) && has_bit(bitmap, 20000) && !has_bit(bitmap, 20001));
	assert_int_equal(datapath_set_flows(dp, BPFTEAM_RDMA_BY_HAND, hand, 0), 2);
	assert_false(has_bit(bitmap, 9) || has_bit(bitmap, 20000));
	assert_int_equal(learn(dp, 1), 1);
	assert_int_equal(kind_of(&flows[0]), BPFTEAM_RDMA_IWARP);
	munmap((void *)bitmap, sizeof(*bitmap));
	unmake(dp);
}

static void one_too_many(void **state)
{
	struct datapath *dp = make();
	const struct bpfteam_rdma_bitmap *bitmap = bitmap_of();
	struct datapath_flow udp = {.port = 3,
				    .proto = IPPROTO_UDP,
				    .local = flows[0].local,
				    .local_port = 9};

	assert_int_equal(learn(dp, MANY), MANY);
	assert_false(datapath_flows_full(dp));
	flows[MANY].local_port = 60000;
	assert_int_equal(learn(dp, MANY + 1), -E2BIG);
	assert_true(datapath_flows_full(dp));
	assert_true(has_bit(bitmap, 60000));
	assert_int_equal(learn(dp, MANY + 1), -E2BIG);
	/* There is room for what is by hand, all the same. */
	assert_int_equal(datapath_set_flows(dp, BPFTEAM_RDMA_BY_HAND, &udp, 1), 1);
	assert_int_equal(kind_of(&udp), BPFTEAM_RDMA_BY_HAND);
	assert_true(datapath_flows_full(dp));
	/* One goes, and the last one has its place. */
	assert_int_equal(datapath_set_flows(dp, BPFTEAM_RDMA_IWARP, flows + 1, MANY), 2);
	assert_false(datapath_flows_full(dp));
	assert_int_equal(kind_of(&flows[MANY]), BPFTEAM_RDMA_IWARP);
	flows[MANY] = flow_of(MANY);
	munmap((void *)bitmap, sizeof(*bitmap));
	unmake(dp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(one_too_many),
	};
	int failed;

	flows = calloc(MANY + 1, sizeof(*flows));
	if (!flows)
		return 1;
	for (unsigned i = 0; i <= MANY; i++)
		flows[i] = flow_of(i);
	lab_enter();
	failed = cmocka_run_group_tests_name("flows", tests, NULL, NULL);
	lab_leave();
	free(flows);
	return failed != 0;
}
