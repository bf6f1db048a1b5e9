/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * exempt.c - flows that stay on an RNIC, so many as no lab could open: straight into the maps of a team
 * whose daemon finds no RDMA that would tell of others.
 *
 *   exempt --pins BPFFS/TEAM --port ID --local IP --local-port N --remote IP --remote-port N --count N
 *
 * The set is replaced: COUNT flows, UDP, IPv4, all with the local side given; the remote side counts up
 * from the one given, ports first. 0 leaves none.
 */
#include <netinet/in.h>

#include <bpf/bpf.h>

#include "../lab/frame.h"
#include "bpfteam/abi.h"

#define BATCH 4096

static struct {
	const char *pins, *local, *remote;
	unsigned port, local_port, remote_port, count;
} opt;

static const struct lab_option options[] = {
	{.name = "pins", .text = &opt.pins},
	{.name = "port", .number = &opt.port},
	{.name = "local", .text = &opt.local},
	{.name = "local-port", .number = &opt.local_port},
	{.name = "remote", .text = &opt.remote},
	{.name = "remote-port", .number = &opt.remote_port},
	{.name = "count", .number = &opt.count},
	{},
};

static int open_map(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", opt.pins, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		lab_die("%s: %s", path, strerror(errno));
	return fd;
}

/* ::ffff:a.b.c.d */
static struct bpfteam_ip mapped(uint32_t ip4)
{
	uint8_t bytes[16] = {[10] = 0xff, 0xff};
	struct bpfteam_ip ip;

	memcpy(bytes + 12, &ip4, 4);
	memcpy(&ip, bytes, sizeof(ip));
	return ip;
}

/* In batches: from the first key on, each step would look through all that is empty by then. */
static void clear(int fd)
{
	static struct bpfteam_rdma_flow keys[BATCH];
	static uint32_t kinds[BATCH];
	uint32_t place, *from = NULL, n;
	int r;

	do {
		n = BATCH;
		r = bpf_map_lookup_and_delete_batch(fd, from, &place, keys, kinds, &n, NULL);
		from = &place;
	} while (!r);
	if (r != -ENOENT)
		lab_die("the flows can't be removed: %s", strerror(-r));
}

static void fill(int fd)
{
	uint32_t kind = BPFTEAM_RDMA_IWARP, host = ntohl(frame_ip4(opt.remote));
	struct bpfteam_rdma_flow key = {
		.port = opt.port,
		.proto = IPPROTO_UDP,
		.local_port = htons(opt.local_port),
		.local = mapped(frame_ip4(opt.local)),
	};

	for (unsigned i = 0; i < opt.count; i++) {
		unsigned port = opt.remote_port + i;

		key.remote_port = htons(port % 65536 ?: 1);
		key.remote = mapped(htonl(host + port / 65536));
		if (bpf_map_update_elem(fd, &key, &kind, BPF_ANY))
			lab_die("flow %u can't be added: %s", i, strerror(errno));
	}
}

int main(int argc, char **argv)
{
	static struct bpfteam_rdma_bitmap bits;
	uint32_t zero = 0;
	int fd;

	lab_parse(argc, argv, 1, options);
	if (!opt.pins || !opt.local || !opt.remote || !opt.local_port || opt.local_port > 65535)
		lab_die("usage: exempt --pins FOLDER --port ID --local IP --local-port N --remote "
			"IP --remote-port N --count N");
	fd = open_map("rdma_flows");
	clear(fd);
	fill(fd);
	if (opt.count)
		bits.word[opt.local_port / 64] |= 1ull << opt.local_port % 64;
	if (bpf_map_update_elem(open_map("rdma_ports"), &zero, &bits, BPF_ANY))
		lab_die("the bitmap can't be written: %s", strerror(errno));
	return 0;
}
