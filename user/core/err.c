// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * err.c - fills the one line that a refused or failed operation shows its user. Called by every
 * module; keeps the first bytes of a line that is too long and never splits it in two.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"

/* Text from outside (a key, a path) may hold line breaks or terminal controls: neither gets out. */
static void flatten(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
	}
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	flatten(err->text);
	return code;
}

int err_prefix(struct err *err, int code, const char *fmt, ...)
{
	struct err prefix;
	char old[sizeof(err->text)];
	va_list args;

	if (!err)
		return code;
	va_start(args, fmt);
	vsnprintf(prefix.text, sizeof(prefix.text), fmt, args);
	va_end(args);
	flatten(prefix.text);
	memcpy(old, err->text, sizeof(old));
	if (snprintf(err->text, sizeof(err->text), "%s: %s", prefix.text, old) < 0)
		err->text[0] = '\0';
	return code;
}
