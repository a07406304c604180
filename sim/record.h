/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record - what a machine tells of a run to somebody who records it, in the order in
 * which it happens: the accesses of programs, and of the kernel for them; and what the
 * machine asks of its memory manager, with what else a replay has to be told.
 *
 * What the memory manager does by itself when it is asked (faults-around, reclaim, its own
 * accesses) is not told: a replay that asks the same does the same. So while the machine is
 * inside such a call nothing is recorded, unless the call comes back to the machine.
 */
#ifndef PW_SIM_RECORD_H
#define PW_SIM_RECORD_H

#include "mmu/types.h"

/*
 * X(id, name, names of the arguments). Ids of objects are numbers that no other object of
 * the run has: an mm's is its mm_context.ctx_id, a task's its pid; a mapping's and a
 * file's is its id, which it gets when it is first told of; a piece of kernel memory's is
 * its address, which others may have when it is free again.
 * A name that ends in "_r" is what the call returned; signed numbers are sign-extended,
 * as -errno is. Every event is the task's and the CPU's that run: record_event.task, cpu.
 */
#define RECORD_EVENTS(X)                                                                           \
	/* CPUs */                                                                                 \
	X(RECORD_TURN, "turn", "")               /* it is event.cpu that runs, from here on */     \
	X(RECORD_SWITCH, "switch", "mm")         /* event.cpu runs event.task from here on */      \
	X(RECORD_LOAD_MM, "load_mm", "mm")       /* its CR3; SWITCH alone does not */              \
	X(RECORD_LAZY_TLB, "lazy_tlb", "of_cpu") /* it keeps what it has loaded, idle */           \
	X(RECORD_THREADS, "threads", "")         /* the kernel's own had their chance to run */    \
	/* accesses that the tables did not allow: the kernel handled the fault; nobody did,       \
	 * after too many tries */                                                                 \
	X(RECORD_FAULT, "fault", "va kind priv ip")                                                \
	X(RECORD_GIVE_UP, "give_up", "va kind priv ip")                                            \
	/* tasks */                                                                                \
	X(RECORD_TASK, "task",                                                                     \
	  "pid tgid ppid mm stack")         /* made by event.task, if there was one */             \
	X(RECORD_ARGV, "argv", "pid index") /* text: the argument; 0: a new list */                \
	X(RECORD_LEADER, "leader",                                                                 \
	  "pid leader syscalls") /* a thread and its leader swap numbers */                        \
	X(RECORD_EXIT, "exit", "pid syscalls")                                                     \
	X(RECORD_STATUS, "status", "pid code")                                                     \
	X(RECORD_TASK_FREE, "task_free", "pid")                                                    \
	X(RECORD_SET_POLICY, "set_policy", "pid mode nodes result_r")                              \
	/* address spaces */                                                                       \
	X(RECORD_MM_ALLOC, "mm_alloc", "mm_r")                                                     \
	X(RECORD_MM_DUP, "mm_dup", "mm new_r")                                                     \
	X(RECORD_MM_GET, "mm_get", "mm")                                                           \
	X(RECORD_MM_PUT, "mm_put", "mm")                                                           \
	X(RECORD_USE_MM, "use_mm", "pid mm")                                                       \
	X(RECORD_LEAVE_MM, "leave_mm", "pid mm") /* its peak counts as the task's */               \
	X(RECORD_MM_LAYOUT, "mm_layout",                                                           \
	  "mm task_size mmap_base start_brk brk start_data end_data")                              \
	X(RECORD_MM_LIMITS, "mm_limits", "mm stack data memlock as")                               \
	X(RECORD_MM_OWNER, "mm_owner", "mm pid oom_score_adj")                                     \
	X(RECORD_INSERT_VMA, "insert_vma",                                                         \
	  "mm start end flags special result_r") /* special: enum vdso_part */                     \
	X(RECORD_VM_BRK, "vm_brk", "mm start len result_r")                                        \
	X(RECORD_MMAP, "mmap", "mm file hint len prot flags pgoff va_r")                           \
	X(RECORD_FORBID_WRITING, "forbid_writing", "mm start len") /* mprotect() must refuse */    \
	X(RECORD_MUNMAP, "munmap", "mm start len result_r")                                        \
	X(RECORD_MPROTECT, "mprotect", "mm start len prot result_r")                               \
	X(RECORD_MREMAP, "mremap", "mm old old_len new_len flags new va_r")                        \
	X(RECORD_BRK, "brk", "mm brk brk_r")                                                       \
	X(RECORD_MADVISE, "madvise", "mm start len advice result_r")                               \
	X(RECORD_MSYNC, "msync", "mm start len flags result_r")                                    \
	X(RECORD_MLOCK, "mlock", "mm start len lock result_r")                                     \
	X(RECORD_MLOCKALL, "mlockall", "mm flags result_r")                                        \
	X(RECORD_POPULATE, "populate", "mm start end result_r")                                    \
	X(RECORD_MBIND, "mbind", "mm start len mode nodes flags result_r")                         \
	X(RECORD_HOME_NODE, "home_node", "mm start len node result_r")                             \
	X(RECORD_MIGRATE_PAGES, "migrate_pages", "mm from to shared_too")                          \
	X(RECORD_MOVE_PAGE, "move_page", "mm va node shared_too result_r")                         \
	X(RECORD_ACCESS_VM, "access_vm", "mm va len write bytes_r")                                \
	X(RECORD_CLEAR_REFS, "clear_refs", "mm type")                                              \
	/* files */                                                                                \
	X(RECORD_MAPPING, "mapping", "mapping size") /* first told of; nothing is cached yet */    \
	X(RECORD_SHMEM, "shmem", "mapping mm size result_r") /* it is one of memory alone */       \
	X(RECORD_SIZE, "size", "mapping size")                                                     \
	X(RECORD_MAPPING_END, "mapping_end", "mapping")                                            \
	X(RECORD_FILE, "file", "file mapping mode") /* opened, and first told of */                \
	X(RECORD_FILE_END, "file_end", "file")                                                     \
	X(RECORD_FADVISE, "fadvise", "file advice") /* POSIX_FADV_NORMAL, _RANDOM, _SEQUENTIAL */  \
	X(RECORD_READ, "read", "file pos len")      /* the accesses of its copies follow, */       \
	X(RECORD_WRITE, "write", "file pos len")                                                   \
	X(RECORD_COPIED, "copied", "bytes_r") /* the end of each copy, */                          \
	X(RECORD_RW_END, "rw_end", "bytes_r") /* and of the whole */                               \
	X(RECORD_SYNC, "sync", "mapping start end result_r")                                       \
	X(RECORD_INVALIDATE, "invalidate", "mapping start end")                                    \
	X(RECORD_READAHEAD, "readahead", "mapping start nr")                                       \
	X(RECORD_DROP_PAGES, "drop_pages", "mapping start")                                        \
	X(RECORD_CLEAR_TAIL, "clear_tail", "mapping")                                              \
	X(RECORD_TRUNCATE, "truncate", "mapping size")                                             \
	/* kernel memory */                                                                        \
	X(RECORD_STACK_ALLOC, "stack_alloc", "object_r")                                           \
	X(RECORD_STACK_FREE, "stack_free", "object")                                               \
	X(RECORD_CACHE_CREATE, "cache_create", "size flags object_r") /* text: its name */         \
	X(RECORD_CACHE_DESTROY, "cache_destroy", "object")                                         \
	X(RECORD_CACHE_ALLOC, "cache_alloc", "cache object_r")                                     \
	X(RECORD_CACHE_FREE, "cache_free", "cache object")                                         \
	X(RECORD_KZALLOC, "kzalloc", "size object_r")                                              \
	X(RECORD_KFREE, "kfree", "object")                                                         \
	X(RECORD_PAGES_ALLOC, "pages_alloc", "order object_r")                                     \
	X(RECORD_PAGES_FREE, "pages_free", "object")                                               \
	X(RECORD_VMALLOC, "vmalloc", "size object_r")                                              \
	X(RECORD_VFREE, "vfree", "object")                                                         \
	X(RECORD_IOREMAP, "ioremap", "behind_ram size object_r")                                   \
	X(RECORD_IOUNMAP, "iounmap", "object")                                                     \
	X(RECORD_KERNEL_ACCESS, "kernel_access", "object offset len store") /* store: 0 or 1 */    \
	/* the machine's administrator */                                                          \
	X(RECORD_SYSCTL, "sysctl", "value") /* text: its name */                                   \
	X(RECORD_LOWMEM_RATIO, "lowmem_ratio", "dma dma32 normal highmem")                         \
	X(RECORD_DROP_CACHES, "drop_caches", "what")                                               \
	/* of foreign traces: caches of data and code, which are not simulated, were emptied */    \
	X(RECORD_CACHE_FLUSH, "cache_flush", "")                                                   \
	/* the end of the run: each CPU's part, the whole */                                       \
	X(RECORD_CPU_END, "cpu_end", "of_cpu instructions")                                        \
	X(RECORD_END, "end", "instructions syscalls")

