// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* event.c - what happened to a team as one line of log, for people. Called by teams.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "daemon/teams_private.h"

static const struct {
	const char *before, *after; /* the port's name */
	int level;
} phrase[] = {
	[EVENT_PORT_UP] = {"port ", " is up", LOG_NOTICE},
	[EVENT_PORT_DOWN] = {"port ", " is down", LOG_WARNING},
	[EVENT_FAILOVER] = {"fail-over, port ", "", LOG_WARNING},
	[EVENT_RDMA_FLOW] = {"RDMA flow on port ", "", LOG_INFO},
	[EVENT_TEAM_UP] = {"team is up", "", LOG_NOTICE},
	[EVENT_TEAM_DOWN] = {"team is down", "", LOG_WARNING},
	[EVENT_CONFIG] = {"configuration changed", "", LOG_NOTICE},
};

static bool given(const char *text)
{
	return text && *text;
}

/* "eth0 is down: carrier (state, 12 us); active port eth1": what isn't known is left out. */
void event_log(const struct team_event *event)
{
	char *line = NULL;
	size_t size;
	FILE *out;

	if ((unsigned)event->type >= sizeof(phrase) / sizeof(phrase[0]))
		return;
	out = open_memstream(&line, &size);
	if (!out)
		return;
	fprintf(out, "%s: %s%s%s", event->team, phrase[event->type].before,
		event->port ? event->port : "", phrase[event->type].after);
	if (given(event->cause))
		fprintf(out, ": %s", event->cause);
	if (given(event->detector))
		fprintf(out, " (%s", event->detector);
	if (given(event->detector) && event->datapath_ns)
		fprintf(out, ", handled in %" PRIu64 " us", event->datapath_ns / 1000);
	if (given(event->detector))
		fputc(')', out);
	if (given(event->active_port))
		fprintf(out, "; active port %s", event->active_port);
	if (!fclose(out))
		log_print(phrase[event->type].level, "%s", line);
	free(line);
}
