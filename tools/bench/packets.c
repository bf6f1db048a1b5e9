/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * packets.c - what a packet costs, in instructions: the median over many, each counted by itself.
 *
 *   packets --host NETNS --peer NETNS --mac HOST_MAC --port PEER_DEV --ops tx4,rx4,...
 *           --table T --contender C --prefix P [--count N] [--runs N] [--flows N]
 *
 *   tx4 tx6  one sendto() by a UDP socket in the host, to a MAC address that nobody has: up to where
 *            the far end of the port drops it
 *   rx4 rx6  a frame that a packet socket in the peer sends on PEER_DEV, and recv() by a UDP socket in
 *            the host
 *   rt4 rt6  request and response, UDP sockets on both sides: four calls
 *
 * One process has the sockets of both sides, so nothing is switched or slept in between: a virtual
 * cable's frame is received before the call that sent it returns. The addresses are those of
 * tools/bench/lib.sh. With several flows each packet is the next one's, all of them are sent once
 * before counting begins, and what is counted is spread over all of them.
 */
#include <net/ethernet.h>
#include <netinet/ip6.h>
#include <netpacket/packet.h>
#include <stdbool.h>

#include "bench.h"

#define HOST4 "192.0.2.1"
#define HOST6 "2001:db8::1"
#define PEER4 "192.0.2.2"
#define PEER6 "2001:db8::2"
#define SINK4 "192.0.2.3"
#define SINK6 "2001:db8::3"
#define FLOWS4 "198.18.0.0"
#define PEER_MAC "02:00:00:00:02:00"

#define PORT 5000
#define PAYLOAD 18 /* with IPv4 a frame of 64 bytes, its check sum included */
#define WARM 200
/* Flows differ in their port, and in their address from this many on. */
#define PORTS 50000

static struct {
	const char *host, *peer, *mac, *port, *ops, *table, *contender, *prefix;
	unsigned count, runs, flows;
} opt = {.count = 2000, .runs = 1, .flows = 1, .table = "cost", .contender = "?", .prefix = ""};

static const struct lab_option options[] = {
	{.name = "host", .text = &opt.host},
	{.name = "peer", .text = &opt.peer},
	{.name = "mac", .text = &opt.mac},
	{.name = "port", .text = &opt.port},
	{.name = "ops", .text = &opt.ops},
	{.name = "table", .text = &opt.table},
	{.name = "contender", .text = &opt.contender},
	{.name = "prefix", .text = &opt.prefix},
	{.name = "count", .number = &opt.count},
	{.name = "runs", .number = &opt.runs},
	{.name = "flows", .number = &opt.flows},
	{},
};

static struct {
	int host_fd, peer_fd;
	struct sockaddr_storage to, back;
	socklen_t len;
	uint8_t frame[128];
	size_t frame_len;
	bool v6;
} run;

static uint8_t payload[PAYLOAD];

/* ---- frames ---- */

