#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line: what scripts of pagewalk's users lean on.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1
busybox=/bin/busybox

run() {
	"$PAGEWALK" run "$@" </dev/null
}

same() { # DESCRIPTION EXPECTED FOUND
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		printf 'expected: %s\nfound: %s\n' "$2" "$3" >difference
		not_ok "$1" <difference
		rm difference
	fi
}

# Machines
machines=$("$PAGEWALK" machine list | cut -d' ' -f1 | tr '\n' ' ')
same 'the machines that ship' 'skylake zen2 nehalem p6 p6-pae teaching numa4 drcachesim champsim ' "$machines"
for machine in $machines; do
	"$PAGEWALK" machine show "$machine" >shown.yaml
	"$PAGEWALK" machine show ./shown.yaml >again.yaml
	check "$machine: what is shown is a machine file of the same machine" cmp shown.yaml again.yaml
done
same 'show takes --set, before or after' 'ram: 8M' \
	"$("$PAGEWALK" machine show teaching --set ram=8M | grep '^ram')"

# Help
"$PAGEWALK" run --help >help
for option in machine set ram swap engine stats interval check syscalls root write env quiet faults; do
	check "run --help names --$option" grep -q -- "--$option" help
done

if [ ! -x $busybox ]; then
	skip 'whole runs' "no $busybox"
	finish
fi

# Exit status
run -q -- $busybox true
same 'true is 0' 0 $?
run -q -- $busybox sh -c 'exit 3'
same 'the exit status is the guest'\''s' 3 $?
run -q -- $busybox sh -c 'kill -9 $$'
same 'a killed guest is 128 + signal' 137 $?
run -q busybox true
same 'a name without a slash is looked up' 0 $?

# What the guest sees
same 'options behind the program are its own' '--stats -q' "$(run -q $busybox echo --stats -q)"
same 'the environment is empty' '' "$(run -q $busybox env)"
same 'but for --env' 'A=1 B=x=y ' "$(run -q --env A=1 --env B=x=y $busybox env | tr '\n' ' ')"
echo text | "$PAGEWALK" run -q $busybox cat >out
same 'standard input is passed on' text "$(cat out)"
run -q $busybox echo closed >&- 2>err
same 'a closed standard output is the guest'\''s to see' 1 $?
same 'a reader that goes away ends the guest' y \
	"$("$PAGEWALK" run -q $busybox yes </dev/null 2>err | head -n 1)"

# Results
run -q $busybox true 2>err
check '-q is quiet' test ! -s err
run $busybox true 2>err
check 'the summary goes to standard error' grep -q 'page walks' err
check 'and names no unknown calls where there are none' test "$(grep -c 'unknown calls' err)" -eq 0
run --engine faults "$GUEST/bad-calls" 1 1 2>err >bad.out
check 'but those that were made' sh -c 'sed -n "/^unknown calls/,\$p" err | grep -q "^  [a-z0-9_]*  *[1-9]"'
run -q --check --stats stats.json --faults faults.csv $busybox true
same '--check finds nothing' 0 $?
check 'one JSON document' grep -q '"schema": "pagewalk-stats/1"' stats.json
minor=$(stat_of stats.json faults.minor)
major=$(stat_of stats.json faults.major)
same 'all faults but the argument page are listed' $((minor + major - 1)) \
	$(($(wc -l <faults.csv) - 1))
run -q --stats - $busybox true >out
check '--stats - is the file' cmp out stats.json
"$PAGEWALK" machine show skylake >mine.yaml
run -q -m ./mine.yaml --stats mine.json $busybox true
check 'a machine file gives what the machine gives' cmp mine.json stats.json
run -q --engine faults --stats faults.json $busybox true
same 'engine faults: the same faults' "$minor" "$(stat_of faults.json faults.minor)"
same 'engine faults: no TLB figures' '' "$(stat_of faults.json mmu.tlb.l1d.hits)"

# Time series: the rows' faults add up to the run's
run -q --interval 1000 --stats rows.json $busybox true
rows=$(sed -n '/"rows"/,$p' rows.json | grep -o '\[[0-9, ]*\]' | tr -d '[],')
same 'the rows add up' "$minor" "$(echo "$rows" | awk '{ sum += $11 } END { print sum }')"
same 'a row every N instructions' "$(stat_of rows.json guest.instructions)" \
	"$(echo "$rows" | awk 'END { print $1 }')"

# Whole or not at all
echo precious >stats.json
run -q --stats stats.json ./no-such-program 2>err
same 'a run that does not start leaves the file as it was' precious "$(cat stats.json)"
rm -f ./*
run -q --stats new.json ./no-such-program 2>err
rm -f err
same 'and makes none' '' "$(ls -A)"

# What a message quotes does not steer the terminal
"$PAGEWALK" "$(printf 'a\033[31mb')" 2>err
same 'no escape sequences in messages' 0 "$(grep -c "$(printf '\033')" err)"
check 'the word is still there' grep -q 'a?\[31mb' err

# Standard output
if [ -w /dev/full ]; then
	"$PAGEWALK" machine keys >/dev/full 2>err
	same 'a full standard output is told' 1 "$([ $? = 125 ] && grep -c '^pagewalk: standard output: ' err)"
else
	skip 'a full standard output is told' 'no /dev/full'
fi
finish
