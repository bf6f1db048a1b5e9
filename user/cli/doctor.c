/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doctor.c - `bpfteam doctor`: what this kernel and these devices allow, what is wrong, and what to
 * do about it. Changes nothing but what probing the kernel's features needs.
 */
#include "cli/cli.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "cli/render.h"
#include "io/datapath.h"

/* What a feature is for, and what its absence means. */
static const struct feature {
	const char *name, *use, *without;
	size_t offset;
} features[] = {
	{"bpf", "programs can be loaded", "no team at all: see below",
	 offsetof(struct features, bpf)},
	{"tcx", "programs attach by tcx links",
	 "clsact filters stand in; tcx is there from Linux 6.6", offsetof(struct features, tcx)},
	{"clsact", "programs attach by clsact filters",
	 "no matter where there is tcx; else enable CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS",
	 offsetof(struct features, clsact)},
	{"state", "the data path itself sees that a port is dead",
	 "fentry or kprobe stand in; needs Linux 6.2 and CAP_PERFMON",
	 offsetof(struct features, state)},
	{"timer", "the kernel watches ports that send nothing",
	 "a port that only receives is watched by the daemon; needs Linux 5.15",
	 offsetof(struct features, timer)},
	{"fentry", "carrier loss is traced as it happens",
	 "refused here; state or kprobe do instead", offsetof(struct features, fentry)},
	{"kprobe", "carrier loss can be traced by kprobe", "refused here; state or poll do instead",
	 offsetof(struct features, kprobe)},
	{"xdp", "--xdp can be used", "--xdp is refused", offsetof(struct features, xdp)},
	{"freplace", "--xdp shares a port with other XDP programs",
	 "with --xdp no other XDP program can be on a port", offsetof(struct features, freplace)},
	{"cma", "iWARP's connections are heard of as they are made",
	 "iWARP's connections are looked for once a second", offsetof(struct features, cma)},
	{"smc", "smc.cgroups makes TCP programs speak SMC",
	 "smc.cgroups does nothing; needs Linux 6.11 and tracing programs",
	 offsetof(struct features, smc)},
};

static bool has_feature(const struct features *have, const struct feature *feature)
{
	return *(const bool *)((const char *)have + feature->offset);
}

static json_t *feature_list(const struct features *have)
{
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++)
		json_object_set_new(object, features[i].name,
				    json_boolean(has_feature(have, &features[i])));
	return object;
}

/* Is path, or the nearest folder above it that there is, in a BPF file system? */
static bool bpffs_mounted(const char *path)
{
	char copy[4096];
	struct statfs fs;

	snprintf(copy, sizeof(copy), "%s", path);
	while (statfs(copy, &fs)) {
		char *slash = strrchr(copy, '/');

		if (!slash || slash == copy)
			return false;
		*slash = '\0';
	}
	return fs.f_type == BPF_FS_MAGIC;
}

