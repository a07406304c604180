/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devfs - the devices in /dev that need no hardware (Linux: drivers/char/mem.c,
 * random.c).
 */
#ifndef PW_SIM_DEVFS_H
#define PW_SIM_DEVFS_H

#include "sim/vfs.h"

/* Puts the nodes and links into a directory in memory. */
int devfs_populate(struct vfs *vfs, struct inode *dir);

/* /dev/zero: mapping it gives anonymous memory. */
bool open_file_is_dev_zero(const struct open_file *file);

#endif
