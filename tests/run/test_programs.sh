#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The distribution's own dynamic programs, those of programs.tsv: on the simulated
# machine they print what they print natively, standard error too, and end with the same
# status; what they write stays in memory. The light ones with --check of every
# translation; with PW_QUICK they alone, and without the TLBs.

here=$(dirname "$0")
. "$here/tap.sh"
table=$(cd "$here" && pwd)/programs.tsv
mkdir "$scratch/work"
cd "$scratch/work" || exit 1
PATH=/usr/bin:/bin

# An empty folder and no environment of the tester's, on both sides.
native() { # SCRIPT
	# A subshell of its own, so that this shell's "Killed" is not taken for the program's.
	(exec env -i PATH=$PATH HOME=/ LC_ALL=C timeout 120 sh -c "$1" \
		</dev/null >../native.out 2>../native.err)
	native=$?
	find . -mindepth 1 -delete
}

simulated() { # SIZE SCRIPT
	engine='exact --check'
	[ "$1" = light ] && [ -z "${PW_QUICK-}" ] || engine=faults
	# shellcheck disable=SC2086 # options are words
	timeout 300 "$PAGEWALK" run --quiet --engine $engine --env PATH=$PATH --env HOME=/ \
		--env LC_ALL=C -- /bin/sh -c "$2" </dev/null >../simulated.out 2>../simulated.err
	simulated=$?
}

explain() {
	echo "status: native $native, simulated $simulated"
	diff ../native.out ../simulated.out | head -n 9
	diff ../native.err ../simulated.err | head -n 9
}

lacks() { # PROGRAM ...: prints the first that is not there
	for program in "$@"; do
		command -v "$program" >/dev/null || { echo "$program"; return; }
	done
	false
}

tab=$(printf '\t')
while IFS="$tab" read -r name size needs script; do
	case "$name" in '#'*) continue ;; esac
	# shellcheck disable=SC2086 # programs are words
	if missing=$(lacks $needs); then
		skip "$name" "no $missing"
		continue
	fi
	[ "$size" = light ] || [ -z "${PW_QUICK-}" ] || continue
	native "$script"
	simulated "$size" "$script"
	if [ $native -eq $simulated ] && cmp -s ../native.out ../simulated.out &&
		cmp -s ../native.err ../simulated.err; then
		ok "$name"
	else
		explain | not_ok "$name"
	fi
done <"$table"

check 'nothing was written to the host' test -z "$(ls -A)"
finish
