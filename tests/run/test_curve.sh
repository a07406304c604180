#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pagewalk replay --curve against replays one by one: TLBs of 20 sizes, whole and in sets;
# RAM against a list of pages in awk.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
cd "$scratch" || exit 1

# A lackey trace: code that wanders, a stack, an array gone through, another at random.
awk 'BEGIN {
	for (i = 0; i < 40000; i++) {
		chance = (chance * 1103515245 + 12345) % 2147483648
		if (chance % 97 == 0)
			code = int(chance / 97) % 50
		printf "I  %x,4\n", 4194304 + code * 4096 + i % 1000 * 4
		if (i % 3 == 0)
			printf " L %x,8\n", 268435456 + int(i / 3) * 64
		else if (i % 7 == 0)
			printf " S %x,8\n", 536870912 + int(chance / 64) % 300 * 4096 + chance % 500 * 8
		else if (i % 5 == 0)
			printf " M %x,8\n", 805306368 + i % 11 * 1000
	}
}' >trace.lackey

# Misses of an LRU cache by the curve: of the largest size that has a row and is not larger.
of_curve() { # CSV CURVE SETS WAYS
	awk -F, -v curve="$2" -v sets="$3" -v ways="$4" '
		$1 == curve && $2 == "lru" && $3 == sets && $4 <= ways { misses = $7 + $9 }
		END { print misses }' "$1"
}

replay_with() { # SETS WAYS TRACE: statistics in stats.json
	"$PAGEWALK" replay -q -m skylake --set tlb.policy=lru --set tlb.l1d.entries=$(($1 * $2)) \
		--set tlb.l1d.ways="$2" --set tlb.l1i.entries=$(($1 * $2)) \
		--set tlb.l1i.ways="$2" --stats stats.json "$3"
}

as_replayed() { # SETS WAYS
	replay_with "$1" "$2" trace.lackey || return
	for tlb in l1d l1i; do
		replayed=$(stat_of stats.json "mmu.tlb.$tlb.misses")
		curve=$(of_curve curve.csv "$tlb" "$1" "$2")
		[ "$replayed" = "$curve" ] || {
			echo "$tlb: $replayed by the replay, $curve by the curve"
			return 1
		}
	done
}

check 'a curve beside a replay' \
	"$PAGEWALK" replay -q --curve curve.csv --curve-opt --stats stats.json trace.lackey
for size in '1 1' '1 2' '1 3' '1 5' '1 8' '1 16' '1 31' '1 64' '1 100' '1 300' \
	'2 1' '2 7' '4 4' '8 2' '16 3' '16 4' '32 8' '64 1' '128 2' '256 5'; do
	# shellcheck disable=SC2086
	check "sets and ways $size: as replayed" as_replayed $size
done

# RAM: pages in the order of their last use.
lru_faults() { # PAGES
	awk -v size="$1" '
		function page_of(address, n, i) {
			for (n = i = 0; i < length(address) - 3; )
				n = n * 16 + index("0123456789abcdef", substr(address, ++i, 1)) - 1
			return n
		}
		function touch(page, victim, p) {
			if (!(page in used)) {
				faults++
				if (count == size) {
					for (p in used)
						if (victim == "" || used[p] < used[victim])
							victim = p
					delete used[victim]
					count--
				}
				count++
			}
			used[page] = ++now
		}
		{ sub(",.*", "", $2); touch(page_of($2)) }
		END { print faults }' trace.lackey
}
ram_is() { # PAGES
	expected=$(lru_faults "$1") curve=$(of_curve curve.csv ram 1 "$1")
	echo "$expected in a list, $curve by the curve"
	[ "$expected" = "$curve" ]
}
for pages in 1 2 10 50 200 500; do
	check "RAM of $pages pages: as in a list" ram_is "$pages"
done

never_above_lru() {
	awk -F, '
		$3 == 1 && $2 == "lru" { lru[$1, $5] = $7 }
		$2 == "opt" { opt[$1, $5] = $7; if ($5 > last[$1]) last[$1] = $5 }
		END {
			for (curve in last) {
				best = floor = -1
				for (n = 1; n <= last[curve]; n++) {
					if ((curve, n) in lru)
						best = lru[curve, n]
					if ((curve, n) in opt)
						floor = opt[curve, n]
					rows++
					if (floor > best) {
						print curve, n ": opt", floor, "lru", best
						bad = 1
					}
				}
			}
			exit bad || !rows
		}' curve.csv
}
check 'the optimal policy never misses more' never_above_lru

"$PAGEWALK" replay -q --curve - --curve-opt --curve-only trace.lackey >only.csv
check 'without the replay the curve is the same' cmp curve.csv only.csv
"$PAGEWALK" replay -q --curve - --curve-only --curve-sets 4 --curve-ways 2 trace.lackey >few.csv
few() {
	[ "$(of_curve few.csv l1d 4 2)" = "$(of_curve curve.csv l1d 4 2)" ] &&
		! grep -qE '^l1d,lru,(8,|4,3)' few.csv
}
check 'fewer sets and ways' few

