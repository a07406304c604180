/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel that runs this test is the judge: random sequences of mmap, munmap,
 * mprotect, mremap, madvise, mlock, msync, mincore and accesses are done in a window
 * of this process and in the simulated one, which has the same window. Every result
 * must be the same, and so must the VMAs, read from /proc/self/maps, and how many
 * page faults an access took.
 *
 * Only 6.17 and 6.18 judge: mm/ follows them where kernels differ (which VMAs keep
 * VM_ACCOUNT, what mprotect makes writable, what mremap checks first). PW_NATIVE=1
 * lets any kernel. Skipped, too, where the window cannot be had.
 */
#include "mm_user.h"

#include "mm/vma.h"
#include "tests/run_suite.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Where neither Linux nor a sanitizer puts anything. */
#define WINDOW_START ((va_t)0x200000000000)
#define WINDOW 80 /* pages */
#define GUARD 16  /* pages that nobody maps, below and above */
#define FILE_PAGES 48

static struct user u;
static struct kernel *const k = &u.f.k;
static struct fixture_random dice;
static char done[6000]; /* the last steps, for the report */

static struct {
	int fd[2]; /* for reading and writing; for reading */
	int pipe[2];
	bool single_pages; /* faults on file pages can be compared */
} native;
static struct user_file files[2];

static uint64_t roll(uint64_t n)
{
	return fixture_below(&dice, n);
}

static va_t page(uint64_t n)
{
	return WINDOW_START + n * PAGE_SIZE;
}

static void note(const char *format, ...)
{
	size_t used = strlen(done);
	va_list args;

	if (used > sizeof(done) - 3000) {
		memmove(done, done + 1000, used - 1000 + 1);
		used = strlen(done);
	}
	va_start(args, format);
	vsnprintf(done + used, sizeof(done) - used, format, args);
	va_end(args);
}

/* ---- the judge ---- */

static bool native_open(void)
{
	char path[] = "/tmp/pw-native-XXXXXX";
	uint64_t word;
	void *probe;

	native.fd[0] = mkstemp(path);
	if (native.fd[0] < 0)
		return false;
	native.fd[1] = open(path, O_RDONLY);
	unlink(path);
	for (pgoff_t i = 0; i < FILE_PAGES; i++) {
		word = user_file_word(i);
		if (pwrite(native.fd[0], &word, sizeof(word), (off_t)(i * PAGE_SIZE)) != 8)
			return false;
	}
	if (ftruncate(native.fd[0], FILE_PAGES * PAGE_SIZE) || pipe(native.pipe))
		return false;
	probe = mmap((void *)(page(0) - GUARD * PAGE_SIZE), (WINDOW + 2 * GUARD) * PAGE_SIZE,
	             PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (probe == MAP_FAILED || munmap(probe, (WINDOW + 2 * GUARD) * PAGE_SIZE))
		return false;
	/* A first look, so that reading it maps nothing later. */
	return access("/proc/self/maps", R_OK) == 0;
}

/* By the kernel's own copy, so that a bad address is an errno. */
static bool native_access(va_t va, enum access_kind kind)
{
	char byte = 0;

	if (kind == ACCESS_LOAD) {
		if (syscall(SYS_write, native.pipe[1], va, 1) != 1)
			return false;
		return syscall(SYS_read, native.pipe[0], &byte, 1) == 1;
	}
	if (syscall(SYS_write, native.pipe[1], &byte, 1) != 1)
		return false;
	if (syscall(SYS_read, native.pipe[0], va, 1) == 1)
		return true;
	return syscall(SYS_read, native.pipe[0], &byte, 1) != 1;
}

static int64_t native_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static bool native_touch_faults(uint64_t n)
{
	int64_t before = native_faults();

	ck_assert(native_access(page(n), ACCESS_LOAD));
	return native_faults() != before;
}

/* True if the file's pages stand in the cache one by one and are mapped by 16: where
 * the cache holds larger pieces, fewer faults map them. */
static bool native_maps_single_pages(void)
{
	bool single;

	syscall(SYS_mmap, page(0), FILE_PAGES * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED,
	        native.fd[0], 0);
	native_touch_faults(4);
	single = !native_touch_faults(0) && !native_touch_faults(15) && native_touch_faults(16) &&
	         !native_touch_faults(31) && native_touch_faults(40);
	syscall(SYS_munmap, page(0), FILE_PAGES * PAGE_SIZE);
	return single;
}

static bool kernel_may_judge(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	if (getenv("PW_NATIVE"))
		return true;
	return !uname(&name) && sscanf(name.release, "%d.%d", &major, &minor) == 2 && major == 6 &&
	       (minor == 17 || minor == 18);
}

struct range {
	va_t start, end;
	char perms[5];
	pgoff_t pgoff; /* files only */
};

static size_t native_ranges(struct range *out, size_t max)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	size_t n = 0;

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end, offset;
		char perms[5];

		if (sscanf(line, "%lx-%lx %4s %lx", &start, &end, perms, &offset) != 4)
			continue;
		if (start >= page(WINDOW + GUARD) || end <= page(0) - GUARD * PAGE_SIZE)
			continue;
		ck_assert_uint_lt(n, max);
		out[n] = (struct range){ start, end, "", offset >> PAGE_SHIFT };
		memcpy(out[n++].perms, perms, 5);
	}
	fclose(maps);
	return n;
}

