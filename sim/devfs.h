/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devfs - /dev: what a device is, and those that need neither hardware nor memory
 * (Linux: drivers/char/mem.c, random.c). Others have files of their own.
 */
#ifndef PW_SIM_DEVFS_H
#define PW_SIM_DEVFS_H

#include "sim/vfs.h"

/* A character device: a row of a table. */
struct device {
	const char *name; /* in /dev */
	uint32_t mode;
	unsigned major, minor;
	struct open_file_ops ops; /* name NULL: cannot be opened */
	const void *kind;         /* the driver's: for several devices of one driver */
	/* What the device keeps from one open file to the next; malloc'ed, NULL: no
	 * memory. Both slots may be NULL. */
	void *(*create)(struct vfs *vfs, const struct device *device);
	/* With the device's node, which is gone before the kernel. */
	void (*destroy)(void *state);
	/* What open(2) does besides; 0 or -errno. May be NULL. */
	int (*open)(struct open_file *file);
};

/* What create() gave. */
void *device_state(const struct open_file *file);

/* Puts the nodes and links into a directory in memory. */
int devfs_populate(struct vfs *vfs, struct inode *dir);

/* /dev/zero: mapping it gives anonymous memory. */
bool open_file_is_dev_zero(const struct open_file *file);

#endif
