// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doc_tree.c - moves values between YAML text and structs, by a table of fields. Called by config.c
 * and record.c. libcyaml reads into, and writes from, a tree of cells: one cell a key, holding its
 * text, its list or its sub-tree, or nothing when the key is absent. All scalars pass libcyaml as
 * strings, since its own numbers and booleans are lenient: 010 is eight, -1 a large unsigned number,
 * and any word that does not mean "no" is true.
 */
#include <assert.h>
#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/doc.h"

struct cell {
	void *data; /* scalar: char *; list: char **; map or maps: struct cell * */
	uint32_t count; /* of a list's or maps' entries */
};

/* libcyaml's schema for a table of fields. Made anew each time: it costs nothing next to YAML. */
struct schema {
	cyaml_schema_value_t top;
	cyaml_schema_field_t fields[200];
	cyaml_schema_value_t entries[24];
	unsigned n_fields, n_entries;
};

/* What decides where the table leaves it open whether a value is a list: the node that is read, or
 * the struct that is written. */
struct shape {
	const struct doc *doc; /* NULL: written */
	const yaml_node_t *map;
	const void *base;
};

/* A lone mapping for a list of one. Not inside of lists, whose entries share one schema. */
static bool is_one(const struct field *field, const struct shape *shape)
{
	const yaml_node_t *node;

	if (!field->one)
		return false;
	assert(shape);
	if (!shape->doc)
		return *(const unsigned *)((const char *)shape->base + field->count_offset) == 1;
	node = doc_get(shape->doc, shape->map, field->key);
	return node && node->type == YAML_MAPPING_NODE;
}

static const cyaml_schema_value_t text_entry = {
	.type = CYAML_STRING,
	.flags = CYAML_FLAG_POINTER,
	.data_size = sizeof(char),
	.string = {.min = 0, .max = CYAML_UNLIMITED},
};

static unsigned count_fields(const struct field *fields)
{
	unsigned n = 0;

	while (fields[n].key)
		n++;
	return n;
}

/* Leaves read best on one line: "{name: eth0, priority: 100}". */
static bool is_leaf(const struct field *fields)
{
	for (; fields->key; fields++) {
		if (fields->kind == FIELD_MAP || fields->kind == FIELD_MAPS)
			return false;
	}
	return true;
}

static cyaml_schema_value_t map_schema(struct schema *schema, const struct field *fields,
				       const struct shape *shape, enum cyaml_flag flags);

static cyaml_schema_value_t section_schema(struct schema *schema, const struct field *field,
					   const struct shape *up, enum cyaml_flag flags)
{
	struct shape shape = {.doc = up ? up->doc : NULL};

	if (!up)
		return map_schema(schema, field->sub, NULL, flags);
	if (up->doc)
		shape.map = doc_get(up->doc, up->map, field->key);
	else
		shape.base = (const char *)up->base + field->offset;
	return map_schema(schema, field->sub, &shape, flags);
}

static cyaml_schema_value_t value_schema(struct schema *schema, const struct field *field,
					 const struct shape *shape)
{
	const enum cyaml_flag optional = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL;
	cyaml_schema_value_t value = {.flags = optional}, *entry;

	switch (field->kind) {
	case FIELD_LATER:
		value.type = CYAML_IGNORE;
		value.flags = CYAML_FLAG_OPTIONAL;
		return value;
	case FIELD_MAP:
		return section_schema(schema, field, shape, optional);
	case FIELD_LIST:
	case FIELD_MAPS:
		if (is_one(field, shape))
			return map_schema(schema, field->sub, NULL, optional);
		assert(schema->n_entries < sizeof(schema->entries) / sizeof(schema->entries[0]));
		entry = &schema->entries[schema->n_entries++];
		*entry = field->kind == FIELD_LIST ? text_entry
						   : map_schema(schema, field->sub, NULL, 0);
		value.type = CYAML_SEQUENCE;
		value.flags |= field->kind == FIELD_LIST ? CYAML_FLAG_FLOW : CYAML_FLAG_BLOCK;
		value.data_size = field->kind == FIELD_LIST ? sizeof(char *) : entry->data_size;
		value.sequence.entry = entry;
		value.sequence.max = field->max_count;
		return value;
	default:
		value = text_entry;
		value.flags = optional;
		return value;
	}
}

