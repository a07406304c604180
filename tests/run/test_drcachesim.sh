#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The machine `drcachesim` against the TLB simulator that it is named for: hits and misses
# that DynamoRIO gave for a trace of its own (drmemtrace.simple_app.trace.zip, of its
# tests). TRACES is the folder where that lies.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"

trace=${TRACES-$here/../../../shared/traces}/drmemtrace.simple_app.trace.zip

counts() { # LEVEL: hits/misses of the program's accesses
	echo "$(stat_of "$scratch/stats" mmu.user.tlb.$1.hits)/$(stat_of "$scratch/stats" \
		mmu.user.tlb.$1.misses)"
}

gives() { # L1I L1D L2 OPTION ...
	wanted="$1 $2 $3"
	shift 3
	"$PAGEWALK" replay -q --check -m drcachesim "$@" --stats "$scratch/stats" "$trace" || return
	found="$(counts l1i) $(counts l1d) $(counts stlb)"
	[ "$found" = "$wanted" ] || echo "expected $wanted, found $found"
	[ "$found" = "$wanted" ]
}

small='--set tlb.l1i.entries=16 --set tlb.l1i.ways=4 --set tlb.l1d.entries=16
	--set tlb.l1d.ways=4 --set tlb.stlb.entries=64 --set tlb.stlb.ways=4'

if [ -e "$trace" ]; then
	check 'L1 of 32 entries, L2 of 1024: as DynamoRIO' \
		gives 135993/82 43678/167 95/154
	# shellcheck disable=SC2086
	check 'L1 of 16 in sets of 4, L2 of 64: as DynamoRIO' \
		gives 135918/157 42929/916 841/232 $small
	check 'FIFO: as DynamoRIO' \
		gives 135981/94 43580/265 205/154 --set tlb.policy=fifo
else
	skip 'as DynamoRIO' "$trace is not there"
fi
finish
