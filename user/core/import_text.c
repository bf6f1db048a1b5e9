// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * import_text.c - what the formats of import have in common: lines, words, times, which format it is,
 * and which of several bonds. Called by the readers of import_*.c.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/field.h"
#include "core/import_priv.h"

const struct name import_format_names[] = {
	{"auto", IMPORT_AUTO, false},
	{"teamd", IMPORT_TEAMD, false},
	{"netplan", IMPORT_NETPLAN, false},
	{"networkd", IMPORT_NETWORKD, false},
	{"ifcfg", IMPORT_IFCFG, false},
	{"interfaces", IMPORT_INTERFACES, false},
	{NULL, 0, false},
};

static import_reader *const readers[] = {
	[IMPORT_TEAMD] = import_read_teamd,           [IMPORT_NETPLAN] = import_read_netplan,
	[IMPORT_NETWORKD] = import_read_networkd,     [IMPORT_IFCFG] = import_read_ifcfg,
	[IMPORT_INTERFACES] = import_read_interfaces,
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool ends(const char *text, const char *with)
{
	size_t len = strlen(text), n = strlen(with);

	return len >= n && !strcmp(text + len - n, with);
}

/* NAME=value, as a shell takes it. */
static bool is_assignment(const char *line)
{
	size_t n = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n && line[n] == '=';
}

enum import_format import_guess(const struct import_file *file)
{
	static const struct {
		const char *begins;
		enum import_format format;
	} marks[] = {
		{"{", IMPORT_TEAMD},           {"network:", IMPORT_NETPLAN},
		{"[", IMPORT_NETWORKD},        {"iface ", IMPORT_INTERFACES},
		{"auto ", IMPORT_INTERFACES},  {"allow-", IMPORT_INTERFACES},
		{"source", IMPORT_INTERFACES}, {"mapping ", IMPORT_INTERFACES},
	};
	struct import_lines lines;

	import_lines(&lines, file);
	while (import_line(&lines)) {
		for (unsigned i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
			if (begins(lines.text, marks[i].begins))
				return marks[i].format;
		}
		if (is_assignment(lines.text))
			return IMPORT_IFCFG;
	}
	return IMPORT_AUTO;
}

bool import_wants(enum import_format format, const char *name)
{
	if (format == IMPORT_NETWORKD)
		return ends(name, ".network") || ends(name, ".netdev");
	/* What an editor left behind is no file of theirs either. */
	return format == IMPORT_IFCFG && begins(name, "ifcfg-") && !ends(name, "~") &&
	       !ends(name, ".bak") && !ends(name, ".orig") && !ends(name, ".rpmnew") &&
	       !ends(name, ".rpmsave");
}

int import_read(struct import *import, enum import_format format, const struct import_file *files,
		unsigned n, const char *bond, struct err *err)
{
	if (format == IMPORT_AUTO)
		format = import_guess(&files[0]);
	if (format == IMPORT_AUTO)
		return err_set(err, -EINVAL,
			       "%s: looks like none of the formats that are known (--format says "
			       "which it is)",
			       files[0].path);
	for (unsigned i = 0; i < n; i++) {
		if (!memchr(files[i].text, '\0', files[i].len))
			continue;
		if (!i)
			return err_set(err, -EINVAL, "%s: is no text file", files[i].path);
		/* Somebody else's, perhaps. */
		import_tell(import, "", "%s: is no text file", files[i].path);
		files[i].text[0] = '\0';
	}
	return readers[format](import, files, n, bond, err);
}

const struct peer_option *import_find(const char *name, enum import_format format)
{
	for (const struct peer_option *option = bonding_options; option->name; option++) {
		const char *theirs = format == IMPORT_NETPLAN ? option->netplan : option->networkd;

		if (theirs && !strcmp(theirs, name))
			return option;
	}
	return NULL;
}

const char *import_span(const char *text, unsigned unit_ms, char buf[32])
{
	static const struct {
		const char *name;
		unsigned ms;
	} units[] = {
		{"ms", 1},      {"msec", 1},  {"s", 1000},       {"sec", 1000},
		{"min", 60000}, {"m", 60000}, {"seconds", 1000}, {"second", 1000},
	};
	double sum = 0, number;
	unsigned ms;
	char *end;

	do {
		text += strspn(text, " ");
		if (!isdigit((unsigned char)*text))
			return NULL;
		number = strtod(text, &end);
		end += strspn(end, " ");
		text = end + strspn(end, "abcdefghijklmnopqrstuvwxyz");
		ms = text == end ? unit_ms : 0;
		for (unsigned i = 0; !ms && i < sizeof(units) / sizeof(units[0]); i++) {
			if (strlen(units[i].name) == (size_t)(text - end) &&
			    begins(end, units[i].name))
				ms = units[i].ms;
		}
		if (!ms)
			return NULL;
		sum += number * ms;
	} while (*text);
	if (sum > 4294967295.0)
		return NULL;
	snprintf(buf, 32, "%u", (unsigned)sum);
	return buf;
}

void import_lines(struct import_lines *lines, const struct import_file *file)
{
	*lines = (struct import_lines){.file = file, .next = file->text, .line = 1};
}

/* One line as it stands, behind what is there already. False: the text is at its end. */
static bool add_line(struct import_lines *lines, size_t *used)
{
	size_t len = strcspn(lines->next, "\n");

	if (!*lines->next)
		return false;
	if (*used + len >= sizeof(lines->text))
		lines->code = -EINVAL;
	else
		memcpy(lines->text + *used, lines->next, len);
	*used += lines->code ? 0 : len;
	lines->text[*used] = '\0';
	lines->next += len + (lines->next[len] == '\n');
	lines->line++;
	return true;
}

static void trim(char *text)
{
	size_t len = strlen(text), from = strspn(text, " \t\r");

	while (len > from && strchr(" \t\r", text[len - 1]))
		len--;
	memmove(text, text + from, len - from);
	text[len - from] = '\0';
}

bool import_line(struct import_lines *lines)
{
	size_t used;

	do {
		used = 0;
		lines->at = lines->line;
		if (lines->code || !add_line(lines, &used))
			return false;
		while (used && lines->text[used - 1] == '\\') {
			used--;
			lines->text[used] = '\0';
			if (!add_line(lines, &used))
				break;
		}
		trim(lines->text);
	} while (!lines->code && (!*lines->text || strchr("#;", *lines->text)));
	snprintf(lines->where, sizeof(lines->where), "%.256s:%u: ", lines->file->path, lines->at);
	return !lines->code;
}

char *import_word(char **text)
{
	char *word = *text + strspn(*text, " \t"), *end = word + strcspn(word, " \t");

	*text = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

char *import_unquote(char *text)
{
	size_t len = strlen(text);

	if (len >= 2 && strchr("\"'", text[0]) && text[len - 1] == text[0]) {
		text[len - 1] = '\0';
		return text + 1;
	}
	return text;
}

const char *import_prefix(const char *address, const char *mask, char buf[128])
{
	struct in_addr bits;
	unsigned len = 0;
	uint32_t word;

	if (strchr(address, '/') || !*mask) {
		snprintf(buf, 128, "%s", address);
		return buf;
	}
	if (inet_pton(AF_INET, mask, &bits) != 1) {
		snprintf(buf, 128, "%.60s/%.60s", address, mask);
		return buf;
	}
	for (word = ntohl(bits.s_addr); word & 0x80000000u; word <<= 1)
		len++;
	/* A mask with holes is left to the parser to refuse. */
	if (word)
		snprintf(buf, 128, "%.60s/%.60s", address, mask);
	else
		snprintf(buf, 128, "%.60s/%u", address, len);
	return buf;
}

int import_broken(const struct import_lines *lines, struct err *err, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(err, -EINVAL, "%s:%u: %s", lines->file->path, lines->at, text);
}

void import_offer(struct import_choice *choice, const char *name)
{
	size_t used = strlen(choice->names);

	choice->n++;
	if (used < sizeof(choice->names))
		snprintf(choice->names + used, sizeof(choice->names) - used, "%s%s",
			 used ? ", " : "", name);
	if (choice->wanted && strcmp(choice->wanted, name))
		return;
	choice->n_wanted++;
	snprintf(choice->name, sizeof(choice->name), "%s", name);
}

int import_chosen(const struct import_choice *choice, const char *path, const char *what,
		  struct err *err)
{
	char quote[FIELD_QUOTE_MAX];

	if (choice->n_wanted == 1)
		return 0;
	if (!choice->n)
		return err_set(err, -EINVAL, "%s: there is no %s in it", path, what);
	if (choice->wanted)
		return err_set(err, -EINVAL, "%s: there is no %s %s in it (but %s)", path, what,
			       field_quote(choice->wanted, quote), choice->names);
	return err_set(err, -EINVAL, "%s: has %u: %s; say --bond NAME", path, choice->n,
		       choice->names);
}