enum record_kind {
#define X(id, name, args) id,
	RECORD_EVENTS(X)
#undef X
	    NR_RECORD_KINDS
};

#define RECORD_NR_ARGS 10

struct record_event {
	enum record_kind kind;
	int32_t task; /* pid of who runs; 0: nobody */
	uint32_t cpu; /* that runs */
	uint32_t nr_args;
	uint64_t args[RECORD_NR_ARGS]; /* as RECORD_EVENTS names them; signed ones sign-extended */
	const char *text;              /* NULL: none. As kinds have it: a path, an argument */
};

/* One or more accesses as they were made, by event.task on event.cpu of the last event:
 * whoever goes on to run is told of before. */
struct record_access {
	va_t va;
	uint32_t count; /* of the same page and kind, one after the other */
	uint8_t kind;   /* enum access_kind */
	uint8_t priv;   /* enum privilege */
	union {
		uint16_t size;  /* load, store: bytes of each; 0: unknown */
		uint16_t block; /* fetch: the record_block that begins; 0: none does */
	};
};

/*
 * Code that the CPU runs through from its first byte on. Where it lies in one page its
 * fetch is told once, when it begins, with all its instructions (fewer if a fault ends
 * it). Where it reaches into a second page: the first instruction, one fetch of the
 * second page, and what it did of the rest when it is over.
 */
