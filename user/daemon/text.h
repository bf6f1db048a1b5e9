/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* text.h - text that comes from outside made fit for D-Bus and for one line of log. */
#ifndef BPFTEAM_DAEMON_TEXT_H
#define BPFTEAM_DAEMON_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_TIME_LEN 32

/*
 * In place: every byte that is no part of a valid UTF-8 sequence (RFC 3629) becomes '?', every
 * control character a blank. D-Bus refuses to send other text, and a device's name may hold any
 * bytes but '/', ':' and blanks. Returns text.
 */
char *text_clean(char *text);
/* The same, but line breaks stay. */
char *text_clean_lines(char *text);

/* CLOCK_REALTIME nanoseconds as ISO 8601 in UTC with milliseconds, "2024-01-31T12:00:00.123Z". */
const char *text_time(uint64_t time_ns, char buf[TEXT_TIME_LEN]);

#endif
