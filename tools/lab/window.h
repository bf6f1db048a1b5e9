/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * window.h - what is written down of a stream of numbered frames and the cuts in it, and what a cut
 * cost by that. Times are CLOCK_MONOTONIC's, one machine's.
 */
#ifndef BPFTEAM_LAB_WINDOW_H
#define BPFTEAM_LAB_WINDOW_H

#include <math.h>

#include "lab.h"

#define MS 1000000ull
#define FRAMES_MAX 32768
#define STEPS_MAX 8
/* Lost frames with fewer than these between them are one outage. */
#define JOIN_FRAMES 20

struct window {
	uint32_t number;
	uint64_t sent_ns[FRAMES_MAX];
	uint64_t came_ns[FRAMES_MAX]; /* 0: not */
	unsigned n;
	/* Of each cut: when it was asked for, and when the driver said so. */
	uint64_t asked_ns[STEPS_MAX], called_ns[STEPS_MAX];
	unsigned asked, called, step;
	uint64_t step_ns; /* when the next step is due; 0: when the driver has taken the last one */
	int next; /* the port that was cut second */
};

struct window_cost {
	unsigned frames;
	double gap_ms;
	unsigned before; /* lost before the driver's call */
};

/*
 * Of the frames sent from the driver's call of one cut until the next cut, or the end. The gap is the
 * longest outage: from the first frame lost, or the call, until frames come again.
 */
static inline struct window_cost window_cost(const struct window *w, unsigned cut)
{
	uint64_t until = cut + 1 < w->asked ? w->asked_ns[cut + 1] : ~0ull;
	uint64_t from = w->called_ns[cut], end;
	unsigned came = JOIN_FRAMES;
	struct window_cost cost = {0};

	for (unsigned f = 0; f < w->n && w->sent_ns[f] < until; f++) {
		if (w->came_ns[f]) {
			came++;
			continue;
		}
		if (w->sent_ns[f] < w->asked_ns[cut])
			continue;
		if (w->sent_ns[f] < w->called_ns[cut]) {
			cost.before++;
			came = 0;
			continue;
		}
		if (came >= JOIN_FRAMES)
			from = w->sent_ns[f];
		came = 0;
		cost.frames++;
		end = f + 1 < w->n ? w->sent_ns[f + 1] : w->sent_ns[f];
		cost.gap_ms = fmax(cost.gap_ms, (double)(end - from) / MS);
	}
	return cost;
}

/* How long the slowest frame was on its way, in ms. */
static inline double window_late_ms(const struct window *w)
{
	uint64_t late = 0;

	for (unsigned f = 0; f < w->n; f++)
		if (w->came_ns[f] && w->came_ns[f] - w->sent_ns[f] > late)
			late = w->came_ns[f] - w->sent_ns[f];
	return (double)late / MS;
}

#endif
