/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * options.h - options as table rows: getopt_long() and the help text are fed from the same row.
 */
#ifndef BPFTEAM_CLI_OPTIONS_H
#define BPFTEAM_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/names.h"

enum option_kind {
	OPTION_FLAG, /* bool, set to true */
	OPTION_TEXT, /* const char *, points into argv */
	OPTION_WORD, /* an enum: one of names */
	OPTION_NUMBER, /* uint32_t, min..max */
	OPTION_CALL, /* set() is called with the struct and the value */
	OPTION_LATER, /* known, not in this version, not in the help */
};

struct option_row {
	const char *name; /* without the dashes; NULL ends the table */
	const char *value; /* what help calls its value; NULL: it takes none */
	const char *help;
	enum option_kind kind;
	char letter; /* short form, or 0 */
	size_t offset; /* of the field in the target */
	const struct name *names; /* OPTION_WORD; also listed in the help */
	uint32_t min, max; /* OPTION_NUMBER */
	/* On -EINVAL err says what is wrong with value; the option's name is put in front. */
	int (*set)(void *target, const char *value, struct err *err);
};

/* Rows and the struct that they fill. */
struct option_set {
	const struct option_row *rows;
	void *target;
};

/*
 * Parses argv[1..argc-1]. With stop, ends at the first word that is no option and returns its
 * index. Else words and options may be mixed, the words are gathered in argv[0..n-1] and n is
 * returned. -EINVAL with a text: unknown option, missing or wrong value.
 */
int options_parse(const struct option_set *sets, unsigned n_sets, bool stop, int argc, char **argv,
		  struct err *err);

/* Prints the rows for the help, aligned. */
void options_help(const struct option_row *rows);

/* A whole decimal number, nothing around it. -EINVAL with a text that names the range. */
int number_parse(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *err);

/* The nearest of some words to one that was mistyped: offer() each, then read best. */
struct nearest {
	const char *word;
	const char *best; /* NULL: none is near */
	unsigned distance;
};
void nearest_init(struct nearest *nearest, const char *word);
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
