/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * talk.c - a connection that lives, or says when it did not: numbered words go there and come back.
 *
 *   talk serve --port N [--at IP] [--smc 1|2]
 *   talk to --to IP --port N [--from IP] [--words N] [--every MS] [--smc 1|2]
 *
 * An ordinary program with stream sockets, and nothing but those: what it is used for is that the
 * same program speaks TCP, rsockets by LD_PRELOAD (librspreload), SMC by --smc (1: AF_SMC sockets, 2:
 * IPPROTO_SMC, Linux 6.11), or SMC since the kernel turned its TCP into that. `serve` returns what each of up to 64 connections
 * sends. `to` sends a word, waits until it is back and sends the next one, MS later, until there were
 * N or SIGTERM ends it; then it prints one line of JSON, and fails if the connection did.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>

#include "frame.h"

#ifndef AF_SMC
#define AF_SMC 43
#endif
#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif
#define SMCPROTO_SMC 0
#define SMCPROTO_SMC6 1
#define WORD 64
#define CONNECTIONS_MAX 64
/* TCP's own patience after a long cut, with its time-outs doubled each time, is within this. */
#define ANSWER_MS 30000

static struct {
	const char *to, *from, *at, *ready;
	unsigned port, words, every, smc;
} opt = {.at = "::", .every = 10};

static const struct lab_option options[] = {
	{"to", .text = &opt.to},
	{"from", .text = &opt.from},
	{"at", .text = &opt.at},
	{"ready", .text = &opt.ready},
	{"port", .number = &opt.port},
	{"words", .number = &opt.words},
	{"every", .number = &opt.every},
	{"smc", .number = &opt.smc},
	{},
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = 1;
}

static int open_socket(int family)
{
	int on = 1, fd;

	if (opt.smc == 1)
		fd = socket(AF_SMC, SOCK_STREAM, family == AF_INET ? SMCPROTO_SMC : SMCPROTO_SMC6);
	else
		fd = socket(family, SOCK_STREAM, opt.smc ? IPPROTO_SMC : 0);
	if (fd < 0)
		lab_die("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd;
}

/* ---- serving ---- */

/* False when the connection is over. */
static bool give_back(int fd)
{
	char buf[4096];
	ssize_t n = recv(fd, buf, sizeof(buf), 0), sent = 0;

	while (sent < n) {
		ssize_t k = send(fd, buf + sent, (size_t)(n - sent), 0);

		if (k <= 0)
			return false;
		sent += k;
	}
	return n > 0;
}

static int run_serve(void)
{
	struct pollfd fds[1 + CONNECTIONS_MAX] = {};
	struct sockaddr_storage at;
	socklen_t len = frame_sockaddr(opt.at, opt.port, &at);
	nfds_t n = 1;

	fds[0] = (struct pollfd){.fd = open_socket(at.ss_family), .events = POLLIN};
	if (bind(fds[0].fd, (void *)&at, len) || listen(fds[0].fd, 16))
		lab_die("%s port %u: %s", opt.at, opt.port, strerror(errno));
	lab_ready(opt.ready);
	while (!stopped) {
		if (poll(fds, n, 200) <= 0)
			continue;
		for (nfds_t i = 1; i < n; i++) {
			if (!fds[i].revents || give_back(fds[i].fd))
				continue;
			close(fds[i].fd);
			fds[i--] = fds[--n];
		}
		if (fds[0].revents & POLLIN && n <= CONNECTIONS_MAX) {
			int fd = accept(fds[0].fd, NULL, NULL);

			if (fd >= 0)
				fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	}
	return 0;
}

/* ---- talking ---- */

/* One word, there and back; NULL, or what went wrong. */
static const char *say_word(int fd, unsigned number)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char word[WORD] = {}, answer[WORD];
	size_t got = 0;

	snprintf(word, sizeof(word), "word %u", number);
	if (send(fd, word, sizeof(word), MSG_NOSIGNAL) != sizeof(word))
		return strerror(errno);
	while (got < sizeof(answer)) {
		ssize_t n = poll(&pfd, 1, ANSWER_MS);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? strerror(errno) : "no answer";
		n = recv(fd, answer + got, sizeof(answer) - got, 0);
		if (n <= 0)
			return n ? strerror(errno) : "closed by the other end";
		got += (size_t)n;
	}
	return memcmp(word, answer, sizeof(word)) ? "another word came back" : NULL;
}

static const char *open_connection(int *ret_fd)
{
	struct sockaddr_storage to, from;
	socklen_t len = frame_sockaddr(opt.to, opt.port, &to);

	*ret_fd = open_socket(to.ss_family);
	if (opt.from) {
		socklen_t from_len = frame_sockaddr(opt.from, 0, &from);

		if (bind(*ret_fd, (void *)&from, from_len))
			return strerror(errno);
	}
	return connect(*ret_fd, (void *)&to, len) ? strerror(errno) : NULL;
}

static int run_to(void)
{
	uint64_t longest = 0;
	unsigned words = 0;
	const char *error;
	int fd;

	error = open_connection(&fd);
	if (!error)
		lab_ready(opt.ready);
	while (!error && !stopped && (!opt.words || words < opt.words)) {
		uint64_t start = lab_now(), took;

		error = say_word(fd, words);
		took = lab_now() - start;
		longest = took > longest ? took : longest;
		words += !error;
		lab_sleep_until(lab_now() + opt.every * 1000000ull);
	}
	printf("{\"words\":%u,\"longest_ms\":%.1f,\"error\":\"%s\"}\n", words,
	       (double)longest / 1e6, error ? error : "");
	close(fd);
	return error != NULL;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	signal(SIGPIPE, SIG_IGN);
	lab_parse(argc, argv, 2, options);
	if (!strcmp(verb, "serve") && opt.port)
		return run_serve();
	if (!strcmp(verb, "to") && opt.to && opt.port)
		return run_to();
	lab_die("usage: talk serve --port N ... | talk to --to IP --port N ...");
}
