/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls on address spaces: what mm/ cannot know of descriptors and user
 * pointers (Linux 6.1, mm/mmap.c, ksys_mmap_pgoff() and do_mmap()).
 */
#include "sim/calls.h"
#include "sim/devfs.h"
#include "sim/machine.h"
#include "sim/sys_file.h"
#include "sim/sys_memfd.h"

#include <errno.h>

static struct kernel *kernel_of(struct task *task)
{
	return &task->machine->kernel;
}

/* May the file be mapped so? */
static int check_mapping(const struct open_file *file, uint32_t prot, uint32_t flags)
{
	uint32_t type = flags & (MAP_SHARED_ | MAP_PRIVATE_);

	if (file->flags & O_PATH)
		return -EBADF;
	if (type & MAP_SHARED_ && prot & PROT_WRITE_ && !file_can_write(file))
		return -EACCES;
	if (!file_can_read(file))
		return -EACCES;
	return file->file.f_mapping || open_file_is_dev_zero(file) ? 0 : -ENODEV;
}

static int64_t map_file(struct task *task, struct open_file *file, const uint64_t arg[6])
{
	uint32_t prot = (uint32_t)arg[2], flags = (uint32_t)arg[3];
	bool is_read_only_share = flags & MAP_SHARED_ && !file_can_write(file);
	int64_t va;
	int error = arg[1] ? check_mapping(file, prot, flags) : -EINVAL;

	if (!error)
		error = memfd_check_mapping(file, prot, flags, &is_read_only_share);
	if (error)
		return error;
	if (open_file_is_dev_zero(file))
		return call_do_mmap(kernel_of(task), task->mm, NULL, arg[0], arg[1], prot,
		                    flags | MAP_ANONYMOUS_, 0);
	va = call_do_mmap(kernel_of(task), task->mm, &file->file, arg[0], arg[1], prot, flags,
	                  arg[5] >> PAGE_SHIFT);
	/* A shared mapping of a file that is not open for writing can never become
	 * writable. */
	if (va >= 0 && is_read_only_share)
		call_forbid_writing(kernel_of(task), task->mm, (va_t)va, arg[1]);
	return va;
}

int64_t sys_mmap(struct task *task, const uint64_t arg[6])
{
	struct open_file *file;

	if (arg[5] & ~PAGE_MASK)
		return -EINVAL;
	if (arg[3] & MAP_ANONYMOUS_)
		return call_do_mmap(kernel_of(task), task->mm, NULL, arg[0], arg[1],
		                    (uint32_t)arg[2], (uint32_t)arg[3], arg[5] >> PAGE_SHIFT);
	file = files_get(task->files, (int32_t)arg[4]);
	return file ? map_file(task, file, arg) : -EBADF;
}

int64_t sys_munmap(struct task *task, const uint64_t arg[6])
{
	return call_do_munmap(kernel_of(task), task->mm, arg[0], arg[1]);
}

int64_t sys_mprotect(struct task *task, const uint64_t arg[6])
{
	return call_do_mprotect(kernel_of(task), task->mm, arg[0], arg[1], (uint32_t)arg[2]);
}

int64_t sys_mremap(struct task *task, const uint64_t arg[6])
{
	return call_do_mremap(kernel_of(task), task->mm, arg[0], arg[1], arg[2], (uint32_t)arg[3],
	                      arg[4]);
}

int64_t sys_brk(struct task *task, const uint64_t arg[6])
{
	return (int64_t)call_do_brk(kernel_of(task), task->mm, arg[0]);
}

int64_t sys_madvise(struct task *task, const uint64_t arg[6])
{
	return call_do_madvise(kernel_of(task), task->mm, arg[0], arg[1], (int32_t)arg[2]);
}

int64_t sys_msync(struct task *task, const uint64_t arg[6])
{
	return call_do_msync(kernel_of(task), task->mm, arg[0], arg[1], (int32_t)arg[2]);
}

/* Linux 6.1, mm/mincore.c: a page of results at a time. */
int64_t sys_mincore(struct task *task, const uint64_t arg[6])
{
	va_t start = arg[0], vec = arg[2];
	uint64_t pages = arg[1] / PAGE_SIZE + (arg[1] % PAGE_SIZE != 0);

	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (!access_ok(task, start, arg[1]))
		return -ENOMEM;
	if (!access_ok(task, vec, pages))
		return -EFAULT;
	while (pages) {
		uint8_t some[PAGE_SIZE];
		uint64_t n = pages < sizeof(some) ? pages : sizeof(some);
		int error = do_mincore(kernel_of(task), task->mm, start, n << PAGE_SHIFT, some);

		if (error)
			return error;
		if (copy_to_user(task, vec, some, n))
			return -EFAULT;
		pages -= n;
		vec += n;
		start += n << PAGE_SHIFT;
	}
	return 0;
}

int64_t sys_mlock(struct task *task, const uint64_t arg[6])
{
	return call_do_mlock(kernel_of(task), task->mm, arg[0], arg[1], true);
}

int64_t sys_munlock(struct task *task, const uint64_t arg[6])
{
	return call_do_mlock(kernel_of(task), task->mm, arg[0], arg[1], false);
}

int64_t sys_mlockall(struct task *task, const uint64_t arg[6])
{
	int flags = (int32_t)arg[0]; /* MCL_CURRENT 1, MCL_FUTURE 2, MCL_ONFAULT 4 */

	if (!flags || flags & ~7 || flags == 4)
		return -EINVAL;
	return call_do_mlockall(kernel_of(task), task->mm, flags);
}

int64_t sys_munlockall(struct task *task, const uint64_t arg[6])
{
	return call_do_mlockall(kernel_of(task), task->mm, 0);
}
