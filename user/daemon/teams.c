// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * teams.c - the set of teams: who is in it, and the operations that change that. Called by main,
 * the bus and configdir; member.c keeps each member on the event loop.
 *
 * A team's truth is in its pinned maps, and the one-shot CLI may change or remove it at any time
 * beside the daemon. So -ENOENT from any operation means: it is gone, forget it; and a name that is
 * not in the set may still be a team, which is then adopted.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/teams_private.h"

static void on_event(const struct team_event *event, void *arg)
{
	struct teams *teams = arg;

	event_log(event);
	if (teams->hooks.event)
		teams->hooks.event(event, teams->hooks.arg);
}

int teams_new(sd_event *loop, const char *runtime_dir, const char *bpffs, const struct poke *poke,
	      struct teams **ret)
{
	struct teams *teams = calloc(1, sizeof(*teams));

	if (!teams)
		return -ENOMEM;
	teams->loop = sd_event_ref(loop);
	teams->poke = *poke;
	teams->env = (struct team_env){
		.runtime_dir = runtime_dir,
		.bpffs = bpffs,
		.daemon = true,
		.on_event = on_event,
		.arg = teams,
	};
	*ret = teams;
	return 0;
}

void teams_set_hooks(struct teams *teams, const struct teams_hooks *hooks)
{
	teams->hooks = hooks ? *hooks : (struct teams_hooks){};
}

void teams_free(struct teams *teams)
{
	unsigned i;

	if (!teams)
		return;
	for (i = 0; i < teams->n; i++) {
		member_unwatch(teams->member[i]);
		team_release(teams->member[i]->team);
		team_close(teams->member[i]->team);
		free(teams->member[i]);
	}
	free(teams->member);
	sd_event_unref(teams->loop);
	free(teams);
}

/* Takes the team. NULL, and the team closed (it runs on), when memory is short. */
static struct member *add(struct teams *teams, struct team *team)
{
	struct member **grown = reallocarray(teams->member, teams->n + 1, sizeof(*grown));
	struct member *member = calloc(1, sizeof(*member));

	if (grown)
		teams->member = grown;
	if (!grown || !member) {
		log_print(LOG_ERR, "%s: not watched: out of memory", team_name(team));
		free(member);
		team_close(team);
		return NULL;
	}
	member->teams = teams;
	member->team = team;
	snprintf(member->name, sizeof(member->name), "%s", team_name(team));
	teams->member[teams->n++] = member;
	member_watch(member);
	member_look(member);
	if (teams->hooks.added)
		teams->hooks.added(member, teams->hooks.arg);
	teams->poke.fn(teams->poke.arg);
	return member;
}

/* Out of the set; its handle is the caller's again. */
static struct team *take_out(struct member *member)
{
	struct teams *teams = member->teams;
	struct team *team = member->team;
	unsigned i;

	member_unwatch(member);
	if (teams->hooks.removing)
		teams->hooks.removing(member, teams->hooks.arg);
	for (i = 0; teams->member[i] != member; i++)
		;
	memmove(&teams->member[i], &teams->member[i + 1],
		(teams->n - i - 1) * sizeof(teams->member[0]));
	teams->n--;
	teams->poke.fn(teams->poke.arg);
	free(member);
	return team;
}

/* Somebody else detached it, or deleted its interface. */
static void drop(struct member *member)
{
	struct teams *teams = member->teams;
	char name[IFNAMSIZ];
	struct timespec ts;

	memcpy(name, member->name, sizeof(name));
	team_close(take_out(member));
	clock_gettime(CLOCK_REALTIME, &ts);
	on_event(
		&(struct team_event){.type = EVENT_TEAM_DOWN,
				     .time_ns = ts.tv_sec * 1000000000ull + ts.tv_nsec,
				     .team = name,
				     .port = "",
				     .cause =
					     "detached, or its interface deleted, by somebody else",
				     .detector = "",
				     .active_port = ""},
		teams);
}

/*
 * After whatever may have loaded programs, also in vain: that reads the kernel's type information,
 * 10 MB that the heap would keep for ever. Returns r.
 */
static int trim_heap(int r)
{
	malloc_trim(0);
	return r;
}

