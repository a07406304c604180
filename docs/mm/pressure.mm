# Memory gets short: kswapd, swap, direct reclaim, the OOM killer.
#
#   pagewalk mm docs/mm/pressure.mm
#
# `pressure` is a process without a program: it maps memory and writes to every page,
# each with its own number, and `touch` looks whether the numbers are still there.

# ---- 1. What fits, stays ----
boot teaching ram=16M swap.size=32M
show watermarks
a = pressure 8M
assert a.pages == 2048
assert a.rss == 2048
assert a.swapped == 0
assert a.minor == 2048
assert a.major == 0

# ---- 2. What does not, goes to swap ----
b = pressure 10M
assert b.rss + b.swapped == b.pages
assert a.rss + a.swapped == a.pages
assert a.swapped + b.swapped > 0
assert vmstat(pswpout) > 0
# a has been idle for longer: it gave more.
assert a.swapped > b.swapped
show swaps
kswapd

# ---- 3. And comes back, by major faults ----
out = value a.swapped
touch a read
assert a.major >= out
assert a.rss + a.swapped == a.pages
assert vmstat(pswpin) >= out

# ---- 4. Nothing is left behind ----
free a b
assert swap_free() == swap_total()
assert vmstat(nr_anon_pages) == 0
check

# ---- 5. Who wakes kswapd, and until when it works ----
boot teaching ram=16M swap.size=32M
a = pressure 8M
kswapd hold
# Somebody who may not wait takes what there is: at low, kswapd is called.
h = hog GFP_NOWAIT 0
assert free(DMA) == min(DMA)
assert kswapd_wanted(0) == 1
assert vmstat(pgscan_kswapd) == 0
# It runs until the zone stands above high again. What it needs, a gives.
kswapd run
assert free(DMA) + pcp(DMA) >= high(DMA)
assert kswapd_wanted(0) == 0
assert a.swapped > 0
# Who may wait reclaims for himself, when kswapd does not come.
assert vmstat(pgsteal_direct) == 0
d = hog GFP_KERNEL 0 500
assert vmstat(pgsteal_direct) > 0
free *
check

# ---- 6. No swap: the OOM killer ----
# Anonymous pages have nowhere to go. When nothing can be reclaimed, the process that
# holds most is killed, and its memory taken back at once.
boot teaching ram=8M swap.size=0
s = pressure 1M
l = pressure 16M
assert l.killed == 1
# (But for the page that it was about to get: it dies before it can look.)
assert l.rss <= 1
assert s.killed == 0
assert s.rss == 256
assert vmstat(oom_kill) == 1
touch s read
free *
check