static size_t our_ranges(struct range *out, size_t max)
{
	struct vm_area_struct *vma;
	size_t n = 0;

	for_each_vma (u.mm, vma) {
		ck_assert_uint_lt(n, max);
		out[n] = (struct range){ vma->vm_start, vma->vm_end, "",
			                 vma->vm_file ? vma->vm_pgoff : 0 };
		snprintf(out[n++].perms, 5, "%c%c%c%c", vma->vm_flags & VM_READ ? 'r' : '-',
		         vma->vm_flags & VM_WRITE ? 'w' : '-', vma->vm_flags & VM_EXEC ? 'x' : '-',
		         vma->vm_flags & VM_MAYSHARE ? 's' : 'p');
	}
	return n;
}

static bool same_ranges(const struct range *a, const struct range *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].start != b[i].start || a[i].end != b[i].end || a[i].pgoff != b[i].pgoff ||
		    strcmp(a[i].perms, b[i].perms))
			return false;
	return true;
}

static void print_ranges(const char *whose, const struct range *r, size_t n)
{
	note("%s:\n", whose);
	for (size_t i = 0; i < n; i++)
		note("  %3ld-%3ld %s %lu\n", ((long)r[i].start - (long)page(0)) / 4096,
		     ((long)r[i].end - (long)page(0)) / 4096, r[i].perms,
		     (unsigned long)r[i].pgoff);
}

static void compare_ranges(void)
{
	struct range theirs[2 * WINDOW], ours[2 * WINDOW];
	size_t n = native_ranges(theirs, 2 * WINDOW), m = our_ranges(ours, 2 * WINDOW);

	if (n == m && same_ranges(theirs, ours, n))
		return;
	print_ranges("native", theirs, n);
	print_ranges("ours", ours, m);
	ck_abort_msg("VMAs differ after\n%s", done);
}

static void compare(const char *what, int64_t theirs, int64_t ours)
{
	ck_assert_msg(theirs == ours, "%s: native %ld, ours %ld, after\n%s", what, (long)theirs,
	              (long)ours, done);
}

/* ---- steps ---- */

/* What came of the native call, and page faults taken for it. */
struct outcome {
	int64_t result, faults;
};

/* Without the C library, in which a sanitizer does as it likes. */
static struct outcome native_call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                  uint64_t e, uint64_t f)
{
	int64_t before = native_faults();
	int64_t result = syscall(nr, a, b, c, d, e, f);

	if (result == -1)
		result = -errno;
	return (struct outcome){ result, native_faults() - before };
}

static int64_t our_faults(void)
{
	return (int64_t)(u.mm->min_flt + u.mm->maj_flt);
}

/* Of the same call here; it began when our_faults() was `before`. */
static void compare_call(const char *what, struct outcome theirs, int64_t ours, int64_t before)
{
	compare(what, theirs.result, ours);
	if (native.single_pages)
		compare("faults", theirs.faults, our_faults() - before);
}

static int roll_prot(void)
{
	static const int prots[] = {
		PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE, PROT_WRITE,
		PROT_READ | PROT_EXEC
	};

	return prots[roll(6)];
}

