// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * import.c - `bpfteam import`: a configuration for a team out of a bond of the kernel's, or out of the
 * files that one, or teamd, is configured by. It goes to standard output and nothing else is
 * touched; what could not be carried over is told on standard error, a line each.
 */
#include "cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/import.h"
#include "core/peer_option.h"
#include "io/link.h"

#define FILE_MAX (1024 * 1024)
#define FILES_MAX 512
#define ADDRS_MAX 128
#define ROUTES_MAX 256

const struct option_row import_rows[] = {
	{.name = "format",
	 .value = "FORMAT",
	 .help = "of the file, where it can't be told",
	 .kind = OPTION_WORD,
	 .offset = offsetof(struct import_options, format),
	 .names = import_format_names},
	{.name = "bond",
	 .value = "NAME",
	 .help = "which one, of a file that has several",
	 .kind = OPTION_TEXT,
	 .offset = offsetof(struct import_options, bond)},
	{.name = "team",
	 .value = "NAME",
	 .help = "what the team is called [as the bond]",
	 .kind = OPTION_TEXT,
	 .offset = offsetof(struct import_options, team)},
	{.name = "list",
	 .help = "every option of bonding and teamd, and what becomes of it",
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct import_options, list)},
	{},
};

/* ---- files ---- */

/* The whole of an open file, which is closed. */
static int read_fd(int fd, struct import_file *file, struct err *err)
{
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	struct stat st;
	int code = 0;

	if (!in) {
		code = -errno;
		if (fd >= 0)
			close(fd);
		return err_set(err, code, "%s: %s", file->path, strerror(-code));
	}
	file->text = malloc(FILE_MAX + 1);
	if (!file->text)
		code = err_set(err, -ENOMEM, "out of memory");
	else if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		code = err_set(err, -EISDIR, "%s: is a folder; name the file in it", file->path);
	if (!code) {
		file->len = fread(file->text, 1, FILE_MAX, in);
		file->text[file->len] = '\0';
		if (ferror(in))
			code = err_set(err, -EIO, "%s: can't be read", file->path);
		else if (file->len == FILE_MAX)
			code = err_set(err, -E2BIG, "%s: longer than any such file", file->path);
	}
	fclose(in);
	return code;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The other files of the folder that may belong to files[0]. */
static void read_folder(struct import *import, enum import_format format, struct import_file *files,
			unsigned *n)
{
	const char *slash = strrchr(files[0].path, '/');
	int len = slash ? (int)(slash - files[0].path) + 1 : 0;
	struct dirent **names = NULL;
	char folder[4096], *path;
	struct err err;
	int count;

	snprintf(folder, sizeof(folder), "%.*s", len, files[0].path);
	count = scandir(len ? folder : ".", &names, NULL, by_name);
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;

		if (*n < FILES_MAX && import_wants(format, name) &&
		    strcmp(name, files[0].path + len) &&
		    asprintf(&path, "%s%s", folder, name) > 0) {
			files[*n].path = path;
			if (read_fd(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), &files[*n],
				    &err))
				import_tell(import, "", "%s", err.text);
			else
				(*n)++;
		}
		free(names[i]);
	}
	free(names);
}

static int from_file(struct cli *cli, const struct import_options *o, const char *path,
		     struct import *import)
{
	struct import_file *files = calloc(FILES_MAX, sizeof(*files));
	bool from_stdin = !strcmp(path, "-");
	enum import_format format = o->format;
	unsigned n = 1;
	int r;

	if (!files)
		return cli_fail(cli, -ENOMEM, "out of memory");
	files[0].path = from_stdin ? "standard input" : path;
	r = read_fd(from_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC), &files[0],
		    &cli->err);
	if (r == -ENOENT && !strchr(path, '/'))
		err_set(&cli->err, r, "%s: is neither an interface nor a file", path);
	if (!r && format == IMPORT_AUTO)
		format = import_guess(&files[0]);
	if (!r && !from_stdin)
		read_folder(import, format, files, &n);
	if (!r)
		r = import_read(import, format, files, n, o->bond, &cli->err);
	for (unsigned i = 0; i < n; i++) {
		free(files[i].text);
		if (i)
			free((char *)files[i].path);
	}
	free(files);
	return r;
}

/* ---- a bond of the kernel's ---- */

static void add_addrs(struct import *import, struct link *link, const struct link_info *bond)
{
	static struct saved_addr addrs[ADDRS_MAX];
	char text[ADDR_STRLEN];
	unsigned n = 0;
	struct err err;

	if (link_addrs(link, bond->ifindex, addrs, ADDRS_MAX, &n, &err))
		import_tell(import, "", "addresses: %s", err.text);
	for (unsigned i = 0; i < n && i < ADDRS_MAX; i++) {
		addr_format(&addrs[i].addr, true, text);
		if (addr_is_link_local(&addrs[i].addr))
			continue;
		if (addrs[i].flags & IFA_F_PERMANENT)
			import_key(import, "", "addresses", text);
		else
			import_tell(import, "",
				    "address %s: has a lifetime; whoever gave it (DHCP, "
				    "a router) has to give it to the team",
				    text);
	}
}

