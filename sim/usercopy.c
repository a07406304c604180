/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/usercopy.h"

#include "mm/maccess.h"
#include "sim/calls.h"
#include "sim/compat.h"
#include "sim/machine.h"
#include "sim/tell.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

/* A fault that says "done" must let the access through at the next try or two;
 * one that says "out of memory" may have to wait for the OOM killer. */
#define MAX_TRIES 32

/* One run of accesses by a kernel function: its name is what a list of page
 * faults shows for an instruction pointer. */
struct user_access {
	struct task *task;
	enum access_kind kind;
	const char *function;
};

bool access_ok(const struct task *task, va_t va, uint64_t len)
{
	return va <= task->mm->task_size && len <= task->mm->task_size - va;
}

static bool task_is_dying(const struct task *task)
{
	return task->mm->oom_victim || signal_is_dying(task);
}

/* The kernel's own page fault. False: there is no getting at the page. */
static bool handle_fault(const struct user_access *access, const struct page_fault *fault)
{
	struct machine *machine = access->task->machine;
	const char *caller = machine->kernel_function;
	struct fault_result result;

	machine->kernel_function = access->function;
	result = call_do_page_fault(&machine->kernel, access->task->mm, fault, access->kind,
	                            PRIV_KERNEL, 0);
	machine->kernel_function = caller;
	switch (result.outcome) {
	case FAULT_MINOR_DONE:
	case FAULT_MAJOR_DONE:
		return true;
	case FAULT_OOM:
		return !task_is_dying(access->task);
	case FAULT_SIGSEGV:
	case FAULT_SIGBUS:
		break; /* the exception table's fixup: -EFAULT, no signal */
	}
	return false;
}

static bool translate(const struct user_access *access, va_t va, struct translation *out,
                      struct page_fault *fault)
{
	struct machine *machine = access->task->machine;
	struct mmu *mmu = task_cpu(access->task)->mmu;

	if (machine_counts_accesses(machine))
		return mmu_translate(mmu, va, access->kind, PRIV_KERNEL, out, fault);
	return mmu_walk_only(mmu, va, access->kind, PRIV_KERNEL, out, fault);
}

/* Makes nr_words accesses from va on, all in its page, and returns where the
 * byte at va lies; NULL if it cannot be had. */
static uint8_t *touch(const struct user_access *access, va_t va, uint64_t nr_words)
{
	struct machine *machine = access->task->machine;
	struct translation t;
	struct page_fault fault;

	for (int tries = 0; !translate(access, va, &t, &fault); tries++) {
		if (tries == MAX_TRIES)
			TELL(machine, RECORD_GIVE_UP, va, access->kind, PRIV_KERNEL, 0);
		if (tries == MAX_TRIES || !handle_fault(access, &fault))
			return NULL;
	}
	record_access(machine->recorder, va & ~(va_t)7, access->kind, PRIV_KERNEL, 8,
	              (uint32_t)nr_words);
	if (machine_counts_accesses(machine) && nr_words > 1)
		mmu_access_again(task_cpu(access->task)->mmu, va, access->kind, PRIV_KERNEL,
		                 nr_words - 1);
	assert(ram_has(&machine->ram, t.pa, 1));
	if (access->kind == ACCESS_STORE)
		machine->kernel.ops->frame_changed(machine->kernel.machine, t.pa >> PAGE_SHIFT);
	return ram_at(&machine->ram, t.pa);
}

static uint64_t left_in_page(va_t va)
{
	return PAGE_SIZE - (va & ~PAGE_MASK);
}

/* Not the user's memory: an argument of a 32-bit task's system call in the handler's own
 * form (sim/compat.h), or a bad address. */
static uint64_t store_in_window(struct task *task, va_t dst, const uint8_t *src, uint64_t len)
{
	uint8_t *memory = compat_memory(task, dst, len, true);

	if (!memory)
		return 0;
	if (src)
		memcpy(memory, src, len);
	else
		memset(memory, 0, len);
	return len;
}

static uint64_t load_from_window(struct task *task, uint8_t *dst, va_t src, uint64_t len)
{
	const uint8_t *memory = compat_memory(task, src, len, false);

	if (!memory)
		return 0;
	memcpy(dst, memory, len);
	return len;
}

/* Page by page; src NULL: zeroes. Bytes done. */
static uint64_t store(struct task *task, va_t dst, const uint8_t *src, uint64_t len,
                      const char *function)
{
	const struct user_access access = { task, ACCESS_STORE, function };
	uint64_t done = 0;

	if (!access_ok(task, dst, len))
		return store_in_window(task, dst, src, len);
	while (done < len) {
		uint64_t left = left_in_page(dst + done);
		uint64_t n = left < len - done ? left : len - done;
		uint8_t *memory = touch(&access, dst + done, words_touched(dst + done, n));

		if (!memory)
			break;
		if (src)
			memcpy(memory, src + done, n);
		else
			memset(memory, 0, n);
		done += n;
	}
	return done;
}

static uint64_t load(struct task *task, uint8_t *dst, va_t src, uint64_t len, const char *function)
{
	const struct user_access access = { task, ACCESS_LOAD, function };
	uint64_t done = 0;

	if (!access_ok(task, src, len))
		return load_from_window(task, dst, src, len);
	while (done < len) {
		uint64_t left = left_in_page(src + done);
		uint64_t n = left < len - done ? left : len - done;
		const uint8_t *memory = touch(&access, src + done, words_touched(src + done, n));

		if (!memory)
			break;
		memcpy(dst + done, memory, n);
		done += n;
	}
	return done;
}

/* Names as perf resolves them on Linux 6.18, where `rep movsb` is inlined in the
 * copies and clear_user() falls back to a loop (lib/usercopy.c; arch/x86/lib/). */
