/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's accesses to its own addresses on a whole machine: translated by the
 * MMU, counted as the kernel's, and closed to user mode.
 */
#include "mm/ioremap.h"
#include "mm/kernel_map.h"
#include "mm/maccess.h"
#include "mm/mm.h"
#include "tests/run_suite.h"
#include "tests/sim/sim_fixture.h"

#define AREA_BYTES MIB
#define AREA_PAGES (AREA_BYTES / PAGE_SIZE)
#define AREA_WORDS (AREA_BYTES / 8)

static struct sim_fixture f;
static struct kernel *k;
static struct mmu *mmu;
static uint8_t bytes[AREA_BYTES];

static void boot(const char *machine, enum engine_mode mode)
{
	const struct vfs_config config = { f.root, NULL, -1, -1, -1 };

	sim_fixture_make_root(&f);
	sim_fixture_boot(&f, machine, mode, &config);
	k = &f.machine->kernel;
	mmu = f.machine->cpus[0].mmu;
}

static void shut_down(void)
{
	sim_fixture_shutdown(&f);
	sim_fixture_remove_root(&f);
}

static uint64_t dtlb_misses(void)
{
	const struct tlb_counts *dtlb = &mmu_counts(mmu, PRIV_KERNEL)->tlb[TLB_L1D];
	uint64_t misses = dtlb->misses_no_page;

	for (int size = 0; size < NR_PAGE_SIZES; size++)
		misses += dtlb->misses[size];
	return misses;
}

static uint64_t accesses(enum access_kind kind)
{
	return mmu_counts(mmu, PRIV_KERNEL)->accesses[kind];
}

