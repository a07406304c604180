/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_shell - the language of `pagewalk mm`: a line names a command and its
 * arguments, and may name what the command gives (docs/mm-shell.md).
 *
 *   p = alloc_pages GFP_KERNEL 3     # NAME = COMMAND ARGUMENT ...
 *   assert p.zone == DMA32
 *   free p
 *
 *   handle     a named result: pages, an object, a cache, a number ...
 *   figure     what an expression can ask of the kernel: free(DMA32)
 *   field      what it can ask of a handle: p.zone
 *
 * Commands, kinds of handles and figures are tables: a new allocator is a file with
 * a table of commands, a row in mm_command_groups[] and kinds of its own.
 */
#ifndef PW_TOOLS_MM_SHELL_H
#define PW_TOOLS_MM_SHELL_H

#include "mmu/mmu.h"
#include "sim/machine.h"
#include "tools/commands.h"

#include <stdio.h>

#define MM_NAME_MAX 48
#define MM_ARGS_MAX 40

/* What a line comes to: 0, EXIT_FAILED or EXIT_MISTAKE. */
enum { EXIT_FAILED = 1 /* an assert, or an invariant, does not hold */ };

/* What was done in the MMUs of all CPUs, in counters alone. */
struct mm_cost {
	struct mmu_counts mmu[NR_PRIVS];
	struct mmu_flush_counts flushes;
	uint64_t shootdowns; /* flushes asked of other CPUs */
	uint64_t disk_ns;    /* waited for disks */
};

struct mm_shell {
	struct machine *machine;             /* without tasks; NULL: none booted */
	const struct machine_choice *choice; /* of the command line */
	struct list_head handles;            /* struct handle, oldest first */
	const char *file;                    /* of the line that runs, for messages */
	unsigned line;
	int32_t next_pid;    /* of the processes that it makes */
	struct mm_cost cost; /* of the last line that `cost` ran */
	bool check;          /* every invariant after every line */
	bool kswapd_held;    /* kernel threads run only when asked to */
	bool ended;          /* by `quit` */
	FILE *out;
};

struct kernel *shell_kernel(const struct mm_shell *sh);

/* Runs one line. 0; EXIT_FAILED or EXIT_MISTAKE, told on standard error. */
int shell_run_line(struct mm_shell *sh, const char *line);
/* Boots the machine with these keys changed, in place of the one there is. */
int shell_boot(struct mm_shell *sh, const char *name, const struct config_override *overrides,
               size_t nr_overrides);
/* Gives back what the handles hold, and the machine. */
void shell_finish(struct mm_shell *sh);

/* "pagewalk: FILE:LINE: ..." on standard error. The first returns EXIT_MISTAKE, the
 * second EXIT_FAILED. */
