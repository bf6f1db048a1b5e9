// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * import_interfaces.c - Debian's /etc/network/interfaces with ifenslave's bond-* options: a stanza
 * with bond-slaves (or bond-mode), and those of ports that say bond-master. After interfaces(5) and
 * ifenslave's README. ifupdown2 and ifupdown-ng read the same words.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/import_priv.h"

#define PREFIX "bond-"

struct stanza {
	struct import_lines lines;
	char name[64]; /* of the interface that the present line is about; "" = of none */
	char family[16];
	bool opens; /* the line is "iface" itself */
	char *key, *value;
	int code;
};

static void stanza_open(struct stanza *stanza, const struct import_file *file)
{
	memset(stanza, 0, sizeof(*stanza));
	import_lines(&stanza->lines, file);
}

static bool ends_stanza(const char *word)
{
	static const char *const words[] = {"auto",         "mapping",
					    "source",       "source-directory",
					    "no-auto-down", "no-scripts",
					    "rename",       NULL};

	for (unsigned i = 0; words[i]; i++) {
		if (!strcmp(words[i], word))
			return true;
	}
	return !strncmp(word, "allow-", 6);
}

static bool stanza_next(struct stanza *stanza, struct err *err)
{
	char *rest = stanza->lines.text, *word;

	if (!import_line(&stanza->lines)) {
		stanza->code = stanza->lines.code
				       ? import_broken(&stanza->lines, err, "the line is too long")
				       : 0;
		return false;
	}
	stanza->key = import_word(&rest);
	stanza->value = rest + strspn(rest, " \t");
	stanza->opens = !strcmp(stanza->key, "iface");
	if (ends_stanza(stanza->key)) {
		stanza->name[0] = '\0';
	} else if (stanza->opens) {
		word = import_word(&rest);
		if (!word) {
			stanza->code = import_broken(&stanza->lines, err, "iface: has no name");
			return false;
		}
		snprintf(stanza->name, sizeof(stanza->name), "%s", word);
		word = import_word(&rest);
		snprintf(stanza->family, sizeof(stanza->family), "%s", word ? word : "");
		stanza->value = rest + strspn(rest, " \t"); /* the method */
	}
	return true;
}

/* "bond-mode", "bond_mode": the name behind it, with underscores as bonding has them; else NULL. */
static const char *bond_name(const char *key, char buf[64])
{
	if (strncmp(key, PREFIX, 4) || !strchr("-_", key[4]))
		return NULL;
	snprintf(buf, 64, "%s", key + strlen(PREFIX));
	for (char *c = buf; *c; c++)
		*c = *c == '-' ? '_' : *c;
	return buf;
}

/* bond-slaves has had several names. */
static bool is_slaves(const char *key)
{
	char buf[64];
	const char *name = bond_name(key, buf);

	return !strcmp(key, "slaves") ||
	       (name &&
		(!strcmp(name, "slaves") || !strcmp(name, "members") || !strcmp(name, "ports")));
}

static int find_bonds(const struct import_file *file, struct import_choice *choice, struct err *err)
{
	struct stanza stanza;
	char last[64] = "", buf[64];

	stanza_open(&stanza, file);
	while (stanza_next(&stanza, err)) {
		const char *name = bond_name(stanza.key, buf);

		/* An interface may have several stanzas, one a family. */
		if (!*stanza.name || !strcmp(last, stanza.name) ||
		    !(is_slaves(stanza.key) || (name && !strcmp(name, "mode"))))
			continue;
		snprintf(last, sizeof(last), "%s", stanza.name);
		import_offer(choice, last);
	}
	return stanza.code;
}

/* netmask may come behind address, and in a file it belongs to the stanza alone. */
static void netmask(const struct import_file *file, const struct stanza *of, char mask[64])
{
	struct stanza stanza;
	bool here = false;
	struct err err;

	mask[0] = '\0';
	stanza_open(&stanza, file);
	while (stanza_next(&stanza, &err)) {
		if (stanza.opens || !*stanza.name)
			here = here ? stanza.lines.at < of->lines.at : true;
		if (here && !strcmp(stanza.name, of->name) && !strcmp(stanza.family, of->family) &&
		    !strcmp(stanza.key, "netmask"))
			snprintf(mask, 64, "%s", stanza.value);
	}
}

static void bond_line(struct import *import, const struct import_file *file, struct stanza *stanza)
{
	const char *where = stanza->lines.where, *name;
	char *value = stanza->value, *word, buf[128], mask[64];

	name = bond_name(stanza->key, buf);
	if (is_slaves(stanza->key)) {
		while ((word = import_word(&value))) {
			if (strcmp(word, "none"))
				import_port(import, where, word);
		}
	} else if (name && !strcmp(name, "primary")) {
		/* Several: the first that is there. */
		word = import_word(&value);
		if (word)
			import_bonding(import, where, name, "", word);
	} else if (name && strcmp(name, "give_a_chance") && strcmp(name, "master")) {
		import_bonding(import, where, name, "", value);
	} else if (!strcmp(stanza->key, "address")) {
		netmask(file, stanza, mask);
		import_key(import, where, "addresses", import_prefix(value, mask, buf));
	} else if (!strcmp(stanza->key, "gateway")) {
		import_route(import, where, "default", value, "");
	} else if (!strcmp(stanza->key, "mtu")) {
		import_key(import, where, "mtu", value);
	} else if (!strcmp(stanza->key, "hwaddress")) {
		import_key(import, where, "mac", strncmp(value, "ether ", 6) ? value : value + 6);
	} else if (stanza->opens && (!strcmp(value, "dhcp") || !strcmp(value, "auto"))) {
		import_tell(import, where, "%s: run its client on the team's interface", value);
	} else if (!stanza->opens && strcmp(stanza->key, "netmask") &&
		   strcmp(stanza->key, "network") && strcmp(stanza->key, "broadcast")) {
		import_tell(import, where, "%s %s: has no place in a team's configuration",
			    stanza->key, value);
	}
}

int import_read_interfaces(struct import *import, const struct import_file *files, unsigned n,
			   const char *bond, struct err *err)
{
	struct import_choice choice = {.wanted = bond};
	struct stanza stanza;
	char buf[64], port[64] = "";
	int code;

	code = find_bonds(&files[0], &choice, err);
	code = code ?: import_chosen(&choice, files[0].path, "iface with bond-slaves", err);
	if (code)
		return code;
	import_key(import, "", "team", choice.name);
	stanza_open(&stanza, &files[0]);
	while (stanza_next(&stanza, err)) {
		const char *name = bond_name(stanza.key, buf);

		if (!strcmp(stanza.key, "source") || !strcmp(stanza.key, "source-directory"))
			import_tell(import, stanza.lines.where, "%s %s: is not followed",
				    stanza.key, stanza.value);
		else if (!strcmp(stanza.name, choice.name))
			bond_line(import, &files[0], &stanza);
		else if (name && !strcmp(name, "master") && !strcmp(stanza.value, choice.name))
			import_port(import, stanza.lines.where, strcpy(port, stanza.name));
		else if (*port && !strcmp(stanza.name, port) && name && !strcmp(name, "primary"))
			import_bonding(import, stanza.lines.where, name, "",
				       import_word(&stanza.value) ?: "");
	}
	return stanza.code;
}
