// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program finds when it starts, against the running kernel: the same
 * program is started natively without randomisation, stopped before its first
 * instruction, and its registers, stack and mappings are compared with ours.
 *
 * Skipped where there is no such kernel: not x86-64, no ptrace, or a kernel whose
 * auxv has other rows than Linux 6.18's.
 */
#include "mm/mm.h"
#include "sim/exec.h"
#include "sim/machine.h"
#include "tests/run_suite.h"

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_TOP ((va_t)0x7ffffffff000)
#define MAX_MAPS 32
#define MAX_WORDS 4096

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_ENV ((const char *const[]){ NULL })

typedef const char *const *strings;

struct map {
	va_t start, end, offset;
	char perms[5];
	char name[256];
};

/* Fields 26 to 28 and 45 to 51 of /proc/PID/stat. */
static const char *const layout_names[] = { "start_code", "end_code",  "start_stack", "start_data",
	                                    "end_data",   "start_brk", "arg_start",   "arg_end",
	                                    "env_start",  "env_end" };
#define NR_LAYOUT (sizeof(layout_names) / sizeof(layout_names[0]))

/* A started program, ours or the kernel's. */
struct start {
	uint64_t ip, sp;
	uint8_t *stack; /* sp to STACK_TOP */
	struct map maps[MAX_MAPS];
	int nr_maps;
	uint64_t layout[NR_LAYOUT];
};

static uint64_t word(const struct start *s, va_t va)
{
	uint64_t value;

	ck_assert(va >= s->sp && va + 8 <= STACK_TOP);
	memcpy(&value, s->stack + (va - s->sp), sizeof(value));
	return value;
}

/* ---- natively ---- */

#ifdef __x86_64__
static pid_t start_native(const char *path, strings argv, strings envp)
{
	const struct rlimit stack = { 8 * MIB, RLIM_INFINITY };
	pid_t pid = fork();

	if (pid == 0) {
		personality(ADDR_NO_RANDOMIZE);
		setrlimit(RLIMIT_STACK, &stack);
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) == 0)
			execve(path, (char *const *)argv, (char *const *)envp);
		_exit(127);
	}
	return pid;
}

static void read_native_maps(pid_t pid, struct start *s)
{
	char file[64], line[512];
	FILE *in;

	snprintf(file, sizeof(file), "/proc/%d/maps", pid);
	in = fopen(file, "r");
	ck_assert(in);
	while (s->nr_maps < MAX_MAPS && fgets(line, sizeof(line), in)) {
		struct map *m = &s->maps[s->nr_maps++];

		m->name[0] = 0;
		ck_assert_int_ge(sscanf(line,
		                        "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %255s",
		                        &m->start, &m->end, m->perms, &m->offset, m->name),
		                 4);
	}
	fclose(in);
}

static void read_native_layout(pid_t pid, struct start *s)
{
	char file[64], line[1024];
	size_t nr = 0;
	FILE *in;

	snprintf(file, sizeof(file), "/proc/%d/stat", pid);
	in = fopen(file, "r");
	ck_assert(in && fgets(line, sizeof(line), in));
	fclose(in);
	/* The second field is a name in brackets; the third is one letter. */
	char *at = strrchr(line, ')') + 2;

	for (int field = 3; field <= 51 && nr < NR_LAYOUT; field++) {
		at += strspn(at, " ");
		if ((field >= 26 && field <= 28) || field >= 45)
			s->layout[nr++] = strtoull(at, NULL, 10);
		at += strcspn(at, " ");
	}
}

static void read_native_stack(pid_t pid, struct start *s)
{
	size_t size = STACK_TOP - s->sp;
	char file[64];
	int fd;

	snprintf(file, sizeof(file), "/proc/%d/mem", pid);
	fd = open(file, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	s->stack = malloc(size);
	ck_assert_int_eq(pread(fd, s->stack, size, (off_t)s->sp), (ssize_t)size);
	close(fd);
}

/* False: it cannot be had here. */
static bool native(const char *path, strings argv, strings envp, struct start *s)
{
	struct user_regs_struct regs;
	pid_t pid = start_native(path, argv, envp);
	int status;

	memset(s, 0, sizeof(*s));
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return false;
	ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, 0, &regs), 0);
	s->ip = regs.rip;
	s->sp = regs.rsp;
	read_native_maps(pid, s);
	read_native_layout(pid, s);
	read_native_stack(pid, s);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}
#else
static bool native(const char *path, strings argv, strings envp, struct start *s)
{
	return false;
}
#endif

/* ---- ours ---- */

static struct machine *machine;

