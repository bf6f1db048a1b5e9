// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * import_teamd.c - teamd's JSON, after teamd.conf(5): every value is one option, known by its path.
 * What takes several values of teamd's to say (tx_hash, the link watch) is put together here.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/import_priv.h"

#define DEPTH_MAX 8
#define PATH_SIZE 256

static const char *text_of(const json_t *value, char buf[128])
{
	if (json_is_string(value))
		snprintf(buf, 128, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(buf, 128, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		snprintf(buf, 128, "%s", json_is_true(value) ? "true" : "false");
	else
		snprintf(buf, 128, "%s", json_is_null(value) ? "null" : "(no single value)");
	return buf;
}

static void option(struct import *import, const char *where, const char *path, const char *value)
{
	const struct peer_option *row;
	const char *port;
	char name[64] = "";
	int len;

	row = teamd_option(path, &port, &len);
	if (row && port)
		snprintf(name, sizeof(name), "%.*s", len, port);
	if (row)
		import_option(import, where, row, name, value);
	else
		import_tell(import, where, "%s: is no key of teamd's", path);
}

/* By what is hashed, not by how: the peers' hash functions differ anyway. */
static void tx_hash(struct import *import, const char *where, const json_t *list)
{
	static const char *const policies[] = {"layer2", "layer2+3", "layer3+4"};
	static const struct {
		const char *name;
		unsigned rank;
	} parts[] = {
		{"eth", 0}, {"vlan", 0}, {"ipv4", 1}, {"ipv6", 1}, {"ip", 1},
		{"l3", 1},  {"tcp", 2},  {"udp", 2},  {"sctp", 2}, {"l4", 2},
	};
	unsigned rank = 0;
	char buf[128];
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		unsigned j = 0, n = sizeof(parts) / sizeof(parts[0]);

		while (j < n && strcmp(parts[j].name, text_of(item, buf)))
			j++;
		if (j == n)
			import_tell(import, where, "runner.tx_hash: %s is not known", buf);
		else if (parts[j].rank > rank)
			rank = parts[j].rank;
		if (j < n && !strcmp(parts[j].name, "vlan"))
			import_tell(import, where,
				    "runner.tx_hash: vlan: tags don't count beside addresses; "
				    "vlan+srcmac is of the tag and the source address alone");
	}
	option(import, where, "runner.tx_hash", policies[rank]);
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* arp_ping: its defaults are none of ours, and two switches make one word. */
static void arp_ping(struct import *import, const char *where, const json_t *watch)
{
	bool active = is_true(watch, "validate_active");
	bool inactive = is_true(watch, "validate_inactive");

	if (!json_object_get(watch, "interval"))
		option(import, where, "link_watch.interval", "1000");
	if (!json_object_get(watch, "missed_max"))
		option(import, where, "link_watch.missed_max", "4");
	import_key(import, where, "arp_validate",
		   active && inactive ? "all"
		   : active           ? "filter_active"
		   : inactive         ? "filter_backup"
				      : "filter");
}

static void link_watch(struct import *import, const char *where, const json_t *watch)
{
	bool arp = !strcmp(json_string_value(json_object_get(watch, "name")) ?: "", "arp_ping");
	const char *key;
	char path[PATH_SIZE], buf[128];
	json_t *value;

	json_object_foreach ((json_t *)watch, key, value) {
		bool probes = !strcmp(key, "interval") || !strcmp(key, "missed_max") ||
			      !strcmp(key, "target_host");

		/* Those of a watcher that is refused say nothing to ours. */
		if (!strncmp(key, "validate_", 9) || (probes && !arp))
			continue;
		snprintf(path, sizeof(path), "link_watch.%.200s", key);
		text_of(value, buf);
		/* As many are let pass; ours is the one that is too many. */
		if (!strcmp(key, "missed_max") && json_is_integer(value))
			snprintf(buf, sizeof(buf), "%lld",
				 (long long)json_integer_value(value) + 1);
		option(import, where, path, buf);
	}
	if (arp)
		arp_ping(import, where, watch);
}

/* One or several; all of them have to be content, as ours. */
static void link_watches(struct import *import, const char *where, const json_t *watch)
{
	json_t *item;
	size_t i;

	if (json_is_object(watch))
		link_watch(import, where, watch);
	json_array_foreach (watch, i, item)
		link_watches(import, where, json_is_object(item) ? item : NULL);
}

static void each_value(struct import *import, const char *where, const char *prefix,
		       const json_t *object, unsigned depth)
{
	char path[PATH_SIZE], buf[128];
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value) {
		snprintf(path, sizeof(path), "%s%s%.100s", prefix, *prefix ? "." : "", key);
		if (!strcmp(path, "runner.tx_hash") && json_is_array(value))
			tx_hash(import, where, value);
		else if (!strcmp(path, "link_watch"))
			link_watches(import, where, value);
		else if (!strcmp(path, "ports"))
			continue;
		else if (json_is_object(value) && depth < DEPTH_MAX)
			each_value(import, where, path, value, depth + 1);
		else
			option(import, where, path, text_of(value, buf));
	}
}

/* *watch: what all ports so far are watched by; NULL: nothing was said. */
static void read_port(struct import *import, const char *where, const char *name,
		      const json_t *port, const json_t **watch)
{
	char path[PATH_SIZE], buf[128];
	const char *key;
	json_t *value;

	import_port(import, where, name);
	json_object_foreach ((json_t *)port, key, value) {
		snprintf(path, sizeof(path), "ports.%.63s.%.100s", name, key);
		if (strcmp(key, "link_watch"))
			option(import, where, path, text_of(value, buf));
		else if (!*watch)
			link_watches(import, where, *watch = value);
		else if (!json_equal(*watch, value))
			import_tell(import, where,
				    "%s: differs from the link_watch before it; all ports are "
				    "watched alike",
				    path);
	}
}

static int load(const char *origin, const char *text, json_t **ret, struct err *err)
{
	json_error_t why;

	*ret = json_loads(text, JSON_REJECT_DUPLICATES, &why);
	if (!*ret)
		return err_set(err, -EINVAL, "%s%d: broken JSON: %s", origin, why.line, why.text);
	if (json_is_object(*ret))
		return 0;
	json_decref(*ret);
	return err_set(err, -EINVAL, "%s1: must be a JSON object", origin);
}

static void read_team(struct import *import, const char *where, const json_t *root)
{
	const char *runner =
		json_string_value(json_object_get(json_object_get(root, "runner"), "name"));
	const json_t *watch = json_object_get(root, "link_watch");
	const char *key;
	json_t *value;

	import_of_teamd(import);
	each_value(import, where, "", root, 0);
	if (!runner)
		option(import, where, "runner.name", "roundrobin");
	if (runner && (!strcmp(runner, "loadbalance") || !strcmp(runner, "lacp")) &&
	    !json_object_get(json_object_get(root, "runner"), "tx_hash"))
		option(import, where, "runner.tx_hash", "layer2+3");
	json_object_foreach (json_object_get(root, "ports"), key, value)
		read_port(import, where, key, value, &watch);
}

int import_teamd_text(struct import *import, const char *origin, const char *text, struct err *err)
{
	json_t *root;
	int code = load(origin, text, &root, err);

	if (code)
		return code;
	read_team(import, origin, root);
	json_decref(root);
	return 0;
}

int import_teamd_port(struct import *import, const char *origin, const char *port, const char *text,
		      struct err *err)
{
	const json_t *watch = NULL;
	json_t *root;
	int code = load(origin, text, &root, err);

	if (code)
		return code;
	read_port(import, origin, port, root, &watch);
	json_decref(root);
	return 0;
}

int import_read_teamd(struct import *import, const struct import_file *files, unsigned n,
		      const char *bond, struct err *err)
{
	char origin[IMPORT_WHERE_MAX];
	json_t *root;
	int code;

	snprintf(origin, sizeof(origin), "%.256s:", files[0].path);
	code = load(origin, files[0].text, &root, err);
	if (code)
		return code;
	snprintf(origin, sizeof(origin), "%.256s: ", files[0].path);
	read_team(import, origin, root);
	json_decref(root);
	return 0;
}
