// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_datapath_traffic.c - io/datapath with frames: carrying, explaining, swaps under traffic,
 * detectors, shortcuts, and attaches that are killed. Topology in datapath_lab.h.
 */
#include <bpf/bpf.h>
#include <sys/mman.h>

#include "datapath_lab.h"

#define SWAP_FRAMES 30000
#define SWAPS_MIN 2
#define KILLS 20

/* Sent out of the team: on the first port's wire, and counted for it, once. */
static void carries(void **state)
{
	struct datapath *dp = lab_team(lab_detector, 2);
	int w0 = lab_listen("w0"), w1 = lab_listen("w1"), team = lab_listen("team0");
	int udp = lab_udp();
	struct bpfteam_stats stats;
	struct mac foreign = {{0x02, 9, 9, 9, 9, 9}};

	lab_send(udp, 0, 10);
	assert_int_equal(lab_drain(w0, NULL, 0), 10);
	assert_int_equal(lab_drain(w1, NULL, 0), 0);
	assert_int_equal(datapath_get_stats(dp, 0, &stats), 0);
	assert_int_equal(stats.tx_packets, 10);

	lab_inject(w1, &lab_mac, 1);
	lab_inject(w1, &foreign, 2);
	assert_true(lab_wait(lab_drain(team, NULL, 0)));
	assert_int_equal(datapath_get_stats(dp, 1, &stats), 0);
	assert_int_equal(stats.rx_packets, 1);

	/* Policy takes the port away, and the other one carries. */
	lab_set_alive(dp, 2);
	lab_send(udp, 0, 10);
	assert_int_equal(lab_drain(w0, NULL, 0), 0);
	assert_int_equal(lab_drain(w1, NULL, 0), 10);
	close(team);
	close(w0);
	close(w1);
	close(udp);
	lab_destroy(dp);
}

static void explains(void **state)
{
	struct datapath *dp = lab_team(lab_detector, 2);
	struct datapath_verdict verdict;
	uint8_t frame[64] = {0};
	struct err err = {""};

	frame[12] = 8;
	assert_int_equal(datapath_explain(dp, frame, sizeof(frame), &verdict, &err), 0);
	assert_int_equal(verdict.port, 0);
	assert_int_equal(verdict.position, 0);
	lab_set_alive(dp, 2);
	assert_int_equal(datapath_explain(dp, frame, sizeof(frame), &verdict, &err), 0);
	assert_int_equal(verdict.port, 1);
	assert_int_equal(verdict.position, 1);
	lab_set_alive(dp, 0);
	assert_int_equal(datapath_explain(dp, frame, sizeof(frame), &verdict, &err), 0);
	assert_int_equal(verdict.port, BPFTEAM_PORT_NONE);
	assert_int_equal(datapath_explain(dp, frame, 10, &verdict, &err), -EINVAL);
	lab_destroy(dp);
}

/* About 20,000 numbered frames a second out of the team, and as many into it. */
static void send_both_ways(int udp, int w0)
{
	uint32_t i;

	for (i = 0; i < SWAP_FRAMES; i++) {
		lab_send(udp, i, 1);
		lab_inject(w0, &lab_mac, i);
		if (i % 20 == 19)
			usleep(1000);
	}
}

static unsigned count_not_once(uint8_t *seen)
{
	unsigned i, wrong = 0;

	for (i = 0; i < SWAP_FRAMES; i++)
		wrong += seen[i] != 1;
	memset(seen, 0, SWAP_FRAMES);
	return wrong;
}

