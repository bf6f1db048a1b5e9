/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cli.c - what every command does alike: find out who does the work, open a team, say what was
 * done, say what is wrong. Called by main.c and the commands.
 */
#include "cli/cli.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/render.h"

static int set_prefixed(struct cli *cli, int code, const char *fmt, va_list args)
{
	char text[sizeof(cli->err.text)];

	vsnprintf(text, sizeof(text), fmt, args);
	if (cli->command)
		return err_set(&cli->err, code, "%s: %s", cli->command->name, text);
	return err_set(&cli->err, code, "%s", text);
}

int cli_usage(struct cli *cli, const char *fmt, ...)
{
	va_list args;

	cli->usage = true;
	va_start(args, fmt);
	set_prefixed(cli, -EINVAL, fmt, args);
	va_end(args);
	return -EINVAL;
}

int cli_fail(struct cli *cli, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set_prefixed(cli, code, fmt, args);
	va_end(args);
	return code;
}

/* Without these, the layers below would only get as far as a folder they can't make. */
static bool privileged(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, data))
		return geteuid() == 0;
	return data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN) &&
	       (data[CAP_TO_INDEX(CAP_BPF)].effective & CAP_TO_MASK(CAP_BPF) ||
		data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN));
}

int cli_privileged(struct cli *cli)
{
	if (privileged())
		return 0;
	return cli_fail(cli, -EPERM,
			"need root (or CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON and CAP_NET_RAW)");
}

int cli_worker(struct cli *cli, struct client **ret)
{
	int r = -ENOENT;

	*ret = NULL;
	if (!cli->standalone)
		r = client_open(cli->env.runtime_dir, ret, &cli->err);
	if (r != -ENOENT)
		return r ? err_prefix(&cli->err, r, "%s", cli->command->name) : 0;
	return cli_privileged(cli);
}

bool cli_refresh(struct cli *cli)
{
	struct client *client;
	struct err err;
	bool told;

	if (client_open(cli->env.runtime_dir, &client, &err))
		return false;
	told = !client_refresh(client, &err);
	client_close(client);
	return told;
}

struct name_text {
	char text[256];
	size_t len;
};

static int append_name(const char *name, void *arg)
{
	struct name_text *names = arg;
	int n = snprintf(names->text + names->len, sizeof(names->text) - names->len, "%s%s",
			 names->len ? ", " : "", name);

	if (n < 0 || names->len + n >= sizeof(names->text)) {
		names->text[names->len] = '\0';
		return -E2BIG;
	}
	names->len += n;
	return 0;
}

int cli_no_team(struct cli *cli, const char *name, const json_t *teams)
{
	struct name_text names = {};
	const json_t *team;
	size_t i;

	if (!teams)
		team_list(&cli->env, append_name, &names);
	json_array_foreach (teams, i, team)
		append_name(json_text(team, "name"), &names);
	if (!names.len)
		return cli_fail(cli, -ENOENT, "%s: no such team; there is none", name);
	return cli_fail(cli, -ENOENT, "%s: no such team; there is %s", name, names.text);
}

int cli_open_team(struct cli *cli, const char *name, struct team **ret)
{
	int r = team_open(&cli->env, name, ret, &cli->err);

	return r == -ENOENT ? cli_no_team(cli, name, NULL) : r;
}

int cli_print(struct cli *cli, json_t *root, void (*text)(const json_t *root))
{
	if (!root)
		return cli_fail(cli, -ENOMEM, "out of memory");
	if (cli->json) {
		json_dumpf(root, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else if (text) {
		text(root);
	}
	json_decref(root);
	return 0;
}

static void print_lines(const json_t *lines)
{
	const json_t *line;
	size_t i;

	json_array_foreach (lines, i, line)
		puts(json_string_value(line));
}

static void print_done(const json_t *root)
{
	print_lines(json_object_get(root, "changes"));
	print_lines(json_object_get(root, "notes"));
}

int cli_done(struct cli *cli, const char *team, json_t *changes, json_t *notes)
{
	json_t *root = json_pack("{s:s, s:o*, s:o*}", "team", team, "changes", changes, "notes",
				 notes);

	return cli_print(cli, root, print_done);
}
