// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running a program. The stack that it finds, from high addresses down:
 *
 *	0x7ffffffff000   8 zero bytes
 *	                 the program's path as given (AT_EXECFN)
 *	                 environment strings, argument strings
 *	                 (down to 16n) "x86_64" (AT_PLATFORM), 16 random bytes
 *	                 auxv, envp[], NULL, argv[], NULL
 *	sp, 16n          argc
 *
 * A 32-bit program's words have 4 bytes, its platform is "i686", and its stack ends at
 * 0xc0000000, or at 0xffffe000 under a 64-bit kernel.
 */
#include "sim/exec.h"

#include "sim/calls.h"
#include "sim/elf_image.h"
#include "sim/files.h"
#include "sim/machine.h"
#include "sim/usercopy.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Linux 6.18, arch/x86/mm/mmap.c and include/linux/mm.h: the mmap area ends so far
 * below the stack's top, and a stack keeps so far away from what lies below. */
#define STACK_GAP_MIN (128 * MIB)
#define STACK_GUARD_GAP (256 * PAGE_SIZE)
/* fs/exec.c: room below the strings that the stack has from the start. */
#define STACK_EXPAND (128 * KIB)
#define STACK_LIMIT_DEFAULT (8 * MIB) /* _STK_LIM */
#define ARG_BYTES_MIN (128 * KIB)     /* ARG_MAX */
#define ARG_STRING_MAX (128 * KIB)    /* MAX_ARG_STRLEN */

/* What programs of a kind find. */
struct exec_abi {
	va_t task_size;
	/* Where a position-independent program with an interpreter goes, and the heap of
	 * one without (arch/x86/include/asm/elf.h: ELF_ET_DYN_BASE and its compat form). */
	va_t dynamic_base;
	uint32_t word_bytes;   /* of the program */
	uint32_t kernel_bytes; /* a word of the kernel's */
	uint32_t min_frame_bytes;
	const char *platform;
};

static const struct exec_abi abi_64 = {
	.task_size = ELF_TASK_SIZE_64,
	.dynamic_base = ELF_TASK_SIZE_64 / 3 * 2,
	.word_bytes = 8,
	.kernel_bytes = 8,
	.min_frame_bytes = SIGNAL_MIN_FRAME_BYTES,
	.platform = "x86_64",
};

static const struct exec_abi abi_i386 = {
	.task_size = ELF_TASK_SIZE_KERNEL_32,
	.dynamic_base = 0x400000,
	.word_bytes = 4,
	.kernel_bytes = 4,
	.min_frame_bytes = SIGNAL32_MIN_FRAME_BYTES,
	.platform = "i686",
};

static const struct exec_abi abi_compat = {
	.task_size = ELF_TASK_SIZE_32,
	.dynamic_base = 0x56555000, /* a third of the addresses, and 16 MB */
	.word_bytes = 4,
	.kernel_bytes = 8,
	.min_frame_bytes = SIGNAL32_MIN_FRAME_BYTES,
	.platform = "i686",
};

/* CPUID leaf 1 edx of Unicorn's default CPU. It lacks FSGSBASE, the one bit that
 * Linux sets in AT_HWCAP2. */
#define CPU_HWCAP 0x078bfbfd
#define CPU_HWCAP2 0

/* Rows that C libraries before 2.36 do not name. */
#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27
#define AT_RSEQ_ALIGN 28
#endif
#define RSEQ_FEATURE_BYTES 28
#define RSEQ_ALIGN_BYTES 32

#define NR_AUXV_MAX 64

/* What execve works on (Linux: struct linux_binprm). */
struct exec {
	struct task *task;
	struct machine *machine;
	struct kernel *k;
	const char *path;    /* as the caller says it */
	const char *program; /* the same, or the interpreter of a script */
	struct open_file *file, *interp_file;
	struct elf_image image, interp;
	const struct exec_abi *abi;

	struct mm_struct *mm; /* the new one */
	va_t p;               /* lowest byte of the stack that is in use */
	va_t populated;       /* pages of the stack from here on are there */
	va_t path_va;
	uint32_t argc, envc;
	va_t bias, interp_bias;

	char *why;
	size_t why_size;
};

static int __attribute__((format(printf, 3, 4)))
fail(struct exec *x, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(x->why, x->why_size, format, ap);
	va_end(ap);
	return err;
}

/* ---- the file ---- */