static void step_mmap(uint64_t first, uint64_t n)
{
	int prot = roll_prot(), which = (int)roll(4);
	int flags = roll(8) ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	pgoff_t pgoff = which < 2 ? roll(2) ? first % 16 : roll(FILE_PAGES) : 0;
	int64_t before = our_faults(), ours;
	struct outcome theirs;

	flags |= roll(3) ? MAP_PRIVATE : MAP_SHARED;
	flags |= which < 2 ? 0 : MAP_ANONYMOUS;
	flags |= roll(8) ? 0 : MAP_NORESERVE;
	flags |= roll(8) ? 0 : MAP_POPULATE;
	note("mmap %lu +%lu prot %d flags %#x file %d pgoff %lu\n", (unsigned long)first,
	     (unsigned long)n, prot, (unsigned)flags, which, (unsigned long)pgoff);
	theirs =
	    native_call(SYS_mmap, page(first), n * PAGE_SIZE, (uint64_t)prot, (uint64_t)flags,
	                which < 2 ? (uint64_t)native.fd[which] : UINT64_MAX, pgoff * PAGE_SIZE);
	ours = do_mmap(k, u.mm, which < 2 ? &files[which].file : NULL, page(first), n * PAGE_SIZE,
	               (uint32_t)prot, (uint32_t)flags, pgoff);
	compare_call("mmap", theirs, ours, before);
}

static void step_munmap(uint64_t first, uint64_t n)
{
	int64_t before = our_faults();
	struct outcome theirs;

	note("munmap %lu +%lu\n", (unsigned long)first, (unsigned long)n);
	theirs = native_call(SYS_munmap, page(first), n * PAGE_SIZE, 0, 0, 0, 0);
	compare_call("munmap", theirs, do_munmap(k, u.mm, page(first), n * PAGE_SIZE), before);
}

static void step_mprotect(uint64_t first, uint64_t n)
{
	int64_t before = our_faults();
	struct outcome theirs;
	int prot = roll_prot();

	note("mprotect %lu +%lu %d\n", (unsigned long)first, (unsigned long)n, prot);
	theirs = native_call(SYS_mprotect, page(first), n * PAGE_SIZE, (uint64_t)prot, 0, 0, 0);
	compare_call("mprotect", theirs,
	             do_mprotect(k, u.mm, page(first), n * PAGE_SIZE, (uint32_t)prot), before);
}

static bool is_in_one_vma(uint64_t first, uint64_t n)
{
	const struct vm_area_struct *vma = vma_lookup(u.mm, page(first));

	return vma && vma->vm_end >= page(first + n);
}

static void step_mremap(uint64_t first, uint64_t n)
{
	uint64_t new_n = roll(12), to = roll(WINDOW - 12);
	int flags = roll(3) ? MREMAP_MAYMOVE | MREMAP_FIXED : 0;
	int64_t before = our_faults(), ours;
	struct outcome theirs;

	if (!flags && first + new_n > WINDOW)
		return; /* it must not leave the window */
	n = roll(12);
	/* 6.17 and later can move several VMAs at once, which we leave out. */
	if (flags && n == new_n && !is_in_one_vma(first, n))
		return;
	note("mremap %lu +%lu to %lu +%lu flags %d\n", (unsigned long)first, (unsigned long)n,
	     (unsigned long)to, (unsigned long)new_n, flags);
	theirs = native_call(SYS_mremap, page(first), n * PAGE_SIZE, new_n * PAGE_SIZE,
	                     (uint64_t)flags, page(to), 0);
	ours = do_mremap(k, u.mm, page(first), n * PAGE_SIZE, new_n * PAGE_SIZE, (uint32_t)flags,
	                 page(to));
	compare_call("mremap", theirs, ours, before);
}

static void step_madvise(uint64_t first, uint64_t n)
{
	int64_t before = our_faults();
	struct outcome theirs;
	/* 22 and 23: MADV_POPULATE_READ and _WRITE */
	static const int advices[] = { MADV_NORMAL,
		                       MADV_RANDOM,
		                       MADV_SEQUENTIAL,
		                       MADV_DONTNEED,
		                       MADV_DOFORK,
		                       MADV_DONTFORK,
		                       MADV_DONTDUMP,
		                       MADV_DODUMP,
		                       MADV_WILLNEED,
		                       22,
		                       23,
		                       999 };
	int advice = advices[roll(12)];

	note("madvise %lu +%lu %d\n", (unsigned long)first, (unsigned long)n, advice);
	theirs = native_call(SYS_madvise, page(first), n * PAGE_SIZE, (uint64_t)advice, 0, 0, 0);
	compare_call("madvise", theirs, do_madvise(k, u.mm, page(first), n * PAGE_SIZE, advice),
	             before);
}

