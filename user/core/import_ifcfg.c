// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * import_ifcfg.c - Red Hat's ifcfg files, of initscripts and NetworkManager: ifcfg-bond0 with
 * BONDING_OPTS, or ifcfg-team0 with TEAM_CONFIG, and the ifcfg-* beside it whose MASTER (TEAM_MASTER)
 * it is. They are shell scripts; what is more than an assignment is not understood.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/import_priv.h"

#define NUMBERED_MAX 64

struct shell {
	struct import_lines lines;
	char *key, *value;
	int code;
};

static void shell_open(struct shell *shell, const struct import_file *file)
{
	memset(shell, 0, sizeof(*shell));
	import_lines(&shell->lines, file);
}

/* What a shell makes of a value that has nothing to expand: one word, out of quotes. */
static bool unquote(char *text)
{
	char *out = text, quote = 0;

	for (; *text && (quote || !strchr(" \t#", *text)); text++) {
		if (quote ? *text == quote : *text == '"' || *text == '\'')
			quote = quote ? 0 : *text;
		else if (*text == '\\' && quote != '\'' && text[1])
			*out++ = *++text;
		else
			*out++ = *text;
	}
	*out = '\0';
	return !quote;
}

static bool shell_next(struct shell *shell, struct err *err)
{
	char *text = shell->lines.text;
	size_t n;

	if (!import_line(&shell->lines)) {
		shell->code = shell->lines.code
				      ? import_broken(&shell->lines, err, "the line is too long")
				      : 0;
		return false;
	}
	text += strncmp(text, "export ", 7) ? 0 : 7;
	n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
	if (!n || text[n] != '=') {
		shell->code = import_broken(&shell->lines, err, "is no KEY=VALUE");
		return false;
	}
	text[n] = '\0';
	shell->key = text;
	shell->value = text + n + 1;
	if (unquote(shell->value))
		return true;
	shell->code = import_broken(&shell->lines, err, "%s: a quote that does not end",
				    shell->key);
	return false;
}

static bool is_yes(const char *value)
{
	return !strcmp(value, "yes") || !strcmp(value, "YES") || !strcmp(value, "true");
}

/* A variable of a file, "" when it is not there. */
static int lookup(const struct import_file *file, const char *key, char *buf, size_t size,
		  struct err *err)
{
	struct shell shell;

	buf[0] = '\0';
	shell_open(&shell, file);
	while (shell_next(&shell, err)) {
		if (!strcmp(shell.key, key))
			snprintf(buf, size, "%s", shell.value);
	}
	return shell.code;
}

static void bonding_opts(struct import *import, const struct shell *shell)
{
	char *text = shell->value, *word, *value;

	while ((word = import_word(&text))) {
		value = strchr(word, '=');
		if (!value) {
			import_tell(import, shell->lines.where, "BONDING_OPTS: %s: has no value",
				    word);
			continue;
		}
		*value++ = '\0';
		import_bonding(import, shell->lines.where, word, "", value);
	}
}

/* "IPADDR", "IPADDR2" and the PREFIX or NETMASK of the same number. */
static void address(struct import *import, const struct import_file *file,
		    const struct shell *shell)
{
	const char *number = shell->key + strlen("IPADDR");
	char key[NUMBERED_MAX], mask[64], buf[128];
	struct err err;

	snprintf(key, sizeof(key), "PREFIX%.8s", number);
	lookup(file, key, mask, sizeof(mask), &err);
	if (!*mask) {
		snprintf(key, sizeof(key), "NETMASK%.8s", number);
		lookup(file, key, mask, sizeof(mask), &err);
	}
	import_key(import, shell->lines.where, "addresses", import_prefix(shell->value, mask, buf));
}

static bool is_numbered(const char *key, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(key, name, len) && key[len + strspn(key + len, "0123456789")] == '\0';
}

