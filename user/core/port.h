/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * port.h - the state of one member port, and the only function that changes it.
 *
 * Facts come in (is the device there, is it up, has it carrier, does the probe hear its target),
 * with the time; a state, a reason and the time of the next decision come out. No clock, no I/O.
 */
#ifndef BPFTEAM_CORE_PORT_H
#define BPFTEAM_CORE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/names.h"

enum probe_verdict { PROBE_OFF, PROBE_UNKNOWN, PROBE_OK, PROBE_FAILED };

struct port_facts {
	bool present; /* a device of that name or ifindex is in our namespace */
	bool admin_up;
	bool carrier;
	bool drain, disable;
	enum probe_verdict probe;
	const char *missing_reason; /* with !present: "removed", "moved to another namespace" */
};

struct port_policy {
	uint32_t updelay_ms, downdelay_ms;
	bool others_up; /* another port is PORT_UP: updelay is waited for */
};

struct port {
	enum port_state state;
	char reason[64]; /* "" while up */
	bool seen; /* port_update() ran once: the first one waits for no delay */
	bool link; /* the facts' link, after downdelay */
	uint64_t since_ns; /* when state last changed */
	uint64_t deadline_ns; /* call port_update() again then; 0 = no need */

	/* port.c's own */
	bool losing; /* the carrier went at lost_ns, downdelay runs */
	bool held; /* the link came at link_ns, and updelay was not yet waited for */
	uint64_t lost_ns, link_ns;
	bool trusted; /* there, and neither disabled, drained nor failed by the probe */
};

/* A port as it is before anything is known of it: PORT_MISSING. */
void port_init(struct port *port);

/*
 * Feeds facts at time now_ns; returns true when the state changed. Precedence: missing, disabled,
 * admin down, no carrier (after downdelay_ms), probe failed, probe unknown (probing), drained, held
 * back by updelay_ms (probing), up. The very first update holds nothing back.
 */
bool port_update(struct port *port, const struct port_facts *facts,
		 const struct port_policy *policy, uint64_t now_ns);

/* Link is there but is waited upon, or gone by link alone: may serve as a last resort. */
bool port_is_fallback(const struct port *port);

#endif
