# Failures on demand: what does the kernel do when there is no memory, or a disk fails?
#
#   pagewalk mm docs/mm/failures.mm

boot teaching ram=8M swap.size=4M

# ---- 1. The n-th allocation ----
before = value total_free()
fail page_alloc nth:3
a = alloc_page GFP_KERNEL
b = alloc_page GFP_KERNEL
c = alloc_page GFP_KERNEL
d = alloc_page GFP_KERNEL
assert b != NULL
assert c == NULL
assert d != NULL
fail page_alloc off
free *

# ---- 2. Half-done work is undone ----
# vmalloc takes its pages one by one. Whichever of them fails, the others come back.
boot teaching ram=8M swap.size=4M
v = vmalloc 64K
free v
before = value total_free()
fail page_alloc nth:9
v = vmalloc 64K
assert v == NULL
assert total_free() == before
fail page_alloc off

# ---- 3. Who must not fail is not asked ----
fail page_alloc every:1
n = alloc_page GFP_KERNEL
assert n == NULL
m = alloc_page GFP_KERNEL|__GFP_NOFAIL
assert m != NULL
fail page_alloc off
free m

# ---- 4. A pool answers from its reserve ----
p = mempool_create 2 kmalloc 128
fail slab every:1
x = kmalloc 128 GFP_KERNEL
assert x == NULL
e = mempool_alloc p GFP_KERNEL
assert e != NULL
assert p.answered == 1
fail slab off
free e p

# ---- 5. A disk that cannot be read ----
# A page that is in swap cannot be had: the process gets SIGBUS, as from a broken file.
a = pressure 8M
assert a.swapped > 0
fail swap_read every:1
touch a read 0 0
assert entry(a, 0, present) == 0
# Mended, it is there: the slot was not given up.
fail swap_read off
touch a read 0 0
assert entry(a, 0, present) == 1
free a

# ---- 6. A disk that cannot be written ----
# Reclaim cannot get rid of anonymous pages, and keeps them. The OOM killer has the last word.
fail swap_write every:1
b = pressure 12M
assert vmstat(pswpout) < b.pages
assert vmstat(oom_kill) == 1
assert b.killed == 1
free b
fail swap_write off
assert swap_free() == swap_total()
check
