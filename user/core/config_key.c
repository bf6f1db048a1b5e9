// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * config_key.c - a configuration by the names of its keys. Called by the import and by who asks
 * whether a key of ours is one that this version has. Reads the tables of config.c.
 */
#include <errno.h>
#include <string.h>

#include "core/config_key.h"
#include "core/field.h"

#define PORT_PREFIX "ports."

static const struct field *find_in(const struct field *fields, const char *key, size_t len)
{
	for (; fields->key; fields++) {
		if (strlen(fields->key) == len && !memcmp(fields->key, key, len))
			return fields->kind == FIELD_LATER ? NULL : fields;
	}
	return NULL;
}

static bool is_of_port(const char *key)
{
	return !strncmp(key, PORT_PREFIX, strlen(PORT_PREFIX));
}

/* Members of a section have their place in the whole configuration, those of a port in the port. */
static const struct field *find(const char *key)
{
	const char *dot = strchr(key, '.');
	const struct field *field;

	if (is_of_port(key))
		return find_in(config_port_fields, dot + 1, strlen(dot + 1));
	field = find_in(config_fields, key, dot ? (size_t)(dot - key) : strlen(key));
	if (!field || !dot)
		return field;
	return field->kind == FIELD_MAP ? find_in(field->sub, dot + 1, strlen(dot + 1)) : NULL;
}

bool config_knows(const char *key)
{
	return find(key);
}

const struct name *config_words(const char *key)
{
	const struct field *field = find(key);

	return field && field->kind == FIELD_WORD ? field->names : NULL;
}

static int append(struct config *config, const struct field *field, const char *text,
		  struct err *err)
{
	unsigned *count = (unsigned *)((char *)config + field->count_offset);
	char *entries = (char *)config + field->offset;
	char *entry = entries + (size_t)*count * field->size;

	if (*count >= field->max_count)
		return err_set(err, -EINVAL, "more than %u", field->max_count);
	if (field_parse(field->sub, text, entry, err)) {
		memset(entry, 0, field->size);
		return -EINVAL;
	}
	for (char *other = entries; other < entry; other += field->size) {
		if (memcmp(other, entry, field->size))
			continue;
		memset(entry, 0, field->size);
		return 0;
	}
	(*count)++;
	return 0;
}

int config_set(struct config *config, const char *key, const char *port, const char *text,
	       struct err *err)
{
	const struct field *field = find(key);
	void *base = config;

	if (!field || field->kind == FIELD_MAPS || field->kind == FIELD_MAP)
		return err_set(err, -EINVAL, "not supported by this version");
	if (is_of_port(key))
		base = config_port_mut(config, port);
	if (!base)
		return err_set(err, -EINVAL, "port %s: is not in the team", port);
	if (field->kind == FIELD_LIST)
		return append(config, field, text, err);
	return field_parse(field, text, base, err);
}

bool config_is_list(const char *key)
{
	const struct field *field = find(key);

	return field && field->kind == FIELD_LIST;
}

void config_reset(struct config *config, const char *key, int index)
{
	const struct field *field = find(key);
	char *entries = (char *)config + (field ? field->offset : 0);
	unsigned *count;

	if (!field)
		return;
	if (field->kind != FIELD_LIST && field->kind != FIELD_MAPS) {
		const struct field table[] = {*field, {.key = NULL}};

		field_init(table, config);
		return;
	}
	count = (unsigned *)((char *)config + field->count_offset);
	if (index >= (int)*count)
		return;
	if (index < 0) {
		memset(entries, 0, (size_t)field->size * *count);
		*count = 0;
		return;
	}
	(*count)--;
	memmove(entries + (size_t)index * field->size, entries + (size_t)(index + 1) * field->size,
		(size_t)(*count - index) * field->size);
	memset(entries + (size_t)*count * field->size, 0, field->size);
}
