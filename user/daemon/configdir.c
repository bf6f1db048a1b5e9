// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * configdir.c - the teams that the files of one folder ask for: read at start and on SIGHUP.
 * Called by main.
 *
 * A file is remembered with the team that it named, so that a file which is broken today does not
 * cost the team it made yesterday, and a file that is gone takes with it the team it made and no
 * other: teams made by hand, and teams that outlived a daemon, have no file and stay.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/configdir.h"
#include "daemon/log.h"
#include "daemon/waiting.h"

enum file_state {
	FILE_BROKEN, /* can't be read as a configuration */
	FILE_REFUSED, /* can't be applied */
	FILE_WAITING, /* for a port to appear */
	FILE_APPLIED,
};

struct file {
	char *path;
	char team[IFNAMSIZ]; /* "" while it never named one */
	enum file_state state;
	bool owns; /* its team was made so from it: goes with it */
	bool running; /* with FILE_WAITING: the team was there; once gone, it was detached by hand */
	struct config *config; /* until it is applied */
	struct err err;
	struct err told; /* what the log has of it: said once, however often it is tried */
};

struct configdir {
	const char *dir;
	struct teams *teams;
	struct file *file;
	unsigned n;
	struct waiting *waiting;
	struct poke poke;
};

static void files_free(struct file *file, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		free(file[i].path);
		free(file[i].config);
	}
	free(file);
}

static int is_yaml(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && !strcmp(entry->d_name + len - 5, ".yaml");
}

/* Byte order, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static struct file *find_path(struct file *file, unsigned n, const char *path)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (!strcmp(file[i].path, path))
			return &file[i];
	return NULL;
}

static struct file *find_team(struct file *file, unsigned n, const char *team)
{
	unsigned i;

	for (i = 0; *team && i < n; i++)
		if (!strcmp(file[i].team, team))
			return &file[i];
	return NULL;
}

/* The folder's files with nothing read yet; -errno when the folder itself can't be read. */
static int scan(const char *dir, struct file **ret, unsigned *ret_n)
{
	struct dirent **entry;
	int n = scandir(dir, &entry, is_yaml, by_name), i, r = 0;

	if (n < 0)
		return -errno;
	*ret = calloc(n ? n : 1, sizeof(**ret));
	*ret_n = 0;
	for (i = 0; i < n; i++) {
		if (!r && (!*ret || asprintf(&(*ret)[i].path, "%s/%s", dir, entry[i]->d_name) < 0))
			r = -ENOMEM;
		else if (!r)
			(*ret_n)++;
		free(entry[i]);
	}
	free(entry);
	if (r)
		files_free(*ret, *ret_n);
	return r;
}

/* Reads file, the next after the n in list; before is the same file of the last load, or NULL. */
static void read_file(struct file *file, struct file *list, unsigned n, const struct file *before)
{
	struct file *rival;
	struct stat st;

	file->state = FILE_BROKEN;
	file->config = malloc(sizeof(*file->config));
	if (!file->config) {
		err_set(&file->err, -ENOMEM, "%s: out of memory", file->path);
	} else if (!stat(file->path, &st) && !S_ISREG(st.st_mode)) {
		/* Opening a FIFO would stop the daemon. */
		err_set(&file->err, -EINVAL, "%s: is no regular file", file->path);
	} else if (!config_load(file->path, file->config, &file->err)) {
		rival = find_team(list, n, file->config->team);
		if (rival)
			err_set(&file->err, -EEXIST, "%s: %s is configured by %s already",
				file->path, file->config->team, rival->path);
		else
			file->state = FILE_REFUSED; /* until it is applied */
	}
	if (file->state == FILE_REFUSED) {
		memcpy(file->team, file->config->team, sizeof(file->team));
		return;
	}
	log_print(LOG_ERR, "%s", file->err.text);
	free(file->config);
	file->config = NULL;
	if (before && !find_team(list, n, before->team))
		memcpy(file->team, before->team, sizeof(file->team));
}

static void log_change(const char *line, void *arg)
{
	const struct file *file = arg;

	log_print(LOG_NOTICE, "%s: %s", file->team, line);
}

