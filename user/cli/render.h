/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* render.h - text out of JSON: aligned tables, figures for people, colour on a terminal. */
#ifndef BPFTEAM_CLI_RENDER_H
#define BPFTEAM_CLI_RENDER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define FIGURE_STRLEN 16

struct table;

/* Columns by title; a title that begins with '>' is right-aligned. NULL when out of memory, which
 * the other functions take. */
struct table *table_new(const char *const *titles);
/* Appends a cell; a row is full after as many as there are columns. NULL counts as "". */
void table_cell(struct table *table, const char *text);
/* As table_cell(), coloured by what the word means: up, down, yes, no, ... */
void table_state(struct table *table, const char *text);
/* For people; "" when it is not there or null. */
void table_figure(struct table *table, const json_t *number);
/* All its digits, or "". */
void table_number(struct table *table, const json_t *number);
/* Prints, indented, and frees. Columns that are empty in every row are left out. */
void table_print(struct table *table, unsigned indent);

/* 1234567 -> "1.23M"; up to four digits as they are. Steps of 1000. Returns buf. */
const char *figure(uint64_t n, char buf[FIGURE_STRLEN]);

/* Prints a state in its colour. */
void render_state(const char *word);

/* A member that is a string, "" when it is not there or null. */
const char *json_text(const json_t *object, const char *key);

/* An array's strings with the separator between them, as many as there is room for. Returns buf. */
const char *json_words(const json_t *words, const char *separator, char *buf, size_t size);

/* The array of `show -j`. */
void render_show(const json_t *teams);
/* render_rdma.c: the array of `rdma -j`. */
void render_rdma(const json_t *teams);

#endif
