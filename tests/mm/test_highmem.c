/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * High memory on 32-bit kernels with more RAM than their direct map: kmap() and
 * kmap_atomic() through a whole MMU, whose TLBs keep what they are not told to forget,
 * and what becomes of user pages and page cache that have no address.
 */
#include "disk_file.h"
#include "mm_mmu.h"
#include "mm_user.h"

#include "mm/highmem.h"
#include "mm/kernel_map.h"
#include "mm/maccess.h"
#include "mm/process_vm_access.h"
#include "mm/vmalloc.h"
#include "tests/run_suite.h"

#define LOWMEM (896 * MIB)
#define NR_MODES 2

static const struct paging_mode *const modes[NR_MODES] = { &paging_two_level, &paging_pae };

static struct user u; /* first: struct fixture, the machine_ops' machine */
static struct kernel *const k = &u.f.k;

static void boot_checked(int mode, uint64_t high_bytes, bool check)
{
	struct kernel_config config = fixture_config();

	config.paging = modes[mode];
	config.nr_cpus = 2;
	config.check = check;
	user_start(&u, LOWMEM + high_bytes, &config);
	fixture_mmu_start(&u.f);
}

static void boot(int mode, uint64_t high_bytes)
{
	boot_checked(mode, high_bytes, false);
}

static void check(void)
{
	char what[256] = "";

	ck_assert_msg(highmem_is_valid(k, what, sizeof(what)), "%s", what);
	fixture_mmu_check();
}

static void shut_down(void)
{
	check();
	fixture_mmu_finish(&u.f);
	user_end(&u);
}

static struct page *high_page(void)
{
	struct page *page = alloc_page(k, GFP_HIGHUSER);

