# Out of memory: when reclaim finds nothing more, somebody has to die.
#
#   pagewalk mm docs/mm/oom.mm

# ---- 1. No swap: anonymous memory cannot go anywhere ----
boot teaching ram=8M swap.size=0
small = pressure 1M
large = pressure 2M
# The third one is the one that asks too much, and by then the largest, too.
greedy = pressure 16M
assert greedy.killed == 1
assert large.killed == 0
assert small.killed == 0
assert vmstat(oom_kill) == 1
# Its memory is taken back at once, not when it gets around to exiting.
assert greedy.rss <= 1
touch large read
assert large.rss == 512
free *

# ---- 2. The victim is who holds most, not who asked last ----
boot teaching ram=8M swap.size=0
large = pressure 5M
asker = pressure 2M
assert large.killed == 1
assert asker.killed == 0
assert asker.rss == 512
free *

# ---- 3. Pages in swap count, too ----
boot teaching ram=8M swap.size=4M
hidden = pressure 6M
other = pressure 3M
assert vmstat(oom_kill) == 0
assert hidden.swapped > 256
more = pressure 4M
assert vmstat(oom_kill) == 1
assert hidden.killed == 1
assert other.killed == 0
free *

# ---- 4. Who may not wait gets NULL, and nobody dies for it ----
boot teaching ram=8M swap.size=0
a = pressure 4M
h = hog GFP_ATOMIC 0
n = alloc_page GFP_ATOMIC|__GFP_NOWARN
assert n == NULL
assert a.killed == 0
# Nor for a large block: it may fail, since what frees single pages hardly ever makes one.
n = alloc_pages GFP_KERNEL|__GFP_NORETRY|__GFP_NOWARN 5
assert n == NULL
assert vmstat(oom_kill) == 0
free *
check
