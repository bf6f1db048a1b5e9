/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* program.h - the output of another program. */
#ifndef BPFTEAM_CLI_PROGRAM_H
#define BPFTEAM_CLI_PROGRAM_H

/*
 * Runs argv (NULL at the end) and waits for it, at most five seconds. *ret is what it wrote to standard
 * output, malloc'd. -ENOENT: it is not installed; -EIO: it failed; -ETIMEDOUT, -E2BIG.
 */
int program_output(const char *const *argv, char **ret);

#endif
