/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls - what the machine asks of its memory manager: each call_NAME() is mm/'s NAME(),
 * and is told to who records (sim/record.h) together with its result. All that changes
 * something goes through here, so that a recorded run can be replayed; what only looks
 * does not need to.
 *
 * While a call is under way nothing is recorded: a replay's memory manager does the same
 * by itself. The copies of call_filemap_read() and _write() come back to the machine, and
 * are recorded. A file whose last reference such a call drops is closed when it is over,
 * as by Linux's fput() when the task goes back to user mode.
 */
#ifndef PW_SIM_CALLS_H
#define PW_SIM_CALLS_H

#include "mm/mm.h"
#include "mm/pagemap.h"
#include "sim/vdso.h"

struct machine;
struct page_fault;
struct task;

/* ---- address spaces: calls_mm.c ---- */

struct mm_struct *call_mm_alloc(struct kernel *k);
struct mm_struct *call_dup_mm(struct kernel *k, struct mm_struct *mm);
void call_mmget(struct kernel *k, struct mm_struct *mm); /* one more of mm_users */
void call_mmput(struct kernel *k, struct mm_struct *mm);

/* What exec and rlimits have set of the mm: where its parts lie, its limits, for whom the
 * OOM killer takes it. Call after a change. */
void call_mm_layout(struct kernel *k, struct mm_struct *mm);
void call_mm_limits(struct kernel *k, struct mm_struct *mm);
void call_mm_owner(struct kernel *k, struct mm_struct *mm);

/* special: what provides its pages. */
int call_insert_vma(struct kernel *k, struct mm_struct *mm, va_t start, va_t end, uint64_t vm_flags,
                    enum vdso_part special);
int call_vm_brk(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len);
int64_t call_do_mmap(struct kernel *k, struct mm_struct *mm, struct file *file, va_t hint,
                     uint64_t len, uint32_t prot, uint32_t flags, pgoff_t pgoff);
/* What is mapped there can never become writable. */
void call_forbid_writing(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len);
int call_do_munmap(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len);
int call_do_mprotect(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
                     uint32_t prot);
int64_t call_do_mremap(struct kernel *k, struct mm_struct *mm, va_t old, uint64_t old_len,
                       uint64_t new_len, uint32_t flags, va_t new_address);
va_t call_do_brk(struct kernel *k, struct mm_struct *mm, va_t brk);
int call_do_madvise(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, int advice);
int call_do_msync(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, int flags);
int call_do_mlock(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, bool lock);
int call_do_mlockall(struct kernel *k, struct mm_struct *mm, int flags);
int call_mm_populate(struct kernel *k, struct mm_struct *mm, va_t start, va_t end);

/* mode with its flags, as mbind(2) has it. */
int call_do_mbind(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, uint32_t mode,
                  nodemask_t nodes, uint32_t flags);
int call_do_set_home_node(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
                          uint32_t home_node);
int call_set_mempolicy(struct task *task, uint32_t mode, nodemask_t nodes);
uint64_t call_do_migrate_pages(struct kernel *k, struct mm_struct *mm, nodemask_t from,
                               nodemask_t to, bool shared_too);
int call_do_move_page(struct kernel *k, struct mm_struct *mm, va_t va, uint32_t nid,
                      bool shared_too);

uint64_t call_access_process_vm(struct kernel *k, struct mm_struct *mm, va_t va, void *data,
                                uint64_t len, bool write);
/* type: of enum clear_refs_type, or the resident set's peak is forgotten. */
#define CLEAR_REFS_PEAK 5 /* as /proc/PID/clear_refs has it */
void call_clear_refs(struct kernel *k, struct mm_struct *mm, int type);

/* A page fault at an access that has been made; of the user: with what kernel threads do
 * afterwards. */
struct fault_result call_do_page_fault(struct kernel *k, struct mm_struct *mm,
                                       const struct page_fault *fault, enum access_kind kind,
                                       enum privilege priv, uint64_t ip);
void call_kernel_run_threads(struct kernel *k);

/* ---- files: calls_file.c ---- */

