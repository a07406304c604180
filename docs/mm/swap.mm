# Swap: areas, priorities, slots, and what stands in a page table entry meanwhile.
#
#   pagewalk mm docs/mm/swap.mm

boot teaching ram=8M swap.size=0 swap_read_ahead=0

# ---- 1. Areas and their priorities ----
# The first page of an area is its header; the rest are slots.
fast = swapon 1M 10
assert fast.pages == 255
slow = swapon 4M 5
late = swapon 1M
# Without a priority an area comes after all that were there.
assert late.priority < 0
show swaps

# ---- 2. The highest priority first ----
a = pressure 7500K
assert fast.used > 0
assert fast.used < fast.pages
assert slow.used == 0
# When it is full, the next one.
b = pressure 2M
assert fast.used == fast.pages
assert slow.used > 0
assert late.used == 0
show swaps

# ---- 3. A swap entry ----
# The page of memory has gone; its page table entry says where to: not present, and the
# bits that held the frame hold area and slot.
walk a
assert entry(a, 0, present) == 0
assert entry(a, 0, pfn) == -1
assert entry(a, 0, swap_area) == 0
assert entry(a, 0, swap_slot) > 0
assert entry(a, 0, swap_slot) <= fast.pages
# The next access is a major fault: the page is read, and its slot given up or kept for the
# case that the page goes again unchanged.
major = value a.major
touch a read 0 0
assert a.major == major + 1
assert entry(a, 0, present) == 1
assert entry(a, 0, swap_slot) == -1
f = value entry(a, 0, pfn)
show page f

# ---- 4. Off ----
# All of the area's pages have to find room: in the other areas, by way of memory.
free b
r = swapoff fast
assert r == 0
touch a read
assert a.killed == 0

# ---- 5. Full ----
# When no slot is left, anonymous memory cannot be reclaimed any more.
r = swapoff slow
r = swapoff late
free a
tiny = swapon 128K
c = pressure 12M
assert c.killed == 1
assert vmstat(oom_kill) == 1
free c
assert tiny.used == 0

# ---- 6. Areas of one priority take turns ----
x = swapon 2M 7
y = swapon 2M 7
d = pressure 9M
assert x.used > 0
assert y.used > 0
value x.used
value y.used
# What does not fit into memory cannot be brought back from the last area.
r = swapoff tiny
r = swapoff x
r = swapoff y
assert r == -ENOMEM
touch d read
free d
check
