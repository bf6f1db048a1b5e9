// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doc_parse.c - from bytes to a tree of YAML nodes that know their lines, or one line that says why
 * not. Called by config_parse() and record_parse(), whose input may be anything. YAML 1.1 as libyaml
 * reads it, less what a config of one team needs no part of: anchors and aliases (which make small
 * files expand without end), several documents, deep nesting.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/doc.h"

#define DEPTH_MAX 16

/* Length of the UTF-8 character at text (RFC 3629: no overlong form, no surrogate), 0 if it is none. */
static size_t utf8_len(const unsigned char *text, size_t left)
{
	size_t len = *text < 0x80   ? 1
		     : *text < 0xc2 ? 0
		     : *text < 0xe0 ? 2
		     : *text < 0xf0 ? 3
		     : *text < 0xf5 ? 4
				    : 0;

	if (len > left)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] > 0x9f) ||
	    (*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] > 0x8f))
		return 0;
	return len;
}

static size_t format_path(const struct doc_path *path, char *buf, size_t size)
{
	size_t used = path->up ? format_path(path->up, buf, size) : 0;

	if (used < size)
		used += snprintf(buf + used, size - used, "%s%s", used ? "." : "", path->key);
	return used;
}

int doc_fail(const struct doc *doc, size_t line, const struct doc_path *path, int code,
	     struct err *err)
{
	char key[128];

	if (path) {
		format_path(path, key, sizeof(key));
		err_prefix(err, code, "%s", key);
	}
	return err_prefix(err, code, "%s:%zu", doc->origin, line);
}

/* What libyaml would stumble over without telling the line. */
static int check_bytes(const struct doc *doc, struct err *err)
{
	const unsigned char *text = (const unsigned char *)doc->text;
	size_t line = 1, len;

	if (doc->len > DOC_TEXT_MAX)
		return err_set(err, -EINVAL, "%s: more than 1 MiB, which is no config of a team",
			       doc->origin);
	for (size_t i = 0; i < doc->len; i += len) {
		len = utf8_len(text + i, doc->len - i);
		if (!len)
			return doc_fail(doc, line, NULL,
					err_set(err, -EINVAL, "byte 0x%02x is not UTF-8 text",
						text[i]),
					err);
		if (text[i] < ' ' && !strchr("\t\n\r", text[i] ? text[i] : 1))
			return doc_fail(doc, line, NULL,
					err_set(err, -EINVAL,
						"control character 0x%02x: not a text file",
						text[i]),
					err);
		line += text[i] == '\n';
	}
	return 0;
}

/* Does a tab stand in the indentation of that line (from 1)? The commonest way to break YAML. */
static bool tab_indents(const struct doc *doc, size_t line)
{
	const char *text = doc->text, *end = text + doc->len;

	while (--line && text) {
		text = memchr(text, '\n', end - text);
		text = text ? text + 1 : NULL;
	}
	for (; text && text < end && (*text == ' ' || *text == '\t'); text++) {
		if (*text == '\t')
			return true;
	}
	return false;
}

static int syntax_error(const struct doc *doc, const yaml_parser_t *parser, struct err *err)
{
	size_t line = parser->problem_mark.line + 1;

	if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
		return err_set(err, -ENOMEM, "%s: out of memory", doc->origin);
	if (parser->error == YAML_READER_ERROR)
		err_set(err, -EINVAL, "broken YAML: %s", parser->problem);
	else if (tab_indents(doc, line))
		err_set(err, -EINVAL, "broken YAML: a tab in the indentation (use spaces)");
	else if (parser->context && parser->context_mark.line + 1 != line)
		err_set(err, -EINVAL, "broken YAML: %s, %s that began on line %zu", parser->problem,
			parser->context, parser->context_mark.line + 1);
	else
		err_set(err, -EINVAL, "broken YAML: %s", parser->problem);
	return doc_fail(doc, line, NULL, -EINVAL, err);
}

static const char *event_anchor(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

struct scan {
	unsigned documents, depth;
};

static const char *judge_event(struct scan *scan, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return "aliases (*NAME) are not allowed here";
	case YAML_DOCUMENT_START_EVENT:
		if (scan->documents++)
			return "a second document begins here (one file is one team)";
		return NULL;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		if (++scan->depth > DEPTH_MAX)
			return "nested too deeply";
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		scan->depth--;
		break;
	default:
		break;
	}
	return event_anchor(event) ? "anchors (&NAME) are not allowed here" : NULL;
}

