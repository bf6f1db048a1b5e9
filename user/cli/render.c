/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * render.c - the text view of JSON: tables and figures, and the text of `show`. Used by the
 * commands through cli_print(), so that text and JSON can't tell different things.
 *
 * Colour only where standard output is a terminal and NO_COLOR (https://no-color.org) is not set.
 */
#include "cli/render.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_MAX 16

struct cell {
	char *text;
	bool state;
};

struct table {
	const char *const *titles;
	unsigned n_columns, n_cells, allocated;
	struct cell *cells;
};

static const struct {
	const char *word, *colour;
} colours[] = {
	{"up", "32"},      {"yes", "32"},      {"down", "31"},
	{"no", "31"},      {"missing", "31"},  {"probing", "33"},
	{"drained", "33"}, {"disabled", "33"}, {"active", "32"},
};

static const char *colour_of(const char *word)
{
	const char *off = getenv("NO_COLOR"), *term = getenv("TERM");

	if (!isatty(STDOUT_FILENO) || (off && *off) || !term || !strcmp(term, "dumb"))
		return NULL;
	for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
		if (!strcmp(colours[i].word, word))
			return colours[i].colour;
	return NULL;
}

void render_state(const char *word)
{
	const char *colour = colour_of(word);

	if (colour)
		printf("\033[%sm%s\033[0m", colour, word);
	else
		fputs(word, stdout);
}

const char *figure(uint64_t n, char buf[FIGURE_STRLEN])
{
	static const char units[] = " kMGTPE";
	double value = n;
	unsigned unit = 0;

	if (n < 10000) {
		snprintf(buf, FIGURE_STRLEN, "%" PRIu64, n);
		return buf;
	}
	for (; value >= 999.5; value /= 1000)
		unit++;
	snprintf(buf, FIGURE_STRLEN, "%.*f%c",
		 value < 9.995   ? 2
		 : value < 99.95 ? 1
				 : 0,
		 value, units[unit]);
	return buf;
}

const char *json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

struct table *table_new(const char *const *titles)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->titles = titles;
	while (table->n_columns < COLUMNS_MAX && titles[table->n_columns])
		table->n_columns++;
	return table;
}

static void add_cell(struct table *table, const char *text, bool state)
{
	struct cell *cells;

	if (!table)
		return;
	if (table->n_cells == table->allocated) {
		unsigned n = table->allocated ? 2 * table->allocated : 64;

		cells = realloc(table->cells, n * sizeof(*cells));
		if (!cells)
			return;
		table->cells = cells;
		table->allocated = n;
	}
	table->cells[table->n_cells++] = (struct cell){strdup(text ? text : ""), state};
}

void table_cell(struct table *table, const char *text)
{
	add_cell(table, text, false);
}

void table_state(struct table *table, const char *text)
{
	add_cell(table, text, true);
}

void table_figure(struct table *table, const json_t *number)
{
	char buf[FIGURE_STRLEN];

	add_cell(table, json_is_integer(number) ? figure(json_integer_value(number), buf) : "",
		 false);
}

void table_number(struct table *table, const json_t *number)
{
	char buf[24] = "";

	if (json_is_integer(number))
		snprintf(buf, sizeof(buf), "%" PRId64, (int64_t)json_integer_value(number));
	add_cell(table, buf, false);
}

static const char *cell_text(const struct cell *cell)
{
	return cell->text ? cell->text : "";
}

/* Of a column: its width, 0 when it is empty in every row. */
static unsigned column_width(const struct table *table, unsigned column, const char *title)
{
	size_t width = 0;

	for (unsigned i = column; i < table->n_cells; i += table->n_columns)
		if (strlen(cell_text(&table->cells[i])) > width)
			width = strlen(cell_text(&table->cells[i]));
	return width && strlen(title) > width ? strlen(title) : width;
}

static void print_cell(const char *text, bool state, unsigned width, bool right, bool last)
{
	unsigned pad = width - strlen(text);

	if (right)
		printf("%*s", pad, "");
	if (state)
		render_state(text);
	else
		fputs(text, stdout);
	if (!right && !last)
		printf("%*s", pad, "");
}

/* Row 0 is that of the titles. */
static const char *row_text(const struct table *table, unsigned row, unsigned column)
{
	const char *title = table->titles[column];

	if (row)
		return cell_text(&table->cells[(row - 1) * table->n_columns + column]);
	return title + (title[0] == '>');
}

static void print_row(const struct table *table, unsigned row, const unsigned *width)
{
	unsigned last = table->n_columns - 1;
	const char *gap = "";

	while (last && (!width[last] || !*row_text(table, row, last)))
		last--;
	for (unsigned c = 0; c <= last; c++) {
		bool state = row && table->cells[(row - 1) * table->n_columns + c].state;

		if (!width[c])
			continue;
		fputs(gap, stdout);
		gap = "  ";
		print_cell(row_text(table, row, c), state, width[c], table->titles[c][0] == '>',
			   c == last);
	}
	putchar('\n');
}

