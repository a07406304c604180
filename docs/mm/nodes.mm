# NUMA: memory that is near, and memory that is far.
#
#   pagewalk mm docs/mm/nodes.mm
#
# numa4 has four nodes in a ring, each with a CPU and a quarter of the memory. A distance is
# the firmware's word: 10 is here, 20 twice as far.
boot numa4 ram=256M
show nodes
assert distance(0, 0) == 10
assert distance(0, 1) == 20
assert distance(0, 2) == 30
assert distance(0, 3) == 20

# ---- 1. Local first ----
# A page comes from the node of the CPU that asks.
cpu 0
p = alloc_page GFP_KERNEL
assert p.node == 0
cpu 2
q = alloc_page GFP_KERNEL
assert q.node == 2
assert numa(2, hit) > 0
assert numa(2, local) == numa(2, hit)
# One can ask for another node: a hit, as it is what was wanted, but not local.
hit = value numa(1, hit)
r = alloc_pages_node 1 GFP_KERNEL 0
assert r.node == 1
assert numa(1, hit) == hit + 1
assert numa(1, other) == 1
free p q r

# ---- 2. Falling back by distance ----
# Node 2 is filled up. Node 1 and 3 are equally far; node 0 is the last resort.
why GFP_KERNEL
h = hog GFP_NOWAIT|__GFP_THISNODE 0
assert free(DMA32@2) <= low(DMA32@2)
p = alloc_page GFP_NOWAIT
assert p.node != 2
assert p.node != 0
show numastat
# It missed node 2 (foreign there), and was no hit where it fell (miss there).
assert numa(2, foreign) == 1
assert numa(1, miss) + numa(3, miss) == 1
assert numa(0, miss) == 0
# With __GFP_THISNODE, it is this node or nothing.
n = alloc_page GFP_NOWAIT|__GFP_THISNODE|__GFP_NOWARN
assert n == NULL
free *

# ---- 3. Each node has its own kswapd ----
boot numa4 ram=64M
kswapd hold
cpu 3
h = hog GFP_NOWAIT|__GFP_THISNODE 0
assert kswapd_wanted(3) == 1
assert kswapd_wanted(1) == 0
assert kswapd_wanted(2) == 0
kswapd
free h
kswapd run

# ---- 4. Processes, too, have their memory where they run ----
boot numa4 ram=64M
cpu 1
a = pressure 1M
f = value entry(a, 0, pfn)
g = value entry(a, 1020K, pfn)
assert f >= 4096
assert f < 8192
assert g >= 4096
assert g < 8192
# When it moves, its pages stay: remote from now on.
cpu 3
touch a read
assert entry(a, 0, pfn) == f
free a
check