	ck_assert_ptr_nonnull(page);
	ck_assert(PageHighMem(k, page));
	return page;
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

static uint64_t word_in(const struct page *page)
{
	return *(uint64_t *)page_frame(k, page);
}

/* ---- kmap ---- */

START_TEST(page_address_of_a_high_page_is_null_until_it_is_kmapped)
{
	struct page *high, *low;
	va_t va;

	boot(_i, 64 * MIB);
	high = high_page();
	low = alloc_page(k, GFP_KERNEL);
	ck_assert_ptr_null(page_address(k, high));
	ck_assert_ptr_nonnull(page_address(k, low));
	va = kmap(k, high);
	ck_assert_uint_ge(va, pkmap_base(k));
	ck_assert_uint_lt(va, pkmap_base(k) + last_pkmap(k) * PAGE_SIZE);
	ck_assert_ptr_eq(page_address(k, high), page_frame(k, high));
	put_word(va + 16, 0x1234);
	ck_assert_uint_eq(((uint64_t *)page_frame(k, high))[2], 0x1234);
	ck_assert_uint_eq(nr_kmaps(k), 1);
	kunmap(k, high);
	ck_assert_uint_eq(nr_kmaps(k), 0);
	__free_page(k, high);
	__free_page(k, low);
	shut_down();
}
END_TEST

START_TEST(a_page_that_is_kmapped_twice_has_one_address)
{
	struct page *page;
	va_t va;

	boot(_i, 64 * MIB);
	page = high_page();
	va = kmap(k, page);
	ck_assert_uint_eq(kmap(k, page), va);
	kunmap(k, page);
	ck_assert_uint_eq(nr_kmaps(k), 1);
	put_word(va, 7);
	kunmap(k, page);
	/* Its slot is its own until all have been given out. */
	ck_assert_uint_eq(kmap(k, page), va);
	ck_assert_uint_eq(word_at(va), 7);
	kunmap(k, page);
	ck_assert_uint_eq(k->kmaps.nr_kmap_high, 1);
	ck_assert_uint_eq(u.f.seen.flush_kernel_range, 0);
	__free_page(k, page);
	shut_down();
}
END_TEST

START_TEST(lowmem_has_its_address_at_no_cost)
{
	struct page *page;
	va_t va;

	boot(_i, 64 * MIB);
	page = alloc_page(k, GFP_KERNEL);
	va = kmap(k, page);
	ck_assert_uint_eq(va, direct_map_va(k, page_address(k, page)));
	ck_assert_uint_eq(kmap_atomic(k, page), va);
	kunmap_atomic(k, va);
	kunmap(k, page);
	ck_assert_uint_eq(k->kmaps.nr_kmap_high + k->kmaps.nr_kmap_atomic, 0);
	ck_assert_uint_eq(u.f.seen.flush_kernel_range + u.f.seen.flush_one_kernel, 0);
	__free_page(k, page);
	shut_down();
}
END_TEST

/* A stale TLB entry would show the page that had the slot before. */
START_TEST(unused_slots_are_flushed_at_once_when_all_have_been_given_out)
{
	static struct page *pages[3 * LAST_PKMAP_MAX];
	uint32_t n;

	boot(_i, 64 * MIB);
	n = last_pkmap(k);
	ck_assert_uint_eq(n, modes[_i] == &paging_pae ? 512 : 1024);
	for (uint32_t i = 0; i < 3 * n; i++) {
		va_t va;

		pages[i] = high_page();
		va = kmap(k, pages[i]);
		put_word(va, i);
		if (word_in(pages[i]) != i)
			ck_abort_msg("page %u: stale translation", i);
		kunmap(k, pages[i]);
	}
	/* The first round begins behind slot 0. */
	ck_assert_uint_eq(k->kmaps.nr_flushes, 3);
	ck_assert_uint_eq(u.f.seen.flush_kernel_range, 3);
	ck_assert_uint_eq(k->kmaps.nr_kmap_high, 3 * n);
	ck_assert_ptr_null(page_address(k, pages[0]));
	check();
	for (uint32_t i = 0; i < 3 * n; i++)
		__free_page(k, pages[i]);
	shut_down();
}
END_TEST

START_TEST(kmap_fails_while_all_slots_are_in_use)
{
	static struct page *pages[LAST_PKMAP_MAX + 1];
	uint32_t n;

	boot(_i, 64 * MIB);
	n = last_pkmap(k);
	for (uint32_t i = 0; i <= n; i++)
		pages[i] = high_page();
	for (uint32_t i = 0; i < n; i++)
		if (!kmap(k, pages[i]))
			ck_abort_msg("slot %u", i);
	ck_assert_uint_eq(nr_kmaps(k), n);
	ck_assert_uint_eq(kmap(k, pages[n]), 0);
	ck_assert(fixture_logged(&u.f, "kmap: all"));
	ck_assert_uint_ne(kmap_atomic(k, pages[n]), 0);
	kunmap_atomic(k, fix_to_virt(FIX_KMAP_BEGIN));
	kunmap(k, pages[3]);
	/* Slot 0 is given out last. */
	ck_assert_uint_eq(kmap(k, pages[n]), pkmap_base(k) + 4 * PAGE_SIZE);
	ck_assert_ptr_null(page_address(k, pages[3]));
	for (uint32_t i = 0; i <= n; i++) {
		if (i != 3)
			kunmap(k, pages[i]);
		__free_page(k, pages[i]);
	}
	shut_down();
}
END_TEST

/* ---- kmap_atomic ---- */

START_TEST(atomic_mappings_nest_as_a_stack)
{
	struct page *page[KM_TYPE_NR];
	va_t va[KM_TYPE_NR];

	boot(_i, 64 * MIB);
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < KM_TYPE_NR; i++) {
			page[i] = high_page();
			va[i] = kmap_atomic(k, page[i]);
			ck_assert_uint_eq(va[i], 0xffffe000 - i * PAGE_SIZE);
			put_word(va[i], round * 100 + i);
		}
		ck_assert_ptr_null(page_address(k, page[0]));
		for (uint32_t i = KM_TYPE_NR; i-- > 0;) {
			ck_assert_uint_eq(word_at(va[i]), (uint64_t)round * 100 + i);
			kunmap_atomic(k, va[i]);
			ck_assert_int_eq(kernel_read(k, va[i], &(uint64_t){ 0 }, 8), -EFAULT);
			__free_page(k, page[KM_TYPE_NR - 1 - i]); /* another one is next here */
		}
	}
	ck_assert_uint_eq(u.f.seen.flush_one_kernel, 3 * KM_TYPE_NR);
	ck_assert_uint_eq(u.f.seen.flush_kernel_range, 0);
	shut_down();
}
END_TEST