static uint32_t sum16(const void *data, size_t len)
{
	uint32_t sum = 0;
	uint16_t word;

	for (size_t i = 0; i + 1 < len; i += 2) {
		memcpy(&word, (const uint8_t *)data + i, 2);
		sum += word;
	}
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* RFC 8200: UDP over IPv6 has a check sum. */
static size_t make_udp6(uint8_t *buf)
{
	struct ip6_hdr ip = {.ip6_nxt = IPPROTO_UDP, .ip6_hlim = 64};
	struct udphdr udp = {
		.source = htons(PORT),
		.dest = htons(PORT),
		.len = htons(sizeof(udp) + PAYLOAD),
	};

	ip.ip6_vfc = 6 << 4;
	ip.ip6_plen = udp.len;
	inet_pton(AF_INET6, PEER6, &ip.ip6_src);
	inet_pton(AF_INET6, HOST6, &ip.ip6_dst);
	udp.check = fold(sum16(&ip.ip6_src, 32) + udp.len + htons(IPPROTO_UDP) +
			 sum16(&udp, sizeof(udp)));
	memcpy(buf, &ip, sizeof(ip));
	memcpy(buf + sizeof(ip), &udp, sizeof(udp));
	return sizeof(ip) + sizeof(udp);
}

static void make_frame(unsigned flow)
{
	struct in_addr from = {.s_addr = htonl(ntohl(frame_ip4(FLOWS4)) + flow / PORTS)};
	size_t at = frame_eth(run.frame, PEER_MAC, opt.mac, 0, run.v6 ? ETH_P_IPV6 : ETH_P_IP);

	if (run.v6)
		at += make_udp6(run.frame + at);
	else
		at += frame_udp4(run.frame + at, opt.flows > 1 ? inet_ntoa(from) : PEER4, HOST4,
				 1024 + flow % PORTS, PORT, PAYLOAD);
	memcpy(run.frame + at, payload, PAYLOAD);
	run.frame_len = at + PAYLOAD;
}

/* ---- what is counted ---- */

static void must_send(int fd, const struct sockaddr_storage *to)
{
	if (sendto(fd, payload, PAYLOAD, 0, (const void *)to, run.len) != PAYLOAD)
		lab_die("%s: sendto: %s", opt.contender, strerror(errno));
}

/* The frame is there already, unless the kernel's softirq thread has taken over. */
static void must_receive(int fd, struct sockaddr_storage *ret_from)
{
	uint64_t end = 0;
	socklen_t len = sizeof(*ret_from);
	uint8_t got[256];

	while (recvfrom(fd, got, sizeof(got), MSG_DONTWAIT, (void *)ret_from,
			ret_from ? &len : NULL) < 0) {
		if (!end)
			end = lab_now() + NSEC;
		if (lab_now() > end)
			lab_die("%s: a frame did not arrive", opt.contender);
		sched_yield();
	}
}

static void set_flow_tx(unsigned flow)
{
	struct sockaddr_in *to = (void *)&run.to;

	if (opt.flows == 1)
		return;
	to->sin_addr.s_addr = htonl(ntohl(frame_ip4(FLOWS4)) + flow / PORTS);
	to->sin_port = htons((uint16_t)(1024 + flow % PORTS));
}

static void set_flow_rx(unsigned flow)
{
	if (opt.flows > 1)
		make_frame(flow);
}

static void do_tx(void)
{
	must_send(run.host_fd, &run.to);
}

static void do_rx(void)
{
	if (send(run.peer_fd, run.frame, run.frame_len, 0) != (ssize_t)run.frame_len)
		lab_die("%s: packet socket: %s", opt.port, strerror(errno));
	must_receive(run.host_fd, NULL);
}

static void do_rt(void)
{
	must_send(run.host_fd, &run.to);
	must_receive(run.peer_fd, &run.back);
	must_send(run.peer_fd, &run.back);
	must_receive(run.host_fd, NULL);
}

/* ---- opening ---- */

static void open_tx(void)
{
	run.host_fd = bench_socket(opt.host, run.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	run.peer_fd = -1;
	bench_bind(run.host_fd, run.v6 ? HOST6 : HOST4, PORT);
	run.len = frame_sockaddr(run.v6 ? SINK6 : SINK4, PORT, &run.to);
}

static void open_rx(void)
{
	struct sockaddr_ll on = {.sll_family = AF_PACKET};
	int one = 1;

	open_tx();
	run.peer_fd = bench_socket(opt.peer, AF_PACKET, SOCK_RAW, 0);
	on.sll_ifindex = (int)frame_ifindex(opt.port);
	if (bind(run.peer_fd, (void *)&on, sizeof(on)))
		lab_die("%s: %s", opt.port, strerror(errno));
	setsockopt(run.peer_fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	make_frame(0);
}

static void open_rt(void)
{
	open_tx();
	run.peer_fd = bench_socket(opt.peer, run.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	bench_bind(run.peer_fd, run.v6 ? PEER6 : PEER4, PORT);
	run.len = frame_sockaddr(run.v6 ? PEER6 : PEER4, PORT, &run.to);
}

static const struct op {
	const char *name, *title;
	void (*open)(void);
	void (*set_flow)(unsigned flow);
	void (*act)(void);
} ops[] = {
	{"tx", "TX", open_tx, set_flow_tx, do_tx},
	{"rx", "RX", open_rx, set_flow_rx, do_rx},
	{"rt", "round trip", open_rt, NULL, do_rt},
};

static void warm(const struct op *op)
{
	for (unsigned i = 0; i < (opt.flows > WARM ? opt.flows : WARM); i++) {
		if (op->set_flow)
			op->set_flow(i % opt.flows);
		op->act();
	}
}

static uint64_t median_of_a_run(const struct op *op, uint64_t *spent)
{
	unsigned step = opt.flows > opt.count ? opt.flows / opt.count : 1, flow = 0;

	for (unsigned i = 0; i < opt.count; i++, flow = (flow + step) % opt.flows) {
		uint64_t from;

		if (op->set_flow)
			op->set_flow(flow);
		from = bench_count();
		op->act();
		spent[i] = bench_count() - from;
	}
	return bench_median(spent, opt.count);
}

static void measure(const struct op *op, const char *what)
{
	uint64_t *spent = calloc(opt.count, sizeof(*spent));

	if (!spent)
		lab_die("no memory");
	op->open();
	warm(op);
	for (unsigned i = 0; i < opt.runs; i++)
		bench_sample(opt.table, opt.contender, what, "instructions",
			     (double)median_of_a_run(op, spent));
	free(spent);
	close(run.host_fd);
	if (run.peer_fd >= 0)
		close(run.peer_fd);
}

int main(int argc, char **argv)
{
	char *list, *save = NULL, what[128];

	lab_parse(argc, argv, 1, options);
	if (!opt.host || !opt.peer || !opt.mac || !opt.port || !opt.ops || !opt.count || !opt.flows)
		lab_die("usage: packets --host NETNS --peer NETNS --mac MAC --port DEV --ops "
			"tx4,...");
	bench_check_counter();
	list = strdup(opt.ops);
	for (char *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		const struct op *op = NULL;

		for (unsigned i = 0; i < sizeof(ops) / sizeof(*ops); i++)
			if (strlen(name) == 3 && !strncmp(name, ops[i].name, 2))
				op = &ops[i];
		if (!op || (name[2] != '4' && name[2] != '6') || (name[2] == '6' && opt.flows > 1))
			lab_die("%s: unknown operation", name);
		run.v6 = name[2] == '6';
		snprintf(what, sizeof(what), "%s%s IPv%c", opt.prefix, op->title, name[2]);
		measure(op, what);
	}
	free(list);
	return 0;
}