struct record_block {
	uint16_t number; /* until another block gets it */
	bool is_32;
	va_t va;
	const uint8_t *bytes;
	uint32_t size;
};

/* Belongs to who records. */
struct recorder {
	struct record_access *next, *end; /* room for more accesses; next == end: full */
	struct record_access *open;       /* its count may yet change; NULL: none */
	uint32_t paused;                  /* calls into the memory manager that are under way */
	/* Makes room; moves `open`, which stays, and what came after it. */
	void (*drain)(struct recorder *self);
	/* A block that has not run before, or not under this number. */
	void (*learn)(struct recorder *self, const struct record_block *block);
	/* What was recorded so far came before it. */
	void (*notice)(struct recorder *self, const struct record_event *event);
};

static inline void record_access(struct recorder *recorder, va_t va, enum access_kind kind,
                                 enum privilege priv, uint32_t size, uint32_t count)
{
	if (likely(!recorder) || recorder->paused)
		return;
	if (unlikely(recorder->next == recorder->end))
		recorder->drain(recorder);
	*recorder->next++ = (struct record_access){
		.va = va, .count = count, .kind = kind, .priv = priv, .size = (uint16_t)size
	};
}

static inline void record_event(struct recorder *recorder, const struct record_event *event)
{
	if (unlikely(recorder != NULL) && !recorder->paused)
		recorder->notice(recorder, event);
}

#endif