"$PAGEWALK" replay -q --curve large.csv --curve-only --curve-page 2M trace.lackey
large() { # each page of 2 MB is a compulsory miss
	pages=$(awk '{
		sub(",.*", "", $2)
		sub("[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]$", "", $2)
		digit = substr($2, length($2)) # bits 20 to 23: 21 and above count
		print substr($2, 1, length($2) - 1) int((index("0123456789abcdef", digit) - 1) / 2)
	}' trace.lackey | sort -u | wc -l)
	echo "$pages pages, $(of_curve large.csv unified 1 1000) misses"
	[ "$pages" = "$(of_curve large.csv unified 1 1000)" ]
}
check 'pages of 2 MB' large
"$PAGEWALK" replay -q --curve all.csv --curve-only --curve-sample 0.999999 trace.lackey
sampled() { # of nearly all pages: a few misses less at most
	awk -F, '
		$3 == 1 && $1 == "ram" && $2 == "lru" { misses[FILENAME, $5] = $7 }
		END {
			for (i in misses) {
				split(i, at, SUBSEP)
				if (at[1] != "all.csv" || !(("curve.csv", at[2]) in misses))
					continue
				off = misses["curve.csv", at[2]] - misses[i]
				rows++
				if (off > 100 || off < -100)
					bad = 1
			}
			exit bad || rows < 20
		}' curve.csv all.csv
}
check 'a sample of nearly all pages' sampled
"$PAGEWALK" replay -q --curve some.csv --curve-only --curve-sample 100 trace.lackey
"$PAGEWALK" replay -q --curve same.csv --curve-only --curve-sample 100 trace.lackey
check 'a sample is always the same one' cmp some.csv same.csv

# A recorded run: kernel and flushes are in the replay, and not in the curve.
"$PAGEWALK" run -q --record full.pwt -- "$GUEST/working-set" >out
"$PAGEWALK" run -q --record page.pwt --record-detail page -- "$GUEST/working-set" >out
"$PAGEWALK" replay -q --curve full.csv --curve-opt full.pwt
"$PAGEWALK" replay -q --curve page.csv --curve-opt page.pwt
grep -E '^l1[di],' full.csv >full.l1
grep -E '^l1[di],' page.csv >page.l1
check 'page level gives the same curves of L1 TLBs' cmp full.l1 page.l1
but_for_flushes() { # SETS WAYS: each flush costs at most what it dropped
	replay_with "$1" "$2" page.pwt || return
	flushed=$(($(stat_of stats.json mmu.flushes.all) * $1 * $2 +
		$(stat_of stats.json mmu.flushes.page)))
	for tlb in l1d l1i; do
		more=$(($(stat_of stats.json "mmu.tlb.$tlb.4k.misses") -
			$(of_curve page.csv "$tlb" "$1" "$2")))
		echo "$tlb: $more more misses in the replay, $flushed dropped by flushes"
		[ "$more" -ge 0 ] && [ "$more" -le "$flushed" ] || return
	done
}
for size in '1 4' '1 16' '1 64' '16 4' '32 4'; do
	# shellcheck disable=SC2086
	check "a recorded run, sets and ways $size" but_for_flushes $size
done

refused() { # MESSAGE OPTION ...
	message=$1
	shift
	"$PAGEWALK" replay -q "$@" trace.lackey 2>err
	[ $? = 125 ] && grep -q "$message" err || { cat err; return 1; }
}
check 'a part of the options alone is a mistake' refused 'needs --curve FILE' --curve-opt
check 'sets are a power of two' refused 'power of two' --curve x.csv --curve-sets 12
check 'numbers are numbers' refused 'is no number' --curve x.csv --curve-ways many
check 'pages have 4 KB at least' refused 'pages must have' --curve x.csv --curve-page 1K
check 'a sample is a part or a number' refused 'a part of the pages' --curve x.csv --curve-sample 0
check 'so many pages at a time have no optimal policy' \
	refused 'the optimal policy needs' --curve x.csv --curve-opt --curve-sample 100
for option in '--stats x.json' '-m zen2' '--ram 1G' --check --fold; do
	check "no replay, so no $option" refused '^pagewalk: --curve-only: ' --curve x.csv --curve-only $option
done
check 'and nothing is written' test ! -e x.csv
head -n 1000 trace.lackey >broken.lackey
echo ' L nonsense' >>broken.lackey
broken() {
	"$PAGEWALK" replay -q --format lackey --curve broken.csv broken.lackey 2>err
	[ $? = 125 ] && grep -q 'broken.lackey' err && grep -q '^l1d,' broken.csv
}
check 'what came before a broken record counts' broken
finish
