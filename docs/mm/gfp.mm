# GFP masks: which zones an allocation may use, and how far it may go.
#
#   pagewalk mm docs/mm/gfp.mm
#
# A mask says two things: the highest zone that will do (its zone modifiers), and what
# the allocator may do to find a page (its behaviour). `why` explains a mask as memory
# stands now.

# ---- 1. Zones ----
# A little more than 4 GB: DMA ends at 16 MB, DMA32 at 4 GB, the rest is Normal.
boot skylake ram=4352M
show nodes
assert managed(DMA) > 0
assert managed(DMA32) > managed(Normal)

# The highest zone that the mask allows comes first: low memory is for those who need it.
why GFP_KERNEL
k = alloc_page GFP_KERNEL
assert k.zone == Normal
a = alloc_page GFP_ATOMIC
assert a.zone == Normal
# User pages could lie in high memory, too. A 64-bit kernel has none: Normal it is.
u = alloc_page GFP_HIGHUSER_MOVABLE
assert u.zone == Normal
assert u.type == Movable
assert k.type == Unmovable
# Devices with 32 address bits, and those with 24.
b = alloc_page GFP_KERNEL|GFP_DMA32
assert b.zone == DMA32
assert b.pa < 4294967296
d = alloc_page GFP_KERNEL|GFP_DMA
assert d.zone == DMA
assert d.pa < 16777216
e = get_dma_pages GFP_KERNEL 1
assert e.zone == DMA
free *

# ---- 2. Falling back ----
# Normal is filled up, by blocks of 4 MB and then by single pages; kswapd is held, so that
# nobody tidies up.
kswapd hold
h = hog GFP_NOWAIT 10 47
p = hog GFP_NOWAIT 0 10000
show watermarks
why GFP_KERNEL
# Normal stands near its low watermark; what comes now is from the next zone.
assert free(Normal) <= low(Normal)
k = alloc_page GFP_KERNEL
assert k.zone == DMA32
# But never from DMA: each zone keeps a reserve from those who could go higher, and
# DMA's is more than it has.
assert reserve(DMA, Normal) > free(DMA)
# Those who cannot go higher find no reserve in their way.
assert reserve(DMA, DMA) == 0
d = alloc_page GFP_DMA
assert d.zone == DMA
free *

# ---- 3. How low may one go ----
# One zone of 8 MB. kswapd is held again: only the watermarks speak.
boot teaching ram=8M swap.size=0
kswapd hold
show watermarks

# GFP_NOWAIT stops at min, and has woken kswapd on the way, at low.
assert kswapd_wanted(0) == 0
w = hog GFP_NOWAIT 0
assert free(DMA) == min(DMA)
assert kswapd_wanted(0) == 1
why GFP_NOWAIT
n = alloc_page GFP_NOWAIT|__GFP_NOWARN
assert n == NULL

# GFP_ATOMIC is for interrupts, which cannot wait: half of min (__GFP_HIGH), and of
# that a quarter (__GFP_ATOMIC).
why GFP_ATOMIC
a = hog GFP_ATOMIC 0
half = value min(DMA) - min(DMA) / 2
assert free(DMA) == half - half / 4
n = alloc_page GFP_ATOMIC|__GFP_NOWARN
assert n == NULL

# __GFP_MEMALLOC is for those who free memory: to the last page.
m = hog __GFP_MEMALLOC 0
assert free(DMA) == 0
n = alloc_page __GFP_MEMALLOC|__GFP_NOWARN
assert n == NULL
# Unless they say that they do not want that.
free m
n = alloc_page __GFP_MEMALLOC|__GFP_NOMEMALLOC|__GFP_NOWARN
assert n == NULL
free *

# ---- 4. What else a mask says ----
p = alloc_page GFP_KERNEL
fill p 0xaa
free p
z = alloc_page GFP_KERNEL|__GFP_ZERO
assert z.zeroed == 1
free z
check