START_TEST(each_cpu_has_atomic_slots_of_its_own)
{
	struct page *page;
	va_t first, second;

	boot(_i, 64 * MIB);
	page = high_page();
	first = kmap_atomic(k, page);
	k->cpu = 1;
	second = kmap_atomic(k, page);
	ck_assert_uint_eq(second, first - KM_TYPE_NR * PAGE_SIZE);
	put_word(first, 9);
	ck_assert_uint_eq(word_at(second), 9);
	k->cpu = 0;
	kunmap_atomic(k, first);
	k->cpu = 1;
	kunmap_atomic(k, second);
	k->cpu = 0;
	__free_page(k, page);
	shut_down();
}
END_TEST

/* ---- contents ---- */

START_TEST(helpers_do_to_high_pages_what_they_say)
{
	uint8_t want[PAGE_SIZE], got[PAGE_SIZE];
	struct page *a, *b;

	boot(_i, 64 * MIB);
	a = high_page();
	b = high_page();
	for (size_t i = 0; i < PAGE_SIZE; i++)
		want[i] = (uint8_t)(i * 7 + 1);
	memcpy_to_page(k, a, 0, want, PAGE_SIZE);
	copy_highpage(k, b, a);
	ck_assert_mem_eq(page_frame(k, b), want, PAGE_SIZE);
	zero_user_segment(k, b, 5, 4090);
	memset(want + 5, 0, 4085);
	memcpy_from_page(k, got, b, 0, PAGE_SIZE);
	ck_assert_mem_eq(got, want, PAGE_SIZE);
	memcpy_from_page(k, got, b, PAGE_SIZE, 0);
	memcpy_page(k, b, a, 100, 200);
	ck_assert_mem_eq((uint8_t *)page_frame(k, b) + 100, (uint8_t *)page_frame(k, a) + 100, 200);
	clear_highpage(k, b);
	memset(want, 0, PAGE_SIZE);
	ck_assert_mem_eq(page_frame(k, b), want, PAGE_SIZE);
	__free_page(k, a);
	__free_page(k, b);
	shut_down();
}
END_TEST

/* 512 words a page, and two writes to page tables for each mapping. */
START_TEST(contents_are_counted_as_the_kernels_accesses)
{
	const uint64_t *accesses;
	struct page *high, *low;
	uint64_t loads, stores;

	boot(_i, 64 * MIB);
	high = high_page();
	low = alloc_page(k, GFP_KERNEL);
	accesses = mmu_counts(fixture_mmu, PRIV_KERNEL)->accesses;
	loads = accesses[ACCESS_LOAD];
	stores = accesses[ACCESS_STORE];
	clear_highpage(k, low);
	ck_assert_uint_eq(accesses[ACCESS_STORE] - stores, 512);
	clear_highpage(k, high);
	ck_assert_uint_eq(accesses[ACCESS_STORE] - stores, 2 * 512 + 2);
	copy_highpage(k, low, high);
	ck_assert_uint_eq(accesses[ACCESS_STORE] - stores, 3 * 512 + 4);
	ck_assert_uint_eq(accesses[ACCESS_LOAD] - loads, 512);
	zero_user_segment(k, low, 4, 20);
	ck_assert_uint_eq(accesses[ACCESS_STORE] - stores, 3 * 512 + 4 + 3);
	k->counts_accesses = false;
	clear_highpage(k, high);
	ck_assert_uint_eq(accesses[ACCESS_STORE] - stores, 3 * 512 + 4 + 3);
	__free_page(k, high);
	__free_page(k, low);
	shut_down();
}
END_TEST

