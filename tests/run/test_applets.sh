#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every busybox applet of applets.tsv prints on the simulated machine what it
# prints natively, standard error too, and ends with the same status. With PW_QUICK,
# on files of 64 KB instead of 1 MB.

here=$(dirname "$0")
. "$here/tap.sh"
busybox=${BUSYBOX-/bin/busybox}

[ -x "$busybox" ] || { echo "1..0 # SKIP no $busybox"; exit 0; }
sh "$here/make-data.sh" "$scratch" || exit 1
size=1m
[ -z "${PW_QUICK-}" ] || size=64k
sed "s/1m\\./$size./g" "$here/applets.tsv" >"$scratch/applets"
cd "$scratch" || exit 1

# Both sides: an empty environment, and a status as a shell sees it. Natively in a
# subshell of its own, so that this shell's "Terminated" is not taken for the applet's.
native() { (eval "exec env -i $busybox $1" <"$2" >native.out 2>native.err); }
simulated() {
	eval "\"$PAGEWALK\" run --quiet --check --stats stats.json -- $busybox $1" \
		<"$2" >simulated.out 2>simulated.err
}

explain() {
	echo "status: native $native_status, simulated $simulated_status"
	diff native.out simulated.out | head -n 5
	diff native.err simulated.err | head -n 5
}

tab=$(printf '\t')
while IFS="$tab" read -r name input arguments; do
	case "$name" in '#'*) continue ;; esac
	[ "$input" = - ] && input=/dev/null
	native "$arguments" "$input"
	native_status=$?
	simulated "$arguments" "$input"
	simulated_status=$?
	if [ $native_status -eq $simulated_status ] && cmp -s native.out simulated.out &&
		cmp -s native.err simulated.err; then
		ok "$name"
	else
		explain | not_ok "$name"
	fi
done <applets
finish
