# SPDX-License-Identifier: GPL-2.0-or-later
#
# tap - sourced by the whole-run tests: Test Anything Protocol for shell.
# Needs: PAGEWALK (the program), and makes: scratch (a folder, gone at the end).

set -u
scratch=$(mktemp -d)
trap 'exit 1' HUP INT TERM
# One line a result: a file counts, as results come from pipes' subshells too.
results=$(mktemp)
trap 'rm -rf "$scratch" "$results" "$results.log"' EXIT

tap_number() { # RESULT
	echo "$1" >>"$results"
	wc -l <"$results"
}

ok() { # DESCRIPTION
	echo "ok $(tap_number ok) - $*"
}

not_ok() { # DESCRIPTION; explanation lines on standard input
	echo "not ok $(tap_number not) - $*"
	head -n 30 | sed 's/^/# /'
}

skip() { # DESCRIPTION REASON
	echo "ok $(tap_number skip) - $1 # SKIP $2"
}

check() { # DESCRIPTION COMMAND ...: passes if the command does
	tap_what=$1
	shift
	if "$@" >"$results.log" 2>&1; then
		ok "$tap_what"
	else
		not_ok "$tap_what" <"$results.log"
	fi
}

finish() {
	echo "1..$(wc -l <"$results")"
	! grep -q not "$results"
	exit
}

# The value of a dotted path in a statistics file: stat_of FILE vmstat.pswpin
stat_of() {
	"$JSON_GET" "$1" "$2"
}
