#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs/tutorial-traces.md: each command works, in order, and prints what stands behind it;
# that is compared where the programs are those that it was written with.
#
#	tests/run/test_tutorial.sh --print      the tutorial, with what the commands print now

here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
root=$(cd "$here/../.." && pwd)
tutorial=$root/docs/tutorial-traces.md
made_with='1:1.35.0-4+deb12u1+b1'
cd "$scratch" || exit 1
mkdir bin commands work
ln -s "$PAGEWALK" bin/pagewalk
PATH=$scratch/bin:$PATH

# commands/N.sh and what is told of it, commands/N.told.
split_tutorial() {
	awk '
		/^```console$/ { inside = 1; next }
		/^```$/ { inside = 0 }
		inside && /^\$ / {
			name = sprintf("commands/%02d", ++n)
			printf "" >(name ".told")
			print substr($0, 3) >(name ".sh")
			next
		}
		inside { print >(name ".told") }' "$tutorial"
}

run_command() { # N
	(cd work && timeout 300 sh "../commands/$1.sh") >"commands/$1.printed" 2>&1 </dev/null
}

print_tutorial() {
	n=0 inside=
	while IFS= read -r line; do
		case "$inside$line" in
		'```console') inside=- ;;
		'-```') inside= ;;
		'-$ '*)
			n=$((n + 1))
			printf '%s\n' "$line"
			cat "commands/$(printf %02d $n).printed"
			continue ;;
		-*) continue ;;
		esac
		printf '%s\n' "$line"
	done <"$tutorial"
}

split_tutorial
if [ "${1-}" = --print ]; then
	for script in commands/*.sh; do
		run_command "$(basename "$script" .sh)"
	done
	print_tutorial
	exit
fi
[ -x /bin/busybox ] || { skip 'the tutorial' 'no /bin/busybox'; finish; }
version=$(dpkg-query -W -f '${Version}' busybox-static 2>/dev/null || true)
for script in commands/*.sh; do
	n=$(basename "$script" .sh)
	what="$n: $(head -c 60 "$script" | head -n 1)"
	run_command "$n" || true
	case "$(cat "$script")" in
	sqlite3*) command -v sqlite3 >/dev/null || { skip "$what" 'no sqlite3'; continue; } ;;
	esac
	if [ "$version" = "$made_with" ]; then
		check "$what" diff "commands/$n.told" "commands/$n.printed"
	elif grep -q '^pagewalk: ' "commands/$n.printed"; then
		not_ok "$what" <"commands/$n.printed"
	else
		ok "$what"
	fi
done
finish
