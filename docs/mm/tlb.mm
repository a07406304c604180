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
# 2 MB of k alone: no page table lies there, for which the kernel would need the entry.
k = kmalloc 2M GFP_KERNEL
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

# ---- 4. CR3: a process's translations go when another one runs ----
boot teaching ram=16M
a = pressure 16K
b = pressure 16K
touch a read
cost touch a read
assert cost(user, l1d_misses) == 0
touch b read
cost touch a read
assert cost(flushes, cr3_writes) == 1
assert cost(user, l1d_misses) == 4
# The kernel's own are global: they stay.
k = kmalloc 64 GFP_KERNEL
read k
touch b read 0 0
cost read k
assert cost(kernel, l1d_misses) == 0
free *

# ---- 5. PCID: they stay, with a number to tell them apart ----
boot skylake ram=64M pcid=true
a = pressure 16K
b = pressure 16K
touch a read
touch b read
cost touch a read
assert cost(flushes, cr3_writes) == 1
assert cost(user, l1d_misses) == 0
# Six address spaces have one; the seventh takes that of the oldest.
repeat 5 c = pressure 4K
cost touch a read
assert cost(user, l1d_misses) == 4
free *

# ---- 6. Shootdowns: another CPU may hold what has changed ----
boot skylake ram=64M cpus=2
a = pressure 16K
cpu 1
touch a read
cpu 0
# A child is made: all that a may write is read-only from now on, on both CPUs.
cost b = fork a
assert cost(flushes, shootdowns) == 1
# a writes: a new frame stands in the entry, and CPU 1 must not see the old one.
cost touch a write 0 0
assert cost(flushes, shootdowns) == 1
# b runs nowhere but here: nobody else has to be told.
touch b read
cost touch b write 1 1
assert cost(flushes, shootdowns) == 0
free *
check
