#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What README.md shows as the output of its first command is what it prints. It does
# with the busybox that it was made with; with another one there is nothing to compare.

root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/run/tap.sh"
made_with='1:1.35.0-4+deb12u1+b1'

# From the line behind the command to the end of the block.
sed -n '/^+ build\/tools\/pagewalk run -- /,/^```$/p' "$root/README.md" | sed '1d;$d' >"$scratch/told"
check 'the README shows an output' [ -s "$scratch/told" ]

version=$(dpkg-query -W -f '${Version}' busybox-static 2>"$scratch/log" || true)
if [ "$version" = "$made_with" ]; then
	cd "$root" || exit 1
	"$PAGEWALK" run -- /bin/busybox md5sum LICENSE >"$scratch/printed" 2>&1
	check 'and it is what the command prints' diff "$scratch/told" "$scratch/printed"
else
	skip 'and it is what the command prints' "busybox-static $made_with is not here"
fi
finish
