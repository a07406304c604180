// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of --syscalls, and the table behind them. */
#include "mm/mm.h"
#include "sim/machine.h"
#include "sim/strace.h"
#include "sim/usercopy.h"
#include "tests/run_suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct machine *machine;
static struct task *task;
static va_t memory; /* two pages of the task's, the second one never touched */
static char text[2048];

static void setup(void)
{
	const struct config_override ram = { "ram", "32M" };
	const struct machine_options options = { .engine = ENGINE_FAULTS };
	static struct machine_config config;
	char why[512] = "";
	int64_t va;

	ck_assert_msg(machine_config_load(&config, "skylake", &ram, 1, why, sizeof(why)) == 0, "%s",
	              why);
	ck_assert_msg(machine_create(&machine, &config, &options, why, sizeof(why)) == 0, "%s",
	              why);
	ck_assert_int_eq(task_create(&task, machine, "/"), 0);
	task->mm = mm_alloc(&machine->kernel);
	ck_assert(task->mm);
	task->mm->task_size = 0x7ffffffff000;
	task->mm->mmap_base = 0x7ffff7fff000;
	task_apply_limits(task);
	machine_activate_mm(machine, task);
	va = do_mmap(&machine->kernel, task->mm, NULL, 0, 2 * PAGE_SIZE, PROT_READ_ | PROT_WRITE_,
	             MAP_PRIVATE_ | MAP_ANONYMOUS_, 0);
	ck_assert_int_gt(va, 0);
	memory = (va_t)va;
}

static void teardown(void)
{
	machine_destroy(machine);
}

/* The line of a call, without its newline. */
static const char *line(const char *call, int64_t result, uint64_t a, uint64_t b, uint64_t c,
                        uint64_t d, uint64_t e, uint64_t f)
{
	const uint64_t arg[6] = { a, b, c, d, e, f };
	struct strace_line l;
	FILE *out = fmemopen(text, sizeof(text), "w");
	uint64_t nr = 0;

	while (nr < 512 && (!syscall_lookup(nr) || strcmp(syscall_lookup(nr)->name, call) != 0))
		nr++;
	ck_assert_msg(nr < 512, "no such call: %s", call);
	strace_enter(&l, task, nr, syscall_lookup(nr), arg);
	strace_leave(&l, out, task, nr, syscall_lookup(nr), arg, result);
	fclose(out);
	text[strcspn(text, "\n")] = 0;
	return text;
}

static va_t put_at(uint64_t offset, const void *bytes, size_t len)
{
	ck_assert_int_eq(copy_to_user(task, memory + offset, bytes, len), 0);
	return memory + offset;
}

START_TEST(open_shows_path_and_flags)
{
	va_t path = put_at(0, "/etc/passwd", 12);

	ck_assert_str_eq(line("openat", 3, (uint64_t)-100, path, 0, 0, 0, 0),
	                 "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY) = 3");
	ck_assert_str_eq(line("openat", -ENOENT, 5, path, 02000001, 0, 0, 0),
	                 "openat(5, \"/etc/passwd\", O_WRONLY|O_CLOEXEC) = -1 ENOENT "
	                 "(No such file or directory)");
	ck_assert_str_eq(line("open", 3, path, 01101, 0644, 0, 0, 0),
	                 "open(\"/etc/passwd\", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3");
}
END_TEST

START_TEST(short_lines_have_their_result_in_column_40)
{
	ck_assert_str_eq(line("close", 0, 3, 0, 0, 0, 0, 0),
	                 "close(3)                                = 0");
	ck_assert_str_eq(line("brk", 0x4bc000, 0, 0, 0, 0, 0, 0),
	                 "brk(NULL)                               = 0x4bc000");
}
END_TEST

START_TEST(mmap_shows_names_and_an_address)
{
	ck_assert_str_eq(line("mmap", 0x7ffff7ff5000, 0, 8192, 3, 0x22, (uint64_t)-1, 0),
	                 "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, "
	                 "0) = 0x7ffff7ff5000");
	ck_assert_str_eq(line("mprotect", 0, 0x4a0000, 16384, 0, 0, 0, 0),
	                 "mprotect(0x4a0000, 16384, PROT_NONE)    = 0");
}
END_TEST

START_TEST(buffers_are_escaped_and_cut)
{
	va_t buffer = put_at(0,
	                     "a\tb\"c\\d\n\0"
	                     "12\377",
	                     12);

	ck_assert_str_eq(line("write", 12, 1, buffer, 12, 0, 0, 0),
	                 "write(1, \"a\\tb\\\"c\\\\d\\n\\00012\\377\", 12)  = 12");
	put_at(0, "0123456789abcdef0123456789abcdefXYZ", 36);
	ck_assert_str_eq(line("read", 35, 0, buffer, 4096, 0, 0, 0),
	                 "read(0, \"0123456789abcdef0123456789abcdef\"..., 4096) = 35");
	ck_assert_str_eq(line("chdir", 0, buffer, 0, 0, 0, 0, 0),
	                 "chdir(\"0123456789abcdef0123456789abcdef\"...) = 0");
}
END_TEST

