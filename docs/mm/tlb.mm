# TLBs: what they hold, how far they reach, and what the kernel makes them forget.
#
#   pagewalk mm docs/mm/tlb.mm
#
# `cost` says what a line cost in the MMU. The teaching machine has one TLB of eight entries
# for data, looked up all at once, least recently used first out, and nothing behind it.

boot teaching ram=16M

# ---- 1. Reach ----
# Eight pages fit: the second pass over them costs nothing.
v = vmalloc 32K
sweep v
cost sweep v
assert cost(kernel, l1d_misses) == 0
# Nine do not. LRU throws out the page that is needed next: every access misses.
w = vmalloc 36K
sweep w
cost sweep w 4096 3
assert cost(kernel, loads) == 27
assert cost(kernel, l1d_misses) == 27
# Each miss is a walk of four entries, one a level.
assert cost(kernel, memory_refs) == 4 * 27
# Within a page there is one miss, however many accesses.
cost sweep w 8
assert cost(kernel, loads) == 9 * 512
assert cost(kernel, l1d_misses) == 9

# ---- 2. Large pages reach further ----
# 2 MB of the direct map is one entry.
k = kmalloc 2M GFP_KERNEL
cost sweep k
assert cost(kernel, loads) == 512
assert cost(kernel, l1d_misses) <= 2
free *

# ---- 3. What the kernel unmaps it must flush ----
# Up to 33 pages are flushed one by one (INVLPG), more by dropping everything, as Linux has it.
a = vmalloc 132K
b = vmalloc 136K
cost vfree a
assert cost(flushes, page) == 33
assert cost(flushes, all) == 0
k = kmalloc 64 GFP_KERNEL
read k
cost read k
assert cost(kernel, l1d_misses) == 0
cost vfree b
assert cost(flushes, page) == 0
assert cost(flushes, all) > 0
# Everything: k's entry is gone, too, though k is where it was.
cost read k
assert cost(kernel, l1d_misses) == 1
free k
check
