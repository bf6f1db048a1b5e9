/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doctor_firewall.c - rules of nftables and iptables that a team with rx: direct goes past: those that
 * match on the team's name as the interface of arrival, and those that ask whether the way back is by
 * the interface of arrival, which drop. Called by doctor_notes.c.
 *
 * nft lists the rules of iptables-nft, too, so beside it only iptables-legacy's are asked for. Formats:
 * libnftables-json(5), iptables-save(8).
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/program.h"
#include "cli/render.h"

/* Rules of one kind that are named, a team; more are counted. */
#define NAMED_MAX 16
#define RULE_MAX 256

struct report {
	json_t *notes;
	const char *team;
	unsigned matching, returning;
};

static bool matches_name(const char *pattern, const char *name, char wildcard)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == wildcard)
		return !strncmp(pattern, name, len - 1);
	return !strcmp(pattern, name);
}

static void tell(struct report *report, bool returning, const char *rule)
{
	unsigned *n = returning ? &report->returning : &report->matching;
	char text[RULE_MAX + 256];

	if (++*n > NAMED_MAX)
		return;
	snprintf(
		text, sizeof(text),
		returning
			? "%s: rx: direct: %s drops what stays on the ports, since the way back "
			  "is not by them; except the team's addresses, or rx: redirect"
			: "%s: rx: direct: %s does not match what stays on the ports; name them as "
			  "well, or match on addresses",
		report->team, rule);
	json_array_append_new(report->notes, json_string(text));
}

static void tell_rest(struct report *report)
{
	unsigned more = 0;
	char text[128];

	if (report->matching > NAMED_MAX)
		more += report->matching - NAMED_MAX;
	if (report->returning > NAMED_MAX)
		more += report->returning - NAMED_MAX;
	if (!more)
		return;
	snprintf(text, sizeof(text), "%s: rx: direct: and %u more rules like these", report->team,
		 more);
	json_array_append_new(report->notes, json_string(text));
}

/* ---- nft -j list ruleset ---- */

/* Does json have a member key of that value, however deep? */
static bool has_pair(const json_t *json, const char *key, const char *value)
{
	const json_t *each;
	const char *name;
	size_t i;

	json_array_foreach (json, i, each)
		if (has_pair(each, key, value))
			return true;
	json_object_foreach ((json_t *)json, name, each) {
		const char *text = json_string_value(each);

		if ((text && !strcmp(name, key) && !strcmp(text, value)) ||
		    has_pair(each, key, value))
			return true;
	}
	return false;
}

/* Is there a string in it that names the interface? sets: names of sets that contain it. */
static bool has_name(const json_t *json, const char *interface, const json_t *sets)
{
	const char *text = json_string_value(json), *name;
	const json_t *each;
	size_t i;

	if (text)
		return matches_name(text, interface, '*') ||
		       (text[0] == '@' && json_object_get(sets, text + 1));
	json_array_foreach (json, i, each)
		if (has_name(each, interface, sets))
			return true;
	json_object_foreach ((json_t *)json, name, each)
		if (has_name(each, interface, sets))
			return true;
	return false;
}

/* One expression of a rule: is it on the interface of arrival, and on this one? */
static bool is_on_arrival(const json_t *expr, const char *interface, const json_t *sets)
{
	return (has_pair(expr, "key", "iifname") || has_pair(expr, "key", "iif")) &&
	       has_name(expr, interface, sets);
}

/* "fib saddr . iif oif", or iptables-nft's match rpfilter, which nft can't translate. */
static bool is_return_check(const json_t *expr)
{
	const json_t *match = json_object_get(expr, "match");
	const json_t *fib = json_object_get(json_object_get(match, "left"), "fib"), *flag;
	const json_t *xt = json_object_get(expr, "xt");
	bool saddr = false, iif = false;
	size_t i;

	json_array_foreach (json_object_get(fib, "flags"), i, flag) {
		saddr |= !strcmp(json_string_value(flag) ?: "", "saddr");
		iif |= !strcmp(json_string_value(flag) ?: "", "iif");
	}
	return (saddr && iif) || !strcmp(json_text(xt, "name"), "rpfilter");
}

static void check_rule(struct report *report, const json_t *rule, const json_t *sets)
{
	bool matching = false, returning = false;
	const json_t *expr;
	char text[RULE_MAX];
	size_t i;

	json_array_foreach (json_object_get(rule, "expr"), i, expr) {
		matching |= is_on_arrival(expr, report->team, sets);
		returning |= is_return_check(expr);
	}
	snprintf(text, sizeof(text), "rule %s %s %s handle %lld of nftables",
		 json_text(rule, "family"), json_text(rule, "table"), json_text(rule, "chain"),
		 (long long)json_integer_value(json_object_get(rule, "handle")));
	if (matching)
		tell(report, false, text);
	if (returning)
		tell(report, true, text);
}

