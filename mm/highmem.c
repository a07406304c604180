/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/highmem.h"

#include "mm/kernel_map.h"
#include "mm/maccess.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static va_t pkmap_va(const struct kernel *k, uint32_t slot)
{
	return pkmap_base(k) + slot * PAGE_SIZE;
}

static pte_slot_t *kernel_pte(const struct kernel *k, va_t va)
{
	return pte_lookup(k, &k->init_mm, va);
}

/* ---- kmap ---- */

/* False: there was none. */
static bool flush_all_zero_pkmaps(struct kernel *k)
{
	bool flushed = false;

	for (uint32_t i = 0; i < last_pkmap(k); i++) {
		if (k->kmaps.pkmap_count[i] != 1)
			continue;
		set_pte(k, kernel_pte(k, pkmap_va(k, i)), (pte_t){ 0 });
		k->kmaps.pkmap_count[i] = 0;
		k->kmaps.pkmap_page[i]->pkmap = 0;
		k->kmaps.pkmap_page[i] = NULL;
		flushed = true;
	}
	if (!flushed)
		return false;
	k->ops->flush_tlb_kernel_range(k->machine, pkmap_va(k, 0), pkmap_va(k, last_pkmap(k)));
	k->kmaps.nr_flushes++;
	return true;
}

/* A free slot, once round from where the last one was; all that are used no more
 * are made free when the round passes slot 0. */
static bool find_pkmap(struct kernel *k, uint32_t *slot)
{
	for (uint32_t left = last_pkmap(k); left; left--) {
		*slot = (k->kmaps.last_pkmap_nr + 1) % last_pkmap(k);
		k->kmaps.last_pkmap_nr = *slot;
		if (!*slot && flush_all_zero_pkmaps(k))
			left = last_pkmap(k);
		if (!k->kmaps.pkmap_count[*slot])
			return true;
	}
	return false;
}

static bool map_new_virtual(struct kernel *k, struct page *page)
{
	uint32_t slot;

	if (!find_pkmap(k, &slot)) {
		printk(k, "kmap: all %" PRIu32 " slots are in use", last_pkmap(k));
		return false;
	}
	set_pte(k, kernel_pte(k, pkmap_va(k, slot)), mk_pte(k, page, PAGE_KERNEL(k)));
	k->kmaps.pkmap_count[slot] = 1;
	k->kmaps.pkmap_page[slot] = page;
	k->kmaps.nr_kmap_high++;
	page->pkmap = slot + 1;
	return true;
}

va_t kmap(struct kernel *k, struct page *page)
{
	if (likely(!PageHighMem(k, page)))
		return __va(k, page_to_pfn(k, page) << PAGE_SHIFT);
	if (!page->pkmap && !map_new_virtual(k, page))
		return 0;
	assert(k->kmaps.pkmap_count[page->pkmap - 1] < UINT16_MAX);
	k->kmaps.pkmap_count[page->pkmap - 1]++;
	return pkmap_va(k, page->pkmap - 1);
}

void kunmap(struct kernel *k, struct page *page)
{
	if (likely(!PageHighMem(k, page)))
		return;
	assert(page->pkmap && k->kmaps.pkmap_count[page->pkmap - 1] > 1);
	k->kmaps.pkmap_count[page->pkmap - 1]--;
}

/* ---- kmap_atomic ---- */

/* Of the CPU's slots, counted from 0. */
static va_t atomic_va(const struct kernel *k, uint32_t slot)
{
	return fix_to_virt(FIX_KMAP_BEGIN + k->cpu * KM_TYPE_NR + slot);
}

va_t kmap_atomic(struct kernel *k, struct page *page)
{
	uint32_t slot;
	va_t va;

	if (likely(!PageHighMem(k, page)))
		return __va(k, page_to_pfn(k, page) << PAGE_SHIFT);
	slot = k->kmaps.nr_atomic[k->cpu]++;
	assert(slot < KM_TYPE_NR);
	va = atomic_va(k, slot);
	assert(pte_none(pte_get(k, kernel_pte(k, va))));
	set_pte(k, kernel_pte(k, va), mk_pte(k, page, PAGE_KERNEL(k)));
	k->kmaps.nr_kmap_atomic++;
	return va;
}

