# Blocks and buddies: how the page allocator splits and coalesces.
#
#   pagewalk mm docs/mm/buddy.mm
#
# Free memory lies in blocks of 2^order pages, each aligned to its own size. A block's
# buddy is the other half of the block of the next order: pfn XOR 2^order. Every assert
# below is an answer: cover it, predict it from the lines above, then look.

# The teaching machine's 4 MB are one zone. There its per-CPU list keeps nothing, so that
# each page goes straight to the free lists and can be watched.
boot teaching
show buddyinfo
draw zone DMA

# The blocks below order 4, left over from booting, are put aside; the smallest that is
# left then has 16 pages.
n = value buddy(DMA, 0)
x0 = hog GFP_KERNEL 0 n
n = value buddy(DMA, 1)
x1 = hog GFP_KERNEL 1 n
n = value buddy(DMA, 2)
x2 = hog GFP_KERNEL 2 n
n = value buddy(DMA, 3)
x3 = hog GFP_KERNEL 3 n
assert buddy(DMA, 0) == 0
assert buddy(DMA, 1) == 0
assert buddy(DMA, 2) == 0
assert buddy(DMA, 3) == 0
sixteens = value buddy(DMA, 4)
before = value free(DMA)

# ---- 1. One page: a block of 16 is halved four times ----
#
#   | p | 1 |   2   |       4       |               8               |
p = alloc_page GFP_KERNEL
show buddyinfo
draw p
assert buddy(DMA, 4) == sixteens - 1
assert buddy(DMA, 3) == 1
assert buddy(DMA, 2) == 1
assert buddy(DMA, 1) == 1
assert buddy(DMA, 0) == 1
assert free(DMA) == before - 1

# ---- 2. The next page is p's buddy: nothing has to be split ----
q = alloc_page GFP_KERNEL
assert q.pfn == p.pfn + 1
assert buddy(DMA, 0) == 0

# Two pages: the block of order 1 behind them, as it is.
r = alloc_pages GFP_KERNEL 1
assert r.pfn == p.pfn + 2
assert buddy(DMA, 1) == 0
draw p

# ---- 3. p is freed: its buddy q is in use, so it stays a block of one page ----
free p
assert buddy(DMA, 0) == 1
assert buddy(DMA, 1) == 0

# q is freed: it finds p free, and the two become a block of order 1. That one's
# buddy is r, in use: it ends there.
free q
assert buddy(DMA, 0) == 0
assert buddy(DMA, 1) == 1

# r is freed: 2 + 2 pages make 4, 4 + 4 make 8, 8 + 8 make the 16 of the beginning.
free r
show buddyinfo
assert buddy(DMA, 1) == 0
assert buddy(DMA, 2) == 0
assert buddy(DMA, 3) == 0
assert buddy(DMA, 4) == sixteens
assert free(DMA) == before

# ---- 4. Alignment: a block starts at a multiple of its size ----
big = alloc_pages GFP_KERNEL 8
assert big.pfn / 256 * 256 == big.pfn
assert big.order == 8
free big

# ---- 5. Fragmentation: pages are free, a block is not ----
# 16 pages, one by one: they come from one block. All others are taken, too (by a mask
# that knows no watermarks), and then every other of the 16 goes back.
repeat 16 f = alloc_page GFP_KERNEL
assert f16.pfn == f1.pfn + 15
rest = hog __GFP_MEMALLOC 0
assert free(DMA) == 0
free f1 f3 f5 f7 f9 f11 f13 f15
assert free(DMA) == 8
assert buddy(DMA, 0) == 8
draw f2
# 8 pages are free, and yet there are no 2 in a row.
m = alloc_pages __GFP_MEMALLOC|__GFP_NOWARN 1
assert m == NULL
# For blocks of two, all of the free memory is of no use, and it is not for want of memory.
assert unusable(DMA, 1) == 1000
assert unusable(DMA, 0) == 0
assert extfrag(DMA, 1) == 375
# One more page freed joins its two neighbours? Only its buddy: f2's is f1.
free f2
assert buddy(DMA, 1) == 1
assert buddy(DMA, 0) == 7
m = alloc_pages __GFP_MEMALLOC|__GFP_NOWARN 1
assert m != NULL
free m rest f*
assert buddy(DMA, 4) == sixteens
assert free(DMA) == before
free x*

# ---- 6. There is no block above order 10 ----
# Asked for more, the allocator says so and gives NULL.
m = alloc_pages GFP_KERNEL 11
assert m == NULL

# ---- 7. Per-CPU lists: single pages do not come back at once ----
# With more memory, a freed page stays at hand for the CPU that freed it: the next one to want
# a page gets it, still warm in the cache. The free lists do not have it.
boot skylake ram=64M
p = alloc_page GFP_KERNEL
assert p.zone == DMA32
kept = value pcp(DMA32)
lists = value free(DMA32)
warm = value p.pfn
free p
assert pcp(DMA32) == kept + 1
assert free(DMA32) == lists
q = alloc_page GFP_KERNEL
assert q.pfn == warm
free q
drain
assert pcp(DMA32) == 0
assert free(DMA32) == lists + kept + 1

# ---- 8. Grouping by mobility ----
# What can be moved or reclaimed lies in other pageblocks (2 MB) than what cannot, so
# that large blocks can be had again one day.
k = alloc_page GFP_KERNEL
u = alloc_page GFP_HIGHUSER_MOVABLE
assert k.type == Unmovable
assert u.type == Movable
assert k.pfn / 512 != u.pfn / 512
show pagetypeinfo
free k u

check
