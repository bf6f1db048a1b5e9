// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * main.c - bpfteamd: options, the event loop, signals, and what systemd is told.
 *
 * The daemon holds nothing that traffic needs: it may be killed, started again or upgraded at any
 * time (see team.h). It stays in the foreground, as sd_notify(3) services do.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "daemon/bus.h"
#include "daemon/configdir.h"
#include "daemon/instance.h"
#include "daemon/log.h"
#include "daemon/text.h"

#define DEFAULT_CONFIG_DIR "/etc/bpfteam"

struct options {
	const char *config_dir, *runtime_dir, *bpffs;
	bool no_system_bus;
};

struct daemon {
	sd_event *loop;
	struct instance *instance;
	struct teams *teams;
	struct configdir *configdir;
	struct bus *bus;
	sd_event_source *status_due;
	char status[640]; /* as last told to systemd */
};

static void usage(FILE *out)
{
	fputs("bpfteamd [OPTION]...\n"
	      "Keeps bpfteam's teams: makes those of the config directory, watches all.\n"
	      "Runs in the foreground. SIGHUP reads the config directory again; SIGTERM ends the\n"
	      "daemon and leaves the teams running.\n\n"
	      "  --config-dir DIR   one team in each *.yaml (default " DEFAULT_CONFIG_DIR ")\n"
	      "  --runtime-dir DIR  socket and lock (default " TEAM_DEFAULT_RUNTIME_DIR
	      ",\n                     environment BPFTEAM_RUNTIME_DIR)\n"
	      "  --bpffs DIR        pinned maps (default " TEAM_DEFAULT_BPFFS
	      ",\n                     environment BPFTEAM_BPFFS)\n"
	      "  --no-system-bus    serve the private socket only\n"
	      "  -h, --help         this help\n"
	      "  --version\n",
	      out);
}

enum { OPT_CONFIG_DIR = 256, OPT_RUNTIME_DIR, OPT_BPFFS, OPT_NO_SYSTEM_BUS, OPT_VERSION };

/* Returns -1 to go on, else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option table[] = {
		{"config-dir", required_argument, NULL, OPT_CONFIG_DIR},
		{"runtime-dir", required_argument, NULL, OPT_RUNTIME_DIR},
		{"bpffs", required_argument, NULL, OPT_BPFFS},
		{"no-system-bus", no_argument, NULL, OPT_NO_SYSTEM_BUS},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, OPT_VERSION},
		{},
	};
	const char **value;
	int c;

	options->config_dir = DEFAULT_CONFIG_DIR;
	/* getopt's own messages begin with argv[0]. */
	argv[0] = (char *)"bpfteamd";
	while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		value = NULL;
		switch (c) {
		case OPT_CONFIG_DIR:
			value = &options->config_dir;
			break;
		case OPT_RUNTIME_DIR:
			value = &options->runtime_dir;
			break;
		case OPT_BPFFS:
			value = &options->bpffs;
			break;
		case OPT_NO_SYSTEM_BUS:
			options->no_system_bus = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		case OPT_VERSION:
			puts("bpfteamd " BPFTEAM_VERSION);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
		if (value && !*optarg) {
			fputs("bpfteamd: a directory's name must not be empty\n", stderr);
			return 2;
		}
		if (value)
			*value = optarg;
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "bpfteamd: %s: takes no arguments; see bpfteamd -h\n", argv[optind]);
	return 2;
}

/* Tells systemd what `systemctl status` shows, when that has changed. */
static void tell_status(struct daemon *daemon)
{
	unsigned n = teams_count(daemon->teams), problems;
	char status[sizeof(daemon->status)];
	const char *first;
	int len;

	problems = configdir_problems(daemon->configdir, &first);
	len = snprintf(status, sizeof(status), "%u team%s", n, n == 1 ? "" : "s");
	if (problems)
		snprintf(status + len, sizeof(status) - len, "; %u file%s not in force: %s",
			 problems, problems == 1 ? "" : "s", first);
	text_clean(status);
	if (!strcmp(status, daemon->status))
		return;
	memcpy(daemon->status, status, sizeof(status));
	sd_notifyf(false, "STATUS=%s", status);
}

