// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * field.c - the scalar values of config files and records: text to member and back, by the tables of
 * field.h. Called by doc_*.c for files and by config*.c for values that come from elsewhere. Numbers
 * are decimal only: YAML 1.1's octal, hexadecimal and base-60 numbers surprise more than they help.
 */
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/addr.h"
#include "core/config.h"
#include "core/field.h"

static const struct name bool_names[] = {
	{"true", true, false}, {"false", false, false}, {"yes", true, true}, {"no", false, true},
	{"on", true, true},    {"off", false, true},    {NULL, 0, false},
};

static void *at(const struct field *field, void *base)
{
	return (char *)base + field->offset;
}

static const void *at_const(const struct field *field, const void *base)
{
	return (const char *)base + field->offset;
}

bool field_is_scalar(const struct field *field)
{
	return field->kind < FIELD_LIST;
}

const char *field_quote(const char *text, char buf[FIELD_QUOTE_MAX])
{
	size_t used = 0, room = FIELD_QUOTE_MAX - 5; /* "..." and the closing quote */

	buf[used++] = '"';
	for (; *text && used < room; text++)
		buf[used++] = isprint((unsigned char)*text) || *text & 0x80 ? *text : '?';
	if (*text) {
		/* Not in the middle of a UTF-8 character: D-Bus and JSON refuse halves. */
		while (used > 1 && (*text & 0xc0) == 0x80) {
			text--;
			used--;
		}
		used += sprintf(buf + used, "...");
	}
	buf[used++] = '"';
	buf[used] = '\0';
	return buf;
}

static int64_t get_number(const struct field *field, const void *base)
{
	const void *member = at_const(field, base);

	switch (field->kind) {
	case FIELD_BOOL:
		return *(const bool *)member;
	case FIELD_UINT:
		return field->size == 1 ? *(const uint8_t *)member : *(const uint32_t *)member;
	default:
		return *(const int32_t *)member; /* numbers and words */
	}
}

static void set_number(const struct field *field, void *base, int64_t value)
{
	void *member = at(field, base);

	if (field->kind == FIELD_BOOL)
		*(bool *)member = value;
	else if (field->kind == FIELD_UINT && field->size == 1)
		*(uint8_t *)member = value;
	else
		*(uint32_t *)member = value;
}

static void number_range(const struct field *field, int64_t *min, int64_t *max)
{
	*min = field->min;
	*max = field->max;
	if (*min || *max)
		return;
	if (field->kind == FIELD_INT)
		*min = INT32_MIN;
	*max = field->kind == FIELD_INT ? INT32_MAX : field->size == 1 ? UINT8_MAX : UINT32_MAX;
}

static int parse_number(const struct field *field, const char *text, void *base, struct err *err)
{
	const char *digits = text + (*text == '-');
	char quote[FIELD_QUOTE_MAX];
	int64_t min, max;
	long long value;

	number_range(field, &min, &max);
	if (!*digits || digits[strspn(digits, "0123456789")])
		return err_set(err, -EINVAL, "%s is not a whole number (%lld to %lld)",
			       field_quote(text, quote), (long long)min, (long long)max);
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno || value < min || value > max)
		return err_set(err, -EINVAL, "%.24s is out of range (%lld to %lld)", text,
			       (long long)min, (long long)max);
	set_number(field, base, value);
	return 0;
}

static int parse_word(const struct field *field, const struct name *names, const char *text,
		      void *base, struct err *err)
{
	char quote[FIELD_QUOTE_MAX], list[160];
	int value = name_parse(names, text);

	if (value >= 0) {
		set_number(field, base, value);
		return 0;
	}
	return err_set(err, -EINVAL, "%s is %s (%s)", field_quote(text, quote),
		       name_is_later(names, text) ? "not supported by this version" : "not known",
		       name_list(names, list, sizeof(list)));
}

static int parse_addr(const struct field *field, const char *text, void *base, struct err *err)
{
	char quote[FIELD_QUOTE_MAX];
	struct addr addr;

	if (field->kind == FIELD_TO && !strcmp(text, "default")) {
		memset(at(field, base), 0, sizeof(addr));
		return 0;
	}
	field_quote(text, quote);
	if (addr_parse(text, &addr))
		return err_set(err, -EINVAL, "%s is not an IP address (%s)", quote,
			       field->kind == FIELD_TO ? "default, 192.0.2.0/24, 2001:db8::/64"
			       : field->kind == FIELD_PREFIX ? "192.0.2.1/24 or 2001:db8::1/64"
							     : "192.0.2.1 or 2001:db8::1");
	if (field->kind == FIELD_ADDR4 && addr.family != AF_INET)
		return err_set(err, -EINVAL, "%s is not an IPv4 address", quote);
	if ((field->kind == FIELD_ADDR || field->kind == FIELD_ADDR4) && strchr(text, '/'))
		return err_set(err, -EINVAL, "%s must be an address without a prefix length",
			       quote);
	memcpy(at(field, base), &addr, sizeof(addr));
	return 0;
}

