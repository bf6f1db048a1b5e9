/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * render_rdma.c - the text of `bpfteam rdma`: a table for each thing that is known of a team's RNICs.
 * Any member may be missing or null; a table of which nothing is known is left out.
 */
#include "cli/render.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LIST_MAX 512

static const json_t *member(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static const char *truth(const json_t *value)
{
	return json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "";
}

static void render_rnics(const json_t *rnics)
{
	static const char *const titles[] = {"RNIC", "DEVICE", "PROTOCOL", "STATE",     "VPORT",
					     "VLAN", "PATH",   "FAILOVER", "ADDRESSES", NULL};
	struct table *table = table_new(titles);
	char list[LIST_MAX];
	const json_t *rnic, *ports, *spread;
	size_t i;

	json_array_foreach (rnics, i, rnic) {
		bool has_vport = *json_text(rnic, "vport");

		ports = member(rnic, "ports");
		spread = member(rnic, "spread");

		table_cell(table, *json_text(rnic, "port") ? json_text(rnic, "port") : "?");
		table_cell(table, json_text(rnic, "device"));
		table_cell(table, json_text(rnic, "protocol"));
		table_state(table, json_text(rnic, "state"));
		table_cell(table, json_text(rnic, "vport"));
		table_number(table, member(rnic, "vlan"));
		table_cell(table, json_array_size(spread)
					  ? json_words(spread, ", ", list, sizeof(list))
					  : json_text(rnic, "path"));
		if (json_array_size(ports))
			table_cell(table, json_words(ports, ", ", list, sizeof(list)));
		else
			table_cell(table, has_vport ? truth(member(rnic, "failover")) : "");
		table_cell(table, json_words(member(rnic, "addresses"), ", ", list, sizeof(list)));
	}
	table_print(table, 2);
}

static bool is_known(const json_t *rnics, const char *key)
{
	const json_t *rnic;
	size_t i;

	json_array_foreach (rnics, i, rnic)
		if (json_object_size(member(rnic, key)))
			return true;
	return false;
}

/* One row an RNIC, of the counters in its object KEY; titles: the RNIC's, then one a counter. */
static void render_counters(const json_t *rnics, const char *key, const char *const *titles,
			    const char *const *counters)
{
	struct table *table;
	const json_t *rnic;
	size_t i;

	if (!is_known(rnics, key))
		return;
	putchar('\n');
	table = table_new(titles);
	json_array_foreach (rnics, i, rnic) {
		table_cell(table, json_text(rnic, "port"));
		for (unsigned c = 0; counters[c]; c++)
			table_figure(table, member(member(rnic, key), counters[c]));
	}
	table_print(table, 2);
}

static void render_load(const json_t *rnics)
{
	static const char *const titles[] = {"RDMA LOAD", ">TX PKTS", ">TX BYTES", ">RX PKTS",
					     ">RX BYTES", ">RETRANS", NULL};
	static const char *const counters[] = {"tx_packets", "tx_bytes",        "rx_packets",
					       "rx_bytes",   "retransmissions", NULL};

	render_counters(rnics, "load", titles, counters);
}

static void render_exempt(const json_t *rnics)
{
	static const char *const titles[] = {"EXEMPT",      ">ROCE V1", ">ROCE V2", ">IWARP",
					     ">NEIGHBOURS", ">BY HAND", NULL};
	static const char *const counters[] = {"roce_v1",    "roce_v2", "iwarp",
					       "neighbours", "by_hand", NULL};

	render_counters(rnics, "exempt", titles, counters);
}

static void render_gids(const json_t *rnics)
{
	static const char *const titles[] = {"GIDS OF", ">INDEX", "GID", "TYPE", NULL};
	struct table *table = NULL;
	const json_t *rnic, *gid;
	size_t i, j;

	json_array_foreach (rnics, i, rnic) {
		json_array_foreach (member(rnic, "gids"), j, gid) {
			table = table ? table : table_new(titles);
			table_cell(table, json_text(rnic, "port"));
			table_number(table, member(gid, "index"));
			table_cell(table, json_text(gid, "gid"));
			table_cell(table, json_text(gid, "type"));
		}
	}
	if (table)
		putchar('\n');
	table_print(table, 2);
}

/* Rows of an array by their keys. */
static void render_rows(const json_t *rows, const char *const *titles, const char *const *keys)
{
	struct table *table;
	const json_t *row;
	size_t i;

	if (!json_array_size(rows))
		return;
	putchar('\n');
	table = table_new(titles);
	json_array_foreach (rows, i, row) {
		for (unsigned c = 0; keys[c]; c++)
			table_cell(table, json_text(row, keys[c]));
	}
	table_print(table, 2);
}

static void render_flows(const json_t *flows)
{
	static const char *const titles[] = {"FLOWS OF", "KIND",   "PROTO", "LOCAL",
					     "REMOTE",   "REASON", NULL};
	static const char *const keys[] = {"port", "kind", "proto", "local", "remote", "why", NULL};

	render_rows(flows, titles, keys);
}

static void render_smc(const json_t *connections)
{
	static const char *const titles[] = {"SMC", "LOCAL", "REMOTE", "DEVICE", "REASON", NULL};
	static const char *const keys[] = {"mode", "local", "remote", "device", "reason", NULL};

	render_rows(connections, titles, keys);
}

static void render_cgroups(const json_t *cgroups)
{
	const json_t *cgroup;
	size_t i;

	json_array_foreach (cgroups, i, cgroup)
		if (json_is_string(cgroup))
			printf("%s  TCP becomes SMC in cgroup %s\n", i ? "" : "\n",
			       json_string_value(cgroup));
}

static void render_problems(const json_t *rnics)
{
	const json_t *rnic, *problem;
	size_t i, j;

	json_array_foreach (rnics, i, rnic)
		json_array_foreach (member(rnic, "problems"), j, problem)
			if (json_is_string(problem))
				printf("  problem: %s: %s\n", json_text(rnic, "port"),
				       json_string_value(problem));
}

static void render_team(const json_t *team)
{
	const json_t *rnics = member(team, "rnics");

	if (json_array_size(rnics)) {
		printf("%s:\n", json_text(team, "team"));
		render_rnics(rnics);
	} else {
		printf("no RDMA device among the ports of %s\n", json_text(team, "team"));
	}
	render_problems(rnics);
	render_gids(rnics);
	render_load(rnics);
	render_exempt(rnics);
	render_flows(member(team, "flows"));
	render_smc(member(team, "smc"));
	render_cgroups(member(team, "smc_cgroups"));
}

void render_rdma(const json_t *teams)
{
	const json_t *team;
	size_t i;

	if (!json_array_size(teams))
		puts("no teams");
	json_array_foreach (teams, i, team) {
		if (i)
			putchar('\n');
		render_team(team);
	}
}