START_TEST(what_is_not_in_ram_is_an_address_and_stays_out)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "chdir(%#lx) = -1 EFAULT (Bad address)",
	         (unsigned long)(memory + PAGE_SIZE));
	line("chdir", -EFAULT, memory + PAGE_SIZE, 0, 0, 0, 0, 0);
	ck_assert_msg(strstr(text, "EFAULT"), "%s", text);
	ck_assert_uint_eq(task->mm->min_flt, 0);
	ck_assert_str_eq(line("chdir", -EFAULT, 0, 0, 0, 0, 0, 0),
	                 "chdir(NULL)                             = -1 EFAULT (Bad address)");
}
END_TEST

START_TEST(internal_results_are_told_as_strace_tells_them)
{
	ck_assert_str_eq(line("pause", SYSCALL_ERESTARTNOHAND, 0, 0, 0, 0, 0, 0),
	                 "pause()                                 = ? ERESTARTNOHAND (To be "
	                 "restarted if no handler)");
	task->state = TASK_ZOMBIE;
	ck_assert_str_eq(line("exit_group", 0, 1, 0, 0, 0, 0, 0),
	                 "exit_group(1)                           = ?");
	task->state = TASK_RUNNING;
}
END_TEST

START_TEST(names_stand_for_small_numbers)
{
	line("kill", 0, 1, 11, 0, 0, 0, 0);
	ck_assert(strstr(text, "kill(1, SIGSEGV)"));
	line("arch_prctl", 0, 0x1002, 0x4bc3c0, 0, 0, 0, 0);
	ck_assert(strstr(text, "arch_prctl(ARCH_SET_FS, 0x4bc3c0)"));
	line("prlimit64", 0, 0, 3, 0, 0, 0, 0);
	ck_assert(strstr(text, "prlimit64(0, RLIMIT_STACK, NULL, NULL)"));
	line("lseek", 0, 3, 0, 7, 0, 0, 0);
	ck_assert(strstr(text, "lseek(3, 0, 0x7)"));
}
END_TEST

START_TEST(unknown_number_shows_all_its_arguments)
{
	const uint64_t arg[6] = { 1, 2, 3, 4, 5, 6 };
	struct strace_line l;
	FILE *out = fmemopen(text, sizeof(text), "w");

	ck_assert(syscall_lookup(400) == NULL);
	ck_assert(syscall_lookup(100000) == NULL);
	strace_enter(&l, task, 400, NULL, arg);
	strace_leave(&l, out, task, 400, NULL, arg, -ENOSYS);
	fclose(out);
	ck_assert_str_eq(text, "syscall_0x190(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function "
	                       "not implemented)\n");
}
END_TEST

/* Every row that is built says how it is shown, with letters that strace.h lists. */
START_TEST(every_call_that_is_built_can_be_shown)
{
	unsigned nr_built = 0;

	for (uint64_t nr = 0; nr < 512; nr++) {
		const struct syscall_entry *entry = syscall_lookup(nr);

		if (!entry || !entry->fn)
			continue;
		nr_built++;
		ck_assert_msg(entry->format != NULL, "%s has no format", entry->name);
		ck_assert_msg(strspn(entry->format, "!duxzpsmfbrloPMwavShciCRGTU@gAt>") ==
		                  strlen(entry->format),
		              "%s: %s", entry->name, entry->format);
	}
	ck_assert_uint_gt(nr_built, 130);
}
END_TEST

START_TEST(dispatcher_counts_and_answers)
{
	uint64_t before = machine->nr_syscalls;

	task->regs.ip = 0x401002;
	task->regs.flags = 0x246;
	task->regs.gpr[REG_AX] = 39; /* getpid */
	syscall_dispatch(task);
	ck_assert_int_eq((int64_t)task->regs.gpr[REG_AX], task->pid);
	ck_assert_uint_eq(task->regs.gpr[REG_CX], 0x401002);
	ck_assert_uint_eq(task->regs.gpr[REG_11], 0x246);
	ck_assert(task->regs_changed);
	task->regs.gpr[REG_AX] = 101; /* ptrace: known by name only */
	syscall_dispatch(task);
	ck_assert_int_eq((int64_t)task->regs.gpr[REG_AX], -ENOSYS);
	ck_assert_uint_eq(machine->nr_unknown_syscalls[101], 1);
	task->regs.gpr[REG_AX] = UINT32_MAX;
	syscall_dispatch(task);
	ck_assert_int_eq((int64_t)task->regs.gpr[REG_AX], -ENOSYS);
	ck_assert_uint_eq(machine->nr_unknown_syscalls[511], 1);
	ck_assert_uint_eq(machine->nr_syscalls, before + 3);
	ck_assert_uint_eq(task->report->nr_syscalls, 3);
}
END_TEST

static Suite *strace_suite(void)
{
	Suite *s = suite_create("strace");
	TCase *tc = tcase_create("strace");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_shows_path_and_flags);
	tcase_add_test(tc, short_lines_have_their_result_in_column_40);
	tcase_add_test(tc, mmap_shows_names_and_an_address);
	tcase_add_test(tc, buffers_are_escaped_and_cut);
	tcase_add_test(tc, what_is_not_in_ram_is_an_address_and_stays_out);
	tcase_add_test(tc, internal_results_are_told_as_strace_tells_them);
	tcase_add_test(tc, names_stand_for_small_numbers);
	tcase_add_test(tc, unknown_number_shows_all_its_arguments);
	tcase_add_test(tc, every_call_that_is_built_can_be_shown);
	tcase_add_test(tc, dispatcher_counts_and_answers);
	tcase_set_timeout(tc, 30);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(strace_suite());
}
