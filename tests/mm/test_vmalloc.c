/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own addresses: the direct map, vmalloc(), vmap(), ioremap(). Every case
 * runs in both paging modes; memory is read and written by kernel_read() and
 * kernel_write(), through a walk of the tables that the fixture makes itself.
 */
#include "mm_fixture.h"

#include "mm/ioremap.h"
#include "mm/kernel_map.h"
#include "mm/maccess.h"
#include "mm/mm.h"
#include "tests/run_suite.h"

#include <errno.h>

static const struct paging_mode *const modes[] = { &paging_two_level, &paging_four_level,
	                                           &paging_pae };
#define NR_MODES 3

static struct fixture f;
static struct kernel *const k = &f.k;

static void boot(int mode, uint64_t ram_bytes, bool has_1g_pages)
{
	struct kernel_config config = fixture_config();

	config.paging = modes[mode];
	config.has_1g_pages = has_1g_pages;
	fixture_boot(&f, ram_bytes, &config);
}

/* Nothing is left: kernel_shutdown() compares the free pages with those at boot. */
static void shut_down(void)
{
	fixture_check(&f);
	kernel_shutdown(k);
	ck_assert_uint_eq(k->nr_vmalloc_pages, 0);
	fixture_finish(&f);
}

static bool is_mapped(va_t va)
{
	uint64_t span;

	return fixture_kernel_entry(&f, va, &span);
}

static uint64_t word_at(va_t va)
{
	uint64_t word = 0;

	ck_assert_int_eq(kernel_read(k, va, &word, sizeof(word)), 0);
	return word;
}

static void put_word(va_t va, uint64_t word)
{
	ck_assert_int_eq(kernel_write(k, va, &word, sizeof(word)), 0);
}

/* ---- the direct map ---- */

static const struct {
	int mode;
	bool has_1g_pages;
	uint64_t ram_bytes;
	uint64_t nr_4k, nr_large, nr_1g; /* of 2 MB or 4 MB */
	uint64_t nr_tables;              /* below the top one */
} direct_maps[] = {
	{ 1, false, 64 * MIB, 0, 32, 0, 2 },
	{ 1, false, 3 * MIB, 256, 1, 0, 3 },
	{ 1, true, 64 * MIB, 0, 32, 0, 2 },
	{ 1, false, GIB + 6 * MIB + 4 * PAGE_SIZE, 4, 515, 0, 4 },
	{ 1, true, GIB + 6 * MIB + 4 * PAGE_SIZE, 4, 3, 1, 3 },
	{ 1, true, 2 * GIB, 0, 0, 2, 1 },
	/* The first 4 MB have small pages, and RAM above 896 MB has none. Two tables are
	 * those of kmap() and the fixmap. */
	{ 0, false, 64 * MIB, 1024, 15, 0, 3 },
	{ 0, false, 2 * MIB, 512, 0, 0, 3 },
	{ 0, false, 6 * MIB, 1536, 0, 0, 4 },
	{ 0, false, GIB, 1024, 223, 0, 3 },
	/* With PAE the first 2 MB. */
	{ 2, false, 64 * MIB, 512, 31, 0, 4 },
	{ 2, false, 2 * GIB, 512, 447, 0, 4 },
};

START_TEST(direct_map_has_the_largest_pages_that_fit)
{
	const typeof(direct_maps[0]) *d = &direct_maps[_i];
	uint64_t lowmem = d->ram_bytes;

	boot(d->mode, d->ram_bytes, d->has_1g_pages);
	if (modes[d->mode]->va_bits == 32 && lowmem > 896 * MIB)
		lowmem = 896 * MIB;
	ck_assert_uint_eq(k->high_memory, page_offset(k) + lowmem);
	ck_assert_uint_eq(k->direct_pages_count[PAGE_4K], d->nr_4k);
	ck_assert_uint_eq(k->direct_pages_count[d->mode ? PAGE_2M : PAGE_4M], d->nr_large);
	ck_assert_uint_eq(k->direct_pages_count[PAGE_1G], d->nr_1g);
	ck_assert_uint_eq(k->init_mm.nr_ptes, d->nr_tables);
	ck_assert(!is_mapped(k->high_memory));
	for (pa_t pa = 0; pa < lowmem; pa += 1021 * PAGE_SIZE / 7) {
		uint64_t span, entry = fixture_kernel_entry(&f, __va(k, pa), &span);

		ck_assert_uint_eq((entry & k->config.paging->pa_mask & ~(span - 1)) +
		                      (__va(k, pa) & (span - 1)),
		                  pa);
		ck_assert_uint_eq(entry & (PTE_G | PTE_RW | PTE_US), PTE_G | PTE_RW);
		ck_assert_int_eq(entry >> 63, modes[d->mode]->has_nx);
	}
	shut_down();
}
END_TEST