static cyaml_schema_value_t map_schema(struct schema *schema, const struct field *fields,
				       const struct shape *shape, enum cyaml_flag flags)
{
	unsigned n = count_fields(fields), first = schema->n_fields;

	schema->n_fields += n + 1;
	assert(schema->n_fields <= sizeof(schema->fields) / sizeof(schema->fields[0]));
	for (unsigned i = 0; i < n; i++) {
		schema->fields[first + i] = (cyaml_schema_field_t){
			.key = fields[i].key,
			.data_offset = i * sizeof(struct cell) + offsetof(struct cell, data),
			.count_offset = i * sizeof(struct cell) + offsetof(struct cell, count),
			.count_size = sizeof(uint32_t),
			.value = value_schema(schema, &fields[i], shape),
		};
	}
	return (cyaml_schema_value_t){
		.type = CYAML_MAPPING,
		.flags = flags | (is_leaf(fields) ? CYAML_FLAG_FLOW : CYAML_FLAG_BLOCK),
		.data_size = n * sizeof(struct cell),
		.mapping.fields = &schema->fields[first],
	};
}

static void schema_init(struct schema *schema, const struct field *fields,
			const struct shape *shape)
{
	memset(schema, 0, sizeof(*schema));
	schema->top = map_schema(schema, fields, shape, CYAML_FLAG_POINTER);
	schema->top.flags = CYAML_FLAG_POINTER | CYAML_FLAG_BLOCK;
}

/* Keeps the first thing that libcyaml complains of; what follows is its backtrace. */
static void log_first(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct err *err = ctx;

	if (level >= CYAML_LOG_ERROR && !err->text[0])
		vsnprintf(err->text, sizeof(err->text), fmt, args);
}

static cyaml_config_t cyaml_config(struct err *log)
{
	return (cyaml_config_t){
		.log_fn = log_first,
		.log_ctx = log,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS,
	};
}

/* What libyaml parsed once it fails to parse again, or to begin, only for want of memory. */
static bool is_oom(cyaml_err_t failed)
{
	return failed == CYAML_ERR_OOM || failed == CYAML_ERR_LIBYAML_EMITTER_INIT ||
	       failed == CYAML_ERR_LIBYAML_PARSER_INIT || failed == CYAML_ERR_LIBYAML_EVENT_INIT ||
	       failed == CYAML_ERR_LIBYAML_PARSER;
}

/* ---- text to struct ---- */

static int load_map(const struct doc *doc, const yaml_node_t *map, const struct cell *cells,
		    const struct field *fields, const struct doc_path *up, void *base,
		    struct err *err);

static int load_scalar(const struct doc *doc, const yaml_node_t *node, const char *text,
		       const struct field *field, const struct doc_path *path, void *base,
		       struct err *err)
{
	if (!field_parse(field, text, base, err))
		return 0;
	return doc_fail(doc, node ? node->start_mark.line + 1 : 0, path, -EINVAL, err);
}

static int load_array(const struct doc *doc, const yaml_node_t *list, const struct cell *cell,
		      const struct field *field, const struct doc_path *path, void *base,
		      struct err *err)
{
	char *entries = (char *)base + field->offset;
	size_t width = field->kind == FIELD_MAPS ? count_fields(field->sub) : 0;
	bool one = list && list->type == YAML_MAPPING_NODE;
	unsigned count = one ? 1 : cell->count;
	int ret = 0;

	for (unsigned i = 0; !ret && i < count; i++) {
		const yaml_node_t *item = one ? list : doc_item(doc, list, i);
		void *entry = entries + (size_t)i * field->size;

		if (field->kind == FIELD_LIST) {
			ret = load_scalar(doc, item, ((char **)cell->data)[i], field->sub, path,
					  entry, err);
			continue;
		}
		field_init(field->sub, entry);
		ret = load_map(doc, item, (struct cell *)cell->data + i * width, field->sub, path,
			       entry, err);
	}
	*(unsigned *)((char *)base + field->count_offset) = count;
	return ret;
}

static int load_map(const struct doc *doc, const yaml_node_t *map, const struct cell *cells,
		    const struct field *fields, const struct doc_path *up, void *base,
		    struct err *err)
{
	int ret = 0;

	for (; !ret && fields->key; fields++, cells++) {
		struct doc_path path = {up, fields->key};
		const yaml_node_t *node = doc_get(doc, map, fields->key);

		if (!cells->data)
			continue;
		if (fields->kind == FIELD_MAP)
			ret = load_map(doc, node, cells->data, fields->sub, &path,
				       (char *)base + fields->offset, err);
		else if (field_is_scalar(fields))
			ret = load_scalar(doc, node, cells->data, fields, &path, base, err);
		else
			ret = load_array(doc, node, cells, fields, &path, base, err);
	}
	return ret;
}

