/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memfd_create(2), and seals (Linux 6.18, mm/memfd.c).
 */
#include "sim/sys_memfd.h"

#include "mm/mm.h"
#include "sim/machine.h"
#include "sim/sys_file.h"
#include "sim/tree.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <stdio.h>

#define MFD_CLOEXEC_ 1u
#define MFD_ALLOW_SEALING_ 2u
#define MFD_HUGETLB_ 4u
#define MFD_NOEXEC_SEAL_ 8u
#define MFD_EXEC_ 16u
#define MFD_ALL 31u

#define F_SEAL_EXEC_ 0x20u
#define F_ALL_SEALS                                                                                \
	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE |          \
	 F_SEAL_EXEC_)

#define MEMFD_NAME_MAX 249 /* NAME_MAX less "memfd:" */

static int check_flags(uint32_t flags)
{
	if (flags & ~MFD_ALL || (flags & MFD_NOEXEC_SEAL_ && flags & MFD_EXEC_))
		return -EINVAL;
	return flags & MFD_HUGETLB_ ? -ENOSYS : 0; /* no hugetlbfs, as if built without */
}

static uint32_t first_seals(uint32_t flags)
{
	if (flags & MFD_NOEXEC_SEAL_)
		return F_SEAL_EXEC_;
	return flags & MFD_ALLOW_SEALING_ ? 0 : F_SEAL_SEAL;
}

static int open_memfd(struct tree_inode *ti, const char *name, struct open_file **out)
{
	char *path;

	if (asprintf(&path, "/memfd:%s (deleted)", name) < 0)
		return -ENOMEM;
	return open_file_create(&ti->inode, O_RDWR | ABI_O_LARGEFILE, path, out);
}

int64_t sys_memfd_create(struct task *task, const uint64_t arg[6])
{
	uint32_t flags = (uint32_t)arg[1];
	char name[MEMFD_NAME_MAX + 1];
	struct tree_inode *ti;
	struct open_file *file;
	int64_t error = check_flags(flags);

	if (error)
		return error;
	error = strncpy_from_user(task, name, arg[0], sizeof(name));
	if (error < 0)
		return error == -ENAMETOOLONG ? -EINVAL : error;
	error = tree_make_shmem_file(task->machine->vfs, NULL,
	                             flags & MFD_NOEXEC_SEAL_ ? 0666 : 0777, 0, &ti);
	if (error)
		return error;
	ti->seals = first_seals(flags);
	error = open_memfd(ti, name, &file);
	inode_put(&ti->inode);
	return error ? error : install_file(task, file, flags & MFD_CLOEXEC_);
}

/* ---- seals ---- */

static struct tree_inode *sealable(struct open_file *file)
{
	struct tree_inode *ti = tree_inode(file->inode);

	return is_tree_inode(file->inode) && ti->is_tmpfs && file->inode->kind == S_IFREG ? ti
	                                                                                  : NULL;
}

int64_t memfd_get_seals(struct open_file *file)
{
	const struct tree_inode *ti = sealable(file);

	return ti ? (int64_t)ti->seals : -EINVAL;
}

/* A shared mapping may be written, now or after mprotect(2). */
static bool has_writable_mapping(const struct address_space *mapping)
{
	const struct vm_area_struct *vma;

	list_for_each_entry (vma, &mapping->i_mmap, shared)
		if (vma->vm_flags & VM_SHARED && vma->vm_flags & VM_MAYWRITE)
			return true;
	return false;
}

int64_t memfd_add_seals(struct open_file *file, uint32_t seals)
{
	struct tree_inode *ti = sealable(file);

	if (!file_can_write(file))
		return -EPERM;
	if (seals & ~(uint32_t)F_ALL_SEALS || !ti)
		return -EINVAL;
	if (ti->seals & F_SEAL_SEAL)
		return -EPERM;
	if (seals & ~ti->seals & F_SEAL_WRITE && has_writable_mapping(&file->inode->i_data))
		return -EBUSY;
	/* Who may execute it cannot be made to see other instructions. */
	if (seals & F_SEAL_EXEC_ && ti->attr.mode & 0111)
		seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	ti->seals |= seals;
	return 0;
}

int memfd_check_mapping(struct open_file *file, uint32_t prot, uint32_t flags, bool *read_only)
{
	const struct tree_inode *ti = sealable(file);

	if (!ti || !(ti->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) || !(flags & MAP_SHARED_))
		return 0;
	*read_only = true;
	return prot & PROT_WRITE_ ? -EPERM : 0;
}