static int64_t read_file(void *context, void *dst, uint64_t len, uint64_t offset)
{
	return vfs_pread(context, dst, len, offset);
}

static int open_program(struct exec *x, const char *path, struct open_file **file,
                        struct elf_image *image)
{
	struct elf_source source = { .name = path, .read = read_file };
	int err = vfs_open(x->machine->vfs, x->task->fs->cwd, path, O_RDONLY, 0, file);

	if (err)
		return fail(x, err, "%s: %s", path, strerror(-err));
	if (!S_ISREG(vfs_mode(*file)) || !(vfs_mode(*file) & 0111))
		return fail(x, -EACCES, "%s: %s", path, strerror(EACCES));
	source.size_bytes = vfs_size(*file);
	source.context = *file;
	err = elf_image_read(&source, image, x->why, x->why_size);
	if (!err && image->is_64 && machine_is_32(x->machine))
		err = fail(x, -ENOTSUP,
		           "%s: an x86-64 program, which machine %s cannot run: its paging is %s",
		           path, x->task->machine->config.name,
		           x->task->machine->config.paging->name);
	return err;
}

static int open_programs(struct exec *x)
{
	int err = open_program(x, x->program, &x->file, &x->image);

	if (!err && x->image.interp[0])
		err = open_program(x, x->image.interp, &x->interp_file, &x->interp);
	if (!err && x->interp_file && x->interp.is_64 != x->image.is_64)
		err = fail(x, -ENOEXEC, "%s: its interpreter %s is a %s-bit program", x->path,
		           x->image.interp, x->interp.is_64 ? "64" : "32");
	x->abi = x->image.is_64 ? &abi_64 : machine_is_32(x->machine) ? &abi_i386 : &abi_compat;
	return err;
}

/* ---- the new address space ---- */

/* mmap goes down from here (Linux: mmap_base()). 8 MB of stack: 0x7ffff7fff000. */
static va_t mmap_base(va_t task_size, uint64_t stack_limit)
{
	const uint64_t gap_max = task_size / 6 * 5;
	uint64_t gap = stack_limit;

	if (gap + STACK_GUARD_GAP > gap)
		gap += STACK_GUARD_GAP;
	if (gap < STACK_GAP_MIN)
		gap = STACK_GAP_MIN;
	if (gap > gap_max)
		gap = gap_max;
	return (task_size - gap + PAGE_SIZE - 1) & PAGE_MASK;
}

static struct mm_struct *new_mm(struct exec *x)
{
	struct mm_struct *mm = call_mm_alloc(x->k);

	if (!mm)
		return NULL;
	mm->task_size = x->abi->task_size;
	mm->owner_pid = x->task->pid;
	mm->oom_score_adj = x->task->mm ? x->task->mm->oom_score_adj : 0;
	call_mm_owner(x->k, mm);
	return mm;
}

/* What the strings may take (Linux: bprm_stack_limits()). */
static uint64_t arg_bytes_max(const struct exec *x)
{
	uint64_t limit = STACK_LIMIT_DEFAULT / 4 * 3;

	if (limit > x->mm->stack_limit / 4)
		limit = x->mm->stack_limit / 4;
	return limit < ARG_BYTES_MIN ? ARG_BYTES_MIN : limit;
}

/* Adds up the strings of a list. False: one is too long. */
static bool add_lengths(char *const strings[], uint32_t *nr, uint64_t *bytes)
{
	for (*nr = 0; strings[*nr]; ++*nr) {
		size_t len = strlen(strings[*nr]) + 1;

		if (len > ARG_STRING_MAX)
			return false;
		*bytes += len;
	}
	return true;
}

/* The stack's VMA at once as large as Linux leaves it after growing it string by
 * string and then by STACK_EXPAND (setup_arg_pages()). */
static int map_stack(struct exec *x, uint64_t string_bytes)
{
	const va_t top = x->mm->task_size;
	const uint64_t limit = x->mm->stack_limit & PAGE_MASK;
	uint64_t flags =
	    VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_GROWSDOWN | VM_ACCOUNT;
	va_t start = (top - x->abi->kernel_bytes - string_bytes) & PAGE_MASK;

	if (x->image.exec_stack)
		flags |= VM_EXEC;
	if (top - start + STACK_EXPAND > limit)
		start = limit < top - start ? start : top - limit;
	else
		start -= STACK_EXPAND;
	x->p = top - x->abi->kernel_bytes;
	x->populated = top;
	return call_insert_vma(x->k, x->mm, start, top, flags, VDSO_NOTHING);
}

