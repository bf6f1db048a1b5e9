// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_import.c - core/import*.c with files that are cut short or damaged: no crash, no leak (ASan,
 * UBSan), and either a configuration that keeps all rules and is read back from its own text, or one
 * line that names the file. What whole files give is in import.sh. BPFTEAM_FUZZ=N does N rounds from
 * another seed.
 */
#include <errno.h>
#include <time.h>

#include "unit.h"
#include "core/import.h"

#define FILES_MAX 8
#define TEXT_MAX 16384
#define FOLDER "selftests/unit/import/"

struct sample {
	enum import_format format;
	const char *bond;
	const char *paths[FILES_MAX];
};

static const struct sample samples[] = {
	{IMPORT_TEAMD, NULL, {FOLDER "teamd/loadbalance.conf"}},
	{IMPORT_TEAMD, NULL, {FOLDER "teamd/activebackup.conf"}},
	{IMPORT_TEAMD, NULL, {FOLDER "teamd/lacp.conf"}},
	{IMPORT_NETPLAN, NULL, {FOLDER "netplan/bonds.yaml"}},
	{IMPORT_NETPLAN, "bond1", {FOLDER "netplan/several.yaml"}},
	{IMPORT_NETWORKD,
	 NULL,
	 {FOLDER "networkd/10-bond0.netdev", FOLDER "networkd/20-bond0.network",
	  FOLDER "networkd/21-eth0.network", FOLDER "networkd/22-eth1.network"}},
	{IMPORT_IFCFG,
	 NULL,
	 {FOLDER "ifcfg/ifcfg-bond0", FOLDER "ifcfg/ifcfg-eth0", FOLDER "ifcfg/ifcfg-eth1"}},
	{IMPORT_IFCFG,
	 NULL,
	 {FOLDER "ifcfg/ifcfg-team0", FOLDER "ifcfg/ifcfg-eth5", FOLDER "ifcfg/ifcfg-eth6"}},
	{IMPORT_INTERFACES, "bond0", {FOLDER "interfaces/interfaces"}},
};

static struct config config, again;
static unsigned n_notes;

static void read_file(const char *path, struct import_file *file)
{
	FILE *in = fopen(path, "r");

	if (!in)
		fail_msg("%s is not there (the tests run in the tree's root)", path);
	file->path = path;
	file->text = malloc(TEXT_MAX + 1);
	file->len = fread(file->text, 1, TEXT_MAX, in);
	file->text[file->len] = '\0';
	fclose(in);
}

static void count_note(const char *line, void *arg)
{
	n_notes++;
	if (!*line || strchr(line, '\n'))
		fail_msg("no good line: \"%s\"", line);
}

static void check_round_trip(void)
{
	char *yaml = NULL;
	struct err err;

	assert_int_equal(config_format(&config, &yaml), 0);
	if (config_parse(yaml, strlen(yaml), "t", &again, &err))
		fail_msg("%s, of:\n%s", err.text, yaml);
	assert_memory_equal(&config, &again, sizeof(config));
	free(yaml);
}

/* True: it made a configuration. The texts are copied to their exact size, for ASan to see. */
static bool try(const struct sample *sample, const struct import_file *files, unsigned n)
{
	struct import *import = import_new(count_note, NULL);
	struct import_file copies[FILES_MAX];
	struct err err;
	int code;

	for (unsigned i = 0; i < n; i++) {
		copies[i] = files[i];
		copies[i].text = malloc(files[i].len + 1);
		memcpy(copies[i].text, files[i].text, files[i].len);
		copies[i].text[files[i].len] = '\0';
	}
	err.text[0] = '\0';
	import_guess(&copies[0]);
	code = import_read(import, sample->format, copies, n, sample->bond, &err);
	if (code && strncmp(err.text, files[0].path, strlen(files[0].path)))
		fail_msg("names no file: \"%s\"", err.text);
	if (!code)
		code = import_finish(import, NULL, &config, &err);
	assert_true(!code || (code == -EINVAL && *err.text && !strchr(err.text, '\n')));
	if (!code)
		check_round_trip();
	for (unsigned i = 0; i < n; i++)
		free(copies[i].text);
	import_free(import);
	return !code;
}

