/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * import.h - a configuration out of what somebody has for the kernel's bonding or for teamd. Pure: the
 * texts of files, or options by name and value, come in; a configuration comes out, and one line for
 * each thing that could not be carried over. What becomes of an option is in peer_option.h.
 */
#ifndef BPFTEAM_CORE_IMPORT_H
#define BPFTEAM_CORE_IMPORT_H

#include <stddef.h>

#include "core/config.h"
#include "core/err.h"
#include "core/names.h"

enum import_format {
	IMPORT_AUTO,
	IMPORT_TEAMD, /* JSON, teamd.conf(5) */
	IMPORT_NETPLAN, /* YAML */
	IMPORT_NETWORKD, /* systemd.netdev(5), with the .network files of the same folder */
	IMPORT_IFCFG, /* Red Hat's initscripts, with the ifcfg-* of the same folder */
	IMPORT_INTERFACES, /* Debian's ifupdown: interfaces(5) with ifenslave's bond-* */
};
extern const struct name import_format_names[];

struct import_file {
	const char *path; /* as messages call it */
	char *text; /* terminated; NULs in it are refused */
	size_t len;
};

/* A line that says what was left out, and why. */
typedef void import_note_fn(const char *line, void *arg);

struct import;
/* note: called for each such line, when the configuration is made. NULL: out of memory. */
struct import *import_new(import_note_fn *note, void *arg);
void import_free(struct import *import);

/* By what the text looks like; IMPORT_AUTO: like none of them. */
enum import_format import_guess(const struct import_file *file);

/* Does a file of that name, in the folder of the one to be read, belong to it? */
bool import_wants(enum import_format format, const char *name);

/*
 * Reads files[0] and, where they concern it, the others of its folder. bond: which one, where a file has
 * several; NULL: the only one. Broken text, no bond, several: -EINVAL, and err names file and line.
 * -ENOMEM.
 */
int import_read(struct import *import, enum import_format format, const struct import_file *files,
		unsigned n, const char *bond, struct err *err);

/*
 * The parts of it, also for who reads a running bond. where: what a line begins with, "FILE:3: ".
 * An option of bonding's by name; port: "" or whose it is.
 */
void import_bonding(struct import *import, const char *where, const char *name, const char *port,
		    const char *value);
void import_port(struct import *import, const char *where, const char *name);
/* A key of ours: the team's name, addresses. */
void import_key(struct import *import, const char *where, const char *key, const char *value);
/* via: a gateway, or "" for none. */
void import_route(struct import *import, const char *where, const char *to, const char *via,
		  const char *metric);
void import_tell(struct import *import, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What all that makes, as config_check() wants it. team: its name, NULL: the bond's. -EINVAL where not
 * even a name and a port are there; -ENOMEM. */
int import_finish(struct import *import, const char *team, struct config *ret, struct err *err);

#endif
