/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_things - taking things from the kernel's allocators, changing them, and
 * giving them back.
 */
#include "torture.h"

#include "mm/highmem.h"
#include "mm/maccess.h"
#include "mm/thread_stack.h"

#include <inttypes.h>

#define CONSTRUCTED 0xc0de5ad0c0de5ad0u /* the first word of constructed objects */

/* ---- masks ---- */

static const gfp_t page_masks[] = {
	GFP_KERNEL,
	GFP_ATOMIC,
	GFP_NOWAIT,
	GFP_NOIO,
	GFP_NOFS,
	GFP_USER,
	GFP_KERNEL | GFP_DMA,
	GFP_KERNEL | GFP_DMA32,
	GFP_HIGHUSER,
	GFP_HIGHUSER_MOVABLE,
	GFP_KERNEL | __GFP_RECLAIMABLE,
	GFP_KERNEL | __GFP_NORETRY,
	GFP_KERNEL | __GFP_COLD,
	GFP_ATOMIC | __GFP_HIGHMEM,
};

static gfp_t random_mask(struct torture *t)
{
	gfp_t gfp = page_masks[below(t, sizeof(page_masks) / sizeof(page_masks[0]))];

	if (one_in(t, 4))
		gfp |= __GFP_ZERO;
	return gfp | __GFP_NOWARN;
}

/* For who does not say where: kmalloc(), objects. */
static gfp_t random_object_mask(struct torture *t)
{
	return random_mask(t) & ~(GFP_ZONEMASK | __GFP_COLD | __GFP_RECLAIMABLE);
}

/* ---- pages ---- */

/* Half are of order 0, a quarter of order 1 ... */
static unsigned random_order(struct torture *t)
{
	return (unsigned)__builtin_ctzll(fixture_random(&t->random) >> 16 | 1 << (MAX_ORDER - 1));
}

/* The first address behind what the mask allows. */
static pa_t mask_end(const struct torture *t, gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		return 16 * MIB;
	if (t->machine->paging->va_bits == 32)
		return gfp & __GFP_HIGHMEM ? UINT64_MAX : 896 * MIB;
	return gfp & __GFP_DMA32 ? 4 * GIB : UINT64_MAX;
}

static uint32_t node_of(const struct torture *t, pa_t pa)
{
	return (uint32_t)(pa / (t->f.ram.size_bytes / t->machine->nr_nodes));
}

static struct page *take_some_pages(struct torture *t, gfp_t gfp, unsigned order)
{
	uint32_t nid = (uint32_t)below(t, t->machine->nr_nodes);
	nodemask_t nodes = (nodemask_t)(1 + below(t, (1 << t->machine->nr_nodes) - 1));
	bool masked = one_in(t, 4);
	struct page *page = alloc_pages_nodemask(t->k, gfp, order, nid, masked ? &nodes : NULL);
	pa_t pa;

	if (!page)
		return NULL;
	pa = page_to_pfn(t->k, page) << PAGE_SHIFT;
	if (pa & ((PAGE_SIZE << order) - 1))
		torture_fail(t, "block of order %u at %#" PRIx64, order, pa);
	if (pa + (PAGE_SIZE << order) > mask_end(t, gfp))
		torture_fail(t, "gfp %#x ended at %#" PRIx64, gfp, pa);
	if (gfp & __GFP_THISNODE && node_of(t, pa) != nid)
		torture_fail(t, "this node was %u, not %u", nid, node_of(t, pa));
	if (masked && !(nodes >> node_of(t, pa) & 1))
		torture_fail(t, "node %u is not in %#x", node_of(t, pa), (unsigned)nodes);
	return page;
}

static bool take_pages(struct torture *t, struct held *held)
{
	gfp_t gfp =
	    random_mask(t) | (one_in(t, 8) ? __GFP_THISNODE : 0) | (one_in(t, 2) ? __GFP_COMP : 0);
	struct page *page;

	held->which = random_order(t);
	page = take_some_pages(t, gfp, held->which);
	if (!page)
		return false;
	held->object = page;
	held_claim_ram(t, held, page_to_pfn(t->k, page) << PAGE_SHIFT, PAGE_SIZE << held->which);
	if (gfp & __GFP_ZERO)
		held_check_zero(t, held);
	if (compound_order(page) != (gfp & __GFP_COMP ? held->which : 0))
		torture_fail(t, "order %u became %u", held->which, compound_order(page));
	return true;
}