static int bond_variable(struct import *import, const struct import_file *file,
			 const struct shell *shell, struct err *err)
{
	const char *where = shell->lines.where;
	char *value = shell->value, *word;

	if (!strcmp(shell->key, "BONDING_OPTS")) {
		bonding_opts(import, shell);
	} else if (!strcmp(shell->key, "TEAM_CONFIG")) {
		return import_teamd_text(import, where, value, err);
	} else if (is_numbered(shell->key, "IPADDR")) {
		address(import, file, shell);
	} else if (!strcmp(shell->key, "IPV6ADDR") || !strcmp(shell->key, "IPV6ADDR_SECONDARIES")) {
		while ((word = import_word(&value)))
			import_key(import, where, "addresses", word);
	} else if (!strcmp(shell->key, "GATEWAY") || !strcmp(shell->key, "IPV6_DEFAULTGW")) {
		value[strcspn(value, "%")] = '\0';
		import_route(import, where, "default", value, "");
	} else if (!strcmp(shell->key, "MTU")) {
		import_key(import, where, "mtu", value);
	} else if (!strcmp(shell->key, "MACADDR")) {
		import_key(import, where, "mac", value);
	} else if (!strcmp(shell->key, "BOOTPROTO") && *value && strcmp(value, "none") &&
		   strcmp(value, "static")) {
		import_tell(import, where, "BOOTPROTO=%s: run its client on the team's interface",
			    value);
	} else if (!strcmp(shell->key, "BRIDGE")) {
		import_tell(import, where, "BRIDGE=%s: put the team's interface into it by hand",
			    value);
	}
	return 0;
}

/* Somebody else's file of the folder: a port of this bond, or nothing to us. */
static int read_port(struct import *import, const struct import_file *file, const char *bond,
		     const char *uuid, struct err *err)
{
	char master[128], device[64], config[IMPORT_LINE_MAX], where[IMPORT_WHERE_MAX];
	static const char *const keys[] = {"MASTER", "TEAM_MASTER", "MASTER_UUID",
					   "TEAM_MASTER_UUID"};
	bool ours = false;
	int code = 0;

	for (unsigned i = 0; !code && !ours && i < sizeof(keys) / sizeof(keys[0]); i++) {
		code = lookup(file, keys[i], master, sizeof(master), err);
		ours = *master && (!strcmp(master, bond) || !strcmp(master, uuid));
	}
	code = code ?: lookup(file, "DEVICE", device, sizeof(device), err);
	code = code ?: lookup(file, "TEAM_PORT_CONFIG", config, sizeof(config), err);
	if (code || !ours)
		return code;
	snprintf(where, sizeof(where), "%.256s: ", file->path);
	if (!*device) {
		import_tell(import, where, "is a port without DEVICE=; add it by hand");
		return 0;
	}
	import_port(import, where, device);
	return *config ? import_teamd_port(import, where, device, config, err) : 0;
}

int import_read_ifcfg(struct import *import, const struct import_file *files, unsigned n,
		      const char *bond, struct err *err)
{
	struct import_choice choice = {.wanted = bond};
	char device[64], type[64], team[64], master[64], opts[IMPORT_LINE_MAX], uuid[64];
	struct shell shell;
	struct err other;
	int code;

	code = lookup(&files[0], "DEVICE", device, sizeof(device), err);
	code = code ?: lookup(&files[0], "TYPE", type, sizeof(type), err);
	code = code ?: lookup(&files[0], "DEVICETYPE", team, sizeof(team), err);
	code = code ?: lookup(&files[0], "BONDING_MASTER", master, sizeof(master), err);
	code = code ?: lookup(&files[0], "BONDING_OPTS", opts, sizeof(opts), err);
	code = code ?: lookup(&files[0], "UUID", uuid, sizeof(uuid), err);
	if (code)
		return code;
	if (!strcmp(type, "Bond") || !strcmp(type, "Team") || !strcmp(team, "Team") ||
	    is_yes(master) || *opts)
		import_offer(&choice, device);
	code = import_chosen(&choice, files[0].path, "bond (TYPE=Bond, BONDING_OPTS=)", err);
	if (code)
		return code;
	import_key(import, "", "team", choice.name);
	shell_open(&shell, &files[0]);
	while (!code && shell_next(&shell, err))
		code = bond_variable(import, &files[0], &shell, err);
	code = code ?: shell.code;
	for (unsigned i = 1; !code && i < n; i++) {
		if (read_port(import, &files[i], choice.name, uuid, &other))
			import_tell(import, "", "%s", other.text);
	}
	return code;
}
