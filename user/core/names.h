/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * names.h - the tables of every word that users write or read: modes, policies, states, reasons.
 * Parser, help, JSON, D-Bus and man pages use these same tables.
 */
#ifndef BPFTEAM_CORE_NAMES_H
#define BPFTEAM_CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct name {
	const char *name;
	int value;
	bool alias; /* accepted, never printed (teamd's names, bonding's numbers) */
};

enum detect { DETECT_AUTO, DETECT_STATE, DETECT_FENTRY, DETECT_KPROBE, DETECT_POLL };
enum rx { RX_REDIRECT, RX_DIRECT };
enum reselect { RESELECT_ALWAYS, RESELECT_BETTER, RESELECT_FAILURE };
enum arp_validate {
	ARP_VALIDATE_NONE,
	ARP_VALIDATE_ACTIVE,
	ARP_VALIDATE_BACKUP,
	ARP_VALIDATE_ALL,
	ARP_VALIDATE_FILTER,
	ARP_VALIDATE_FILTER_ACTIVE,
	ARP_VALIDATE_FILTER_BACKUP,
};
enum rdma_use { RDMA_AUTO, RDMA_ON, RDMA_OFF };
enum port_state { PORT_UP, PORT_DOWN, PORT_PROBING, PORT_DRAINED, PORT_DISABLED, PORT_MISSING };
enum team_event_type {
	EVENT_PORT_UP,
	EVENT_PORT_DOWN,
	EVENT_FAILOVER,
	EVENT_RDMA_FLOW,
	EVENT_TEAM_UP,
	EVENT_TEAM_DOWN,
	EVENT_CONFIG,
};

/* Each table ends with a row whose name is NULL. mode_names holds only modes that work. */
extern const struct name mode_names[], hash_names[], detect_names[], rx_names[], reselect_names[],
	arp_validate_names[], rdma_use_names[], rdma_kind_names[], flow_proto_names[],
	port_state_names[], drop_names[], event_names[];

/* Value of word in table, or -ENOENT. Exact, case-sensitive. */
int name_parse(const struct name *table, const char *word);

/* word is a mode that the documentation knows and this version does not do yet. */
bool name_is_later(const struct name *table, const char *word);

/* The word that is printed for value, or "?". */
const char *name_of(const struct name *table, int value);

/* "a, b or c": the words to choose from, without aliases, for messages and help. Returns buf. */
const char *name_list(const struct name *table, char *buf, size_t size);

#endif
