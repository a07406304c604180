// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threads [THREADS [ROUNDS [PAGES]]] - threads (4) that take pages of a shared area (64)
 * away from each other: by munmap and a new mapping, by madvise, by mprotect and back,
 * by mremap. Whoever did so writes the page anew, and after each round (200) all threads
 * read all pages: one that still had an old translation would read an old frame.
 *
 * What it shows: TLB shootdowns. Every change of an entry has to reach all CPUs that
 * run a thread of the process.
 * What to look at, with --set cpus=4: mmu.shootdowns_by, cpus[].mmu, and
 * vmstat.nr_tlb_remote_flush. With one CPU there are none.
 */
#include "guest.h"

#define MAX_THREADS 16
#define STACK_BYTES (4 * PAGE_BYTES)

enum {
	SYS_mremap = 25,
	SYS_madvise = 28,
	SYS_futex = 202,
};
enum { MAP_FIXED = 0x10, MADV_DONTNEED = 4, MREMAP_BOTH = 3 /* MAYMOVE | FIXED */ };
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_PRIVATE = 128 };

/* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, PARENT_SETTID, CHILD_CLEARTID */
#define THREAD_FLAGS (0x100u | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x100000 | 0x200000)

struct thread {
	uint32_t index;
	uint32_t tid; /* the kernel clears it when the thread has ended, and wakes who waits */
	uint64_t random;
	uint64_t nr_changes;
	uint8_t *spare; /* a page's place, of this thread alone */
	uint8_t *stack;
};

static struct {
	uint32_t nr_threads;
	uint64_t nr_rounds, nr_pages;
	uint8_t *area;
	/* the barrier: how many have come, and which round it is for */
	uint32_t arrived, turn;
	struct thread thread[MAX_THREADS];
} all;

/* A thread that runs function(argument) on the stack, and then ends. Its id or -errno. */
int64_t start_thread(void *stack_top, uint32_t *tid, void (*function)(struct thread *),
                     struct thread *argument);
__asm__("start_thread:\n"
        "	movq %rcx, -8(%rdi)\n"
        "	movq %rdx, -16(%rdi)\n"
        "	movq %rsi, %rdx\n" /* both where the id is put, and where it is cleared */
        "	movq %rsi, %r10\n"
        "	leaq -16(%rdi), %rsi\n"
        "	movl $0x350f00, %edi\n"
        "	xorl %r8d, %r8d\n"
        "	movl $56, %eax\n" /* clone */
        "	syscall\n"
        "	testl %eax, %eax\n"
        "	jz 1f\n"
        "	ret\n"
        "1:	xorl %ebp, %ebp\n"
        "	popq %rax\n"
        "	popq %rdi\n"
        "	call *%rax\n"
        "	xorl %edi, %edi\n"
        "	movl $60, %eax\n" /* exit */
        "	syscall\n");
_Static_assert(THREAD_FLAGS == 0x350f00, "start_thread() has the number");

static void futex(uint32_t *word, int op, uint32_t value)
{
	syscall6(SYS_futex, (uint64_t)word, (unsigned)op, value, 0, 0, 0);
}

/* ---- the barrier ---- */

static void wait_for_all(void)
{
	uint32_t turn = __atomic_load_n(&all.turn, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&all.arrived, 1, __ATOMIC_ACQ_REL) == all.nr_threads) {
		__atomic_store_n(&all.arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&all.turn, turn + 1, __ATOMIC_RELEASE);
		futex(&all.turn, FUTEX_WAKE | FUTEX_PRIVATE, MAX_THREADS);
		return;
	}
	while (__atomic_load_n(&all.turn, __ATOMIC_ACQUIRE) == turn)
		futex(&all.turn, FUTEX_WAIT | FUTEX_PRIVATE, turn);
}

/* ---- pages ---- */

static void check(int64_t result, const char *what)
{
	if (result < 0 && result > -4096)
		fail("threads: %s: error %d\n", what, (int)-result);
}

static void map_at(void *place)
{
	check(syscall6(SYS_mmap, (uint64_t)place, PAGE_BYTES, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, (uint64_t)-1, 0),
	      "mmap");
}

/* The frame that others may know goes, or a right to it. */
static void change(struct thread *self, uint8_t *page)
{
	switch (random_next(&self->random) % 4) {
	case 0:
		check(syscall3(SYS_munmap, page, PAGE_BYTES, 0), "munmap");
		map_at(page);
		break;
	case 1:
		check(syscall3(SYS_madvise, page, PAGE_BYTES, MADV_DONTNEED), "madvise");
		break;
	case 2:
		check(syscall3(SYS_mprotect, page, PAGE_BYTES, PROT_READ), "mprotect");
		check(syscall3(SYS_mprotect, page, PAGE_BYTES, PROT_READ | PROT_WRITE), "mprotect");
		break;
	case 3: /* another frame in its place */
		map_at(self->spare);
		*self->spare = 1;
		check(syscall6(SYS_mremap, (uint64_t)self->spare, PAGE_BYTES, PAGE_BYTES,
		               MREMAP_BOTH, (uint64_t)page, 0),
		      "mremap");
		break;
	}
	self->nr_changes++;
}

static volatile uint64_t *page_at(uint64_t i)
{
	return (volatile uint64_t *)(all.area + i * PAGE_BYTES);
}

static void work(struct thread *self)
{
	for (uint64_t round = 0; round < all.nr_rounds; round++) {
		for (uint64_t i = 0; i < all.nr_pages; i++) {
			if ((i + round) % all.nr_threads != self->index)
				continue;
			if (random_next(&self->random) % 2)
				change(self, (uint8_t *)page_at(i));
			*page_at(i) = pattern(i, round);
		}
		wait_for_all();
		for (uint64_t i = 0; i < all.nr_pages; i++)
			if (*page_at(i) != pattern(i, round))
				fail("threads: thread %u sees an old page %u in round %u\n",
				     (uint64_t)self->index, i, round);
		wait_for_all();
	}
}

int guest_main(int argc, char **argv)
{
	uint64_t nr_threads = size_argument(argc, argv, 1, 4), changes = 0;

	if (!nr_threads || nr_threads > MAX_THREADS)
		fail("threads: 1 to %u threads\n", (uint64_t)MAX_THREADS);
	all.nr_threads = (uint32_t)nr_threads;
	all.nr_rounds = size_argument(argc, argv, 2, 200);
	all.nr_pages = size_argument(argc, argv, 3, 64);
	all.area = map(all.nr_pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	for (uint32_t i = 0; i < nr_threads; i++) {
		struct thread *thread = &all.thread[i];

		thread->index = i;
		thread->random = pattern(i, 0) | 1;
		thread->spare = map(PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
		/* Once threads run, a new mapping might get a place that one of them has left
		 * for a moment. */
		thread->stack = map(STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	}
	for (uint32_t i = 1; i < nr_threads; i++)
		check(start_thread(all.thread[i].stack + STACK_BYTES, &all.thread[i].tid, work,
		                   &all.thread[i]),
		      "clone");
	work(&all.thread[0]);
	for (uint32_t i = 0; i < nr_threads; i++) {
		uint32_t tid;

		while ((tid = __atomic_load_n(&all.thread[i].tid, __ATOMIC_ACQUIRE)) != 0)
			futex(&all.thread[i].tid, FUTEX_WAIT, tid);
		changes += all.thread[i].nr_changes;
	}
	print("threads: %u threads, %u rounds, %u changes, every page as it was written\n",
	      nr_threads, all.nr_rounds, changes);
	return 0;
}
