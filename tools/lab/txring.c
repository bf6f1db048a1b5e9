/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * txring.c - sends UDP datagrams through PACKET_TX_RING on SOCK_RAW, as packet generators and
 * user-space stacks do. Such a frame reaches tcx egress with its network header at the MAC header
 * (net/packet/af_packet.c, tpacket_fill_skb()), where a redirect is refused.
 *
 *   txring --dev DEV --src MAC --dst MAC --from IP --to IP --port N [--count N]
 *
 * The datagrams are those of `stream`. Prints {"sent":N,"refused":N}; refused are slots that the
 * kernel gave back as wrong, or a send() that failed.
 */
#include <linux/if_packet.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "frame.h"

#define SLOTS 64
#define SLOT_SIZE 2048

static struct {
	const char *dev, *src, *dst, *from, *to;
	unsigned port, count;
} opt = {.count = 1000};

static const struct lab_option options[] = {
	{"dev", .text = &opt.dev},       {"src", .text = &opt.src},
	{"dst", .text = &opt.dst},       {"from", .text = &opt.from},
	{"to", .text = &opt.to},         {"port", .number = &opt.port},
	{"count", .number = &opt.count}, {},
};

static uint8_t *open_ring(int *ret_fd)
{
	struct tpacket_req req = {
		.tp_block_size = SLOTS * SLOT_SIZE,
		.tp_block_nr = 1,
		.tp_frame_size = SLOT_SIZE,
		.tp_frame_nr = SLOTS,
	};
	struct sockaddr_ll on = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	int version = TPACKET_V2, skip = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	void *ring;

	if (fd < 0)
		lab_die("packet socket: %s", strerror(errno));
	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_LOSS, &skip, sizeof(skip)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof(req)))
		lab_die("PACKET_TX_RING: %s", strerror(errno));
	on.sll_ifindex = (int)frame_ifindex(opt.dev);
	if (bind(fd, (void *)&on, sizeof(on)))
		lab_die("%s: %s", opt.dev, strerror(errno));
	ring = mmap(NULL, SLOTS * SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		lab_die("mmap: %s", strerror(errno));
	*ret_fd = fd;
	return ring;
}

static void fill(struct tpacket2_hdr *hdr, uint64_t seq, uint64_t total)
{
	uint8_t *frame = (uint8_t *)hdr + TPACKET2_HDRLEN - sizeof(struct sockaddr_ll);
	struct stream_packet packet = {.magic = STREAM_MAGIC,
				       .seq = seq,
				       .sent_ns = lab_now(),
				       .total = total};
	size_t len = frame_eth(frame, opt.src, opt.dst, 0, ETH_P_IP);

	len += frame_udp4(frame + len, opt.from, opt.to, 40000, opt.port, sizeof(packet));
	memcpy(frame + len, &packet, sizeof(packet));
	hdr->tp_len = (uint32_t)(len + sizeof(packet));
	__atomic_store_n(&hdr->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
}

/* Without MSG_DONTWAIT send() returns when the ring has been sent. */
static bool flush(int fd)
{
	return send(fd, NULL, 0, 0) >= 0;
}

int main(int argc, char **argv)
{
	unsigned refused = 0, sent = 0;
	uint8_t *ring;
	int fd;

	lab_parse(argc, argv, 1, options);
	if (!opt.dev || !opt.src || !opt.dst || !opt.from || !opt.to || !opt.port)
		lab_die("usage: txring --dev DEV --src MAC --dst MAC --from IP --to IP --port N");
	ring = open_ring(&fd);
	for (unsigned i = 0; i < opt.count + 4; i++) {
		struct tpacket2_hdr *hdr = (void *)(ring + (size_t)(i % SLOTS) * SLOT_SIZE);
		bool closing = i >= opt.count;

		if (hdr->tp_status != TP_STATUS_AVAILABLE && !flush(fd))
			refused++;
		if (hdr->tp_status == TP_STATUS_WRONG_FORMAT)
			refused++;
		fill(hdr, i, closing ? opt.count : 0);
		sent += !closing;
		if (closing || i % 16 == 15) {
			if (!flush(fd))
				refused++;
			lab_sleep_until(lab_now() + (closing ? 20000000 : 500000));
		}
	}
	printf("{\"sent\":%u,\"refused\":%u}\n", sent, refused);
	return 0;
}
