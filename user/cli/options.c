/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * options.c - feeds getopt_long() from option rows, sets the fields they name, prints their help,
 * and finds the word that was meant. Called by main.c and help.c.
 */
#include "cli/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 64
#define WORD_MAX 64
/* Above every character, so that optopt tells a long option from a short one. */
#define FIRST_VALUE 256

struct parser {
	struct option longopts[ROWS_MAX + 1];
	const struct option_row *row[ROWS_MAX];
	void *target[ROWS_MAX];
	unsigned n;
	char shortopts[2 * ROWS_MAX + 3];
};

int number_parse(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
	size_t digits = strspn(text + (*text == '-'), "0123456789");
	bool whole = digits && digits <= 18 && !text[(*text == '-') + digits];
	int64_t value = whole ? strtoll(text, NULL, 10) : 0;

	if (!whole || value < min || value > max)
		return err_set(err, -EINVAL, "'%s' is not a number from %" PRId64 " to %" PRId64,
			       text, min, max);
	*ret = value;
	return 0;
}

/* Edit distance with insertion, deletion, substitution and exchange of neighbours. */
static unsigned distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return UINT32_MAX;
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			unsigned best;

			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[n][m];
}

void nearest_init(struct nearest *nearest, const char *word)
{
	size_t len = strlen(word);

	/* A third of the letters may be wrong; beyond that a hint misleads. */
	*nearest = (struct nearest){.word = word, .distance = len < 3 ? 2 : len / 3 + 2};
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t len = strlen(nearest->word);
	unsigned d = distance(nearest->word, candidate);

	/* What was begun rightly is nearer than any typing error. */
	if (len >= 2 && !strncmp(nearest->word, candidate, len))
		d = 0;
	if (d < nearest->distance) {
		nearest->distance = d;
		nearest->best = candidate;
	}
}

static int unknown_option(const struct parser *parser, const char *arg, struct err *err)
{
	struct nearest nearest;
	char word[WORD_MAX + 1];

	if (optopt)
		return err_set(err, -EINVAL, "unknown option -%c (-h lists the options)", optopt);
	snprintf(word, sizeof(word), "%s", arg + 2);
	word[strcspn(word, "=")] = '\0';
	nearest_init(&nearest, word);
	for (unsigned i = 0; i < parser->n; i++)
		if (parser->row[i]->kind != OPTION_LATER)
			nearest_offer(&nearest, parser->row[i]->name);
	if (nearest.best)
		return err_set(err, -EINVAL, "unknown option --%s; did you mean --%s?", word,
			       nearest.best);
	return err_set(err, -EINVAL, "unknown option --%s (-h lists the options)", word);
}

static int set_word(const struct option_row *row, void *field, const char *value, struct err *err)
{
	char list[256];
	int word;

	if (name_is_later(row->names, value))
		return err_set(err, -EINVAL, "%s: not supported by this version", value);
	word = name_parse(row->names, value);
	if (word < 0)
		return err_set(err, -EINVAL, "'%s' is unknown: choose %s", value,
			       name_list(row->names, list, sizeof(list)));
	*(int *)field = word;
	return 0;
}

static int set_field(const struct option_row *row, void *target, const char *value, struct err *err)
{
	void *field = (char *)target + row->offset;
	int64_t number;
	int r = 0;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		break;
	case OPTION_TEXT:
		*(const char **)field = value;
		break;
	case OPTION_WORD:
		r = set_word(row, field, value, err);
		break;
	case OPTION_NUMBER:
		r = number_parse(value, row->min, row->max, &number, err);
		if (!r)
			*(uint32_t *)field = number;
		break;
	case OPTION_CALL:
		r = row->set(target, value, err);
		break;
	case OPTION_LATER:
		r = err_set(err, -EINVAL, "not supported by this version");
		break;
	}
	return r ? err_prefix(err, r, "--%s", row->name) : 0;
}

static void parser_init(struct parser *parser, const struct option_set *sets, unsigned n_sets,
			bool stop)
{
	char *s = parser->shortopts;

	memset(parser, 0, sizeof(*parser));
	/* '+' ends at the first word, '-' hands words over in order, whatever POSIXLY_CORRECT
	 * says; ':' keeps getopt from printing. */
	*s++ = stop ? '+' : '-';
	*s++ = ':';
	for (unsigned i = 0; i < n_sets; i++) {
		for (const struct option_row *row = sets[i].rows; row && row->name; row++) {
			unsigned n = parser->n++;

			assert(n < ROWS_MAX);
			parser->row[n] = row;
			parser->target[n] = sets[i].target;
			parser->longopts[n] = (struct option){
				.name = row->name,
				.has_arg = row->value ? required_argument : no_argument,
				.val = FIRST_VALUE + n,
			};
			if (row->letter) {
				*s++ = row->letter;
				if (row->value)
					*s++ = ':';
			}
		}
	}
}

static int parser_index(const struct parser *parser, int c)
{
	if (c >= FIRST_VALUE)
		return c - FIRST_VALUE;
	for (unsigned i = 0; c && i < parser->n; i++)
		if (parser->row[i]->letter == c)
			return i;
	return -1;
}

int options_parse(const struct option_set *sets, unsigned n_sets, bool stop, int argc, char **argv,
		  struct err *err)
{
	struct parser parser;
	int n = 0, c;

	parser_init(&parser, sets, n_sets, stop);
	optind = 0; /* glibc: begin anew */
	while ((c = getopt_long(argc, argv, parser.shortopts, parser.longopts, NULL)) != -1) {
		int i, r;

		if (c == 1) {
			argv[n++] = optarg;
			continue;
		}
		i = parser_index(&parser, c == '?' || c == ':' ? optopt : c);
		if (c == ':')
			return err_set(err, -EINVAL, "--%s: a value is missing: %s",
				       parser.row[i]->name, parser.row[i]->value);
		if (c == '?' && i >= 0)
			return err_set(err, -EINVAL, "--%s: takes no value", parser.row[i]->name);
		if (c == '?')
			return unknown_option(&parser, argv[optind - 1], err);
		r = set_field(parser.row[i], parser.target[i], optarg, err);
		if (r)
			return r;
	}
	if (stop)
		return optind;
	while (optind < argc)
		argv[n++] = argv[optind++];
	return n;
}

static int option_left(const struct option_row *row, char *buf, size_t size)
{
	char letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	return snprintf(buf, size, "%s--%s%s%s", letter, row->name, row->value ? " " : "",
			row->value ? row->value : "");
}

void options_help(const struct option_row *rows)
{
	char left[80], list[256];
	int width = 0;

	for (const struct option_row *row = rows; row->name; row++) {
		int len = option_left(row, left, sizeof(left));

		if (row->kind != OPTION_LATER && len > width)
			width = len;
	}
	for (const struct option_row *row = rows; row->name; row++) {
		if (row->kind == OPTION_LATER)
			continue;
		option_left(row, left, sizeof(left));
		printf("  %-*s  %s", width, left, row->help);
		if (row->names)
			printf(": %s", name_list(row->names, list, sizeof(list)));
		putchar('\n');
	}
}
