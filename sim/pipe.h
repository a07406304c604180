/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pipe - a bounded buffer with a reading and a writing end (Linux: fs/pipe.c).
 */
#ifndef PW_SIM_PIPE_H
#define PW_SIM_PIPE_H

#include "sim/vfs.h"

#define PIPE_BYTES 65536

/* flags: O_NONBLOCK, O_CLOEXEC is the caller's. ends[0] reads, ends[1] writes. */
int pipe_create(struct vfs *vfs, uint32_t flags, struct open_file *ends[2]);

bool open_file_is_pipe(const struct open_file *file);

/* Bytes that could be read. */
uint32_t pipe_available(const struct open_file *file);

#endif
