#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Allocations and swap transfers that fail on demand: the guest gets an error or a
# signal, or does not notice; the simulator neither crashes nor loses a page. That
# it does not is --check's to say: all invariants, managed frames = free + used, and
# after the end every frame back that was free at boot.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1
ulimit -c 0
i=0
while [ $i -lt 3000 ]; do
	i=$((i + 1))
	echo "$((i * 7919 % 3001)) a line to sort"
done >lines.txt

run() { # SITE RULE OPTIONS -- PROGRAM ARGUMENT ...; sets status
	site=$1
	rule=$2
	shift 2
	rm -f s.json
	"$PAGEWALK" run --quiet --check --engine faults --stats s.json \
		--set "fault_inject.$site=$rule" "$@" </dev/null >out 2>err
	status=$?
}

# What the simulator says of itself: a sanitizer, an assertion, a broken invariant.
is_sound() {
	[ $status -ne 125 ] && [ $status -ne 134 ] && [ $status -ne 124 ] &&
		! grep -qE 'ERROR: |runtime error|Assertion|shutdown:|invariant' err
}

gives() { # STATUS SITE RULE OPTIONS -- PROGRAM ARGUMENT ...
	expected=$1
	shift
	run "$@"
	if is_sound && [ $status -eq "$expected" ]; then
		ok "$* -> $status"
	else
		{ echo "status $status, wanted $expected"; cat err; } | not_ok "$* -> $expected"
	fi
}

failed() { # MINIMUM: of the last run
	value=$(stat_of s.json "fault_inject.$site.failed")
	if [ "${value:-0}" -ge "$1" ]; then
		ok "at least $1 of $site failed"
	else
		echo "failed: $value" | not_ok "at least $1 of $site failed"
	fi
}

# One after the other, wherever it strikes; 126 is a program that could not begin.
survives() { # SITE RULES OPTIONS -- PROGRAM ARGUMENT ...
	what="$*"
	site=$1
	rules=$2
	shift 2
	: >seen
	for rule in $rules; do
		run "$site" "$rule" "$@"
		is_sound || { echo "$rule: status $status"; cat err; } >>seen
	done
	if [ -s seen ]; then
		not_ok "$what" <seen
	else
		ok "$what"
	fi
}

small='--set ram=8M --swap 32M'

# shellcheck disable=SC2086 # options are words
{
	# Before the program runs: execve(2) fails, whole.
	gives 126 slab nth:2 -- "$GUEST/stride" 1M 4096 4
	check 'and says why' grep -q 'no memory' err
	gives 126 page_alloc every:2 -- "$GUEST/stride" 1M 4096 4

	# In a page fault: the access is tried again.
	gives 0 page_alloc nth:200 -- "$GUEST/stride" 1M 4096 4
	failed 1
	gives 0 page_alloc fraction:1/30 --set seed=3 $small -- "$GUEST/sweep" 10M
	failed 100
	cp s.json first.json
	run page_alloc fraction:1/30 --set seed=3 $small -- "$GUEST/sweep" 10M
	check 'the same seed fails at the same places' cmp first.json s.json

	# Swap that cannot be read is lost: SIGBUS. Swap that cannot be written is as
	# good as none: the OOM killer.
	gives 135 swap_read every:1 $small -- "$GUEST/sweep" 10M
	failed 1
	gives 137 swap_write every:1 $small -- "$GUEST/sweep" 10M
	check 'and says so' grep -q 'Out of memory: Killed process' err
	gives 0 swap_write every:3 $small -- "$GUEST/sweep" 10M
	failed 100

	survives page_alloc 'nth:1 nth:3 nth:6 nth:10 nth:25 nth:60 every:40' \
		-- /bin/busybox sort lines.txt
	survives slab 'nth:1 nth:4 nth:7 nth:12 nth:18 nth:40 every:30' \
		-- /bin/busybox sort lines.txt
	survives page_alloc 'every:7 fraction:1/300' $small -- "$GUEST/random" 10M 2000
	survives slab 'every:9 fraction:1/200' $small -- "$GUEST/random" 10M 2000
	survives swap_read 'every:20 fraction:1/9' $small -- "$GUEST/working-set" 9M
	survives slab 'nth:20 nth:30' -- "$GUEST/cow"
	survives slab 'nth:17 nth:23' -- "$GUEST/handlers"

	# Several processes, and threads on several CPUs: fork, execve, pipes and clone
	# that stop half-way.
	pipeline='seq 1 300 | sort -rn | head -3; for i in 1 2; do echo $i | md5sum; done'
	survives slab 'nth:5 nth:40 nth:61 nth:88 nth:103 nth:130 nth:160 every:17' \
		-- /bin/busybox sh -c "$pipeline"
	survives page_alloc 'nth:60 nth:150 nth:300 every:50 fraction:1/40' \
		-- /bin/busybox sh -c "$pipeline"
	survives slab 'nth:20 nth:45 nth:60 nth:77 every:13' --set cpus=4 -- "$GUEST/threads" 4 3
	survives page_alloc 'nth:60 nth:120 nth:180 every:13' --set cpus=4 -- "$GUEST/threads" 4 3
	sorts='seq 1 20000 | sort -rn | md5sum; seq 1 20000 | sort | tail -1'
	survives swap_read 'every:3 every:1 fraction:1/60' --set ram=4M --swap 32M -- \
		/bin/busybox sh -c "$sorts"
	failed 1
	survives swap_write 'every:3 every:1' --set ram=4M --swap 32M -- \
		/bin/busybox sh -c "$sorts"
	failed 1
}

"$PAGEWALK" run --quiet --stats first.json -- /bin/busybox true
"$PAGEWALK" run --quiet --stats s.json --set fault_inject.slab=off -- /bin/busybox true
check 'off is as if there were no such key' cmp first.json s.json
check 'and the statistics have none' sh -c '! grep -q fault_inject s.json'

finish
