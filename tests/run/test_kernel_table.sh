#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs/kernel.md: each row's command works, and its files and tests are there.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
root=$(cd "$here/../.." && pwd)
build=$(dirname "$GUEST")
cd "$root" || exit 1

# The table's rows, a field a column: | number | system | files | tests | `command` ... |
grep '^| [0-9]' docs/kernel.md >"$scratch/rows"

cell() { # COLUMN ROW
	printf '%s\n' "$2" | awk -F ' *[|] *' -v column="$1" '{ print $(column + 1) }'
}

files_are_there() { # "FILE, FILE ..."
	for file in $(printf '%s' "$1" | tr -d ','); do
		[ -f "$file" ] || { echo "no $file"; return 1; }
	done
}

# As typed from the root, with this build's program and folder.
runs() { # COMMAND
	command=$(printf '%s' "$1" | sed "s|\\<build/|$build/|g; s|^pagewalk |'$PAGEWALK' |")
	timeout 120 sh -c "$command" </dev/null
}

while IFS= read -r row <&3; do
	number=$(cell 1 "$row")
	command=$(cell 5 "$row" | sed 's/^`\([^`]*\)`.*/\1/')
	check "row $number: files" files_are_there "$(cell 3 "$row")"
	check "row $number: tests" files_are_there "$(cell 4 "$row")"
	check "row $number: $command" runs "$command"
done 3<"$scratch/rows"
numbers=$(cut -d ' ' -f 2 "$scratch/rows" | tr '\n' ' ')
check 'rows 1 to 27 are there, in order' [ "$numbers" = "$(seq 1 27 | tr '\n' ' ')" ]
finish
