#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shell scripts with several processes print on the simulated machine what they print
# natively; what the statistics say of each process; how runs end that cannot go on.

here=$(dirname "$0")
. "$here/tap.sh"
busybox=${BUSYBOX-/bin/busybox}

[ -x "$busybox" ] || { echo "1..0 # SKIP no $busybox"; exit 0; }
table=$(cd "$here" && pwd)/processes.tsv
cd "$scratch" || exit 1

run() { # OPTION ... -- PROGRAM ...
	timeout 120 "$PAGEWALK" run --quiet --stats stats.json "$@" </dev/null
}

stat() {
	stat_of "${2-stats.json}" "$1"
}

explain() {
	echo "status: native $native, simulated $simulated"
	diff native.out simulated.out | head -n 9
}

tab=$(printf '\t')
while IFS="$tab" read -r name script; do
	case "$name" in '#'*) continue ;; esac
	env -i PATH=/bin "$busybox" sh -c "$script" </dev/null >native.out 2>&1
	native=$?
	run --check --engine faults --env PATH=/bin -- "$busybox" sh -c "$script" >simulated.out 2>&1
	simulated=$?
	if [ $native -eq $simulated ] && cmp -s native.out simulated.out; then
		ok "$name"
	else
		explain | not_ok "$name"
	fi
done <"$table"

# ---- figures ----

script='seq 1 2000 | sort -rn | head -3; for i in 1 2 3; do echo $i | md5sum; done'
run -- "$busybox" sh -c "$script" >a.out
mv stats.json a.json
run -- "$busybox" sh -c "$script" >b.out
check 'two runs of a pipeline print the same' cmp a.out b.out
check 'two runs of a pipeline have the same statistics' cmp a.json stats.json
check 'every process has its row: sh, 3 in the pipe, 3 * 2 in the loop' \
	test "$(grep -c '"pid"' a.json)" -eq 10
check 'every process has its own TLB figures' \
	test "$(stat tasks.3.mmu.tlb.l1d.misses)" -gt 0

run --check --set cpus=4 -- "$busybox" sh -c "$script" >b.out
check 'four CPUs print the same' cmp a.out b.out
mv stats.json a.json
run --set cpus=4 -- "$busybox" sh -c "$script" >b.out
check 'two runs on four CPUs have the same statistics' cmp a.json stats.json

# One task at a time is switched to and from: with a quantum of 1 all others wait less.
run --set sched.quantum=10000 -- "$busybox" sh -c "$script" >b.out
check 'another quantum prints the same' cmp a.out b.out
check 'a short quantum makes more CR3 loads' \
	test "$(stat mmu.cr3_writes)" -gt "$(stat mmu.cr3_writes a.json)"
pair='cat /proc/self/stat /proc/self/stat >/dev/null & while [ $((i+=1)) -lt 300 ]; do :; done'
for pcid in true false; do
	run --set "pcid=$pcid" --set sched.quantum=2000 -- "$busybox" sh -c "$pair"
	mv stats.json "pcid-$pcid.json"
done
check 'without PCIDs every CR3 load is a flush' \
	test "$(stat mmu.flushes.all pcid-false.json)" -ge \
	"$(stat mmu.cr3_writes pcid-false.json)"
check 'with PCIDs most are none' \
	test "$(stat mmu.flushes.all pcid-true.json)" -lt "$(stat mmu.cr3_writes pcid-true.json)"
check 'without PCIDs more translations are lost' \
	test "$(stat mmu.tlb.l1d.misses pcid-false.json)" -gt \
	"$(stat mmu.tlb.l1d.misses pcid-true.json)"

# ---- ends ----

run --engine faults -- "$busybox" sh -c 'sleep 1000 & exit 7'
check 'the status is the first process'"'"'s' test $? -eq 7
run --engine faults -- "$busybox" sh -c '(read a; echo late) < /proc/self/fd/9 9<&0 & exit 0' 2>err
check 'who waits for nothing ends with the machine' test $? -eq 0
run --engine faults -- "$busybox" sh -c 'kill -STOP $$' 2>err
[ $? -eq 125 ] && grep -q 'deadlock: nothing can wake task 1000 (busybox), stopped' err &&
	ok 'a deadlock is told' || not_ok 'a deadlock is told' <err

run --engine faults --ram 32M -- "$GUEST/forkbomb" >out 2>err
status=$?
[ $status -eq 0 ] && grep -q '^forkbomb: the limit' out &&
	ok "a fork bomb meets its limit: $(cat out)" ||
	{ echo "status $status"; cat out err; } | not_ok 'a fork bomb meets its limit'
run --check --engine faults --ram 6M -- "$GUEST/forkbomb" 64K >out 2>err
status=$?
case $status in
0 | 137) ok "a fork bomb that memory stops: status $status" ;;
*) { echo "status $status"; cat out err; } | not_ok 'a fork bomb that memory stops' ;;
esac

finish
