// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * import_netplan.c - netplan's YAML: an entry of network.bonds, with interfaces, parameters, addresses
 * and routes. Read by doc.h, which knows lines and refuses what is no YAML.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/doc.h"
#include "core/import_priv.h"

struct reader {
	struct import *import;
	const struct doc *doc;
	char where[IMPORT_WHERE_MAX];
};

static const char *at(struct reader *reader, const yaml_node_t *node)
{
	snprintf(reader->where, sizeof(reader->where), "%.256s:%zu: ", reader->doc->origin,
		 node->start_mark.line + 1);
	return reader->where;
}

static yaml_node_t *node_of(const struct reader *reader, int id)
{
	return yaml_document_get_node((yaml_document_t *)&reader->doc->yaml, id);
}

/* "" for what is no single value. */
static const char *text_of(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
}

/* Each pair of a mapping, by its key. */
static void each_pair(struct reader *reader, const yaml_node_t *map,
		      void (*fn)(struct reader *reader, const char *key, const yaml_node_t *value))
{
	if (map->type != YAML_MAPPING_NODE) {
		import_tell(reader->import, at(reader, map), "must be keys with values");
		return;
	}
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top; pair++)
		fn(reader, text_of(node_of(reader, pair->key)), node_of(reader, pair->value));
}

static void parameter(struct reader *reader, const char *key, const yaml_node_t *value)
{
	/* The name that netplan had until 1.0. */
	const char *name = !strcmp(key, "all-slaves-active")   ? "all-members-active"
			   : !strcmp(key, "packets-per-slave") ? "packets-per-member"
							       : key;
	const struct peer_option *option = import_find(name, IMPORT_NETPLAN);
	const char *text = text_of(value), *where = at(reader, value);
	const yaml_node_t *item;
	char span[32];

	if (!option) {
		import_tell(reader->import, where, "%s: is no parameter of a bond that is known",
			    key);
		return;
	}
	for (unsigned i = 0; (item = doc_item(reader->doc, value, i)); i++)
		import_bonding(reader->import, at(reader, item), option->name, "", text_of(item));
	if (value->type == YAML_SEQUENCE_NODE)
		return;
	if (option->time_span)
		text = import_span(text, 1, span);
	if (text)
		import_bonding(reader->import, where, option->name, "", text);
	else
		import_tell(reader->import, where, "%s: %s is no time", key, text_of(value));
}

static void routes(struct reader *reader, const yaml_node_t *list)
{
	const yaml_node_t *item;

	for (unsigned i = 0; (item = doc_item(reader->doc, list, i)); i++)
		import_route(reader->import, at(reader, item),
			     text_of(doc_get(reader->doc, item, "to")),
			     text_of(doc_get(reader->doc, item, "via")),
			     text_of(doc_get(reader->doc, item, "metric")));
}

/* An address, or one with options: "192.0.2.1/24: {label: ...}". */
static void addresses(struct reader *reader, const yaml_node_t *list)
{
	const yaml_node_t *item;

	for (unsigned i = 0; (item = doc_item(reader->doc, list, i)); i++) {
		const char *text = text_of(item);

		if (item->type == YAML_MAPPING_NODE &&
		    item->data.mapping.pairs.start < item->data.mapping.pairs.top)
			text = text_of(node_of(reader, item->data.mapping.pairs.start->key));
		import_key(reader->import, at(reader, item), "addresses", text);
	}
}

static void ports(struct reader *reader, const yaml_node_t *list)
{
	const yaml_node_t *item;

	for (unsigned i = 0; (item = doc_item(reader->doc, list, i)); i++)
		import_port(reader->import, at(reader, item), text_of(item));
}

static void property(struct reader *reader, const char *key, const yaml_node_t *value)
{
	const char *text = text_of(value), *where = at(reader, value);

	if (!strcmp(key, "interfaces"))
		ports(reader, value);
	else if (!strcmp(key, "parameters"))
		each_pair(reader, value, parameter);
	else if (!strcmp(key, "addresses"))
		addresses(reader, value);
	else if (!strcmp(key, "routes"))
		routes(reader, value);
	else if (!strcmp(key, "gateway4") || !strcmp(key, "gateway6"))
		import_route(reader->import, where, "default", text, "");
	else if (!strcmp(key, "mtu"))
		import_key(reader->import, where, "mtu", text);
	else if (!strcmp(key, "macaddress"))
		import_key(reader->import, where, "mac", text);
	else if (!strcmp(key, "dhcp4") || !strcmp(key, "dhcp6")) {
		if (strcmp(text, "false") && strcmp(text, "no"))
			import_tell(reader->import, where,
				    "%s: run its client on the team's interface", key);
	} else {
		import_tell(reader->import, where, "%s: has no place in a team's configuration",
			    key);
	}
}

static void offer_all(const struct reader *reader, const yaml_node_t *bonds,
		      struct import_choice *choice)
{
	if (!bonds || bonds->type != YAML_MAPPING_NODE)
		return;
	for (yaml_node_pair_t *pair = bonds->data.mapping.pairs.start;
	     pair < bonds->data.mapping.pairs.top; pair++)
		import_offer(choice, text_of(node_of(reader, pair->key)));
}

int import_read_netplan(struct import *import, const struct import_file *files, unsigned n,
			const char *bond, struct err *err)
{
	struct import_choice choice = {.wanted = bond};
	const yaml_node_t *bonds;
	struct doc doc;
	struct reader reader = {.import = import, .doc = &doc};
	int code;

	code = doc_init(&doc, files[0].text, files[0].len, files[0].path, err);
	if (code)
		return code;
	bonds = doc_get(&doc, doc_get(&doc, doc.root, "network"), "bonds");
	offer_all(&reader, bonds, &choice);
	code = import_chosen(&choice, files[0].path, "bond (network: bonds:)", err);
	if (!code) {
		import_key(import, "", "team", choice.name);
		each_pair(&reader, doc_get(&doc, bonds, choice.name), property);
	}
	doc_fini(&doc);
	return code;
}
