/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/devfs.h"

#include "sim/clock.h"
#include "sim/framecounter.h"
#include "sim/host_stream.h"
#include "sim/scull.h"
#include "sim/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

struct dev_inode {
	struct inode inode; /* must be first */
	const struct device *device;
	void *state; /* device->create()'s */
	struct inode_attr attr;
};

/* ---- reading and writing ---- */

static int64_t read_nothing(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	return 0;
}

/* Takes everything, and looks at none of it. */
static int64_t write_away(struct open_file *file, struct task *task, struct io_iter *from,
                          int64_t *pos)
{
	return (int64_t)from->count;
}

static int64_t write_full(struct open_file *file, struct task *task, struct io_iter *from,
                          int64_t *pos)
{
	return -ENOSPC;
}

static int64_t read_zero(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	uint64_t want = to->count, done = io_iter_clear(to, want);

	return done || !want ? (int64_t)done : -EFAULT;
}

static int64_t read_random(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	int64_t done = 0;

	while (to->count) {
		uint8_t bytes[256];
		uint64_t n = to->count < sizeof(bytes) ? to->count : sizeof(bytes), moved;

		machine_random(file->inode->vfs->machine, bytes, n);
		moved = io_iter_put(to, bytes, n);
		done += (int64_t)moved;
		if (moved < n)
			return done ? done : -EFAULT;
	}
	return done;
}

/* These devices have no position; lseek(2) succeeds and sets it to 0. */
static int64_t seek_nowhere(struct open_file *file, int64_t offset, int whence)
{
	return file->pos = 0;
}

/* ---- the devices ---- */

#define OPS(read_fn, write_fn)                                                                     \
	{                                                                                          \
		.name = "device", .read = read_fn, .write = write_fn, .seek = seek_nowhere         \
	}

static const struct device devices[] = {
	{ "null", 0666, 1, 3, .ops = OPS(read_nothing, write_away) },
	{ "zero", 0666, 1, 5, .ops = OPS(read_zero, write_away) },
	{ "full", 0666, 1, 7, .ops = OPS(read_zero, write_full) },
	{ "random", 0666, 1, 8, .ops = OPS(read_random, write_away) },
	{ "urandom", 0666, 1, 9, .ops = OPS(read_random, write_away) },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

#define NR(array) (sizeof(array) / sizeof((array)[0]))

bool open_file_is_dev_zero(const struct open_file *file)
{
	return file->ops->read == read_zero && file->ops->write == write_away;
}

static struct dev_inode *dev_inode(struct inode *inode)
{
	return (struct dev_inode *)inode;
}

static int dev_getattr(struct inode *inode, struct inode_attr *attr)
{
	*attr = dev_inode(inode)->attr;
	return 0;
}

void *device_state(const struct open_file *file)
{
	return dev_inode(file->inode)->state;
}

static int dev_open(struct inode *inode, struct open_file *file)
{
	const struct device *device = dev_inode(inode)->device;

	if (!device->ops.name)
		return -ENXIO;
	file->ops = &device->ops;
	return device->open ? device->open(file) : 0;
}

static void dev_drop(struct inode *inode)
{
	struct dev_inode *dev = dev_inode(inode);

	if (dev->state && dev->device->destroy)
		dev->device->destroy(dev->state);
	free(dev);
}

static const struct inode_ops dev_inode_ops = {
	.name = "device",
	.getattr = dev_getattr,
	.open = dev_open,
	.drop = dev_drop,
};

static int add_device(struct vfs *vfs, struct inode *dir, const struct device *device)
{
	struct dev_inode *dev = calloc(1, sizeof(*dev));
	struct inode_attr of_dir;
	int error;

	if (!dev)
		return -ENOMEM;
	inode_init(&dev->inode, vfs, &dev_inode_ops, S_IFCHR);
	dir->ops->getattr(dir, &of_dir);
	dev->device = device;
	dev->attr = of_dir;
	dev->attr.ino = vfs->next_ino++;
	dev->attr.mode = S_IFCHR | device->mode;
	dev->attr.nlink = 1;
	dev->attr.rdev = makedev(device->major, device->minor);
	dev->attr.size = dev->attr.blocks = 0;
	if (device->create)
		dev->state = device->create(vfs, device);
	error =
	    device->create && !dev->state ? -ENOMEM : tree_attach(dir, device->name, &dev->inode);
	inode_put(&dev->inode);
	return error;
}

static int add_new(struct inode *dir, const char *name, uint32_t mode, const char *target)
{
	const struct inode_new what = { .mode = mode, .target = target };
	struct inode *made;
	int error = dir->ops->create(dir, name, &what, &made);

	if (!error)
		inode_put(made);
	return error;
}

int devfs_populate(struct vfs *vfs, struct inode *dir)
{
	int error = 0;

	for (size_t i = 0; i < NR(devices) && !error; i++)
		error = add_device(vfs, dir, &devices[i]);
	for (size_t i = 0; i < NR_SCULL_DEVICES && !error; i++)
		error = add_device(vfs, dir, &scull_devices[i]);
	if (!error)
		error = add_device(vfs, dir, &tty_device);
	if (!error)
		error = add_device(vfs, dir, &framecounter_device);
	for (size_t i = 0; i < NR(links) && !error; i++)
		error = add_new(dir, links[i].name, S_IFLNK | 0777, links[i].target);
	if (!error)
		error = tree_mount_tmpfs(dir, "shm", S_ISVTX | 0777);
	if (!error)
		error = add_new(dir, "pts", S_IFDIR | 0755, NULL);
	return error;
}