static void add_routes(struct import *import, struct link *link, const struct link_info *bond)
{
	static struct saved_route routes[ROUTES_MAX];
	char to[ADDR_STRLEN], via[ADDR_STRLEN], metric[16];
	unsigned n = 0;
	struct err err;

	if (link_routes(link, bond->ifindex, routes, ROUTES_MAX, &n, &err))
		import_tell(import, "", "routes: %s", err.text);
	for (unsigned i = 0; i < n && i < ROUTES_MAX; i++) {
		const struct saved_route *route = &routes[i];
		/* IPv6 shows as a metric what nobody gave: IP6_RT_PRIO_USER. */
		bool plain = !route->metric ||
			     (route->to.family == AF_INET6 && route->metric == 1024);

		addr_format(&route->to, true, to);
		addr_format(&route->via, false, via);
		snprintf(metric, sizeof(metric), "%u", route->metric);
		if (route->protocol == RTPROT_RA || route->protocol == RTPROT_DHCP)
			import_tell(import, "", "route to %s: a router or DHCP gave it", to);
		else if (route->table != RT_TABLE_MAIN)
			import_tell(import, "", "route to %s: is in table %u, not in the main one",
				    to, route->table);
		else
			import_route(import, "", to, via, plain ? "" : metric);
	}
}

static int from_bond(struct cli *cli, struct link *link, const struct link_info *bond,
		     struct import *import)
{
	struct bond_option *options;
	char mtu[16];
	unsigned n;
	int r;

	r = link_bond_options(link, bond->ifindex, &options, &n, &cli->err);
	if (r)
		return r;
	import_key(import, "", "team", bond->name);
	for (unsigned i = 0; i < n; i++) {
		if (!options[i].name)
			import_port(import, "", options[i].port);
		else if (options[i].value[0])
			import_bonding(import, "", options[i].name, options[i].port,
				       options[i].value);
	}
	free(options);
	snprintf(mtu, sizeof(mtu), "%u", bond->mtu);
	if (bond->mtu != 1500)
		import_key(import, "", "mtu", mtu);
	add_addrs(import, link, bond);
	add_routes(import, link, bond);
	return 0;
}

/* 1: a bond, and its options are in import; 0: no interface of that name, or a file's. */
static int try_interface(struct cli *cli, const char *name, struct import *import)
{
	struct link *link = NULL;
	struct link_info info;
	int r;

	if (strchr(name, '/') || !strcmp(name, "-"))
		return 0;
	r = link_open(&link, &cli->err);
	if (r)
		return r;
	if (link_get(link, name, &info, NULL))
		r = 0;
	else if (!strcmp(info.kind, "bond"))
		r = from_bond(cli, link, &info, import) ?: 1;
	else if (!strcmp(info.kind, "team"))
		r = cli_fail(cli, -EINVAL,
			     "%s: is teamd's; 'teamdctl %s config dump actual' prints what to read",
			     name, name);
	else
		r = cli_fail(cli, -EINVAL, "%s: is no bond", name);
	link_close(link);
	return r;
}

/* ---- the command ---- */

static json_t *options_json(const char *peer, const struct peer_option *options)
{
	json_t *array = json_array();

	for (const struct peer_option *option = options; option->name; option++)
		json_array_append_new(array,
				      json_pack("{s:s, s:s, s:s*, s:s, s:s*}", "peer", peer,
						"option", option->name, "key", option->key, "fate",
						name_of(peer_fate_names, peer_option_fate(option)),
						"text", option->text));
	return array;
}

static void print_options(const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *key = json_string_value(json_object_get(row, "key"));
		const char *fate = json_string_value(json_object_get(row, "fate"));
		const char *text = json_string_value(json_object_get(row, "text"));

		printf("%-8s %-38s %s%s%s\n", json_string_value(json_object_get(row, "peer")),
		       json_string_value(json_object_get(row, "option")),
		       key && !strcmp(fate, "ours") ? key : fate, text ? ": " : "",
		       text ? text : "");
	}
}

static int list_options(struct cli *cli)
{
	json_t *rows = options_json("bonding", bonding_options);
	json_t *more = options_json("teamd", teamd_options);

	json_array_extend(rows, more);
	json_decref(more);
	return cli_print(cli, rows, print_options);
}

static void add_note(const char *line, void *arg)
{
	json_array_append_new(arg, json_string(line));
}

static int print_config(struct cli *cli, const struct config *config, json_t *notes)
{
	char *yaml = NULL;
	json_t *note;
	size_t i;
	int r = config_format(config, &yaml);

	if (r)
		return cli_fail(cli, r, "%s", strerror(-r));
	if (cli->json) {
		r = cli_print(cli, json_pack("{s:s, s:O}", "config", yaml, "notes", notes), NULL);
	} else {
		fputs(yaml, stdout);
		fflush(stdout);
		json_array_foreach (notes, i, note)
			fprintf(stderr, "bpfteam: import: %s\n", json_string_value(note));
	}
	free(yaml);
	return r;
}

int import_run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct import_options *o = options;
	json_t *notes = json_array();
	struct import *import = import_new(add_note, notes);
	struct config *config = malloc(sizeof(*config));
	int r;

	if (o->list)
		r = list_options(cli);
	else if (!argc)
		r = cli_usage(cli, "wants a bond or a file (bpfteam import -h)");
	else if (!notes || !import || !config)
		r = cli_fail(cli, -ENOMEM, "out of memory");
	else
		r = try_interface(cli, argv[0], import);
	if (!r && !o->list)
		r = from_file(cli, o, argv[0], import) ?: 1;
	if (r > 0)
		r = import_finish(import, o->team, config, &cli->err)
			    ?: print_config(cli, config, notes);
	free(config);
	import_free(import);
	json_decref(notes);
	return r;
}