static void step_mlock(uint64_t first, uint64_t n)
{
	int64_t before = our_faults();
	struct outcome theirs;
	bool lock = roll(2);

	note("mlock %lu +%lu %d\n", (unsigned long)first, (unsigned long)n, lock);
	theirs =
	    native_call(lock ? SYS_mlock : SYS_munlock, page(first), n * PAGE_SIZE, 0, 0, 0, 0);
	compare_call("mlock", theirs, do_mlock(k, u.mm, page(first), n * PAGE_SIZE, lock), before);
}

static void step_msync(uint64_t first, uint64_t n)
{
	int64_t before = our_faults();
	struct outcome theirs;
	int flags = (int)roll(8);

	note("msync %lu +%lu %d\n", (unsigned long)first, (unsigned long)n, flags);
	theirs = native_call(SYS_msync, page(first), n * PAGE_SIZE, (uint64_t)flags, 0, 0, 0);
	compare_call("msync", theirs, do_msync(k, u.mm, page(first), n * PAGE_SIZE, flags), before);
}

static void step_access(uint64_t i)
{
	enum access_kind kind = roll(2) ? ACCESS_LOAD : ACCESS_STORE;
	int64_t theirs, before = our_faults();
	const struct vm_area_struct *vma;
	bool reached;

	note("%s %lu\n", kind == ACCESS_LOAD ? "read" : "write", (unsigned long)i);
	theirs = -native_faults();
	reached = native_access(page(i), kind);
	theirs += native_faults();
	compare("access", reached, user_touch(&u, page(i), kind) != NULL);
	vma = vma_lookup(u.mm, page(i));
	if (native.single_pages || (vma && !vma->vm_file))
		compare("faults", theirs, our_faults() - before);
}

/* Pages of private anonymous memory alone: what the cache has is the host's affair. */
static void step_mincore(uint64_t i)
{
	const struct vm_area_struct *vma = vma_lookup(u.mm, page(i));
	uint8_t theirs = 0, ours = 0;

	if (vma && vma->vm_file)
		return;
	note("mincore %lu\n", (unsigned long)i);
	compare("mincore",
	        native_call(SYS_mincore, page(i), PAGE_SIZE, (uintptr_t)&theirs, 0, 0, 0).result,
	        do_mincore(k, u.mm, page(i), PAGE_SIZE, &ours));
	compare("mincore's page", theirs & 1, ours & 1);
}

static void step(void)
{
	uint64_t n = 1 + roll(20), first = roll(WINDOW - n);

	switch (roll(14)) {
	case 0:
	case 1:
	case 2:
		step_mmap(first, n);
		break;
	case 3:
		step_munmap(first, n);
		break;
	case 4:
	case 5:
	case 6:
		step_mprotect(first, n);
		break;
	case 7:
		step_mremap(first, n);
		break;
	case 8:
		step_madvise(first, n);
		break;
	case 9:
		step_mlock(first, n);
		break;
	case 10:
		step_msync(first, n);
		break;
	case 11:
		step_mincore(first);
		break;
	default:
		step_access(first);
	}
}

START_TEST(the_running_kernel_gives_the_same_results_and_vmas)
{
	struct kernel_config config = fixture_config();
	uint64_t cases = fixture_cases(4000);

	dice = fixture_seed(0x5eed0400);
	if (!kernel_may_judge() || !native_open()) {
		printf("# skipped: not a kernel that mm/ follows, or no window\n");
		return;
	}
	native.single_pages = native_maps_single_pages();
	config.page_cache_warm = true;
	user_start(&u, 8 * MIB, &config);
	for (int i = 0; i < 2; i++)
		user_file_open(&u, &files[i], FILE_PAGES * PAGE_SIZE,
		               i ? FMODE_READ : FMODE_READ | FMODE_WRITE);
	for (uint64_t i = 0; i < cases; i++) {
		step();
		compare_ranges();
		if (i % 512 == 0)
			fixture_check(&u.f);
	}
	ck_assert_int_eq(do_munmap(k, u.mm, page(0), WINDOW * PAGE_SIZE), 0);
	syscall(SYS_munmap, page(0), WINDOW * PAGE_SIZE);
	for (int i = 0; i < 2; i++)
		user_file_close(&u, &files[i]);
	user_end(&u);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm/native");
	TCase *t = tcase_create("native");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, the_running_kernel_gives_the_same_results_and_vmas);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