static void setup(void)
{
	const struct config_override overrides[] = { { "ram", "64M" }, { "page_cache", "warm" } };
	const struct machine_options options = {
		.engine = ENGINE_FAULTS,
		.check = true,
		.vfs = { .stdin_fd = 0, .stdout_fd = 1, .stderr_fd = 2 },
	};
	static struct machine_config config;
	char why[512] = "";

	ck_assert_msg(machine_config_load(&config, "skylake", overrides, 2, why, sizeof(why)) == 0,
	              "%s", why);
	ck_assert_msg(machine_create(&machine, &config, &options, why, sizeof(why)) == 0, "%s",
	              why);
}

static void teardown(void)
{
	machine_destroy(machine);
}

static void peek(void *dst, va_t va, size_t len)
{
	for (size_t done = 0, part; done < len; done += part) {
		struct translation t;

		part = PAGE_SIZE - ((va + done) & ~PAGE_MASK);
		if (part > len - done)
			part = len - done;
		ck_assert_msg(
		    mmu_probe(machine->cpus[0].mmu, va + done, ACCESS_LOAD, PRIV_USER, &t, NULL),
		    "%#" PRIx64 " is not mapped", va + done);
		memcpy((char *)dst + done, ram_at(&machine->ram, t.pa), part);
	}
}

static void list_maps(const struct mm_struct *mm, struct start *s)
{
	struct vm_area_struct *vma;

	for_each_vma (mm, vma) {
		struct map *m = &s->maps[s->nr_maps++];
		const char *name = "";

		ck_assert_int_lt(s->nr_maps, MAX_MAPS);
		if (vma->vm_file)
			name = vma->vm_file->f_op->path(vma->vm_file);
		else if (vma->vm_special)
			name = vma->vm_special->name;
		else if (vma->vm_flags & VM_GROWSDOWN)
			name = "[stack]";
		*m = (struct map){ .start = vma->vm_start,
			           .end = vma->vm_end,
			           .offset = vma->vm_file ? vma->vm_pgoff << PAGE_SHIFT : 0 };
		snprintf(m->perms, sizeof(m->perms), "%c%c%cp", vma->vm_flags & VM_READ ? 'r' : '-',
		         vma->vm_flags & VM_WRITE ? 'w' : '-', vma->vm_flags & VM_EXEC ? 'x' : '-');
		snprintf(m->name, sizeof(m->name), "%s", name);
	}
}

static void list_layout(const struct mm_struct *mm, struct start *s)
{
	const uint64_t layout[NR_LAYOUT] = { mm->start_code, mm->end_code, mm->start_stack,
		                             mm->start_data, mm->end_data, mm->start_brk,
		                             mm->arg_start,  mm->arg_end,  mm->env_start,
		                             mm->env_end };

	memcpy(s->layout, layout, sizeof(layout));
}

static int start_ours(const char *path, strings argv, strings envp, char why[512])
{
	return machine_start(machine, path, (char *const *)argv, (char *const *)envp, why, 512);
}

static void ours(const char *path, strings argv, strings envp, struct start *s)
{
	const struct task *task;
	char why[512] = "";

	memset(s, 0, sizeof(*s));
	ck_assert_msg(start_ours(path, argv, envp, why) == 0, "%s", why);
	task = machine->running->current;
	s->ip = task->regs.ip;
	s->sp = task->regs.gpr[REG_SP];
	s->stack = malloc(STACK_TOP - s->sp);
	peek(s->stack, s->sp, STACK_TOP - s->sp);
	list_maps(task->mm, s);
	list_layout(task->mm, s);
}

/* ---- both ---- */

/* Where the auxv stands: behind argc, argv and envp. */
static va_t auxv_va(const struct start *s)
{
	va_t va = s->sp + 8 + (word(s, s->sp) + 1) * 8;

	while (word(s, va))
		va += 8;
	return va + 8;
}

static uint64_t auxv_value(const struct start *s, uint64_t type)
{
	for (va_t va = auxv_va(s); word(s, va); va += 16)
		if (word(s, va) == type)
			return word(s, va + 8);
	return 0;
}

static bool same_auxv_rows(const struct start *a, const struct start *b)
{
	va_t at_a = auxv_va(a), at_b = auxv_va(b);

	for (; word(a, at_a) == word(b, at_b); at_a += 16, at_b += 16)
		if (!word(a, at_a))
			return true;
	return false;
}

/* What depends on the CPU, the user and the kernel's own vdso. */
static bool is_machines_own(uint64_t type)
{
	return type == AT_HWCAP || type == AT_HWCAP2 || type == AT_MINSIGSTKSZ ||
	       type == AT_SECURE || (type >= AT_UID && type <= AT_EGID) || type == AT_SYSINFO_EHDR;
}

static const struct map *find_map(const struct start *s, const char *name)
{
	for (int i = 0; i < s->nr_maps; i++)
		if (strcmp(s->maps[i].name, name) == 0)
			return &s->maps[i];
	return NULL;
}

