#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Several CPUs: threads that take pages away from each other leave no stale translation
# on any of them (--check), processes do not see each other's memory, with PCIDs and
# without, and two runs are the same to the byte.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1

"$GUEST/threads" 4 20 >native.out 2>&1 || { echo '1..0 # SKIP not x86-64 Linux'; exit 0; }

run() { # NAME OPTION ... -- PROGRAM ...
	name=$1
	shift
	"$PAGEWALK" run --quiet --stats "$name.json" "$@" </dev/null >"$name.out" 2>"$name.err"
}

native() { # DESCRIPTION NAME EXPECTED OPTION ... -- PROGRAM ...: the same output
	what=$1
	name=$2
	expected=$3
	shift 3
	if run "$name" "$@" && cmp -s "$name.out" "$expected"; then
		ok "$what"
	else
		cat "$name.err" "$name.out" | not_ok "$what"
	fi
}

figure() { # DESCRIPTION NAME FIGURE TEST NUMBER
	value=$(stat_of "$2.json" "$3")
	if [ "$value" "$4" "$5" ]; then
		ok "$1: $3 is $value"
	else
		echo "$3 is $value" | not_ok "$1: $3 $4 $5"
	fi
}

same() { # DESCRIPTION FILE FILE
	if cmp -s "$2" "$3"; then
		ok "$1"
	else
		diff "$2" "$3" | not_ok "$1"
	fi
}

# ---- threads ----

for machine in skylake teaching numa4; do
	"$PAGEWALK" machine show $machine >/dev/null 2>&1 || continue
	set -- -m $machine --set cpus=4 --ram 64M --check -- "$GUEST/threads" 4 20
	native "$machine: threads on four CPUs" $machine native.out "$@"
	run again "$@"
	same "$machine: statistics of two runs" $machine.json again.json
	for cause in munmap zap mprotect mremap; do
		figure $machine $machine mmu.shootdowns_by.$cause -gt 100
	done
	figure $machine $machine vmstat.nr_tlb_remote_flush -gt 100
	for cpu in 0 1 2 3; do
		figure $machine $machine cpus.$cpu.instructions -gt 10000
		figure $machine $machine cpus.$cpu.mmu.shootdowns -gt 100
	done
done

set -- -m skylake --set cpus=4 --ram 64M
run unchecked "$@" -- "$GUEST/threads" 4 20
same '--check changes no figure' skylake.json unchecked.json
native 'without TLBs, the same result' faults native.out "$@" --engine faults -- "$GUEST/threads" 4 20
native 'threads that share one CPU' one native.out "$@" --set cpus=1 --check -- "$GUEST/threads" 4 20
figure 'one CPU' one mmu.shootdowns -eq 0

"$GUEST/threads" 8 10 >native8.out
native 'more threads than CPUs' eight native8.out "$@" --set cpus=3 --check -- "$GUEST/threads" 8 10

# Pages go to swap under threads that use them.
"$GUEST/threads" 4 2 600 >native600.out
native 'threads under memory pressure' swap native600.out -m teaching --set cpus=4 --ram 3M \
	--swap 16M --check -- "$GUEST/threads" 4 2 600
figure 'memory pressure' swap mmu.shootdowns_by.reclaim -gt 0

# ---- processes ----

pipeline='seq 1 1000 | sort -rn | head -3; for i in 1 2 3; do echo $i | md5sum; done'
if [ -x /bin/busybox ] && /bin/busybox sh -c "$pipeline" >native.out 2>/dev/null; then
	for cpus in 1 4; do
		for pcid in true false; do
			native "a pipeline on $cpus CPUs, pcid $pcid" $cpus$pcid native.out \
				-m skylake --set cpus=$cpus --set pcid=$pcid --check -- \
				/bin/busybox sh -c "$pipeline"
		done
	done
	figure 'PCIDs save flushes' 1true mmu.flushes.all -lt \
		"$(stat_of 1false.json mmu.flushes.all)"
	figure 'PCIDs save walks' 1true mmu.walks.count -lt "$(stat_of 1false.json mmu.walks.count)"
	figure 'without PCIDs each load of CR3 flushes' 1false mmu.flushes.all -ge \
		"$(stat_of 1false.json mmu.cr3_writes)"
else
	skip 'pipelines' 'no busybox'
fi
finish