static unsigned load(const struct sample *sample, struct import_file files[FILES_MAX])
{
	unsigned n = 0;

	for (; n < FILES_MAX && sample->paths[n]; n++)
		read_file(sample->paths[n], &files[n]);
	return n;
}

static void unload(struct import_file *files, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(files[i].text);
}

static void test_whole(void **state)
{
	struct import_file files[FILES_MAX];

	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++) {
		unsigned n = load(&samples[i], files);

		assert_int_equal(import_guess(&files[0]), samples[i].format);
		if (!try(&samples[i], files, n))
			fail_msg("%s gives no configuration", files[0].path);
		unload(files, n);
	}
}

/* Each file cut off at each of its bytes. */
static void test_truncated(void **state)
{
	struct import_file files[FILES_MAX];

	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++) {
		unsigned n = load(&samples[i], files);

		for (unsigned cut = 0; cut < n; cut++) {
			size_t len = files[cut].len;

			while (files[cut].len--)
				try(&samples[i], files, n);
			files[cut].len = len;
		}
		unload(files, n);
	}
}

static void damage(uint64_t *seed, struct import_file *file)
{
	static const char bytes[] = "\0\n\t\"'{}[]:=,#\\ -/%0\xff";

	for (unsigned n = 1 + unit_below(seed, 4); n && file->len; n--) {
		size_t at = unit_below(seed, file->len);

		if (unit_below(seed, 2))
			file->text[at] = bytes[unit_below(seed, sizeof(bytes) - 1)];
		else
			file->text[at] = unit_random(seed);
	}
}

static void test_damaged(void **state)
{
	const char *rounds = getenv("BPFTEAM_FUZZ");
	unsigned left = rounds ? strtoul(rounds, NULL, 10) : 2000;
	uint64_t seed = rounds ? (uint64_t)time(NULL) : 1;
	struct import_file files[FILES_MAX];

	for (; left; left--) {
		const struct sample *sample = &samples[unit_below(&seed, ARRAY_SIZE(samples))];
		unsigned n = load(sample, files);

		damage(&seed, &files[unit_below(&seed, n)]);
		try(sample, files, n);
		unload(files, n);
	}
}

/* A bond with all that there is, in a mode that has none of it. */
static void test_every_option(void **state)
{
	struct import *import = import_new(count_note, NULL);
	struct err err;

	n_notes = 0;
	import_key(import, "", "team", "bond0");
	import_port(import, "", "eth0");
	import_port(import, "", "eth1");
	import_bonding(import, "", "mode", "", "balance-xor");
	import_bonding(import, "", "prio", "eth1", "7");
	import_bonding(import, "", "primary", "", "eth1");
	import_bonding(import, "", "lacp_rate", "", "1");
	import_bonding(import, "", "frobnicate", "", "1");
	import_bonding(import, "", "arp_interval", "", "100"); /* and no target */
	import_bonding(import, "", "ad_select", "", "0"); /* the default is no choice */
	import_bonding(import, "", "updelay", "", "0");
	assert_int_equal(import_finish(import, NULL, &config, &err), 0);
	assert_int_equal(config.mode, BPFTEAM_BALANCE_XOR);
	assert_int_equal(config.hash, BPFTEAM_HASH_LAYER2);
	assert_int_equal(config.ports[1].priority, 0);
	assert_string_equal(config.primary, "");
	assert_int_equal(config.arp_interval_ms, 0);
	assert_int_equal(config.detect.updelay_ms, 1000);
	assert_int_equal(n_notes, 5);
	check_round_trip();
	import_free(import);
}

static void test_nothing_usable(void **state)
{
	struct import *import = import_new(count_note, NULL);
	struct err err;

	import_key(import, "", "team", "bond0");
	assert_int_equal(import_finish(import, NULL, &config, &err), -EINVAL);
	assert_string_equal(err.text, "ports: a team needs at least one port");
	import_port(import, "", "eth0");
	assert_int_equal(import_finish(import, "bond.0", &config, &err), -EINVAL);
	assert_string_equal(err.text, "team: bond.0 has a dot, which the BPF file system refuses");
	import_free(import);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_whole),          cmocka_unit_test(test_truncated),
	cmocka_unit_test(test_damaged),        cmocka_unit_test(test_every_option),
	cmocka_unit_test(test_nothing_usable),
};

UNIT_MAIN(tests)
