/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bulk.c - what a byte of a long TCP connection costs, in instructions, both ends together.
 *
 *   bulk --host NETNS --peer NETNS --contender C [--runs N] [--bytes N]
 *
 * One process has both ends, and sends and receives by turns without waiting. Cables carry frames of
 * up to 64 KB whole: that is segmentation offload on one side and what GRO makes on the other. Each
 * direction is measured twice: by send() and recv(), and by sendfile() and a recv() that discards
 * (MSG_TRUNC), which copy nothing; QEMU counts a `rep movsb` as one instruction a byte, and so makes
 * copies look dearer than they are.
 */
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "bench.h"

#define HOST4 "192.0.2.1"
#define PEER4 "192.0.2.2"
#define PORT 5001
#define CHUNK (256u << 10)

static struct {
	const char *host, *peer, *contender;
	unsigned runs, bytes;
} opt = {.contender = "?", .runs = 5, .bytes = 4u << 20};

static const struct lab_option options[] = {
	{.name = "host", .text = &opt.host},           {.name = "peer", .text = &opt.peer},
	{.name = "contender", .text = &opt.contender}, {.name = "runs", .number = &opt.runs},
	{.name = "bytes", .number = &opt.bytes},       {},
};

static uint8_t buffer[CHUNK];
static int file;

/* The connection's sending end is in `from`, its receiving end in `to`. */
static void connect_pair(const char *from, const char *to, const char *to_address, int ret[2])
{
	int listener = bench_socket(to, AF_INET, SOCK_STREAM, 0), one = 1;
	struct sockaddr_storage address;
	socklen_t len = frame_sockaddr(to_address, PORT, &address);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bench_bind(listener, to_address, PORT);
	if (listen(listener, 1))
		lab_die("listen: %s", strerror(errno));
	ret[0] = bench_socket(from, AF_INET, SOCK_STREAM, 0);
	if (connect(ret[0], (void *)&address, len))
		lab_die("%s: %s: %s", opt.contender, to_address, strerror(errno));
	ret[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (ret[1] < 0)
		lab_die("accept: %s", strerror(errno));
	close(listener);
	fcntl(ret[0], F_SETFL, O_NONBLOCK);
	fcntl(ret[1], F_SETFL, O_NONBLOCK);
}

static ssize_t send_some(int fd, size_t len, bool copy)
{
	off_t at = 0;

	len = len < CHUNK ? len : CHUNK;
	return copy ? send(fd, buffer, len, MSG_NOSIGNAL) : sendfile(fd, file, &at, len);
}

/* Moves that many bytes; where neither side can go on it is a timer's turn, and spins are counted. */
static unsigned move(const int pair[2], size_t bytes, bool copy)
{
	size_t sent = 0, received = 0;
	unsigned spins = 0;

	while (received < bytes) {
		size_t before = sent + received;
		ssize_t n;

		while (sent < bytes && (n = send_some(pair[0], bytes - sent, copy)) > 0)
			sent += (size_t)n;
		if (sent < bytes && errno != EAGAIN)
			lab_die("%s: send: %s", opt.contender, strerror(errno));
		while (received < bytes &&
		       (n = recv(pair[1], buffer, CHUNK, copy ? 0 : MSG_TRUNC)) > 0)
			received += (size_t)n;
		spins += sent + received == before;
	}
	return spins;
}

static void measure(const char *what, bool sends, bool copy)
{
	unsigned spins = 0;
	int pair[2];

	connect_pair(sends ? opt.host : opt.peer, sends ? opt.peer : opt.host,
		     sends ? PEER4 : HOST4, pair);
	/* The windows grow first. */
	move(pair, 2 * (size_t)opt.bytes, copy);
	for (unsigned run = 0; run < opt.runs; run++) {
		uint64_t from = bench_count();

		spins += move(pair, opt.bytes, copy);
		bench_sample("tcp", opt.contender, what, "instructions a byte",
			     (double)(bench_count() - from) / opt.bytes);
	}
	printf("# %s, %s: %u turns in which nothing could be moved\n", opt.contender, what, spins);
	close(pair[0]);
	close(pair[1]);
}

int main(int argc, char **argv)
{
	lab_parse(argc, argv, 1, options);
	if (!opt.host || !opt.peer || !opt.runs || !opt.bytes)
		lab_die("usage: bulk --host NETNS --peer NETNS --contender C");
	bench_check_counter();
	file = memfd_create("bulk", MFD_CLOEXEC);
	if (file < 0 || write(file, buffer, CHUNK) != CHUNK)
		lab_die("memory file: %s", strerror(errno));
	measure("sending", true, true);
	measure("receiving", false, true);
	measure("sending, no copies", true, false);
	measure("receiving, no copies", false, false);
	return 0;
}