void kunmap_atomic(struct kernel *k, va_t va)
{
	if (likely(is_direct_map_va(k, va)))
		return;
	assert(k->kmaps.nr_atomic[k->cpu] > 0);
	k->kmaps.nr_atomic[k->cpu]--;
	assert(va == atomic_va(k, k->kmaps.nr_atomic[k->cpu]));
	set_pte(k, kernel_pte(k, va), (pte_t){ 0 });
	k->ops->flush_tlb_one_kernel(k->machine, va);
}

/* ---- contents ---- */

/* The frame is about to have other contents. */
static void *touch_to_write(struct kernel *k, struct page *page, va_t va, uint64_t len)
{
	k->ops->frame_changed(k->machine, page_to_pfn(k, page));
	return kernel_touch(k, va, ACCESS_STORE, len);
}

void zero_user_segment(struct kernel *k, struct page *page, uint64_t start, uint64_t end)
{
	va_t va = kmap_atomic(k, page);

	assert(start <= end && end <= PAGE_SIZE);
	if (start < end)
		memset(touch_to_write(k, page, va + start, end - start), 0, end - start);
	kunmap_atomic(k, va);
}

void clear_highpage(struct kernel *k, struct page *page)
{
	zero_user_segment(k, page, 0, PAGE_SIZE);
}

void memcpy_page(struct kernel *k, struct page *to, struct page *from, uint64_t offset,
                 uint64_t len)
{
	va_t source = kmap_atomic(k, from), target = kmap_atomic(k, to);
	const void *read;

	assert(len && offset <= PAGE_SIZE && len <= PAGE_SIZE - offset);
	read = kernel_touch(k, source + offset, ACCESS_LOAD, len);
	memcpy(touch_to_write(k, to, target + offset, len), read, len);
	kunmap_atomic(k, target);
	kunmap_atomic(k, source);
}

void copy_highpage(struct kernel *k, struct page *to, struct page *from)
{
	memcpy_page(k, to, from, 0, PAGE_SIZE);
}

void memcpy_from_page(struct kernel *k, void *to, struct page *page, uint64_t offset, uint64_t len)
{
	va_t va = kmap_atomic(k, page);

	assert(offset <= PAGE_SIZE && len <= PAGE_SIZE - offset);
	if (len)
		memcpy(to, kernel_touch(k, va + offset, ACCESS_LOAD, len), len);
	kunmap_atomic(k, va);
}

void memcpy_to_page(struct kernel *k, struct page *page, uint64_t offset, const void *from,
                    uint64_t len)
{
	va_t va = kmap_atomic(k, page);

	assert(offset <= PAGE_SIZE && len <= PAGE_SIZE - offset);
	if (len)
		memcpy(touch_to_write(k, page, va + offset, len), from, len);
	kunmap_atomic(k, va);
}

/* ---- figures ---- */

uint32_t nr_kmaps(const struct kernel *k)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < last_pkmap(k); i++)
		nr += k->kmaps.pkmap_count[i] > 1;
	return nr;
}

uint64_t totalhigh_pages(const struct kernel *k)
{
	uint64_t pages = 0;

	for_each_zone (k, zone)
		pages += is_highmem(k, zone) ? zone->managed_pages : 0;
	return pages;
}

uint64_t nr_free_highpages(const struct kernel *k)
{
	uint64_t pages = 0;

	for_each_zone (k, zone)
		pages += is_highmem(k, zone) ? zone_nr_free_pages(k, zone) : 0;
	return pages;
}

/* ---- checking ---- */

static bool slot_is_valid(const struct kernel *k, uint32_t slot)
{
	const struct page *page = k->kmaps.pkmap_page[slot];
	pte_t pte = pte_get(k, kernel_pte(k, pkmap_va(k, slot)));

	if (!k->kmaps.pkmap_count[slot])
		return !page && pte_none(pte);
	return page && page->pkmap == slot + 1 && pte_accessible(pte) &&
	       pte_pfn(pte) == page_to_pfn(k, page);
}

bool highmem_is_valid(const struct kernel *k, char *what, size_t size)
{
	for (uint32_t i = 0; i < last_pkmap(k); i++) {
		if (slot_is_valid(k, i))
			continue;
		snprintf(what, size, "highmem: slot %" PRIu32 " of kmap()", i);
		return false;
	}
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++) {
		if (!k->kmaps.nr_atomic[cpu])
			continue;
		snprintf(what, size, "highmem: CPU %" PRIu32 " has %" PRIu32 " atomic kmaps", cpu,
		         k->kmaps.nr_atomic[cpu]);
		return false;
	}
	return true;
}
