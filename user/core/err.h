/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * err.h - the one line that a refused or failed operation shows its user.
 *
 * Functions that can fail for a reason worth telling take a struct err, set it where the reason is
 * known and return -errno. The text is "WHAT: WHY", with what to do about it where that is known;
 * it names no program and ends without a newline.
 */
#ifndef BPFTEAM_CORE_ERR_H
#define BPFTEAM_CORE_ERR_H

struct err {
	char text[512];
};

/* Sets err's text (err may be NULL) and returns code, which is a negative errno. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " in front of err's text; returns code. */
int err_prefix(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
