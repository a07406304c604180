/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What time passes while several CPUs take turns. System calls are what costs time here. */
#include "sim/turns.h"

#include "sim/machine.h"
#include "tests/run_suite.h"

#define SYSCALL_NS 100

static struct machine *machine;

static void set_up(void)
{
	const struct config_override overrides[] = { { "ram", "16M" }, { "cpus", "3" } };
	struct machine_options options = {
		.vfs = { .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 },
	};
	struct machine_config config;
	char why[512] = "";

	ck_assert_msg(!machine_config_load(&config, "teaching", overrides, 2, why, sizeof(why)),
	              "%s", why);
	ck_assert_msg(!machine_create(&machine, &config, &options, why, sizeof(why)), "%s", why);
}

static void tear_down(void)
{
	machine_destroy(machine);
}

/* A turn in which the CPU sees time go from `from` to `to`. */
static void turn(unsigned cpu, uint64_t from_ns, unsigned nr_syscalls)
{
	turns_begin(&machine->cpus[cpu]);
	ck_assert_ptr_eq(machine->running, &machine->cpus[cpu]);
	ck_assert_uint_eq(machine->kernel.cpu, cpu);
	ck_assert_uint_eq(machine_now_ns(machine), from_ns);
	machine->nr_syscalls += nr_syscalls;
	ck_assert_uint_eq(machine_now_ns(machine), from_ns + nr_syscalls * SYSCALL_NS);
	turns_end(&machine->cpus[cpu]);
}

START_TEST(a_round_takes_as_long_as_its_longest_turn)
{
	turns_begin_round(machine);
	turn(0, 0, 3);
	turn(1, 0, 5);
	turn(2, 0, 1);
	turns_end_round(machine);
	ck_assert_uint_eq(machine_now_ns(machine), 500);
	ck_assert_uint_eq(machine->turns.overlap_ns, 400);

	turns_begin_round(machine);
	turn(2, 500, 2); /* the others are idle */
	turns_end_round(machine);
	ck_assert_uint_eq(machine_now_ns(machine), 700);

	turns_begin_round(machine);
	turns_end_round(machine);
	machine->sleep_ns += 1000;
	turns_begin_round(machine);
	turn(0, 1700, 0);
	turn(1, 1700, 10);
	turns_end_round(machine);
	ck_assert_uint_eq(machine_now_ns(machine), 2700);
}
END_TEST

START_TEST(waiting_for_a_disk_overlaps_with_the_others_work)
{
	turns_begin_round(machine);
	turns_begin(&machine->cpus[0]);
	machine->disk_ns += 10000;
	turns_end(&machine->cpus[0]);
	turn(1, 0, 7);
	turns_end_round(machine);
	ck_assert_uint_eq(machine_now_ns(machine), 10000);
}
END_TEST

/* CPU 0 works until 300, and wakes somebody on CPU 1 then. */
START_TEST(a_cpu_can_wait_for_what_another_did_in_the_same_round)
{
	turns_begin_round(machine);
	turn(0, 0, 3);
	turns_begin(&machine->cpus[1]);
	turns_wait_until(machine, 300);
	turns_wait_until(machine, 200); /* is past */
	ck_assert_uint_eq(machine_now_ns(machine), 300);
	machine->nr_syscalls += 4;
	turns_end(&machine->cpus[1]);
	turn(2, 0, 1);
	turns_end_round(machine);
	ck_assert_uint_eq(machine_now_ns(machine), 700);
	ck_assert_uint_eq(machine->turns.overlap_ns, 100); /* of 800 */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim/turns");
	TCase *tcase = tcase_create("turns");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_round_takes_as_long_as_its_longest_turn);
	tcase_add_test(tcase, waiting_for_a_disk_overlaps_with_the_others_work);
	tcase_add_test(tcase, a_cpu_can_wait_for_what_another_did_in_the_same_round);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
