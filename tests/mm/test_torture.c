/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PW_CASES=N operations a machine; with PW_SEED the same ones again. A failure names
 * the operation: fewer cases end before it, and PW_KINDS="pages vmap" leaves out what
 * is not named ("users" are processes and files), to see who has to do with it.
 */
#include "torture.h"

#include "tests/run_suite.h"

#include <signal.h>
#include <unistd.h>

#define CHECK_EVERY 8192 /* operations; all invariants, which takes milliseconds */
#define NR_CPUS 4

static const struct torture_machine machines[] = {
	{ "one node", &paging_four_level, 8 * MIB, 1, 2560, 0 },
	{ "four nodes", &paging_four_level, 16 * MIB, 4, 8192, 0 },
	{ "two-level, high memory", &paging_two_level, 900 * MIB, 1, 2560, 5 * MIB },
	{ "PAE, high memory", &paging_pae, 900 * MIB, 1, 2560, 5 * MIB },
};

static struct torture torture;

/* An assertion of the kernel's: says where before it ends the test. */
static void say_operation(int signal_number)
{
	char text[80];
	int len = snprintf(text, sizeof(text), "# %s: operation %llu\n", torture.machine->name,
	                   (unsigned long long)torture.operation);

	if (write(STDOUT_FILENO, text, (size_t)len) != len)
		_exit(EXIT_FAILURE);
	signal(signal_number, SIG_DFL);
}

static bool is_wanted(const char *kind)
{
	const char *wanted = getenv("PW_KINDS");

	return !wanted || strstr(wanted, kind);
}

/* Nodes in a ring: 20 to a neighbour, 30 across. */
static struct kernel_config config_of(const struct torture_machine *machine)
{
	struct kernel_config config = fixture_config();

	config.paging = machine->paging;
	config.nr_cpus = NR_CPUS;
	config.overcommit_memory = OVERCOMMIT_ALWAYS;
	config.oom_dump_tasks = 0;
	config.min_free_kbytes = machine->low_bytes ? 512 : 0;
	if (machine->nr_nodes == 1)
		return config;
	config.nr_nodes = machine->nr_nodes;
	for (uint32_t i = 0; i < machine->nr_nodes; i++) {
		config.cpu_node[i] = i;
		config.nodes[i].ram_bytes = machine->ram_bytes / machine->nr_nodes;
		for (uint32_t j = 0; j < machine->nr_nodes; j++)
			config.nodes[i].distance[j] =
			    (uint8_t)(LOCAL_DISTANCE + 10 * ((i ^ j) == 2 ? 2 : i != j));
	}
	return config;
}

static void start(struct torture *t, const struct torture_machine *machine)
{
	struct kernel_config config = config_of(machine);

	memset(t, 0, sizeof(*t));
	t->machine = machine;
	t->random = fixture_seed(1);
	fixture_boot(&t->f, machine->ram_bytes, &config);
	t->k = &t->f.k;
	t->ops = fixture_ops;
	t->k->ops = &t->ops;
	RB_INIT(&t->extents);
	ck_assert(things_start(t));
	users_start(t);
}

static void take(struct torture *t, struct held *held)
{
	const struct torture_kind *kind = &torture_kinds[below(t, nr_torture_kinds)];

	if (!is_wanted(kind->name))
		return;
	memset(held, 0, sizeof(*held));
	if (!kind->take(t, held)) {
		t->nr_refused++;
		return;
	}
	held->kind = kind;
	t->nr_taken++;
	held_fill(t, held);
}

static void give_back(struct torture *t, struct held *held)
{
	held_check(t, held, UINT64_MAX);
	held->kind->give(t, held);
	held_release(t, held);
	held->kind = NULL;
}

static void operate(struct torture *t)
{
	struct held *held = &t->held[below(t, NR_HELD)];

	t->k->cpu = (uint32_t)below(t, NR_CPUS);
	if (one_in(t, 3)) {
		if (is_wanted("users"))
			users_operate(t);
	} else if (!held->kind) {
		take(t, held);
	} else if (held->kind->change && one_in(t, 4)) {
		held->kind->change(t, held);
	} else {
		give_back(t, held);
	}
	kernel_run_threads(t->k);
}

/* Everything back, and every frame free that was free after boot. */
static void finish(struct torture *t)
{
	for (int i = 0; i < NR_HELD; i++)
		if (t->held[i].kind)
			give_back(t, &t->held[i]);
	users_end(t);
	things_end(t);
	fixture_check(&t->f);
	kernel_shutdown(t->k);
	ck_assert_uint_eq(nr_free_pages(t->k), t->k->boot_free_pages);
	ram_swap_close(&t->swap);
	fixture_finish(&t->f);
}

START_TEST(nothing_is_handed_out_twice_changed_or_lost)
{
	struct torture *t = &torture;
	uint64_t nr = fixture_cases(20000);

	start(t, &machines[_i]);
	signal(SIGABRT, say_operation);
	while (t->operation++ < nr) {
		operate(t);
		if (t->operation % CHECK_EVERY == 0)
			fixture_check(&t->f);
	}
	finish(t);
	printf("# %s: %llu taken, %llu refused, %llu pages to swap, %llu from it, %llu killed\n",
	       t->machine->name, (unsigned long long)t->nr_taken, (unsigned long long)t->nr_refused,
	       (unsigned long long)t->k->vm_events[PSWPOUT],
	       (unsigned long long)t->k->vm_events[PSWPIN], (unsigned long long)t->k->nr_oom_kills);
	fflush(stdout);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("torture");
	TCase *tc = tcase_create("torture");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, nothing_is_handed_out_twice_changed_or_lost, 0,
	                    sizeof(machines) / sizeof(machines[0]));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
