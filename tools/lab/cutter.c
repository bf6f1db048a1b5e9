/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cutter.c - what losing a carrier costs, frame by frame, counted from the driver's call.
 *
 *   cutter --host NS --peer NS --host-ip IP --peer-ip IP --contender NAME --way tx|rx|rx-alone
 *          --case single|second|flap [--phases N] [--rate N]
 *
 * Runs in a VM of `tools/vm/run -i -n N`: the team in namespace HOST holds NICs a0, a1..., their
 * other ends b0, b1... are in namespace PEER. A carrier is cut from outside, by the QMP command
 * set_link, which only a's end sees: b's keeps its carrier, as a switch's other ports do. Once for
 * each phase, spread over 100 ms of the kernel's ticks and monitoring periods, a stream of numbered
 * frames goes one way: tx, from the team; rx, to it, while it sends as many; rx-alone, to it, while it
 * sends nothing, so that only what the contender tells by itself teaches the switch.
 *
 * The moment of the driver's call is that of netif_carrier_off(), from the kprobe event of carrier.h,
 * which the script has made and whose trace_pipe is the standard input. Frames sent before the call
 * and lost were lost by nobody's fault: nobody could know. A stream that does not come back within
 * 0.3 s is not waited for: then the figures are what was lost until then.
 *
 * Prints "SAMPLE<TAB>failover<TAB>contender<TAB>case<TAB>unit<TAB>value" lines, and comments.
 * What was lost or late without a cut, since the machine below was busy, is measured again; a port that
 * does not come back, and too many such stalls, end the program with 1.
 */
#include <math.h>
#include <stdbool.h>

#include "carrier.h"
#include "frame.h"
#include "window.h"

#define PORTS_MAX 8
#define UDP_PORT 5000
/* Traffic runs before the first cut, and after the last driver's call until all is well again. */
#define LEAD_NS (10 * MS)
#define CALM_NS (15 * MS)
#define IN_FLIGHT_NS (2 * MS)
/* QEMU answers within this, and the frames of a quiet network are as fast. */
#define STALL_NS (3 * MS)
#define LIMIT_NS (300 * MS)
/* The kernel holds link messages back for up to a second: cuts are not to see those before them. */
#define SETTLE_NS (1300 * MS)

static struct {
	const char *host, *peer, *host_ip, *peer_ip, *contender, *kase, *way;
	unsigned phases, rate;
} opt = {.phases = 20, .rate = 20000, .kase = "single", .way = "tx"};

/* What is done to carriers, and how long after the driver told of the one before. */
enum deed { CUT, RETURN, LOOK, CUT_NEXT }; /* the first port; LOOK which is next, and cut that */
struct step {
	unsigned after_ms;
	enum deed deed;
};

static const struct kase {
	const char *name;
	struct step steps[STEPS_MAX];
	unsigned n;
	unsigned counted; /* the first cut that is counted */
} kases[] = {
	{"none", {{0}}, 0, 0},
	{"single", {{0, CUT}}, 1, 0},
	{"second", {{0, CUT}, {45, LOOK}, {5, CUT_NEXT}}, 3, 1},
	{"flap",
	 {{0, CUT}, {20, RETURN}, {20, CUT}, {20, RETURN}, {20, CUT}, {20, RETURN}, {20, CUT}},
	 7,
	 0},
};
static const struct kase *kase;

static struct {
	int tx_out, tx_in, rx_out, rx_in, qmp, counters;
	unsigned ports; /* a bit for each that is there */
	int home; /* the port that is in use when all are well */
} lab;

static struct window win;