/* Another handle swaps all programs over and over meanwhile: each frame gets through, and once. */
static void swaps_without_loss(void **state)
{
	static uint8_t seen[SWAP_FRAMES];
	struct datapath *dp = lab_team(lab_detector, 2), *other = NULL;
	struct datapath_config config = lab_config(lab_detector);
	int w0 = lab_listen("w0"), w1 = lab_listen("w1"), team = lab_listen("team0");
	int udp = lab_udp(), status;
	struct err err = {""};
	unsigned i;
	pid_t pid;

	pid = lab_fork();
	if (!pid) {
		send_both_ways(udp, w0);
		_exit(0);
	}
	assert_int_equal(datapath_open(lab_bpffs, LAB_TEAM, &other, &err), 0);
	for (i = 0; waitpid(pid, &status, WNOHANG) == 0; i++) {
		config.mode = i % 2 ? BPFTEAM_BALANCE_XOR : BPFTEAM_ACTIVE_BACKUP;
		config.hash = i % 3 ? BPFTEAM_HASH_LAYER2 : BPFTEAM_HASH_LAYER34;
		assert_int_equal(datapath_configure(other, &config, &err), 0);
		assert_int_equal(lab_join(other, 0, "p0"), 0);
		assert_int_equal(lab_join(other, 1, "p1"), 0);
	}
	assert_in_range(i, SWAPS_MIN, UINT32_MAX);
	assert_int_equal(status, 0);
	lab_drain(w0, seen, SWAP_FRAMES);
	lab_drain(w1, seen, SWAP_FRAMES);
	assert_int_equal(count_not_once(seen), 0);
	lab_drain(team, seen, SWAP_FRAMES);
	assert_int_equal(count_not_once(seen), 0);
	datapath_close(other);
	close(team);
	close(w0);
	close(w1);
	close(udp);
	lab_destroy(dp);
}

static int attach(void)
{
	struct datapath_config config = lab_config(lab_detector);
	struct datapath *dp = NULL;
	int r;

	r = datapath_create(lab_bpffs, LAB_TEAM, &dp, NULL);
	if (!r)
		r = datapath_configure(dp, &config, NULL);
	if (!r)
		r = lab_join(dp, 0, "p0");
	if (!r)
		r = lab_join(dp, 1, "p1");
	datapath_close(dp);
	return r;
}

