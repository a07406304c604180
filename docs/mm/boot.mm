# Before the page allocator: the memory map, memblock, and what is handed over.
#
#   pagewalk mm docs/mm/boot.mm

boot teaching ram=16M

# ---- 1. The memory map ----
# A PC's RAM has a hole: from 640 KB to 1 MB there are devices and the BIOS. memory[] lists
# what is RAM.
show memblock
assert spanned(DMA) == 16 * 1024 / 4
assert spanned(DMA) - present(DMA) == (1024 - 640) / 4

# ---- 2. What is reserved ----
# reserved[] lists what must not be given to anybody: the first 64 KB, the kernel's image from
# 1 MB on, and what was allocated before there was an allocator, from the top of RAM down:
# mem_map, the kind of each pageblock, and the first per-CPU area.
assert flag(0, reserved) == 1
assert flag(256, reserved) == 1
# The hole's frames have a struct page, too, for the array has no holes.
assert flag(200, reserved) == 1

# ---- 3. What is handed over ----
# The rest is managed: all of it went to the page allocator, in the largest blocks that fit.
assert managed(DMA) < present(DMA)
assert managed(DMA) > present(DMA) - 512
show buddyinfo
draw zone DMA
# What the kernel allocated since (its caches) is the difference to what is free.
value managed(DMA) - total_free()

# ---- 4. Zones ----
# 4.25 GB: devices with 24 address bits reach DMA, those with 32 reach DMA32.
boot skylake ram=4352M
show nodes
assert spanned(DMA) == 4096
assert spanned(DMA) + spanned(DMA32) == 1048576
assert spanned(Normal) == 65536
# The array for 4.25 GB takes 68 MB. memblock gives the highest memory first, since low
# memory is for those who need it: the array lies in Normal.
show memblock
assert managed(Normal) < present(Normal) - 17000
# The kernel's image, 16 MB from 1 MB on, reaches 1 MB into DMA32. DMA has hardly anything left.
assert managed(DMA32) == present(DMA32) - 256
assert managed(DMA) == 144
check