/* A string and its NUL below what is there. Pages are had without an exception,
 * but counted as faults (Linux: get_arg_page(), get_user_pages()). Simplified:
 * they are written through the user's address, not the kernel's own. */
static int push_string(struct exec *x, const char *string)
{
	size_t len = strlen(string) + 1;

	x->p -= len;
	while (x->populated > x->p) {
		x->populated -= PAGE_SIZE;
		if (call_mm_populate(x->k, x->mm, x->populated, x->populated + PAGE_SIZE))
			return -ENOMEM;
	}
	return copy_to_user(x->task, x->p, string, len) ? -ENOMEM : 0;
}

static int push_strings(struct exec *x, char *const strings[], uint32_t nr)
{
	int err = 0;

	while (!err && nr--)
		err = push_string(x, strings[nr]);
	return err;
}

static int copy_strings(struct exec *x, char *const argv[], char *const envp[])
{
	uint64_t bytes = strlen(x->path) + 1;
	int err;

	if (!add_lengths(argv, &x->argc, &bytes) || !add_lengths(envp, &x->envc, &bytes) ||
	    bytes + (uint64_t)(x->argc + x->envc) * x->abi->kernel_bytes > arg_bytes_max(x))
		return fail(x, -E2BIG, "%s: %s", x->path, strerror(E2BIG));
	err = map_stack(x, bytes);
	if (!err)
		err = push_string(x, x->path);
	x->path_va = x->p;
	if (!err)
		err = push_strings(x, envp, x->envc);
	x->mm->env_end = x->path_va;
	x->mm->env_start = x->p;
	if (!err)
		err = push_strings(x, argv, x->argc);
	x->mm->arg_end = x->mm->env_start;
	x->mm->arg_start = x->p;
	return err ? fail(x, -ENOMEM, "%s: no memory for its arguments", x->path) : 0;
}

/* ---- segments ---- */

static va_t page_start(va_t va)
{
	return va & PAGE_MASK;
}

static va_t page_align(va_t va)
{
	return (va + PAGE_SIZE - 1) & PAGE_MASK;
}

static uint64_t page_offset(va_t va)
{
	return va & ~PAGE_MASK;
}

static uint32_t segment_prot(const struct elf_segment *s)
{
	return (s->read ? PROT_READ_ : 0) | (s->write ? PROT_WRITE_ : 0) |
	       (s->exec ? PROT_EXEC_ : 0);
}

/* The file's part at `va`, or anywhere if that is 0. total_size: as much space is
 * wanted for what follows; 0: no need. The address or -errno (Linux: elf_map()). */
static int64_t map_file_part(struct exec *x, struct open_file *file, const struct elf_segment *s,
                             va_t va, uint32_t flags, uint64_t total_size)
{
	uint64_t size = page_align(s->file_size + page_offset(s->va));
	uint64_t wanted = total_size > size ? page_align(total_size) : size;
	pgoff_t pgoff = (s->file_offset - page_offset(s->va)) >> PAGE_SHIFT;
	int64_t at = call_do_mmap(x->k, x->mm, &file->file, page_start(va), wanted, segment_prot(s),
	                          flags, pgoff);

	if (at >= 0 && wanted > size)
		call_do_munmap(x->k, x->mm, (va_t)at + size, wanted - size);
	return at;
}

/* Anonymous memory behind the file's part, all of it writable. */
static int map_bss(struct exec *x, const struct elf_segment *s, va_t start, va_t end)
{
	int64_t at;

	if (start >= end)
		return 0;
	if (!s->exec)
		return call_vm_brk(x->k, x->mm, start, end - start);
	at = call_do_mmap(x->k, x->mm, NULL, start, end - start,
	                  PROT_READ_ | PROT_WRITE_ | PROT_EXEC_,
	                  MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_FIXED_, 0);
	return at < 0 ? (int)at : 0;
}

/* Maps one segment at bias + its address; the address of its page or -errno
 * (Linux 6.18: elf_load()). */