static bool is_vdso(const struct map *m)
{
	return strncmp(m->name, "[v", 2) == 0;
}

static void compare_stacks(struct start *theirs, struct start *our)
{
	va_t random = auxv_value(theirs, AT_RANDOM);

	ck_assert_uint_eq(our->sp, theirs->sp);
	ck_assert_uint_eq(auxv_value(our, AT_RANDOM), random);
	for (va_t va = auxv_va(theirs); word(theirs, va); va += 16) {
		uint64_t type = word(theirs, va);

		if (is_machines_own(type))
			memset(theirs->stack + (va + 8 - theirs->sp), 0, 8);
		if (is_machines_own(type))
			memset(our->stack + (va + 8 - our->sp), 0, 8);
		ck_assert_msg(word(our, va + 8) == word(theirs, va + 8),
		              "auxv row %" PRIu64 ": %#" PRIx64 ", not %#" PRIx64, type,
		              word(our, va + 8), word(theirs, va + 8));
	}
	memset(theirs->stack + (random - theirs->sp), 0, 16);
	memset(our->stack + (random - our->sp), 0, 16);
	for (va_t va = our->sp; va < STACK_TOP; va++)
		ck_assert_msg(our->stack[va - our->sp] == theirs->stack[va - our->sp],
		              "stack byte %#" PRIx64, va);
}

/* All but [vsyscall], and the vdso's where the kernel's has another size. */
static void compare_maps(const struct start *theirs, const struct start *our)
{
	const struct map *vvar = find_map(theirs, "[vvar]");
	const bool same_vdso =
	    vvar && vvar->end - vvar->start == 4 * PAGE_SIZE && find_map(theirs, "[vvar_vclock]");
	int at = 0;

	for (int i = 0; i < theirs->nr_maps; i++) {
		const struct map *m = &theirs->maps[i];

		if (strcmp(m->name, "[vsyscall]") == 0 || (is_vdso(m) && !same_vdso))
			continue;
		while (!same_vdso && at < our->nr_maps && is_vdso(&our->maps[at]))
			at++;
		ck_assert_msg(at < our->nr_maps, "%s is missing", m->name);
		ck_assert_msg(m->start == our->maps[at].start && m->end == our->maps[at].end &&
		                  m->offset == our->maps[at].offset,
		              "%" PRIx64 "-%" PRIx64 " %s, not %" PRIx64 "-%" PRIx64 " %s",
		              our->maps[at].start, our->maps[at].end, our->maps[at].name, m->start,
		              m->end, m->name);
		ck_assert_str_eq(our->maps[at].perms, m->perms);
		/* The heap's name is a matter of brk, which is not mapped yet. */
		if (m->name[0] == '[' && strcmp(m->name, "[heap]") != 0)
			ck_assert_str_eq(our->maps[at].name, m->name);
		at++;
	}
	while (at < our->nr_maps && is_vdso(&our->maps[at]))
		at++;
	ck_assert_int_eq(at, our->nr_maps);
}

/* A static PIE's heap has its place since 6.16 even without randomisation. */
static bool is_older_than_6_16(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &major, &minor);
	return major < 6 || (major == 6 && minor < 16);
}

static void compare_layout(const struct start *theirs, const struct start *our)
{
	for (size_t i = 0; i < NR_LAYOUT; i++) {
		if (strcmp(layout_names[i], "start_brk") == 0 && is_older_than_6_16())
			continue;
		ck_assert_msg(our->layout[i] == theirs->layout[i],
		              "%s is %#" PRIx64 ", not %#" PRIx64, layout_names[i], our->layout[i],
		              theirs->layout[i]);
	}
}

static void compare(const char *path, strings argv, strings envp)
{
	struct start theirs, our;

	if (access(path, X_OK) != 0 || !native(path, argv, envp, &theirs))
		return;
	ours(path, argv, envp, &our);
	ck_assert_uint_eq(our.ip, theirs.ip);
	if (same_auxv_rows(&theirs, &our)) {
		compare_stacks(&theirs, &our);
		compare_maps(&theirs, &our);
		compare_layout(&theirs, &our);
	}
	free(theirs.stack);
	free(our.stack);
}

START_TEST(static_program_starts_as_on_linux)
{
	compare("/bin/busybox", LIST("true"), NO_ENV);
}
END_TEST

START_TEST(arguments_and_environment_lie_as_on_linux)
{
	compare("/bin/busybox", LIST("sh", "-c", "echo $A", ""), LIST("A=1", "PATH=/bin:/usr/bin"));
}
END_TEST