START_TEST(kmalloc_is_seen_through_the_direct_map)
{
	uint64_t *object;

	boot(_i, 16 * MIB, false);
	object = kmalloc(k, 64, GFP_KERNEL);
	object[3] = 0x1234;
	ck_assert_uint_eq(word_at(direct_map_va(k, &object[3])), 0x1234);
	put_word(direct_map_va(k, &object[2]), 0x5678);
	ck_assert_uint_eq(object[2], 0x5678);
	kfree(k, object);
	shut_down();
}
END_TEST

START_TEST(kernel_tables_take_no_managed_page_at_boot)
{
	boot(_i, 2 * MIB, false);
	ck_assert_uint_ge(k->kernel_brk, k->kernel_image_start);
	ck_assert_uint_lt(k->kernel_brk, k->kernel_image_end);
	for (pa_t pa = k->kernel_brk; pa < k->kernel_image_end; pa += PAGE_SIZE)
		ck_assert(PageReserved(pfn_to_page(k, pa >> PAGE_SHIFT)));
	ck_assert_int_eq(k->vm_quantities.value[NR_PAGE_TABLE_PAGES], 0);
	shut_down();
}
END_TEST

START_TEST(user_addresses_are_not_the_kernels)
{
	uint64_t word = 0;
	va_t user = 0x10000;

	boot(_i, 16 * MIB, false);
	ck_assert_int_eq(kernel_read(k, user, &word, 8), -EFAULT);
	ck_assert_int_eq(kernel_read(k, k->high_memory, &word, 8), -EFAULT);
	ck_assert_int_eq(kernel_read(k, k->high_memory - 4, &word, 8), -EFAULT);
	ck_assert_int_eq(kernel_read(k, vmalloc_start(k), &word, 8), -EFAULT);
	shut_down();
}
END_TEST

/* ---- vmalloc ---- */

START_TEST(vmalloc_lies_in_its_area_with_a_guard_page_after_it)
{
	va_t a, b;

	boot(_i, 16 * MIB, false);
	ck_assert(vmalloc(k, 3 * PAGE_SIZE - 5, &a));
	ck_assert(vmalloc(k, 1, &b));
	ck_assert_uint_eq(a, vmalloc_start(k));
	ck_assert_uint_eq(b, a + 4 * PAGE_SIZE);
	ck_assert(is_mapped(a + 2 * PAGE_SIZE));
	ck_assert(!is_mapped(a + 3 * PAGE_SIZE));
	ck_assert(!is_mapped(b + PAGE_SIZE));
	ck_assert_uint_eq(k->nr_vmalloc_pages, 4);
	put_word(a + 3 * PAGE_SIZE - 8, 1);
	ck_assert_int_eq(kernel_write(k, a + 3 * PAGE_SIZE - 4, &b, 8), -EFAULT);
	vfree(k, a);
	ck_assert_uint_eq(f.seen.flush_kernel_range, 1);
	ck_assert(!is_mapped(a));
	vfree(k, b);
	shut_down();
}
END_TEST

START_TEST(vmalloc_of_nothing_or_of_more_than_ram_fails)
{
	va_t va;

	boot(_i, 16 * MIB, false);
	ck_assert(!vmalloc(k, 0, &va));
	ck_assert(!vmalloc(k, 17 * MIB, &va));
	ck_assert(!vmalloc(k, UINT64_MAX, &va));
	shut_down();
}
END_TEST