int copy_from_user(struct task *task, void *dst, va_t src, uint64_t len)
{
	task->machine->usercopy_done = load(task, dst, src, len, "_copy_from_user");
	return task->machine->usercopy_done == len ? 0 : -EFAULT;
}

int copy_to_user(struct task *task, va_t dst, const void *src, uint64_t len)
{
	task->machine->usercopy_done = store(task, dst, src, len, "_copy_to_user");
	return task->machine->usercopy_done == len ? 0 : -EFAULT;
}

int clear_user(struct task *task, va_t dst, uint64_t len)
{
	task->machine->usercopy_done = store(task, dst, NULL, len, "rep_stos_alternative");
	return task->machine->usercopy_done == len ? 0 : -EFAULT;
}

int get_user_byte(struct task *task, uint8_t *byte, va_t src)
{
	return load(task, byte, src, 1, "__get_user_1") ? 0 : -EFAULT;
}

int get_user_pointer(struct task *task, uint64_t *pointer, va_t array, uint64_t nr)
{
	const uint64_t size = task->regs.is_32 ? 4 : 8;

	*pointer = 0;
	return copy_from_user(task, pointer, array + nr * size, size);
}

uint64_t usercopy_done(const struct task *task)
{
	return task->machine->usercopy_done;
}

/* Up to 8 bytes at src, which may lie across two pages, both of which are then
 * touched. Bytes read: n, or fewer where the second page cannot be had. */
static uint64_t load_word(const struct user_access *access, uint8_t word[8], va_t src, uint64_t n)
{
	uint64_t first = left_in_page(src) < n ? left_in_page(src) : n;
	const uint8_t *memory = touch(access, src, 1);

	if (!memory)
		return 0;
	memcpy(word, memory, first);
	if (first == n)
		return n;
	memory = touch(access, src + first, 1);
	if (!memory)
		return first;
	memcpy(word + first, memory, n - first);
	return n;
}

/* Linux reads unaligned words while they fit, so a string that ends just before
 * a page's end may touch the next page (6.1, lib/strncpy_from_user.c,
 * do_strncpy_from_user()). */
int64_t strncpy_from_user(struct task *task, char *dst, va_t src, uint64_t size)
{
	const struct user_access access = { task, ACCESS_LOAD, "strncpy_from_user" };
	va_t end = task->mm->task_size;
	uint64_t max;

	if (src >= end)
		return -EFAULT;
	max = size < end - src ? size : end - src;
	for (uint64_t done = 0; done < max;) {
		uint64_t n = max - done < 8 ? max - done : 8;
		uint8_t word[8];
		uint64_t got = load_word(&access, word, src + done, n);
		const uint8_t *nul = memchr(word, 0, got);

		memcpy(dst + done, word, nul ? (size_t)(nul - word) + 1 : got);
		if (nul)
			return (int64_t)(done + (uint64_t)(nul - word));
		if (got < n)
			return -EFAULT;
		done += n;
	}
	return max < size ? -EFAULT : -ENAMETOOLONG;
}

/* ---- many buffers as one ---- */

void io_iter_init(struct io_iter *iter, struct task *task, const struct io_segment *segments,
                  uint32_t nr_segments)
{
	*iter = (struct io_iter){ task, segments, nr_segments, 0, 0 };
	for (uint32_t i = 0; i < nr_segments; i++)
		iter->count += segments[i].len;
}

/* The rest of the current segment, at most len. 0: the end. */
static uint64_t next_piece(struct io_iter *iter, uint64_t len, uint64_t *base)
{
	uint64_t left;

	while (iter->nr_segments && iter->offset == iter->segments->len) {
		iter->segments++;
		iter->nr_segments--;
		iter->offset = 0;
	}
	if (!iter->nr_segments)
		return 0;
	left = iter->segments->len - iter->offset;
	*base = iter->segments->base + iter->offset;
	return left < len ? left : len;
}

static void advance(struct io_iter *iter, uint64_t len)
{
	iter->offset += len;
	iter->count -= len;
}

void io_iter_skip(struct io_iter *iter, uint64_t len)
{
	uint64_t base, n;

	while (len && (n = next_piece(iter, len, &base))) {
		advance(iter, n);
		len -= n;
	}
}

/* src NULL: zeroes. */
static uint64_t put_piece(struct io_iter *iter, uint64_t base, const uint8_t *src, uint64_t len)
{
	void *host = (void *)(uintptr_t)base;

	if (iter->task)
		return store(iter->task, base, src, len, "_copy_to_iter");
	if (src)
		memcpy(host, src, len);
	else
		memset(host, 0, len);
	return len;
}

static uint64_t put(struct io_iter *iter, const uint8_t *src, uint64_t len)
{
	uint64_t done = 0, base, n;

	while (done < len && (n = next_piece(iter, len - done, &base))) {
		uint64_t moved = put_piece(iter, base, src ? src + done : NULL, n);

		advance(iter, moved);
		done += moved;
		if (moved < n)
			break;
	}
	return done;
}

uint64_t io_iter_put(struct io_iter *iter, const void *src, uint64_t len)
{
	return put(iter, src, len);
}

uint64_t io_iter_clear(struct io_iter *iter, uint64_t len)
{
	return put(iter, NULL, len);
}

uint64_t io_iter_get(struct io_iter *iter, void *dst, uint64_t len)
{
	uint64_t done = 0, base, n;

	while (done < len && (n = next_piece(iter, len - done, &base))) {
		uint8_t *to = (uint8_t *)dst + done;
		uint64_t moved = n;

		if (iter->task)
			moved = load(iter->task, to, base, n, "_copy_from_iter");
		else
			memcpy(to, (const void *)(uintptr_t)base, n);
		advance(iter, moved);
		done += moved;
		if (moved < n)
			break;
	}
	return done;
}