/* Each length shifts what is aligned behind it. */
START_TEST(any_length_of_arguments_lies_as_on_linux)
{
	char text[16] = "";

	memset(text, 'x', (size_t)_i);
	compare("/bin/busybox", LIST("echo", text), NO_ENV);
}
END_TEST

START_TEST(long_arguments_take_more_pages_as_on_linux)
{
	char *text = malloc(100000);

	memset(text, 'y', 99999);
	text[99999] = 0;
	compare("/bin/busybox", LIST("echo", text, text), LIST(text));
	free(text);
}
END_TEST

START_TEST(program_without_interpreter_lies_among_mmaps_as_on_linux)
{
	compare("/lib64/ld-linux-x86-64.so.2", LIST("ld.so", "--help"), NO_ENV);
}
END_TEST

START_TEST(dynamic_program_starts_in_its_interpreter_as_on_linux)
{
	compare("/bin/ls", LIST("ls", "/"), LIST("LC_ALL=C"));
}
END_TEST

/* ---- what needs no judge ---- */

START_TEST(start_of_busybox_is_what_the_oracle_recorded)
{
	struct start s;

	if (access("/bin/busybox", X_OK) != 0)
		return;
	ours("/bin/busybox", LIST("true"), NO_ENV, &s);
	/* "/bin/busybox" and its NUL end 8 bytes below the top. */
	ck_assert_uint_eq(auxv_value(&s, AT_EXECFN), 0x7fffffffeff8 - 13);
	ck_assert_uint_eq(auxv_value(&s, AT_SYSINFO_EHDR), 0x7ffff7ffd000);
	ck_assert_uint_eq(auxv_value(&s, AT_MINSIGSTKSZ), SIGNAL_MIN_FRAME_BYTES);
	ck_assert_uint_eq(s.sp % 16, 0);
	/* Two faults: the page of arguments, and the end of the file's part of the bss. */
	ck_assert_uint_eq(machine->running->current->mm->min_flt, 2);
	free(s.stack);
}
END_TEST

static int exec_error(const char *path, char why[512])
{
	int err = start_ours(path, LIST("x"), NO_ENV, why);

	ck_assert(machine->running->current == NULL);
	ck_assert(list_empty(&machine->tasks));
	return err;
}

START_TEST(what_cannot_run_says_why_and_leaves_nothing)
{
	char why[512], path[] = "/tmp/pagewalk-test-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd,
	                       "\x7f"
	                       "ELF\1",
	                       5),
	                 5);
	ck_assert_int_eq(exec_error("/nonexistent/program", why), -ENOENT);
	ck_assert(strstr(why, "/nonexistent/program"));
	ck_assert_int_eq(exec_error("/tmp", why), -EACCES);
	ck_assert_int_eq(exec_error(path, why), -EACCES);
	fchmod(fd, 0755);
	ck_assert_int_eq(exec_error(path, why), -ENOEXEC);
	ck_assert(strstr(why, path));
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(too_long_arguments_are_refused)
{
	const size_t size = 128 * KIB;
	char *text = malloc(size + 1), why[512];

	memset(text, 'z', size);
	text[size - 1] = 0; /* the longest that fits */
	ck_assert_int_eq(start_ours("/bin/busybox", LIST("true", text), NO_ENV, why), 0);
	text[size - 1] = 'z';
	text[size] = 0;
	ck_assert_int_eq(start_ours("/bin/busybox", LIST("true", text), NO_ENV, why), -E2BIG);
	free(text);
}
END_TEST

static Suite *exec_suite(void)
{
	Suite *s = suite_create("exec");
	TCase *judged = tcase_create("judged"), *alone = tcase_create("alone");

	tcase_add_checked_fixture(judged, setup, teardown);
	tcase_add_test(judged, static_program_starts_as_on_linux);
	tcase_add_test(judged, arguments_and_environment_lie_as_on_linux);
	tcase_add_loop_test(judged, any_length_of_arguments_lies_as_on_linux, 0, 16);
	tcase_add_test(judged, long_arguments_take_more_pages_as_on_linux);
	tcase_add_test(judged, program_without_interpreter_lies_among_mmaps_as_on_linux);
	tcase_add_test(judged, dynamic_program_starts_in_its_interpreter_as_on_linux);
	tcase_set_timeout(judged, 30);
	suite_add_tcase(s, judged);
	tcase_add_checked_fixture(alone, setup, teardown);
	tcase_add_test(alone, start_of_busybox_is_what_the_oracle_recorded);
	tcase_add_test(alone, what_cannot_run_says_why_and_leaves_nothing);
	tcase_add_test(alone, too_long_arguments_are_refused);
	tcase_set_timeout(alone, 30);
	suite_add_tcase(s, alone);
	return s;
}

int main(void)
{
	return run_suite(exec_suite());
}
