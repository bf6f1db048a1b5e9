// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * import.c - gathers what a bond or a teamd team was told, and makes a configuration of it by the
 * table of peer_option.h. Called by the readers of files (import_*.c) and by the CLI for a running
 * bond. Nothing is decided before all is there: which options count depends on the mode, which may
 * stand last.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/config_check.h"
#include "core/config_key.h"
#include "core/field.h"
#include "core/import_priv.h"

#define VALUES_MAX 4096
#define ROUNDS_MAX 256
#define TEXT_MAX 512

struct value {
	const struct peer_option *option;
	char *where, *port, *text;
};

struct import {
	import_note_fn *note;
	void *arg;
	struct config config;
	struct value *values;
	unsigned n_values;
	bool of_bonding; /* what was not said is bonding's default */
	int code; /* -ENOMEM once something was lost */
};

struct import *import_new(import_note_fn *note, void *arg)
{
	struct import *import = calloc(1, sizeof(*import));

	if (!import)
		return NULL;
	import->note = note;
	import->arg = arg;
	import->of_bonding = true;
	config_init(&import->config);
	return import;
}

void import_free(struct import *import)
{
	if (!import)
		return;
	for (unsigned i = 0; i < import->n_values; i++) {
		free(import->values[i].where);
		free(import->values[i].port);
		free(import->values[i].text);
	}
	free(import->values);
	free(import);
}

void import_tell(struct import *import, const char *where, const char *fmt, ...)
{
	char text[TEXT_MAX];
	struct err line;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* By err_set(), which lets no control character out. */
	err_set(&line, 0, "%s%s", where, text);
	import->note(line.text, import->arg);
}

void import_option(struct import *import, const char *where, const struct peer_option *option,
		   const char *port, const char *value)
{
	struct value *values = import->values, *last;

	if (import->n_values >= VALUES_MAX) {
		import_tell(import, where, "%s: too many options", option->name);
		return;
	}
	if (!(import->n_values & (import->n_values - 1))) /* room for a power of two */
		values = realloc(values, (import->n_values * 2 + 1) * sizeof(*values));
	if (!values) {
		import->code = -ENOMEM;
		return;
	}
	import->values = values;
	last = &values[import->n_values++];
	*last = (struct value){option, strdup(where), strdup(port), strdup(value)};
	if (!last->where || !last->port || !last->text)
		import->code = -ENOMEM;
}

void import_of_teamd(struct import *import)
{
	import->of_bonding = false;
}

void import_bonding(struct import *import, const char *where, const char *name, const char *port,
		    const char *value)
{
	const struct peer_option *option = bonding_option(name);

	if (option)
		import_option(import, where, option, port, value);
	else
		import_tell(import, where, "%s: is no option of bonding's", name);
}

void import_port(struct import *import, const char *where, const char *name)
{
	struct err err;

	if (config_port(&import->config, name))
		return;
	if (config_add_port(&import->config, name, &err))
		import_tell(import, where, "%s", err.text);
}

void import_key(struct import *import, const char *where, const char *key, const char *value)
{
	struct err err;

	if (config_set(&import->config, key, NULL, value, &err))
		import_tell(import, where, "%s: %s", key, err.text);
}

void import_route(struct import *import, const char *where, const char *to, const char *via,
		  const char *metric)
{
	struct config *config = &import->config;
	struct route_config route = {0};
	const char *const text[] = {to, via, metric};
	char quote[FIELD_QUOTE_MAX];
	struct err err;

	/* netplan's and networkd's other ways to say "default". */
	if (!strcmp(to, "0.0.0.0/0") || !strcmp(to, "::/0"))
		route.to.family = strchr(to, ':') ? AF_INET6 : AF_INET;
	for (unsigned i = 0; i < 3; i++) {
		if (!*text[i] || (!i && route.to.family))
			continue;
		if (!field_parse(&config_route_fields[i], text[i], &route, &err))
			continue;
		import_tell(import, where, "route to %s: %s", field_quote(to, quote), err.text);
		return;
	}
	if (config->n_routes < CONFIG_ROUTES_MAX)
		config->routes[config->n_routes++] = route;
	else
		import_tell(import, where, "route to %s: more than %d routes",
			    field_quote(to, quote), CONFIG_ROUTES_MAX);
}

/* One of the words of "slow|0". */
static bool is_among(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (strcspn(at, "|") == len && !memcmp(at, word, len))
			return true;
	}
	return false;
}

static bool is_default(const struct peer_option *option, const char *text)
{
	const struct name *words = option->key ? config_words(option->key) : NULL;

	if (!option->def)
		return false;
	if (is_among(option->def, text))
		return true;
	return words && name_parse(words, text) >= 0 &&
	       name_parse(words, text) == name_parse(words, option->def);
}

