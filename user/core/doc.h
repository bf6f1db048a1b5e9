/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doc.h - one YAML document, read into and written from a struct by a table of fields. libcyaml
 * moves the values; what it lets pass or explains badly is refused before with libyaml's parser,
 * which knows the line of every key. Private to core/.
 */
#ifndef BPFTEAM_CORE_DOC_H
#define BPFTEAM_CORE_DOC_H

#include <stddef.h>
#include <yaml.h>

#include "core/err.h"
#include "core/field.h"

#define DOC_TEXT_MAX (1024 * 1024)

struct doc {
	const char *text;
	size_t len;
	const char *origin; /* what messages call it */
	yaml_document_t yaml;
	const yaml_node_t *root; /* a mapping */
};

/*
 * Parses text, which must outlive the doc; doc_fini() is due after success only. Refuses what is no
 * text, is broken, holds anchors, aliases or several documents: -EINVAL, or -ENOMEM.
 */
int doc_init(struct doc *doc, const char *text, size_t len, const char *origin, struct err *err);
void doc_fini(struct doc *doc);

/* Holds the document against the table: unknown, double and missing keys, lists for values. */
int doc_lint(const struct doc *doc, const struct field *fields, struct err *err);

/* Lints, sets defaults, fills the struct at base. -EINVAL, -ENOMEM. */
int doc_load(const struct doc *doc, const struct field *fields, void *base, struct err *err);

/* Value of a key of the root mapping when it is a scalar, else NULL. */
const char *doc_scalar(const struct doc *doc, const char *key);

/* Line of KEY, of its entry INDEX (>= 0), of that entry's SUBKEY (or NULL) and of ITEM (>= 0) of the
 * list that this holds, or as near as is. */
size_t doc_line(const struct doc *doc, const char *key, int index, const char *subkey, int item);

/* Value node of key in a mapping; NULL when it is not there. */
const yaml_node_t *doc_get(const struct doc *doc, const yaml_node_t *map, const char *key);
const yaml_node_t *doc_item(const struct doc *doc, const yaml_node_t *list, unsigned index);

/* Place of a key in nested mappings, as it is printed: "detect.poll_ms". */
struct doc_path {
	const struct doc_path *up;
	const char *key;
};

/* "ORIGIN:LINE: PATH: why" with the why in err already; path may be NULL. Returns code. */
int doc_fail(const struct doc *doc, size_t line, const struct doc_path *path, int code,
	     struct err *err);

/* The struct as YAML: what is required or differs from its default. *ret is malloc'd.
 * 0, -ENOMEM, -EINVAL when a string can't be YAML. */
int doc_save(const struct field *fields, const void *base, char **ret);

#endif
