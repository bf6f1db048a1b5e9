// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_datapath.c - io/datapath without traffic: pins, maps, the record, and what crashes leave.
 */
#include "datapath_lab.h"

#include <bpf/libbpf.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <sys/socket.h>

#include "core/record.h"

static struct datapath *make(const char *team)
{
	struct datapath *dp = NULL;
	struct err err = {""};

	if (datapath_create(lab_bpffs, team, &dp, &err))
		print_error("%s\n", err.text);
	assert_non_null(dp);
	return dp;
}

static void unmake(struct datapath *dp)
{
	struct err err = {""};

	if (datapath_destroy(dp, &err))
		print_error("%s\n", err.text);
	assert_string_equal(err.text, "");
	datapath_close(dp);
}

static bool exists(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", lab_bpffs, name);
	return !access(path, F_OK);
}

static void create_open_destroy(void **state)
{
	struct datapath *dp = make("team0"), *other = NULL;
	struct bpfteam_slot slots[BPFTEAM_SLOTS];
	struct bpfteam_state team_state;
	struct err err = {""};

	assert_true(exists("team0/tables"));
	assert_int_equal(datapath_get_state(dp, &team_state), 0);
	assert_int_equal(team_state.alive, 0);
	assert_int_equal(datapath_get_slots(dp, slots), 0);
	assert_int_equal(slots[BPFTEAM_SLOTS - 1].port[7], BPFTEAM_PORT_NONE);

	assert_int_equal(datapath_create(lab_bpffs, "team0", &other, &err), -EEXIST);
	assert_non_null(strstr(err.text, "team0: "));
	assert_int_equal(datapath_open(lab_bpffs, "team0", &other, &err), 0);
	datapath_close(dp);
	unmake(other);
	assert_false(exists("team0"));
	assert_int_equal(datapath_open(lab_bpffs, "team0", &other, &err), -ENOENT);
}

/* The addresses of rx: direct: four of a family in `tables`, the others in `local`, up to its size. */
static void local_addresses(void **state)
{
	struct datapath *dp = make("team0");
	struct addr addrs[BPFTEAM_LOCAL_MAX + 100] = {0};
	const unsigned n = sizeof(addrs) / sizeof(addrs[0]);
	char path[160];
	__u32 key[4];
	int fd, found;

	snprintf(path, sizeof(path), "%s/team0/local", lab_bpffs);
	fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	for (unsigned i = 0; i < n; i++) {
		addrs[i].family = i % 2 ? AF_INET6 : AF_INET;
		addrs[i].byte[0] = 10;
		addrs[i].byte[2] = i >> 8;
		addrs[i].byte[3] = i;
	}
	for (unsigned want = 0; want <= n; want += n / 2) {
		assert_int_equal(datapath_set_local(dp, addrs, want), 0);
		for (found = 0; !bpf_map_get_next_key(fd, found ? key : NULL, key); found++)
			;
		assert_int_equal(found, want < 8                       ? 0
					: want - 8 > BPFTEAM_LOCAL_MAX ? BPFTEAM_LOCAL_MAX
								       : want - 8);
	}
	assert_int_equal(datapath_set_local(dp, addrs, 9), 0);
	assert_int_equal(bpf_map_get_next_key(fd, NULL, key), 0);
	/* The ninth, as ::ffff:10.0.0.8. */
	assert_true(!key[0] && !key[1] && key[2] == htonl(0xffff) && key[3] == htonl(0x0a000008));
	assert_int_not_equal(bpf_map_get_next_key(fd, key, key), 0);
	assert_int_equal(datapath_set_local(dp, NULL, 0), 0);
	assert_int_not_equal(bpf_map_get_next_key(fd, NULL, key), 0);
	close(fd);
	unmake(dp);
}

static int count_team(const char *team, void *arg)
{
	char(*names)[IFNAMSIZ] = arg;
	unsigned i;

	for (i = 0; names[i][0]; i++)
		;
	strcpy(names[i], team);
	return 0;
}

/* bpffs takes no dots, interfaces do. */
static void names_and_list(void **state)
{
	char names[4][IFNAMSIZ] = {""}, junk[160];
	struct datapath *a = make("a.b%c"), *b = make("team1");

	snprintf(junk, sizeof(junk), "%s/%%junk", lab_bpffs);
	assert_int_equal(mkdir(junk, 0700), 0);
	assert_int_equal(datapath_list(lab_bpffs, count_team, names), 0);
	assert_string_equal(names[0], "a.b%c");
	assert_string_equal(names[1], "team1");
	assert_string_equal(names[2], "");
	rmdir(junk);
	unmake(a);
	unmake(b);
	names[0][0] = names[1][0] = '\0';
	assert_int_equal(datapath_list("/nowhere/bpf", count_team, names), 0);
	assert_int_equal(datapath_list(lab_dir, count_team, names), 0);
	assert_string_equal(names[0], "");
}