static void add_problem(json_t *problems, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void add_problem(json_t *problems, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_array_append_new(problems, json_string(text));
}

/* What keeps a team from being attached, or from failing over in the kernel. */
static json_t *find_problems(const struct features *have, enum detect *detector)
{
	json_t *problems = json_array();
	struct err err;

	*detector = DETECT_POLL;
	if (!have->bpf) {
		add_problem(problems,
			    "bpf() is refused: %s; run as root, in a container with "
			    "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON and CAP_NET_RAW",
			    strerror(have->error));
		return problems;
	}
	if (!have->tcx && !have->clsact)
		add_problem(problems, "neither tcx (Linux 6.6) nor clsact: programs can't be "
				      "attached; enable CONFIG_NET_CLS_BPF");
	if (datapath_choose_detector(DETECT_AUTO, detector, &err))
		add_problem(problems, "%s", err.text);
	else if (*detector == DETECT_POLL)
		add_problem(problems,
			    "only polling sees failures here: fail-over needs the daemon");
	return problems;
}

static void print_features(const json_t *root)
{
	static const char *const titles[] = {"HAVE", "WHAT", "MEANING", NULL};
	struct table *table = table_new(titles);
	const json_t *have = json_object_get(root, "features");
	const json_t *bpffs = json_object_get(root, "bpffs");
	bool mounted = json_is_true(json_object_get(bpffs, "mounted"));
	bool daemon = json_is_true(json_object_get(root, "daemon"));

	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++) {
		bool yes = json_is_true(json_object_get(have, features[i].name));

		table_state(table, yes ? "yes" : "no");
		table_cell(table, features[i].name);
		table_cell(table, yes ? features[i].use : features[i].without);
		/* Without bpf() nothing else could be tried. */
		if (!i && !yes)
			break;
	}
	table_state(table, mounted ? "yes" : "no");
	table_cell(table, "bpffs");
	table_cell(table, mounted ? json_text(bpffs, "path") : "the first attach mounts it");
	table_state(table, daemon ? "yes" : "no");
	table_cell(table, "daemon");
	table_cell(table,
		   daemon ? "bpfteamd runs"
			  : "no gratuitous ARP, delays, probes, promiscuity: start bpfteamd");
	table_print(table, 0);
}

static void print_ports(const json_t *ports)
{
	static const char *const titles[] = {"DEVICE", "PORT?", "DRIVER", "WHY NOT", NULL};
	struct table *table = table_new(titles);
	const json_t *port;
	size_t i;

	if (!json_array_size(ports))
		return;
	json_array_foreach (ports, i, port) {
		table_cell(table, json_text(port, "name"));
		table_state(table, json_is_true(json_object_get(port, "usable")) ? "yes" : "no");
		table_cell(table, json_text(port, "driver"));
		table_cell(table, json_text(port, "reason"));
	}
	putchar('\n');
	table_print(table, 0);
}

static void print_lines(const char *word, const json_t *lines)
{
	const json_t *line;
	size_t i;

	if (json_array_size(lines))
		putchar('\n');
	json_array_foreach (lines, i, line)
		printf("%s: %s\n", word, json_string_value(line));
}

static void print_doctor(const json_t *root)
{
	printf("bpfteam %s, Linux %s\n\n", json_text(root, "version"), json_text(root, "kernel"));
	print_features(root);
	print_ports(json_object_get(root, "ports"));
	print_lines("note", json_object_get(root, "notes"));
	print_lines("problem", json_object_get(root, "problems"));
	if (json_is_true(json_object_get(root, "ok")))
		printf("\na team can be attached, and fails over in the kernel (detector %s)\n",
		       json_text(root, "detector"));
}

int doctor_run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct features *have = datapath_features();
	bool daemon = client_there(cli->env.runtime_dir), ok;
	json_t *root, *ports, *problems, *teams = NULL;
	enum detect detector;
	struct utsname kernel;
	int r;

	uname(&kernel);
	problems = find_problems(have, &detector);
	ok = !json_array_size(problems);
	if (have->bpf && show_collect(cli, NULL, daemon, &teams))
		add_problem(problems, "%s", cli->err.text);
	ports = have->bpf ? doctor_ports(cli) : json_array();
	root = json_pack("{s:s, s:s, s:b, s:o, s:s?, s:{s:s, s:b}, s:b, s:o, s:o, s:o}", "version",
			 BPFTEAM_VERSION, "kernel", kernel.release, "ok", ok, "features",
			 feature_list(have), "detector",
			 have->bpf ? name_of(detect_names, detector) : NULL, "bpffs", "path",
			 cli->env.bpffs, "mounted", bpffs_mounted(cli->env.bpffs), "daemon", daemon,
			 "ports", ports, "notes", doctor_notes(teams), "problems", problems);
	json_decref(teams);
	r = cli_print(cli, root, print_doctor);
	if (r || ok)
		return r;
	return cli_fail(cli, -EOPNOTSUPP, "something essential is missing here, see above");
}
