/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * stream.c - a numbered, time-stamped UDP stream, to count what an event costs, frame by frame.
 *
 *   stream send --to IP:PORT [--from IP] [--rate N] [--secs S] [--size N] [--flows N]
 *   stream recv --port N [--secs S] [--live FILE]
 *   stream now            CLOCK_MONOTONIC in ns, the clock of all times here
 *
 * Both ends run on one machine, so one clock serves for both. The sender sleeps to the next tenth of
 * a millisecond and sends what is due: in larger bursts a short gap would cost a whole burst or
 * nothing, and waking for each frame would cost half a core. After a stall it starts anew instead of
 * catching up with a burst that no queue would take. Its last datagrams carry the count of what was
 * sent: the receiver ends on them, and knows what was lost at the tail.
 */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "frame.h"

#define TICK_NS 100000ull
#define STALL_NS 2500000ull
/* Lost frames this near to each other belong to one event: with several flows only some are hit. */
#define GAP_JOIN_FRAMES 64

static struct {
	const char *to, *from, *ready, *live;
	unsigned rate, size, flows, port;
	double secs;
} opt = {.rate = 20000, .size = 64, .flows = 1, .secs = 5};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = 1;
}

/* "192.0.2.1:5000" or "[2001:db8::1]:5000" */
static socklen_t parse_target(const char *text, struct sockaddr_storage *ret)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	const char *from = text[0] == '[' ? text + 1 : text;
	size_t len;

	if (!colon || colon == text)
		lab_die("%s: not IP:PORT", text);
	len = (size_t)(colon - from) - (text[0] == '[');
	if (len >= sizeof(host))
		lab_die("%s: too long", text);
	memcpy(host, from, len);
	host[len] = '\0';
	return frame_sockaddr(host, (unsigned)atoi(colon + 1), ret);
}

/* ---- sending ---- */

static int *open_flows(const struct sockaddr_storage *to, socklen_t to_len)
{
	int *fds = calloc(opt.flows, sizeof(*fds));
	int size = 4 << 20;

	if (!fds)
		lab_die("out of memory");
	for (unsigned i = 0; i < opt.flows; i++) {
		fds[i] = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fds[i] < 0)
			lab_die("socket: %s", strerror(errno));
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
		if (opt.from) {
			struct sockaddr_storage from;
			socklen_t len = frame_sockaddr(opt.from, 0, &from);

			if (bind(fds[i], (void *)&from, len))
				lab_die("%s: %s", opt.from, strerror(errno));
		}
		if (connect(fds[i], (const void *)to, to_len))
			lab_die("%s: %s", opt.to, strerror(errno));
	}
	return fds;
}

/*
 * Never waits: a frame that a full queue refuses is a lost frame. A closed port at the other end
 * makes a connected socket fail once; that frame was not sent yet.
 */
static bool send_packet(int fd, const void *buf, size_t len)
{
	ssize_t n = send(fd, buf, len, MSG_DONTWAIT);

	if (n < 0 && errno == ECONNREFUSED)
		n = send(fd, buf, len, MSG_DONTWAIT);
	return n == (ssize_t)len;
}

static void send_end(const int *fds, struct stream_packet *packet, size_t len)
{
	packet->total = packet->seq;
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < opt.flows && i < 8; i++)
			send_packet(fds[i], packet, len);
		lab_sleep_until(lab_now() + 20000000);
	}
}