static void prepare_refuses(void **state)
{
	struct err err = {""};
	char path[160];

	assert_int_equal(datapath_prepare("relative", &err), -EINVAL);
	/* A folder with something in it is not mounted over. */
	assert_int_equal(datapath_prepare(lab_dir, &err), -ENOTEMPTY);
	snprintf(path, sizeof(path), "%s/a.b", lab_bpffs);
	assert_int_equal(datapath_prepare(path, &err), -EPERM);
	assert_non_null(strstr(err.text, "dot"));
	snprintf(path, sizeof(path), "%s/sub", lab_bpffs);
	assert_int_equal(datapath_prepare(path, &err), 0);
	assert_int_equal(datapath_prepare(path, &err), 0);
	rmdir(path);
}

static void masks(void **state)
{
	struct datapath *dp = make("team0"), *other = NULL;
	uint64_t alive = 5, fallback = 2;
	struct bpfteam_state team_state;

	assert_int_equal(datapath_open(lab_bpffs, "team0", &other, NULL), 0);
	datapath_set_masks(dp, &(struct datapath_masks){.alive = &alive});
	datapath_set_masks(dp, &(struct datapath_masks){.fallback = &fallback});
	datapath_set_link(dp, 63, true);
	datapath_set_link(dp, 1, true);
	datapath_set_link(dp, 63, false);
	datapath_add_failover(dp);
	datapath_set_prev(dp, 3, 1000);
	assert_int_equal(datapath_set_link(dp, 64, true), -EINVAL);
	assert_int_equal(datapath_get_state(other, &team_state), 0);
	assert_int_equal(team_state.alive, 5);
	assert_int_equal(team_state.fallback, 2);
	assert_int_equal(team_state.link, 2);
	assert_int_equal(team_state.failovers, 1);
	assert_int_equal(team_state.prev_port, 3);
	assert_true(team_state.prev_until_ns > 1000000000ull);
	datapath_close(other);
	unmake(dp);
}

static void record(void **state)
{
	struct datapath *dp = make("team0"), *other = NULL;
	char *text = NULL, *large;
	struct err err = {""};

	assert_int_equal(datapath_get_record(dp, &text), -ENODATA);
	assert_int_equal(datapath_set_record(dp, "", &err), 0);
	assert_int_equal(datapath_get_record(dp, &text), 0);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(datapath_set_record(dp, "first", &err), 0);
	assert_int_equal(datapath_set_record(dp, "second", &err), 0);
	assert_int_equal(datapath_open(lab_bpffs, "team0", &other, NULL), 0);
	assert_int_equal(datapath_get_record(other, &text), 0);
	assert_string_equal(text, "second");
	free(text);
	datapath_close(other);

	large = calloc(1, RECORD_TEXT_MAX + 2);
	memset(large, 'x', RECORD_TEXT_MAX + 1);
	assert_int_equal(datapath_set_record(dp, large, &err), -E2BIG);
	assert_int_equal(datapath_get_record(dp, &text), 0);
	assert_string_equal(text, "second");
	free(text);
	large[RECORD_TEXT_MAX] = '\0';
	assert_int_equal(datapath_set_record(dp, large, &err), 0);
	assert_int_equal(datapath_get_record(dp, &text), 0);
	assert_string_equal(text, large);
	free(text);
	free(large);
	unmake(dp);
}

/* Texts of one letter each, until killed. */
static void write_for_ever(struct datapath *dp)
{
	static char text[RECORD_TEXT_MAX / 2 + 1];
	char letter = 'a';

	for (;;) {
		memset(text, letter, sizeof(text) - 1);
		datapath_set_record(dp, text, NULL);
		letter = letter == 'z' ? 'a' : letter + 1;
	}
}

/* A writer that is killed at any moment leaves the old text or the new one, whole. */
static void record_survives_kill(void **state)
{
	struct datapath *dp = make("team0");
	unsigned i;

	assert_int_equal(datapath_set_record(dp, "zzzz", NULL), 0);
	for (i = 0; i < 50; i++) {
		char *text = NULL;
		pid_t pid = lab_fork();

		if (!pid)
			write_for_ever(dp);
		usleep(500 + 97 * i);
		/* While it is being written, too. */
		assert_int_equal(datapath_get_record(dp, &text), 0);
		assert_int_equal(strspn(text, (char[]){text[0], 0}), strlen(text));
		free(text);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_int_equal(datapath_get_record(dp, &text), 0);
		assert_true(strlen(text) == 4 || strlen(text) == RECORD_TEXT_MAX / 2);
		assert_int_equal(strspn(text, (char[]){text[0], 0}), strlen(text));
		free(text);
	}
	unmake(dp);
}

