/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls on address spaces: what mm/ cannot know of descriptors and user
 * pointers (Linux 6.1, mm/mmap.c, ksys_mmap_pgoff() and do_mmap()).
 */
#include "mm/mm.h"
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

/* A shared mapping of a file that is not open for writing can never become
 * writable. */
static void forbid_writing(struct mm_struct *mm, va_t start, uint64_t len)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	for (; vma && vma->vm_start < start + len; vma = vma_next(mm, vma))
		vma->vm_flags &= ~(uint64_t)VM_MAYWRITE;
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
		return do_mmap(kernel_of(task), task->mm, NULL, arg[0], arg[1], prot,
		               flags | MAP_ANONYMOUS_, 0);
	va = do_mmap(kernel_of(task), task->mm, &file->file, arg[0], arg[1], prot, flags,
	             arg[5] >> PAGE_SHIFT);
	if (va >= 0 && is_read_only_share)
		forbid_writing(task->mm, (va_t)va, arg[1]);
	return va;
}

int64_t sys_mmap(struct task *task, const uint64_t arg[6])
{
	struct open_file *file;

	if (arg[5] & ~PAGE_MASK)
		return -EINVAL;
	if (arg[3] & MAP_ANONYMOUS_)
		return do_mmap(kernel_of(task), task->mm, NULL, arg[0], arg[1], (uint32_t)arg[2],
		               (uint32_t)arg[3], arg[5] >> PAGE_SHIFT);
	file = files_get(task->files, (int32_t)arg[4]);
	return file ? map_file(task, file, arg) : -EBADF;
}

int64_t sys_munmap(struct task *task, const uint64_t arg[6])
{
	return do_munmap(kernel_of(task), task->mm, arg[0], arg[1]);
}

int64_t sys_mprotect(struct task *task, const uint64_t arg[6])
{
	return do_mprotect(kernel_of(task), task->mm, arg[0], arg[1], (uint32_t)arg[2]);
}

int64_t sys_mremap(struct task *task, const uint64_t arg[6])
{
	return do_mremap(kernel_of(task), task->mm, arg[0], arg[1], arg[2], (uint32_t)arg[3],
	                 arg[4]);
}

int64_t sys_brk(struct task *task, const uint64_t arg[6])
{
	return (int64_t)do_brk(kernel_of(task), task->mm, arg[0]);
}

int64_t sys_madvise(struct task *task, const uint64_t arg[6])
{
	return do_madvise(kernel_of(task), task->mm, arg[0], arg[1], (int32_t)arg[2]);
}

int64_t sys_msync(struct task *task, const uint64_t arg[6])
{
	return do_msync(kernel_of(task), task->mm, arg[0], arg[1], (int32_t)arg[2]);
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
	return do_mlock(kernel_of(task), task->mm, arg[0], arg[1], true);
}

int64_t sys_munlock(struct task *task, const uint64_t arg[6])
{
	return do_mlock(kernel_of(task), task->mm, arg[0], arg[1], false);
}

int64_t sys_mlockall(struct task *task, const uint64_t arg[6])
{
	int flags = (int32_t)arg[0]; /* MCL_CURRENT 1, MCL_FUTURE 2, MCL_ONFAULT 4 */

	if (!flags || flags & ~7 || flags == 4)
		return -EINVAL;
	return do_mlockall(kernel_of(task), task->mm, flags);
}

int64_t sys_munlockall(struct task *task, const uint64_t arg[6])
{
	return do_mlockall(kernel_of(task), task->mm, 0);
}
