# The slab allocator: caches of equal objects over whole pages.
#
#   pagewalk mm docs/mm/slab.mm
#
# A slab is one or more pages cut into objects of one cache. It is full, partial or
# empty; the cache keeps a list of each. Before the lists stands an array per CPU with
# a few free objects at hand, taken and given back last in, first out.

boot teaching ram=16M
c = kmem_cache_create widget 1300
assert object_size(c) == 1304
assert per_slab(c) == 3
assert slabs(c) == 0

# ---- 1. The first object ----
# There is no slab yet: one is made. Its three objects go to the CPU's array, and one of
# them to who asked.
o = kmem_cache_alloc c GFP_KERNEL
assert slabs(c) == 1
assert in_use(c) == 1
assert at_hand(c) == 2
draw slab c
# To the slab, what is in an array is gone: it counts as full.
assert full(c) == 1

# ---- 2. Last in, first out ----
# Freed and allocated again, it is the same piece of memory: still in the CPU's cache.
where = value o.pa
kmem_cache_free o
o = kmem_cache_alloc c GFP_KERNEL
assert o.pa == where
kmem_cache_free o

# ---- 3. Full ----
repeat 12 o = kmem_cache_alloc c GFP_KERNEL
assert slabs(c) == 4
assert at_hand(c) == 0
assert full(c) == 4
assert partial(c) == 0
draw slab c

# ---- 4. Partial ----
# One object comes back: to the array first. Shrinking the cache empties the arrays.
assert o1.slab == o2.slab
assert o2.slab == o3.slab
assert o4.slab != o3.slab
kmem_cache_free o1
assert full(c) == 4
kmem_cache_shrink c
assert full(c) == 3
assert partial(c) == 1
draw slab c
# A partial slab serves before any new one is made.
o1 = kmem_cache_alloc c GFP_KERNEL
assert o1.slab == o2.slab
assert slabs(c) == 4
kmem_cache_free o*
kmem_cache_shrink c
assert slabs(c) == 0

# ---- 5. Empty ----
# The array holds 24. When it runs over, a batch of 12 goes back, those that have been in
# it for longest: here all objects of four slabs. Empty slabs are kept, up to a limit, for
# the next to come.
repeat 36 o = kmem_cache_alloc c GFP_KERNEL
assert slabs(c) == 12
kmem_cache_free o1 o2 o3 o4 o5 o6 o7 o8 o9 o10 o11 o12
kmem_cache_free o13 o14 o15 o16 o17 o18 o19 o20 o21 o22 o23 o24
assert at_hand(c) == 24
assert empty(c) == 0
kmem_cache_free o25
assert at_hand(c) == 13
assert empty(c) == 4
draw slab c
# When memory is short, the kernel takes empty slabs back. Of the 13 objects at hand, 12
# make up four more.
before = value total_free()
freed = kmem_cache_shrink c
assert freed == 8
assert empty(c) == 0
assert partial(c) == 1
assert total_free() == before + freed

# ---- 6. Colour ----
# What is left over in a slab shifts the objects of the next one by a cache line, so that
# first objects of several slabs do not fight for the same lines.
assert o27.offset != o30.offset
value o27.offset
value o30.offset

# ---- 7. The end of a cache ----
r = kmem_cache_destroy c
assert r == -EBUSY
kmem_cache_free o*
r = kmem_cache_destroy c
assert r == 0

# ---- 8. Alignment ----
# Aligned to cache lines, 40 bytes take 64; two 20-byte objects may share a line.
h = kmem_cache_create lines 40 0 SLAB_HWCACHE_ALIGN
assert object_size(h) == 64
i = kmem_cache_create halves 20 0 SLAB_HWCACHE_ALIGN
assert object_size(i) == 32
free h i
show slabinfo
check