/* ---- whose pages are high ---- */

#define AT ((va_t)0x40000000)

static struct page *page_at(va_t va)
{
	uint64_t entry = user_entry(&u, va);

	ck_assert(entry & PTE_P);
	return pfn_to_page(k, (entry & PTE_PFN_MASK) >> PAGE_SHIFT);
}

START_TEST(user_memory_prefers_high_pages_and_keeps_its_contents)
{
	struct mm_struct *parent, *child;

	boot(_i, 64 * MIB);
	user_anon(&u, AT, 64);
	for (va_t i = 0; i < 64; i++)
		user_write(&u, AT + i * PAGE_SIZE + 8, i + 1);
	for (va_t i = 0; i < 64; i++) {
		ck_assert(PageHighMem(k, page_at(AT + i * PAGE_SIZE)));
		ck_assert_uint_eq(user_read(&u, AT + i * PAGE_SIZE), 0);
		ck_assert_uint_eq(user_read(&u, AT + i * PAGE_SIZE + 8), i + 1);
	}
	parent = u.mm;
	child = dup_mm(k, parent);
	ck_assert_ptr_nonnull(child);
	u.mm = child;
	memset(u.tlb, 0, sizeof(u.tlb));
	for (va_t i = 0; i < 64; i++)
		user_write(&u, AT + i * PAGE_SIZE, 1000 + i);
	for (va_t i = 0; i < 64; i++) {
		ck_assert_uint_eq(user_read(&u, AT + i * PAGE_SIZE + 8), i + 1);
		ck_assert(PageHighMem(k, page_at(AT + i * PAGE_SIZE)));
	}
	ck_assert_uint_ge(k->fault_kinds[FAULT_COW], 64);
	u.mm = parent;
	memset(u.tlb, 0, sizeof(u.tlb));
	mmput(k, child);
	for (va_t i = 0; i < 64; i++)
		ck_assert_uint_eq(user_read(&u, AT + i * PAGE_SIZE), 0);
	shut_down();
}
END_TEST

START_TEST(anothers_high_memory_is_read_and_written)
{
	uint64_t words[2] = { 0 };

	boot(_i, 64 * MIB);
	user_anon(&u, AT, 2);
	user_write(&u, AT + PAGE_SIZE - 8, 5);
	user_write(&u, AT + PAGE_SIZE, 6);
	ck_assert(PageHighMem(k, page_at(AT)));
	ck_assert_uint_eq(access_process_vm(k, u.mm, AT + PAGE_SIZE - 8, words, 16, false), 16);
	ck_assert_uint_eq(words[0], 5);
	ck_assert_uint_eq(words[1], 6);
	words[0] = 7;
	ck_assert_uint_eq(access_process_vm(k, u.mm, AT + PAGE_SIZE - 8, words, 16, true), 16);
	ck_assert_uint_eq(user_read(&u, AT + PAGE_SIZE - 8), 7);
	ck_assert(PageDirty(page_at(AT)));
	shut_down();
}
END_TEST

#define PAGES 1500

START_TEST(high_pages_go_to_swap_and_come_back)
{
	static struct user_swap swap;
	uint64_t swapped = 0;

	boot(_i, 8 * MIB);
	user_swap_on(&u, &swap, 2 * PAGES);
	user_anon(&u, AT, PAGES);
	for (va_t i = 0; i < PAGES; i++)
		user_write(&u, AT + i * PAGE_SIZE + 16, i * 3 + 1);
	for (int round = 0; round < 100 && k->vm_events[PSWPOUT] < PAGES / 2; round++)
		try_to_free_pages(k, node_zonelist(k, 0, GFP_HIGHUSER), 0, GFP_HIGHUSER, NULL);
	ck_assert_uint_ge(k->vm_events[PSWPOUT], PAGES / 2);
	for (va_t i = 0; i < PAGES; i++) {
		swapped += !(user_entry(&u, AT + i * PAGE_SIZE) & PTE_P);
		ck_assert_uint_eq(user_read(&u, AT + i * PAGE_SIZE + 16), i * 3 + 1);
		ck_assert(PageHighMem(k, page_at(AT + i * PAGE_SIZE)));
	}
	ck_assert_uint_gt(swapped, 0);
	shut_down();
	free(swap.data);
}
END_TEST

