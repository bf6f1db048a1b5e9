// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * member.c - one team on the event loop: its rtnetlink socket, its ring buffer, its next deadline.
 * Called by teams.c, which it calls back (teams_settle) when a team turns out to be gone.
 *
 * team_handle() reads everything that is there, so a burst of messages costs one call, and both
 * descriptors and the timer lead to the same function.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/port.h"
#include "daemon/log.h"
#include "daemon/teams_private.h"

/* After so many failures in a row a team is looked at once a second only: its descriptors may stay
 * readable for ever, and the loop would do nothing else. */
#define FAILURES_MAX 16
#define BACKOFF_US 1000000
/* A deadline that is over, again and again, must not starve the bus. */
#define NAP_US 500

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static bool backs_off(const struct member *member)
{
	return member->failures >= FAILURES_MAX;
}

static void arm(struct member *member)
{
	uint64_t deadline = team_deadline(member->team), us = deadline / 1000;

	if (backs_off(member))
		us = now_us() + BACKOFF_US;
	else if (deadline != UINT64_MAX && us < now_us() + NAP_US)
		us = now_us() + NAP_US;
	sd_event_source_set_time(member->timer, us);
	sd_event_source_set_enabled(member->timer,
				    us < UINT64_MAX / 1000 ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void set_listening(struct member *member, bool on)
{
	if (member->link)
		sd_event_source_set_enabled(member->link, on ? SD_EVENT_ON : SD_EVENT_OFF);
	if (member->events)
		sd_event_source_set_enabled(member->events, on ? SD_EVENT_ON : SD_EVENT_OFF);
}

static void handle(struct member *member)
{
	int r = team_handle(member->team, now_ns());

	if (r == -ENOENT) {
		teams_settle(member, r);
		return;
	}
	if (r < 0 && !member->failures++)
		log_print(LOG_ERR, "%s: can't follow its ports: %s", member->name, strerror(-r));
	if (r < 0 && member->failures == FAILURES_MAX)
		set_listening(member, false);
	if (!r && member->failures) {
		member->failures = 0;
		set_listening(member, true);
		log_print(LOG_NOTICE, "%s: follows its ports again", member->name);
	}
	member_tell(member);
	arm(member);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	handle(arg);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *arg)
{
	handle(arg);
	return 0;
}

static void watch_fd(struct member *member, sd_event_source **source, int fd, int priority)
{
	int r;

	if (fd < 0)
		return;
	r = sd_event_add_io(member->teams->loop, source, fd, EPOLLIN, on_readable, member);
	if (r < 0) {
		log_print(LOG_ERR, "%s: can't watch it: %s", member->name, strerror(-r));
		return;
	}
	sd_event_source_set_priority(*source, priority);
}

void member_watch(struct member *member)
{
	int r;

	/* Always anew: an operation may have closed a descriptor and got the same number again, and
	 * then epoll has silently forgotten it. */
	member_unwatch(member);
	member->failures = 0;
	watch_fd(member, &member->link, team_link_fd(member->team), LOOP_LINK);
	watch_fd(member, &member->events, team_events_fd(member->team), LOOP_KERNEL);
	/* Accuracy 1 us: the default of 250 ms is for timers that nobody waits for. */
	r = sd_event_add_time(member->teams->loop, &member->timer, CLOCK_MONOTONIC, UINT64_MAX, 1,
			      on_deadline, member);
	if (r < 0) {
		log_print(LOG_ERR, "%s: no timer: %s", member->name, strerror(-r));
		return;
	}
	sd_event_source_set_priority(member->timer, LOOP_LINK);
	arm(member);
}

void member_unwatch(struct member *member)
{
	member->link = sd_event_source_disable_unref(member->link);
	member->events = sd_event_source_disable_unref(member->events);
	member->timer = sd_event_source_disable_unref(member->timer);
}

/* FNV-1a, 64 bits; the terminating NUL parts one string from the next. */
static uint64_t digest(uint64_t sum, const char *s)
{
	do {
		sum ^= (unsigned char)*s;
		sum *= 0x100000001b3ull;
	} while (*s++);
	return sum;
}

static bool remember(char *seen, size_t size, const char *now)
{
	if (!strncmp(seen, now, size - 1))
		return false;
	snprintf(seen, size, "%s", now);
	return true;
}

unsigned member_look(struct member *member)
{
	const struct config *config = team_config(member->team);
	uint64_t ports = 0xcbf29ce484222325ull;
	unsigned i, changed = 0;

	for (i = 0; i < team_n_ports(member->team); i++) {
		const struct port *port = team_port_state(member->team, i);

		ports = digest(ports, team_port_name(member->team, i));
		ports = digest(ports, name_of(port_state_names, port->state));
		ports = digest(ports, port->reason);
	}
	if (ports != member->seen.ports)
		changed |= TEAMS_PORTS;
	member->seen.ports = ports;
	if (remember(member->seen.state, sizeof(member->seen.state), team_state(member->team)))
		changed |= TEAMS_STATE;
	if (remember(member->seen.active_port, sizeof(member->seen.active_port),
		     team_active_port(member->team)))
		changed |= TEAMS_ACTIVE_PORT;
	if (remember(member->seen.detector, sizeof(member->seen.detector),
		     team_detector(member->team)))
		changed |= TEAMS_SETTINGS;
	if (member->seen.failovers != team_failovers(member->team))
		changed |= TEAMS_FAILOVERS;
	member->seen.failovers = team_failovers(member->team);
	if (member->seen.mode != (int)config->mode || member->seen.hash != (int)config->hash ||
	    member->seen.rx != (int)config->rx)
		changed |= TEAMS_SETTINGS;
	member->seen.mode = config->mode;
	member->seen.hash = config->hash;
	member->seen.rx = config->rx;
	return changed;
}

void member_tell(struct member *member)
{
	struct teams *teams = member->teams;
	unsigned changed = member_look(member);

	if (changed && teams->hooks.changed)
		teams->hooks.changed(member, changed, teams->hooks.arg);
}
