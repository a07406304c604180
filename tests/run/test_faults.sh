#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The page faults of busybox against the real kernel's, entry by entry: mode, page
# and error code in their places, and the instruction pointer of user entries.
# ORACLE is a folder of lists recorded on Linux 6.18; without it this is skipped.

here=$(dirname "$0")
. "$here/tap.sh"
oracle=${ORACLE-$here/../../../shared/oracle}
busybox=/bin/busybox

[ -d "$oracle/faults" ] || { echo "1..0 # SKIP no recorded fault lists"; exit 0; }
oracle=$(cd "$oracle" && pwd)
sh "$here/make-data.sh" "$scratch" || exit 1
cd "$scratch" || exit 1

# A list with the address cut to its page, and kernel entries without a name.
normalise() {
	awk -F, 'NR > 1 {
		page = substr($5, 1, length($5) - 3)
		if (page == "0x") page = "0x0"
		print $3, ($3 == "u" ? $4 : "-"), page, $6
	}' "$1"
}

tab=$(printf '\t')
column() { # NUMBER: of the workload's line
	printf '%s' "$line" | cut -f "$1"
}

# Runs the workload of $line; the oracle's argv[0] is the applet's name.
simulate() { # OPTION ...
	input=$(column 2)
	[ "$input" = - ] && input=/dev/null
	arguments=$(column 4)
	eval "\"$PAGEWALK\" run --quiet --machine skylake --set page_cache=warm $* \
		--argv0 ${arguments%% *} -- $busybox ${arguments#"${arguments%% *}"}" \
		<"$input" >/dev/null 2>run.err
}

for name in true cat-1m md5-1m sort-0 gzip-0 sh-for; do
	for engine in exact faults; do
		line=$(grep "^$name$tab" "$oracle/workloads.tsv")
		simulate --faults faults.csv --engine "$engine"
		normalise faults.csv >got
		normalise "$oracle/faults/$name.csv" >expected
		if cmp -s expected got; then
			ok "$name ($engine): $(wc -l <expected) faults, all alike"
		else
			{ head -n 3 run.err; diff expected got; } | not_ok "$name ($engine)"
		fi
	done
done

# The others by their number alone: from_exec_min is the list and the argument page.
sed 1d "$oracle/counts.csv" | while IFS=, read -r name status minor rest; do
	line=$(grep "^$name$tab" "$oracle/workloads.tsv")
	minor=${minor%%:*} # of several that were seen, the most frequent
	simulate --stats stats.json --engine faults
	got=$(stat_of stats.json faults.minor)
	echo "$name $minor $got $((got - minor))"
done >counts
while read -r name expected got difference; do
	if [ "${difference#-}" -le 2 ]; then
		ok "$name: $got minor faults, the kernel $expected"
	else
		echo "$got minor faults, the kernel $expected" | not_ok "$name"
	fi
done <counts

# A cold file: one major fault, whatever else.
line=$(grep "^true$tab" "$oracle/workloads.tsv")
simulate --set page_cache=cold --stats stats.json
[ "$(stat_of stats.json faults.major)" = 1 ] && ok "a cold file gives one major fault" ||
	not_ok "a cold file gives one major fault" <stats.json

finish
