/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doctor_notes.c - what to look after around running teams: who else manages the ports, addresses
 * that came back to them, filters that drop, ports without a second. Called by doctor.c.
 */
#include "cli/cli.h"

#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/render.h"
#include "io/datapath.h"
#include "io/link.h"

static void add(json_t *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(json_t *notes, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_array_append_new(notes, json_string(text));
}

/* A DHCP client or a network manager that does not know of the team gives ports addresses again. */
static void note_addresses(json_t *notes, struct link *link, const json_t *port)
{
	struct saved_addr *addrs = calloc(RECORD_ADDRS_MAX, sizeof(*addrs));
	const char *name = json_text(port, "name");
	char text[ADDR_STRLEN];
	unsigned n = 0, i = 0;

	if (addrs)
		link_addrs(link, json_integer_value(json_object_get(port, "ifindex")), addrs,
			   RECORD_ADDRS_MAX, &n, NULL);
	/* An RNIC has those of its RDMA, by our own hand, and its link-local one. */
	while (i < n && (addrs[i].proto == LINK_BY_BPFTEAM || addr_is_link_local(&addrs[i].addr)))
		i++;
	if (i < n)
		add(notes,
		    "%s is a port and holds the address %s: keep DHCP clients and network managers "
		    "off it, and 'ip addr flush dev %s'",
		    name, addr_format(&addrs[i].addr, true, text), name);
	free(addrs);
}

/* With bonding, what sits at a slave's ingress sees all frames. */
static void note_behind(json_t *notes, const json_t *team, const json_t *port)
{
	const char *name = json_text(port, "name");
	char what[64];

	if (datapath_behind(json_integer_value(json_object_get(port, "ifindex")), what,
			    sizeof(what)))
		add(notes,
		    "%s: %s at its ingress runs after the team's and sees nothing of what %s "
		    "receives: move it to %s, or put it before the team's (tcx: BPF_F_BEFORE; a tc "
		    "filter, without tcx: a priority below 47082)",
		    name, what, json_text(team, "name"), json_text(team, "name"));
}

/* What 'ip link' did to the team's interface, and nobody else tells. */
static void note_interface(json_t *notes, struct link *link, const json_t *team)
{
	const char *name = json_text(team, "name");
	struct link_info info;
	char mac[MAC_STRLEN];

	if (link_get_index(link, json_integer_value(json_object_get(team, "ifindex")), &info,
			   NULL)) {
		add(notes,
		    "%s: its interface is not in this network namespace any more; 'bpfteam detach "
		    "%s' clears up what is left",
		    name, name);
		return;
	}
	if (strcmp(info.name, name))
		add(notes, "%s: its interface was renamed %s", name, info.name);
	if (!(info.flags & IFF_UP))
		add(notes, "%s: its interface is down; 'ip link set %s up'", name, info.name);
	if (strcmp(mac_format(&info.mac, mac), json_text(team, "mac")))
		add(notes,
		    "%s: its interface has the MAC address %s and the ports receive for %s: start "
		    "bpfteamd, which carries it over, or give it back",
		    name, mac, json_text(team, "mac"));
}

static void note_team(json_t *notes, struct link *link, const json_t *team)
{
	const char *name = json_text(team, "name"), *detector = json_text(team, "detector");
	const json_t *port;
	unsigned up = 0;
	size_t i;

	json_array_foreach (json_object_get(team, "ports"), i, port) {
		up += !strcmp(json_text(port, "state"), "up");
		if (!link)
			continue;
		note_addresses(notes, link, port);
		note_behind(notes, team, port);
	}
	if (link)
		note_interface(notes, link, team);
	if (up < 2)
		add(notes, "%s: %s", name,
		    up ? "only one port is up: nothing to fail over to" : "no port is up");
	if (json_is_false(json_object_get(team, "daemon")))
		add(notes, "%s: nobody watches it%s; start bpfteamd", name,
		    !strcmp(detector, "poll") ? ", and nobody sees its ports fail" : "");
	if (*json_text(team, "rx_obstacle"))
		add(notes, "%s: rx: direct: %s: %s", name, json_text(team, "rx_obstacle"),
		    json_is_true(json_object_get(team, "daemon"))
			    ? "so everything is redirected"
			    : "and no daemon runs that would have everything redirected");
	if (link_rp_filter(name) == 1 || (link_rp_filter("all") == 1 && !link_rp_filter(name)))
		add(notes,
		    "%s: rp_filter is strict: what is not answered through %s is dropped; "
		    "'sysctl net.ipv4.conf.%s.rp_filter=2' where routes are asymmetric",
		    name, name, name);
}

json_t *doctor_notes(const json_t *teams)
{
	json_t *notes = json_array();
	struct link *link = NULL;
	const json_t *team;
	size_t i;

	if (json_array_size(teams) && link_open(&link, NULL))
		link = NULL;
	json_array_foreach (teams, i, team)
		note_team(notes, link, team);
	link_close(link);
	doctor_firewall(notes, teams);
	if (!access("/run/NetworkManager", F_OK))
		add(notes, "NetworkManager is here: keep it off the ports, 'nmcli device set PORT "
			   "managed no' now and [keyfile] unmanaged-devices=interface-name:PORT "
			   "for good");
	if (!access("/run/systemd/netif", F_OK))
		add(notes, "systemd-networkd is here: ports need a .network file with "
			   "[Link] Unmanaged=yes or none; addresses belong into the team's own");
	return notes;
}
