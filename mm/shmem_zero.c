/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shmem_zero - shared anonymous memory: a file that nobody can open, in the kernel's
 * own memory (Linux 4.4, mm/shmem.c, shmem_zero_setup()).
 */
#include "mm/vma.h"

#include "mm/pagemap.h"

struct shmem_file {
	struct file file;
	struct address_space mapping;
};

static void shmem_release(struct kernel *k, struct file *file)
{
	struct shmem_file *shmem = container_of(file, struct shmem_file, file);

	shmem_mapping_finish(k, &shmem->mapping);
	kfree(k, shmem);
}

static const char *shmem_path(const struct file *file)
{
	return "/dev/zero (deleted)";
}

static const struct file_operations shmem_file_operations = { shmem_release, shmem_path };

struct file *shmem_zero_file(struct kernel *k, const struct mm_struct *mm, uint64_t len,
                             uint64_t vm_flags)
{
	struct shmem_file *shmem = kzalloc(k, sizeof(*shmem), GFP_KERNEL);

	if (!shmem)
		return NULL;
	if (shmem_mapping_init(k, vm_flags & VM_NORESERVE ? NULL : mm, &shmem->mapping, shmem,
	                       len)) {
		kfree(k, shmem);
		return NULL;
	}
	shmem->file = (struct file){ .f_mapping = &shmem->mapping,
		                     .f_op = &shmem_file_operations,
		                     .f_count = 1,
		                     .f_mode = FMODE_READ | FMODE_WRITE };
	file_ra_state_init(k, &shmem->file.f_ra);
	return &shmem->file;
}
