#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Same inputs, same bytes out: statistics, fault list and time series of two runs;
# and what observing must not change: --check, --interval, the engine.

here=$(dirname "$0")
. "$here/tap.sh"
sh "$here/make-data.sh" "$scratch" || exit 1
cd "$scratch" || exit 1

run() { # PREFIX OPTION ...
	prefix=$1
	shift
	"$PAGEWALK" run --quiet --stats "$prefix.json" --faults "$prefix.csv" "$@" \
		</dev/null >"$prefix.out" 2>"$prefix.err"
}

same() { # DESCRIPTION FILE FILE
	if cmp -s "$2" "$3"; then
		ok "$1"
	else
		diff "$2" "$3" | not_ok "$1"
	fi
}

for program in 'sort t300.txt' 'md5sum r1m.bin' 'gzip -c t300.txt'; do
	set -- --interval 100000 -- /bin/busybox $program
	run a "$@"
	run b "$@"
	same "$program: statistics and time series of two runs" a.json b.json
	same "$program: page faults of two runs" a.csv b.csv
done

# Small RAM: reclaim, swap and read-ahead are deterministic too.
set -- --ram 4M --swap 32M -- /bin/busybox sort t1m.txt
run a "$@"
run b "$@"
same 'under memory pressure: statistics' a.json b.json
same 'under memory pressure: output' a.out b.out

run plain -- /bin/busybox sort t300.txt
run checked --check -- /bin/busybox sort t300.txt
same '--check changes no figure' plain.json checked.json
run cut --interval 1000 -- /bin/busybox sort t300.txt
for figure in guest.instructions mmu.accesses.fetch mmu.tlb.l1d.misses mmu.tlb.stlb.hits \
	faults.minor faults.major; do
	[ "$(stat_of plain.json $figure)" = "$(stat_of cut.json $figure)" ] &&
		ok "--interval does not change $figure" ||
		echo "$(stat_of plain.json $figure) $(stat_of cut.json $figure)" |
		not_ok "--interval does not change $figure"
done
run faults --engine faults --instructions -- /bin/busybox sort t300.txt
same 'both engines take the same page faults' plain.csv faults.csv
for figure in guest.instructions guest.syscalls faults.minor faults.major \
	memory.rss_peak_pages memory.free_pages; do
	[ "$(stat_of plain.json $figure)" = "$(stat_of faults.json $figure)" ] &&
		ok "both engines agree on $figure" ||
		echo "$(stat_of plain.json $figure) $(stat_of faults.json $figure)" |
		not_ok "both engines agree on $figure"
done
finish
