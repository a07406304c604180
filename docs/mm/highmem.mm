# High memory: RAM that a 32-bit kernel cannot see all at once.
#
#   pagewalk mm docs/mm/highmem.mm
#
# The kernel has 1 GB of addresses. 896 MB of them show the first 896 MB of RAM, for ever; what
# is above has no address until it is given one.

boot p6 ram=1G
show nodes
assert managed(HighMem) == (1024 - 896) * 256

# ---- 1. Who gets it ----
# Who can do without an address: user pages, the page cache, vmalloc.
u = alloc_page GFP_HIGHUSER
assert u.zone == HighMem
assert u.va == NULL
k = alloc_page GFP_KERNEL
assert k.zone == Normal
assert k.va == 0xc0000000 + k.pa
v = vmalloc 16K
assert v.zone == HighMem
a = pressure 1M
f = value entry(a, 0, pfn)
assert f >= 896 * 256
free a v

# ---- 2. kmap: an address for as long as it is wanted ----
m = kmap u
assert m.va >= 0xff800000
walk m
assert m.pfn == u.pfn
write m 8 77
x = read m 8
assert x == 77
# Mapped twice, it is the same address, and wanted twice.
n = kmap u
assert n.va == m.va
kunmap m n
# Low memory has its address already.
l = kmap k
assert l.va == k.va
kunmap l

# ---- 3. There are 1024 slots ----
repeat 1025 h = alloc_page GFP_HIGHUSER
repeat 1024 s = kmap h%
t = kmap h1025
assert t == NULL
# A slot that nobody wants any more is used again only when all have been given out: then all
# unused ones are cleared, and the TLB flushed, at once.
kunmap s7
cost t = kmap h1025
assert s8.va - t.va == 4096
assert cost(flushes, all) > 0
kunmap s* t
free h*

# ---- 4. kmap_atomic: for a moment, on one CPU ----
# Slots are a stack: no search, no waiting, and a flush of one page each time.
p = alloc_page GFP_HIGHUSER
q = alloc_page GFP_HIGHUSER
i = kmap_atomic p
j = kmap_atomic q
assert i.va - j.va == 4096
write i 0 1
write j 0 2
cost kunmap_atomic j
assert cost(flushes, page) == 1
kunmap_atomic i
m = kmap p
x = read m
assert x == 1
kunmap m
free *

# ---- 5. PAE: more of it ----
# 36 bits of address: the kernel sees no more than before, but there is more behind it.
boot p6 ram=2G paging=pae
assert managed(HighMem) > 1024 * 256
u = alloc_page GFP_HIGHUSER
assert u.pa >= 896 * 1024 * 1024
m = kmap u
assert m.va >= 0xffc00000
kunmap m
free u
check
