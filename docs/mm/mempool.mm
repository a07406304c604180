# Memory pools: elements in reserve for who must not fail.
#
#   pagewalk mm docs/mm/mempool.mm
#
# A pool stands before an allocator. It asks that first, and takes from its reserve only
# what the allocator cannot give; what is freed fills the reserve up first.

boot teaching ram=8M swap.size=0
kswapd hold

p = mempool_create 4 pages 0
assert p.min == 4
assert p.reserve == 4

# ---- 1. While there is memory, the reserve is not touched ----
before = value free(DMA)
a = mempool_alloc p GFP_NOWAIT
assert p.reserve == 4
assert p.answered == 0
assert free(DMA) == before - 1
free a
assert free(DMA) == before

# ---- 2. When there is none, it answers, as long as it lasts ----
all = hog __GFP_MEMALLOC 0
assert free(DMA) == 0
repeat 4 e = mempool_alloc p GFP_NOWAIT
assert p.answered == 4
assert p.reserve == 0
n = mempool_alloc p GFP_NOWAIT
assert n == NULL

# ---- 3. What comes back fills the reserve first ----
free e1
assert p.reserve == 1
assert free(DMA) == 0
n = mempool_alloc p GFP_NOWAIT
assert n != NULL
free n

# ---- 4. Only what is beyond it goes back to the allocator ----
free all
last = mempool_alloc p GFP_NOWAIT
assert p.reserve == 1
before = value free(DMA)
free e2 e3 e4
assert p.reserve == 4
assert free(DMA) == before
free last
assert free(DMA) == before + 1

# ---- 5. Larger, smaller, gone ----
mempool_resize p 6
assert p.reserve == 6
mempool_resize p 2
assert p.reserve == 2
free p

# ---- 6. Pools of objects ----
c = kmem_cache_create request 200
s = mempool_create 3 slab c
assert in_use(c) == 3
o = mempool_alloc s GFP_NOWAIT
assert in_use(c) == 4
free o
free s
assert in_use(c) == 0
free c
check
