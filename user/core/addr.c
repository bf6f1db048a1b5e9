// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * addr.c - MAC and IP addresses as text and as bytes. Called wherever a user writes or reads one;
 * strict on input, since a wrong address in a config cuts a host off. IPv4 takes dotted quads only
 * (no inet_aton shorthand), IPv6 what RFC 4291 allows, written as RFC 5952 says (by inet_ntop).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/addr.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int mac_parse(const char *text, struct mac *ret)
{
	struct mac mac;

	if (strlen(text) != MAC_STRLEN - 1)
		return -EINVAL;
	for (int i = 0; i < 6; i++) {
		int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || text[3 * i + 2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		mac.byte[i] = high << 4 | low;
	}
	if ((mac.byte[0] & 1) || mac_is_zero(&mac))
		return -EINVAL;
	*ret = mac;
	return 0;
}

const char *mac_format(const struct mac *mac, char buf[MAC_STRLEN])
{
	const uint8_t *b = mac->byte;

	snprintf(buf, MAC_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		 b[5]);
	return buf;
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
	return !memcmp(a->byte, b->byte, sizeof(a->byte));
}

bool mac_is_zero(const struct mac *mac)
{
	static const struct mac zero;

	return mac_equal(mac, &zero);
}

/* Decimal digits only: strtoul() would take signs and blanks as well. -1 when it is no prefix. */
static int parse_prefixlen(const char *text, int max)
{
	int len = 0;

	if (!*text || strlen(text) > 3 || (text[0] == '0' && text[1]))
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		len = len * 10 + *text - '0';
	}
	return len <= max ? len : -1;
}

int addr_parse(const char *text, struct addr *ret)
{
	struct addr addr = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	int prefixlen = addr_size(&addr) * 8;

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(addr.family, host, addr.byte) != 1)
		return -EINVAL;
	if (slash)
		prefixlen = parse_prefixlen(slash + 1, prefixlen);
	if (prefixlen < 0)
		return -EINVAL;
	addr.prefixlen = prefixlen;
	*ret = addr;
	return 0;
}

const char *addr_format(const struct addr *addr, bool with_prefix, char buf[ADDR_STRLEN])
{
	size_t len;

	if (!inet_ntop(addr->family, addr->byte, buf, ADDR_STRLEN))
		buf[0] = '\0';
	len = strlen(buf);
	if (with_prefix && len)
		snprintf(buf + len, ADDR_STRLEN - len, "/%u", addr->prefixlen);
	return buf;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	       (!addr_size(a) ||
		(a->prefixlen == b->prefixlen && !memcmp(a->byte, b->byte, addr_size(a))));
}

bool addr_is_link_local(const struct addr *addr)
{
	if (addr->family == AF_INET)
		return addr->byte[0] == 169 && addr->byte[1] == 254;
	return addr->family == AF_INET6 && addr->byte[0] == 0xfe && (addr->byte[1] & 0xc0) == 0x80;
}

unsigned addr_size(const struct addr *addr)
{
	return addr->family == AF_INET ? 4 : addr->family == AF_INET6 ? 16 : 0;
}
