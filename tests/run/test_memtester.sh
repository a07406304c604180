#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# memtester finds the simulated machine's memory in order: 8 MB of it locked where RAM is
# plenty, and 8 MB in 6 MB of RAM and swap. Not all of its tests: those left out write
# and compare as these do, some 2000 times, with other patterns.

here=$(dirname "$0")
. "$here/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
memtester=$(command -v memtester) || { echo '1..0 # SKIP no memtester'; exit 0; }
cd "$scratch" || exit 1

# Addresses and random values, arithmetic, and writes of single bytes, the slowest.
mask=0x802f
[ -z "${PW_QUICK-}" ] || mask=0x2f

run() { # OPTION ... -- PROGRAM ...
	timeout 300 "$PAGEWALK" run --engine faults --stats stats.json \
		--env MEMTESTER_TEST_MASK=$mask "$@" >out 2>err
}

stat() {
	stat_of stats.json "$1"
}

passes() { # WHAT OPTION ...
	what=$1
	shift
	run "$@" -- "$memtester" 8M 1
	status=$?
	if [ $status -eq 0 ] && grep -q '^Done' out && ! grep -q FAILURE out; then
		ok "$what"
	else
		{ echo "status $status"; tr '\010' '\n' <out | tail -n 5; cat err; } | not_ok "$what"
	fi
}

passes 'memtester 8M with 64 MB of RAM' --ram 64M
check 'its memory is locked' grep -q 'trying mlock \.\.\.locked' out
check 'every page is asked for once' test "$(stat faults.by_kind.anon)" -lt 2100

passes 'memtester 8M with 6 MB of RAM and swap' --ram 6M --swap 16M
check 'without a lock' grep -q 'Continuing with unlocked memory' err
check 'nearly every page goes out and comes back, in each pass' \
	test "$(stat swap.pages_in)" -gt 20480
check 'no slot is left in use' test "$(stat swap.used_slots)" -eq 0

run --ram 6M --swap 16M -- /bin/sh -c "ulimit -l 8192 && exec $memtester 8M 1"
check 'who insists on the lock is killed' test $? -eq 137
check 'by the OOM killer, which says so' grep -q 'Out of memory: Killed process' err

run --ram 6M -- "$memtester" 8M 1
check 'without swap the unlocked memory is too much, and that is told' \
	grep -q 'Out of memory: Killed process' err
finish
