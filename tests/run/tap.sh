# SPDX-License-Identifier: GPL-2.0-or-later
#
# tap - sourced by the whole-run tests: Test Anything Protocol for shell.
# Needs: PAGEWALK (the program), and makes: scratch (a folder, gone at the end).

set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
tap_count=0
tap_failures=0

ok() { # DESCRIPTION
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $*"
}

not_ok() { # DESCRIPTION; explanation lines on standard input
	tap_count=$((tap_count + 1))
	tap_failures=$((tap_failures + 1))
	echo "not ok $tap_count - $*"
	sed 's/^/# /' | head -n 30
}

skip() { # DESCRIPTION REASON
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

check() { # DESCRIPTION COMMAND ...: passes if the command does
	tap_what=$1
	shift
	if "$@" >"$scratch/check.log" 2>&1; then
		ok "$tap_what"
	else
		not_ok "$tap_what" <"$scratch/check.log"
	fi
}

finish() {
	echo "1..$tap_count"
	[ "$tap_failures" -eq 0 ]
	exit
}

# The value of a dotted path in a statistics file: stat_of FILE vmstat.pswpin
stat_of() {
	"$JSON_GET" "$1" "$2"
}