int teams_settle(struct member *member, int r)
{
	if (r == -ENOENT) {
		drop(member);
	} else {
		member_watch(member);
		member_tell(member);
	}
	return trim_heap(r);
}

struct member *teams_find(struct teams *teams, const char *name)
{
	unsigned i;

	for (i = 0; i < teams->n; i++)
		if (!strcmp(teams->member[i]->name, name))
			return teams->member[i];
	return NULL;
}

struct member *teams_get(struct teams *teams, const char *name, struct err *err)
{
	struct member *member = teams_find(teams, name);
	struct team *team = NULL;
	int r;

	if (member)
		return member;
	r = team_open(&teams->env, name, &team, err);
	if (r == -ENOENT)
		err_set(err, r, "%s: no such team", name);
	if (r)
		return NULL;
	log_print(LOG_INFO, "%s: adopted", name);
	member = add(teams, team);
	if (!member)
		err_set(err, -ENOMEM, "%s: out of memory", name);
	trim_heap(0);
	return member;
}

struct member *teams_at(struct teams *teams, unsigned i)
{
	return i < teams->n ? teams->member[i] : NULL;
}

unsigned teams_count(const struct teams *teams)
{
	return teams->n;
}

struct team *member_team(const struct member *member)
{
	return member->team;
}

const char *member_name(const struct member *member)
{
	return member->name;
}

static int adopt(const char *name, void *arg)
{
	struct teams *teams = arg;
	struct team *team = NULL;
	struct err err = {};
	int r;

	if (teams_find(teams, name))
		return 0;
	r = team_open(&teams->env, name, &team, &err);
	if (!r)
		log_print(LOG_INFO, "%s: adopted", name);
	if (!r)
		add(teams, team);
	/* Another namespace's team is another daemon's business. */
	if (r && r != -EXDEV)
		log_print(LOG_WARNING, "can't adopt: %s", err.text);
	return 0;
}

unsigned teams_refresh(struct teams *teams)
{
	struct err err;
	unsigned i;
	int r;

	/* Backwards: a team that is gone leaves the array. */
	for (i = teams->n; i-- > 0;) {
		err.text[0] = 0;
		r = teams_settle(teams->member[i], team_reload(teams->member[i]->team, &err));
		if (r && r != -ENOENT)
			log_print(LOG_WARNING, "can't read again: %s", err.text);
	}
	r = team_list(&teams->env, adopt, teams);
	if (r < 0)
		log_print(LOG_WARNING, "%s: can't look for teams: %s", teams->env.bpffs,
			  strerror(-r));
	return teams->n;
}

int teams_attach(struct teams *teams, const struct config *config, unsigned flags, char **notes,
		 struct err *err)
{
	struct member *member = teams_find(teams, config->team);
	struct team *team = NULL;
	int r;

	/* It may be gone without having been noticed yet. */
	if (member)
		teams_settle(member, team_reload(member->team, NULL));
	r = team_attach(&teams->env, config, flags, &team, notes, err);
	if (!r)
		add(teams, team);
	return trim_heap(r);
}

int teams_apply(struct teams *teams, const struct config *config, bool check, unsigned flags,
		void (*fn)(const char *line, void *arg), void *arg, struct err *err)
{
	struct member *member = teams_find(teams, config->team);
	struct team *team = member ? member->team : NULL;
	int r;

	r = team_apply(&teams->env, config, check, flags, &team, fn, arg, err);
	if (member && teams_settle(member, r) != -ENOENT)
		return r;
	if (member) {
		team = NULL;
		r = team_apply(&teams->env, config, check, flags, &team, fn, arg, err);
	}
	if (team)
		add(teams, team);
	return trim_heap(r);
}

int teams_detach(struct teams *teams, const char *name, struct err *err)
{
	struct member *member = teams_find(teams, name);
	int r;

	if (!member)
		return team_detach_name(&teams->env, name, err);
	r = team_detach(take_out(member), err);
	/* Half-done or not begun: it is watched again as far as it is a team. */
	if (r && r != -ENOENT)
		teams_get(teams, name, NULL);
	return r;
}
