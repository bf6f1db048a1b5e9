// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * waiting.c - calls a function when a device may have appeared. Called by configdir.c.
 *
 * rtnetlink tells of a new device before udev has named it, and of a new name as another RTM_NEWLINK:
 * every message is reason enough to try. They are gathered for a moment, for a driver that loads
 * brings many. Once a second it is tried anyway, since messages can be lost.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/teams.h"
#include "daemon/waiting.h"
#include "io/link.h"

#define PERIOD_US 1000000
#define GATHER_US 20000

struct waiting {
	sd_event *loop;
	bool (*try)(void *arg);
	void *arg;
	struct link *link; /* while it waits */
	sd_event_source *news, *timer;
	uint64_t at_us; /* the timer's */
};

static void arm(struct waiting *waiting, uint64_t in_us)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	waiting->at_us = ts.tv_sec * 1000000ull + ts.tv_nsec / 1000 + in_us;
	sd_event_source_set_time(waiting->timer, waiting->at_us);
	sd_event_source_set_enabled(waiting->timer, SD_EVENT_ONESHOT);
}

static void on_message(int kind, const struct link_info *info, void *arg)
{
	bool *news = arg;

	*news |= kind == RTM_NEWLINK;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct waiting *waiting = arg;
	bool own = false;

	if (!waiting->try(waiting->arg)) {
		waiting_stop(waiting);
		return 0;
	}
	/* What the attempt itself stirred up must not call for the next. */
	if (waiting->link)
		link_events_read(waiting->link, on_message, &own);
	arm(waiting, PERIOD_US);
	return 0;
}

static int on_news(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct waiting *waiting = arg;
	bool news = false;
	struct timespec ts;

	if (link_events_read(waiting->link, on_message, &news))
		news = true; /* messages were lost */
	clock_gettime(CLOCK_MONOTONIC, &ts);
	if (news && waiting->at_us > ts.tv_sec * 1000000ull + ts.tv_nsec / 1000 + GATHER_US)
		arm(waiting, GATHER_US);
	return 0;
}

/* Without it there is still the timer. */
static void listen_to_links(struct waiting *waiting)
{
	struct err err = {};

	if (link_open(&waiting->link, &err) || link_events_open(waiting->link, &err)) {
		log_print(LOG_WARNING, "%s", err.text);
		link_close(waiting->link);
		waiting->link = NULL;
		return;
	}
	if (sd_event_add_io(waiting->loop, &waiting->news, link_events_fd(waiting->link), EPOLLIN,
			    on_news, waiting) >= 0)
		sd_event_source_set_priority(waiting->news, LOOP_LINK);
}

void waiting_start(struct waiting *waiting)
{
	int r;

	if (waiting->timer)
		return;
	r = sd_event_add_time(waiting->loop, &waiting->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000,
			      on_timer, waiting);
	if (r < 0) {
		log_print(LOG_ERR, "can't wait for ports: %s", strerror(-r));
		return;
	}
	arm(waiting, PERIOD_US);
	listen_to_links(waiting);
}

void waiting_stop(struct waiting *waiting)
{
	waiting->timer = sd_event_source_disable_unref(waiting->timer);
	waiting->news = sd_event_source_disable_unref(waiting->news);
	link_close(waiting->link);
	waiting->link = NULL;
}

int waiting_new(sd_event *loop, bool (*try)(void *arg), void *arg, struct waiting **ret)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting)
		return -ENOMEM;
	waiting->loop = sd_event_ref(loop);
	waiting->try = try;
	waiting->arg = arg;
	*ret = waiting;
	return 0;
}

void waiting_free(struct waiting *waiting)
{
	if (!waiting)
		return;
	waiting_stop(waiting);
	sd_event_unref(waiting->loop);
	free(waiting);
}
