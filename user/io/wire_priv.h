/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* wire_priv.h - what the files of wire share. Private to user/io/wire*.c and their tests. */
#ifndef BPFTEAM_IO_WIRE_PRIV_H
#define BPFTEAM_IO_WIRE_PRIV_H

#include <stdio.h>

#include "io/wire.h"

#define WIRE_GROUPS_MAX 1024
#define WIRE_REPORT_MAX 1400

struct wire_groups {
	struct addr group[WIRE_GROUPS_MAX];
	unsigned n;
	unsigned version; /* of IGMP: 1 to 3 */
};

void wire_put_ethernet(uint8_t *buf, const uint8_t *dst, const struct mac *src, uint16_t proto);
/* Adds big-endian words to an internet checksum; len is even. */
uint32_t wire_sum16(uint32_t sum, const void *data, size_t len);
int wire_send_frame(struct wire *wire, uint32_t ifindex, const uint8_t *frame, size_t len);

void wire_parse_igmp(FILE *in, uint32_t ifindex, struct wire_groups *ret);
void wire_parse_igmp6(FILE *in, uint32_t ifindex, struct wire_groups *ret);
/* Of n groups of one family (version 1 and 2: of one); buf has WIRE_REPORT_MAX bytes. The length. */
size_t wire_build_report(uint8_t *buf, const struct mac *mac, const struct addr *source,
			 const struct addr *groups, unsigned n, unsigned version);

#endif
