#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What-if: a run that was recorded on one machine and is replayed on another, against a run
# of the same program on that other machine. What the program cannot notice gives the same
# figures to the last one; docs/replay.md says what else differs, and how.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
cd "$scratch" || exit 1
busybox=/bin/busybox
absent='(engine|guest\.(time_ns|sleep_ns|overlap_ns|unknown_syscalls)|tasks\.[0-9]*\.cpu_ns)'

record() { # OPTION ... -- PROGRAM ARG ...
	rm -f trace.pwt
	"$PAGEWALK" run -q --record trace.pwt "$@" >/dev/null </dev/null
	[ $? -lt 125 ]
}

# Both with the options: run.json, replay.json
both() { # OPTION ... -- PROGRAM ARG ...: what was recorded
	"$PAGEWALK" run -q --stats run.json "$@" >/dev/null 2>err </dev/null
	[ $? -lt 125 ] || { cat err; return 1; }
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	# shellcheck disable=SC2086
	"$PAGEWALK" replay -q --check $options --stats replay.json trace.pwt
}

# Figures whose names match are the same; the replay made every record.
agree_in() { # PATTERN
	for which in run replay; do
		"$JSON_GET" $which.json | grep -E "^($1)" | grep -vE "^$absent([. ]|\$)" |
			sort >$which
	done
	diff run replay >different || head -n 20 different
	[ -s run ] && ! [ -s different ] && [ "$(stat_of replay.json replay.segv)" = 0 ] &&
		[ "$(stat_of replay.json replay.skipped)" = 0 ]
}

same_run() { # OPTION ... -- PROGRAM ARG ...
	both "$@" && agree_in '(schema|guest|machine|mmu|faults|memory|swap|reclaim|vmstat|cpus|tasks)\.'
}

same_memory() {
	both "$@" && agree_in '(machine|faults|memory|swap|reclaim|vmstat|tasks\.[0-9]*\.m[ai])'
}

seq 1 300 | awk '{ print $1 * 7919 % 1000, "line" }' >lines
small='--set tlb.l1d.entries=16 --set tlb.l1i.entries=8 --set tlb.l1i.ways=full
	--set tlb.stlb.entries=64 --set tlb.stlb.ways=4 --set tlb.policy=fifo'

if [ -x $busybox ]; then
	set -- -- $busybox sh -c 'busybox seq 1 200 | busybox sort | busybox tail'
	check 'a pipeline is recorded on skylake' record "$@"
	# shellcheck disable=SC2086
	check 'smaller TLBs, FIFO: as a run on them' same_run $small "$@"
	check 'nehalem: as a run on it' same_run -m nehalem "$@"
	check 'no PCIDs: as a run without' same_run --set pcid=false "$@"
	check 'more memory: as a run with it' same_run --ram 3G "$@"
	check 'a cold page cache: as a run with one' same_run --set page_cache=cold "$@"
	check 'no fault-around: as a run without' same_run --set fault_around=4K "$@"
	check 'a pipeline is recorded without fault-around' record --set fault_around=4K "$@"
	check 'with it: the page faults of a run with it' same_memory --set fault_around=64K "$@"
	check 'a pipeline is recorded on four CPUs' record --set cpus=4 "$@"
	check 'four nodes: as a run on them' same_run -m numa4 "$@"
	check 'a 64-bit program is refused by 32-bit paging' sh -c \
		"'$PAGEWALK' replay -q -m p6 trace.pwt 2>err; [ \$? = 125 ] && grep -q '64 bits' err"
else
	skip 'a pipeline' "no $busybox"
fi

set -- -- "$GUEST/sweep" 5M
check 'a program of 5 MB is recorded with plenty of memory' record "$@"
check '4 MB and swap: as a run with them' same_run --ram 4M --swap 16M "$@"
for policy in fifo clock random lru; do
	check "reclaim.policy=$policy: as a run with it" \
		same_run --ram 4M --swap 16M --set reclaim.policy=$policy "$@"
done
check 'swap read-ahead: as a run without' \
	same_run --ram 4M --swap 16M --set swap_read_ahead=0 "$@"

check 'the same is recorded with 4 MB and swap' record --ram 4M --swap 16M "$@"
check 'plenty of memory: as a run with it' same_run --ram 64M --set swap.size=0 "$@"
check 'a program of 5 MB is recorded again' record "$@"

check '4 MB and no swap: killed, as in a run' sh -c "
	'$PAGEWALK' replay -q --check --ram 4M --stats replay.json trace.pwt 2>err"
check 'as its exit status says' [ "$(stat_of replay.json guest.exit_status)" = 137 ]
check 'and one kill' [ "$(stat_of replay.json vmstat.oom_kill)" = 1 ]
check 'what it would have done then is skipped' [ "$(stat_of replay.json replay.skipped)" -gt 1000 ]

check 'threads are recorded on four CPUs' record --set cpus=4 -- "$GUEST/threads" 4 20
check 'one CPU runs them all' sh -c "
	'$PAGEWALK' replay -q --check --set cpus=1 --stats replay.json trace.pwt"
check 'without shootdowns' [ "$(stat_of replay.json mmu.shootdowns)" = 0 ]
check 'and leaves out nothing' [ "$(stat_of replay.json replay.skipped)" = 0 ]
check 'eight CPUs run as four' sh -c "
	'$PAGEWALK' replay -q --check --set cpus=8 --stats eight.json trace.pwt &&
	'$PAGEWALK' replay -q --check --stats four.json trace.pwt"
check 'with the same shootdowns' \
	[ "$(stat_of eight.json mmu.shootdowns)" = "$(stat_of four.json mmu.shootdowns)" ]

check 'an i386 program is recorded with two-level paging' record -m p6 -- "$GUEST/cow-i386"
check 'PAE: as a run with it' same_run -m p6 --set paging=pae -- "$GUEST/cow-i386"
finish