static int run_send(void)
{
	struct sockaddr_storage to;
	socklen_t to_len = parse_target(opt.to, &to);
	int *fds = open_flows(&to, to_len);
	size_t len = opt.size < sizeof(struct stream_packet) ? sizeof(struct stream_packet)
							     : opt.size;
	struct stream_packet *packet = calloc(1, len);
	uint64_t interval = NSEC / (opt.rate ? opt.rate : 1);
	uint64_t start, end, due, errors = 0, stalls = 0, worst = 0;

	if (!packet)
		lab_die("out of memory");
	/* A sender that is put off while ports fail would lose nothing, and show nothing. */
	prctl(PR_SET_TIMERSLACK, 1000ul);
	sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
	packet->magic = STREAM_MAGIC;
	lab_ready(opt.ready);
	start = due = lab_now();
	end = start + (uint64_t)(opt.secs * (double)NSEC);
	while (due < end && !stopped) {
		uint64_t now = lab_now();

		if (now > due + STALL_NS) {
			stalls++;
			worst = now - due > worst ? now - due : worst;
			due = now;
		}
		for (; due <= now; due += interval) {
			packet->sent_ns = lab_now();
			packet->flow = (uint32_t)(packet->seq % opt.flows);
			if (!send_packet(fds[packet->flow], packet, len))
				errors++;
			packet->seq++;
		}
		lab_sleep_until(due > now + TICK_NS ? due : now + TICK_NS);
	}
	printf("{\"sent\":%llu,\"errors\":%llu,\"secs\":%.3f,\"stalls\":%llu,\"stall_ms\":%.3f}\n",
	       (unsigned long long)packet->seq, (unsigned long long)errors,
	       (double)(lab_now() - start) / NSEC, (unsigned long long)stalls, (double)worst / 1e6);
	fflush(stdout);
	send_end(fds, packet, len);
	return 0;
}

/* ---- receiving ---- */

struct frame {
	uint64_t sent_ns, received_ns; /* received 0: not seen */
	uint32_t flow;
};

static struct {
	struct frame *frames;
	size_t room, top; /* top: highest number seen + 1 */
	uint64_t received, duplicates, reordered, total, overflows;
	uint64_t last_of_flow[65536];
} rx;

static void note_packet(const struct stream_packet *packet, uint64_t now)
{
	uint64_t *last = &rx.last_of_flow[packet->flow & 0xffff];

	if (packet->total) {
		rx.total = packet->total;
		return;
	}
	if (packet->seq >= 1ull << 26)
		return;
	if (packet->seq >= rx.room) {
		size_t room = (packet->seq + 1) * 2 + 65536;

		rx.frames = reallocarray(rx.frames, room, sizeof(*rx.frames));
		if (!rx.frames)
			lab_die("out of memory");
		memset(rx.frames + rx.room, 0, (room - rx.room) * sizeof(*rx.frames));
		rx.room = room;
	}
	if (rx.frames[packet->seq].received_ns) {
		rx.duplicates++;
		return;
	}
	rx.frames[packet->seq] = (struct frame){packet->sent_ns, now, packet->flow};
	rx.received++;
	if (packet->seq < *last)
		rx.reordered++;
	else
		*last = packet->seq;
	if (packet->seq >= rx.top)
		rx.top = packet->seq + 1;
}

static int open_receiver(void)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(opt.port)};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int size = 64 << 20, on = 1, off = 0;

	if (fd < 0)
		lab_die("socket: %s", strerror(errno));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	if (bind(fd, (void *)&in6, sizeof(in6)))
		lab_die("port %u: %s", opt.port, strerror(errno));
	return fd;
}

static bool receive_one(int fd)
{
	union {
		struct stream_packet packet;
		char room[2048];
	} buf;
	char control[64];
	struct iovec iov = {&buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);
	struct cmsghdr *cmsg;

	if (n < 0)
		return false;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SO_RXQ_OVFL)
			rx.overflows = *(const uint32_t *)CMSG_DATA(cmsg);
	if (n >= (ssize_t)sizeof(struct stream_packet) && buf.packet.magic == STREAM_MAGIC)
		note_packet(&buf.packet, lab_now());
	return true;
}

/* For a live view: how many came, of how many, replaced at once. */
static void write_live(void)
{
	char tmp[4096];
	FILE *f;

	snprintf(tmp, sizeof(tmp), "%s.tmp", opt.live);
	f = fopen(tmp, "we");
	if (!f)
		return;
	fprintf(f, "%llu %zu\n", (unsigned long long)rx.received, rx.top);
	fclose(f);
	rename(tmp, opt.live);
}

