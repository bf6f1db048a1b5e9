// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * import_networkd.c - systemd-networkd's bonds: a .netdev file of Kind=bond with a section [Bond], and
 * the .network files beside it that say who belongs to it and which addresses it has. After
 * systemd.netdev(5) and systemd.network(5).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/import_priv.h"

#define DEFAULT_MS 1000 /* a plain number in systemd.time(7) is seconds */
#define ROUTE_TEXT_MAX 128

/* Where in a file the reader is. */
struct ini {
	struct import_lines lines;
	char section[64];
	char *key, *value;
	int code;
};

static void ini_open(struct ini *ini, const struct import_file *file)
{
	memset(ini, 0, sizeof(*ini));
	import_lines(&ini->lines, file);
}

/* The next KEY=VALUE. False at the end, and for what is no such file: code and err say so. */
static bool ini_next(struct ini *ini, struct err *err)
{
	char *text = ini->lines.text;

	while (import_line(&ini->lines)) {
		size_t len = strlen(text), n;

		if (text[0] == '[') {
			if (text[len - 1] != ']' || len - 2 >= sizeof(ini->section))
				goto broken;
			snprintf(ini->section, sizeof(ini->section), "%.*s", (int)len - 2,
				 text + 1);
			return ini->key = NULL, true;
		}
		n = strcspn(text, "=");
		if (!text[n] || !n || !ini->section[0])
			goto broken;
		ini->value = text + n + 1 + strspn(text + n + 1, " \t");
		while (n && strchr(" \t", text[n - 1]))
			n--;
		text[n] = '\0';
		ini->key = text;
		return true;
	}
	ini->code = ini->lines.code ? import_broken(&ini->lines, err, "the line is too long") : 0;
	return false;
broken:
	ini->code = import_broken(&ini->lines, err, "neither [SECTION] nor KEY=VALUE");
	return false;
}

static bool is(const struct ini *ini, const char *section, const char *key)
{
	return ini->key && !strcmp(ini->section, section) && !strcmp(ini->key, key);
}

static void bond_option(struct import *import, const struct ini *ini)
{
	const struct peer_option *option = import_find(ini->key, IMPORT_NETWORKD);
	const char *value = ini->value;
	char span[32];

	if (!option) {
		import_tell(import, ini->lines.where, "%s: is no option of [Bond] that is known",
			    ini->key);
		return;
	}
	if (option->time_span)
		value = import_span(value, DEFAULT_MS, span);
	if (value)
		import_bonding(import, ini->lines.where, option->name, "", value);
	else
		import_tell(import, ini->lines.where, "%s: %s is no time", ini->key, ini->value);
}

/* The bond's own file, once it is known to be the chosen one's. */
static int read_netdev(struct import *import, const struct import_file *file, struct err *err)
{
	struct ini ini;

	ini_open(&ini, file);
	while (ini_next(&ini, err)) {
		if (is(&ini, "NetDev", "MACAddress"))
			import_key(import, ini.lines.where, "mac", ini.value);
		else if (is(&ini, "NetDev", "MTUBytes"))
			import_key(import, ini.lines.where, "mtu", ini.value);
		else if (ini.key && !strcmp(ini.section, "Bond"))
			bond_option(import, &ini);
	}
	return ini.code;
}

/* Name=, when it is the name of one device: what has wildcards can be any. */
static void match_name(const struct ini *ini, char *name, size_t size)
{
	snprintf(name, size, "%s", strpbrk(ini->value, "*?[! ") ? "" : ini->value);
}

static void read_port(struct import *import, struct ini *ini, const char *bond, const char *name,
		      bool *is_port)
{
	if (is(ini, "Network", "Bond") && !strcmp(ini->value, bond)) {
		*is_port = true;
		if (*name)
			import_port(import, ini->lines.where, name);
		else
			import_tell(import, ini->lines.where,
				    "Bond=%s: the file's [Match] names no single device; add the "
				    "port by hand",
				    bond);
	} else if ((is(ini, "Network", "PrimarySlave") || is(ini, "Network", "PrimaryPort")) &&
		   *name &&
		   (!strcmp(ini->value, "true") || !strcmp(ini->value, "yes") ||
		    !strcmp(ini->value, "1"))) {
		import_bonding(import, ini->lines.where, "primary", "", name);
	}
}