static int64_t load_segment(struct exec *x, struct open_file *file, const struct elf_segment *s,
                            va_t va, uint32_t flags, uint64_t total_size)
{
	int64_t at = (int64_t)page_start(va);
	va_t zero_start, zero_end;
	int err;

	if (s->file_size) {
		at = map_file_part(x, file, s, va, flags, total_size);
		if (at < 0)
			return at;
	}
	if (s->mem_size == s->file_size)
		return at;
	zero_start = (va_t)at + page_offset(s->va) + s->file_size;
	zero_end = (va_t)at + page_offset(s->va) + s->mem_size;
	/* What the file has behind the segment in its last page must not be seen.
	 * A segment that cannot be written keeps it. */
	if (s->file_size && page_offset(zero_start) &&
	    clear_user(x->task, zero_start, page_align(zero_start) - zero_start) && s->write)
		return -ENOMEM;
	err = map_bss(x, s, s->file_size ? page_align(zero_start) : (va_t)at, page_align(zero_end));
	return err ? err : at;
}

static uint64_t total_size(const struct elf_image *image)
{
	const struct elf_segment *last = &image->segments[image->nr_segments - 1];

	return last->va + last->mem_size - page_start(image->segments[0].va);
}

/* Where a file without a fixed address goes if it wants more than page alignment:
 * space is taken, given back and aligned down (Linux 6.18: load_elf_binary()). */
static int aligned_base(struct exec *x, const struct elf_image *image, va_t *base)
{
	int64_t at;

	if (image->max_align <= PAGE_SIZE)
		return 0;
	at = call_do_mmap(x->k, x->mm, NULL, 0, page_align(total_size(image)), PROT_NONE_,
	                  MAP_PRIVATE_ | MAP_ANONYMOUS_, 0);
	if (at < 0)
		return (int)at;
	*base = (va_t)at & ~(image->max_align - 1);
	return call_do_munmap(x->k, x->mm, (va_t)at, page_align(total_size(image)));
}

/* All segments. base: where the first page goes if the file does not say; 0:
 * anywhere. *bias is what is added to the file's addresses. */
static int load_image(struct exec *x, struct open_file *file, const struct elf_image *image,
                      va_t base, va_t *bias)
{
	const va_t first = page_start(image->segments[0].va);
	uint64_t size = image->is_dynamic ? total_size(image) : 0;
	uint32_t flags = MAP_PRIVATE_;

	if (!image->is_dynamic || base)
		flags |= MAP_FIXED_NOREPLACE_;
	*bias = image->is_dynamic ? base - first : 0;
	for (uint32_t i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *s = &image->segments[i];
		int64_t at = load_segment(x, file, s, *bias + s->va, flags, size);

		if (at < 0)
			return (int)at;
		if (!i && image->is_dynamic)
			*bias = (va_t)at - first;
		flags = MAP_PRIVATE_ | MAP_FIXED_;
		size = 0;
	}
	return 0;
}

/* start_code and the like: code is what can be executed, data begins with the last
 * segment (Linux: load_elf_binary()). */
static void note_layout(struct exec *x)
{
	const struct elf_image *image = &x->image;
	struct mm_struct *mm = x->mm;
	va_t end = 0;

	mm->start_code = UINT64_MAX;
	mm->end_code = mm->start_data = mm->end_data = 0;
	for (uint32_t i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *s = &image->segments[i];
		va_t start = x->bias + s->va, file_end = start + s->file_size;

		if (s->exec && start < mm->start_code)
			mm->start_code = start;
		if (s->exec && file_end > mm->end_code)
			mm->end_code = file_end;
		if (start > mm->start_data)
			mm->start_data = start;
		if (file_end > mm->end_data)
			mm->end_data = file_end;
		end = start + s->mem_size;
	}
	/* A static PIE lies among the mmaps: its heap could not grow there. */
	if (image->is_dynamic && !image->interp[0])
		end = x->abi->dynamic_base;
	mm->start_brk = mm->brk = page_align(end);
	call_mm_layout(x->k, mm);
}

static int load_programs(struct exec *x)
{
	const struct elf_image *image = &x->image;
	va_t base = 0;
	int err = 0;

	if (image->is_dynamic && image->interp[0])
		base = x->abi->dynamic_base &
		       ~((image->max_align > PAGE_SIZE ? image->max_align : PAGE_SIZE) - 1);
	else if (image->is_dynamic)
		err = aligned_base(x, image, &base);
	if (!err)
		err = load_image(x, x->file, image, base, &x->bias);
	if (!err)
		note_layout(x);
	if (!err && x->interp_file)
		err = load_image(x, x->interp_file, &x->interp, 0, &x->interp_bias);
	return err;
}