int shell_mistake(const struct mm_shell *sh, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int shell_failure(const struct mm_shell *sh, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A line of output. */
void shell_say(const struct mm_shell *sh, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- commands ---- */

struct mm_call {
	const char *result; /* NAME of `NAME = COMMAND ...`; NULL: none */
	int argc;           /* without the command's name */
	char **argv;
	const char *rest; /* of the line behind the command's name, as it stands */
};

struct mm_command {
	const char *name;
	const char *args; /* for help: "GFP ORDER" */
	uint8_t min_args, max_args;
	enum { NAMES_NOTHING, MAY_NAME, MUST_NAME } result;
	int (*run)(struct mm_shell *sh, const struct mm_call *call);
	const char *doc;
};

struct mm_command_group {
	const char *title;
	const struct mm_command *commands; /* name NULL behind the last */
};

/* NULL: no such command. */
const struct mm_command *mm_find_command(const char *name);

extern const struct mm_command_group mm_command_groups[]; /* title NULL behind the last */
extern const struct mm_command mm_shell_commands[];       /* mm_shell.c */
extern const struct mm_command mm_expr_commands[];        /* mm_expr.c */
extern const struct mm_command mm_page_commands[];        /* mm_pages.c */
extern const struct mm_command mm_slab_commands[];        /* mm_slab.c */
extern const struct mm_command mm_pool_commands[];        /* mm_pool.c */
extern const struct mm_command mm_percpu_commands[];      /* mm_percpu.c */
extern const struct mm_command mm_vmalloc_commands[];     /* mm_vmalloc.c */
extern const struct mm_command mm_highmem_commands[];     /* mm_highmem.c */
extern const struct mm_command mm_access_commands[];      /* mm_access.c */
extern const struct mm_command mm_cost_commands[];        /* mm_cost.c */
extern const struct mm_command mm_reclaim_commands[];     /* mm_reclaim.c */
extern const struct mm_command mm_process_commands[];     /* mm_process.c */
extern const struct mm_command mm_walk_commands[];        /* mm_walk.c */
extern const struct mm_command mm_churn_commands[];       /* mm_churn.c */
extern const struct mm_command mm_swap_commands[];        /* mm_swap.c */
extern const struct mm_command mm_show_commands[];        /* mm_show.c */
extern const struct mm_command mm_draw_commands[];        /* mm_draw.c */
extern const struct mm_command mm_why_commands[];         /* mm_why.c */

/* ---- values ---- */

struct value {
	enum value_kind { VALUE_NUMBER, VALUE_WORD, VALUE_ADDRESS } kind;
	int64_t number;
	char word[MM_NAME_MAX];
	va_t va; /* VALUE_ADDRESS: the kernel's; 0 is NULL */
};

void value_set_number(struct value *value, int64_t number);
void value_set_word(struct value *value, const char *word);
void value_set_address(struct value *value, va_t va);

/* Arguments of commands and figures. 0, or EXIT_MISTAKE with the mistake told. */
/* Digits, or the name of a number. */
int shell_read_number(const struct mm_shell *sh, const char *text, uint64_t max, uint64_t *out);
int shell_read_size(const struct mm_shell *sh, const char *text, uint64_t *out); /* 16M */
int shell_read_gfp(const struct mm_shell *sh, const char *text, gfp_t *out);
/* A frame by its number, or the first one of a handle. */
int shell_read_page(const struct mm_shell *sh, const char *text, const struct page **out);
/* NULL: the mistake has been told. A cache by a handle's name, or its own. */
struct pglist_data *shell_read_node(const struct mm_shell *sh, const char *text);
struct zone *shell_read_zone(const struct mm_shell *sh, const char *text);
struct kmem_cache *shell_read_cache(const struct mm_shell *sh, const char *text);

/* ---- figures ---- */

#define MM_FIGURE_ARGS_MAX 3

typedef int mm_ask_fn(const struct mm_shell *sh, const char *const *args, struct value *value);

struct mm_figure {
	const char *name;
	const char *args;
	int nr_args;
	mm_ask_fn *ask;
	const char *doc;
};

/* "Normal"; on a machine with several nodes, "Normal@2". */
void mm_zone_name(const struct mm_shell *sh, const struct zone *zone, char name[MM_NAME_MAX]);
/* By enum numa_stat_item: "hit", "miss" ... */
extern const char *const mm_numa_stat_names[NR_NUMA_STATS]; /* mm_show.c */

/* The i-th name that `show` knows, or NULL behind the last. */
const char *mm_show_name(size_t i); /* mm_show.c */
/* A line of `show page`: 0 or EXIT_MISTAKE. */
int mm_show_page(const struct mm_shell *sh, const char *text); /* mm_frame.c */

/* Figures whose owner is another file than mm_figures.c. */
mm_ask_fn mm_ask_cost;                                              /* mm_cost.c */
mm_ask_fn mm_ask_entry;                                             /* mm_walk.c */
mm_ask_fn mm_ask_flag, mm_ask_count, mm_ask_mapcount, mm_ask_order; /* mm_frame.c */

extern const struct mm_figure mm_figures[]; /* mm_figures.c; name NULL behind the last */

/* ---- handles ---- */

struct handle;

struct handle_field {
	const char *name;
	void (*ask)(const struct mm_shell *sh, const struct handle *handle, struct value *value);
	const char *doc;
};

struct handle_kind {
	const char *name; /* "pages" */
	/* What handle.object is: something else, a struct page, a pointer as mm/ has
	 * them to the direct map, or a kernel virtual address itself. */
	enum { NO_FRAME, STRUCT_PAGE, KERNEL_ADDRESS, KERNEL_VA } object;
	bool maps; /* frames that another handle holds, which must not go meanwhile */
	/* Gives it back to the kernel: 0, or a negative error and it stays. NULL: there is
	 * nothing to give back. */
	int (*release)(struct mm_shell *sh, struct handle *handle);
	const struct handle_field *fields; /* beside those of its frame; may be NULL */
};

/* `object` is NULL for an allocation that failed. */
struct handle {
	char name[MM_NAME_MAX];
	const struct handle_kind *kind;
	void *object;  /* struct page *, an address, struct kmem_cache * ... */
	uint64_t size; /* bytes asked for; or a number itself */
	uint32_t cpu;  /* that it was made on */
	void *owner;   /* what it goes back to, if the kind needs to know */
	struct list_head handles;
};

extern const struct handle_kind handle_number, handle_pages, handle_cache, handle_process;
extern const struct handle_field frame_fields[], address_fields[]; /* of what has them */

/* Where the mapping of a process begins. */
va_t process_va(const struct handle *handle);

/* NULL: no such name; the second tells so. */
struct handle *handle_find(const struct mm_shell *sh, const char *name);
struct handle *handle_of_kind(const struct mm_shell *sh, const char *name,
                              const struct handle_kind *kind);
/* Names a result, in place of what had the name (handle_check_name() has been asked).
 * 0; or EXIT_MISTAKE: no memory. */
int handle_make(struct mm_shell *sh, const char *name, const struct handle_kind *kind, void *object,
                uint64_t size);
/* Is the name free to be given? 0 or EXIT_MISTAKE. */
int handle_check_name(const struct mm_shell *sh, const char *name);
/* Releases it, and forgets the name. 0, or the kind's error and it stays. */
int handle_release(struct mm_shell *sh, struct handle *handle);
/* Frees what has the names or patterns of the call's arguments. kind NULL: of any
 * kind, else another kind is a mistake. 0 or EXIT_MISTAKE. */
int shell_free_kind(struct mm_shell *sh, const struct mm_call *call,
                    const struct handle_kind *kind);
/* For what may refuse to go: releases the call's first argument, says an error, and
 * gives it to the call's name if there is one. 0 or EXIT_MISTAKE: no such handle. */
int shell_try_release(struct mm_shell *sh, const struct mm_call *call,
                      const struct handle_kind *kind);
void handle_release_all(struct mm_shell *sh); /* newest first */
/* A handle's field; false: no such field. */
bool handle_ask(const struct mm_shell *sh, const struct handle *handle, const char *field,
                struct value *value);
/* Its first frame; NULL: it has none. */
struct page *handle_page(const struct mm_shell *sh, const struct handle *handle);
/* Where the kernel has it: a frame, a range of addresses, or an object of its own.
 * False: nowhere. */
bool handle_va(const struct mm_shell *sh, const struct handle *handle, va_t *va);
/* Is the len bytes' memory all zero? By the page tables, without an access. */
bool handle_is_zero(const struct mm_shell *sh, const struct handle *handle, uint64_t len);

#endif
