# Per-CPU variables: each CPU has its own copy, and needs no lock for it.
#
#   pagewalk mm docs/mm/percpu.mm

boot teaching ram=16M cpus=4

# ---- 1. One variable, four copies ----
v = alloc_percpu
assert v.sum == 0
cpu 0
this_cpu_add v 5
cpu 2
this_cpu_add v 7
assert v.this == 7
cpu 1
assert v.this == 0
assert v.sum == 12

# ---- 2. Where the copies lie ----
# Each CPU has a unit, one behind the other; the same variable has the same place in each.
cpu 0
zero = value v.this_pa
cpu 1
one = value v.this_pa
cpu 3
three = value v.this_pa
assert three - zero == 3 * (one - zero)
assert one - zero == 4096

# ---- 3. Small ones share a unit ----
w = alloc_percpu
cpu 0
assert w.this_pa - zero == 8
free w v

# ---- 4. The allocators use them themselves ----
# A page that a CPU frees stays on its own list, and the next one that this CPU wants is that
# page again. Another CPU does not get it.
boot skylake ram=64M cpus=2
cpu 0
p = alloc_page GFP_KERNEL
mine = value p.pfn
free p
cpu 1
q = alloc_page GFP_KERNEL
assert q.pfn != mine
cpu 0
p = alloc_page GFP_KERNEL
assert p.pfn == mine
# Slabs do so, too: arrays of objects for each CPU.
c = kmem_cache_create thing 64
o = kmem_cache_alloc c GFP_KERNEL
where = value o.pa
free o
cpu 1
o = kmem_cache_alloc c GFP_KERNEL
assert o.pa != where
# And what they count is counted so: how often a CPU's own lists had to turn to the common ones.
show percpu
free o c p q
check
