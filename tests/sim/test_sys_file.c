/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls on files, with pointers good and bad. The judge is the host's own
 * kernel: the same memory is mapped at the same addresses here and in the guest, each
 * call is made in both, and result, errno and memory must agree. Then all calls with
 * arguments of no sense at all, which must hurt nobody.
 */
#include "mm/mm.h"
#include "sim/sys_file.h"
#include "tests/run_suite.h"
#include "tests/sim/judge.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>

/*
 * The memory of both:
 *
 *   0 .. 11   readable and writable
 *   12        read-only
 *   13        nothing
 *   14        readable and writable
 *   15        no access
 */
#define AREA ((uint64_t)0x10000000)
#define AREA_PAGES 16
#define GOOD_PAGES 12
#define READ_ONLY 12
#define HOLE 13
#define ISLAND 14
#define NO_ACCESS 15

#define TASK_SIZE ((va_t)0x7ffffffff000)
#define FIRST_SLOT 100 /* descriptors that both sides use; others are the test's own */
#define NR_SLOTS 6

static struct sim_fixture f;
static struct judge judge;
static struct task *task;
static struct kernel *k;

static uint32_t rnd(uint32_t n)
{
	return judge_random(&judge, n);
}

/* ---- the two sides ---- */

static void map_guest(uint32_t page, uint32_t nr, uint32_t prot)
{
	va_t va = AREA + page * PAGE_SIZE;

	ck_assert_int_eq(do_mmap(k, task->mm, NULL, va, nr * PAGE_SIZE, prot,
	                         MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_FIXED_, 0),
	                 (int64_t)va);
}

static void boot(void)
{
	const struct vfs_config config = { f.root, NULL, -1, -1, -1 };

	sim_fixture_boot(&f, "skylake", ENGINE_FAULTS, &config);
	k = &f.machine->kernel;
	ck_assert_int_eq(task_create(&task, f.machine, "/"), 0);
	task->mm = mm_alloc(k);
	task->mm->task_size = TASK_SIZE;
	task->mm->mmap_base = TASK_SIZE - GIB;
	task_apply_limits(task);
	machine_activate_mm(f.machine, task);
	map_guest(0, GOOD_PAGES, PROT_READ_ | PROT_WRITE_);
	map_guest(READ_ONLY, 1, PROT_READ_);
	map_guest(ISLAND, 1, PROT_READ_ | PROT_WRITE_);
	map_guest(NO_ACCESS, 1, PROT_NONE_);
}

