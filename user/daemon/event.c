// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* event.c - what happened to a team as one line of log, for people. Called by teams.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "daemon/teams_private.h"

static const struct {
	const char *what; /* of the team */
	const char *before, *after; /* around the port's name, where there is one */
	bool detected; /* it is worth saying by whom and how fast */
	int level;
} phrase[] = {
	[EVENT_PORT_UP] = {"", "port ", " is up", false, LOG_NOTICE},
	[EVENT_PORT_DOWN] = {"", "port ", " is down", true, LOG_WARNING},
	[EVENT_FAILOVER] = {"fail-over", " from port ", "", false, LOG_WARNING},
	[EVENT_RDMA_FLOW] = {"", "RDMA flow on port ", "", false, LOG_INFO},
	[EVENT_TEAM_UP] = {"team is up", " by port ", "", false, LOG_NOTICE},
	[EVENT_TEAM_DOWN] = {"team is down", " by port ", "", false, LOG_WARNING},
	[EVENT_CONFIG] = {"", "port ", "", false, LOG_NOTICE},
};

static bool given(const char *text)
{
	return text && *text;
}

/* "team0: port eth0 is down: no carrier (state, handled in 12 us); active port eth1" */
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
	fputs(phrase[event->type].what, out);
	if (given(event->port))
		fprintf(out, "%s%s%s", phrase[event->type].before, event->port,
			phrase[event->type].after);
	if (given(event->cause))
		fprintf(out, "%s%s", ftell(out) ? ": " : "", event->cause);
	if (phrase[event->type].detected && given(event->detector))
		fprintf(out, " (%s%s", event->detector, event->datapath_ns ? "" : ")");
	if (phrase[event->type].detected && given(event->detector) && event->datapath_ns)
		fprintf(out, ", handled in %" PRIu64 " us)", event->datapath_ns / 1000);
	if (given(event->active_port))
		fprintf(out, "; active port %s", event->active_port);
	if (!fclose(out))
		log_print(phrase[event->type].level, "%s: %s", event->team, line);
	free(line);
}