/* What the option is called where it was said: "ports.eth1.queue_id", "eth1: queue_id", "updelay". */
static const char *name_of_value(const struct value *value, char buf[192])
{
	const char *name = value->option->name, *star = strchr(name, '*');

	if (!*value->port)
		snprintf(buf, 192, "%s", name);
	else if (star)
		snprintf(buf, 192, "%.*s%.64s%s", (int)(star - name), name, value->port, star + 1);
	else
		snprintf(buf, 192, "%.64s: %s", value->port, name);
	return buf;
}

static void set_each(struct import *import, const struct value *value, const char *text)
{
	const char *key = value->option->key;
	char *copy = strdup(text), *save = NULL, *word, name[192];
	struct err err;

	if (!copy) {
		import->code = -ENOMEM;
		return;
	}
	word = config_is_list(key) ? strtok_r(copy, ", +\t", &save) : copy;
	for (; word; word = save ? strtok_r(NULL, ", +\t", &save) : NULL) {
		if (!config_set(&import->config, key, value->port, word, &err))
			continue;
		import_tell(import, value->where, "%s: %s%s", name_of_value(value, name), err.text,
			    strcmp(key, "mode") ? "" : "; active-backup instead");
	}
	free(copy);
}

/* In our words; NULL: nothing more to do. */
static const char *translate(struct import *import, const struct value *value)
{
	const struct peer_word *word = value->option->words;
	char quote[FIELD_QUOTE_MAX];

	if (!word)
		return value->text;
	for (; word->theirs; word++) {
		if (strcmp(word->theirs, value->text))
			continue;
		if (word->why)
			import_tell(import, value->where, "%s: %s: %s", value->option->name,
				    value->text, word->why);
		return word->ours;
	}
	import_tell(import, value->where, "%s: %s is not known", value->option->name,
		    field_quote(value->text, quote));
	return NULL;
}

static void apply(struct import *import, const struct value *value, int mode)
{
	const struct peer_option *option = value->option;
	enum peer_fate fate = peer_option_fate(option);
	const char *text;
	char name[192];

	if (!option->decides && is_default(option, value->text))
		return;
	if (option->modes && mode >= 0 && !(option->modes >> mode & 1)) {
		if (!is_default(option, value->text))
			import_tell(import, value->where, "%s: %s has no such option", option->name,
				    peer_modes[mode].name);
		return;
	}
	text = translate(import, value);
	if (!text || fate == PEER_NEEDLESS)
		return;
	if (fate == PEER_OURS)
		set_each(import, value, text);
	else
		import_tell(import, value->where, "%s: %s", name_of_value(value, name),
			    fate == PEER_LATER ? "not supported by this version" : option->text);
}

/* The mode that was asked for, whether we have it or not. -1: random, or nobody knows. */
static int mode_of(const struct import *import)
{
	int mode = import->of_bonding ? 0 : -1;

	for (unsigned i = 0; i < import->n_values; i++) {
		const char *key = import->values[i].option->key;

		if (key && !strcmp(key, "mode"))
			mode = peer_mode_number(import->values[i].text);
	}
	return mode;
}

static bool was_said(const struct import *import, const struct peer_option *option)
{
	for (unsigned i = 0; i < import->n_values; i++) {
		if (import->values[i].option == option)
			return true;
	}
	return false;
}

/* What bonding does where nobody said anything, as far as others see it. */
static void apply_defaults(struct import *import, int mode)
{
	for (const struct peer_option *option = bonding_options; option->name; option++) {
		struct value value = {option, "", "", (char *)option->def};

		if (option->decides && !was_said(import, option) &&
		    (!option->modes || (mode >= 0 && option->modes >> mode & 1)))
			apply(import, &value, mode);
	}
}

/* Each round takes what breaks a rule out of the configuration, so there is an end. */
static int make_right(struct import *import, struct err *err)
{
	struct config_spot spot;
	struct err why;
	int code;

	config_resolve_routes(&import->config);
	for (unsigned round = 0; (code = config_check_at(&import->config, &spot, &why)); round++) {
		bool vital = !strcmp(spot.key, "team") ||
			     (!strcmp(spot.key, "ports") && import->config.n_ports < 2) ||
			     round > ROUNDS_MAX;

		config_spot_prefix(&spot, code, &why);
		if (vital)
			return err_set(err, code, "%s", why.text);
		import_tell(import, "", "%s; left out", why.text);
		config_reset(&import->config, spot.key, spot.index);
	}
	return 0;
}

int import_finish(struct import *import, const char *team, struct config *ret, struct err *err)
{
	int mode = mode_of(import), code;

	if (import->of_bonding)
		apply_defaults(import, mode);
	for (unsigned i = 0; !import->code && i < import->n_values; i++)
		apply(import, &import->values[i], mode);
	if (import->code)
		return err_set(err, import->code, "out of memory");
	if (team)
		import_key(import, "", "team", team);
	code = make_right(import, err);
	*ret = import->config;
	return code;
}