/* Returns whether it is worth another try in this load. */
static bool apply(struct configdir *configdir, struct file *file, bool last)
{
	int r;

	if (!file->config)
		return false;
	file->err.text[0] = 0;
	r = teams_apply(configdir->teams, file->config, false, TEAM_ALLOW_MISSING, log_change, file,
			&file->err);
	if (!r) {
		if (file->told.text[0])
			log_print(LOG_NOTICE, "%s: in force now", file->path);
		file->state = FILE_APPLIED;
		file->owns = true;
		free(file->config);
		file->config = NULL;
		return false;
	}
	file->state = r == -ENODEV ? FILE_WAITING : FILE_REFUSED;
	file->running = teams_find(configdir->teams, file->team);
	if (last && strcmp(file->told.text, file->err.text)) {
		log_print(LOG_ERR, "%s: %s%s", file->path, file->err.text,
			  file->state == FILE_WAITING ? " (will be tried again)" : "");
		file->told = file->err;
	}
	return true;
}

static bool on_retry(void *arg)
{
	struct configdir *configdir = arg;
	bool more = false;
	unsigned i;

	for (i = 0; i < configdir->n; i++) {
		struct file *file = &configdir->file[i];

		if (file->state != FILE_WAITING)
			continue;
		if (file->running && !teams_find(configdir->teams, file->team)) {
			file->state = FILE_REFUSED;
			err_set(&file->err, 0, "%s: was detached by hand", file->team);
			continue;
		}
		apply(configdir, file, true);
		more |= file->state == FILE_WAITING;
	}
	configdir->poke.fn(configdir->poke.arg);
	return more;
}

/* Teams of files that are gone. A detach that fails is tried again at the next load. */
static void detach_gone(struct configdir *configdir, struct file *now, unsigned n)
{
	struct err err;
	unsigned i;

	for (i = 0; i < configdir->n; i++) {
		struct file *file = &configdir->file[i];
		struct file *heir = find_team(now, n, file->team);

		if (heir)
			heir->owns |= file->owns;
		if (heir || !file->owns || !teams_find(configdir->teams, file->team))
			continue;
		log_print(LOG_NOTICE, "%s: its file %s is gone: detaching", file->team, file->path);
		err.text[0] = 0;
		if (teams_detach(configdir->teams, file->team, &err))
			log_print(LOG_ERR, "%s", err.text);
	}
}

static void apply_all(struct configdir *configdir)
{
	unsigned i;
	bool again = false;

	/* Twice: what one file gives up, the port that moves to another team for one, a file before
	 * it in the alphabet may need. */
	for (i = 0; i < configdir->n; i++)
		again |= apply(configdir, &configdir->file[i], false);
	for (i = 0; again && i < configdir->n; i++)
		apply(configdir, &configdir->file[i], true);
	for (i = 0; i < configdir->n; i++)
		if (configdir->file[i].state == FILE_WAITING)
			waiting_start(configdir->waiting);
}

void configdir_load(struct configdir *configdir)
{
	struct file *now = NULL;
	unsigned n = 0, i;
	int r = scan(configdir->dir, &now, &n);

	/* No folder is no order to detach everything. */
	if (r) {
		log_print(r == -ENOENT ? LOG_NOTICE : LOG_ERR, "%s: not read: %s", configdir->dir,
			  strerror(-r));
		return;
	}
	waiting_stop(configdir->waiting);
	for (i = 0; i < n; i++)
		read_file(&now[i], now, i, find_path(configdir->file, configdir->n, now[i].path));
	detach_gone(configdir, now, n);
	files_free(configdir->file, configdir->n);
	configdir->file = now;
	configdir->n = n;
	apply_all(configdir);
	configdir->poke.fn(configdir->poke.arg);
}

unsigned configdir_problems(const struct configdir *configdir, const char **ret_first)
{
	unsigned i, problems = 0;

	*ret_first = "";
	for (i = 0; i < configdir->n; i++)
		if (configdir->file[i].state != FILE_APPLIED && !problems++)
			*ret_first = configdir->file[i].err.text;
	return problems;
}

int configdir_new(sd_event *loop, struct teams *teams, const char *dir, const struct poke *poke,
		  struct configdir **ret)
{
	struct configdir *configdir = calloc(1, sizeof(*configdir));
	int r;

	if (!configdir)
		return -ENOMEM;
	configdir->dir = dir;
	configdir->teams = teams;
	configdir->poke = *poke;
	r = waiting_new(loop, on_retry, configdir, &configdir->waiting);
	if (r) {
		free(configdir);
		return r;
	}
	*ret = configdir;
	return 0;
}

void configdir_free(struct configdir *configdir)
{
	if (!configdir)
		return;
	waiting_free(configdir->waiting);
	files_free(configdir->file, configdir->n);
	free(configdir);
}
