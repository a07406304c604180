# ioremap: a device's registers at kernel addresses.
#
#   pagewalk mm docs/mm/ioremap.mm

boot skylake ram=64M

# ---- 1. A device lies at physical addresses that are not RAM ----
show devices
d = ioremap 0x4000000 4K
# Page tables are built, in the vmalloc area, and no memory is allocated for what they map.
show vmallocinfo
walk d
assert d.va >= 0xffffc90000000000
assert entry(d, 0, pfn) == 64 * 1024 / 4
# Not cached (PCD): each access has to reach the device.
assert entry(d, 0, uncached) == 1

# ---- 2. Reading is asking the device ----
# The frame counter: an ID and a rate, and behind them the frames since boot.
r = read d 0
assert r - r / 4294967296 * 4294967296 == 0x434d5246
assert r / 4294967296 == 60
# Writing sets it; no simulated time passes meanwhile.
write d 8 1000
r = read d 8
assert r == 1000
# Time passes when somebody waits for a disk. At a million frames a second it can be seen.
write d 0 4294967296000000
s = swapon 4M
a = pressure 65M
touch a read 0 9
r = read d 8
assert r > 1000
free a s

# ---- 3. Where no device answers, a PC reads ones ----
n = ioremap 0x10000000 4K
x = read n
assert x == -1
# RAM cannot be mapped so: it has its addresses already.
m = ioremap 0x100000 4K
assert m == NULL

# ---- 4. Gone ----
cost iounmap d
assert cost(flushes, page) == 1
free n
check
