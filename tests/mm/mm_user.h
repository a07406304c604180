/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_user - a user program for tests of mm/: one address space whose memory is read
 * and written as hardware would, by a walk of the page tables in RAM, through a TLB
 * that forgets nothing unless it is told to; faults go to do_page_fault(). Files and
 * a swap disk in host memory.
 *
 * Every hit of the TLB is compared with the page tables, so that a flush which the
 * kernel left out fails the test.
 */
#ifndef PW_TESTS_MM_USER_H
#define PW_TESTS_MM_USER_H

#include "mm_fixture.h"

#include "mm/mm.h"
#include "mm/pagemap.h"
#include "mm/pgtable.h"
#include "mm/swap.h"

#include <errno.h>

#define USER_TLB_ENTRIES 512

struct user_tlb_entry {
	bool valid, writable, executable, dirty;
	va_t va;
	pfn_t pfn;
};

struct user {
	struct fixture f; /* first: the machine_ops' machine */
	struct mm_struct *mm;
	struct user_tlb_entry tlb[USER_TLB_ENTRIES];
	struct fault_result last; /* of the last access that faulted */
	uint64_t nr_faults;
};

/* ---- the machine ---- */

static inline struct user_tlb_entry *user_tlb_slot(struct user *u, va_t va)
{
	return &u->tlb[va / PAGE_SIZE % USER_TLB_ENTRIES];
}

static inline void user_flush_mm_range(void *machine, struct mm_struct *mm,
                                       const struct tlb_flush *flush)
{
	struct user *u = machine;

	fixture_flush_tlb_mm_range(machine, mm, flush);
	ck_assert_uint_lt(flush->start, flush->end);
	if (mm != u->mm)
		return;
	for (int i = 0; i < USER_TLB_ENTRIES; i++)
		if (u->tlb[i].va >= flush->start && u->tlb[i].va < flush->end)
			u->tlb[i].valid = false;
}

static inline void user_flush_all(void *machine)
{
	struct user *u = machine;

	u->f.seen.flush_all++;
	memset(u->tlb, 0, sizeof(u->tlb));
}

static const struct machine_ops user_ops = {
	.flush_tlb_mm_range = user_flush_mm_range,
	.flush_tlb_all = user_flush_all,
	.flush_tlb_kernel_range = fixture_flush_tlb_kernel_range,
	.flush_tlb_one_kernel = fixture_flush_tlb_one_kernel,
	.kernel_access = fixture_kernel_access,
	.frame_changed = fixture_frame_changed,
	.disk_wait = fixture_disk_wait,
	.oom_kill = fixture_oom_kill,
	.printk = fixture_printk,
};

/* NULL config: Linux's defaults. */
static inline void user_start(struct user *u, uint64_t ram_bytes,
                              const struct kernel_config *config)
{
	memset(u, 0, sizeof(*u));
	fixture_boot(&u->f, ram_bytes, config);
	u->f.k.ops = &user_ops;
	u->mm = mm_alloc(&u->f.k);
	ck_assert_ptr_nonnull(u->mm);
}

/* The mm goes, and nothing is left of it. */
static inline void user_end(struct user *u)
{
	fixture_check(&u->f);
	mmput(&u->f.k, u->mm);
	fixture_check(&u->f);
	ck_assert_int_eq(u->f.k.vm_quantities.value[NR_PAGE_TABLE_PAGES], 0);
	ck_assert_int_eq(u->f.k.vm_quantities.value[NR_ANON_PAGES], 0);
	ck_assert_int_eq(u->f.k.vm_quantities.value[NR_MAPPED], 0);
	ck_assert_uint_eq(u->f.k.total_vm_committed, 0);
	kernel_shutdown(&u->f.k);
	fixture_finish(&u->f);
}

/* ---- accesses ---- */

/* The leaf entry by the mode's table of levels alone; NULL: a level is missing. */
static inline uint8_t *user_walk(struct user *u, va_t va)
{
	const struct paging_mode *mode = u->f.k.config.paging;
	uint64_t table = u->mm->pgd << PAGE_SHIFT;

	for (unsigned i = 0;; i++) {
		uint64_t index =
		    va >> mode->level[i].shift & ((1u << mode->level[i].index_bits) - 1);
		uint8_t *slot = (uint8_t *)ram_at(&u->f.ram, table) + index * mode->entry_bytes;
		uint64_t entry = 0;

		memcpy(&entry, slot, mode->entry_bytes);
		if (i == mode->nr_levels - 1u)
			return slot;
		if (!(entry & PTE_P))
			return NULL;
		table = entry & PTE_PFN_MASK;
	}
}

static inline uint64_t user_entry(struct user *u, va_t va)
{
	uint8_t *slot = user_walk(u, va);
	uint64_t entry = 0;

	if (slot)
		memcpy(&entry, slot, u->f.k.config.paging->entry_bytes);
	return entry;
}

