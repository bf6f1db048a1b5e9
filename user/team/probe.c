// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe.c - bonding's ARP monitor (Documentation/networking/bonding.rst, arp_interval), on every
 * port by itself and in every mode.
 *
 * Each interval every port with link sends an ARP probe (RFC 5227: sender address 0.0.0.0, so no
 * neighbour's cache changes) to every target. What counts as an answer is arp_validate's: any frame
 * (the RX counter moved), any ARP frame, or an ARP reply from a target; the last two are stamped by
 * the RX program. A port is down after arp_missed_max intervals without.
 *
 * A port that comes (back) is not trusted before it was heard. Those that a team starts with, and
 * those that a daemon finds at work, are (PROBE_OFF becomes PROBE_OK), until they fail: or a restart
 * would stop traffic.
 */
#include <string.h>

#include "team/team_priv.h"

enum evidence { EVIDENCE_ANY, EVIDENCE_ARP, EVIDENCE_TARGET };

/* arp_validate for an active and for a backup port. In balance-xor all are active. */
static const struct {
	enum evidence active, backup;
} evidence_of[] = {
	[ARP_VALIDATE_NONE] = {EVIDENCE_ANY, EVIDENCE_ANY},
	[ARP_VALIDATE_ACTIVE] = {EVIDENCE_TARGET, EVIDENCE_ANY},
	[ARP_VALIDATE_BACKUP] = {EVIDENCE_ANY, EVIDENCE_TARGET},
	[ARP_VALIDATE_ALL] = {EVIDENCE_TARGET, EVIDENCE_TARGET},
	[ARP_VALIDATE_FILTER] = {EVIDENCE_ARP, EVIDENCE_ARP},
	[ARP_VALIDATE_FILTER_ACTIVE] = {EVIDENCE_TARGET, EVIDENCE_ARP},
	[ARP_VALIDATE_FILTER_BACKUP] = {EVIDENCE_ARP, EVIDENCE_TARGET},
};

void probe_reset(struct member *member, enum probe_verdict verdict)
{
	memset(&member->probe, 0, sizeof(member->probe));
	member->probe.verdict = verdict;
}

enum probe_verdict probe_verdict(const struct team *team, unsigned i)
{
	enum probe_verdict verdict = team->member[i].probe.verdict;

	if (!team->rec->config.arp_interval_ms || !team->env->daemon)
		return PROBE_OFF;
	return verdict == PROBE_OFF ? PROBE_OK : verdict;
}

static uint64_t heard_any(struct team *team, unsigned id, struct probe_run *run, uint64_t now_ns)
{
	struct bpfteam_stats stats;
	uint64_t before = run->rx_packets;

	if (datapath_get_stats(team->dp, id, &stats))
		return 0;
	/* Frames that were dropped on arrival have arrived. */
	run->rx_packets = stats.rx_packets;
	for (unsigned i = 0; i < BPFTEAM_DROP_MAX; i++)
		run->rx_packets += stats.drops[i];
	return run->rx_packets != before ? now_ns : 0;
}

static uint64_t heard(struct team *team, unsigned i, uint64_t now_ns)
{
	const struct saved_port *saved = &team->rec->ports[i];
	enum arp_validate validate = team->rec->config.arp_validate;
	bool active = team->plan.active == BPFTEAM_PORT_NONE || team->plan.active == saved->id;
	enum evidence evidence = active ? evidence_of[validate].active
					: evidence_of[validate].backup;
	struct bpfteam_probe stamps;
	uint64_t last = 0;

	if (datapath_get_probe(team->dp, saved->id, &stamps))
		return 0;
	for (unsigned k = 0; k < team->rec->config.n_arp_ip_target; k++) {
		if (stamps.target_ns[k] > last)
			last = stamps.target_ns[k];
	}
	if (evidence != EVIDENCE_TARGET && stamps.arp_ns > last)
		last = stamps.arp_ns;
	if (evidence == EVIDENCE_ANY) {
		uint64_t any = heard_any(team, saved->id, &team->member[i].probe, now_ns);

		if (any > last)
			last = any;
	}
	return last;
}

static void judge(struct team *team, unsigned i, uint64_t now_ns)
{
	struct probe_run *run = &team->member[i].probe;
	const struct config *config = &team->rec->config;
	uint64_t patience_ns = config->arp_interval_ms * NS_PER_MS * config->arp_missed_max;
	uint64_t last = heard(team, i, now_ns);
	enum probe_verdict before = run->verdict;

	if (last > run->heard_ns)
		run->heard_ns = last;
	/* The kernel's stamps may be later than now_ns, which was taken before they were read. */
	if (run->heard_ns > run->started_ns && now_ns <= run->heard_ns + patience_ns)
		run->verdict = PROBE_OK;
	else if (now_ns > run->started_ns + patience_ns)
		run->verdict = PROBE_FAILED;
	if (run->verdict != before)
		team->dirty = true;
}

static void send_probes(struct team *team, unsigned i)
{
	const struct saved_port *saved = &team->rec->ports[i];
	const struct config *config = &team->rec->config;

	if (!team->wire && wire_open(&team->wire, NULL))
		return;
	for (unsigned k = 0; k < config->n_arp_ip_target; k++)
		wire_probe_arp(team->wire, saved->ifindex, &saved->probe_mac,
			       &config->arp_ip_target[k]);
}

static uint64_t probe_port(struct team *team, unsigned i, uint64_t now_ns)
{
	struct member *member = &team->member[i];
	struct probe_run *run = &member->probe;

	if (!member->present || !member->link || !team->rec->ports[i].joined) {
		probe_reset(member, PROBE_UNKNOWN);
		return UINT64_MAX;
	}
	if (!run->started_ns) {
		run->started_ns = now_ns;
		run->next_ns = now_ns;
		run->verdict = run->verdict == PROBE_OFF ? PROBE_OK : PROBE_UNKNOWN;
		heard_any(team, team->rec->ports[i].id, run, now_ns);
	} else {
		judge(team, i, now_ns);
	}
	if (now_ns >= run->next_ns) {
		send_probes(team, i);
		run->next_ns = now_ns + team->rec->config.arp_interval_ms * NS_PER_MS;
	}
	/* While nothing is known, an answer is looked for sooner than an interval later. */
	if (run->verdict == PROBE_UNKNOWN && run->next_ns > now_ns + 5 * NS_PER_MS)
		return now_ns + 5 * NS_PER_MS;
	return run->next_ns;
}

uint64_t probe_turn(struct team *team, uint64_t now_ns)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		struct member *member = &team->member[i];
		uint64_t due;

		if (!team->rec->config.arp_interval_ms || !team->env->daemon) {
			probe_reset(member, PROBE_OFF);
			continue;
		}
		due = probe_port(team, i, now_ns);
		if (due < next)
			next = due;
	}
	return next;
}
