# The page frame database: one struct page for each frame of RAM.
#
#   pagewalk mm docs/mm/frames.mm
#
# A struct page says what its frame is used for (flags), how many refer to it (_count), and
# how many page table entries map it (_mapcount). `show page` prints one.

boot teaching ram=8M swap.size=4M

# ---- 1. Where it lies, and what it costs ----
# 64 bytes for each of 2048 frames: 128 KB, reserved before there was any allocator, and
# reserved for ever.
show memblock
show page 2047
assert flag(2047, reserved) == 1
assert count(2047) == 1

# ---- 2. Free ----
# The first frame of a free block carries the flag buddy and the block's order; the other
# frames of the block carry nothing.
p = alloc_pages GFP_KERNEL 3
first = value p.pfn
free p
show page first
assert count(first) == 0

# ---- 3. In use ----
p = alloc_page GFP_KERNEL
show page p
assert count(p) == 1
assert mapcount(p) == 0
assert flag(p, buddy) == 0
# Its address in the direct map is the frame's number times 4096, and a constant.
assert p.va == 0xffff888000000000 + p.pfn * 4096
free p

# ---- 4. Compound pages ----
# With __GFP_COMP a block is one thing: a head that counts, and tails that point to it.
c = alloc_pages GFP_KERNEL|__GFP_COMP 2
last = value c.pfn + 3
assert flag(c, head) == 1
assert order(c) == 2
assert flag(last, tail) == 1
free c
# Without it, it is just four pages in a row.
c = alloc_pages GFP_KERNEL 2
assert flag(c, head) == 0
free c

# ---- 5. Slab ----
o = kmalloc 100 GFP_KERNEL
show page o
assert flag(o, slab) == 1
free o

# ---- 6. A process's page ----
# Anonymous: it would have to go to swap (swapbacked), stands on an LRU list (lru, and active,
# as new anonymous pages are), and one page table entry maps it.
a = pressure 64K
f = value entry(a, 0, pfn)
show page f
assert flag(f, swapbacked) == 1
assert flag(f, lru) == 1
assert flag(f, active) == 1
assert mapcount(f) == 1
assert count(f) == 1
# A child shares it: one more entry, one more reference.
b = fork a
assert entry(b, 0, pfn) == f
assert mapcount(f) == 2
assert count(f) == 2
free b
assert mapcount(f) == 1
free a
assert count(f) == 0
# Page tables are pages, too.
before = value vmstat(nr_page_table_pages)
a = pressure 4K
assert vmstat(nr_page_table_pages) > before
free a
check
