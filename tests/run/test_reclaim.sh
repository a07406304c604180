#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reclaim policies on whole programs: what fits and what does not, and whose choice
# costs least (docs/policies.md has larger runs of the same).

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1

run() { # NAME POLICY OPTIONS -- PROGRAM ...: statistics in NAME.json
	name=$1
	policy=$2
	shift 2
	timeout 120 "$PAGEWALK" run --quiet -m teaching --set swap_read_ahead=0 \
		--set reclaim.policy="$policy" --stats "$name.json" "$@" >"$name.out" 2>"$name.err"
}

major() { # NAME
	stat_of "$1.json" faults.major
}

fewer() { # NAME NAME PERCENT: the first has at most PERCENT of the second's major faults
	what="$1 has at most $3 % of the major faults of $2"
	echo "$1 $(major "$1"), $2 $(major "$2")" >numbers
	if [ "$(major "$1")" -gt 0 ] && [ $(($(major "$1") * 100)) -le $(($(major "$2") * $3)) ]; then
		ok "$what"
	else
		not_ok "$what" <numbers
	fi
}

# Of 16 MB, the kernel and what it keeps free leave about 14.
for policy in two-list fifo clock random; do
	run under $policy --engine faults --ram 16M --swap 32M -- "$GUEST/working-set" 13M 13M 1 100000
	check "just under RAM: hardly a major fault ($policy)" [ "$(major under)" -le 8 ]
	run over $policy --engine faults --ram 16M --swap 32M -- "$GUEST/working-set" 16M 16M 1 100000
	check "just over RAM: many ($policy)" [ "$(major over)" -ge 5000 ]
done

for policy in two-list fifo clock lru random; do
	check "skewed finds its pages as they were ($policy)" \
		run $policy $policy --ram 4M --swap 16M -- "$GUEST/skewed" 5M 60000
	check "the statistics name the policy ($policy)" \
		[ "$(stat_of $policy.json reclaim.policy)" = $policy ]
	echo "# $policy: $(major $policy) major faults"
done
fewer two-list fifo 90
fewer clock fifo 90
fewer lru two-list 95
fewer lru clock 96
fewer fifo random 101

for policy in two-list fifo clock lru random; do
	check "all invariants hold ($policy)" \
		run checked $policy --check --ram 4M --swap 16M -- "$GUEST/skewed" 5M 3000
done
run other random --set seed=7 --ram 4M --swap 16M -- "$GUEST/skewed" 5M 60000
check 'another seed, other victims' [ "$(major other)" != "$(major random)" ]
run refused lru --engine faults -- "$GUEST/skewed" 5M 10
status=$?
check 'exact LRU without all accesses is refused' [ $status -eq 125 ]
check 'and it says why' grep -q 'engine exact' refused.err
finish