/* Writes and reads the area, a page at a time; returns the first-level TLB misses. */
static uint64_t write_and_read(va_t va)
{
	uint64_t before;

	k->ops->flush_tlb_all(k->machine);
	before = dtlb_misses();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	ck_assert_int_eq(kernel_write(k, va, bytes, sizeof(bytes)), 0);
	memset(bytes, 0, sizeof(bytes));
	ck_assert_int_eq(kernel_read(k, va, bytes, sizeof(bytes)), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		if (bytes[i] != (uint8_t)(i * 7 + i / 251))
			ck_abort_msg("byte %zu", i);
	return dtlb_misses() - before;
}

/* 1 MB from kmalloc() lies in one large page, or two; from vmalloc() in 256, which 64
 * entries do not hold until they are read again. */
START_TEST(vmalloc_costs_far_more_tlb_misses_than_kmalloc)
{
	static const char *const machines[] = { "skylake", "p6" };
	uint64_t by_kmalloc, by_vmalloc, loads, stores;
	void *object;
	va_t va;

	boot(machines[_i], ENGINE_EXACT);
	object = kmalloc(k, AREA_BYTES, GFP_KERNEL);
	ck_assert_ptr_nonnull(object);
	ck_assert(vmalloc(k, AREA_BYTES, &va));
	loads = accesses(ACCESS_LOAD);
	stores = accesses(ACCESS_STORE);
	by_kmalloc = write_and_read(direct_map_va(k, object));
	by_vmalloc = write_and_read(va);
	printf("# %s: %lu misses by kmalloc, %lu by vmalloc\n", machines[_i],
	       (unsigned long)by_kmalloc, (unsigned long)by_vmalloc);
	ck_assert_uint_ge(by_kmalloc, 1);
	ck_assert_uint_le(by_kmalloc, 4);
	ck_assert_uint_eq(by_vmalloc, 2 * AREA_PAGES);
	ck_assert_uint_eq(accesses(ACCESS_LOAD) - loads, 2 * AREA_WORDS);
	ck_assert_uint_eq(accesses(ACCESS_STORE) - stores, 2 * AREA_WORDS);
	ck_assert_uint_eq(mmu_counts(mmu, PRIV_USER)->accesses[ACCESS_LOAD], 0);
	vfree(k, va);
	kfree(k, object);
	shut_down();
}
END_TEST

START_TEST(without_tlbs_the_same_bytes_and_no_counts)
{
	va_t va;

	boot("skylake", ENGINE_FAULTS);
	ck_assert(vmalloc(k, AREA_BYTES, &va));
	ck_assert_uint_eq(write_and_read(va), 0);
	ck_assert_uint_eq(accesses(ACCESS_LOAD), 0);
	vfree(k, va);
	shut_down();
}
END_TEST

/* Through a task's tables as through the kernel's own, and no entry outlives vfree(). */
START_TEST(vfree_leaves_no_translation)
{
	char what[256] = "";
	uint64_t word = 1;
	struct task *task;
	va_t va;

	boot("skylake", ENGINE_EXACT);
	ck_assert_int_eq(task_create(&task, f.machine, "/"), 0);
	task->mm = mm_alloc(k);
	machine_activate_mm(f.machine, task);
	for (uint64_t nr_pages = 1; nr_pages < 100; nr_pages += 16) {
		ck_assert(vmalloc(k, nr_pages * PAGE_SIZE, &va));
		for (uint64_t i = 0; i < nr_pages; i++)
			ck_assert_int_eq(kernel_write(k, va + i * PAGE_SIZE, &word, 8), 0);
		ck_assert_msg(mmu_is_valid(mmu, what, sizeof(what)), "%s", what);
		vfree(k, va);
		ck_assert_msg(mmu_is_valid(mmu, what, sizeof(what)), "%s", what);
		ck_assert_int_eq(kernel_read(k, va, &word, 8), -EFAULT);
	}
	shut_down();
}
END_TEST

/* The error code says that a right is missing; the signal is that of no mapping. */
START_TEST(user_mode_gets_a_protection_fault)
{
	static const va_t offsets[] = { 0, MIB };
	struct fault_result result;
	struct translation t;
	struct page_fault fault;
	struct task *task;

	boot(_i ? "p6" : "skylake", ENGINE_EXACT);
	ck_assert_int_eq(task_create(&task, f.machine, "/"), 0);
	task->mm = mm_alloc(k);
	machine_activate_mm(f.machine, task);
	for (int i = 0; i < 2; i++) {
		va_t va = page_offset(k) + offsets[i];

		ck_assert(!mmu_translate(mmu, va, ACCESS_STORE, PRIV_USER, &t, &fault));
		ck_assert_uint_eq(fault.error_code, PF_P | PF_W | PF_U);
		result = do_page_fault(k, task->mm, va, fault.error_code, 0);
		ck_assert_int_eq(result.outcome, FAULT_SIGSEGV);
		ck_assert_int_eq(result.si_code, SEGV_MAPERR_);
		ck_assert(mmu_translate(mmu, va, ACCESS_STORE, PRIV_KERNEL, &t, &fault));
		ck_assert_uint_eq(t.pa, offsets[i]);
	}
	shut_down();
}
END_TEST

static uint64_t register_read(struct mmio_device *device, uint64_t offset, unsigned len)
{
	return 0x1000 + offset;
}

static void register_write(struct mmio_device *device, uint64_t offset, unsigned len,
                           uint64_t value)
{
}

START_TEST(a_device_answers_behind_the_mmu)
{
	static const struct mmio_ops ops = { "register", register_read, register_write };
	struct mmio_device device = { .ops = &ops, .size_bytes = PAGE_SIZE };
	uint64_t word = 0;
	va_t va;

	boot("skylake", ENGINE_EXACT);
	device.start = (k->ram->size_bytes + GIB) & ~(GIB - 1);
	ck_assert_int_eq(mmio_register(k, &device), 0);
	ck_assert(ioremap(k, device.start + 64, 8, &va));
	ck_assert_int_eq(kernel_read(k, va, &word, 8), 0);
	ck_assert_uint_eq(word, 0x1040);
	ck_assert_uint_eq(accesses(ACCESS_LOAD), 1);
	iounmap(k, va);
	mmio_unregister(&device);
	shut_down();
}
END_TEST

static Suite *kernel_access_suite(void)
{
	Suite *s = suite_create("kernel_access");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, vmalloc_costs_far_more_tlb_misses_than_kmalloc, 0, 2);
	tcase_add_test(tc, without_tlbs_the_same_bytes_and_no_counts);
	tcase_add_test(tc, vfree_leaves_no_translation);
	tcase_add_loop_test(tc, user_mode_gets_a_protection_fault, 0, 2);
	tcase_add_test(tc, a_device_answers_behind_the_mmu);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(kernel_access_suite());
}
