# Reclaim: two lists, second chances, kswapd between the watermarks.
#
#   pagewalk mm docs/mm/reclaim.mm

boot teaching ram=8M swap.size=8M swap_read_ahead=0

# ---- 1. LRU lists ----
# New anonymous pages begin on the active list, newest first.
a = pressure 64K
show lru
f = value entry(a, 0, pfn)
assert flag(f, active) == 1
assert vmstat(nr_active_anon) == 16
assert vmstat(nr_inactive_anon) == 0
free a

# ---- 2. Between low and high ----
# kswapd is woken when a zone falls below low, and works until it stands above high.
show watermarks
kswapd hold
a = pressure 6M
assert kswapd_wanted(0) == 0
h = hog GFP_NOWAIT 0
assert free(DMA) == min(DMA)
assert kswapd_wanted(0) == 1
assert a.swapped == 0
kswapd run
assert free(DMA) + pcp(DMA) >= high(DMA)
show reclaim
# Each page that it took went from the active list to the inactive one (pgdeactivate), was
# looked at there (pgscan), written to swap and freed (pgsteal).
assert vmstat(pgdeactivate) >= vmstat(pgscan_kswapd)
assert vmstat(pgsteal_kswapd) == a.swapped
assert vmstat(pswpout) == a.swapped
assert vmstat(pgscan_direct) == 0
show lru
free a h
kswapd release

# ---- 3. The second chance ----
# Pages are taken from the end of the inactive list. One that has been used since it came
# there goes back to the active list instead.
boot teaching ram=8M swap.size=16M swap_read_ahead=0
cold = pressure 4M
hot = pressure 512K
# hot is used again and again, while others make memory short, little by little.
b1 = pressure 1M
touch hot read
b2 = pressure 1M
touch hot read
b3 = pressure 1M
touch hot read
b4 = pressure 1M
touch hot read
b5 = pressure 1M
touch hot read
b6 = pressure 1M
touch hot read
b7 = pressure 1M
touch hot read
b8 = pressure 1M
touch hot read
show lru
show reclaim
# All of hot has been in use whenever it was looked at: it was activated, and none of it went.
assert vmstat(pgactivate) > 0
assert hot.swapped == 0
assert hot.major == 0
# cold has gone.
assert cold.swapped > cold.pages / 2
free hot cold b*

# ---- 4. Direct reclaim ----
# When kswapd does not come, who allocates has to find pages, if the mask lets him.
boot teaching ram=8M swap.size=8M
kswapd hold
a = pressure 6M
h = hog GFP_NOWAIT 0
n = alloc_page GFP_NOWAIT|__GFP_NOWARN
assert n == NULL
assert vmstat(pgscan_direct) == 0
d = alloc_page GFP_KERNEL
assert d != NULL
assert vmstat(pgscan_direct) > 0
# (Counted by the highest zone that the mask allows.)
assert vmstat(allocstall_normal) == 1
# He takes more than the page that he needs: a batch of 32.
assert vmstat(pgsteal_direct) >= 32
# How far he may go, the mask says.
why GFP_KERNEL
why GFP_NOIO
free *

# ---- 5. Who cannot wait lives on what the watermarks keep ----
boot teaching ram=8M swap.size=0
a = hog GFP_KERNEL|__GFP_NORETRY 0
assert free(DMA) == min(DMA)
b = alloc_page GFP_ATOMIC
assert b != NULL
free *

# ---- 6. Slabs are reclaimed, too ----
boot teaching ram=8M swap.size=0
c = kmem_cache_create thing 1000 0 SLAB_RECLAIM_ACCOUNT
repeat 400 o = kmem_cache_alloc c GFP_KERNEL
free o*
value empty(c)
assert empty(c) > 0
assert vmstat(nr_slab_reclaimable) > 0
h = hog GFP_KERNEL|__GFP_NORETRY 0
assert empty(c) == 0
free h c
check
