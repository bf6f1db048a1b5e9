// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * record.c - what a running team remembers of itself, as YAML and back. Called by team/, which keeps
 * the text in the pinned map `record`. The text outlives the program that wrote it: keys may be
 * added with a default, and VERSION rises when an older program must not read on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_check.h"
#include "core/doc.h"
#include "core/field.h"
#include "core/record.h"

#define VERSION 1

/* What is written: the version in front of the record. */
struct versioned {
	uint32_t version;
	struct record record;
};

static const struct field addr_fields[] = {
	{.key = "addr", .kind = FIELD_PREFIX, FIELD_AT(struct saved_addr, addr), .required = true},
	{.key = "peer", .kind = FIELD_PREFIX, FIELD_AT(struct saved_addr, peer)},
	{.key = "broadcast", .kind = FIELD_PREFIX, FIELD_AT(struct saved_addr, broadcast)},
	{.key = "flags", .kind = FIELD_UINT, FIELD_AT(struct saved_addr, flags)},
	{.key = "scope", .kind = FIELD_UINT, FIELD_AT(struct saved_addr, scope)},
	{.key = "valid_s",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct saved_addr, valid_s),
	 .def = UINT32_MAX},
	{.key = "preferred_s",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct saved_addr, preferred_s),
	 .def = UINT32_MAX},
	{.key = "label", .kind = FIELD_TEXT, FIELD_AT(struct saved_addr, label)},
	{.key = "metric", .kind = FIELD_UINT, FIELD_AT(struct saved_addr, metric)},
	{.key = "proto", .kind = FIELD_UINT, FIELD_AT(struct saved_addr, proto)},
	{.key = NULL},
};

static const struct field route_fields[] = {
	{.key = "to", .kind = FIELD_PREFIX, FIELD_AT(struct saved_route, to), .required = true},
	{.key = "via", .kind = FIELD_PREFIX, FIELD_AT(struct saved_route, via)},
	{.key = "prefsrc", .kind = FIELD_PREFIX, FIELD_AT(struct saved_route, prefsrc)},
	{.key = "table", .kind = FIELD_UINT, FIELD_AT(struct saved_route, table)},
	{.key = "metric", .kind = FIELD_UINT, FIELD_AT(struct saved_route, metric)},
	{.key = "protocol", .kind = FIELD_UINT, FIELD_AT(struct saved_route, protocol)},
	{.key = "scope", .kind = FIELD_UINT, FIELD_AT(struct saved_route, scope)},
	{.key = "type", .kind = FIELD_UINT, FIELD_AT(struct saved_route, type)},
	{.key = "tos", .kind = FIELD_UINT, FIELD_AT(struct saved_route, tos)},
	{.key = "flags", .kind = FIELD_UINT, FIELD_AT(struct saved_route, flags)},
	{.key = "mtu", .kind = FIELD_UINT, FIELD_AT(struct saved_route, mtu)},
	{.key = NULL},
};

static const struct field port_fields[] = {
	{.key = "name", .kind = FIELD_TEXT, FIELD_AT(struct saved_port, name), .required = true},
	{.key = "id",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct saved_port, id),
	 .max = BPFTEAM_PORTS_MAX - 1,
	 .required = true},
	{.key = "ifindex", .kind = FIELD_UINT, FIELD_AT(struct saved_port, ifindex)},
	{.key = "joined", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, joined)},
	{.key = "was_up", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, was_up)},
	{.key = "was_promisc", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, was_promisc)},
	{.key = "was_allmulti", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, was_allmulti)},
	{.key = "added_mac", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, added_mac)},
	{.key = "added_probe_mac",
	 .kind = FIELD_BOOL,
	 FIELD_AT(struct saved_port, added_probe_mac)},
	{.key = "probe_mac", .kind = FIELD_MAC, FIELD_AT(struct saved_port, probe_mac)},
	{.key = "mtu", .kind = FIELD_UINT, FIELD_AT(struct saved_port, mtu)},
	{.key = "addr_gen_mode", .kind = FIELD_UINT, FIELD_AT(struct saved_port, addr_gen_mode)},
	{.key = "had_ipv6", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, had_ipv6)},
	{.key = "direct", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, direct)},
	{.key = "rp_filter", .kind = FIELD_UINT, FIELD_AT(struct saved_port, rp_filter)},
	{.key = "ipv6_forwarding",
	 .kind = FIELD_BOOL,
	 FIELD_AT(struct saved_port, ipv6_forwarding)},
	{.key = "addrs",
	 .kind = FIELD_MAPS,
	 FIELD_ARRAY(struct saved_port, addrs, n_addrs),
	 .sub = addr_fields},
	{.key = "routes",
	 .kind = FIELD_MAPS,
	 FIELD_ARRAY(struct saved_port, routes, n_routes),
	 .sub = route_fields},
	{.key = "moved", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, moved)},
	{.key = "rdma_macs", .kind = FIELD_UINT, FIELD_AT(struct saved_port, rdma_macs)},
	{.key = "rdma_promisc", .kind = FIELD_UINT, FIELD_AT(struct saved_port, rdma_promisc)},
	{.key = "rnic", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, rnic)},
	{.key = "arp_quiet", .kind = FIELD_BOOL, FIELD_AT(struct saved_port, arp_quiet)},
	{.key = "arp_ignore", .kind = FIELD_UINT, FIELD_AT(struct saved_port, arp_ignore)},
	{.key = "arp_announce", .kind = FIELD_UINT, FIELD_AT(struct saved_port, arp_announce)},
	{.key = NULL},
};