static inline void user_check_hit(struct user *u, const struct user_tlb_entry *e)
{
	uint64_t entry = user_entry(u, e->va);

	ck_assert_msg(entry & PTE_P, "stale TLB entry for %#lx", (unsigned long)e->va);
	ck_assert_uint_eq((entry & PTE_PFN_MASK) >> PAGE_SHIFT, e->pfn);
	ck_assert(!e->writable || entry & PTE_RW);
	ck_assert(!e->executable || !(entry & PTE_NX));
	ck_assert(!e->dirty || entry & PTE_D);
}

static inline bool user_entry_allows(uint64_t entry, enum access_kind kind)
{
	return entry & PTE_P && entry & PTE_US && (kind != ACCESS_STORE || entry & PTE_RW) &&
	       (kind != ACCESS_FETCH || !(entry & PTE_NX));
}

/* Where the byte lies, or NULL and *error_code. */
static inline uint8_t *user_translate(struct user *u, va_t va, enum access_kind kind,
                                      uint32_t *error_code)
{
	struct user_tlb_entry *e = user_tlb_slot(u, va);
	uint8_t *slot;
	uint64_t entry;

	if (e->valid && e->va == (va & PAGE_MASK)) {
		user_check_hit(u, e);
		if ((kind != ACCESS_STORE || (e->writable && e->dirty)) &&
		    (kind != ACCESS_FETCH || e->executable))
			return (uint8_t *)ram_at(&u->f.ram, e->pfn << PAGE_SHIFT) + va % PAGE_SIZE;
	}
	slot = user_walk(u, va);
	entry = user_entry(u, va);
	if (!user_entry_allows(entry, kind)) {
		e->valid = e->valid && e->va != (va & PAGE_MASK); /* as hardware does */
		*error_code = PF_U | (entry & PTE_P ? PF_P : 0) |
		              (kind == ACCESS_STORE ? PF_W : 0) | (kind == ACCESS_FETCH ? PF_I : 0);
		return NULL;
	}
	entry |= PTE_A | (kind == ACCESS_STORE ? PTE_D : 0);
	memcpy(slot, &entry, u->f.k.config.paging->entry_bytes);
	*e = (struct user_tlb_entry){
		true,          entry & PTE_RW, !(entry & PTE_NX),
		entry & PTE_D, va & PAGE_MASK, (entry & PTE_PFN_MASK) >> PAGE_SHIFT
	};
	return (uint8_t *)ram_at(&u->f.ram, e->pfn << PAGE_SHIFT) + va % PAGE_SIZE;
}

/* Where the byte lies after as many faults as it takes; NULL: u->last is a signal. */
static inline uint8_t *user_touch(struct user *u, va_t va, enum access_kind kind)
{
	uint32_t error_code = 0;

	for (int tries = 0; tries < 8; tries++) {
		uint8_t *at = user_translate(u, va, kind, &error_code);

		if (at)
			return at;
		u->nr_faults++;
		u->last = do_page_fault(&u->f.k, u->mm, va, error_code, 0x401000);
		if (u->last.outcome > FAULT_MAJOR_DONE)
			return NULL;
		kernel_run_threads(&u->f.k);
	}
	ck_abort_msg("the fault at %#lx never ends", (unsigned long)va);
}

static inline uint64_t user_read(struct user *u, va_t va)
{
	uint8_t *at = user_touch(u, va, ACCESS_LOAD);
	uint64_t value;

	ck_assert_msg(at != NULL, "read of %#lx: outcome %d", (unsigned long)va, u->last.outcome);
	memcpy(&value, at, sizeof(value));
	return value;
}

static inline void user_write(struct user *u, va_t va, uint64_t value)
{
	uint8_t *at = user_touch(u, va, ACCESS_STORE);

	ck_assert_msg(at != NULL, "write to %#lx: outcome %d", (unsigned long)va, u->last.outcome);
	memcpy(at, &value, sizeof(value));
}

#define ck_assert_signal(u, va, kind, signal, code)                                                \
	do {                                                                                       \
		ck_assert_ptr_null(user_touch(u, va, kind));                                       \
		ck_assert_int_eq((u)->last.outcome, signal);                                       \
		ck_assert_int_eq((u)->last.si_code, code);                                         \
	} while (0)

/* One fault, of this kind and cost, answers the access. */
#define ck_assert_fault(u, va, access, expected_kind, expected_outcome)                            \
	do {                                                                                       \
		uint64_t faults_before = (u)->nr_faults;                                           \
		ck_assert_ptr_nonnull(user_touch(u, va, access));                                  \
		ck_assert_uint_eq((u)->nr_faults, faults_before + 1);                              \
		ck_assert_int_eq((u)->last.kind, expected_kind);                                   \
		ck_assert_int_eq((u)->last.outcome, expected_outcome);                             \
	} while (0)