/* One more reference, to any page of a compound one; or the last but one goes. */
static void change_pages(struct torture *t, struct held *held)
{
	struct page *page = held->object;
	uint64_t nr = (uint64_t)1 << compound_order(page);

	if (held->which && nr == 1)
		return;
	if (held->referenced)
		put_page(t->k, page + below(t, nr));
	else
		get_page(page + below(t, nr));
	held->referenced = !held->referenced;
	if (page_count(page) != 1 + held->referenced)
		torture_fail(t, "%d references", page_count(page));
}

static void give_pages(struct torture *t, struct held *held)
{
	struct page *page = held->object;

	if (held->referenced)
		put_page(t->k, page);
	if (!held->which && one_in(t, 4)) {
		free_hot_cold_page(t->k, page, true);
	} else if (PageHead(page) && one_in(t, 2)) {
		put_page(t->k, page + below(t, (uint64_t)1 << held->which));
	} else {
		__free_pages(t->k, page, held->which);
	}
}

/* ---- kmalloc ---- */

/* Up to 256 KB, small ones more often. */
static size_t random_size(struct torture *t)
{
	return 8 + below(t, (uint64_t)8 << below(t, one_in(t, 16) ? 16 : 10));
}

static bool take_kmalloc(struct torture *t, struct held *held)
{
	size_t size = random_size(t);
	gfp_t gfp = random_object_mask(t) | (one_in(t, 8) ? GFP_DMA : 0);

	switch (below(t, 3)) {
	case 0:
		gfp |= __GFP_ZERO;
		held->object = kzalloc(t->k, size, gfp);
		break;
	case 1:
		gfp |= __GFP_ZERO;
		size &= ~(size_t)7;
		held->object = kcalloc(t->k, size / 8, 8, gfp);
		break;
	default:
		held->object = kmalloc(t->k, size, gfp);
	}
	if (!held->object)
		return false;
	if (ksize(t->k, held->object) < size)
		torture_fail(t, "kmalloc(%zu) gave %zu", size, ksize(t->k, held->object));
	/* all that ksize() promises may be used */
	held_claim_object(t, held, held->object, one_in(t, 2) ? size : ksize(t->k, held->object));
	if (held->extents[0].start + size > mask_end(t, gfp))
		torture_fail(t, "kmalloc() by %#x gave %#" PRIx64, gfp, held->extents[0].start);
	if (gfp & __GFP_ZERO && held->extents[0].size == size)
		held_check_zero(t, held);
	return true;
}

static void change_kmalloc(struct torture *t, struct held *held)
{
	size_t size = random_size(t);
	uint64_t kept = held->extents[0].size < size ? held->extents[0].size : size;
	void *object = krealloc(t->k, held->object, size, random_object_mask(t) & ~__GFP_ZERO);

	if (!object)
		return; /* still there, as give_back() will see */
	held_release(t, held);
	held->object = object;
	held_claim_object(t, held, object, size);
	held_check(t, held, kept);
	held_fill(t, held);
}

static void give_kmalloc(struct torture *t, struct held *held)
{
	kfree(t->k, held->object);
}

/* ---- caches ---- */

static void construct(void *object)
{
	memcpy(object, &(uint64_t){ CONSTRUCTED }, sizeof(uint64_t));
}

static bool make_cache(struct torture *t, struct torture_cache *cache)
{
	static const uint32_t flags[] = { 0, SLAB_HWCACHE_ALIGN, SLAB_RECLAIM_ACCOUNT,
		                          SLAB_CACHE_DMA };
	char name[SLAB_NAME_MAX];

	cache->size = 8 + (uint32_t)below(t, one_in(t, 4) ? 20000 : 600);
	cache->constructed = one_in(t, 3);
	snprintf(name, sizeof(name), "torture-%d", (int)(cache - t->caches));
	cache->cache =
	    kmem_cache_create(t->k, name, cache->size, one_in(t, 3) ? (size_t)8 << below(t, 10) : 0,
	                      flags[below(t, 4)], cache->constructed ? construct : NULL);
	return cache->cache;
}

