/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_record.c - the text in the `record` map, kept whole whenever its writer is killed.
 *
 * Called by team/, which takes care of one writer at a time. The map has two entries, written in
 * turns: a writer empties the older one, fills it, and makes it count by a last store of its head.
 * A reader takes the entry with the higher generation, and again when a head changed meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "io/datapath_priv.h"

#define READ_TRIES 100

/* The entry that counts, or -1 when none was ever completed. Generations wrap around. */
static int newest(const struct dp_record *entry)
{
	__u64 a = __atomic_load_n(&entry[0].head, __ATOMIC_ACQUIRE);
	__u64 b = __atomic_load_n(&entry[1].head, __ATOMIC_ACQUIRE);

	if (!a && !b)
		return -1;
	if (!a || !b)
		return !a;
	return (__s32)((__u32)(b >> 32) - (__u32)(a >> 32)) > 0;
}

int datapath_get_record(struct datapath *dp, char **ret)
{
	const struct dp_record *entry = dp->mem[DP_RECORD];
	unsigned i;

	if (!entry)
		return -ENOENT;
	for (i = 0; i < READ_TRIES; i++) {
		int which = newest(entry);
		__u64 head;
		__u32 len;
		char *text;

		if (which < 0)
			return -ENODATA;
		head = __atomic_load_n(&entry[which].head, __ATOMIC_ACQUIRE);
		len = (__u32)head;
		if (!head || len > RECORD_TEXT_MAX)
			continue;
		text = malloc(len + 1);
		if (!text)
			return -ENOMEM;
		memcpy(text, entry[which].text, len);
		text[len] = '\0';
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&entry[which].head, __ATOMIC_RELAXED) == head) {
			*ret = text;
			return 0;
		}
		free(text);
	}
	return -EAGAIN;
}

int datapath_set_record(struct datapath *dp, const char *text, struct err *err)
{
	struct dp_record *entry = dp->mem[DP_RECORD];
	size_t len = strlen(text);
	int which;
	__u32 generation;

	if (!entry)
		return err_set(err, -ENOENT, "%s: its record is gone: detach it", dp->team);
	if (len > RECORD_TEXT_MAX)
		return err_set(err, -E2BIG, "%s: its record would take %zu bytes, of at most %d",
			       dp->team, len, RECORD_TEXT_MAX);
	which = newest(entry);
	generation = which < 0 ? 1 : (__u32)(entry[which].head >> 32) + 1;
	if (!generation) /* head 0 means incomplete, also for an empty text */
		generation = 1;
	which = which < 0 ? 0 : !which;
	__atomic_store_n(&entry[which].head, 0, __ATOMIC_SEQ_CST);
	memcpy(entry[which].text, text, len);
	__atomic_store_n(&entry[which].head, (__u64)generation << 32 | len, __ATOMIC_SEQ_CST);
	return 0;
}