int doc_load(const struct doc *doc, const struct field *fields, void *base, struct err *err)
{
	struct shape shape = {.doc = doc, .map = doc->root};
	struct err log = {""};
	cyaml_config_t config = cyaml_config(&log);
	struct schema schema;
	struct cell *cells = NULL;
	cyaml_err_t failed;
	int ret;

	ret = doc_lint(doc, fields, err);
	if (ret)
		return ret;
	schema_init(&schema, fields, &shape);
	failed = cyaml_load_data((const uint8_t *)doc->text, doc->len, &config, &schema.top,
				 (cyaml_data_t **)&cells, NULL);
	if (is_oom(failed))
		return err_set(err, -ENOMEM, "%s: out of memory", doc->origin);
	if (failed)
		return err_set(err, -EINVAL, "%s: %s", doc->origin,
			       log.text[0] ? log.text : cyaml_strerror(failed));
	field_init(fields, base);
	ret = load_map(doc, doc->root, cells, fields, NULL, base, err);
	cyaml_free(&config, &schema.top, cells, 0);
	return ret;
}

/* ---- struct to text ---- */

static int save_map(const struct field *fields, const void *base, struct cell *cells, bool *any);

static int save_array(const struct field *field, const void *base, struct cell *cell)
{
	const char *entries = (const char *)base + field->offset;
	unsigned count = *(const unsigned *)((const char *)base + field->count_offset);
	size_t width = field->kind == FIELD_MAPS ? count_fields(field->sub) : 0;
	char buf[FIELD_TEXT_MAX];
	bool any = false;
	int ret = 0;

	cell->data = calloc(count, width ? width * sizeof(struct cell) : sizeof(char *));
	if (!cell->data)
		return -ENOMEM;
	cell->count = count;
	for (unsigned i = 0; !ret && i < count; i++) {
		const void *entry = entries + (size_t)i * field->size;

		if (width) {
			ret = save_map(field->sub, entry, (struct cell *)cell->data + i * width,
				       &any);
			continue;
		}
		((char **)cell->data)[i] = strdup(field_format(field->sub, entry, buf));
		ret = ((char **)cell->data)[i] ? 0 : -ENOMEM;
	}
	return ret;
}

/* *any: whether a cell was filled. A section with nothing in it is left out. */
static int save_section(const struct field *field, const void *base, struct cell *cell)
{
	bool any = false;
	int ret;

	cell->data = calloc(count_fields(field->sub), sizeof(struct cell));
	if (!cell->data)
		return -ENOMEM;
	ret = save_map(field->sub, (const char *)base + field->offset, cell->data, &any);
	if (!ret && !any) {
		free(cell->data);
		cell->data = NULL;
	}
	return ret;
}

static int save_map(const struct field *fields, const void *base, struct cell *cells, bool *any)
{
	char buf[FIELD_TEXT_MAX];
	int ret = 0;

	for (; !ret && fields->key; fields++, cells++) {
		if (fields->kind == FIELD_LATER)
			continue;
		if (fields->kind == FIELD_MAP) {
			ret = save_section(fields, base, cells);
		} else if (!field_is_scalar(fields)) {
			if (*(const unsigned *)((const char *)base + fields->count_offset))
				ret = save_array(fields, base, cells);
		} else if (fields->required || !field_is_default(fields, base)) {
			cells->data = strdup(field_format(fields, base, buf));
			ret = cells->data ? 0 : -ENOMEM;
		}
		*any |= cells->data != NULL;
	}
	return ret;
}

int doc_save(const struct field *fields, const void *base, char **ret)
{
	struct shape shape = {.base = base};
	struct err log = {""};
	cyaml_config_t config = cyaml_config(&log);
	struct cell *cells = calloc(count_fields(fields), sizeof(*cells));
	cyaml_err_t failed = CYAML_OK;
	struct schema schema;
	char *text = NULL;
	size_t len = 0;
	bool any = false;
	int code;

	if (!cells)
		return -ENOMEM;
	schema_init(&schema, fields, &shape);
	code = save_map(fields, base, cells, &any);
	if (!code)
		failed = cyaml_save_data(&text, &len, &config, &schema.top, cells, 0);
	cyaml_free(&config, &schema.top, cells, 0);
	if (code)
		return code;
	if (failed)
		return is_oom(failed) ? -ENOMEM : -EINVAL;
	*ret = realloc(text, len + 1);
	if (!*ret) {
		free(text);
		return -ENOMEM;
	}
	(*ret)[len] = '\0';
	return 0;
}
