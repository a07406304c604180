#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 32-bit programs: guest/ built with -m32 on machines with a 32-bit kernel (two-level
# and PAE page tables) and with a 64-bit one, and Debian's i386 busybox, if it can be
# had: the same output and exit status as natively.

here=$(dirname "$0")
. "$here/tap.sh"
guest=$(cd "$GUEST" && pwd)
cd "$scratch" || exit 1
ulimit -c 0

"$guest/abi32-i386" >/dev/null 2>&1
[ $? -le 1 ] || { echo "1..0 # SKIP the host runs no 32-bit programs"; exit 0; }

# Natively too: that both fail alike shows nothing.
wanted_status=0

same() { # WHAT OPTIONS -- PROGRAM ARGUMENT ...
	what=$1
	options=
	shift
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	(env -i "$@" </dev/null >native.out 2>native.err; echo $? >native.status) 2>/dev/null
	# shellcheck disable=SC2086 # options are words
	"$PAGEWALK" run --quiet --check $options --stats s.json -- "$@" </dev/null >out 2>err
	echo $? >status
	if cmp -s native.out out && cmp -s native.status status &&
		[ "$(cat status)" -eq "$wanted_status" ]; then
		ok "$what"
	else
		{
			echo "natively:"; cat native.status; tail -n 5 native.out native.err
			echo "simulated:"; cat status; tail -n 5 out err
		} >difference
		not_ok "$what" <difference
	fi
}

above() { # PATH LOW: of s.json
	value=$(stat_of s.json "$1")
	if [ "${value:-0}" -gt "$2" ]; then
		ok "$1 is above $2"
	else
		echo "$1 is $value" >difference
		not_ok "$1 is above $2" <difference
	fi
}

# Three kernels: NAME and the options that make it.
machines='two-level|-m p6
two-level, faults|-m p6 --engine faults
PAE, 2 GB|-m p6-pae
64-bit|'

each_machine() { # WHAT -- PROGRAM ARGUMENT ...
	each_what=$1
	shift
	while IFS='|' read -r name options; do
		# shellcheck disable=SC2086 # options are words
		same "$each_what ($name)" $options "$@"
	done <<-MACHINES
	$machines
	MACHINES
}

each_machine 'what only i386 has' -- "$guest/abi32-i386"
each_machine stride -- "$guest/stride-i386" 1M 4096 4
each_machine random -- "$guest/random-i386" 1M 20000
each_machine working-set -- "$guest/working-set-i386" 1M 256K 8 1000
each_machine sweep -- "$guest/sweep-i386" 1M 2
each_machine cow -- "$guest/cow-i386"
each_machine stack -- "$guest/stack-i386" 1M
wanted_status=139
each_machine 'a stack beyond its limit' -- "$guest/stack-i386" 9M
wanted_status=0
same 'thrash: 8 MB in 6' -m p6 --ram 6M --swap 16M -- "$guest/sweep-i386" 8M 2
above swap.pages_out 0

# An i386 package of the user's own archive, unpacked into a folder of its name, not
# installed.
fetch() { # PACKAGE
	url=$(apt-get download --print-uris "$1" 2>/dev/null |
		sed -n "s/^'\([^']*_\)[a-z0-9]*\.deb'.*/\1i386.deb/p")
	[ -n "$url" ] && timeout 60 /usr/lib/apt/apt-helper download-file "$url" "$1.deb" &&
		dpkg-deb -x "$1.deb" "$1"
} >/dev/null 2>&1

busybox=${BUSYBOX32-}
if [ -z "$busybox" ]; then
	fetch busybox-static
	busybox=$PWD/busybox-static/bin/busybox
fi
if [ -x "$busybox" ]; then
	sh "$here/make-data.sh" "$scratch" || exit 1
	# All applets on one machine, a few on the others. With PW_QUICK without the TLBs.
	engine=exact
	[ -z "${PW_QUICK-}" ] || engine=faults
	tab=$(printf '\t')
	sed 's/1m\./64k./g' "$here/applets.tsv" >applets
	while IFS="$tab" read -r name input arguments; do
		case "$name" in '#'*) continue ;; esac
		[ "$input" = - ] && input=/dev/null
		eval "set -- $arguments"
		(env -i "$busybox" "$@" <"$input" >native.out 2>native.err) 2>/dev/null
		native_status=$?
		"$PAGEWALK" run --quiet --check --engine $engine -m p6 -- "$busybox" "$@" <"$input" >out 2>err
		status=$?
		if [ $native_status -eq $status ] && cmp -s native.out out && cmp -s native.err err; then
			ok "busybox: $name"
		else
			{ echo "status: native $native_status, simulated $status"
			diff native.out out | head -n 5; diff native.err err | head -n 5; } |
				not_ok "busybox: $name"
		fi
	done <applets
	each_machine 'busybox sort' -- "$busybox" sort -n -r t300.txt
	# shellcheck disable=SC2016 # for the guest's shell
	each_machine 'a pipeline of busybox' -- "$busybox" sh -c \
		'seq 1 2000 | sort -rn | head -3; for i in 1 2 3; do echo $i | md5sum; done'
else
	skip 'i386 busybox' 'it is not to be had'
fi

# Dynamic and position-independent, with the host's libraries.
dynamic=$PWD/busybox/bin/busybox
if [ -e /lib/ld-linux.so.2 ] && fetch busybox && "$dynamic" true 2>/dev/null; then
	each_machine 'a dynamic program' -- "$dynamic" seq 1 3 30
	# shellcheck disable=SC2016 # for the guest's shell
	each_machine 'a dynamic shell' -- "$dynamic" sh -c 'i=0; while [ $i -lt 9 ]; do i=$((i+1)); done; echo $i'
else
	skip 'dynamic i386 programs' 'the host has no i386 libraries, or no package is to be had'
fi
finish
