#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `pagewalk replay` on traces that are no recordings of ours: figures that can be counted by
# hand, what a broken file leaves behind, and the command line.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1

replay() {
	"$PAGEWALK" replay "$@"
}

is() { # WANTED FOUND
	[ "$1" = "$2" ] || echo "expected $1, found $2"
	[ "$1" = "$2" ]
}

stat_is() { # PATH WANTED
	is "$2" "$(stat_of s.json "$1")"
}

lacks() { # PATH: the statistics have no such figure
	! stat_of s.json "$1" >found 2>&1 || ! echo "$1: $(cat found)"
}

fails_with() { # STATUS PATTERN COMMAND ...
	wanted=$1 pattern=$2
	shift 2
	"$@" >out 2>&1
	is "$wanted" $? && { grep -q -- "$pattern" out || { cat out; false; }; }
}

# 100 instructions in one page; 100 loads, a page each; 50 stores to the first 50 of them
for i in $(seq 100); do
	printf 'I  00401000,4\n L %x,8\n' $((0x10000000 + i * 4096))
	[ "$i" -gt 50 ] || printf ' S %x,8\n' $((0x10000000 + i * 4096 + 8))
done >pages.lackey

check 'a lackey trace replays on the default machine' \
	replay -q --check --stats s.json pages.lackey
check 'loads are counted' stat_is mmu.user.accesses.load 100
check 'stores are counted' stat_is mmu.user.accesses.store 50
check 'fetches are counted' stat_is mmu.user.accesses.fetch 100
check 'each page misses once in the TLBs' stat_is mmu.user.tlb.l1d.misses 100
check 'each page walks once' stat_is mmu.walks.count 101
check 'no walk ends in a fault' stat_is mmu.walks.faulted 0
check 'each page is a minor fault of the kernel' stat_is faults.minor 101
check 'the trace is complete' stat_is replay.complete true
for path in guest.instructions guest.syscalls guest.exit_status guest.time_ns engine \
	tasks.0.argv tasks.0.syscalls tasks.0.cpu_ns; do
	check "$path is unknown, and absent" lacks $path
done

check 'standard input is a trace, too' \
	sh -c "'$PAGEWALK' replay -q --stats t.json - <pages.lackey && cmp s.json t.json"
check 'again the same bytes' \
	sh -c "'$PAGEWALK' replay -q --stats t.json pages.lackey && cmp s.json t.json"
check 'packed, the same bytes' \
	sh -c "gzip -k pages.lackey && '$PAGEWALK' replay -q --stats t.json pages.lackey.gz &&
		cmp s.json t.json"

check 'less memory and swap: major faults' \
	replay -q --check --ram 4M --swap 16M --stats s.json pages.lackey
for i in $(seq 2000); do printf ' S %x,8\n' $((0x10000000 + i % 1000 * 4096)); done >many.lackey
check 'more pages than memory are swapped' \
	replay -q --check --ram 4M --swap 16M --stats s.json many.lackey
check 'each page was written out' test "$(stat_of s.json swap.pages_out)" -ge 1000
check 'and read again, at least those that memory does not hold' \
	test "$(stat_of s.json faults.major)" -ge 100
check 'nothing was skipped' stat_is replay.skipped 0

check 'rows stand at accesses' \
	replay -q --interval 100 --stats s.json pages.lackey
check 'the last row is the whole' stat_is interval.rows.0.0 250

# ---- what is wrong ----

{
	cat pages.lackey
	echo 'hello'
	cat pages.lackey
} >broken.lackey
check 'a broken record is named, with its file' \
	fails_with 125 '^pagewalk: broken.lackey: line 251: ' \
	replay -q -f lackey --stats s.json broken.lackey
check 'what came before it counts' stat_is mmu.user.accesses.load 100
check 'and the statistics say so' stat_is replay.complete false

echo ' L ffffffff81000000,8' >kernel.lackey
check 'an address of the kernel is refused' \
	fails_with 125 '^pagewalk: kernel.lackey: record 1: .*0xffffffff81000000.*--fold' \
	replay -q -f lackey kernel.lackey
check 'or folded' replay -q -f lackey --fold kernel.lackey
check '--set changes the machine' \
	sh -c "'$PAGEWALK' replay -q --set tlb.l1d.entries=4 --set tlb.l1d.ways=full \
		--stats s.json many.lackey"
check 'and the figures' stat_is mmu.user.tlb.l1d.misses 2000
check 'no TRACE is a mistake' fails_with 125 'replay: it is replay' replay
check 'two are one, too' fails_with 125 'replay: it is replay' replay a b
check 'a file that is not there' fails_with 125 'no.such: ' replay no.such
check 'an unknown format' fails_with 125 'nonsense: no such trace format' \
	replay -f nonsense pages.lackey
check 'a machine that is not there' fails_with 125 'no.such' replay -m no.such pages.lackey
check 'rows without statistics' fails_with 125 'interval' replay --interval 5 pages.lackey
check 'no rows at all' fails_with 125 '1 or more' replay --interval 0 --stats - pages.lackey
check 'no mistake leaves statistics behind' \
	sh -c "! '$PAGEWALK' replay -q --stats left.json no.such && ! [ -e left.json ]"

finish
