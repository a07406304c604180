/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_handlers - what a replay does at each event of the recorded run: it asks the
 * same of its own memory manager (sim/calls.h), for its own objects.
 *
 * Whatever an event says is looked at before mm/ sees it: what no recording can say is
 * refused, and ends the replay; what this machine has nothing for, since here something
 * failed that succeeded when it was recorded, is skipped and counted.
 */
#ifndef PW_TRACES_REPLAY_HANDLERS_H
#define PW_TRACES_REPLAY_HANDLERS_H

#include "traces/replay.h"

typedef int replay_handler_function(struct replay *replay, const struct record_event *event);

/* replay_tasks.c */
replay_handler_function replay_load_mm, replay_lazy_tlb, replay_threads, replay_task, replay_argv,
    replay_leader, replay_exit, replay_status, replay_task_free, replay_set_policy, replay_use_mm,
    replay_leave_mm, replay_cpu_end;

/* replay_mm.c */
replay_handler_function replay_mm_alloc, replay_mm_dup, replay_mm_get, replay_mm_put,
    replay_mm_layout, replay_mm_limits, replay_mm_owner, replay_insert_vma, replay_vm_brk,
    replay_mmap, replay_forbid_writing, replay_munmap, replay_mprotect, replay_mremap, replay_brk,
    replay_madvise, replay_msync, replay_mlock, replay_mlockall, replay_populate, replay_mbind,
    replay_home_node, replay_migrate_pages, replay_move_page, replay_access_vm, replay_clear_refs;

/* replay_files.c */
replay_handler_function replay_mapping, replay_shmem, replay_size, replay_mapping_end, replay_file,
    replay_file_end, replay_fadvise, replay_read_write, replay_sync, replay_invalidate,
    replay_readahead, replay_drop_pages, replay_clear_tail, replay_truncate;

/* replay_kernel.c */
replay_handler_function replay_stack_alloc, replay_stack_free, replay_cache_create,
    replay_cache_destroy, replay_cache_alloc, replay_cache_free, replay_kzalloc, replay_kfree,
    replay_pages_alloc, replay_pages_free, replay_vmalloc, replay_vfree, replay_ioremap,
    replay_iounmap, replay_kernel_access, replay_sysctl, replay_lowmem_ratio, replay_drop_caches;

/* ---- for handlers ---- */

/* The recorded call failed (a negative result) and this one did not, or the other way
 * round: counted as skipped. Returns 0. */
int replay_compare(struct replay *replay, uint64_t recorded, int64_t result);

/* An mm's users are the tasks that have it, and recorded calls that got one more. How many
 * of the latter there are; each may be given to a task, or put. */
uint32_t replay_spare_users(const struct replay *replay, const struct mm_struct *mm);

/* NULL: id is 0, or there is none. */
struct file *replay_find_file(const struct replay *replay, uint64_t id);

/* The kernel stack with this id; NULL: none. */
void *replay_find_stack(const struct replay *replay, uint64_t id);

/* Before the machine goes: what the trace left. Files after all address spaces. */
void replay_release_mms(struct replay *replay);
void replay_release_files(struct replay *replay);
void replay_release_objects(struct replay *replay);

#endif
