# Page tables of x86: two, three and four levels, and the bits of an entry.
#
#   pagewalk mm docs/mm/paging.mm

# ---- 1. Four levels ----
# A 48-bit address is 9 + 9 + 9 + 9 bits of index, and 12 of offset.
boot skylake ram=64M
a = pressure 64K
walk a
assert entry(a, 0, levels) == 4
# A user's page, written to: P RW US A D, and no fetches (NX).
assert entry(a, 0, user) == 1
assert entry(a, 0, writable) == 1
assert entry(a, 0, dirty) == 1
assert entry(a, 0, noexec) == 1
# The next page is the next entry, and any frame.
walk a 4096
# 16 pages in a row need one page table, or two if they lie about its border.
assert a.page_tables <= 5

# ---- 2. Large pages ----
# The kernel's direct map ends a walk one level earlier: an entry with PS maps 2 MB.
k = kmalloc 100 GFP_KERNEL
walk k
assert entry(k, 0, levels) == 3
assert entry(k, 0, user) == 0
assert entry(k, 0, global) == 1
# vmalloc's pages are 4 KB.
v = vmalloc 4096
assert entry(v, 0, levels) == 4
free *

# ---- 3. Two levels ----
# 32 bits are 10 + 10 + 12: 1024 entries of 4 bytes in a table.
boot p6 ram=64M
a = pressure 64K
walk a
assert entry(a, 0, levels) == 2
# There is no NX.
assert entry(a, 0, noexec) == 0
# The direct map begins at 3 GB, in pages of 4 MB: one level.
k = kmalloc 100 GFP_KERNEL
walk k
assert entry(k, 0, levels) == 1
assert k.va == 0xc0000000 + k.pa
free *

# ---- 4. Three levels: PAE ----
# 2 + 9 + 9 + 12: entries of 8 bytes reach 64 GB and more of RAM, and have NX. The top table
# has four entries; the CPU keeps them in registers.
boot p6 ram=64M paging=pae
a = pressure 64K
walk a
assert entry(a, 0, levels) == 3
assert entry(a, 0, noexec) == 1
# Large pages are 2 MB again.
k = kmalloc 100 GFP_KERNEL
walk k
assert entry(k, 0, levels) == 2
assert k.va == 0xc0000000 + k.pa
free *
check