void table_print(struct table *table, unsigned indent)
{
	unsigned width[COLUMNS_MAX];

	if (!table)
		return;
	for (unsigned c = 0; c < table->n_columns; c++)
		width[c] = column_width(table, c, row_text(table, 0, c));
	for (unsigned row = 0; row <= table->n_cells / table->n_columns; row++) {
		printf("%*s", indent, "");
		print_row(table, row, width);
	}
	for (unsigned i = 0; i < table->n_cells; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

static const json_t *member(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

/* "inactive_port 12, reflection 3": the counters that are not zero. */
static const char *drops_text(const json_t *drops, char *buf, size_t size)
{
	const char *name;
	json_t *count;
	size_t len = 0;

	buf[0] = '\0';
	json_object_foreach ((json_t *)drops, name, count) {
		char n[FIGURE_STRLEN];

		if (json_integer_value(count) && len < size)
			len += snprintf(buf + len, size - len, "%s%s %s", len ? ", " : "", name,
					figure(json_integer_value(count), n));
	}
	return buf;
}

static void add_traffic(struct table *table, const json_t *object)
{
	static const char *const keys[] = {"tx_packets", "tx_bytes", "rx_packets", "rx_bytes"};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		table_figure(table, member(object, keys[i]));
}

static void render_ports(const json_t *ports, const char *active)
{
	static const char *const titles[] = {"PORT",     "",          "STATE",    "REASON",
					     "RDMA",     ">WEIGHT",   ">PRIO",    ">SLOTS",
					     ">TX PKTS", ">TX BYTES", ">RX PKTS", ">RX BYTES",
					     "DROPS",    NULL};
	struct table *table = table_new(titles);
	const json_t *port;
	char drops[256];
	size_t i;

	json_array_foreach (ports, i, port) {
		const char *name = json_text(port, "name");

		table_cell(table, name);
		table_cell(table, *active && !strcmp(name, active) ? "*" : "");
		table_state(table, json_text(port, "state"));
		table_cell(table, json_text(port, "reason"));
		table_cell(table, json_text(port, "rdma"));
		table_number(table, member(port, "weight"));
		table_number(table, member(port, "priority"));
		table_number(table, member(port, "slots"));
		add_traffic(table, port);
		table_cell(table, drops_text(member(port, "drops"), drops, sizeof(drops)));
	}
	table_print(table, 2);
}

const char *json_words(const json_t *words, const char *separator, char *buf, size_t size)
{
	const json_t *word;
	size_t used = 0, i;

	buf[0] = '\0';
	json_array_foreach (words, i, word)
		if (json_is_string(word) && used < size)
			used += snprintf(buf + used, size - used, "%s%s", used ? separator : "",
					 json_string_value(word));
	return buf;
}

static void render_vports(const json_t *vports)
{
	static const char *const titles[] = {"VPORT",     "KIND",     "VLAN",      "PINNED TO",
					     "PORTS",     ">TX PKTS", ">TX BYTES", ">RX PKTS",
					     ">RX BYTES", "DROPS",    NULL};
	struct table *table = table_new(titles);
	const json_t *vport;
	char drops[256], words[256];
	size_t i;

	json_array_foreach (vports, i, vport) {
		table_cell(table, json_text(vport, "name"));
		table_cell(table, json_text(vport, "kind"));
		table_number(table, member(vport, "vlan"));
		table_cell(table, json_text(vport, "pinned_to"));
		table_cell(table, json_words(member(vport, "ports"), ",", words, sizeof(words)));
		add_traffic(table, vport);
		table_cell(table, drops_text(member(vport, "drops"), drops, sizeof(drops)));
	}
	table_print(table, 2);
}

static void render_team(const json_t *team)
{
	const char *active = json_text(team, "active_port");
	char drops[256];

	printf("%s: ", json_text(team, "name"));
	render_state(json_text(team, "state"));
	printf(", %s", json_text(team, "mode"));
	if (*active)
		printf(", active port %s", active);
	printf("\n  hash %s, detector %s, daemon %s, failovers %" PRId64 "\n",
	       json_text(team, "hash"), json_text(team, "detector"),
	       json_is_true(member(team, "daemon")) ? "yes" : "no",
	       (int64_t)json_integer_value(member(team, "failovers")));
	if (strcmp(json_text(team, "rx"), "redirect"))
		printf("  rx %s%s%s\n", json_text(team, "rx"),
		       *json_text(team, "rx_obstacle") ? ", in its way: " : "",
		       json_text(team, "rx_obstacle"));
	printf("  mac %s, mtu %" PRId64 ", ifindex %" PRId64 "\n", json_text(team, "mac"),
	       (int64_t)json_integer_value(member(team, "mtu")),
	       (int64_t)json_integer_value(member(team, "ifindex")));
	if (*drops_text(member(team, "drops"), drops, sizeof(drops)))
		printf("  drops %s\n", drops);
	render_ports(member(team, "ports"), active);
	render_vports(member(team, "vports"));
}

void render_show(const json_t *teams)
{
	const json_t *team;
	size_t i;

	if (!json_array_size(teams))
		puts("no teams");
	json_array_foreach (teams, i, team) {
		if (i)
			putchar('\n');
		render_team(team);
	}
}