/* Runs attach() in a process that is killed after for_us, or not. What is left is destroyed. */
static void attach_and_destroy(useconds_t for_us)
{
	struct datapath *dp = NULL;
	struct err err = {""};
	pid_t pid = lab_fork();
	int r, status;

	if (!pid)
		_exit(-attach());
	if (for_us) {
		usleep(for_us);
		kill(pid, SIGKILL);
	}
	waitpid(pid, &status, 0);
	if (!for_us)
		assert_int_equal(status, 0);
	r = datapath_open(lab_bpffs, LAB_TEAM, &dp, &err);
	if (for_us && r == -ENOENT)
		return;
	assert_int_equal(r, 0);
	assert_int_equal(datapath_destroy(dp, &err), 0);
	datapath_close(dp);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A process that dies at any point of making a team leaves nothing that destroy can't undo. */
static void killed_attach(void **state)
{
	useconds_t whole;
	uint64_t start;
	unsigned i;

	lab_add_links(2);
	start = now_us();
	attach_and_destroy(0);
	whole = (useconds_t)(now_us() - start);
	for (i = 1; i <= KILLS; i++) {
		attach_and_destroy(whole * i / KILLS);
		assert_int_equal(lab_run("bpftool net show | grep -qE 'team_|port_rx'"), 256);
		assert_int_equal(lab_run("tc qdisc show | grep -q clsact"), 256);
	}
	lab_del_links();
}

/* The kernel's side keeps the link mask, and tells of a change. */
static unsigned downs, ups;
static void on_event(const struct bpfteam_event *event, void *arg)
{
	if (event->port == 1 && event->type == BPFTEAM_EVENT_LINK_DOWN)
		downs++;
	if (event->port == 1 && event->type == BPFTEAM_EVENT_LINK_UP)
		ups++;
}

static bool has_link(struct datapath *dp, unsigned id)
{
	struct bpfteam_state team_state;

	return !datapath_get_state(dp, &team_state) && team_state.link >> id & 1;
}

static void watches(void **state)
{
	struct datapath_config config;
	struct datapath *dp;
	struct err err = {""};

	dp = lab_team(lab_detector, 2);
	config = lab_config(lab_detector);
	assert_true(datapath_events_fd(dp) >= 0);
	if (lab_detector == DETECT_POLL) {
		lab_run("ip link set w1 down");
		usleep(50000);
		assert_true(has_link(dp, 1));
		lab_destroy(dp);
		return;
	}
	assert_true(lab_wait(has_link(dp, 1)));
	datapath_events_read(dp, on_event, NULL);
	downs = ups = 0;
	lab_run("ip link set w1 down");
	assert_true(lab_wait(!has_link(dp, 1)));
	lab_run("ip link set w1 up");
	assert_true(lab_wait(has_link(dp, 1)));
	assert_int_equal(datapath_events_read(dp, on_event, NULL), 0);
	assert_int_equal(downs, 1);
	assert_int_equal(ups, 1);

	/* Under poll nothing in the kernel touches the mask. */
	config.detector = DETECT_POLL;
	assert_int_equal(datapath_configure(dp, &config, &err), 0);
	lab_run("ip link set w1 down");
	usleep(50000);
	assert_true(has_link(dp, 1));
	/* And back. Tracing hears of what happens from now on. */
	config.detector = lab_detector;
	assert_int_equal(datapath_configure(dp, &config, &err), 0);
	if (lab_detector != DETECT_STATE)
		lab_run("ip link set w1 up && ip link set w1 down");
	assert_true(lab_wait(!has_link(dp, 1)));
	lab_destroy(dp);
}

/* The programs' own map: which ports have a shortcut is nobody else's business. */
static const struct bpfteam_tables *map_tables(void)
{
	char path[160];
	void *memory;
	int fd;

	snprintf(path, sizeof(path), "%s/team0/tables", lab_bpffs);
	fd = bpf_obj_get(path);
	memory = mmap(NULL, sizeof(struct bpfteam_tables), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

/* A shortcut that policy forbids is closed when the call returns, and stays so. */
static void closes_shortcuts(void **state)
{
	uint64_t both = 3, second = 2;
	uint32_t yes = 1, no = 0;
	const struct bpfteam_shortcut *shortcuts;
	const struct bpfteam_tables *tables;
	struct datapath *dp;
	struct err err = {""};

	/* The others have none. */
	if (lab_detector != DETECT_STATE || !datapath_features()->timer)
		return;
	dp = lab_team(lab_detector, 2);
	tables = map_tables();
	shortcuts = tables->shortcuts;
	assert_true(lab_wait(shortcuts[0].dev && shortcuts[1].dev));
	datapath_set_masks(dp, &(struct datapath_masks){.alive = &second});
	assert_false(shortcuts[0].dev);
	assert_true(shortcuts[1].dev);
	usleep(50000);
	assert_false(shortcuts[0].dev);
	datapath_set_masks(dp, &(struct datapath_masks){.alive = &both});
	assert_true(lab_wait(shortcuts[0].dev));
	datapath_set_masks(dp, &(struct datapath_masks){.capture = &yes});
	assert_false(shortcuts[0].dev || shortcuts[1].dev);
	datapath_set_masks(dp, &(struct datapath_masks){.capture = &no});
	assert_true(lab_wait(shortcuts[0].dev && shortcuts[1].dev));
	assert_int_equal(datapath_leave(dp, 1, &err), 0);
	assert_false(shortcuts[1].dev);
	munmap((void *)tables, sizeof(*tables));
	lab_destroy(dp);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries),
		cmocka_unit_test(explains),
		cmocka_unit_test(swaps_without_loss),
		cmocka_unit_test(killed_attach),
		cmocka_unit_test(watches),
		cmocka_unit_test(closes_shortcuts),
	};

	return lab_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