static bool take_object(struct torture *t, struct held *held)
{
	struct torture_cache *cache;
	gfp_t gfp = random_object_mask(t);

	held->which = (unsigned)below(t, NR_CACHES);
	cache = &t->caches[held->which];
	if (!cache->cache && !make_cache(t, cache))
		return false;
	if (cache->constructed)
		gfp &= ~__GFP_ZERO;
	held->object = kmem_cache_alloc(t->k, cache->cache, gfp);
	if (!held->object)
		return false;
	cache->nr_objects++;
	held_claim_object(t, held, held->object, cache->size);
	if (held->extents[0].start % cache->cache->align)
		torture_fail(t, "%#" PRIx64 " is not aligned to %u", held->extents[0].start,
		             cache->cache->align);
	if (gfp & __GFP_ZERO)
		held_check_zero(t, held);
	if (cache->constructed) {
		held->skip = 8;
		if (memcmp(held->object, &(uint64_t){ CONSTRUCTED }, 8))
			torture_fail(t, "an object of cache %u is not constructed", held->which);
	}
	return true;
}

static void give_object(struct torture *t, struct held *held)
{
	struct torture_cache *cache = &t->caches[held->which];

	if (cache->constructed && memcmp(held->object, &(uint64_t){ CONSTRUCTED }, 8))
		torture_fail(t, "an object of cache %u was not left alone", held->which);
	kmem_cache_free(t->k, cache->cache, held->object);
	cache->nr_objects--;
	if (one_in(t, 16))
		kmem_cache_shrink(t->k, cache->cache);
	if (!one_in(t, cache->nr_objects ? 64 : 2))
		return;
	if (kmem_cache_destroy(t->k, cache->cache) != (cache->nr_objects ? -EBUSY : 0))
		torture_fail(t, "a cache of %u objects was%s destroyed", cache->nr_objects,
		             cache->nr_objects ? "" : " not");
	if (!cache->nr_objects)
		cache->cache = NULL;
}

/* ---- pools ---- */

/* Takes what there is to who does not wait, up to 4 MB. */
static void exhaust(struct torture *t, struct list_head *taken)
{
	struct page *page;

	for (int i = 0; i < 1024; i++) {
		page = alloc_page(t->k, GFP_ATOMIC | __GFP_NOWARN);
		if (!page)
			break;
		list_add(&page->lru, taken);
	}
}

static void give_all(struct torture *t, struct list_head *taken)
{
	struct page *page, *next;

	list_for_each_entry_safe (page, next, taken, lru)
		__free_page(t->k, page);
}

static bool take_element(struct torture *t, struct held *held)
{
	static const gfp_t masks[] = { GFP_KERNEL, GFP_NOIO, GFP_ATOMIC, GFP_NOWAIT };
	struct list_head taken;
	struct torture_pool *pool;
	void *element;

	held->which = (unsigned)below(t, NR_POOLS);
	pool = &t->pools[held->which];
	INIT_LIST_HEAD(&taken);
	if (one_in(t, 16))
		exhaust(t, &taken);
	element = mempool_alloc(t->k, pool->pool, masks[below(t, 4)] | __GFP_NOWARN);
	give_all(t, &taken);
	pool->nr_elements += !!element;
	if (!element && pool->nr_elements < pool->pool->min_nr)
		torture_fail(t, "pool %u: no element, but only %u are out", held->which,
		             pool->nr_elements);
	if (!element)
		return false;
	held->object = element;
	if (held->which == 0)
		element = page_address(t->k, element);
	held_claim_object(t, held, element, pool->element_bytes);
	return true;
}

static void give_element(struct torture *t, struct held *held)
{
	struct torture_pool *pool = &t->pools[held->which];
	bool was_full = pool->pool->curr_nr == pool->pool->min_nr;
	uint32_t in_reserve = pool->pool->curr_nr;

	mempool_free(t->k, pool->pool, held->object);
	pool->nr_elements--;
	if (pool->pool->curr_nr != in_reserve + !was_full)
		torture_fail(t, "pool %u: the reserve was not filled up", held->which);
}

/* ---- the vmalloc area ---- */