struct route_text {
	char where[IMPORT_WHERE_MAX];
	char to[ROUTE_TEXT_MAX], via[ROUTE_TEXT_MAX], metric[ROUTE_TEXT_MAX];
	bool any;
};

static void end_route(struct import *import, struct route_text *route)
{
	if (route->any)
		import_route(import, route->where, *route->to ? route->to : "default", route->via,
			     route->metric);
	memset(route, 0, sizeof(*route));
}

/* A key of [Route], which is whole when the next section begins. */
static void read_route(const struct ini *ini, struct route_text *route)
{
	if (!strcmp(ini->key, "Gateway"))
		snprintf(route->via, sizeof(route->via), "%s", ini->value);
	else if (!strcmp(ini->key, "Destination"))
		snprintf(route->to, sizeof(route->to), "%s", ini->value);
	else if (!strcmp(ini->key, "Metric"))
		snprintf(route->metric, sizeof(route->metric), "%s", ini->value);
	else
		return;
	if (!route->any)
		memcpy(route->where, ini->lines.where, sizeof(route->where));
	route->any = true;
}

static void read_addresses(struct import *import, const struct ini *ini)
{
	const char *where = ini->lines.where;

	if (is(ini, "Network", "Address") || is(ini, "Address", "Address"))
		import_key(import, where, "addresses", ini->value);
	else if (is(ini, "Network", "Gateway"))
		import_route(import, where, "default", ini->value, "");
	else if (is(ini, "Link", "MTUBytes"))
		import_key(import, where, "mtu", ini->value);
	else if (is(ini, "Link", "MACAddress"))
		import_key(import, where, "mac", ini->value);
	else if (is(ini, "Network", "VLAN") || is(ini, "Network", "MACVLAN"))
		import_tell(import, where,
			    "%s=%s: goes on by networkd, whose file for the team has "
			    "to say so",
			    ini->key, ini->value);
	else if (is(ini, "Network", "DHCP") && strcmp(ini->value, "no") &&
		 strcmp(ini->value, "false"))
		import_tell(import, where,
			    "DHCP=%s: leave it to networkd, by a file for the team's interface",
			    ini->value);
}

/* A .network file: of the bond, of one of its ports, or of somebody else. */
static int read_network(struct import *import, const struct import_file *file, const char *bond,
			struct err *err)
{
	struct route_text route = {.any = false};
	bool ours = false, is_port = false;
	char name[64] = "";
	struct ini ini;

	ini_open(&ini, file);
	while (ini_next(&ini, err)) {
		if (!ini.key)
			end_route(import, &route);
		else if (is(&ini, "Match", "Name")) {
			match_name(&ini, name, sizeof(name));
			ours = !strcmp(ini.value, bond);
		} else if (ours && !strcmp(ini.section, "Route"))
			read_route(&ini, &route);
		else if (ours)
			read_addresses(import, &ini);
		else
			read_port(import, &ini, bond, name, &is_port);
	}
	end_route(import, &route);
	return ini.code;
}

/* What a .netdev file makes; kind is "" where it is none. */
static int peek(const struct import_file *file, char name[64], char kind[64], struct err *err)
{
	struct ini ini;

	name[0] = kind[0] = '\0';
	ini_open(&ini, file);
	while (ini_next(&ini, err)) {
		if (is(&ini, "NetDev", "Name"))
			snprintf(name, 64, "%s", ini.value);
		else if (is(&ini, "NetDev", "Kind"))
			snprintf(kind, 64, "%s", ini.value);
	}
	return ini.code;
}

int import_read_networkd(struct import *import, const struct import_file *files, unsigned n,
			 const char *bond, struct err *err)
{
	struct import_choice choice = {.wanted = bond};
	char name[64], kind[64];
	struct err other;
	int code;

	code = peek(&files[0], name, kind, err);
	if (code)
		return code;
	if (!strcmp(kind, "bond"))
		import_offer(&choice, name);
	code = import_chosen(&choice, files[0].path, "[NetDev] of Kind=bond", err);
	code = code ?: read_netdev(import, &files[0], err);
	if (code)
		return code;
	import_key(import, "", "team", choice.name);
	/* A file of somebody else's that is broken is no reason to stop. */
	for (unsigned i = 1; i < n; i++) {
		if (read_network(import, &files[i], choice.name, &other))
			import_tell(import, "", "%s", other.text);
	}
	return 0;
}
