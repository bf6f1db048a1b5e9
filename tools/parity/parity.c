// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * parity.c - prints the table of bonding's and teamd's options: as the parity table (a row for each
 * mode, policy and option, with the test that shows it), or as bpfteam-options(7). Run by make, so
 * that neither can differ from what the parser does.
 *
 *	parity md|man
 */
#include <stdio.h>
#include <string.h>

#include "core/peer_option.h"

/* ---- the parity table ---- */

static void print_words_md(const char *title, const struct peer_mode *rows,
			   const struct name *words)
{
	printf("\n## %s\n\n| bonding | teamd | here | shown by |\n|---|---|---|---|\n", title);
	for (; rows->name; rows++) {
		bool ours = name_parse(words, rows->name) >= 0;

		printf("| `%s` | %s | %s | %s |\n", rows->name, rows->teamd ? rows->teamd : "",
		       ours ? "yes" : name_of(peer_fate_names, PEER_LATER),
		       ours && rows->test ? rows->test : "");
	}
}

static void print_options_md(const char *title, const struct peer_option *options)
{
	printf("\n## %s\n\n| option | here | how, or why not | shown by |\n|---|---|---|---|\n",
	       title);
	for (; options->name; options++) {
		enum peer_fate fate = peer_option_fate(options);

		printf("| `%s` | %s%s%s | %s | %s |\n", options->name, fate == PEER_OURS ? "`" : "",
		       fate == PEER_OURS ? options->key : name_of(peer_fate_names, fate),
		       fate == PEER_OURS ? "`" : "", options->text ? options->text : "",
		       fate != PEER_LATER && options->test ? options->test : "");
	}
}

static void print_md(void)
{
	printf("# What bonding and teamd do, and what bpfteam does\n\n"
	       "Made by `make`, of the table that `bpfteam import` reads.\n");
	print_words_md("Modes", peer_modes, mode_names);
	print_words_md("Hash policies", peer_hashes, hash_names);
	print_options_md("Options of bonding", bonding_options);
	print_options_md("Keys of teamd", teamd_options);
}

/* ---- the manual page ---- */

static void print_options_man(const char *title, const struct peer_option *options)
{
	printf(".Sh %s\n.Bl -tag -width Ds\n", title);
	for (; options->name; options++) {
		enum peer_fate fate = peer_option_fate(options);

		printf(".It Cm %s", options->name);
		if (options->old)
			printf(" , %s", options->old);
		printf("\n");
		if (fate == PEER_OURS)
			printf("Here\n.Cm %s .\n", options->key);
		else
			printf("%s.\n", fate == PEER_REFUSED ? "Refused"
					: fate == PEER_LATER ? "Not in this version"
							     : "Not needed");
		/* A sentence, after what names the fate. */
		if (options->text)
			printf("(%s.)\n", options->text);
	}
	printf(".El\n");
}

static void print_man(void)
{
	printf(".\\\" SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n"
	       ".Dd November 27, 2026\n.Dt BPFTEAM-OPTIONS 7\n.Os\n.Sh NAME\n"
	       ".Nm bpfteam-options\n"
	       ".Nd what becomes of the options of bonding and teamd\n.Sh DESCRIPTION\n"
	       "Every option of the kernel's bonding and every key of teamd's configuration, and "
	       "the "
	       "key of\n.Xr bpfteam.yaml 5\nthat does the same here, or why there is none.\n"
	       ".Ql bpfteam import\ncarries configurations over by this table;\n"
	       ".Ql bpfteam import --list\nprints it.\n"
	       "A value that is the default there is nobody's choice, and the default here stays, "
	       "but for\nmode and hash policy, by which others see the host.\n"
	       "An option that the mode does not have is left out, with a line that names both.\n");
	print_options_man("OPTIONS OF BONDING", bonding_options);
	print_options_man("KEYS OF TEAMD", teamd_options);
	printf(".Sh SEE ALSO\n.Xr bpfteam.yaml 5 ,\n.Xr bpfteam 8\n");
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "md"))
		print_md();
	else if (argc == 2 && !strcmp(argv[1], "man"))
		print_man();
	else
		return fputs("usage: parity md|man\n", stderr), 2;
	return 0;
}