/* What the MMU would find at va. */
static pa_t mapped_at(struct torture *t, va_t va)
{
	uint64_t span, entry = fixture_kernel_entry(&t->f, va, &span);

	if (!entry)
		torture_fail(t, "%#" PRIx64 " is not mapped", va);
	return (entry & t->machine->paging->pa_mask & ~(span - 1)) + (va & (span - 1));
}

static void check_guard(struct torture *t, va_t va)
{
	uint64_t span;

	if (fixture_kernel_entry(&t->f, va, &span))
		torture_fail(t, "%#" PRIx64 " should be a guard page", va);
}

/* A word that is written where it is mapped arrives in RAM. */
static void check_mapping(struct torture *t, const struct held *held)
{
	uint64_t page = below(t, held->nr_ram), offset = 8 * below(t, PAGE_SIZE / 8), there, word;
	va_t va = held->va + page * PAGE_SIZE + offset;

	memcpy(&there, ram_at(&t->f.ram, held->extents[page].start + offset), 8);
	if (kernel_read(t->k, va, &word, 8) || word != there)
		torture_fail(t, "%#" PRIx64 " reads other than its frame", va);
	word = ~word;
	if (kernel_write(t->k, va, &word, 8) ||
	    memcmp(&word, ram_at(&t->f.ram, held->extents[page].start + offset), 8))
		torture_fail(t, "%#" PRIx64 " was written elsewhere", va);
	memcpy(ram_at(&t->f.ram, held->extents[page].start + offset), &there, 8);
}

static bool take_vmalloc(struct torture *t, struct held *held)
{
	uint64_t size = 1 + below(t, 16 * PAGE_SIZE), way = below(t, 3);
	uint64_t nr_pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
	bool taken = way == 0   ? vzalloc(t->k, size, &held->va)
	             : way == 1 ? vmalloc_32(t->k, size, &held->va)
	                        : vmalloc(t->k, size, &held->va);

	if (!taken)
		return false;
	for (uint64_t i = 0; i < nr_pages; i++)
		held_claim_ram(t, held, mapped_at(t, held->va + i * PAGE_SIZE), PAGE_SIZE);
	held_claim_va(t, held, held->va, (nr_pages + 1) * PAGE_SIZE);
	check_guard(t, held->va + nr_pages * PAGE_SIZE);
	if (way == 0)
		held_check_zero(t, held);
	return true;
}

static void change_mapping(struct torture *t, struct held *held)
{
	check_mapping(t, held);
}

static void give_vmalloc(struct torture *t, struct held *held)
{
	vfree(t->k, held->va);
	check_guard(t, held->va);
}

/* Frames of its own, in any order. */
static bool take_vmap(struct torture *t, struct held *held)
{
	struct page *pages[8];
	uint64_t nr = 0, wanted = 1 + below(t, 8);

	while (nr < wanted && (pages[nr] = take_some_pages(t, GFP_HIGHUSER | __GFP_NOWARN, 0)))
		nr++;
	if (nr < wanted || !vmap(t->k, pages, nr, &held->va)) {
		while (nr--)
			__free_page(t->k, pages[nr]);
		return false;
	}
	for (uint64_t i = 0; i < nr; i++) {
		pa_t pa = page_to_pfn(t->k, pages[i]) << PAGE_SHIFT;

		if (mapped_at(t, held->va + i * PAGE_SIZE) != pa)
			torture_fail(t, "page %" PRIu64 " of a vmap() is another", i);
		held_claim_ram(t, held, pa, PAGE_SIZE);
	}
	held_claim_va(t, held, held->va, (nr + 1) * PAGE_SIZE);
	check_guard(t, held->va + nr * PAGE_SIZE);
	return true;
}

static void give_vmap(struct torture *t, struct held *held)
{
	vunmap(t->k, held->va);
	check_guard(t, held->va);
	for (unsigned i = 0; i < held->nr_ram; i++)
		__free_page(t->k, pfn_to_page(t->k, held->extents[i].start >> PAGE_SHIFT));
}

/* ---- kmap ---- */