static int64_t copy_in(void *context, void *memory, uint64_t offset, uint64_t len)
{
	memcpy((uint8_t *)memory + offset, *(uint8_t **)context, len);
	*(uint8_t **)context += len;
	return (int64_t)len;
}

static int64_t copy_out(void *context, void *memory, uint64_t offset, uint64_t len)
{
	memcpy(*(uint8_t **)context, (uint8_t *)memory + offset, len);
	*(uint8_t **)context += len;
	return (int64_t)len;
}

START_TEST(the_page_cache_prefers_high_pages_and_keeps_its_contents)
{
	static uint8_t want[20 * PAGE_SIZE], got[20 * PAGE_SIZE];
	static struct disk_file file;
	uint8_t *at = want;
	struct page *page;

	boot(_i, 64 * MIB);
	disk_file_open(k, &file, 10 * PAGE_SIZE + 7, 32);
	for (size_t i = 0; i < sizeof(want); i++)
		want[i] = i < 10 * PAGE_SIZE + 7 ? disk_file_byte(i) : 0;
	for (size_t i = 5 * PAGE_SIZE - 3; i < sizeof(want); i++)
		want[i] = (uint8_t)(i * 13);
	at = want + 5 * PAGE_SIZE - 3;
	ck_assert_int_eq(filemap_write(k, &file.file, 5 * PAGE_SIZE - 3,
	                               sizeof(want) - 5 * PAGE_SIZE + 3, copy_in, &at),
	                 (int64_t)(sizeof(want) - 5 * PAGE_SIZE + 3));
	at = got;
	ck_assert_int_eq(filemap_read(k, &file.file, 0, sizeof(got), copy_out, &at),
	                 (int64_t)sizeof(got));
	ck_assert_mem_eq(got, want, sizeof(got));
	page = find_get_page(k, &file.mapping, 7);
	ck_assert(PageHighMem(k, page));
	put_page(k, page);
	truncate_setsize(k, &file.mapping, 6 * PAGE_SIZE + 100);
	page = find_get_page(k, &file.mapping, 6);
	ck_assert_uint_eq(((uint8_t *)page_frame(k, page))[99], want[6 * PAGE_SIZE + 99]);
	ck_assert_uint_eq(((uint8_t *)page_frame(k, page))[100], 0);
	put_page(k, page);
	ck_assert_int_eq(filemap_write_and_wait_range(k, &file.mapping, 0, UINT64_MAX), 0);
	ck_assert_mem_eq(file.data, want, 6 * PAGE_SIZE + 100);
	ck_assert_uint_gt(k->kmaps.nr_kmap_high, 0);
	ck_assert_uint_eq(nr_kmaps(k), 0);
	disk_file_close(k, &file);
	shut_down();
}
END_TEST

START_TEST(the_kernels_own_memory_is_low)
{
	void *object;
	va_t va;

	boot(_i, 64 * MIB);
	object = kmalloc(k, 100, GFP_KERNEL);
	ck_assert(!PageHighMem(k, virt_to_page(k, object)));
	ck_assert(!PageHighMem(k, pfn_to_page(k, u.mm->pgd)));
	/* vmalloc() gives addresses to pages that have none. */
	ck_assert(vmalloc(k, 3 * PAGE_SIZE, &va));
	ck_assert(PageHighMem(k, vmalloc_to_page(k, va)));
	put_word(va + PAGE_SIZE, 5);
	ck_assert_uint_eq(word_in(vmalloc_to_page(k, va + PAGE_SIZE)), 5);
	vfree(k, va);
	kfree(k, object);
	shut_down();
}
END_TEST