static const struct field mirrored_entry = {.kind = FIELD_PREFIX, .size = sizeof(struct addr)};

static const struct field rdma_fields[] = {
	{.key = "vport", .kind = FIELD_TEXT, FIELD_AT(struct saved_rdma, vport), .required = true},
	{.key = "inner", .kind = FIELD_TEXT, FIELD_AT(struct saved_rdma, inner)},
	{.key = "index",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct saved_rdma, index),
	 .max = BPFTEAM_RDMA_MAX - 1},
	{.key = "port",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct saved_rdma, port),
	 .max = BPFTEAM_PORTS_MAX - 1},
	{.key = "ifindex", .kind = FIELD_UINT, FIELD_AT(struct saved_rdma, ifindex)},
	{.key = "inner_ifindex", .kind = FIELD_UINT, FIELD_AT(struct saved_rdma, inner_ifindex)},
	{.key = "mac", .kind = FIELD_MAC, FIELD_AT(struct saved_rdma, mac)},
	{.key = "vlan", .kind = FIELD_UINT, FIELD_AT(struct saved_rdma, vlan)},
	{.key = "made_vlan", .kind = FIELD_BOOL, FIELD_AT(struct saved_rdma, made_vlan)},
	{.key = "mirrored",
	 .kind = FIELD_LIST,
	 FIELD_ARRAY(struct saved_rdma, mirrored, n_mirrored),
	 .sub = &mirrored_entry},
	{.key = "pnetid", .kind = FIELD_TEXT, FIELD_AT(struct saved_rdma, pnetid)},
	{.key = NULL},
};

#define RECORD_AT(member) FIELD_AT(struct versioned, record.member)

static const struct field record_fields[] = {
	{.key = "version",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct versioned, version),
	 .min = 1,
	 .max = VERSION,
	 .required = true},
	{.key = "complete", .kind = FIELD_BOOL, RECORD_AT(complete), .required = true},
	{.key = "mac", .kind = FIELD_MAC, RECORD_AT(mac)},
	{.key = "ifindex", .kind = FIELD_UINT, RECORD_AT(ifindex)},
	{.key = "inner_ifindex", .kind = FIELD_UINT, RECORD_AT(inner_ifindex)},
	{.key = "inner", .kind = FIELD_TEXT, RECORD_AT(inner)},
	{.key = "build", .kind = FIELD_TEXT, RECORD_AT(build)},
	{.key = "netns", .kind = FIELD_TEXT, RECORD_AT(netns)},
	{.key = "detector", .kind = FIELD_TEXT, RECORD_AT(detector)},
	{.key = "clsact", .kind = FIELD_BOOL, RECORD_AT(clsact)},
	{.key = "config",
	 .kind = FIELD_MAP,
	 .offset = offsetof(struct versioned, record.config),
	 .sub = config_fields,
	 .required = true},
	{.key = "ports",
	 .kind = FIELD_MAPS,
	 FIELD_ARRAY(struct versioned, record.ports, record.n_ports),
	 .sub = port_fields},
	{.key = "rdma",
	 .kind = FIELD_MAPS,
	 FIELD_ARRAY(struct versioned, record.rdma, record.n_rdma),
	 .sub = rdma_fields},
	{.key = "arp_quiet", .kind = FIELD_BOOL, RECORD_AT(arp_quiet)},
	{.key = "arp_ignore", .kind = FIELD_UINT, RECORD_AT(arp_ignore)},
	{.key = "arp_announce", .kind = FIELD_UINT, RECORD_AT(arp_announce)},
	{.key = NULL},
};

int record_format(const struct record *record, char **ret)
{
	struct versioned *copy = malloc(sizeof(*copy));
	char *text;
	int code;

	if (!copy)
		return -ENOMEM;
	copy->version = VERSION;
	copy->record = *record;
	config_unresolve_routes(&copy->record.config);
	code = doc_save(record_fields, copy, &text);
	free(copy);
	if (code)
		return code;
	if (strlen(text) >= RECORD_TEXT_MAX) {
		free(text);
		return -E2BIG;
	}
	*ret = text;
	return 0;
}

static int load(const struct doc *doc, struct versioned *into, struct err *err)
{
	const char *version = doc_scalar(doc, "version");

	if (version && field_parse(&record_fields[0], version, into, err))
		return err_set(err, -EINVAL,
			       "%s: was written by a newer bpfteam (version %.16s, this one knows "
			       "%d): use that one",
			       doc->origin, version, VERSION);
	return doc_load(doc, record_fields, into, err);
}

int record_parse(const char *text, size_t len, struct record *ret, struct err *err)
{
	struct versioned *into;
	struct doc doc;
	int code;

	code = doc_init(&doc, text, len, "record", err);
	if (code)
		return code;
	into = calloc(1, sizeof(*into));
	code = into ? load(&doc, into, err) : err_set(err, -ENOMEM, "record: out of memory");
	if (!code) {
		config_resolve_routes(&into->record.config);
		*ret = into->record;
	}
	free(into);
	doc_fini(&doc);
	return code;
}