/* ---- what the program finds on its stack ---- */

struct auxv {
	uint64_t *words; /* NR_AUXV_MAX */
	uint32_t nr;
};

static void add_auxv(struct auxv *auxv, uint64_t type, uint64_t value)
{
	assert(auxv->nr + 2 <= NR_AUXV_MAX);
	auxv->words[auxv->nr++] = type;
	auxv->words[auxv->nr++] = value;
}

/* In Linux 6.18's order: create_elf_tables(). Returns words. */
static uint32_t fill_auxv(struct exec *x, va_t platform, va_t random)
{
	const struct elf_image *image = &x->image;
	struct vfs_credentials who = vfs_credentials(x->task->machine->vfs);
	struct auxv a = { .words = x->mm->saved_auxv };

	memset(x->mm->saved_auxv, 0, sizeof(x->mm->saved_auxv));
	if (!image->is_64)
		add_auxv(&a, AT_SYSINFO, x->mm->vdso + VDSO32_KERNEL_VSYSCALL);
	add_auxv(&a, AT_SYSINFO_EHDR, x->mm->vdso);
	add_auxv(&a, AT_MINSIGSTKSZ, x->abi->min_frame_bytes);
	add_auxv(&a, AT_HWCAP, CPU_HWCAP);
	add_auxv(&a, AT_PAGESZ, PAGE_SIZE);
	add_auxv(&a, AT_CLKTCK, 100);
	add_auxv(&a, AT_PHDR, image->phdr_va ? image->phdr_va + x->bias : 0);
	add_auxv(&a, AT_PHENT, image->phentsize);
	add_auxv(&a, AT_PHNUM, image->phnum);
	add_auxv(&a, AT_BASE, x->interp_bias);
	add_auxv(&a, AT_FLAGS, 0);
	add_auxv(&a, AT_ENTRY, image->entry + x->bias);
	add_auxv(&a, AT_UID, who.uid);
	add_auxv(&a, AT_EUID, who.uid);
	add_auxv(&a, AT_GID, who.gid);
	add_auxv(&a, AT_EGID, who.gid);
	add_auxv(&a, AT_SECURE, 0);
	add_auxv(&a, AT_RANDOM, random);
	add_auxv(&a, AT_HWCAP2, CPU_HWCAP2);
	add_auxv(&a, AT_EXECFN, x->path_va);
	add_auxv(&a, AT_PLATFORM, platform);
	add_auxv(&a, AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_BYTES);
	add_auxv(&a, AT_RSEQ_ALIGN, RSEQ_ALIGN_BYTES);
	add_auxv(&a, AT_NULL, 0);
	return a.nr;
}

/* Pointers to nr strings that follow one another from *string on, then a NULL. */
static void list_strings(uint64_t *words, uint32_t nr, char *const strings[], va_t string)
{
	for (uint32_t i = 0; i < nr; i++) {
		words[i] = string;
		string += strlen(strings[i]) + 1;
	}
	words[nr] = 0;
}

/* Words of the program's own size. */
static int put_words(struct exec *x, va_t va, const uint64_t *words, uint64_t nr)
{
	uint32_t *narrow;
	int err;

	if (x->abi->word_bytes == sizeof(*words))
		return copy_to_user(x->task, va, words, nr * sizeof(*words));
	narrow = malloc(nr * sizeof(*narrow));
	if (!narrow)
		return -ENOMEM;
	for (uint64_t i = 0; i < nr; i++)
		narrow[i] = (uint32_t)words[i];
	err = copy_to_user(x->task, va, narrow, nr * sizeof(*narrow));
	free(narrow);
	return err;
}

/* Simplified: the strings' lengths are known, where Linux reads them again from the
 * new stack (strnlen_user()); no page is touched less for it. */
