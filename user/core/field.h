/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * field.h - tables that say which key stands for which member of a struct, and what it may be. One
 * row serves reading, writing, defaults, ranges, comparison and messages. Private to core/.
 */
#ifndef BPFTEAM_CORE_FIELD_H
#define BPFTEAM_CORE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/names.h"

enum field_kind {
	FIELD_NAME, /* char[]: a network device's name; "" = unset */
	FIELD_TEXT, /* char[]: any bytes, %XX where they would not survive in YAML */
	FIELD_WORD, /* an enum, by its table of names */
	FIELD_UINT, /* uint8_t or uint32_t, by size */
	FIELD_INT, /* int32_t */
	FIELD_BOOL,
	FIELD_MAC, /* struct mac; zero = unset */
	FIELD_ADDR, /* struct addr without prefix; AF_UNSPEC = unset */
	FIELD_ADDR4, /* the same, IPv4 only */
	FIELD_PREFIX, /* struct addr with its prefix */
	FIELD_TO, /* struct addr, a route's: a prefix, or "default" = AF_UNSPEC */
	FIELD_LIST, /* array of scalars: sub[0] is the entry */
	FIELD_MAP, /* a struct: sub is its table, offset where it begins */
	FIELD_MAPS, /* array of structs */
	FIELD_LATER, /* known, and refused by this version */
};

struct field {
	const char *key; /* NULL ends a table */
	enum field_kind kind;
	bool required; /* must be there, is always written */
	/* FIELD_MAPS, not inside another: one entry is written as a mapping instead of a list of one,
	 * and may be read as either. */
	bool one;
	uint32_t offset, size; /* of the member; size: of one entry of an array */
	uint32_t count_offset, max_count; /* arrays: where the unsigned count is, and its limit */
	int64_t min, max; /* numbers; both 0 = what the type holds */
	int64_t def; /* numbers, words and bools: left out of the text when it has this value */
	const struct name *names;
	const struct field *sub;
	const char *why; /* FIELD_LATER: the reason; NULL: not yet */
};

#define FIELD_AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define FIELD_ARRAY(type, member, count)                                          \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member[0]), \
	.count_offset = offsetof(type, count),                                    \
	.max_count = sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0])

#define FIELD_TEXT_MAX 256 /* of one value as text, NUL included */

/* Tables of a team's configuration, for config*.c and record.c. */
extern const struct field config_fields[], config_port_fields[], config_route_fields[],
	config_rdma_fields[], config_rdma_flow_fields[];

bool field_is_scalar(const struct field *field);

/*
 * Reads text into the member of base. On failure -EINVAL, and err says why and what is allowed:
 * the caller puts the place and the key in front.
 */
int field_parse(const struct field *field, const char *text, void *base, struct err *err);

/* Range, word or name of a member that did not come from text. As field_parse(). */
int field_check(const struct field *field, const void *base, struct err *err);

/* The member as text; "" when it is unset. Returns buf. */
const char *field_format(const struct field *field, const void *base, char buf[FIELD_TEXT_MAX]);

bool field_is_default(const struct field *field, const void *base);

/* Sets every member of the table to its default, arrays to empty. */
void field_init(const struct field *fields, void *base);

/* Printable and short, in double quotes, for a message. Returns buf. */
#define FIELD_QUOTE_MAX 48
const char *field_quote(const char *text, char buf[FIELD_QUOTE_MAX]);

#endif
