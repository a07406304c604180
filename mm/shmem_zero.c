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
	uint64_t committed; /* pages, given back with the file */
};

static void shmem_release(struct kernel *k, struct file *file)
{
	struct shmem_file *shmem = container_of(file, struct shmem_file, file);

	truncate_inode_pages(k, &shmem->mapping, 0);
	vm_unacct_memory(k, shmem->committed);
	kfree(k, shmem);
}

static const char *shmem_path(const struct file *file)
{
	return "/dev/zero (deleted)";
}

static const struct file_operations shmem_file_operations = { shmem_release, shmem_path };
/* No functions: a page that was never written is zeroes, and swap keeps the rest. */
static const struct address_space_operations shmem_aops = { NULL, NULL };

struct file *shmem_zero_file(struct kernel *k, const struct mm_struct *mm, uint64_t len,
                             uint64_t vm_flags)
{
	uint64_t committed = vm_flags & VM_NORESERVE ? 0 : len >> PAGE_SHIFT;
	struct shmem_file *shmem;

	if (vm_enough_memory(k, mm, committed))
		return NULL;
	shmem = kzalloc(k, sizeof(*shmem), GFP_KERNEL);
	if (!shmem) {
		vm_unacct_memory(k, committed);
		return NULL;
	}
	address_space_init(k, &shmem->mapping, &shmem_aops, shmem, len);
	shmem->mapping.shmem = true;
	shmem->committed = committed;
	shmem->file = (struct file){ .f_mapping = &shmem->mapping,
		                     .f_op = &shmem_file_operations,
		                     .f_count = 1,
		                     .f_mode = FMODE_READ | FMODE_WRITE };
	file_ra_state_init(k, &shmem->file.f_ra);
	return &shmem->file;
}
