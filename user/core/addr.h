/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* addr.h - MAC addresses, IP addresses and prefixes as text and as bytes. */
#ifndef BPFTEAM_CORE_ADDR_H
#define BPFTEAM_CORE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_STRLEN 18
#define ADDR_STRLEN 64

struct mac {
	uint8_t byte[6];
};

/* family AF_INET or AF_INET6, AF_UNSPEC = none; bytes in network order. */
struct addr {
	uint8_t family;
	uint8_t prefixlen;
	uint8_t byte[16];
};

/* "02:00:00:00:00:01" -> ret. -EINVAL when malformed, multicast or all zero. */
int mac_parse(const char *text, struct mac *ret);
const char *mac_format(const struct mac *mac, char buf[MAC_STRLEN]);
bool mac_equal(const struct mac *a, const struct mac *b);
bool mac_is_zero(const struct mac *mac);

/* "192.0.2.1/24", "2001:db8::1/64"; without "/n" the prefix is the whole address. -EINVAL. */
int addr_parse(const char *text, struct addr *ret);
/* With "/n" when with_prefix. Returns buf. */
const char *addr_format(const struct addr *addr, bool with_prefix, char buf[ADDR_STRLEN]);
bool addr_equal(const struct addr *a, const struct addr *b); /* prefix length included */
bool addr_is_link_local(const struct addr *addr);
unsigned addr_size(const struct addr *addr); /* bytes used: 4 or 16, 0 for AF_UNSPEC */

#endif
