/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files - a table of file descriptors, as system calls change it. Its making and
 * looking up are in sim/file.h.
 */
#ifndef PW_SIM_FILES_H
#define PW_SIM_FILES_H

#include "sim/file.h"

#define FILES_MAX 65536 /* descriptors, whatever the limit says */

/* The lowest free descriptor from `from` on below limit; the file's reference is
 * taken over. Or -EMFILE, -ENOMEM, and the reference stays the caller's. */
int64_t files_add(struct files *files, struct open_file *file, uint64_t from, uint64_t limit,
                  bool close_on_exec);
/* At fd, whose file, if any, is closed. As files_add(). */
int files_set(struct files *files, uint64_t fd, struct open_file *file, bool close_on_exec);
int files_close(struct files *files, int64_t fd); /* 0, -EBADF */

/* fd must be open. */
bool files_close_on_exec(const struct files *files, int64_t fd);
void files_set_close_on_exec(struct files *files, int64_t fd, bool close_on_exec);

/* The first open descriptor from fd on, or -1. */
int64_t files_next(const struct files *files, int64_t fd);
uint32_t files_nr_slots(const struct files *files);

#endif