START_TEST(vzalloc_is_zero_and_vmalloc_32_is_low)
{
	static uint8_t bytes[4 * PAGE_SIZE];
	va_t a, b;

	boot(_i, 16 * MIB, false);
	ck_assert(vmalloc(k, sizeof(bytes), &a));
	ck_assert_int_eq(kernel_memset(k, a, 0x5a, sizeof(bytes)), 0);
	vfree(k, a);
	ck_assert(vzalloc(k, sizeof(bytes), &a));
	ck_assert(vmalloc_32(k, sizeof(bytes), &b));
	ck_assert_int_eq(kernel_read(k, a, bytes, sizeof(bytes)), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		ck_assert_uint_eq(bytes[i], 0);
	ck_assert_uint_lt(page_to_pfn(k, vmalloc_to_page(k, b)), 4 * GIB >> PAGE_SHIFT);
	vfree(k, a);
	vfree(k, b);
	shut_down();
}
END_TEST

START_TEST(each_touched_word_is_one_access)
{
	uint8_t bytes[32] = { 0 };
	va_t va;

	boot(_i, 16 * MIB, false);
	ck_assert(vmalloc(k, 2 * PAGE_SIZE, &va));
	ck_assert_int_eq(kernel_write(k, va + 4, bytes, 16), 0);
	ck_assert_uint_eq(f.seen.kernel_stores, 3);
	ck_assert_int_eq(kernel_read(k, va + PAGE_SIZE - 8, bytes, 16), 0);
	ck_assert_uint_eq(f.seen.kernel_loads, 2);
	vfree(k, va);
	shut_down();
}
END_TEST

START_TEST(vmap_shows_the_callers_frames_and_leaves_them)
{
	struct page *pages[5];
	va_t va;

	boot(_i, 16 * MIB, false);
	for (int i = 0; i < 4; i++)
		pages[i] = alloc_page(k, GFP_KERNEL | __GFP_ZERO);
	pages[4] = pages[0];
	ck_assert(vmap(k, pages, 5, &va));
	put_word(va + 4 * PAGE_SIZE, 77);
	ck_assert_uint_eq(word_at(va), 77);
	ck_assert_uint_eq(*(uint64_t *)page_address(k, pages[0]), 77);
	ck_assert_ptr_eq(vmalloc_to_page(k, va + 2 * PAGE_SIZE), pages[2]);
	fixture_check(&f);
	vunmap(k, va);
	ck_assert_ptr_null(vmalloc_to_page(k, va));
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(page_count(pages[i]), 1);
		__free_page(k, pages[i]);
	}
	shut_down();
}
END_TEST

START_TEST(every_mm_sees_the_kernels_half)
{
	struct mm_struct *before, *after;
	va_t va;

	boot(_i, 16 * MIB, false);
	before = mm_alloc(k);
	ck_assert(vmalloc(k, PAGE_SIZE, &va)); /* makes a top-level entry */
	after = mm_alloc(k);
	fixture_check(&f);
	ck_assert_uint_eq(before->nr_ptes, pgd_is_fixed(k) ? 3 : 0); /* none of them the kernel's */
	ck_assert_uint_ne(pgtable_read(k, pgd_offset(k, before, va)), 0);
	ck_assert_uint_eq(pgtable_read(k, pgd_offset(k, before, va)),
	                  pgtable_read(k, pgd_offset(k, after, va)));
	ck_assert_uint_eq(pgtable_read(k, pgd_offset(k, before, page_offset(k))),
	                  pgtable_read(k, pgd_offset(k, after, page_offset(k))));
	mmput(k, before);
	mmput(k, after);
	ck_assert_uint_eq(page_count(vmalloc_to_page(k, va)), 1);
	vfree(k, va);
	shut_down();
}
END_TEST