static bool take_kmap(struct torture *t, struct held *held)
{
	struct page *page = take_some_pages(t, GFP_HIGHUSER | __GFP_NOWARN, 0);

	if (!page)
		return false;
	held->object = page;
	held->va = kmap(t->k, page);
	if (!held->va) {
		__free_page(t->k, page);
		return false;
	}
	held_claim_ram(t, held, page_to_pfn(t->k, page) << PAGE_SHIFT, PAGE_SIZE);
	held_claim_va(t, held, held->va, PAGE_SIZE);
	if (mapped_at(t, held->va) != held->extents[0].start)
		torture_fail(t, "kmap() gave %#" PRIx64 ", which is another page's", held->va);
	return true;
}

/* It has one address for all users; and one more for who is quick. */
static void change_kmap(struct torture *t, struct held *held)
{
	va_t again = kmap(t->k, held->object), atomic;

	if (again != held->va)
		torture_fail(t, "kmap() gave %#" PRIx64 ", then %#" PRIx64, held->va, again);
	atomic = kmap_atomic(t->k, held->object);
	if (mapped_at(t, atomic) != held->extents[0].start)
		torture_fail(t, "kmap_atomic() gave another page's address");
	kunmap_atomic(t->k, atomic);
	check_mapping(t, held);
	kunmap(t->k, held->object);
}

static void give_kmap(struct torture *t, struct held *held)
{
	kunmap(t->k, held->object);
	__free_page(t->k, held->object);
}

/* ---- a device ---- */

static uint64_t device_read(struct mmio_device *device, uint64_t offset, unsigned len)
{
	const struct torture *t = container_of(device, struct torture, device);
	uint64_t value = 0;

	memcpy(&value, (const uint8_t *)t->registers + offset, len);
	return value;
}

static void device_write(struct mmio_device *device, uint64_t offset, unsigned len, uint64_t value)
{
	struct torture *t = container_of(device, struct torture, device);

	memcpy((uint8_t *)t->registers + offset, &value, len);
}

static const struct mmio_ops device_ops = { "torture", device_read, device_write };

/* Several may map the same registers: `which` is the first page of these. */
static bool take_ioremap(struct torture *t, struct held *held)
{
	uint64_t nr;

	held->which = (unsigned)below(t, DEVICE_PAGES);
	nr = 1 + below(t, DEVICE_PAGES - held->which);
	if (!ioremap(t->k, t->device.start + held->which * PAGE_SIZE, nr * PAGE_SIZE, &held->va))
		return false;
	held_claim_va(t, held, held->va, (nr + 1) * PAGE_SIZE);
	return true;
}

static void change_ioremap(struct torture *t, struct held *held)
{
	uint64_t nr = held->extents[0].size / PAGE_SIZE - 1;
	uint64_t word = below(t, nr * PAGE_SIZE / 8), value;
	uint64_t *expected = &t->expected[held->which * PAGE_SIZE / 8 + word];

	if (kernel_read(t->k, held->va + 8 * word, &value, 8) || value != *expected)
		torture_fail(t, "register %" PRIu64 " is %#" PRIx64, word, value);
	*expected = fixture_random(&t->random);
	if (kernel_write(t->k, held->va + 8 * word, expected, 8))
		torture_fail(t, "register %" PRIu64 " cannot be written", word);
}

static void give_ioremap(struct torture *t, struct held *held)
{
	change_ioremap(t, held);
	iounmap(t->k, held->va);
}

/* ---- per-CPU variables, stacks ---- */

static bool take_percpu(struct torture *t, struct held *held)
{
	size_t size = 8 + below(t, one_in(t, 16) ? 2048 : 100);
	size_t align = (size_t)1 << below(t, 8);

	held->object = __alloc_percpu(t->k, size, align);
	if (!held->object)
		return false;
	for (uint32_t cpu = 0; cpu < t->k->config.nr_cpus; cpu++)
		held_claim_object(t, held, per_cpu_ptr((uint8_t *)held->object, cpu), size);
	if (held->extents[0].start % align)
		torture_fail(t, "%#" PRIx64 " is not aligned to %zu", held->extents[0].start,
		             align);
	held_check_zero(t, held);
	return true;
}

static void give_percpu(struct torture *t, struct held *held)
{
	free_percpu(t->k, held->object);
}