static void receive_all(int fd)
{
	uint64_t end = lab_now() + (uint64_t)(opt.secs * (double)NSEC), live = 0;
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	while (!stopped && !rx.total) {
		uint64_t now = lab_now();

		if (now >= end)
			break;
		if (opt.live && now >= live) {
			write_live();
			live = now + 100000000;
		}
		/* A millisecond's frames at once: one wake-up for each would cost a core. */
		if (poll(&pfd, 1, 50) > 0) {
			while (receive_one(fd))
				;
			lab_sleep_until(lab_now() + 1000000);
		}
	}
	lab_sleep_until(lab_now() + 20000000);
	while (receive_one(fd))
		;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_latency(size_t top)
{
	uint64_t *latency = calloc(rx.received + 1, sizeof(*latency));
	size_t n = 0;

	if (!latency)
		lab_die("out of memory");
	for (size_t i = 0; i < top; i++)
		if (rx.frames[i].received_ns)
			latency[n++] = rx.frames[i].received_ns - rx.frames[i].sent_ns;
	qsort(latency, n, sizeof(*latency), by_value);
	printf("\"latency_us\":{\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f},",
	       n ? (double)latency[n / 2] / 1e3 : 0, n ? (double)latency[n * 99 / 100] / 1e3 : 0,
	       n ? (double)latency[n - 1] / 1e3 : 0);
	free(latency);
}

/*
 * Every run of lost frames: from_ns and until_ns are the sending times of the last frame that came
 * before it and of the first that came after it (0: none did).
 */
static void print_gaps(uint64_t total, double *ret_longest_ms)
{
	uint64_t first = 0, last_ok = 0;
	const char *comma = "";

	for (size_t i = 0; i < total && !first; i++)
		first = i < rx.room ? rx.frames[i].sent_ns : 0;
	printf("\"first_ns\":%llu,\"gaps\":[", (unsigned long long)first);
	*ret_longest_ms = 0;
	for (size_t i = 0; i < total;) {
		size_t from = i, lost = 0, came = 0, j;
		uint64_t until = 0;
		double ms;

		if (i < rx.room && rx.frames[i].received_ns) {
			last_ok = rx.frames[i++].sent_ns;
			continue;
		}
		for (j = i; j < total && came < GAP_JOIN_FRAMES; j++) {
			if (j < rx.room && rx.frames[j].received_ns) {
				if (!came++)
					until = rx.frames[j].sent_ns;
			} else {
				lost += 1;
				came = 0;
			}
		}
		if (!came)
			until = 0;
		ms = until && last_ok ? (double)(until - last_ok) / 1e6 : 0;
		*ret_longest_ms = ms > *ret_longest_ms ? ms : *ret_longest_ms;
		printf("%s{\"seq\":%zu,\"lost\":%zu,\"at_ms\":%.3f,\"ms\":%.3f,\"from_ns\":%llu,"
		       "\"until_ns\":%llu}",
		       comma, from, lost, last_ok ? (double)(last_ok - first) / 1e6 : 0, ms,
		       (unsigned long long)last_ok, (unsigned long long)until);
		comma = ",";
		i = j;
		if (came)
			last_ok = rx.frames[j - 1].sent_ns;
	}
	printf("],");
}

static int run_recv(void)
{
	int fd = open_receiver();
	uint64_t total;
	double longest;

	lab_ready(opt.ready);
	receive_all(fd);
	total = rx.total ? rx.total : rx.top;
	printf("{\"sent\":%llu,\"complete\":%s,\"received\":%llu,\"lost\":%llu,\"duplicates\":%llu,"
	       "\"reordered\":%llu,\"overflows\":%llu,",
	       (unsigned long long)total, rx.total ? "true" : "false",
	       (unsigned long long)rx.received, (unsigned long long)(total - rx.received),
	       (unsigned long long)rx.duplicates, (unsigned long long)rx.reordered,
	       (unsigned long long)rx.overflows);
	print_latency(rx.top);
	print_gaps(total, &longest);
	printf("\"longest_gap_ms\":%.3f}\n", longest);
	return 0;
}

static const struct lab_option options[] = {
	{"to", .text = &opt.to},         {"from", .text = &opt.from},
	{"ready", .text = &opt.ready},   {"live", .text = &opt.live},
	{"rate", .number = &opt.rate},   {"size", .number = &opt.size},
	{"flows", .number = &opt.flows}, {"port", .number = &opt.port},
	{"secs", .real = &opt.secs},     {},
};

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "now")) {
		printf("%llu\n", (unsigned long long)lab_now());
		return 0;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	lab_parse(argc, argv, 2, options);
	if (!strcmp(verb, "send") && opt.to && opt.flows)
		return run_send();
	if (!strcmp(verb, "recv") && opt.port)
		return run_recv();
	lab_die("usage: stream send --to IP:PORT ... | stream recv --port N ... | stream now");
}