START_TEST(vmallocinfo_is_linuxs)
{
	static const char *const expected[NR_MODES] = {
		"0xc2800000-0xc2803000   12288 %s pages=2 vmalloc N0=2",
		"0xffffc90000000000-0xffffc90000003000   12288 %s pages=2 vmalloc N0=2",
		"0xc2800000-0xc2803000   12288 %s pages=2 vmalloc N0=2",
	};
	char line[256], wanted[256];
	va_t va, io;

	boot(_i, 32 * MIB, false);
	ck_assert(vmalloc(k, 2 * PAGE_SIZE, &va));
	snprintf(wanted, sizeof(wanted), expected[_i], __func__);
	vmallocinfo_show(k, find_vm_area(k, va), line, sizeof(line));
	ck_assert_str_eq(line, wanted);
	ck_assert(ioremap(k, 0xfed00000, 1024, &io));
	vmallocinfo_show(k, find_vm_area(k, io), line, sizeof(line));
	ck_assert_ptr_nonnull(strstr(line, " phys=0x00000000fed00000 ioremap"));
	ck_assert_ptr_eq(vm_area_from(k, va + 1), find_vm_area(k, io));
	iounmap(k, io);
	vfree(k, va);
	shut_down();
}
END_TEST

START_TEST(exhaustion_unwinds_completely)
{
	va_t areas[64];
	uint64_t nr = 0;

	boot(_i, 4 * MIB, false);
	while (nr < 64 && vmalloc(k, 300 * KIB, &areas[nr]))
		nr++;
	ck_assert_uint_gt(nr, 3);
	ck_assert_uint_lt(nr, 64);
	ck_assert_uint_eq(k->nr_vmalloc_pages, nr * 75);
	ck_assert(fixture_logged(&f, "vmalloc: allocation failure"));
	fixture_check(&f);
	while (nr)
		vfree(k, areas[--nr]);
	shut_down();
}
END_TEST

/* The n-th allocation of a page fails, for each n that there is. */
START_TEST(any_failing_allocation_unwinds)
{
	struct page *page;
	uint64_t nr_failed = 0;

	for (uint64_t n = 1; n < 40; n++) {
		struct fault_rule rule = { FAULT_NTH, n };
		va_t va = 0;
		bool done;

		boot(_i, 8 * MIB, false);
		page = alloc_page(k, GFP_KERNEL);
		fault_inject_set(&k->fault_inject, FAIL_PAGE_ALLOC, rule, 1);
		done = n % 2 ? vmalloc(k, 20 * PAGE_SIZE, &va) : vmap(k, &page, 1, &va);
		fault_inject_set(&k->fault_inject, FAIL_PAGE_ALLOC,
		                 (struct fault_rule){ FAULT_OFF, 0 }, 1);
		nr_failed += !done;
		fixture_check(&f);
		if (done)
			free_vm_area(k, find_vm_area(k, va));
		ck_assert_uint_eq(k->nr_vmalloc_pages, 0);
		__free_page(k, page);
		shut_down();
	}
	ck_assert_uint_ge(nr_failed, 10);
}
END_TEST

START_TEST(address_space_runs_out_before_memory)
{
	struct page *pages[16];
	struct vm_struct *area;
	va_t last = 0, va;
	uint64_t nr = 0;

	boot(0, 900 * MIB, false);
	for (int i = 0; i < 16; i++)
		pages[i] = alloc_page(k, GFP_KERNEL);
	/* 0xf8800000 to 0xff7fe000: six places aligned to 16 MB. */
	while (ioremap(k, 0xe0000000, 16 * MIB - PAGE_SIZE, &va)) {
		ck_assert_uint_eq(va % (16 * MIB), 0);
		last = va;
		nr++;
	}
	ck_assert_uint_eq(nr, 6);
	ck_assert(fixture_logged(&f, "no room"));
	/* First fit: small ones go to what is left in front. */
	ck_assert(vmap(k, pages, 16, &va));
	ck_assert_uint_lt(va, last);
	fixture_check(&f);
	while ((area = vm_area_from(k, 0)))
		free_vm_area(k, area);
	for (int i = 0; i < 16; i++)
		__free_page(k, pages[i]);
	shut_down();
}
END_TEST

/* ---- ioremap ---- */

/* A register that counts its reads, and one that keeps what is written. */
struct counter {
	struct mmio_device device;
	uint64_t nr_reads, kept;
	unsigned last_len;
};

static uint64_t counter_read(struct mmio_device *device, uint64_t offset, unsigned len)
{
	struct counter *c = container_of(device, struct counter, device);

	c->last_len = len;
	return offset ? c->kept : ++c->nr_reads;
}