static bool take_stack(struct torture *t, struct held *held)
{
	held->object = alloc_thread_stack(t->k);
	if (!held->object)
		return false;
	held_claim_object(t, held, held->object, PAGE_SIZE << thread_size_order(t->k));
	return true;
}

static void give_stack(struct torture *t, struct held *held)
{
	free_thread_stack(t->k, held->object);
}

/* ---- all of them ---- */

const struct torture_kind torture_kinds[] = {
	{ "pages", take_pages, give_pages, change_pages },
	{ "kmalloc", take_kmalloc, give_kmalloc, change_kmalloc },
	{ "object", take_object, give_object, NULL },
	{ "mempool", take_element, give_element, NULL },
	{ "vmalloc", take_vmalloc, give_vmalloc, change_mapping },
	{ "vmap", take_vmap, give_vmap, change_mapping },
	{ "kmap", take_kmap, give_kmap, change_kmap },
	{ "ioremap", take_ioremap, give_ioremap, change_ioremap },
	{ "percpu", take_percpu, give_percpu, NULL },
	{ "stack", take_stack, give_stack, NULL },
};
const size_t nr_torture_kinds = sizeof(torture_kinds) / sizeof(torture_kinds[0]);

/* A 32-bit machine needs 896 MB before it has high memory. Where that is more than
 * t->machine->low_bytes, the rest is taken away in the largest blocks, untouched. */
static void take_most_low_memory(struct torture *t)
{
	const unsigned order = MAX_ORDER - 1;
	uint64_t left = t->machine->low_bytes >> PAGE_SHIFT;
	struct page *page;

	if (!left)
		return;
	while (nr_free_pages(t->k) - nr_free_highpages(t->k) > left + (1u << order)) {
		page = alloc_pages(t->k, GFP_NOWAIT | __GFP_MEMALLOC, order);
		ck_assert_ptr_nonnull(page);
		ck_assert_uint_lt(t->nr_blocks, NR_BLOCKS_MAX);
		claim(t, &t->blocks[t->nr_blocks++], page_to_pfn(t->k, page) << PAGE_SHIFT,
		      PAGE_SIZE << order);
	}
}

/* Without filling hundreds of megabytes with junk. */
static void give_low_memory(struct torture *t)
{
	t->k->config.check = false;
	while (t->nr_blocks) {
		struct extent *block = &t->blocks[--t->nr_blocks];

		__free_pages(t->k, pfn_to_page(t->k, block->start >> PAGE_SHIFT), MAX_ORDER - 1);
		release(t, block);
	}
	t->k->config.check = true;
}

bool things_start(struct torture *t)
{
	take_most_low_memory(t);
	t->device = (struct mmio_device){
		.ops = &device_ops,
		.start = (t->f.ram.size_bytes + 2 * PAGE_SIZE) & PAGE_MASK,
		.size_bytes = DEVICE_PAGES * PAGE_SIZE,
	};
	t->pool_cache = kmem_cache_create(t->k, "torture-pool", 700, 0, 0, NULL);
	if (!t->pool_cache || mmio_register(t->k, &t->device))
		return false;
	t->pools[0] =
	    (struct torture_pool){ mempool_create_page_pool(t->k, 16, 1), 2 * PAGE_SIZE, 0 };
	t->pools[1] = (struct torture_pool){ mempool_create_kmalloc_pool(t->k, 20, 256), 256, 0 };
	t->pools[2] =
	    (struct torture_pool){ mempool_create_slab_pool(t->k, 16, t->pool_cache), 700, 0 };
	return t->pools[0].pool && t->pools[1].pool && t->pools[2].pool;
}

void things_end(struct torture *t)
{
	for (int i = 0; i < NR_POOLS; i++)
		mempool_destroy(t->k, t->pools[i].pool);
	ck_assert_int_eq(kmem_cache_destroy(t->k, t->pool_cache), 0);
	for (int i = 0; i < NR_CACHES; i++)
		if (t->caches[i].cache)
			ck_assert_int_eq(kmem_cache_destroy(t->k, t->caches[i].cache), 0);
	mmio_unregister(&t->device);
	give_low_memory(t);
	if (!RB_EMPTY(&t->extents))
		torture_fail(t, "extents are left: the model is wrong");
}