static int create_tables(struct exec *x, char *const argv[], char *const envp[])
{
	const char *platform = x->abi->platform;
	const size_t platform_bytes = strlen(platform) + 1;
	const va_t platform_va = (x->p & ~(va_t)15) - platform_bytes;
	const va_t random_va = platform_va - 16;
	const uint32_t nr_auxv = fill_auxv(x, platform_va, random_va), word = x->abi->word_bytes;
	const uint64_t nr_words = 1 + x->argc + 1 + x->envc + 1;
	const va_t sp = (random_va - (nr_auxv + nr_words) * word) & ~(va_t)15;
	uint64_t *words = malloc(nr_words * sizeof(uint64_t));
	uint8_t random[16];
	int err = -ENOMEM;

	if (!words)
		return -ENOMEM;
	machine_random(x->machine, random, sizeof(random));
	words[0] = x->argc;
	list_strings(words + 1, x->argc, argv, x->mm->arg_start);
	list_strings(words + 1 + x->argc + 1, x->envc, envp, x->mm->env_start);
	if (!copy_to_user(x->task, platform_va, platform, platform_bytes) &&
	    !copy_to_user(x->task, random_va, random, sizeof(random)) &&
	    !put_words(x, sp, words, nr_words) &&
	    !put_words(x, sp + nr_words * word, x->mm->saved_auxv, nr_auxv))
		err = 0;
	free(words);
	x->p = sp;
	x->mm->start_stack = sp;
	return err;
}

/* ---- from one program to the next ---- */

static void close_on_exec(struct files *files)
{
	int64_t fd = 0;

	while ((fd = files_next(files, fd)) >= 0) {
		if (files_close_on_exec(files, fd))
			files_close(files, fd);
		fd++;
	}
}

/* The old program is gone from here on (Linux: begin_new_exec()). */
static void leave_old_mm(struct exec *x, struct mm_struct *old)
{
	struct task *task = x->task;

	process_end_threads(task->process, task, 0);
	task_become_leader(task);
	if (old) {
		task_figures_leave_mm(task, old);
		call_mmput(x->k, old);
	}
	task_leave_vfork(task);
	task->process->has_execed = true;
	signal_exec(task);
	close_on_exec(task->files);
	task->clear_child_tid = 0;
	task->robust_list = 0;
	task->rseq.va = 0;
}

/* A 64-bit program has no selectors to choose from (Linux: start_thread_common()). */
static void set_segments(struct exec *x, struct x86_regs *regs)
{
	const struct segment_layout *layout = machine_segments(x->machine);

	regs->is_32 = !x->image.is_64;
	if (regs->is_32)
		regs->segments = (struct x86_segments){ .cs = layout->code,
			                                .ss = layout->data,
			                                .ds = layout->data,
			                                .es = layout->data };
}

static void start_program(struct exec *x)
{
	struct task *task = x->task;
	const char *slash = strrchr(x->path, '/');

	snprintf(task->comm, sizeof(task->comm), "%s", slash ? slash + 1 : x->path);
	memset(&task->regs, 0, sizeof(task->regs));
	task->regs.ip =
	    x->interp_file ? x->interp.entry + x->interp_bias : x->image.entry + x->bias;
	task->regs.gpr[REG_SP] = x->p;
	task->regs.flags = 0x202; /* IF, and the bit that is always set */
	set_segments(x, &task->regs);
	task->regs_changed = true;
	task->syscall_nr = -1;
	task_reset_fpu(task);
}

/* The names that reports use. */
static int note_names(struct exec *x, char *const argv[])
{
	char *exe = strdup(x->file->path);

	if (!exe || task_set_argv(x->task, argv)) {
		free(exe);
		return -ENOMEM;
	}
	free(x->task->exe);
	x->task->exe = exe;
	return 0;
}

/* With the new mm in use. */
static int load(struct exec *x, char *const argv[], char *const envp[])
{
	int err = note_names(x, argv);

	if (!err)
		err = load_programs(x);
	if (!err)
		err = vdso_map(x->k, x->mm, !x->image.is_64);
	if (!err)
		err = create_tables(x, argv, envp);
	if (err)
		return fail(x, err, "%s: cannot be loaded: %s", x->path, strerror(-err));
	start_program(x);
	return 0;
}

static int switch_and_load(struct exec *x, char *const argv[], char *const envp[])
{
	struct task *task = x->task;
	struct mm_struct *old = task->mm;
	int err;

	x->mm = new_mm(x);
	if (!x->mm)
		return fail(x, -ENOMEM, "%s: no memory for its address space", x->path);
	task_use_mm(task, x->mm);
	task_apply_limits(task);
	x->mm->mmap_base = mmap_base(x->mm->task_size, x->mm->stack_limit);
	call_mm_layout(x->k, x->mm);
	machine_activate_mm(x->machine, task);
	err = copy_strings(x, argv, envp);
	if (err) {
		task_use_mm(task, old);
		if (old)
			machine_activate_mm(x->machine, task);
		call_mmput(x->k, x->mm);
		return err;
	}
	leave_old_mm(x, old);
	err = load(x, argv, envp);
	if (err && old)
		signal_force(task, &(struct signal_info){ .signo = SIGSEGV, .code = SI_KERNEL });
	return err;
}

