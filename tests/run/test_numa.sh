#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whole runs on machines of several nodes: where a program's memory comes from, by
# numa_*; that sums and invariants hold; that a second run is the same.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1

run() { # OPTION ... -- GUEST ARG ...: with figures in s.json
	"$PAGEWALK" run --quiet -m numa4 --stats s.json "$@"
}

numa() { # WHAT
	stat_of s.json "vmstat.numa_$1"
}

sums_agree() {
	[ $(($(numa hit) + $(numa miss))) -eq $(($(numa local) + $(numa other))) ] &&
		[ "$(numa miss)" -eq "$(numa foreign)" ]
}

# Nodes of 16 MB.
check 'a program that fits its node runs' run --ram 64M -- "$GUEST/touch" 8M 2
check 'and takes nothing from others' [ "$(numa miss)" -eq 0 ]
check 'all it takes is local' [ "$(numa other)" -eq 0 ]
check 'a page is an allocation' [ "$(numa local)" -ge 4096 ]

# 28 MB: its own node holds less than 16, so that 12 and more come from the next.
check 'a program larger than its node runs' run --check --ram 64M -- "$GUEST/touch" 28M 1
check 'and the rest comes from the neighbour' [ "$(numa miss)" -ge 3072 ]
check 'which is memory of another node' [ "$(numa other)" -eq "$(numa miss)" ]
check 'the sums agree' sums_agree
check 'nobody reclaimed for it' [ "$(stat_of s.json vmstat.pageoutrun)" -eq 0 ]

# 20 MB in four nodes of 4 MB.
check 'nodes reclaim and swap' run --engine faults --check --ram 16M --swap 32M -- "$GUEST/sweep" 20M
check 'their kswapds did it' [ "$(stat_of s.json vmstat.pgsteal_kswapd)" -gt 1000 ]
check 'the sums agree then, too' sums_agree
mv s.json first.json
run --engine faults --check --ram 16M --swap 32M -- "$GUEST/sweep" 20M >out 2>&1
check 'a second run has the same figures' cmp first.json s.json

check 'a movable zone takes the pages of a program' \
	run --ram 128M --set movable_ram=64M -- "$GUEST/touch" 4M 2
check 'page by page' [ "$(stat_of s.json vmstat.pgalloc_movable)" -ge 2048 ]
check 'the kernel has others' [ "$(stat_of s.json vmstat.pgalloc_dma32)" -gt 0 ]

# The program checks each page's node, and what is in it after it was moved.
check 'policies say where pages lie, and pages move' run --check --ram 64M -- "$GUEST/numa"
check 'interleaved ones are counted' [ "$(numa interleave)" -ge 64 ]
check 'moved ones, too' [ "$(stat_of s.json vmstat.pgmigrate_success)" -ge 128 ]
check 'no move failed' [ "$(stat_of s.json vmstat.pgmigrate_fail)" -eq 0 ]
check 'the sums agree with policies' sums_agree

run --set nodes.1.ram=3M -- "$GUEST/touch" 1M 1 >out 2>err
[ $? -eq 125 ] && grep -q 'nodes.1.ram' err && ok 'a node that cannot be is told' ||
	not_ok 'a node that cannot be is told' <err
finish
