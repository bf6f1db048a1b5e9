/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* packets.h - frames on real devices: packet sockets that send in each way and that listen. */
#ifndef BPFTEAM_PACKETS_H
#define BPFTEAM_PACKETS_H

#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>

#include "bpf_harness.h"

#ifndef BPF_TCX_INGRESS /* linux-libc-dev before 6.6 */
#define TCX_INGRESS 46
#define TCX_EGRESS 47
#else
#define TCX_INGRESS BPF_TCX_INGRESS
#define TCX_EGRESS BPF_TCX_EGRESS
#endif

#define RING_FRAME 2048
#define SETTLE_MS 20

/* What a packet socket says of a frame. */
struct heard {
	unsigned n; /* frames heard; the rest is of the last one */
	struct frame_buf frame;
	uint8_t type; /* PACKET_HOST and so on */
	int vlan; /* -1: none */
};

/* Attaches a program, or skips everything where the kernel has no tcx. */
static inline void attach(const struct bpf_program *prog, const char *device, int where)
{
	if (bpf_link_create(bpf_program__fd(prog), if_nametoindex(device), where, NULL) < 0)
		skip_all("the kernel has no tcx");
}

static inline int packet_open(const char *device, uint16_t protocol)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(protocol),
				      .sll_ifindex = if_nametoindex(device)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		bail("a packet socket can't be opened");
	return fd;
}

/* Listens to a device; promisc as tcpdump does it. */
static inline int listen_on(const char *device, bool promisc)
{
	struct packet_mreq request = {.mr_ifindex = if_nametoindex(device),
				      .mr_type = PACKET_MR_PROMISC};
	int fd = packet_open(device, ETH_P_ALL);

	if (promisc && setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)))
		bail("a device can't be made promiscuous");
	return fd;
}

static inline void hear_one(int fd, struct heard *heard)
{
	char control[256];
	struct sockaddr_ll from;
	struct iovec iov = {heard->frame.data, sizeof(heard->frame.data)};
	struct msghdr message = {.msg_name = &from,
				 .msg_namelen = sizeof(from),
				 .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(fd, &message, MSG_TRUNC);

	if (len < 0 && errno == ENETDOWN) /* said once when the device goes down */
		return;
	if (len < 0)
		bail("recvmsg");
	heard->n++;
	heard->frame.len = len;
	heard->type = from.sll_pkttype;
	heard->vlan = -1;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header)) {
		const struct tpacket_auxdata *aux = (const void *)CMSG_DATA(header);

		if (header->cmsg_level == SOL_PACKET && header->cmsg_type == PACKET_AUXDATA &&
		    aux->tp_status & TP_STATUS_VLAN_VALID)
			heard->vlan = aux->tp_vlan_tci & 0xfff;
	}
}

/* Everything that fd hears until it has been silent for a moment. */
static inline struct heard hear(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	struct heard heard = {};

	while (poll(&ready, 1, SETTLE_MS) > 0)
		hear_one(fd, &heard);
	return heard;
}

static inline void packet_send(const char *device, const struct frame_buf *frame)
{
	int fd = packet_open(device, 0);

	if (send(fd, frame->data, frame->len, 0) != (ssize_t)frame->len)
		ok(false, "a packet socket sends on %s: %s", device, strerror(errno));
	close(fd);
}

/* As above through PACKET_TX_RING: the frame's bytes stay in the ring, 14 of them are linear. */
static inline void packet_send_ring(const char *device, const struct frame_buf *frame)
{
	struct tpacket_req request = {.tp_block_size = 4096,
				      .tp_block_nr = 1,
				      .tp_frame_size = RING_FRAME,
				      .tp_frame_nr = 2};
	int fd = packet_open(device, 0);
	struct tpacket_hdr *slot;

	if (setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof(request)))
		bail("no PACKET_TX_RING");
	slot = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (slot == MAP_FAILED)
		bail("the ring can't be mapped");
	memcpy((char *)slot + TPACKET_HDRLEN - sizeof(struct sockaddr_ll), frame->data, frame->len);
	slot->tp_len = frame->len;
	slot->tp_status = TP_STATUS_SEND_REQUEST;
	if (send(fd, NULL, 0, 0) < 0)
		ok(false, "the ring is sent on %s: %s", device, strerror(errno));
	munmap(slot, 4096);
	close(fd);
}

#endif