/* mapping->i_size, which is known from elsewhere. */
void call_set_size(struct kernel *k, struct address_space *mapping, uint64_t size);
int call_shmem_mapping_init(struct kernel *k, const struct mm_struct *mm,
                            struct address_space *mapping, void *host, uint64_t size);
/* Nothing of it is left, and its memory may go. */
void call_mapping_end(struct kernel *k, struct address_space *mapping);
/* The open file goes. */
void call_file_end(struct kernel *k, const struct file *file);

int64_t call_filemap_read(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                          filemap_actor actor, void *context);
int64_t call_filemap_write(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                           filemap_actor actor, void *context);
int call_filemap_write_and_wait_range(struct kernel *k, struct address_space *mapping,
                                      pgoff_t start, pgoff_t end);
void call_invalidate_mapping_pages(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                   pgoff_t end);
void call_force_page_cache_readahead(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                     uint64_t nr);
void call_truncate_inode_pages(struct kernel *k, struct address_space *mapping, pgoff_t start);
void call_truncate_setsize(struct kernel *k, struct address_space *mapping, uint64_t size);
/* Zeroes behind the end in the page that holds it, if it is cached. */
void call_clear_tail(struct kernel *k, struct address_space *mapping);
/* advice: POSIX_FADV_NORMAL, _RANDOM, _SEQUENTIAL; others do nothing. */
void call_fadvise(struct kernel *k, struct file *file, int advice);

/* ---- kernel memory: calls_kernel.c ---- */

void *call_alloc_thread_stack(struct kernel *k);
void call_free_thread_stack(struct kernel *k, void *stack);
struct kmem_cache *call_kmem_cache_create(struct kernel *k, const char *name, size_t size,
                                          uint32_t flags);
void call_kmem_cache_destroy(struct kernel *k, struct kmem_cache *cache);
void *call_kmem_cache_alloc(struct kernel *k, struct kmem_cache *cache);
void call_kmem_cache_free(struct kernel *k, struct kmem_cache *cache, void *object);
void *call_kzalloc(struct kernel *k, size_t size);
void call_kfree(struct kernel *k, void *object);
void *call_get_free_pages(struct kernel *k, unsigned order);
void call_free_pages(struct kernel *k, void *pages, unsigned order);
bool call_vmalloc(struct kernel *k, uint64_t size, const char *caller, va_t *va);
void call_vfree(struct kernel *k, va_t va);
/* behind_ram: from the end of RAM on. */
bool call_ioremap(struct kernel *k, uint64_t behind_ram, uint64_t size, const char *caller,
                  va_t *va);
void call_iounmap(struct kernel *k, va_t va);

/* Of the piece of memory at va, the bytes from offset on. */
int call_kernel_read(struct kernel *k, va_t va, uint64_t offset, void *dst, uint64_t len);
int call_kernel_write(struct kernel *k, va_t va, uint64_t offset, const void *src, uint64_t len);
int call_kernel_memset(struct kernel *k, va_t va, uint8_t byte, uint64_t len);

/* ---- settings: calls_kernel.c ---- */

/* set_sysctl() of sim/proc_files.h. */
int call_set_sysctl(struct kernel *k, const char *name, int64_t value);
/* config.lowmem_reserve_ratio. */
void call_set_lowmem_ratio(struct kernel *k, const uint32_t ratio[MAX_NR_ZONES - 1]);
/* As is written to drop_caches. */
void call_drop_caches(struct kernel *k, int what);

/* ---- for calls_*.c alone ---- */

struct machine *call_begin(struct kernel *k);
/* The file's name for the recorder, who hears of it now if it has not before. */
uint64_t call_file_id(struct kernel *k, struct file *file);
/* What is told comes between the two. */
void call_unpause(struct machine *machine);
void call_end(struct machine *machine);

#define CALL_END(machine, kind, ...)                                                               \
	do {                                                                                       \
		call_unpause(machine);                                                             \
		TELL(machine, kind, ##__VA_ARGS__);                                                \
		call_end(machine);                                                                 \
	} while (0)

#endif
