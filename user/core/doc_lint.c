// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doc_lint.c - holds a YAML tree against a table of fields, before libcyaml sees the text. libcyaml
 * would take a key that stands there twice (and leak the first), cut a string at "\0", and say
 * "unexpected event" of a list where a value belongs. Called by doc_load().
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/doc.h"
#include "core/peer_option.h"

#define WORD_MAX 32

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Edit distance (Levenshtein); words that are too long are far from everything. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], m = strlen(a), n = strlen(b);

	if (m > WORD_MAX || n > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

/* Near enough to be what was meant: a slip of the fingers, or one word the beginning of the other. */
static size_t strangeness(const char *word, const char *key)
{
	size_t edits = distance(word, key), common = 0;

	while (word[common] && word[common] == key[common])
		common++;
	if (common >= 3 && (!word[common] || !key[common]))
		return 1;
	return edits <= 1 + strlen(key) / 4 ? edits : WORD_MAX;
}

struct guess {
	size_t strangeness;
	const char *section, *key;
};

/* The nearest key of the table and of the sections in it. */
static void guess_key(const struct field *fields, const char *section, const char *word,
		      struct guess *best)
{
	for (; fields->key; fields++) {
		size_t far = fields->kind == FIELD_LATER ? WORD_MAX
							 : strangeness(word, fields->key);

		if (far < best->strangeness)
			*best = (struct guess){far, section, fields->key};
		if (fields->kind == FIELD_MAP && !section)
			guess_key(fields->sub, fields->key, word, best);
	}
}

/* What bonding calls an option, and we have otherwise or not at all. */
static int bonding_key(const struct peer_option *option, struct err *err)
{
	enum peer_fate fate = peer_option_fate(option);

	if (fate == PEER_OURS)
		return err_set(err, -EINVAL, "unknown key (did you mean %s?)", option->key);
	return err_set(err, -EINVAL, "unknown key (bonding's; here it is %s%s%s)",
		       name_of(peer_fate_names, fate), option->text ? ": " : "",
		       option->text ? option->text : "");
}

static int unknown_key(const struct field *fields, const char *word, struct err *err)
{
	const struct peer_option *option = bonding_option(word);
	struct guess guess = {.strangeness = WORD_MAX};
	size_t used = 0;
	char list[400] = "";

	guess_key(fields, NULL, word, &guess);
	if (option && (!option->key || !guess.key))
		return bonding_key(option, err);
	if (guess.key)
		return err_set(err, -EINVAL, "unknown key (did you mean %s%s%s?)",
			       guess.section ? guess.section : "", guess.section ? "." : "",
			       guess.key);
	for (; fields->key && fields->kind != FIELD_LATER && used < sizeof(list); fields++)
		used += snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
				 fields->key);
	return err_set(err, -EINVAL, "unknown key (known are %s)", list);
}

static size_t line_of(const yaml_node_t *node)
{
	return node->start_mark.line + 1;
}

static const char *kind_of(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE     ? "a single value"
	       : node->type == YAML_SEQUENCE_NODE ? "a list"
						  : "keys with values";
}

static int must_be(const yaml_node_t *node, const char *what, struct err *err)
{
	if (node->type == YAML_SCALAR_NODE && !node->data.scalar.length)
		return err_set(err, -EINVAL, "has no value (must be %s)", what);
	return err_set(err, -EINVAL, "must be %s, not %s", what, kind_of(node));
}

