# Page faults and copy on write.
#
#   pagewalk mm docs/mm/cow.mm

boot teaching ram=16M swap.size=0

# ---- 1. Demand zero ----
# A mapping is a promise: each page comes with the first access to it, by a minor fault.
a = pressure 1M
assert a.minor == 256
assert a.major == 0
assert a.rss == 256
touch a write
assert a.minor == 256

# ---- 2. fork shares ----
# The child gets page tables, and no pages: both map the same frames, read-only.
before = value total_free()
b = fork a
assert b.rss == 256
assert before - total_free() < 16
f = value entry(a, 0, pfn)
assert entry(b, 0, pfn) == f
assert entry(a, 0, writable) == 0
assert entry(b, 0, writable) == 0
assert mapcount(f) == 2
# Reading costs nothing.
touch b read
assert b.minor == 0
assert entry(b, 0, pfn) == f

# ---- 3. The first to write gets a copy ----
touch b write 0 0
assert b.minor == 1
assert entry(b, 0, pfn) != f
assert entry(b, 0, writable) == 1
# The other still has the page as it was, alone now, and read-only.
assert entry(a, 0, pfn) == f
assert mapcount(f) == 1
assert entry(a, 0, writable) == 0
# Its next write finds that nobody else is there, and takes the page as it is.
touch a write 0 0
assert entry(a, 0, pfn) == f
assert entry(a, 0, writable) == 1
assert vmstat(pgreuse) >= 1

# ---- 4. In the end both have all of their own ----
touch b write
touch a write
assert total_free() < before - 256
touch a read
touch b read
free b
free a
check
