# kmalloc: bytes, by the smallest size class that holds them.
#
#   pagewalk mm docs/mm/kmalloc.mm

boot skylake ram=64M

# ---- 1. Size classes ----
# Powers of two from 8 bytes to 8 KB, and 96 and 192, where a power of two wastes most.
a = kmalloc 1 GFP_KERNEL
assert a.ksize == 8
b = kmalloc 100 GFP_KERNEL
assert b.ksize == 128
assert b.cache == "kmalloc-128"
c = kmalloc 65 GFP_KERNEL
assert c.ksize == 96
d = kmalloc 150 GFP_KERNEL
assert d.ksize == 192
e = kmalloc 4097 GFP_KERNEL
assert e.ksize == 8192
# What is beyond the size asked for is lost: internal fragmentation.
value e.ksize - e.size

# ---- 2. Larger: whole pages, a power of two of them ----
f = kmalloc 8193 GFP_KERNEL
assert f.ksize == 16384
assert f.cache == none
assert f.offset == 0
g = kmalloc 100K GFP_KERNEL
assert g.ksize == 131072
# 4 MB, a block of order 10, is the largest that there is.
h = kmalloc 4M GFP_KERNEL
assert h != NULL
i = kmalloc 8M GFP_KERNEL
assert i == NULL
free *

# ---- 3. Not cleared ----
# The last piece freed is the next one given, and what was in it still is.
p = kmalloc 200 GFP_KERNEL
fill p 0x55
where = value p.pa
kfree p
q = kmalloc 200 GFP_KERNEL
assert q.pa == where
assert q.zeroed == 0
kfree q
z = kzalloc 200 GFP_KERNEL
assert z.pa == where
assert z.zeroed == 1
kfree z

# Grown within its class it stays where it is; beyond, it moves.
r = kmalloc 100 GFP_KERNEL
where = value r.pa
krealloc r 128 GFP_KERNEL
assert r.pa == where
krealloc r 129 GFP_KERNEL
assert r.pa != where
assert r.ksize == 192
kfree r

# ---- 4. Physically contiguous ----
# That is what it is for, and why it fails where pages are free but scattered.
rest = hog GFP_NOWAIT 1
single = hog GFP_NOWAIT 0
n = kmalloc 64K GFP_NOWAIT|__GFP_NOWARN
assert n == NULL
free rest
n = kmalloc 64K GFP_NOWAIT
assert n.ksize == 65536
free *

# ---- 5. For old devices ----
m = kmalloc 100 GFP_KERNEL|GFP_DMA
assert m.zone == DMA
assert m.cache == "dma-kmalloc-128"
free m
check
