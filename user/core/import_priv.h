/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* import_priv.h - what the readers of the formats share. Private to core/import*.c. */
#ifndef BPFTEAM_CORE_IMPORT_PRIV_H
#define BPFTEAM_CORE_IMPORT_PRIV_H

#include "core/import.h"
#include "core/peer_option.h"

#define IMPORT_LINE_MAX 4096
#define IMPORT_WHERE_MAX 320

/* It is teamd's: bonding's defaults are none. */
void import_of_teamd(struct import *import);

/* An option that is known by its row. */
void import_option(struct import *import, const char *where, const struct peer_option *option,
		   const char *port, const char *value);

/* bonding's row by its name in that column of the table; NULL: none. */
const struct peer_option *import_find(const char *name, enum import_format format);

/*
 * A time in milliseconds out of "100", "100ms", "2s", "1min 30s"; unit_ms: what a plain number means.
 * Returns buf, or NULL for what is no time.
 */
const char *import_span(const char *text, unsigned unit_ms, char buf[32]);

/* The lines of a text: without comments, blanks around them, and with continued ones put together. */
struct import_lines {
	const struct import_file *file;
	const char *next;
	unsigned line, at; /* of the next line, and where the present one began */
	char text[IMPORT_LINE_MAX];
	char where[IMPORT_WHERE_MAX]; /* "FILE:LINE: " */
	int code; /* once the lines have ended: 0, or -EINVAL for one that is too long */
};
void import_lines(struct import_lines *lines, const struct import_file *file);
bool import_line(struct import_lines *lines);

/* Cuts the first word off *text, which is moved behind it; NULL: there is none. */
char *import_word(char **text);
/* Without the quotes around it. */
char *import_unquote(char *text);
/* "255.255.255.0" or "24", put behind an address: "192.0.2.1/24". Returns buf. */
const char *import_prefix(const char *address, const char *mask, char buf[128]);

/* -EINVAL "FILE:LINE: ..." */
int import_broken(const struct import_lines *lines, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Which of the bonds of a file: all are offered, then the chosen one is asked for. */
struct import_choice {
	const char *wanted; /* NULL: the only one */
	char name[64];
	char names[256];
	unsigned n, n_wanted;
};
void import_offer(struct import_choice *choice, const char *name);
/* -EINVAL: there is none, or too many. what: "bond". */
int import_chosen(const struct import_choice *choice, const char *path, const char *what,
		  struct err *err);

typedef int import_reader(struct import *import, const struct import_file *files, unsigned n,
			  const char *bond, struct err *err);
import_reader import_read_teamd, import_read_netplan, import_read_networkd, import_read_ifcfg,
	import_read_interfaces;

/* teamd's JSON out of a text; where: what lines begin with. ifcfg files hold it, too. */
int import_teamd_text(struct import *import, const char *origin, const char *text, struct err *err);
/* Of one port alone (ifcfg's TEAM_PORT_CONFIG). */
int import_teamd_port(struct import *import, const char *origin, const char *port, const char *text,
		      struct err *err);

#endif
