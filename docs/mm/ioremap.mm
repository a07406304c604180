# ioremap: a device's registers at kernel addresses.
#
#   pagewalk mm docs/mm/ioremap.mm

boot skylake ram=64M

# ---- 1. A device lies at physical addresses that are not RAM ----
show devices
assert vmstat(nr_free_pages) > 0
free_pages_before = value total_free()
d = ioremap 0x4000000 4K
# Page tables are built, in the vmalloc area, and no memory is allocated for what they map.
show vmallocinfo
walk d
assert d.va >= 0xffffc90000000000
assert entry(d, 0, pfn) == 16384
assert entry(d, 0, pfn) >= 64 * 1024 / 4
# Not cached (PCD): each access has to reach the device.
assert entry(d, 0, uncached) == 1

# ---- 2. Reading it reads the device ----
first = read d
second = read d
value first
value second

# ---- 3. Where no device answers, a PC reads ones ----
n = ioremap 0x10000000 4K
x = read n
assert x == -1
# RAM cannot be mapped so: it has its addresses already.
r = ioremap 0x100000 4K
assert r == NULL

# ---- 4. Gone ----
cost iounmap d
assert cost(flushes, page) >= 1
free n
check
