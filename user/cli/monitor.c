/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * monitor.c - `bpfteam monitor`: one event a line, flushed as it happens. The daemon's signals
 * where there is a daemon; else the states of all teams, compared ten times a second.
 *
 * Ends well on SIGINT and SIGTERM, and when nobody reads what it prints any more.
 */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "bpfteam/dbus.h"
#include "cli/render.h"

#define POLL_US 100000

struct monitor {
	struct cli *cli;
	sd_event *loop;
	json_t *teams; /* as last seen, when polling */
	sd_event_source *timer; /* when to look again */
};

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static const char *time_now(char *buf, size_t size)
{
	struct timespec ts;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	len = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + len, size - len, ".%03ldZ", ts.tv_nsec / 1000000);
	return buf;
}

json_t *monitor_event(const char *time, const char *team, const char *event, const char *port,
		      const char *cause, const char *detector, uint64_t datapath_ns,
		      const char *active_port)
{
	char now[40];

	if (!time)
		time = time_now(now, sizeof(now));
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o}", "time", time, "team", team,
			 "event", event, "port", text_or_null(port), "cause", cause, "detector",
			 text_or_null(detector), "datapath_ns",
			 datapath_ns ? json_integer(datapath_ns) : json_null(), "active_port",
			 text_or_null(active_port));
}

static void print_event(const json_t *event)
{
	const json_t *took = json_object_get(event, "datapath_ns");
	const char *port = json_text(event, "port"), *cause = json_text(event, "cause");
	const char *active = json_text(event, "active_port");
	const char *detector = json_text(event, "detector");

	printf("%s %s %s", json_text(event, "time"), json_text(event, "team"),
	       json_text(event, "event"));
	if (*port)
		printf(" %s", port);
	if (*cause)
		printf(": %s", cause);
	if (*active)
		printf("; active port %s", active);
	if (*detector && took && !json_is_null(took))
		printf(" (%s, %.1f us)", detector, json_integer_value(took) / 1e3);
	else if (*detector)
		printf(" (%s)", detector);
	putchar('\n');
}

/* Prints at once; what can't be written any more ends the loop, and main() says why. */
static void tell(json_t *event, void *arg)
{
	struct monitor *monitor = arg;

	cli_print(monitor->cli, event, print_event);
	if (fflush(stdout))
		sd_event_exit(monitor->loop, 0);
}

static int on_message(sd_bus_message *message, void *arg, sd_bus_error *error)
{
	const char *time, *team, *event, *port, *cause, *detector, *active;
	struct monitor *monitor = arg;
	uint64_t took;
	int r;

	if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Local", "Disconnected")) {
		r = cli_fail(monitor->cli, -ECONNRESET,
			     "the daemon is gone; its teams go on without it");
		return sd_event_exit(monitor->loop, r);
	}
	if (!sd_bus_message_is_signal(message, BPFTEAM_DBUS_MANAGER, "Event"))
		return 0;
	r = sd_bus_message_read(message, "ssssssts", &time, &team, &event, &port, &cause, &detector,
				&took, &active);
	if (r < 0) {
		r = cli_fail(monitor->cli, r, "an event is not what this version expects");
		return sd_event_exit(monitor->loop, r);
	}
	tell(monitor_event(time, team, event, port, cause, detector, took, active), monitor);
	return 0;
}

/* A team that can't be read just now is no reason to stop watching the others. */
static json_t *look(struct cli *cli)
{
	json_t *teams;

	show_collect(cli, NULL, false, &teams);
	return teams;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct monitor *monitor = arg;
	json_t *now = look(monitor->cli);

	monitor_compare(monitor->teams, now, tell, monitor);
	json_decref(monitor->teams);
	monitor->teams = now;
	sd_event_source_set_time_relative(source, POLL_US);
	return 0;
}

static int on_reader_gone(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	return revents & EPOLLERR ? sd_event_exit(((struct monitor *)arg)->loop, 0) : 0;
}

static int add_ends(struct monitor *monitor)
{
	static const int ends[] = {SIGINT, SIGTERM};
	sigset_t set;
	int r;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		r = sd_event_add_signal(monitor->loop, NULL, ends[i], NULL, NULL);
		if (r < 0)
			return r;
	}
	/* EPOLLERR comes unasked for: the far end of a pipe was closed. No epoll on a file. */
	r = sd_event_add_io(monitor->loop, NULL, STDOUT_FILENO, 0, on_reader_gone, monitor);
	return r == -EPERM ? 0 : r;
}

static int add_source(struct monitor *monitor, struct client *client)
{
	int r;

	if (client) {
		r = sd_bus_add_filter(client_bus(client), NULL, on_message, monitor);
		return r < 0 ? r : sd_bus_attach_event(client_bus(client), monitor->loop, 0);
	}
	monitor->teams = look(monitor->cli);
	r = sd_event_add_time_relative(monitor->loop, &monitor->timer, CLOCK_MONOTONIC, POLL_US,
				       1000, on_timer, monitor);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(monitor->timer, SD_EVENT_ON);
}

int monitor_run(struct cli *cli, void *options, int argc, char **argv)
{
	struct monitor monitor = {.cli = cli};
	struct client *client;
	int r = cli_worker(cli, &client);

	if (r)
		return r;
	if (!client)
		fputs("bpfteam: monitor: without a daemon, looking ten times a second\n", stderr);
	r = sd_event_new(&monitor.loop);
	if (r >= 0)
		r = add_source(&monitor, client);
	if (r >= 0)
		r = add_ends(&monitor);
	if (r < 0)
		cli_fail(cli, r, "no event loop: %s", strerror(-r));
	else
		r = sd_event_loop(monitor.loop);
	client_close(client);
	sd_event_source_unref(monitor.timer);
	json_decref(monitor.teams);
	sd_event_unref(monitor.loop);
	return r;
}
