/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * carrier.h - a carrier that is cut from outside the machine, and the moment when its driver says so:
 * QMP's set_link over /dev/virtio-ports/qmp, in a VM of tools/vm/run, and the kprobe events
 * `carrier_cut` on netif_carrier_off() and `carrier_back` on netif_carrier_on(), out of tracefs'
 * trace_pipe (trace_clock mono).
 */
#ifndef BPFTEAM_LAB_CARRIER_H
#define BPFTEAM_LAB_CARRIER_H

#include <stdbool.h>

#include "lab.h"

static inline int carrier_open(void)
{
	static const char hello[] = "{\"execute\":\"qmp_capabilities\"}\n";
	int fd = open("/dev/virtio-ports/qmp", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || write(fd, hello, sizeof(hello) - 1) < 0)
		lab_die("QMP: %s", strerror(errno));
	return fd;
}

/* Asks for it; the answer is not waited for. */
static inline void carrier_set(int fd, const char *nic, int number, bool up)
{
	char buf[4096];
	int len;

	while (read(fd, buf, sizeof(buf)) > 0) /* answers, and events that nobody asked for */
		;
	len = snprintf(buf, sizeof(buf),
		       "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"%s%d\",\"up\":%s}}\n",
		       nic, number, up ? "true" : "false");
	if (write(fd, buf, (size_t)len) != len)
		lab_die("QMP: %s", strerror(errno));
}

struct carrier_call {
	uint64_t ns;
	bool up;
};

/*
 * The driver's calls that were not read yet, up to max of them. A line is
 * "... 12.345678: carrier_cut: (netif_carrier_off+0x0/0x60)"; a read returns whole lines.
 */
static inline unsigned carrier_calls(int fd, struct carrier_call *ret, unsigned max)
{
	char buf[8192], *at, *from, *rest = buf, *line;
	ssize_t n = read(fd, buf, sizeof(buf) - 1);
	unsigned calls = 0;

	buf[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n")) && calls < max) {
		at = strstr(line, ": carrier_");
		if (!at)
			continue;
		for (from = at; from > line && from[-1] != ' '; from--)
			;
		ret[calls].up = at[strlen(": carrier_")] == 'b';
		ret[calls++].ns = (uint64_t)(strtod(from, NULL) * 1e6 + 0.5) * 1000;
	}
	return calls;
}

#endif
