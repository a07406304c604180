#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# /dev/scullc, scullp, scullv from a guest: the same contents back, and what they cost
# the kernel in TLB misses by where their memory comes from.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1

scull() { # NAME ARGUMENT ...: statistics in NAME.json
	name=$1
	shift
	timeout 120 "$PAGEWALK" run --quiet --check -m skylake --engine "${engine:-exact}" \
		--stats "$name.json" -- "$GUEST/scull" "$@" >"$name.out" 2>"$name.err"
}

misses() { # NAME
	stat_of "$1.json" mmu.kernel.tlb.l1d.misses
}

for device in scullc scullp scullv; do
	check "$device: 1 MB is read back as it was written" scull $device /dev/$device
	check "$device: so are sizes of no quantum" scull odd /dev/$device 100008
	engine=faults
	check "$device: without TLBs too" scull faults /dev/$device
	engine=exact
done
check 'scullc with a quantum of 8 bytes' scull small /dev/scullc 64K 8
check 'scullp with blocks of order 5' scull large /dev/scullp 1M 5
check 'scullv with blocks of order 0' scull single /dev/scullv 1M 0
check 'an order that does not exist is refused' \
	sh -c "! timeout 60 '$PAGEWALK' run -q -- '$GUEST/scull' /dev/scullp 1M 11"

# Cleared and written, then read, each of the areas' 256 pages misses once a pass, but
# for one or two that are still there; the direct map is one page of 1 GB.
echo "# kernel DTLB misses: scullc $(misses scullc), scullp $(misses scullp), scullv $(misses scullv)"
echo "$(misses scullv) $(misses scullp)" >numbers
read -r by_vmalloc by_pages <numbers
[ "$by_pages" -le 4 ] && [ "$by_vmalloc" -ge 500 ] &&
	ok 'scullv costs the kernel far more DTLB misses than scullp' ||
	not_ok 'scullv costs the kernel far more DTLB misses than scullp' <numbers
for device in scullc scullp scullv; do
	scull again /dev/$device
	check "$device: two runs give the same statistics" cmp $device.json again.json
done
finish