static void map_host(void)
{
	uint8_t *area = mmap((void *)AREA, AREA_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
	                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_ptr_eq(area, (void *)AREA);
	ck_assert_int_eq(mprotect(area + READ_ONLY * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	ck_assert_int_eq(munmap(area + HOLE * PAGE_SIZE, PAGE_SIZE), 0);
	ck_assert_int_eq(mprotect(area + NO_ACCESS * PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
}

static void setup(void)
{
	judge_open(&judge, &f, 1974);
	ck_assert_int_eq(chdir(judge.folder), 0);
	map_host();
	boot();
}

static void teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	for (int i = 0; i < NR_SLOTS; i++)
		close(FIRST_SLOT + i);
	munmap((void *)AREA, AREA_PAGES * PAGE_SIZE);
	sim_fixture_shutdown(&f);
	sim_fixture_remove_root(&f);
	judge_close(&judge);
}

/* ---- memory ---- */

static void put_both(uint64_t va, const void *bytes, size_t len)
{
	memcpy((void *)va, bytes, len);
	ck_assert_int_eq(copy_to_user(task, va, bytes, len), 0);
}

static void get_guest(uint64_t va, void *bytes, size_t len)
{
	ck_assert_int_eq(copy_from_user(task, bytes, va, len), 0);
}

static void compare_pages(uint32_t page, uint32_t nr)
{
	static uint8_t guest[GOOD_PAGES * PAGE_SIZE];
	const uint8_t *host = (const uint8_t *)(AREA + page * PAGE_SIZE);

	get_guest(AREA + page * PAGE_SIZE, guest, nr * PAGE_SIZE);
	if (!memcmp(guest, host, nr * PAGE_SIZE))
		return;
	for (size_t i = 0; i < nr * PAGE_SIZE; i++)
		ck_assert_msg(guest[i] == host[i], "%s: byte 0x%lx is 0x%x, not 0x%x", judge.step,
		              (unsigned long)(AREA + page * PAGE_SIZE + i), guest[i], host[i]);
}

static void compare_memory(void)
{
	compare_pages(0, GOOD_PAGES);
	compare_pages(ISLAND, 1);
}

static uint64_t page_va(uint32_t page)
{
	return AREA + page * PAGE_SIZE;
}

/* Mostly good, often near an end. */
static uint64_t random_va(void)
{
	switch (rnd(12)) {
	case 0:
		return page_va(HOLE) - rnd(100);
	case 1:
		return page_va(READ_ONLY) - rnd(5000);
	case 2:
		return page_va(ISLAND) + rnd(4096);
	case 3:
		return page_va(NO_ACCESS) - rnd(20);
	case 4: {
		static const uint64_t bad[] = {
			0, 1, 0x1000, TASK_SIZE - 8, 0xffff888000000000, UINT64_MAX - 7
		};

		return bad[rnd(6)];
	}
	default:
		return AREA + rnd((GOOD_PAGES - 3) * 4096);
	}
}

/* Memory that can be written, len bytes of it. */
static uint64_t good_va(uint32_t len)
{
	return AREA + rnd(GOOD_PAGES * 4096 - len);
}

/* ---- calls ---- */

struct call {
	const char *name;
	syscall_fn guest;
	long host;
};
#define CALL(which) (&(const struct call){ #which, sys_##which, SYS_##which })

static int64_t on_guest(const struct call *call, const uint64_t arg[6])
{
	return call->guest(task, arg);
}

static int64_t on_host(const struct call *call, const uint64_t arg[6])
{
	long result = syscall(call->host, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);

	return result < 0 ? -errno : result;
}

static void describe(const struct call *call, const uint64_t arg[6], const char *path)
{
	snprintf(judge.step, sizeof(judge.step), "%s(0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx) of \"%s\"",
	         call->name, (unsigned long)arg[0], (unsigned long)arg[1], (unsigned long)arg[2],
	         (unsigned long)arg[3], (unsigned long)arg[4], path);
}

static void compare_content(int fd, const struct open_file *file)
{
	static uint8_t guest[1 << 17], host[1 << 17];
	char link[32];
	struct open_file *again;
	ssize_t want;
	int again_fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd); /* it may be write-only */
	again_fd = open(link, O_RDONLY);
	want = pread(again_fd, host, sizeof(host), 0);
	close(again_fd);
	ck_assert_int_eq(open_file_create(file->inode, O_RDONLY, strdup(""), &again), 0);
	ck_assert_msg(vfs_pread(again, guest, sizeof(guest), 0) == want, "%s: size of %d",
	              judge.step, fd);
	vfs_close(again);
	for (ssize_t i = 0; i < want && memcmp(guest, host, (size_t)want); i++)
		ck_assert_msg(guest[i] == host[i], "%s: byte %ld of %d is 0x%x, not 0x%x",
		              judge.step, (long)i, fd, guest[i], host[i]);
}

/* A call that changes a file it should not change is caught at once. */
static void compare_files(void)
{
	for (int fd = FIRST_SLOT; fd < FIRST_SLOT + NR_SLOTS; fd++) {
		struct open_file *file = files_get(task->files, fd);
		struct stat st;

		ck_assert_msg(!file == (fstat(fd, &st) != 0), "%s: %d is open", judge.step, fd);
		if (file && S_ISREG(st.st_mode))
			compare_content(fd, file);
	}
}

static uint32_t guest_mode(const char *path)
{
	struct inode_attr attr = { 0 };
	struct inode *inode;

	if (!vfs_lookup(f.machine->vfs, NULL, path, 0, &inode)) {
		ck_assert_int_eq(inode->ops->getattr(inode, &attr), 0);
		inode_put(inode);
	}
	return attr.mode;
}

/* Every name that can be, on both sides: what it is, and its rights. */
static void compare_names(const char *folder, int depth)
{
	for (int i = 0; i < 5; i++) {
		char path[64];
		struct stat st;
		uint32_t mode;

		snprintf(path, sizeof(path), "%s%c", folder, i ? 'a' + i - 1 : '.');
		mode = guest_mode(path);
		if (lstat(path, &st))
			st.st_mode = 0;
		ck_assert_msg(mode == st.st_mode, "%s: %s has mode 0%o, not 0%o", judge.step, path,
		              mode, st.st_mode);
		strcat(path, "/");
		if (S_ISDIR(mode) && i && depth)
			compare_names(path, depth - 1);
	}
}

/* On both sides; the common result. */
static int64_t both_of(const struct call *call, const char *path, const uint64_t arg[6])
{
	int64_t guest, host;

	describe(call, arg, path);
	host = on_host(call, arg);
	guest = on_guest(call, arg);
	judge_agree(&judge, guest, host);
	compare_memory();
	compare_files();
	return guest;
}
#define BOTH(which, ...) both_of(CALL(which), "", (const uint64_t[6]){ __VA_ARGS__ })

static uint64_t random_slot(void)
{
	return rnd(40) ? FIRST_SLOT + rnd(NR_SLOTS) : (uint64_t)-1;
}

/* A path in the memory of both, or what is none. Never what happens to lie somewhere:
 * the host's kernel would take that seriously, too. */
static uint64_t put_path(char path[64])
{
	static const uint64_t bad[] = { 0, 0x1000, AREA + HOLE * PAGE_SIZE, TASK_SIZE - 1,
		                        0xffff888000000000 };
	uint64_t va = good_va(64);

	switch (rnd(60)) {
	case 0:
		strcpy(path, "(a bad address)");
		return bad[rnd(5)];
	case 1:
		*path = '\0';
		break;
	case 2:
		strcpy(path, "(runs into nothing)");
		put_both(page_va(ISLAND + 1) - 16, "xxxxxxxxxxxxxxxx", 16);
		return page_va(ISLAND + 1) - 16;
	default:
		judge_path(&judge, path);
	}
	put_both(va, path, strlen(path) + 1);
	return va;
}

/* Two new descriptors become one number. */
static void move_to_slot(int64_t guest, int64_t host, uint64_t slot)
{
	const uint64_t dup[6] = { (uint64_t)guest, slot }, close_it[6] = { (uint64_t)guest };

	ck_assert_int_eq(sys_dup2(task, dup), (int64_t)slot);
	ck_assert_int_eq(sys_close(task, close_it), 0);
	ck_assert_int_eq(dup2((int)host, (int)slot), (int)slot);
	close((int)host);
}

static void step_open(void)
{
	static const uint32_t flags[] = {
		0,           O_CREAT,    O_CREAT | O_EXCL, O_TRUNC,          O_CREAT | O_APPEND,
		O_DIRECTORY, O_NOFOLLOW, O_PATH,           O_CREAT | O_TRUNC
	};
	char path[64] = "";
	const uint64_t arg[6] = { (uint64_t)AT_FDCWD, put_path(path),
		                  flags[rnd(9)] | rnd(3) | O_NONBLOCK, 0640 };
	int64_t guest, host;

	describe(CALL(openat), arg, path);
	host = on_host(CALL(openat), arg);
	guest = on_guest(CALL(openat), arg);
	judge_agree(&judge, guest < 0 ? guest : 0, host < 0 ? host : 0);
	if (guest >= 0)
		move_to_slot(guest, host, FIRST_SLOT + rnd(NR_SLOTS));
	compare_files();
	compare_names("", 3);
}

/* A write behind the end of a file that then fails leaves the file longer on some
 * file systems (ext4 of Linux 6.18), and not on others: such a write has good memory. */
static bool is_behind_end(uint64_t fd, int64_t pos)
{
	struct stat st;

	return !fstat((int)fd, &st) && pos > st.st_size;
}

static uint64_t source_va(uint64_t fd, int64_t pos, uint32_t len)
{
	return is_behind_end(fd, pos) ? good_va(len) : random_va();
}

static void step_read(void)
{
	uint64_t fd = random_slot(), va = random_va(), len = rnd(rnd(3) ? 9000 : 50000);

	if (!rnd(30))
		len = rnd(2) ? UINT64_MAX : (uint64_t)INT64_MAX;
	if (rnd(2))
		BOTH(read, fd, va, len);
	else
		BOTH(pread64, fd, va, len, rnd(30) ? rnd(20000) : (uint64_t)-1);
}

static void step_write(void)
{
	uint64_t fd = random_slot(), len = rnd(9000);
	int64_t pos = rnd(30) ? (int64_t)rnd(20000) : -5;

	if (rnd(2))
		BOTH(write, fd, source_va(fd, lseek((int)fd, 0, SEEK_CUR), 9000), len);
	else
		BOTH(pwrite64, fd, source_va(fd, pos, 9000), len, (uint64_t)pos);
}

static void step_vector(void)
{
	char shown[200] = "";
	struct iovec vec[4];
	uint64_t fd = random_slot(), va = good_va(sizeof(vec)), nr = rnd(30) ? rnd(5) : 1025;

	for (int i = 0; i < 4; i++) {
		vec[i].iov_base = (void *)good_va(4000);
		vec[i].iov_len = rnd(4) ? rnd(4000) : 0;
	}
	if (!rnd(10))
		vec[rnd(4)].iov_len = UINT64_MAX;
	if (!rnd(10))
		vec[3].iov_base = (void *)page_va(HOLE);
	put_both(va, vec, sizeof(vec));
	if (!rnd(20)) /* never memory with old numbers in it: the host's would be real */
		va = page_va(HOLE) + rnd(100);
	for (int i = 0; i < 4; i++)
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "%p+0x%lx ",
		         vec[i].iov_base, (unsigned long)vec[i].iov_len);
	if (rnd(2) || is_behind_end(fd, lseek((int)fd, 0, SEEK_CUR)))
		both_of(CALL(readv), shown, (const uint64_t[6]){ fd, va, nr });
	else
		both_of(CALL(writev), shown, (const uint64_t[6]){ fd, va, nr });
}

static void step_seek(void)
{
	static const uint64_t offsets[] = {
		0, 1, 4096, 10000, (uint64_t)-1, (uint64_t)-100, INT64_MAX, (uint64_t)INT64_MIN
	};
	/* SEEK_DATA and SEEK_HOLE depend on what the host's file system allocates */
	static const uint64_t whences[] = { SEEK_SET, SEEK_CUR, SEEK_END, 9 };
	uint64_t fd = random_slot();
	struct stat st;

	/* A directory's positions are each file system's own. */
	if (!fstat((int)fd, &st) && S_ISDIR(st.st_mode))
		return;
	BOTH(lseek, fd, offsets[rnd(8)], whences[rnd(4)]);
}

static void step_truncate(void)
{
	BOTH(ftruncate, random_slot(), rnd(30) ? rnd(20000) : (uint64_t)-1);
}

/* Numbers and times differ on both sides: only what must be the same is compared,
 * then the rest is made the same. */
static void compare_stat(uint64_t va, int64_t result)
{
	static const struct stat zero;
	struct stat guest, host;

	if (result < 0)
		return;
	memcpy(&host, (void *)va, sizeof(host));
	get_guest(va, &guest, sizeof(guest));
	ck_assert_msg(guest.st_mode == host.st_mode, "%s: mode 0%o, not 0%o", judge.step,
	              guest.st_mode, host.st_mode);
	ck_assert_uint_eq(guest.st_uid, host.st_uid);
	ck_assert_uint_eq(guest.st_gid, host.st_gid);
	ck_assert_int_eq(guest.st_blksize, host.st_blksize);
	if (!S_ISDIR(host.st_mode)) {
		ck_assert_msg(guest.st_nlink == host.st_nlink, "%s: links", judge.step);
		ck_assert_msg(guest.st_size == host.st_size, "%s: size %ld, not %ld", judge.step,
		              (long)guest.st_size, (long)host.st_size);
	}
	put_both(va, &zero, sizeof(zero));
}

static void step_stat(void)
{
	char path[64] = "";
	uint64_t va = rnd(10) ? good_va(sizeof(struct stat)) : page_va(HOLE) - 100;
	uint64_t arg[6] = { (uint64_t)AT_FDCWD, put_path(path), va,
		            rnd(20) ? (rnd(2) ? AT_SYMLINK_NOFOLLOW : 0) : 0x8000 };
	const struct call *by_path = CALL(newfstatat), *by_fd = CALL(fstat), *call = by_path;
	int64_t guest, host;

	if (rnd(2)) {
		arg[0] = random_slot();
		arg[1] = va;
		call = by_fd;
	}
	describe(call, arg, path);
	host = on_host(call, arg);
	guest = on_guest(call, arg);
	judge_agree(&judge, guest, host);
	if (va < page_va(READ_ONLY))
		compare_stat(va, guest);
	compare_memory();
}

static void step_rename(void)
{
	char path[64] = "", other[64] = "", shown[160];
	uint64_t va = put_path(path), va2 = put_path(other);

	snprintf(shown, sizeof(shown), "%s, %s", path, other);
	both_of(CALL(renameat2), shown,
	        (const uint64_t[6]){ (uint64_t)AT_FDCWD, va, (uint64_t)AT_FDCWD, va2,
	                             rnd(4) ? 0 : RENAME_NOREPLACE });
	compare_names("", 3);
}

static void step_names(void)
{
	static const uint32_t modes[] = { 0755, 0700, 01777, 07755 };
	char path[64] = "", other[64] = "", shown[160];
	uint64_t va = put_path(path), va2 = put_path(other);

	switch (rnd(8)) {
	case 0:
		both_of(CALL(mkdir), path, (const uint64_t[6]){ va, modes[rnd(4)] });
		break;
	case 1:
		both_of(CALL(rmdir), path, (const uint64_t[6]){ va });
		break;
	case 2:
		both_of(CALL(unlink), path, (const uint64_t[6]){ va });
		break;
	case 3:
		step_rename();
		break;
	case 4:
		snprintf(shown, sizeof(shown), "%s, %s", path, other);
		both_of(CALL(link), shown, (const uint64_t[6]){ va, va2 });
		break;
	case 5:
		both_of(CALL(chmod), path, (const uint64_t[6]){ va, 0600 + rnd(0200) });
		break;
	case 6:
		both_of(CALL(truncate), path, (const uint64_t[6]){ va, rnd(10000) });
		break;
	default:
		both_of(CALL(faccessat), path,
		        (const uint64_t[6]){ (uint64_t)AT_FDCWD, va, rnd(9) });
	}
	compare_names("", 3);
}

static void step_readlink(void)
{
	char path[64] = "";
	uint64_t va = put_path(path);

	both_of(CALL(readlink), path,
	        (const uint64_t[6]){ va, random_va(), rnd(10) ? rnd(100) : (uint64_t)-1 });
}

static void step_descriptor(void)
{
	static const uint64_t settable[] = { 0, O_APPEND, O_NONBLOCK, O_APPEND | O_NONBLOCK };
	uint64_t fd = random_slot();

	switch (rnd(8)) {
	case 0:
		BOTH(dup2, fd, FIRST_SLOT + rnd(NR_SLOTS));
		break;
	case 1:
		BOTH(dup3, fd, FIRST_SLOT + rnd(NR_SLOTS), rnd(5) ? O_CLOEXEC : 1);
		break;
	case 2:
		BOTH(fcntl, fd, F_GETFD);
		break;
	case 3:
		BOTH(fcntl, fd, F_SETFD, rnd(2));
		break;
	case 4:
		BOTH(fcntl, fd, F_GETFL);
		break;
	case 5:
		BOTH(fcntl, fd, F_SETFL, settable[rnd(4)] | O_NONBLOCK);
		break;
	case 6:
		BOTH(close, fd);
		break;
	default:
		BOTH(ioctl, fd, rnd(2) ? FIOCLEX : TCGETS, random_va());
	}
}

static void step_pipe(void)
{
	uint64_t va = good_va(8);
	int32_t guest[2], host[2];

	ck_assert_int_eq(on_host(CALL(pipe2), (const uint64_t[6]){ va, O_NONBLOCK }), 0);
	ck_assert_int_eq(on_guest(CALL(pipe2), (const uint64_t[6]){ va, O_NONBLOCK }), 0);
	memcpy(host, (void *)va, 8);
	get_guest(va, guest, 8);
	put_both(va, "01234567", 8);
	move_to_slot(guest[0], host[0], FIRST_SLOT);
	move_to_slot(guest[1], host[1], FIRST_SLOT + 1);
}

/* Pipes as outputs take whole pages, which is not ours to do; from a file to itself
 * it depends on how much is read ahead of the writing. */
static bool can_copy(uint64_t in, uint64_t out)
{
	struct stat from, to;

	return !fstat((int)out, &to) && S_ISREG(to.st_mode) &&
	       (fstat((int)in, &from) || from.st_ino != to.st_ino);
}

static void step_copy(void)
{
	uint64_t in = random_slot(), out = random_slot(), offset = good_va(16);
	const int64_t positions[2] = { rnd(30000), rnd(10000) };

	put_both(offset, positions, sizeof(positions));
	if (!can_copy(in, out))
		return;
	if (rnd(2))
		BOTH(sendfile, out, in, rnd(2) ? offset : 0, rnd(20000));
	else
		BOTH(copy_file_range, in, rnd(2) ? offset : 0, out, rnd(2) ? offset + 8 : 0,
		     rnd(5000), 0);
}

static void step_poll(void)
{
	struct pollfd fds[3];
	uint64_t va = good_va(sizeof(fds));

	for (int i = 0; i < 3; i++)
		fds[i] = (struct pollfd){ (int)random_slot(), POLLIN | POLLOUT, 0x77 };
	put_both(va, fds, sizeof(fds));
	BOTH(poll, va, 3, 0);
}

static void random_step(void)
{
	static void (*const steps[])(void) = {
		step_open,   step_open, step_open,       step_read,     step_write, step_read,
		step_vector, step_seek, step_truncate,   step_stat,     step_names, step_names,
		step_copy,   step_poll, step_descriptor, step_readlink, step_pipe,
	};

	if (rnd(40))
		steps[rnd(sizeof(steps) / sizeof(steps[0]) - 1)]();
	else
		step_pipe();
}

START_TEST(random_calls_answer_as_linux_does)
{
	const char *cases = getenv("PW_CASES");
	int nr = cases ? atoi(cases) : 4000;

	signal(SIGPIPE, SIG_IGN);
	while (nr--) {
		random_step();
		task->signals.pending.set = 0; /* SIGPIPE */
	}
}
END_TEST

/* ---- arguments of no sense ---- */

static const struct {
	const char *name;
	syscall_fn fn;
} all_calls[] = {
#define X(name) { #name, sys_##name },
	SYSCALLS_FILE(X) SYSCALLS_MM(X) SYSCALLS_TIME(X)
#undef X
};

static uint64_t wild_argument(void)
{
	static const uint64_t some[] = { 0,
		                         1,
		                         2,
		                         3,
		                         7,
		                         64,
		                         4095,
		                         4096,
		                         4097,
		                         0x10000,
		                         0x7fffffff,
		                         0x80000000,
		                         0xffffffff,
		                         0x100000000,
		                         INT64_MAX,
		                         (uint64_t)INT64_MIN,
		                         UINT64_MAX,
		                         UINT64_MAX - 99,
		                         UINT64_MAX - 4095,
		                         0x7ffffffff000,
		                         0x800000000000 };

	switch (rnd(4)) {
	case 0:
		return some[rnd(sizeof(some) / sizeof(some[0]))];
	case 1:
		return random_va();
	case 2:
		return rnd(8);
	default:
		return AREA + (uint64_t)rnd(AREA_PAGES * 4096);
	}
}

/* Waiting for ever would end the machine, as it should; not here. */
static bool may_wait(const char *name)
{
	return !strcmp(name, "poll") || !strcmp(name, "ppoll") || !strcmp(name, "select") ||
	       !strcmp(name, "pselect6") || strstr(name, "read") || strstr(name, "write") ||
	       strstr(name, "nanosleep");
}

START_TEST(arguments_of_no_sense_hurt_nobody)
{
	const char *cases = getenv("PW_CASES");
	int nr = cases ? atoi(cases) : 20000;
	char what[256] = "";

	while (nr--) {
		uint32_t n = rnd(sizeof(all_calls) / sizeof(all_calls[0]));
		uint64_t arg[6];

		for (int i = 0; i < 6; i++)
			arg[i] = wild_argument();
		if (!rnd(4) && !task->mm->locked_vm) { /* a path that exists, now and then */
			char path[64];
			uint64_t va = good_va(64);

			judge_path(&judge, path);
			if (!copy_to_user(task, va, path, strlen(path) + 1))
				arg[rnd(2)] = va;
		}
		if (!strcmp(all_calls[n].name, "mmap"))
			arg[3] |= MAP_NORESERVE_;
		if (!strcmp(all_calls[n].name, "chdir") || !strcmp(all_calls[n].name, "fchdir"))
			continue;
		all_calls[n].fn(task, arg);
		wait_end(task);
		ck_assert_msg(!f.machine->broken[0] || may_wait(all_calls[n].name), "%s: %s",
		              all_calls[n].name, f.machine->broken);
		f.machine->broken[0] = '\0';
		task->signals.pending.set = 0;
		kernel_run_threads(k);
	}
	ck_assert_msg(kernel_is_valid(k, what, sizeof(what)), "%s", what);
}
END_TEST

/* Before Linux 6.9 several mistakes at once are reported in another order. */
static bool judge_is_recent(void)
{
	struct utsname name;
	int major, minor;

	if (uname(&name) || sscanf(name.release, "%d.%d", &major, &minor) != 2 || major < 6 ||
	    (major == 6 && minor < 9)) {
		printf("# this kernel is too old a judge\n");
		return false;
	}
	return true;
}

int main(void)
{
	Suite *suite = suite_create("sys_file");
	TCase *tcase = tcase_create("random");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	if (judge_is_recent())
		tcase_add_test(tcase, random_calls_answer_as_linux_does);
	tcase_add_test(tcase, arguments_of_no_sense_hurt_nobody);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