#define ck_assert_no_fault(u, va, access)                                                          \
	do {                                                                                       \
		uint64_t faults_before = (u)->nr_faults;                                           \
		ck_assert_ptr_nonnull(user_touch(u, va, access));                                  \
		ck_assert_uint_eq((u)->nr_faults, faults_before);                                  \
	} while (0)

/* ---- mmap in fewer words ---- */

#define ANON (MAP_PRIVATE_ | MAP_ANONYMOUS_)
#define RW (PROT_READ_ | PROT_WRITE_)

static inline va_t user_mmap(struct user *u, va_t at, uint64_t nr_pages, uint32_t prot,
                             uint32_t flags, struct file *file, pgoff_t pgoff)
{
	int64_t va = do_mmap(&u->f.k, u->mm, file, at, nr_pages * PAGE_SIZE, prot,
	                     at ? flags | MAP_FIXED_ : flags, pgoff);

	ck_assert_msg(va > 0, "mmap: %ld", (long)va);
	if (at)
		ck_assert_uint_eq((va_t)va, at);
	return (va_t)va;
}

static inline va_t user_anon(struct user *u, va_t at, uint64_t nr_pages)
{
	return user_mmap(u, at, nr_pages, RW, ANON, NULL, 0);
}

/* ---- files ---- */

#define USER_FILE_PAGES 128

struct user_file {
	struct file file;
	struct address_space mapping;
	uint64_t disk[USER_FILE_PAGES]; /* the first word of each page on disk */
	uint64_t nr_reads, nr_writes;
	bool fails;
};

/* What a page holds that nobody has written. */
static inline uint64_t user_file_word(pgoff_t index)
{
	return 0x1111111111111111u * (index % 15 + 1) + index;
}

static inline int user_file_readpage(struct address_space *mapping, pgoff_t index, void *data)
{
	struct user_file *file = mapping->host;

	memset(data, 0, PAGE_SIZE);
	if (index < USER_FILE_PAGES)
		memcpy(data, &file->disk[index], sizeof(file->disk[index]));
	file->nr_reads++;
	return file->fails ? -EIO : 0;
}

static inline int user_file_writepage(struct address_space *mapping, pgoff_t index,
                                      const void *data)
{
	struct user_file *file = mapping->host;

	memcpy(&file->disk[index], data, sizeof(file->disk[index]));
	file->nr_writes++;
	return file->fails ? -EIO : 0;
}

static const struct address_space_operations user_file_aops = { user_file_readpage,
	                                                        user_file_writepage };

static inline void user_file_release(struct kernel *k, struct file *file)
{
	truncate_inode_pages(k, file->f_mapping, 0);
}

static inline const char *user_file_path(const struct file *file)
{
	return "/test";
}

static const struct file_operations user_file_fops = { user_file_release, user_file_path };

static inline void user_file_open(struct user *u, struct user_file *file, uint64_t size_bytes,
                                  uint32_t f_mode)
{
	memset(file, 0, sizeof(*file));
	address_space_init(&u->f.k, &file->mapping, &user_file_aops, file, size_bytes);
	file->mapping.gfp_mask = GFP_HIGHUSER_MOVABLE;
	file_ra_state_init(&u->f.k, &file->file.f_ra);
	file->file.f_mapping = &file->mapping;
	file->file.f_op = &user_file_fops;
	file->file.f_count = 1;
	file->file.f_mode = f_mode;
	for (pgoff_t i = 0; i < USER_FILE_PAGES; i++)
		file->disk[i] = user_file_word(i);
}

static inline void user_file_close(struct user *u, struct user_file *file)
{
	ck_assert_int_eq(file->file.f_count, 1);
	fput(&u->f.k, &file->file);
}

/* ---- swap ---- */

struct user_swap {
	struct swap_device device;
	uint8_t *data;
};

static inline int user_swap_read(struct swap_device *device, uint64_t slot, void *data)
{
	memcpy(data, ((struct user_swap *)device)->data + slot * PAGE_SIZE, PAGE_SIZE);
	return 0;
}

static inline int user_swap_write(struct swap_device *device, uint64_t slot, const void *data)
{
	memcpy(((struct user_swap *)device)->data + slot * PAGE_SIZE, data, PAGE_SIZE);
	return 0;
}

static inline void user_swap_on(struct user *u, struct user_swap *swap, uint64_t nr_pages)
{
	swap->device =
	    (struct swap_device){ "/dev/test", nr_pages, user_swap_read, user_swap_write };
	swap->data = calloc(nr_pages, PAGE_SIZE);
	ck_assert_ptr_nonnull(swap->data);
	ck_assert_int_eq(mkswap(&swap->device), 0);
	ck_assert_int_eq(swapon(&u->f.k, &swap->device, -1), 0);
}

#endif