static void counter_write(struct mmio_device *device, uint64_t offset, unsigned len, uint64_t value)
{
	struct counter *c = container_of(device, struct counter, device);

	c->last_len = len;
	c->kept = value;
}

static const struct mmio_ops counter_ops = { "counter", counter_read, counter_write };

START_TEST(ioremapped_addresses_reach_the_device)
{
	struct counter c = { .device = { &counter_ops, 0xfed01000, PAGE_SIZE, { 0 } } };
	uint64_t span, free_pages;
	uint32_t half = 0xabcd;
	va_t va, nobody;

	boot(_i, 16 * MIB, false);
	ck_assert_int_eq(mmio_register(k, &c.device), 0);
	ck_assert(ioremap(k, 0xfed01010, 16, &va));
	iounmap(k, va);
	drain_all_pages(k);
	free_pages = nr_free_pages(k);
	ck_assert(ioremap(k, 0xfed01000, 2 * PAGE_SIZE, &va));
	drain_all_pages(k);
	ck_assert_uint_eq(nr_free_pages(k), free_pages);
	nobody = va + PAGE_SIZE;
	ck_assert_uint_eq(fixture_kernel_entry(&f, va, &span) & (PTE_PCD | PTE_PWT), PTE_PCD);
	ck_assert_uint_eq(word_at(va), 1);
	ck_assert_uint_eq(word_at(va), 2);
	ck_assert_int_eq(kernel_write(k, va + 12, &half, 4), 0);
	ck_assert_uint_eq(c.kept, 0xabcd);
	ck_assert_uint_eq(c.last_len, 4);
	ck_assert_uint_eq(word_at(nobody), UINT64_MAX);
	fixture_check(&f);
	iounmap(k, va);
	mmio_unregister(&c.device);
	shut_down();
}
END_TEST

START_TEST(ram_and_taken_ranges_are_no_devices)
{
	struct counter c = { .device = { &counter_ops, 0xfed01000, PAGE_SIZE, { 0 } } };
	struct counter twin = c, in_ram = c;
	va_t va;

	boot(_i, 16 * MIB, false);
	in_ram.device.start = 15 * MIB;
	ck_assert_int_eq(mmio_register(k, &c.device), 0);
	ck_assert_int_eq(mmio_register(k, &twin.device), -EBUSY);
	ck_assert_int_eq(mmio_register(k, &in_ram.device), -EINVAL);
	ck_assert(!ioremap(k, 15 * MIB, PAGE_SIZE, &va));
	ck_assert(!ioremap(k, 0xfed01000, 0, &va));
	ck_assert(!ioremap(k, (pa_t)1 << (_i ? 52 : 32), PAGE_SIZE, &va));
	ck_assert(!ioremap(k, 0xfed01000, UINT64_MAX, &va));
	mmio_unregister(&c.device);
	shut_down();
}
END_TEST

/* ---- against a model ---- */

#define MODEL_AREAS 48

struct model_area {
	va_t va;
	uint64_t nr_pages;
	uint64_t tag;
	struct page **pages; /* vmap()ed */
};

static struct model_area model[MODEL_AREAS];

static bool model_overlaps(va_t va, uint64_t nr_pages)
{
	for (int i = 0; i < MODEL_AREAS; i++)
		if (model[i].va && va < model[i].va + (model[i].nr_pages + 1) * PAGE_SIZE &&
		    model[i].va < va + (nr_pages + 1) * PAGE_SIZE)
			return true;
	return false;
}

/* The lowest page that nr_pages and a guard have room at: by trying all. */
static va_t model_first_fit(uint64_t nr_pages)
{
	va_t va = vmalloc_start(k);

	while (model_overlaps(va, nr_pages))
		va += PAGE_SIZE;
	return va;
}

static bool model_make(struct model_area *m, bool is_vmap)
{
	va_t va;

	if (!is_vmap)
		return vmalloc(k, m->nr_pages * PAGE_SIZE - 7, &m->va);
	m->pages = calloc(m->nr_pages, sizeof(*m->pages));
	for (uint64_t i = 0; i < m->nr_pages; i++)
		m->pages[i] = alloc_page(k, GFP_KERNEL);
	ck_assert(vmap(k, m->pages, m->nr_pages, &va));
	m->va = va;
	return true;
}

