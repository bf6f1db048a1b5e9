/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * monitor_poll.c - events out of two looks at the same teams: what the daemon would have told, as
 * far as it still shows. Called by monitor.c where there is no daemon. Touches nothing.
 */
#include "cli/cli.h"

#include <string.h>

#include "cli/render.h"

struct comparison {
	const json_t *before, *after; /* one team; NULL: not there */
	void (*fn)(json_t *event, void *arg);
	void *arg;
};

/* The element of an array of objects whose member "name" is name, or NULL. */
static const json_t *by_name(const json_t *array, const char *name)
{
	const json_t *element;
	size_t i;

	json_array_foreach (array, i, element)
		if (!strcmp(json_text(element, "name"), name))
			return element;
	return NULL;
}

static void tell(const struct comparison *c, const char *event, const char *port, const char *cause)
{
	const json_t *team = c->after ? c->after : c->before;

	c->fn(monitor_event(NULL, json_text(team, "name"), event, port, cause,
			    json_text(team, "detector"), 0, json_text(c->after, "active_port")),
	      c->arg);
}

static bool is_up(const json_t *object)
{
	return !strcmp(json_text(object, "state"), "up");
}

static bool differs(const json_t *before, const json_t *after, const char *const *keys)
{
	for (; *keys; keys++)
		if (!json_equal(json_object_get(before, *keys), json_object_get(after, *keys)))
			return true;
	return false;
}

/* What only a change of the configuration changes. */
static bool configured(const struct comparison *c)
{
	static const char *const team_keys[] = {"mode", "hash", "mac", "mtu", NULL};
	static const char *const port_keys[] = {"weight", "priority", NULL};
	const json_t *old = json_object_get(c->before, "ports"), *port;
	const json_t *new = json_object_get(c->after, "ports");
	size_t i;

	if (json_array_size(old) != json_array_size(new) || differs(c->before, c->after, team_keys))
		return true;
	json_array_foreach (new, i, port)
		if (differs(by_name(old, json_text(port, "name")), port, port_keys))
			return true;
	return false;
}

static bool compare_ports(const struct comparison *c)
{
	const json_t *old = json_object_get(c->before, "ports"), *port;
	bool lost = false;
	size_t i;

	json_array_foreach (json_object_get(c->after, "ports"), i, port) {
		const char *name = json_text(port, "name"), *state = json_text(port, "state");
		bool was_up = is_up(by_name(old, name));

		if (was_up && !is_up(port)) {
			tell(c, "port-down", name, json_text(port, "reason"));
			lost |= !strcmp(state, "down") || !strcmp(state, "missing");
		}
		if (is_up(port) && !was_up)
			tell(c, "port-up", name, "");
	}
	return lost;
}

static void compare_team(const struct comparison *c)
{
	const char *was = json_text(c->before, "active_port");
	const char *is = json_text(c->after, "active_port");
	bool lost;

	if (c->before && c->after && configured(c))
		tell(c, "config", "", "configuration changed");
	lost = compare_ports(c);
	if (*was && *is ? strcmp(was, is) != 0 : !*was && !*is && lost && is_up(c->after))
		tell(c, "failover", was, "");
	if (is_up(c->after) && !is_up(c->before))
		tell(c, "team-up", "", "");
	if (is_up(c->before) && !is_up(c->after))
		tell(c, "team-down", "", c->after ? "no port is usable" : "detached");
}

void monitor_compare(const json_t *before, const json_t *after,
		     void (*fn)(json_t *event, void *arg), void *arg)
{
	struct comparison c = {.fn = fn, .arg = arg};
	size_t i;

	json_array_foreach (after, i, c.after) {
		c.before = by_name(before, json_text(c.after, "name"));
		compare_team(&c);
	}
	c.after = NULL;
	json_array_foreach (before, i, c.before)
		if (!by_name(after, json_text(c.before, "name")))
			compare_team(&c);
}