static void other_abi(void **state)
{
	struct datapath *dp = make("team0"), *other = NULL;
	__u32 key = 0, meta[512];
	struct err err = {""};
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/team0/meta", lab_bpffs);
	fd = bpf_obj_get(path);
	assert_int_equal(bpf_map_lookup_elem(fd, &key, meta), 0);
	meta[0]++;
	assert_int_equal(bpf_map_update_elem(fd, &key, meta, BPF_ANY), 0);
	assert_int_equal(datapath_open(lab_bpffs, "team0", &other, &err), -EPROTO);
	assert_non_null(strstr(err.text, "another version"));
	meta[0]--;
	assert_int_equal(bpf_map_update_elem(fd, &key, meta, BPF_ANY), 0);
	close(fd);
	unmake(dp);
}

/* Whatever pin is missing, what is left opens and goes. */
static void crash_leftovers(void **state)
{
	static const char *const missing[] = {"meta",     "tables",   "port_stats",
					      "probes",   "events",   "record",
					      "port_ids", "tx_ports", "local"};
	struct err err = {""};
	unsigned i;

	for (i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		struct datapath *dp = make("team0");
		struct bpfteam_state team_state;
		char path[160];

		datapath_close(dp);
		snprintf(path, sizeof(path), "%s/team0/%s", lab_bpffs, missing[i]);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(datapath_open(lab_bpffs, "team0", &dp, &err), 0);
		assert_int_equal(datapath_get_state(dp, &team_state),
				 strcmp(missing[i], "tables") ? 0 : -ENOENT);
		unmake(dp);
		assert_false(exists("team0"));
	}
}

/* A create that was killed half-way: no team, and nothing in the way of the next. */
static void crashed_create(void **state)
{
	struct datapath *dp = make("team1");
	char from[160], to[160];

	datapath_close(dp);
	snprintf(from, sizeof(from), "%s/team1", lab_bpffs);
	snprintf(to, sizeof(to), "%s/%%new-team1", lab_bpffs);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(datapath_open(lab_bpffs, "team1", &dp, NULL), -ENOENT);
	dp = make("team2");
	assert_false(exists("%new-team1"));
	unmake(dp);
	dp = make("team1");
	unmake(dp);
}

static void retire(void **state)
{
	struct datapath *dp = make("team0");
	int n = libbpf_num_possible_cpus(), fd, i;
	struct bpfteam_stats *rows = calloc((size_t)n, sizeof(*rows)), sum;
	char path[160];
	__u32 id = 7;

	for (i = 0; i < n; i++) {
		rows[i].tx_packets = 10 + i;
		rows[i].drops[BPFTEAM_DROP_MAX - 1] = 1;
	}
	snprintf(path, sizeof(path), "%s/team0/port_stats", lab_bpffs);
	fd = bpf_obj_get(path);
	assert_int_equal(bpf_map_update_elem(fd, &id, rows, BPF_ANY), 0);
	close(fd);
	free(rows);
	assert_int_equal(datapath_retire(dp, 7), 0);
	assert_int_equal(datapath_retire(dp, 7), 0);
	assert_int_equal(datapath_get_stats(dp, 7, &sum), 0);
	assert_int_equal(sum.tx_packets, 0);
	assert_int_equal(datapath_get_stats(dp, BPFTEAM_STATS_TEAM, &sum), 0);
	assert_int_equal(sum.tx_packets, 10 * n + n * (n - 1) / 2);
	assert_int_equal(sum.drops[BPFTEAM_DROP_MAX - 1], n);
	unmake(dp);
}

static void build_id(void **state)
{
	assert_int_equal(strlen(datapath_build_id()), 16);
	assert_ptr_equal(datapath_build_id(), datapath_build_id());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_open_destroy),
		cmocka_unit_test(names_and_list),
		cmocka_unit_test(prepare_refuses),
		cmocka_unit_test(masks),
		cmocka_unit_test(local_addresses),
		cmocka_unit_test(record),
		cmocka_unit_test(record_survives_kill),
		cmocka_unit_test(other_abi),
		cmocka_unit_test(crash_leftovers),
		cmocka_unit_test(crashed_create),
		cmocka_unit_test(retire),
		cmocka_unit_test(build_id),
	};
	int failed;

	lab_enter();
	failed = cmocka_run_group_tests_name("datapath", tests, NULL, NULL);
	lab_leave();
	return failed != 0;
}
