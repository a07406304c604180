# vmalloc against kmalloc: addresses in a row, frames from anywhere, and what that costs
# in the TLB.
#
#   pagewalk mm docs/mm/vmalloc.mm
#
# kmalloc's memory lies in the direct map, where the kernel sees all of RAM through large
# pages. vmalloc builds page tables of its own, page by page.

boot skylake ram=64M

# ---- 1. The same megabyte twice ----
k = kmalloc 1M GFP_KERNEL
v = vmalloc 1M
show vmallocinfo
# kmalloc's is one block of frames. vmalloc takes single pages as they come; here they come
# from a few blocks, as hardly anything else has been allocated.
assert v.pages == 256
assert v.runs > 1
# The direct map begins at 0xffff888000000000, the vmalloc area at 0xffffc90000000000.
assert k.va == 0xffff888000000000 + k.pa
assert v.va >= 0xffffc90000000000

# ---- 2. Scattered frames will do ----
# Every other page of a stretch is taken: there is no block of two left in it, and no other
# memory. kmalloc cannot have 64 KB; vmalloc can.
boot teaching ram=16M swap.size=0
kswapd hold
repeat 64 p = alloc_page GFP_KERNEL
rest = hog __GFP_MEMALLOC 0
free p*[13579]
sysctl vm.min_free_kbytes 0
k = kmalloc 64K GFP_ATOMIC|__GFP_NOWARN
assert k == NULL
v = vmalloc 64K
assert v != NULL
assert v.runs == 16
free *

# ---- 3. The guard ----
# Behind each area lies a page that is never mapped: running over the end is noticed.
v = vmalloc 8K
w = vmalloc 4K
assert w.va - v.va == 8192 + 4096
e = write v 8184 7
assert e == 0
e = write v 8192 7
assert e == -EFAULT
# Freed, it is gone from the page tables and from the TLBs.
cost vfree v
assert cost(flushes, page) > 0
free w

# ---- 4. What it costs: one load in each page of 1 MB ----
boot skylake ram=64M
k = kmalloc 1M GFP_KERNEL
v = vmalloc 1M
# The block is smaller than a page of the direct map, 2 MB: one entry covers it all. It may
# even be there: the page tables that vmalloc had to write lie nearby.
cost sweep k
assert cost(kernel, loads) == 256
assert cost(kernel, l1d_misses) <= 1
assert cost(kernel, walks) <= 1
# vmalloc's pages have an entry each: as many misses as pages, and each is a walk.
cost sweep v
assert cost(kernel, loads) == 256
assert cost(kernel, l1d_misses) == 256
assert cost(kernel, walks) == 256
# Once more. kmalloc's entry is still there. vmalloc's 256 are too many for 64 places of the
# L1, but the second level has 1536: no walk, and yet no hit in the L1.
cost sweep k
assert cost(kernel, l1d_misses) == 0
cost sweep v
assert cost(kernel, l1d_misses) == 256
assert cost(kernel, stlb_hits) == 256
assert cost(kernel, walks) == 0
# 16 pages fit into the L1: then the difference is gone.
w = vmalloc 64K
sweep w
cost sweep w
assert cost(kernel, l1d_misses) == 0

# ---- 5. vmap: frames that one has already, a second time ----
a = alloc_page GFP_KERNEL
b = alloc_page GFP_KERNEL
m = vmap b a
e = write m 0 11
e = write m 4096 22
x = read b
assert x == 11
x = read a
assert x == 22
assert m.pa == b.pa
# The frames stay when the mapping goes.
vunmap m
assert a.count == 1
free *
check
