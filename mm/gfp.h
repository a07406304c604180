/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gfp - "get free pages" masks: which zones an allocation may use, and what
 * the allocator may do to get there (Linux 4.4, include/linux/gfp.h).
 */
#ifndef PW_MM_GFP_H
#define PW_MM_GFP_H

#include <stdint.h>

typedef uint32_t gfp_t;

/* Zone modifiers. */
#define __GFP_DMA ((gfp_t)0x01)
#define __GFP_HIGHMEM ((gfp_t)0x02)
#define __GFP_DMA32 ((gfp_t)0x04)
#define __GFP_MOVABLE ((gfp_t)0x08) /* with HIGHMEM: ZONE_MOVABLE; alone: migrate type */
#define GFP_ZONEMASK (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE)

/* Behaviour. */
#define __GFP_RECLAIMABLE ((gfp_t)0x10)
#define __GFP_HIGH ((gfp_t)0x20) /* may go below the min watermark */
#define __GFP_IO ((gfp_t)0x40)   /* reclaim may start I/O */
#define __GFP_FS ((gfp_t)0x80)   /* reclaim may call into the file system */
#define __GFP_COLD ((gfp_t)0x100)
#define __GFP_NOWARN ((gfp_t)0x200)
#define __GFP_REPEAT ((gfp_t)0x400)
#define __GFP_NOFAIL ((gfp_t)0x800)
#define __GFP_NORETRY ((gfp_t)0x1000)
#define __GFP_MEMALLOC ((gfp_t)0x2000) /* may use all reserves */
#define __GFP_COMP ((gfp_t)0x4000)
#define __GFP_ZERO ((gfp_t)0x8000)
#define __GFP_NOMEMALLOC ((gfp_t)0x10000)
#define __GFP_HARDWALL ((gfp_t)0x20000)
#define __GFP_THISNODE ((gfp_t)0x40000)
#define __GFP_ATOMIC ((gfp_t)0x80000)
#define __GFP_WRITE ((gfp_t)0x100000)
#define __GFP_DIRECT_RECLAIM ((gfp_t)0x400000)
#define __GFP_KSWAPD_RECLAIM ((gfp_t)0x2000000)
#define __GFP_RECLAIM (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

/* What callers name. */
#define GFP_ATOMIC (__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_NOWAIT (__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO (__GFP_RECLAIM)
#define GFP_NOFS (__GFP_RECLAIM | __GFP_IO)
#define GFP_USER (__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HARDWALL)
#define GFP_DMA (__GFP_DMA)
#define GFP_DMA32 (__GFP_DMA32)
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)

#endif
