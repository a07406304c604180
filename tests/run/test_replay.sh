#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A recorded run, replayed on the machine that was recorded, has the figures of the run: all
# of them, but for what docs/replay.md says is absent. Programs of all kinds.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
cd "$scratch" || exit 1
busybox=/bin/busybox

# The first column of the document's table as one pattern: tasks[].cpu_ns is tasks.0.cpu_ns.
absent=$(sed -n '/^| absent/,/^$/p' "$here/../../docs/replay.md" | sed '1,2d; s/^| \([^|]*\)|.*/\1/' |
	grep -o '`[^`]*`' | tr -d '`' | sed 's/\[\]/.[0-9]*/; s/\./\\./g; s/\\\.\[/\\.[/' | paste -sd '|')

# Figures of the run that the replay does not have so, and that it has beside them.
differences() { # LIVE REPLAYED
	"$JSON_GET" "$1" | sort >live
	"$JSON_GET" "$2" | sort >replayed
	comm -23 live replayed | grep -vE "^($absent)([. ]|\$)"
	comm -13 live replayed | grep -v '^replay\.'
}

replays_as_it_ran() { # DETAIL OPTION ... -- PROGRAM ARG ...
	detail=$1
	shift
	rm -f trace.pwt
	"$PAGEWALK" run -q --record trace.pwt --record-detail "$detail" --stats run.json "$@" \
		>/dev/null 2>err </dev/null
	status=$?
	[ $status -lt 125 ] || { cat err; return 1; }
	"$PAGEWALK" replay -q --check --stats replay.json trace.pwt || return
	differences run.json replay.json >different
	head -n 20 different
	[ ! -s different ] && [ "$(stat_of replay.json replay.skipped)" = 0 ] &&
		[ "$(stat_of replay.json replay.segv)" = 0 ] &&
		[ "$(stat_of replay.json replay.complete)" = true ]
}

same() { # DESCRIPTION OPTION ... -- PROGRAM ARG ...
	description=$1
	shift
	check "$description" replays_as_it_ran full "$@"
	check "$description; page by page" replays_as_it_ran page "$@"
}

seq 1 300 | awk '{ print $1 * 7919 % 1000, "line" }' >lines

if [ -x $busybox ]; then
	same 'sort' -- $busybox sort lines
	same 'md5sum' -- $busybox md5sum lines
	same 'a shell' -- $busybox sh -c 'a=0; while [ $a -lt 50 ]; do a=$((a + 1)); done; echo $a'
	same 'a pipeline' -- $busybox sh -c 'busybox seq 1 200 | busybox sort | busybox tail'
	same 'a pipeline on two CPUs without PCIDs' --set cpus=2 --set pcid=false -- \
		$busybox sh -c 'busybox seq 1 200 | busybox sort | busybox tail'
	same 'files that are written, cut and removed' -- $busybox sh -c \
		'busybox cp lines a; echo more >>a; : >a; busybox rm a; busybox cat lines'
	same 'one that the OOM killer takes' --ram 4M -- $busybox sh -c "'$GUEST/sweep' 6M; echo \$?"
	same 'allocations that fail' --set fault_inject.page_alloc=every:40 -- \
		$busybox sh -c 'busybox seq 1 50 | busybox sort'
	same 'a cold page cache' --set page_cache=cold -- $busybox wc lines
else
	skip 'busybox' "no $busybox"
fi
if [ -x /bin/ls ]; then
	same 'a dynamic program' -- /bin/ls -l .
fi
same 'threads on four CPUs' --set cpus=4 -- "$GUEST/threads" 4 20
same 'an i386 program on p6' -m p6 -- "$GUEST/cow-i386"
same 'high memory' -m p6 --ram 1G -- "$GUEST/touch-i386" 2M 1
same 'copy-on-write' -- "$GUEST/cow"
same 'shared memory' -- "$GUEST/shared" all 256K
same 'stack growth' -- "$GUEST/stack"
same 'memory policies and migration' -m numa4 -- "$GUEST/numa"
same 'devices of kernel memory' -- "$GUEST/scull"
same 'swapping' --ram 4M --swap 16M -- "$GUEST/sweep" 5M
same 'reclaim by every use' --ram 4M --swap 16M --set reclaim.policy=lru -- "$GUEST/sweep" 5M
same 'advice, locks, settings, devices, and a thread that execs' --set page_cache=cold -- \
	"$RARE_CALLS" "$RARE_CALLS" "$scratch/file"
same 'signal handlers' -- "$GUEST/handlers"
same 'bad pointers' -- "$GUEST/wild"
finish