/* ---- scripts ---- */

#define SCRIPT_LINE_BYTES 256 /* BINPRM_BUF_SIZE */
#define SCRIPT_DEPTH 5        /* interpreters that are scripts themselves */

/* "#! interpreter [argument]" (Linux: fs/binfmt_script.c). */
struct script {
	char line[SCRIPT_LINE_BYTES + 1];
	char *interp, *arg; /* in it; arg NULL: none */
};

/* 1: it is one; 0: it is not, or cannot be read, which the caller will find out. */
static int read_script(struct exec *x, const char *path, struct script *script)
{
	struct open_file *file;
	int64_t len;
	char *end;

	if (vfs_open(x->machine->vfs, x->task->fs->cwd, path, O_RDONLY, 0, &file))
		return 0;
	len = S_ISREG(vfs_mode(file)) && vfs_mode(file) & 0111
	          ? vfs_pread(file, script->line, SCRIPT_LINE_BYTES, 0)
	          : 0;
	vfs_close(file);
	if (len < 2 || strncmp(script->line, "#!", 2) != 0)
		return 0;
	script->line[len] = '\0';
	end = script->line + strcspn(script->line, "\n");
	if (!*end && len == SCRIPT_LINE_BYTES)
		return 0;
	while (end > script->line && strchr(" \t\n", *end))
		*end-- = '\0';
	script->interp = script->line + 2 + strspn(script->line + 2, " \t");
	script->arg = script->interp + strcspn(script->interp, " \t");
	if (*script->arg) {
		*script->arg++ = '\0';
		script->arg += strspn(script->arg, " \t");
	}
	if (!*script->arg)
		script->arg = NULL;
	return *script->interp != '\0';
}

/* What the interpreter gets: itself, the argument, the script, the script's arguments.
 * malloc'ed, but its strings are others'. */
static char **script_argv(const struct script *script, const char *path, char *const argv[])
{
	size_t argc = 0, n = 0;
	char **all;

	while (argv[argc])
		argc++;
	all = calloc(argc + 4, sizeof(*all));
	if (!all)
		return NULL;
	all[n++] = script->interp;
	if (script->arg)
		all[n++] = script->arg;
	all[n++] = (char *)path;
	for (size_t i = 1; i < argc; i++)
		all[n++] = argv[i];
	return all;
}

static int exec_file(struct exec *x, const char *path, char *const argv[], char *const envp[],
                     int depth)
{
	struct script script;
	char **all;
	int err;

	if (!read_script(x, path, &script)) {
		x->program = path;
		err = open_programs(x);
		if (!err)
			err = task_unshare(x->task);
		return err ? err : switch_and_load(x, argv, envp);
	}
	if (depth == SCRIPT_DEPTH)
		return fail(x, -ELOOP, "%s: %s", x->path, strerror(ELOOP));
	all = script_argv(&script, path, argv);
	if (!all)
		return fail(x, -ENOMEM, "%s: %s", x->path, strerror(ENOMEM));
	err = exec_file(x, script.interp, all, envp, depth + 1);
	free(all);
	return err;
}

int task_exec(struct task *task, const char *path, char *const argv[], char *const envp[],
              char *why, size_t why_size)
{
	/* A program without arguments gets an empty name (Linux 5.18). */
	char no_name[] = "";
	char *const nameless[] = { no_name, NULL };
	struct exec *x = calloc(1, sizeof(*x));
	int err;

	if (!x) {
		snprintf(why, why_size, "%s: no memory", path);
		return -ENOMEM;
	}
	*x = (struct exec){ .task = task,
		            .machine = task->machine,
		            .k = &task->machine->kernel,
		            .path = path,
		            .why = why,
		            .why_size = why_size };
	if (!argv[0])
		argv = nameless;
	err = exec_file(x, path, argv, envp, 0);
	if (x->file)
		vfs_close(x->file);
	if (x->interp_file)
		vfs_close(x->interp_file);
	free(x);
	return err;
}