/* Each entry is written through a slot of its own, and right. */
START_TEST(page_tables_may_be_high)
{
	struct kernel_config config = fixture_config();

	config.paging = modes[_i];
	config.check = false;
	config.highpte = true;
	user_start(&u, LOWMEM + 64 * MIB, &config);
	fixture_mmu_start(&u.f);
	user_anon(&u, AT, 50);
	for (va_t i = 0; i < 50; i++)
		user_write(&u, AT + i * PAGE_SIZE, i + 1);
	ck_assert(PageHighMem(k, virt_to_page(k, pte_lookup(k, u.mm, AT))));
	ck_assert(!PageHighMem(k, pfn_to_page(k, u.mm->pgd)));
	/* The table's contents, 50 pages, 50 entries. */
	ck_assert_uint_eq(k->kmaps.nr_kmap_atomic, 101);
	for (va_t i = 0; i < 50; i++)
		ck_assert_uint_eq(user_read(&u, AT + i * PAGE_SIZE), i + 1);
	fixture_check(&u.f);
	shut_down();
}
END_TEST

START_TEST(high_memory_has_its_figures)
{
	uint64_t total;
	struct page *page;

	boot(_i, 64 * MIB);
	total = totalhigh_pages(k);
	ck_assert_uint_eq(total, 64 * MIB >> PAGE_SHIFT);
	ck_assert_uint_eq(nr_free_highpages(k), total);
	page = high_page();
	ck_assert_uint_eq(nr_free_highpages(k), total - 1);
	__free_page(k, page);
	shut_down();
}
END_TEST

/* ---- as large as can be ---- */

START_TEST(two_gb_boot_and_are_checked)
{
	boot_checked(_i, 2 * GIB - LOWMEM, true);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 1);
	ck_assert(PageHighMem(k, page_at(AT)));
	shut_down();
}
END_TEST

START_TEST(pae_reaches_beyond_4_gb)
{
	boot(1, 8 * GIB);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 77);
	ck_assert_uint_ge(page_to_pfn(k, page_at(AT)), 4 * GIB >> PAGE_SHIFT);
	ck_assert_uint_eq(user_read(&u, AT), 77);
	shut_down();
}
END_TEST

/* 64 bytes a page of 64 GB are 1 GB. */
START_TEST(what_needs_too_large_a_page_array_does_not_boot)
{
	struct kernel_config config = fixture_config();
	struct ram ram;

	config.paging = &paging_pae;
	ck_assert_int_eq(ram_init(&ram, 64 * GIB), 0);
	ck_assert_int_eq(kernel_boot(k, &config, &ram, &u.f.events, &fixture_ops, &u), -ENOMEM);
	ram_finish(&ram);
	ck_assert_int_eq(ram_init(&ram, 48 * GIB), 0);
	config.check = false;
	ck_assert_int_eq(kernel_boot(k, &config, &ram, &u.f.events, &fixture_ops, &u), 0);
	kernel_shutdown(k);
	ram_finish(&ram);
}
END_TEST

/* ---- at random ---- */

static struct {
	struct page *page;
	uint64_t word;
	uint32_t nr_kmaps;
	va_t va;
} objects[PAGES];

static void use_kmap(uint64_t i)
{
	objects[i].va = kmap(k, objects[i].page);
	ck_assert(objects[i].va);
	objects[i].nr_kmaps++;
}

/* Reads through all that maps it, and changes it through the last. */
static void visit(uint64_t i, uint64_t n)
{
	va_t va = kmap_atomic(k, objects[i].page);

	if (word_at(va) != objects[i].word ||
	    (objects[i].nr_kmaps && word_at(objects[i].va) != objects[i].word))
		ck_abort_msg("step %lu: another page is seen", (unsigned long)n);
	objects[i].word = n;
	put_word(objects[i].nr_kmaps && n % 2 ? objects[i].va : va, n);
	kunmap_atomic(k, va);
}

