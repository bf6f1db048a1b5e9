// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* text.c - see text.h. Called by the log and by whatever puts strings on a bus. */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "daemon/text.h"

/* Length of the UTF-8 sequence at s, 0 when there is none. */
static size_t utf8_len(const unsigned char *s)
{
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	else if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF: RFC 3629, section 4. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static char *clean(char *text, bool keep_lines)
{
	unsigned char *s = (unsigned char *)text;

	while (*s) {
		size_t len = utf8_len(s);

		if (*s == '\n' && keep_lines)
			;
		else if (*s < 0x20 || *s == 0x7f)
			*s = ' ';
		else if (!len)
			*s = '?';
		s += len ? len : 1;
	}
	return text;
}

char *text_clean(char *text)
{
	return clean(text, false);
}

char *text_clean_lines(char *text)
{
	return clean(text, true);
}

const char *text_time(uint64_t time_ns, char buf[TEXT_TIME_LEN])
{
	time_t seconds = time_ns / 1000000000;
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(buf, TEXT_TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + len, TEXT_TIME_LEN - len, ".%03uZ", (unsigned)(time_ns / 1000000 % 1000));
	return buf;
}
