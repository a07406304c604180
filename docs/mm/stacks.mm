# Kernel stacks: each task has one, of a fixed size, from the page allocator.
#
#   pagewalk mm docs/mm/stacks.mm

boot teaching ram=16M

# ---- 1. One stack ----
# 16 KB on a 64-bit machine: four pages, contiguous, aligned to their size.
free = value total_free()
kb = value vmstat(nr_kernel_stack)
s = alloc_thread_stack
assert s.order == 2
assert s.pages == 4
assert s.pfn / 4 * 4 == s.pfn
assert vmstat(nr_kernel_stack) == kb + 16
assert total_free() == free - 4

# ---- 2. A hundred tasks ----
# They are unmovable memory, and there is no way to swap one out.
repeat 100 t = alloc_thread_stack
assert t100.type == Unmovable
assert total_free() == free - 404
show meminfo
free t* s
assert total_free() == free
assert vmstat(nr_kernel_stack) == kb

# ---- 3. Why they are a reason to fear fragmentation ----
# All memory is taken, a stretch of it page by page, and every other page of that is freed: 64
# pages, and not one stack.
boot teaching ram=16M swap.size=0
sysctl vm.min_free_kbytes 0
repeat 128 p = alloc_page GFP_KERNEL
rest = hog __GFP_MEMALLOC 0
free p*[13579]
assert total_free() == 64
s = alloc_thread_stack
assert s == NULL
free p*[24680]
s = alloc_thread_stack
assert s != NULL
free *

# ---- 4. 32 bits: 8 KB ----
boot p6 ram=16M
s = alloc_thread_stack
assert s.order == 1
free s
check
