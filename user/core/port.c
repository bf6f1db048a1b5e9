// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * port.c - the state machine of a member port. team/ feeds it what rtnetlink, the detector and the
 * probes say, and it is the only code that changes a port's state. updelay and downdelay follow
 * bonding (bond_miimon_inspect() in drivers/net/bonding/bond_main.c): a link that comes is held back
 * only while another port works, a link that goes is missed only when it stays away.
 */
#include <stdio.h>
#include <string.h>

#include "core/port.h"

#define NS_PER_MS 1000000ULL

struct verdict {
	enum port_state state;
	char reason[sizeof(((struct port *)0)->reason)];
};

void port_init(struct port *port)
{
	*port = (struct port){.state = PORT_MISSING, .reason = "not seen yet"};
}

static void schedule(struct port *port, uint64_t when_ns)
{
	if (!port->deadline_ns || when_ns < port->deadline_ns)
		port->deadline_ns = when_ns;
}

/* Whether the link still counts although the carrier went. Only a port in use has such a respite. */
static bool in_downdelay(struct port *port, const struct port_policy *policy, uint64_t now_ns)
{
	uint64_t end_ns;

	if (!port->link || (port->state != PORT_UP && !port->losing))
		return false;
	if (!port->losing) {
		port->losing = true;
		port->lost_ns = now_ns;
	}
	end_ns = port->lost_ns + policy->downdelay_ms * NS_PER_MS;
	if (now_ns >= end_ns)
		return false;
	schedule(port, end_ns);
	return true;
}

static void update_link(struct port *port, const struct port_facts *facts,
			const struct port_policy *policy, uint64_t now_ns)
{
	bool device = facts->present && facts->admin_up;
	bool link = device && (facts->carrier || in_downdelay(port, policy, now_ns));

	if (!link || facts->carrier)
		port->losing = false;
	if (link && !port->link) {
		port->held = port->seen;
		port->link_ns = now_ns;
	}
	port->link = link;
}

/* Whether the port still waits for updelay. Once it was let go it is not held again. */
static bool in_updelay(struct port *port, const struct port_policy *policy, uint64_t now_ns)
{
	uint64_t end_ns = port->link_ns + policy->updelay_ms * NS_PER_MS;

	if (!port->held || !policy->others_up || now_ns >= end_ns) {
		port->held = false;
		return false;
	}
	schedule(port, end_ns);
	return true;
}

static struct verdict judge(struct port *port, const struct port_facts *facts,
			    const struct port_policy *policy, uint64_t now_ns)
{
	struct verdict verdict = {.state = PORT_UP};

	if (!facts->present) {
		verdict.state = PORT_MISSING;
		snprintf(verdict.reason, sizeof(verdict.reason), "%s",
			 facts->missing_reason ? facts->missing_reason : "removed");
	} else if (facts->disable) {
		verdict = (struct verdict){PORT_DISABLED, "disabled by the administrator"};
	} else if (!facts->admin_up) {
		verdict = (struct verdict){PORT_DOWN, "administratively down"};
	} else if (!port->link) {
		verdict = (struct verdict){PORT_DOWN, "no carrier"};
	} else if (facts->probe == PROBE_FAILED) {
		verdict = (struct verdict){PORT_DOWN, "no ARP reply"};
	} else if (facts->probe == PROBE_UNKNOWN) {
		verdict = (struct verdict){PORT_PROBING, "waiting for an ARP reply"};
	} else if (facts->drain) {
		verdict = (struct verdict){PORT_DRAINED, "drained by the administrator"};
	} else if (in_updelay(port, policy, now_ns)) {
		verdict.state = PORT_PROBING;
		snprintf(verdict.reason, sizeof(verdict.reason), "link up, held back for %u ms",
			 policy->updelay_ms);
	}
	return verdict;
}

bool port_update(struct port *port, const struct port_facts *facts,
		 const struct port_policy *policy, uint64_t now_ns)
{
	struct verdict verdict;
	bool changed;

	port->deadline_ns = 0;
	update_link(port, facts, policy, now_ns);
	verdict = judge(port, facts, policy, now_ns);
	changed = verdict.state != port->state;
	if (changed || !port->seen)
		port->since_ns = now_ns;
	port->state = verdict.state;
	memcpy(port->reason, verdict.reason, sizeof(port->reason));
	port->trusted = facts->present && !facts->disable && !facts->drain &&
			facts->probe != PROBE_FAILED;
	port->seen = true;
	return changed;
}

/*
 * Administratively down counts as gone by link alone: the data path sees that by itself, too, and
 * when nobody watches, nobody would notice that the port was set up again.
 */
bool port_is_fallback(const struct port *port)
{
	return port->trusted && (port->state == PORT_PROBING || port->state == PORT_DOWN);
}
