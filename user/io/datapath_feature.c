/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_feature.c - what this kernel allows this process, found out by trying, each once, and
 * only what is asked for: `doctor` asks for all, an attach for little.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/datapath_priv.h"

static int try_fentry(void)
{
	int r = dp_try_tracing();

	return r ? r : dp_load_trace(false);
}

static int try_kprobe(void)
{
	return access(KPROBE_TYPE, R_OK) ? -EOPNOTSUPP : dp_load_trace(true);
}

#define FIELD(name) offsetof(struct features, name)

static const struct {
	const char *name;
	int (*try)(void);
	size_t field;
} features[DP_FEATURES] = {
	[DP_BPF] = {"bpf", dp_try_bpf, FIELD(bpf)},
	[DP_TCX] = {"tcx", dp_try_tcx, FIELD(tcx)},
	[DP_CLSACT] = {"clsact", dp_try_clsact, FIELD(clsact)},
	[DP_RUNG0] = {"state", dp_try_rung0, FIELD(state)},
	[DP_TIMER] = {"timer", dp_try_timer, FIELD(timer)},
	[DP_FENTRY] = {"fentry", try_fentry, FIELD(fentry)},
	[DP_KPROBE] = {"kprobe", try_kprobe, FIELD(kprobe)},
	[DP_FREPLACE] = {"freplace", dp_try_freplace, FIELD(freplace)},
	[DP_XDP] = {"xdp", dp_try_xdp, FIELD(xdp)},
	[DP_SMC] = {"smc", dp_try_smc, FIELD(smc)},
	[DP_CMA] = {"cma", dp_try_cma, FIELD(cma)},
};

static enum { UNKNOWN, ABSENT, PRESENT } known[DP_FEATURES];
static int bpf_error;

/* Is name in the comma-separated BPFTEAM_WITHOUT? */
static bool is_without(const char *name)
{
	const char *list = getenv("BPFTEAM_WITHOUT");
	size_t len = strlen(name);

	while (list && *list) {
		size_t word = strcspn(list, ",");

		if (word == len && !strncmp(list, name, len))
			return true;
		list += word + (list[word] == ',');
	}
	return false;
}

void dp_note(enum dp_feature feature, bool have)
{
	known[feature] = have ? PRESENT : ABSENT;
}

bool dp_maybe(enum dp_feature feature)
{
	if (known[feature] == UNKNOWN && is_without(features[feature].name))
		known[feature] = ABSENT;
	return known[feature] != ABSENT;
}

bool dp_have(enum dp_feature feature)
{
	int r;

	if (!dp_maybe(feature))
		return false;
	if (known[feature] == UNKNOWN) {
		dp_quiet();
		r = feature != DP_BPF && !dp_have(DP_BPF) ? -EOPNOTSUPP : features[feature].try();
		if (feature == DP_BPF)
			bpf_error = -r;
		dp_note(feature, !r);
	}
	return known[feature] == PRESENT;
}

const struct features *datapath_features(void)
{
	static struct features ret;
	unsigned i;

	for (i = 0; i < DP_FEATURES; i++)
		*(bool *)((char *)&ret + features[i].field) = dp_have(i);
	ret.error = ret.bpf ? 0 : bpf_error ? bpf_error : ENOSYS;
	return &ret;
}

static bool have_detector(enum detect detector)
{
	switch (detector) {
	case DETECT_STATE:
		/* The timer keeps the mask that the receive side goes by. */
		return dp_have(DP_RUNG0) && dp_have(DP_TIMER);
	case DETECT_FENTRY:
		return dp_have(DP_FENTRY);
	case DETECT_KPROBE:
		return dp_have(DP_KPROBE);
	default:
		return true;
	}
}

int datapath_choose_detector(enum detect method, enum detect *ret, struct err *err)
{
	static const enum detect ladder[] = {DETECT_STATE, DETECT_FENTRY, DETECT_KPROBE,
					     DETECT_POLL};
	unsigned i;

	if (!dp_have(DP_BPF))
		return dp_fail(err, bpf_error ? -bpf_error : -ENOSYS, "BPF");
	for (i = 0; i < sizeof(ladder) / sizeof(ladder[0]); i++) {
		if (method != DETECT_AUTO && method != ladder[i])
			continue;
		if (have_detector(ladder[i])) {
			*ret = ladder[i];
			return 0;
		}
	}
	return err_set(err, -EOPNOTSUPP,
		       "detector %s: not to be had on this kernel: leave the choice to auto, or "
		       "see bpfteam doctor",
		       name_of(detect_names, method));
}