static int open_udp(const char *own, const char *other)
{
	struct sockaddr_storage addr;
	socklen_t len = frame_sockaddr(own, UDP_PORT, &addr);
	int fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 8 << 20;

	if (fd < 0 || bind(fd, (void *)&addr, len))
		lab_die("%s: %s", own, strerror(errno));
	len = frame_sockaddr(other, UDP_PORT, &addr);
	if (connect(fd, (void *)&addr, len))
		lab_die("%s: %s", other, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

static void open_all(void)
{
	lab.qmp = carrier_open();
	/* The script has opened it: a kernel in lockdown lets nobody do so later. */
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	lab_enter(opt.host);
	lab.tx_out = lab.rx_in = open_udp(opt.host_ip, opt.peer_ip);
	lab_enter(opt.peer);
	lab.rx_out = lab.tx_in = open_udp(opt.peer_ip, opt.host_ip);
	/* Of the namespace that it is opened in. */
	lab.counters = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
	if (lab.counters < 0)
		lab_die("/proc/thread-self/net/dev: %s", strerror(errno));
}

/* ---- frames --------------------------------------------------------------------------------- */

static bool is_tx(void)
{
	return opt.way[0] == 't';
}

/* The team sends as much, which teaches the switch; only what it receives is counted. */
static bool is_answered(void)
{
	return !strcmp(opt.way, "rx");
}

static void send_one(int fd, uint32_t number, uint64_t seq, uint64_t now)
{
	struct stream_packet packet = {.magic = STREAM_MAGIC,
				       .flow = number,
				       .seq = seq,
				       .sent_ns = now};

	/* A frame that a full queue refuses is a lost frame. */
	(void)!send(fd, &packet, sizeof(packet), MSG_DONTWAIT);
}

static void receive_all(int fd)
{
	struct stream_packet packet;
	uint64_t now = lab_now();

	while (recv(fd, &packet, sizeof(packet), MSG_DONTWAIT) == sizeof(packet))
		if (packet.magic == STREAM_MAGIC && packet.flow == win.number &&
		    packet.seq < FRAMES_MAX)
			win.came_ns[packet.seq] = now;
}

/* Frames that b's ends received from the team (tx), or sent to it. */
static void read_counters(uint64_t ret[PORTS_MAX])
{
	unsigned long long value[16];
	char buf[8192], *line, *rest = buf;
	unsigned port;
	ssize_t n = pread(lab.counters, buf, sizeof(buf) - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	memset(ret, 0, PORTS_MAX * sizeof(*ret));
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, " b%u: %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu", &port,
			   value, value + 1, value + 2, value + 3, value + 4, value + 5, value + 6,
			   value + 7, value + 8, value + 9) == 11 &&
		    port < PORTS_MAX) {
			ret[port] = value[is_tx() ? 1 : 9];
			lab.ports |= 1u << port;
		}
	}
}

/* The port that grew the most since, but for one; -1 when none did. */
static int most_grown(const uint64_t before[PORTS_MAX], int but, unsigned least)
{
	uint64_t now[PORTS_MAX];
	int port = -1;

	read_counters(now);
	for (int i = 0; i < PORTS_MAX; i++) {
		uint64_t by = now[i] - before[i];

		if (i != but && by >= least && (port < 0 || by > now[port] - before[port]))
			port = i;
	}
	return port;
}

/* Which port carries the traffic; -1: none does. The switch learns of it by what the team sends. */
static int port_in_use(void)
{
	uint64_t before[PORTS_MAX];
	int port;

	for (int i = 0; i < 4; i++) {
		send_one(lab.tx_out, 0, 0, 0);
		lab_sleep_until(lab_now() + MS);
	}
	read_counters(before);
	for (int i = 0; i < 20; i++) {
		send_one(is_tx() ? lab.tx_out : lab.rx_out, 0, 0, 0);
		lab_sleep_until(lab_now() + MS / 5);
	}
	lab_sleep_until(lab_now() + 2 * MS);
	port = most_grown(before, -1, 18);
	receive_all(lab.tx_in);
	receive_all(lab.rx_in);
	return port;
}

/* ---- one window ----------------------------------------------------------------------------- */

static void plan_next(uint64_t ns)
{
	if (win.step < kase->n)
		win.step_ns = ns + kase->steps[win.step].after_ms * MS;
}

