/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* log.h - the daemon's lines on stderr. Levels are syslog's. */
#ifndef BPFTEAM_DAEMON_LOG_H
#define BPFTEAM_DAEMON_LOG_H

#include <syslog.h>

/* Finds out whether stderr is the journal. Before that every line is plain. */
void log_init(void);

/* One line; line breaks and other control characters in it become blanks. */
void log_print(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