static void model_check(const struct model_area *m)
{
	for (uint64_t i = 0; i < m->nr_pages; i++)
		ck_assert_uint_eq(word_at(m->va + i * PAGE_SIZE + i % 64 * 8), m->tag + i);
	ck_assert(!is_mapped(m->va + m->nr_pages * PAGE_SIZE));
}

static void model_drop(struct model_area *m)
{
	model_check(m);
	if (m->pages) {
		vunmap(k, m->va);
		for (uint64_t i = 0; i < m->nr_pages; i++)
			__free_page(k, m->pages[i]);
		free(m->pages);
	} else {
		vfree(k, m->va);
	}
	*m = (struct model_area){ 0 };
}

static void model_take(struct model_area *m, struct fixture_random *random)
{
	va_t expected;

	m->nr_pages = 1 + fixture_below(random, 40);
	m->tag = fixture_random(random);
	expected = model_first_fit(m->nr_pages);
	ck_assert(model_make(m, fixture_below(random, 4) == 0));
	ck_assert_uint_eq(m->va, expected);
	for (uint64_t i = 0; i < m->nr_pages; i++)
		put_word(m->va + i * PAGE_SIZE + i % 64 * 8, m->tag + i);
}

START_TEST(random_areas_agree_with_a_model)
{
	struct fixture_random random = fixture_seed(0x7611 + (uint64_t)_i);
	uint64_t cases = fixture_cases(1500);

	boot(_i, 32 * MIB, false);
	memset(model, 0, sizeof(model));
	for (uint64_t n = 0; n < cases; n++) {
		struct model_area *m = &model[fixture_below(&random, MODEL_AREAS)];

		if (m->va)
			model_drop(m);
		else
			model_take(m, &random);
		if (n % 64 == 0)
			fixture_check(&f);
	}
	for (int i = 0; i < MODEL_AREAS; i++)
		if (model[i].va)
			model_drop(&model[i]);
	shut_down();
}
END_TEST

static Suite *vmalloc_suite(void)
{
	Suite *s = suite_create("vmalloc");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, direct_map_has_the_largest_pages_that_fit, 0,
	                    sizeof(direct_maps) / sizeof(direct_maps[0]));
	tcase_add_loop_test(tc, kmalloc_is_seen_through_the_direct_map, 0, NR_MODES);
	tcase_add_loop_test(tc, kernel_tables_take_no_managed_page_at_boot, 0, NR_MODES);
	tcase_add_loop_test(tc, user_addresses_are_not_the_kernels, 0, NR_MODES);
	tcase_add_loop_test(tc, vmalloc_lies_in_its_area_with_a_guard_page_after_it, 0, NR_MODES);
	tcase_add_loop_test(tc, vmalloc_of_nothing_or_of_more_than_ram_fails, 0, NR_MODES);
	tcase_add_loop_test(tc, vzalloc_is_zero_and_vmalloc_32_is_low, 0, NR_MODES);
	tcase_add_loop_test(tc, each_touched_word_is_one_access, 0, NR_MODES);
	tcase_add_loop_test(tc, vmap_shows_the_callers_frames_and_leaves_them, 0, NR_MODES);
	tcase_add_loop_test(tc, every_mm_sees_the_kernels_half, 0, NR_MODES);
	tcase_add_loop_test(tc, vmallocinfo_is_linuxs, 0, NR_MODES);
	tcase_add_loop_test(tc, exhaustion_unwinds_completely, 0, NR_MODES);
	tcase_add_loop_test(tc, any_failing_allocation_unwinds, 0, NR_MODES);
	tcase_add_test(tc, address_space_runs_out_before_memory);
	tcase_add_loop_test(tc, ioremapped_addresses_reach_the_device, 0, NR_MODES);
	tcase_add_loop_test(tc, ram_and_taken_ranges_are_no_devices, 0, NR_MODES);
	tcase_add_loop_test(tc, random_areas_agree_with_a_model, 0, NR_MODES);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(vmalloc_suite());
}
