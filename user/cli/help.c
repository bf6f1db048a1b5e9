/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * help.c - help from the tables that the parser reads: as text, and as JSON (`bpfteam help -j`) for
 * what else has to know every command and option (completion, the manual).
 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void print_globals(const char *title)
{
	printf("\n%s:\n", title);
	options_help(global_options);
}

/* Commands whose first word is word; all when it is NULL. */
static void list_commands(const char *word)
{
	size_t len = word ? strlen(word) : 0;
	int width = 0;

	for (const struct command *c = commands; c->name; c++) {
		int n = c->later ? 0 : snprintf(NULL, 0, "%s %s", c->name, c->args);

		if (n > width && n < 32)
			width = n;
	}
	for (const struct command *c = commands; c->name; c++) {
		char left[80];

		if (c->later || (word && (strncmp(c->name, word, len) || c->name[len] != ' ')))
			continue;
		snprintf(left, sizeof(left), "%s %s", c->name, c->args);
		if (strlen(left) > (size_t)width)
			snprintf(left, sizeof(left), "%s %.*s ...", c->name,
				 (int)strcspn(c->args, " "), c->args);
		printf("  %-*s  %s\n", width, left, c->summary);
	}
}

void help_all(void)
{
	printf("bpfteam " BPFTEAM_VERSION ": teams NICs in eBPF\n\n"
	       "usage: bpfteam [OPTION]... COMMAND [ARGUMENT]...\n\n"
	       "commands:\n");
	list_commands(NULL);
	print_globals("options of every command");
	printf("\nbpfteam COMMAND -h tells more. Exit status: 0 done; 1 refused or failed, and "
	       "nothing\nchanged; 2 wrong usage.\n");
}

void help_command(const struct command *command, const char *word)
{
	if (!command) {
		printf("usage: bpfteam %s COMMAND\n\ncommands:\n", word);
		list_commands(word);
		print_globals("options of every command");
		return;
	}
	printf("usage: bpfteam %s %s%s%s\n\n%s\n", command->name, command->args,
	       *command->args ? " " : "", "[OPTION]...", command->summary);
	if (command->details)
		printf("%s\n", command->details);
	if (command->options) {
		printf("\noptions:\n");
		options_help(command->options);
	}
	print_globals("options of every command");
}

static json_t *rows_json(const struct option_row *rows)
{
	json_t *array = json_array();

	for (const struct option_row *row = rows; row && row->name; row++) {
		json_t *words = row->names ? json_array() : NULL;
		char letter[2] = {row->letter};

		if (row->kind == OPTION_LATER)
			continue;
		for (const struct name *name = row->names; name && name->name; name++)
			if (!name->alias)
				json_array_append_new(words, json_string(name->name));
		json_array_append_new(array,
				      json_pack("{s:s, s:s*, s:s*, s:s, s:o*}", "name", row->name,
						"letter", row->letter ? letter : NULL, "value",
						row->value, "help", row->help, "words", words));
	}
	return array;
}

json_t *help_json(void)
{
	json_t *array = json_array();

	for (const struct command *c = commands; c->name; c++) {
		if (c->later)
			continue;
		json_array_append_new(array,
				      json_pack("{s:s, s:s, s:s, s:s*, s:o}", "name", c->name,
						"args", c->args, "help", c->summary, "details",
						c->details, "options", rows_json(c->options)));
	}
	return json_pack("{s:s, s:o, s:o}", "version", BPFTEAM_VERSION, "commands", array,
			 "options", rows_json(global_options));
}