static void copy_object(uint64_t from, uint64_t to)
{
	copy_highpage(k, objects[to].page, objects[from].page);
	objects[to].word = objects[from].word;
}

START_TEST(random_use_shows_no_stale_mapping)
{
	struct fixture_random random = fixture_seed(70 + (uint64_t)_i);
	uint64_t cases = fixture_cases(20000), users = 0;

	boot(_i, 8 * MIB);
	memset(objects, 0, sizeof(objects));
	for (uint64_t i = 0; i < PAGES; i++)
		objects[i].page = alloc_page(k, GFP_HIGHUSER | __GFP_ZERO);
	for (uint64_t n = 1; n <= cases; n++) {
		uint64_t i = fixture_below(&random, PAGES);

		switch (fixture_below(&random, 4)) {
		case 0:
			if (users < 400) {
				use_kmap(i);
				users++;
			}
			break;
		case 1:
			while (users && !objects[i].nr_kmaps)
				i = (i + 1) % PAGES;
			if (users) {
				kunmap(k, objects[i].page);
				objects[i].nr_kmaps--;
				users--;
			}
			break;
		case 2:
			copy_object(i, fixture_below(&random, PAGES));
			break;
		case 3:
			visit(i, n);
			break;
		}
		if (n % 500 == 0)
			check();
	}
	ck_assert_uint_gt(k->kmaps.nr_flushes, 0);
	for (uint64_t i = 0; i < PAGES; i++) {
		ck_assert_uint_eq(word_in(objects[i].page), objects[i].word);
		while (objects[i].nr_kmaps--)
			kunmap(k, objects[i].page);
		__free_page(k, objects[i].page);
	}
	shut_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm/highmem");
	TCase *t = tcase_create("highmem");

	tcase_add_loop_test(t, page_address_of_a_high_page_is_null_until_it_is_kmapped, 0,
	                    NR_MODES);
	tcase_add_loop_test(t, a_page_that_is_kmapped_twice_has_one_address, 0, NR_MODES);
	tcase_add_loop_test(t, lowmem_has_its_address_at_no_cost, 0, NR_MODES);
	tcase_add_loop_test(t, unused_slots_are_flushed_at_once_when_all_have_been_given_out, 0,
	                    NR_MODES);
	tcase_add_loop_test(t, kmap_fails_while_all_slots_are_in_use, 0, NR_MODES);
	tcase_add_loop_test(t, atomic_mappings_nest_as_a_stack, 0, NR_MODES);
	tcase_add_loop_test(t, each_cpu_has_atomic_slots_of_its_own, 0, NR_MODES);
	tcase_add_loop_test(t, helpers_do_to_high_pages_what_they_say, 0, NR_MODES);
	tcase_add_loop_test(t, contents_are_counted_as_the_kernels_accesses, 0, NR_MODES);
	tcase_add_loop_test(t, user_memory_prefers_high_pages_and_keeps_its_contents, 0, NR_MODES);
	tcase_add_loop_test(t, anothers_high_memory_is_read_and_written, 0, NR_MODES);
	tcase_add_loop_test(t, high_pages_go_to_swap_and_come_back, 0, NR_MODES);
	tcase_add_loop_test(t, the_page_cache_prefers_high_pages_and_keeps_its_contents, 0,
	                    NR_MODES);
	tcase_add_loop_test(t, the_kernels_own_memory_is_low, 0, NR_MODES);
	tcase_add_loop_test(t, page_tables_may_be_high, 0, NR_MODES);
	tcase_add_loop_test(t, high_memory_has_its_figures, 0, NR_MODES);
	tcase_add_loop_test(t, two_gb_boot_and_are_checked, 0, NR_MODES);
	tcase_add_test(t, pae_reaches_beyond_4_gb);
	tcase_add_test(t, what_needs_too_large_a_page_array_does_not_boot);
	tcase_add_loop_test(t, random_use_shows_no_stale_mapping, 0, NR_MODES);
	tcase_set_timeout(t, 60);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
