#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pagewalk mm: the exercises that ship hold, and the shell's language does what
# docs/mm-shell.md says.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
cd "$scratch" || exit 1

mm() {
	"$PAGEWALK" mm "$@" </dev/null
}

# A script of one line more than the machine that all of them share.
script() { # LINE ...
	echo 'boot teaching' >script.mm
	printf '%s\n' "$@" >>script.mm
}

ends() { # STATUS PATTERN DESCRIPTION; the script is in script.mm
	mm script.mm >out 2>err
	status=$?
	if [ $status -eq "$1" ] && grep -q -- "$2" err; then
		ok "$3"
	else
		{ echo "status $status, wanted $1 and '$2'"; cat out err; } | not_ok "$3"
	fi
}

holds() { # DESCRIPTION LINE ...
	what=$1
	shift
	script "$@"
	check "$what" mm --check script.mm
}

fails() { # LINE ...: the last one's assert does not hold
	script "$@"
	ends 1 "script.mm:$(($# + 1)): assertion failed" "fails: $*"
}

mistaken() { # PATTERN LINE ...
	pattern=$1
	shift
	script "$@"
	ends 125 "script.mm:$(($# + 1)): .*$pattern" "a mistake: $*"
}

# The exercises, with every invariant looked at after every line
for exercise in "$here"/../../docs/mm/*.mm; do
	name=$(basename "$exercise")
	check "$name holds" mm --check "$exercise"
	mm "$exercise" >first 2>&1
	mm "$exercise" >second 2>&1
	check "$name prints the same twice" cmp first second
done

# Expressions
holds 'sums, products, parentheses' 'assert 2 + 3 * (4 - 1) == 11' 'assert -7 / 2 == -3'
holds 'comparisons' 'assert 1 < 2' 'assert 2 <= 2' 'assert 3 > 2' 'assert 3 >= 3' 'assert 1 != 2'
holds 'figures' 'assert managed(DMA) < present(DMA)' 'assert present(DMA) < spanned(DMA)' \
	'assert min(DMA) < low(DMA)' 'assert low(DMA) < high(DMA)'
holds 'blocks add up to free pages' \
	'a = value buddy(DMA,0) + 2*buddy(DMA,1) + 4*buddy(DMA,2) + 8*buddy(DMA,3)' \
	'b = value 16*buddy(DMA,4) + 32*buddy(DMA,5) + 64*buddy(DMA,6) + 128*buddy(DMA,7)' \
	'c = value 256*buddy(DMA,8) + 512*buddy(DMA,9) + 1024*buddy(DMA,10)' \
	'assert a + b + c == free(DMA)'
fails 'assert 1 == 2'
fails 'assert free(DMA) > managed(DMA)'
fails 'p = alloc_page GFP_KERNEL' 'assert p == NULL'
fails 'p = alloc_pages GFP_KERNEL 11' 'assert p != NULL'
fails 'p = alloc_page GFP_KERNEL' 'assert p.zone == Normal'
mistaken 'different kinds' 'assert free(DMA) == DMA'
mistaken 'no zone' 'assert free(HighMem) == 0'
mistaken 'no such figure' 'assert freee(DMA) == 0'
mistaken 'buddy(ZONE, ORDER)' 'assert buddy(DMA) == 0'
mistaken 'no number' 'assert buddy(DMA, 11) == 0'
mistaken 'no such counter' 'assert vmstat(nonsense) == 0'
mistaken 'is NULL' 'p = alloc_pages GFP_KERNEL 11' 'assert p.pfn == 0'
mistaken 'has no .nonsense' 'p = alloc_page GFP_KERNEL' 'assert p.nonsense == 0'
mistaken 'nothing is called' 'assert p.pfn == 0'
mistaken 'division' 'assert 1 / 0 == 0'
mistaken 'too large' 'assert 9223372036854775807 + 1 > 0'
mistaken 'parentheses' 'assert ((((((((((((((((((((((((((((((((((((((((1))))))))))'
mistaken 'comparison' 'assert DMA'
mistaken 'expected a value' 'assert 1 =='
mistaken 'what is' 'assert 1 == 1 1'

# Commands
mistaken 'no such command' 'nonsense'
mistaken 'GFP ORDER' 'p = alloc_pages GFP_KERNEL'
mistaken 'needs a name' 'alloc_page GFP_KERNEL'
mistaken 'nothing to name' 'p = drain'
mistaken 'no GFP mask' 'p = alloc_page GFP_KERNAL'
mistaken 'no GFP mask' 'p = alloc_page GFP_KERNEL|'
mistaken 'no number' 'p = alloc_pages GFP_KERNEL -1'
mistaken 'is no name' '1p = alloc_page GFP_KERNEL'
mistaken 'free it first' 'p = alloc_page GFP_KERNEL' 'p = alloc_page GFP_KERNEL'
mistaken 'nothing is called' 'p = alloc_page GFP_KERNEL' 'free p' 'free p'
mistaken 'is not kmalloc memory' 'p = alloc_page GFP_KERNEL' 'kfree p'
mistaken 'no address' 'p = __get_free_pages GFP_HIGHUSER 0'
mistaken 'no such cache' 'p = kmem_cache_alloc nonsense GFP_KERNEL'
mistaken 'nonsense' 'show nonsense'
mistaken 'ram is a size' 'boot teaching ram=64K'
mistaken 'nonsense' 'boot teaching nonsense=1'
mistaken 'no size' 'p = pressure much'
mistaken 'whole pages' 'p = pressure 100'
holds 'a name is free again' 'p = alloc_page GFP_KERNEL' 'free p' 'p = alloc_page GFP_KERNEL'
holds 'repeat numbers its names' 'repeat 3 p = alloc_page GFP_KERNEL' 'assert p3 != NULL' \
	'repeat 3 fill p% 7' 'x = read p2' 'assert x == 0x0707070707070707' 'free p*'
holds 'what is not freed is given back at the end' 'p = alloc_pages GFP_KERNEL 3' \
	'c = kmem_cache_create c 100' 'o = kmem_cache_alloc c GFP_KERNEL' 'a = pressure 64K' \
	'h = hog GFP_KERNEL 2 3' 'k = kmalloc 100 GFP_KERNEL' 'z = get_zeroed_page GFP_KERNEL' \
	'm = mempool_create 2 pages 1' 'e = mempool_alloc m GFP_KERNEL' 'v = alloc_percpu'
holds 'caches for DMA that are made on the way are no leak' 'a = kmalloc 8 GFP_KERNEL|GFP_DMA' \
	'b = kmalloc 16 GFP_KERNEL|GFP_DMA' 'c = kmalloc 32 GFP_KERNEL|GFP_DMA' \
	'd = kmalloc 64 GFP_KERNEL|GFP_DMA' 'e = kmalloc 128 GFP_KERNEL|GFP_DMA' 'free a b c d e'
holds 'kernel stacks' 'before = value vmstat(nr_kernel_stack)' 's = alloc_thread_stack' \
	'assert s.order == 2' 'assert vmstat(nr_kernel_stack) == before + 16' 'free s' \
	'assert vmstat(nr_kernel_stack) == before'
holds 'per-CPU numbers' 'v = alloc_percpu' 'assert v.sum == 0' 'cpu 0' 'this_cpu_add v 5' \
	'this_cpu_add v 2' 'assert v.this == 7' 'assert v.sum == 7' 'assert v.this_pa == v.pa'
mistaken 'no number' 'cpu 1'
mistaken 'busy' 'p = mempool_create 1 kmalloc 64' 'e = mempool_alloc p GFP_KERNEL' 'free p'
mistaken 'is not a memory pool' 'e = mempool_alloc p GFP_KERNEL'
holds 'all there is to show' 'show nodes' 'show zones' 'show watermarks' 'show buddyinfo' \
	'show pagetypeinfo' 'show slabinfo' 'show meminfo' 'show vmstat' 'show swaps' \
	'show vmallocinfo' 'show reclaim' 'show memblock' 'show devices' 'show lru' \
	'show handles' 'show page 1' 'draw zone DMA' 'draw 0 100' 'draw slab kmalloc-64' \
	'why GFP_KERNEL 3' 'help' 'help figures' 'help why' 'kswapd'
holds 'injected failures are failures, no more' 'boot teaching fault_inject.page_alloc=nth:3' \
	'repeat 2 p = alloc_page GFP_KERNEL' 'q = alloc_page GFP_KERNEL' 'assert q == NULL' \
	'q = alloc_page GFP_KERNEL' 'assert q != NULL'
holds 'failures can be ordered' 'fail page_alloc nth:2' 'p = alloc_page GFP_KERNEL' \
	'q = alloc_page GFP_KERNEL' 'assert p != NULL' 'assert q == NULL' 'fail slab every:1' \
	'k = kmalloc 100 GFP_KERNEL' 'assert k == NULL' 'fail slab off' \
	'k = kmalloc 100 GFP_KERNEL' 'assert k != NULL'
mistaken 'no site' 'fail nonsense off'
mistaken 'no rule' 'fail slab nonsense'

holds 'kernel memory keeps what is written' 'v = vzalloc 64K' 'assert v.zeroed == 1' \
	'e = write v 4096 77' 'x = read v 4096' 'assert x == 77' 'assert v.zeroed == 0' \
	'fill v 255' 'x = read v 65528' 'assert x == -1' 'p = get_zeroed_page GFP_KERNEL' \
	'x = read p 8' 'assert x == 0'
holds 'addresses reckon' 'k = kmalloc 100 GFP_KERNEL' 'assert k.va - k.pa == 0xffff888000000000' \
	'assert k.va + 8 > k.va' 'assert k.va - (k.va - 8) == 8' 'assert k == k.va'
fails 'k = kmalloc 100 GFP_KERNEL' 'assert k.va == 0'
mistaken 'wants numbers' 'k = kmalloc 100 GFP_KERNEL' 'assert k.va * 2 == 0'
holds 'costs are counted' 'v = vmalloc 16K' 'cost sweep v 8' 'assert cost(kernel, loads) == 2048' \
	'assert cost(kernel, l1d_misses) == 4' 'assert cost(user, loads) == 0' \
	'cost free v' 'assert cost(flushes, page) == 4'
mistaken 'no nonsense of kernel' 'assert cost(kernel, nonsense) == 0'
mistaken 'has no 8 bytes' 'k = kmalloc 100 GFP_KERNEL' 'read k 96'
mistaken 'has no 8 bytes' 'v = vmalloc 4K' 'read v 8K'
mistaken 'has no address' 'c = kmem_cache_create c 10' 'write c 0 1'
mistaken 'busy' 'p = alloc_page GFP_KERNEL' 'm = vmap p' 'free p'
holds 'mapped pages go after their mapping' 'p = alloc_pages GFP_KERNEL 1' 'v = vmalloc 8K' \
	'm = vmap v p' 'write m 4096 5' 'x = read p' 'assert x == 5' 'vunmap m' 'free p v'
mistaken 'has no address' 'c = kmem_cache_create c 10' 'h = hog GFP_KERNEL 0 1' 'read h'
mistaken 'multiple of 8' 'v = vmalloc 4K' 'sweep v 3'
mistaken 'is not a vmalloc area' 'k = kmalloc 10 GFP_KERNEL' 'vfree k'
holds 'numbers have names' 'n = value 2 + 1' 'p = alloc_pages GFP_KERNEL n' 'assert p.order == 3'
mistaken 'is no number' 'n = value 0 - 1' 'p = alloc_pages GFP_KERNEL n'
holds 'areas that are on at the end are no leak' 'boot teaching swap.size=0' 'a = pressure 64K' \
	's = swapon 8M' 'b = pressure 5M' 't = swapon 1M'
mistaken 'no such flag' 'assert flag(1, nonsense) == 0'
mistaken 'entries have no' 'a = pressure 4K' 'assert entry(a, 0, nonsense) == 0'
mistaken 'is no number' 'assert free(DMA@1) == 0'
holds 'zones of a node' 'assert free(DMA@0) == free(DMA)'
mistaken 'constructor' 'c = kmem_cache_create c 4 0 0 ctor'
holds 'constructors run' 'c = kmem_cache_create c 64 0 0 ctor' 'o = kmem_cache_alloc c GFP_KERNEL' \
	'assert o.constructed == 1' 'free o' 'p = kmem_cache_zalloc c GFP_KERNEL' \
	'assert p.constructed == 0' 'free p c'

holds 'low memory has its address' 'p = alloc_page GFP_KERNEL' 'm = kmap p' 'assert m.va == p.va' \
	'i = kmap_atomic p' 'assert i.va == p.va'
mistaken 'busy' 'boot p6 ram=1G' 'p = alloc_page GFP_HIGHUSER' 'm = kmap p' 'free p'
mistaken 'busy' 'boot p6 ram=1G' 'p = alloc_page GFP_HIGHUSER' 'i = kmap_atomic p' \
	'j = kmap_atomic p' 'kunmap_atomic i'
mistaken 'has no address' 'boot p6 ram=1G' 'p = alloc_page GFP_HIGHUSER' 'read p'
holds 'atomic slots are each CPU'"'"'s own' 'boot p6 ram=1G cpus=2' 'p = alloc_page GFP_HIGHUSER' \
	'i = kmap_atomic p' 'cpu 1' 'j = kmap_atomic p' 'kunmap_atomic i' 'read j'

# Where lines come from
same() { # DESCRIPTION EXPECTED FOUND
	check "$1" [ "$2" = "$3" ]
}
same 'standard input is a script too' 'boot teaching: DMA' \
	"boot teaching: $(printf 'boot teaching\np = alloc_page GFP_KERNEL\nvalue p.zone\n' |
		"$PAGEWALK" mm -q | sed -n 's/^p.zone = //p')"
same '-q does not repeat the lines' 'hi' "$(echo 'echo hi # there' | "$PAGEWALK" mm -q)"
same 'quit ends it' '' "$(printf 'quit\necho hi\n' | "$PAGEWALK" mm -q)"
same 'options choose the machine' 'p.zone = DMA32' \
	"$(printf 'p = alloc_page GFP_KERNEL\nvalue p.zone\n' |
		"$PAGEWALK" mm -q -m teaching --ram 64M | tail -n 1)"
mm no-such-script 2>err
same 'no such script' 125 $?
check 'and it is named' grep -q no-such-script err
mm a b 2>err
same 'two scripts' 125 $?
head -c 20000 "$PAGEWALK" >script.mm
ends 125 'script.mm:' 'noise is a mistake'
finish