static int on_status_due(sd_event_source *source, void *arg)
{
	tell_status(arg);
	return 0;
}

/* In the next turn of the loop, when all is as it will be. */
static void poke_status(void *arg)
{
	struct daemon *daemon = arg;

	sd_event_source_set_enabled(daemon->status_due, SD_EVENT_ONESHOT);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct daemon *daemon = arg;
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	/* MONOTONIC_USEC is what Type=notify-reload (systemd 253) matches the reload by. */
	sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   ts.tv_sec * 1000000ull + ts.tv_nsec / 1000);
	log_print(LOG_INFO, "reading the configuration again");
	configdir_load(daemon->configdir);
	tell_status(daemon);
	sd_notify(false, "READY=1");
	return 0;
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct daemon *daemon = arg;

	sd_notify(false, "STOPPING=1");
	log_print(LOG_INFO, "ending; teams that go on: %u", teams_count(daemon->teams));
	return sd_event_exit(daemon->loop, 0);
}

/* Blocked already in main(), so that none is lost while the teams are adopted. */
static int watch_signals(struct daemon *daemon)
{
	int r;

	r = sd_event_add_signal(daemon->loop, NULL, SIGTERM, on_end, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->loop, NULL, SIGINT, on_end, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->loop, NULL, SIGHUP, on_reload, daemon);
	if (r >= 0)
		r = sd_event_add_defer(daemon->loop, &daemon->status_due, on_status_due, daemon);
	if (r >= 0)
		r = sd_event_set_watchdog(daemon->loop, true);
	return r;
}

static int start(struct daemon *daemon, const struct options *options, struct err *err)
{
	const struct poke poke = {poke_status, daemon};
	struct team_env env;
	int r;

	team_env_init(&env, options->runtime_dir, options->bpffs);
	/* The socket first: a client that comes now waits, and does not begin by itself. */
	r = instance_open(env.runtime_dir, &daemon->instance, err);
	if (r)
		return r;
	r = sd_event_default(&daemon->loop);
	if (r >= 0)
		r = watch_signals(daemon);
	if (r >= 0)
		r = teams_new(daemon->loop, env.runtime_dir, env.bpffs, &poke, &daemon->teams);
	if (r >= 0)
		r = configdir_new(daemon->loop, daemon->teams, options->config_dir, &poke,
				  &daemon->configdir);
	if (r >= 0)
		r = bus_new(daemon->loop, daemon->teams, &daemon->bus);
	if (r >= 0)
		r = bus_listen(daemon->bus, instance_fd(daemon->instance));
	if (r < 0)
		return err_set(err, r, "event loop: %s", strerror(-r));
	teams_refresh(daemon->teams);
	configdir_load(daemon->configdir);
	if (!options->no_system_bus)
		bus_connect_system(daemon->bus);
	tell_status(daemon);
	sd_notify(false, "READY=1");
	return 0;
}

int main(int argc, char **argv)
{
	struct options options = {};
	struct daemon daemon = {};
	struct err err = {};
	sigset_t blocked;
	int r;

	r = parse_options(argc, argv, &options);
	if (r >= 0)
		return r;
	log_init();
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);

	r = start(&daemon, &options, &err);
	if (!r)
		r = sd_event_loop(daemon.loop);
	if (r < 0)
		log_print(LOG_ERR, "%s", *err.text ? err.text : strerror(-r));
	bus_free(daemon.bus);
	configdir_free(daemon.configdir);
	teams_free(daemon.teams);
	instance_close(daemon.instance);
	sd_event_source_unref(daemon.status_due);
	sd_event_unref(daemon.loop);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
