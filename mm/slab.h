/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slab - caches of equal objects over whole pages, and kmalloc() over them
 * (Bonwick; Linux 4.4, mm/slab.c).
 */
#ifndef PW_MM_SLAB_H
#define PW_MM_SLAB_H

#include "mm/mm_types.h"

#define SLAB_HWCACHE_ALIGN 0x2000u
#define SLAB_CACHE_DMA 0x4000u /* pages from ZONE_DMA */
#define SLAB_RECLAIM_ACCOUNT 0x20000u
#define SLAB_PANIC 0x40000u

#define KMALLOC_SHIFT_LOW 3   /* kmalloc-8 */
#define KMALLOC_SHIFT_HIGH 13 /* kmalloc-8192; larger: whole pages */

#define SLAB_NAME_MAX 32
#define SLAB_ARRAY_MAX 120    /* objects in a per-CPU array */
#define SLAB_OBJECTS_MAX 1024 /* in a slab */

/* Free objects at hand, last in first out. */
struct array_cache {
	uint32_t avail, limit, batchcount;
	void *entry[SLAB_ARRAY_MAX];
};

/* A slab's own record: a stack of the free objects' indices. page->freelist of the
 * slab's first page points here: behind the colour for small objects, to a
 * kmalloc()ed piece for large ones. With page->inuse objects handed out,
 * free[inuse] to free[num - 1] name the free ones:
 *
 *   take: free[inuse++]        give back: free[--inuse] = index
 */
struct slab {
	uint32_t s_mem; /* bytes from the slab's first to its first object */
	uint16_t free[];
};

struct kmem_cache {
	char name[SLAB_NAME_MAX];
	uint32_t object_size; /* as asked for */
	uint32_t size;        /* with alignment */
	uint32_t align;
	uint32_t flags;
	uint32_t gfporder;
	uint32_t num; /* objects per slab */
	uint32_t colour, colour_off, colour_next;
	uint32_t record_bytes; /* of struct slab, aligned if on-slab */
	bool off_slab;
	void (*ctor)(void *object);
	struct list_head slabs_full, slabs_partial, slabs_free; /* struct page.lru */
	/* Objects in per-CPU arrays count as active: /proc/slabinfo has it so too. */
	uint64_t nr_slabs, nr_active_objects, nr_free_slabs;
	uint64_t free_limit;           /* free objects in the lists that are worth keeping */
	struct list_head list;         /* kernel.slab_caches */
	struct array_cache *cpu_cache; /* one for each CPU, behind the kmem_cache */
};

/* NULL if there is no memory or a rule is broken: size 1 to 64 KB, align 0 or a
 * power of two, name unique. ctor, which may be NULL, runs once per object when
 * its slab is made; users return objects constructed. */
struct kmem_cache *kmem_cache_create(struct kernel *k, const char *name, size_t size, size_t align,
                                     uint32_t flags, void (*ctor)(void *object));
/* 0; -EBUSY if objects are left, with a line in the kernel log. */
int kmem_cache_destroy(struct kernel *k, struct kmem_cache *cache);

void *kmem_cache_alloc(struct kernel *k, struct kmem_cache *cache, gfp_t gfp); /* or NULL */
void *kmem_cache_zalloc(struct kernel *k, struct kmem_cache *cache, gfp_t gfp);
void kmem_cache_free(struct kernel *k, struct kmem_cache *cache, void *object);

/* Frees empty slabs; returns pages freed. */
uint64_t kmem_cache_shrink(struct kernel *k, struct kmem_cache *cache);
/* The same over all caches, for reclaim. */
uint64_t shrink_slab(struct kernel *k);
/* By hand (Linux: fs/drop_caches.c). */
void drop_slab(struct kernel *k);

/* Physically contiguous, not cleared; NULL on failure. Up to 8 KB from the
 * smallest kmalloc cache that fits (__GFP_DMA: from dma-kmalloc's), above that
 * whole pages, a power of two of them. */
void *kmalloc(struct kernel *k, size_t size, gfp_t gfp);
void *kzalloc(struct kernel *k, size_t size, gfp_t gfp);
/* n objects in a row; NULL also if n * size is more than a size_t holds. kcalloc()'s
 * are cleared. */
void *kmalloc_array(struct kernel *k, size_t n, size_t size, gfp_t gfp);
void *kcalloc(struct kernel *k, size_t n, size_t size, gfp_t gfp);
/* The object with room for `size` bytes, moved if it must be; content up to the
 * smaller of the sizes is kept. NULL object: kmalloc(); size 0: kfree(), and NULL.
 * NULL on failure, and the object is as it was. */
void *krealloc(struct kernel *k, void *object, size_t size, gfp_t gfp);
void kfree(struct kernel *k, void *object); /* NULL is fine */
size_t ksize(const struct kernel *k, const void *object);

/* Called by kernel_boot(). */
int kmem_cache_init(struct kernel *k);

bool slab_is_valid(struct kernel *k, char *what, size_t size);

#endif