static void read_trace(void)
{
	struct carrier_call calls[STEPS_MAX];
	unsigned n = carrier_calls(STDIN_FILENO, calls, STEPS_MAX);

	for (unsigned i = 0; i < n; i++) {
		bool awaited = !win.step_ns && win.step && win.step <= kase->n;

		if (!awaited || calls[i].up != (kase->steps[win.step - 1].deed == RETURN))
			continue;
		if (!calls[i].up)
			win.called_ns[win.called++] = calls[i].ns;
		win.step_ns = calls[i].ns;
		plan_next(calls[i].ns);
	}
}

static void cut(int port)
{
	win.asked_ns[win.asked++] = lab_now();
	carrier_set(lab.qmp, "a", port, false);
}

static void take_step(enum deed deed)
{
	static uint64_t before[PORTS_MAX];

	win.step++;
	win.step_ns = 0;
	switch (deed) {
	case CUT:
		cut(lab.home);
		break;
	case RETURN:
		carrier_set(lab.qmp, "a", lab.home, true);
		break;
	case LOOK:
		read_counters(before);
		plan_next(lab_now());
		break;
	case CUT_NEXT:
		win.next = most_grown(before, lab.home, 20);
		if (win.next < 0) /* slower than this: the next by order */
			win.next = !lab.home;
		cut(win.next);
		break;
	}
}

/* Done when all that was sent lately came, the last frames aside, which may be on their way. */
static bool is_calm(uint64_t now)
{
	uint64_t since = win.called_ns[win.called - 1];

	if (now < since + CALM_NS)
		return false;
	for (unsigned i = win.n; i-- && win.sent_ns[i] + CALM_NS > now;)
		if (!win.came_ns[i] && win.sent_ns[i] + IN_FLIGHT_NS < now)
			return false;
	return true;
}

static bool is_over(uint64_t now, uint64_t end)
{
	if (win.n == FRAMES_MAX || now > end)
		return true;
	if (win.n % 20 || !kase->n)
		return false;
	read_trace();
	return win.step == kase->n && win.step_ns && is_calm(now);
}

/* A stream with all steps of the case, the first of them at cut_ns. */
static void run_window(uint64_t cut_ns)
{
	uint64_t due = cut_ns - LEAD_NS, interval = NSEC / opt.rate, now = due;
	uint64_t end = cut_ns + LIMIT_NS + kase->n * 25 * MS;
	int out = is_tx() ? lab.tx_out : lab.rx_out, in = is_tx() ? lab.tx_in : lab.rx_in;
	uint32_t number = win.number + 1;

	memset(&win, 0, sizeof(win));
	win.number = number;
	win.step_ns = cut_ns;
	while (!is_over(now, end)) {
		lab_sleep_until(due);
		now = lab_now();
		if (win.step < kase->n && win.step_ns && now >= win.step_ns)
			take_step(kase->steps[win.step].deed);
		for (; due <= now && win.n < FRAMES_MAX; due += interval) {
			win.sent_ns[win.n] = lab_now();
			send_one(out, number, win.n, win.sent_ns[win.n]);
			win.n++;
			if (is_answered())
				send_one(lab.tx_out, 0, 0, 0);
		}
		receive_all(in);
		if (is_answered())
			receive_all(lab.tx_in);
	}
	for (end = now + STALL_NS; now < end && !win.came_ns[win.n - 1]; now = lab_now()) {
		lab_sleep_until(now + MS / 20);
		receive_all(in);
	}
}

/* ---- what it cost --------------------------------------------------------------------------- */

static const char *way_name(void)
{
	return is_tx() ? "TX" : is_answered() ? "RX" : "RX alone";
}

static void sample(const char *unit, double value, int digits)
{
	printf("SAMPLE\tfailover\t%s\t%s %s\t%s\t%.*f\n", opt.contender, way_name(), kase->name,
	       unit, digits, value);
}

/*
 * The machine below was busy with something else: frames were long on their way, or QEMU took long to
 * cut. What is lost then says nothing about anybody.
 */