/* %XX for what YAML or a terminal would not bring through, and for the percent sign itself. */
static int parse_text(const struct field *field, const char *text, void *base, struct err *err)
{
	char *out = at(field, base);
	uint32_t used = 0;

	for (; *text; text++) {
		unsigned byte = (unsigned char)*text;

		if (byte == '%') {
			if (!isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
				return err_set(err, -EINVAL,
					       "a %% must be followed by two hexadecimal digits");
			sscanf(text + 1, "%2x", &byte);
			text += 2;
		}
		if (!byte || used + 1 >= field->size)
			return err_set(err, -EINVAL, "must be at most %u bytes, none of them NUL",
				       field->size - 1);
		out[used++] = byte;
	}
	memset(out + used, 0, field->size - used);
	return 0;
}

static void format_text(const char *text, uint32_t size, char buf[FIELD_TEXT_MAX])
{
	size_t used = 0;

	for (uint32_t i = 0; i < size && text[i] && used + 4 < FIELD_TEXT_MAX; i++) {
		unsigned char byte = text[i];

		if (byte > ' ' && byte < 0x7f && byte != '%')
			buf[used++] = byte;
		else
			used += sprintf(buf + used, "%%%02x", byte);
	}
	buf[used] = '\0';
}

int field_parse(const struct field *field, const char *text, void *base, struct err *err)
{
	char quote[FIELD_QUOTE_MAX];
	struct mac mac;

	switch (field->kind) {
	case FIELD_NAME:
		if (config_check_name(NULL, text, err))
			return -EINVAL;
		memset(at(field, base), 0, field->size);
		memcpy(at(field, base), text, strlen(text));
		return 0;
	case FIELD_TEXT:
		return parse_text(field, text, base, err);
	case FIELD_WORD:
		return parse_word(field, field->names, text, base, err);
	case FIELD_BOOL:
		return parse_word(field, bool_names, text, base, err);
	case FIELD_UINT:
	case FIELD_INT:
		return parse_number(field, text, base, err);
	case FIELD_MAC:
		if (mac_parse(text, &mac))
			return err_set(err, -EINVAL,
				       "%s is not a MAC address (unicast, like 02:00:00:00:00:01)",
				       field_quote(text, quote));
		memcpy(at(field, base), &mac, sizeof(mac));
		return 0;
	default:
		return parse_addr(field, text, base, err);
	}
}

int field_check(const struct field *field, const void *base, struct err *err)
{
	const void *member = at_const(field, base);
	int64_t value, min, max;
	char list[160], name[FIELD_TEXT_MAX];

	if (!field->required && field_is_default(field, base))
		return 0; /* also where 0 means "automatic" and lies out of the range */
	switch (field->kind) {
	case FIELD_NAME: /* copied first: it may lack its NUL */
		snprintf(name, sizeof(name), "%.*s", (int)field->size, (const char *)member);
		return config_check_name(NULL, name, err);
	case FIELD_WORD:
		if (strcmp(name_of(field->names, get_number(field, base)), "?"))
			return 0;
		return err_set(err, -EINVAL, "%lld is not known (%s)",
			       (long long)get_number(field, base),
			       name_list(field->names, list, sizeof(list)));
	case FIELD_UINT:
	case FIELD_INT:
		value = get_number(field, base);
		number_range(field, &min, &max);
		if (value >= min && value <= max)
			return 0;
		return err_set(err, -EINVAL, "%lld is out of range (%lld to %lld)",
			       (long long)value, (long long)min, (long long)max);
	case FIELD_MAC:
		if (!(*(const uint8_t *)member & 1))
			return 0;
		return err_set(err, -EINVAL, "must be a unicast MAC address");
	default:
		return 0;
	}
}

const char *field_format(const struct field *field, const void *base, char buf[FIELD_TEXT_MAX])
{
	const void *member = at_const(field, base);

	buf[0] = '\0';
	switch (field->kind) {
	case FIELD_NAME:
		snprintf(buf, FIELD_TEXT_MAX, "%.*s", (int)field->size - 1, (const char *)member);
		break;
	case FIELD_TEXT:
		format_text(member, field->size, buf);
		break;
	case FIELD_WORD:
		strcpy(buf, name_of(field->names, get_number(field, base)));
		break;
	case FIELD_BOOL:
		strcpy(buf, name_of(bool_names, get_number(field, base)));
		break;
	case FIELD_UINT:
	case FIELD_INT:
		sprintf(buf, "%lld", (long long)get_number(field, base));
		break;
	case FIELD_MAC:
		if (!mac_is_zero(member))
			mac_format(member, buf);
		break;
	case FIELD_ADDR:
	case FIELD_ADDR4:
		addr_format(member, false, buf);
		break;
	default:
		addr_format(member, true, buf);
		if (field->kind == FIELD_TO && !*buf)
			strcpy(buf, "default");
		break;
	}
	return buf;
}

bool field_is_default(const struct field *field, const void *base)
{
	switch (field->kind) {
	case FIELD_NAME:
	case FIELD_TEXT:
		return !*(const char *)at_const(field, base);
	case FIELD_WORD:
	case FIELD_BOOL:
	case FIELD_UINT:
	case FIELD_INT:
		return get_number(field, base) == field->def;
	case FIELD_MAC:
		return mac_is_zero(at_const(field, base));
	default:
		return !addr_size(at_const(field, base));
	}
}

void field_init(const struct field *fields, void *base)
{
	for (const struct field *field = fields; field->key; field++) {
		switch (field->kind) {
		case FIELD_WORD:
		case FIELD_BOOL:
		case FIELD_UINT:
		case FIELD_INT:
			set_number(field, base, field->def);
			break;
		case FIELD_LIST:
		case FIELD_MAPS:
			memset(at(field, base), 0, (size_t)field->size * field->max_count);
			memset((char *)base + field->count_offset, 0, sizeof(unsigned));
			break;
		case FIELD_MAP:
			field_init(field->sub, at(field, base));
			break;
		case FIELD_LATER:
			break;
		default:
			memset(at(field, base), 0, field->size);
		}
	}
}