static bool start_parser(const struct doc *doc, yaml_parser_t *parser)
{
	if (!yaml_parser_initialize(parser))
		return false;
	yaml_parser_set_input_string(parser, (const unsigned char *)doc->text, doc->len);
	return true;
}

/*
 * The events of the whole text, before a tree is made of it: yaml_parser_load() stops behind the
 * first document, and makes a cycle of an alias to its own parent.
 */
static int scan_events(const struct doc *doc, struct err *err)
{
	yaml_parser_t parser;
	yaml_event_t event;
	struct scan scan = {0};
	bool end = false;
	int ret = 0;

	if (!start_parser(doc, &parser))
		return err_set(err, -ENOMEM, "%s: out of memory", doc->origin);
	while (!ret && !end) {
		const char *why;

		if (!yaml_parser_parse(&parser, &event)) {
			ret = syntax_error(doc, &parser, err);
			break;
		}
		why = judge_event(&scan, &event);
		if (why)
			ret = doc_fail(doc, event.start_mark.line + 1, NULL,
				       err_set(err, -EINVAL, "%s", why), err);
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return ret;
}

static int check_root(const struct doc *doc, struct err *err)
{
	const yaml_node_t *root = doc->root;

	if (!root || (root->type == YAML_SCALAR_NODE && !root->data.scalar.length))
		return err_set(err, -EINVAL, "%s:1: empty, there is no configuration in it",
			       doc->origin);
	if (root->type == YAML_MAPPING_NODE)
		return 0;
	err_set(err, -EINVAL, "must be keys with values (team: NAME ...)");
	return doc_fail(doc, root->start_mark.line + 1, NULL, -EINVAL, err);
}

int doc_init(struct doc *doc, const char *text, size_t len, const char *origin, struct err *err)
{
	yaml_parser_t parser;
	int ret;

	*doc = (struct doc){.text = text, .len = len, .origin = origin};
	ret = check_bytes(doc, err);
	if (!ret)
		ret = scan_events(doc, err);
	if (ret)
		return ret;
	if (!start_parser(doc, &parser))
		return err_set(err, -ENOMEM, "%s: out of memory", origin);
	if (!yaml_parser_load(&parser, &doc->yaml)) {
		ret = syntax_error(doc, &parser, err);
		yaml_parser_delete(&parser);
		return ret;
	}
	yaml_parser_delete(&parser);
	doc->root = yaml_document_get_root_node(&doc->yaml);
	ret = check_root(doc, err);
	if (ret)
		doc_fini(doc);
	return ret;
}

void doc_fini(struct doc *doc)
{
	yaml_document_delete(&doc->yaml);
	doc->root = NULL;
}

const yaml_node_t *doc_get(const struct doc *doc, const yaml_node_t *map, const char *key)
{
	yaml_document_t *yaml = (yaml_document_t *)&doc->yaml;

	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top; pair++) {
		yaml_node_t *node = yaml_document_get_node(yaml, pair->key);

		if (node->type == YAML_SCALAR_NODE &&
		    !strcmp((const char *)node->data.scalar.value, key))
			return yaml_document_get_node(yaml, pair->value);
	}
	return NULL;
}

const yaml_node_t *doc_item(const struct doc *doc, const yaml_node_t *list, unsigned index)
{
	yaml_node_item_t *item;

	if (!list || list->type != YAML_SEQUENCE_NODE)
		return NULL;
	item = list->data.sequence.items.start + index;
	return item < list->data.sequence.items.top
		       ? yaml_document_get_node((yaml_document_t *)&doc->yaml, *item)
		       : NULL;
}

const char *doc_scalar(const struct doc *doc, const char *key)
{
	const yaml_node_t *node = doc_get(doc, doc->root, key);

	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
						      : NULL;
}

size_t doc_line(const struct doc *doc, const char *key, int index, const char *subkey, int item)
{
	const yaml_node_t *node = doc_get(doc, doc->root, key), *deeper;

	if (!node)
		return doc->root->start_mark.line + 1;
	deeper = index < 0 ? NULL : doc_item(doc, node, index);
	node = deeper ? deeper : node;
	deeper = subkey ? doc_get(doc, node, subkey) : NULL;
	node = deeper ? deeper : node;
	deeper = item < 0 ? NULL : doc_item(doc, node, item);
	node = deeper ? deeper : node;
	return node->start_mark.line + 1;
}