static bool is_stalled(void)
{
	for (unsigned f = 0; f < win.n; f++) {
		bool before = !win.asked || win.sent_ns[f] < win.asked_ns[0];

		if (win.came_ns[f] ? win.came_ns[f] - win.sent_ns[f] > STALL_NS &&
					     (before || kase->counted || kase->n < 2)
				   : before)
			return true;
	}
	for (unsigned i = 0; i < win.asked; i++)
		if (i >= win.called || win.called_ns[i] - win.asked_ns[i] > STALL_NS)
			return true;
	return win.step < kase->n;
}

static void judge(unsigned phase)
{
	struct window_cost sum = {0};

	printf("# %s %s, phase %u:", way_name(), kase->name, phase);
	for (unsigned i = 0; i < win.asked; i++) {
		struct window_cost cost = window_cost(&win, i);

		printf(" %u (%.3f ms; %u in the %.3f ms before the call)", cost.frames, cost.gap_ms,
		       cost.before, (double)(win.called_ns[i] - win.asked_ns[i]) / MS);
		if (i < kase->counted)
			continue;
		sum.frames += cost.frames;
		sum.gap_ms = fmax(sum.gap_ms, cost.gap_ms);
	}
	printf("%s; at most %.3f ms on the way\n", kase->n ? "" : " nothing lost without a cut",
	       window_late_ms(&win));
	if (!kase->n)
		return;
	sample("frames", sum.frames, 0);
	sample("ms", sum.gap_ms, 3);
}

/* All carriers are there, and the traffic is where it was; before the first case, where that is. */
static void recover(void)
{
	uint64_t end = lab_now() + 20 * NSEC, unused[PORTS_MAX];
	int port;

	read_counters(unused); /* which ports there are */
	for (int i = 0; i < PORTS_MAX; i++)
		if (lab.ports >> i & 1)
			carrier_set(lab.qmp, "a", i, true);
	lab_sleep_until(lab_now() + SETTLE_NS);
	while ((port = port_in_use()) < 0 || (lab.home >= 0 && port != lab.home)) {
		if (lab_now() > end)
			lab_die("%s: port %d does not come back", opt.contender, lab.home);
		lab_sleep_until(lab_now() + 100 * MS);
	}
	lab.home = port;
	read_trace();
}

static void run_case(const struct kase *of, unsigned phases)
{
	unsigned stalls = 0;

	kase = of;
	for (unsigned phase = 0; phase < phases;) {
		uint64_t start = (lab_now() / (100 * MS) + 2) * 100 * MS;
		/* Even over 100 ms, and over the ticks of 1, 4 and 10 ms in it. */
		double ms = 100.0 / phases * phase * 1.0061 + 0.137 * phase;

		run_window(start + (uint64_t)(ms * (double)MS));
		if (!is_stalled())
			judge(phase++);
		else if (++stalls <= phases + 10)
			printf("# phase %u again: QEMU stalled\n", phase);
		else
			lab_die("%s, %s: %u times something was lost or late without a cut",
				opt.contender, kase->name, stalls);
		recover();
	}
	fflush(stdout);
}

static const struct lab_option options[] = {
	{"host", .text = &opt.host},           {"peer", .text = &opt.peer},
	{"host-ip", .text = &opt.host_ip},     {"peer-ip", .text = &opt.peer_ip},
	{"contender", .text = &opt.contender}, {"way", .text = &opt.way},
	{"case", .text = &opt.kase},           {"phases", .number = &opt.phases},
	{"rate", .number = &opt.rate},         {},
};

int main(int argc, char **argv)
{
	const struct kase *found = NULL;

	lab_parse(argc, argv, 1, options);
	for (unsigned i = 0; i < sizeof(kases) / sizeof(*kases); i++)
		if (!strcmp(kases[i].name, opt.kase))
			found = &kases[i];
	if (!opt.host || !opt.peer || !opt.host_ip || !opt.peer_ip || !opt.contender || !found ||
	    !opt.phases || !opt.rate)
		lab_die("usage: cutter --host NS --peer NS --host-ip IP --peer-ip IP "
			"--contender NAME --way tx|rx|rx-alone --case single|second|flap");
	open_all();
	sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
	lab.home = -1;
	recover();
	run_case(&kases[0], 1);
	run_case(found, opt.phases);
	return 0;
}
