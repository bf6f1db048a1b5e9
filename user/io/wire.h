/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wire.h - frames that user space sends: gratuitous ARP, unsolicited NA, reports of
 * multicast groups, ARP probes. Packet
 * sockets.
 */
#ifndef BPFTEAM_IO_WIRE_H
#define BPFTEAM_IO_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"

struct wire;

/* One socket for all devices of the namespace; it receives nothing. Needs CAP_NET_RAW. */
int wire_open(struct wire **ret, struct err *err);
void wire_close(struct wire *wire);

/*
 * Tells the neighbours on a device where addr lives: for IPv4 a gratuitous ARP request (RFC 5227
 * section 3: an ARP Announcement, sender and target address both addr), for IPv6 an unsolicited
 * neighbour advertisement to all nodes with the override flag and the target link-layer address
 * option (RFC 4861 section 4.4, 7.2.6). source and the hardware address in it are mac.
 * 0 or -errno of sendto().
 */
int wire_announce(struct wire *wire, uint32_t ifindex, const struct mac *mac,
		  const struct addr *addr);

/*
 * An ARP probe for target (IPv4) from mac with sender address 0.0.0.0 (RFC 5227 section 2.1.1), so
 * that nobody's ARP cache changes; the target answers to mac. 0 or -errno.
 */
int wire_probe_arp(struct wire *wire, uint32_t ifindex, const struct mac *mac,
		   const struct addr *target);

/*
 * Reports, by IGMP or MLD, the multicast groups that a device is in, with source as the sender: one of
 * its addresses, or none (all zero) of that family. 0 or -errno.
 */
int wire_report_groups(struct wire *wire, uint32_t ifindex, const struct mac *mac,
		       const struct addr *source);

/* The frames themselves, for tests: written to buf (at least 128 bytes), returns their length. */
size_t wire_build_announce(uint8_t *buf, const struct mac *mac, const struct addr *addr);
size_t wire_build_probe(uint8_t *buf, const struct mac *mac, const struct addr *target);

#endif
