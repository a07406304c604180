/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_stream - what the user gave pagewalk as standard input, output and error:
 * host descriptors that guests read and write directly.
 *
 * A regular file as standard input is not one: it goes through the page cache as
 * any file, so that reading it costs what it costs in Linux.
 */
#ifndef PW_SIM_HOST_STREAM_H
#define PW_SIM_HOST_STREAM_H

#include "sim/devfs.h"

/* The guest's fd 0, 1 or 2; *out is NULL if the host's is closed. */
int host_stream_open_stdio(struct vfs *vfs, int fd, struct open_file **out);

/* For ftruncate(2); -EINVAL if it is not a host's regular file. */
int host_stream_truncate(struct open_file *file, int64_t size);
bool open_file_is_host_stream(const struct open_file *file);

/* /dev/tty: standard input, if it is the controlling terminal of who opens it. */
extern const struct device tty_device;

#endif