static int lint_scalar(const yaml_node_t *node, struct err *err)
{
	if (node->type != YAML_SCALAR_NODE || !node->data.scalar.length)
		return must_be(node, "a single value", err);
	if (strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
		return err_set(err, -EINVAL, "has a NUL character in its value");
	return 0;
}

static int lint_map(const struct doc *doc, const yaml_node_t *map, const struct field *fields,
		    const struct doc_path *path, struct err *err);

static int lint_list(const struct doc *doc, const yaml_node_t *list, const struct field *field,
		     const struct doc_path *path, struct err *err)
{
	const yaml_node_t *item;
	size_t n;
	int ret = 0;

	if (field->one && list->type == YAML_MAPPING_NODE)
		return lint_map(doc, list, field->sub, path, err);
	if (list->type != YAML_SEQUENCE_NODE)
		return doc_fail(doc, line_of(list), path,
				must_be(list,
					field->one ? "keys with values, or a list of such"
						   : "a list",
					err),
				err);
	n = list->data.sequence.items.top - list->data.sequence.items.start;
	if (n > field->max_count)
		return doc_fail(doc, line_of(doc_item(doc, list, field->max_count)), path,
				err_set(err, -EINVAL, "%zu are too many (at most %u)", n,
					field->max_count),
				err);
	for (unsigned i = 0; !ret && (item = doc_item(doc, list, i)); i++) {
		if (field->kind == FIELD_MAPS)
			ret = lint_map(doc, item, field->sub, path, err);
		else if (lint_scalar(item, err))
			ret = doc_fail(doc, line_of(item), path, -EINVAL, err);
	}
	return ret;
}

static int lint_value(const struct doc *doc, const yaml_node_t *node, const struct field *field,
		      const struct doc_path *path, struct err *err)
{
	switch (field->kind) {
	case FIELD_LATER:
		return doc_fail(doc, line_of(node), path,
				err_set(err, -EINVAL, "%s",
					field->why ? field->why
						   : "is not supported by this version"),
				err);
	case FIELD_MAP:
		return lint_map(doc, node, field->sub, path, err);
	case FIELD_LIST:
	case FIELD_MAPS:
		return lint_list(doc, node, field, path, err);
	default:
		if (lint_scalar(node, err))
			return doc_fail(doc, line_of(node), path, -EINVAL, err);
		return 0;
	}
}

/* One key of a mapping; seen has a bit for every row of the table. */
static int lint_pair(const struct doc *doc, const yaml_node_pair_t *pair,
		     const struct field *fields, const struct doc_path *up, uint64_t *seen,
		     struct err *err)
{
	yaml_document_t *yaml = (yaml_document_t *)&doc->yaml;
	const yaml_node_t *key = yaml_document_get_node(yaml, pair->key);
	const yaml_node_t *value = yaml_document_get_node(yaml, pair->value);
	struct doc_path path = {up, NULL};
	const struct field *field = fields;
	char quote[FIELD_QUOTE_MAX];

	if (lint_scalar(key, err))
		return doc_fail(doc, line_of(key), up,
				err_set(err, -EINVAL, "a key must be a word"), err);
	path.key = (const char *)key->data.scalar.value;
	while (field->key && strcmp(field->key, path.key))
		field++;
	if (!field->key) {
		unknown_key(fields, path.key, err);
		path.key = strlen(path.key) > 32 ? field_quote(path.key, quote) : path.key;
		return doc_fail(doc, line_of(key), &path, -EINVAL, err);
	}
	if (*seen >> (field - fields) & 1)
		return doc_fail(doc, line_of(key), &path,
				err_set(err, -EINVAL, "stands here for the second time"), err);
	*seen |= 1ULL << (field - fields);
	return lint_value(doc, value, field, &path, err);
}

static int lint_map(const struct doc *doc, const yaml_node_t *map, const struct field *fields,
		    const struct doc_path *path, struct err *err)
{
	uint64_t seen = 0;
	char example[64];
	int ret = 0;

	if (map->type != YAML_MAPPING_NODE) {
		snprintf(example, sizeof(example), "keys with values, like {%s: ...}", fields->key);
		return doc_fail(doc, line_of(map), path, must_be(map, example, err), err);
	}
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     !ret && pair < map->data.mapping.pairs.top; pair++)
		ret = lint_pair(doc, pair, fields, path, &seen, err);
	for (unsigned i = 0; !ret && fields[i].key; i++) {
		struct doc_path missing = {path, fields[i].key};

		if (fields[i].required && !(seen >> i & 1))
			ret = doc_fail(doc, line_of(map), &missing,
				       err_set(err, -EINVAL, "is missing"), err);
	}
	return ret;
}

int doc_lint(const struct doc *doc, const struct field *fields, struct err *err)
{
	return lint_map(doc, doc->root, fields, NULL, err);
}