/* A chain on the interface itself, of family netdev or inet's ingress. */
static void check_chain(struct report *report, const json_t *chain)
{
	char text[RULE_MAX];

	if (strcmp(json_text(chain, "hook"), "ingress") ||
	    !has_name(json_object_get(chain, "dev"), report->team, NULL))
		return;
	snprintf(text, sizeof(text), "chain %s %s %s of nftables", json_text(chain, "family"),
		 json_text(chain, "table"), json_text(chain, "name"));
	tell(report, false, text);
}

static void check_nft(struct report *report, const json_t *ruleset)
{
	static const char *const kinds[] = {"set", "map"};
	json_t *sets = json_object();
	const json_t *each, *list = json_object_get(ruleset, "nftables");
	size_t i;

	json_array_foreach (list, i, each) {
		for (unsigned k = 0; k < 2; k++) {
			const json_t *set = json_object_get(each, kinds[k]);

			if (set && has_name(json_object_get(set, "elem"), report->team, NULL))
				json_object_set_new(sets, json_text(set, "name"), json_true());
		}
	}
	json_array_foreach (list, i, each) {
		if (json_object_get(each, "rule"))
			check_rule(report, json_object_get(each, "rule"), sets);
		if (json_object_get(each, "chain"))
			check_chain(report, json_object_get(each, "chain"));
	}
	json_decref(sets);
}

/* ---- iptables-save ---- */

static void check_line(struct report *report, const char *program, const char *table,
		       const char *line)
{
	char copy[1024], text[RULE_MAX], *save = NULL, *word, *before = NULL;
	bool matching = false, returning = false;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		matching |= before && !strcmp(before, "-i") &&
			    matches_name(word, report->team, '+');
		returning |= before && !strcmp(before, "-m") && !strcmp(word, "rpfilter");
		before = word;
	}
	snprintf(text, sizeof(text), "%s: -t %s %.128s", program, table, line);
	if (matching)
		tell(report, false, text);
	if (returning)
		tell(report, true, text);
}

static void check_iptables(struct report *report, const char *program, const char *saved)
{
	char *copy = strdup(saved), *save = NULL, *line, table[32] = "";

	for (line = copy ? strtok_r(copy, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (line[0] == '*')
			snprintf(table, sizeof(table), "%s", line + 1);
		else if (!strncmp(line, "-A ", 3))
			check_line(report, program, table, line);
	}
	free(copy);
}

/* ---- both ---- */

static const struct source {
	const char *const argv[5];
	bool besides_nft; /* asked also where nft was */
} sources[] = {
	{{"nft", "-j", "list", "ruleset", NULL}, false},
	{{"iptables-legacy-save", NULL}, true},
	{{"ip6tables-legacy-save", NULL}, true},
	{{"iptables-save", NULL}, false},
	{{"ip6tables-save", NULL}, false},
};
#define SOURCES (sizeof(sources) / sizeof(*sources))

static void check_source(struct report *report, unsigned i, const char *output)
{
	json_t *ruleset;

	if (i) {
		check_iptables(report, sources[i].argv[0], output);
		return;
	}
	ruleset = json_loads(output, 0, NULL);
	check_nft(report, ruleset);
	json_decref(ruleset);
}

static void check_team(json_t *notes, const char *team, char *const *outputs)
{
	struct report report = {.notes = notes, .team = team};

	for (unsigned i = 0; i < SOURCES; i++)
		if (outputs[i])
			check_source(&report, i, outputs[i]);
	tell_rest(&report);
}

static void note(json_t *notes, const char *fmt, const char *what)
{
	char text[256];

	snprintf(text, sizeof(text), fmt, what);
	json_array_append_new(notes, json_string(text));
}

/* Is it JSON at all, as far as it has to be? */
static int check_output(unsigned i, const char *output)
{
	json_t *ruleset = i ? NULL : json_loads(output, 0, NULL);
	int r = i || ruleset ? 0 : -EBADMSG;

	json_decref(ruleset);
	return r;
}

/* Asks each program that is there, and says which of them could not tell. */
static void collect(json_t *notes, char **outputs)
{
	bool nft = false, any = false;

	for (unsigned i = 0; i < SOURCES; i++) {
		int r = i && nft && !sources[i].besides_nft
				? -ENOENT
				: program_output(sources[i].argv, &outputs[i]);

		if (!r)
			r = check_output(i, outputs[i]);
		nft |= !i && !r;
		any |= r != -ENOENT;
		if (r && r != -ENOENT)
			note(notes,
			     "rx: direct: %s does not list its rules, so they were not looked at",
			     sources[i].argv[0]);
	}
	if (!any)
		note(notes, "rx: direct: %s, so firewall rules were not looked at",
		     "neither nft nor iptables-save is installed");
}

void doctor_firewall(json_t *notes, const json_t *teams)
{
	char *outputs[SOURCES] = {NULL};
	bool collected = false;
	const json_t *team;
	size_t i;

	json_array_foreach (teams, i, team) {
		if (strcmp(json_text(team, "rx"), "direct"))
			continue;
		if (!collected)
			collect(notes, outputs);
		collected = true;
		check_team(notes, json_text(team, "name"), outputs);
	}
	for (i = 0; i < SOURCES; i++)
		free(outputs[i]);
}
