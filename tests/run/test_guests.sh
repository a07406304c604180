#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest programs, natively and simulated: the same output and exit status, and
# the figures that each program's first comment promises.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1
ulimit -c 0

# Natively first; where the host cannot run them, what they must print stands here.
native() { # PROGRAM ARGUMENT ...
	if [ "$(uname -m)" = x86_64 ]; then
		"$@" >native.out 2>native.err
		echo $? >native.status
	else
		: >native.status
	fi
}

same() { # WHAT OPTIONS -- PROGRAM ARGUMENT ...
	what=$1
	options=
	shift
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	(native "$@") 2>/dev/null
	# shellcheck disable=SC2086 # options are words
	"$PAGEWALK" run --quiet $options --stats s.json -- "$@" >out 2>err
	echo $? >status
	if [ ! -s native.status ]; then
		skip "$what" 'the host is not x86-64'
	elif cmp -s native.out out && cmp -s native.status status; then
		ok "$what"
	else
		{
			echo "natively:"; cat native.status native.out native.err
			echo "simulated:"; cat status out err
		} >difference
		not_ok "$what" <difference
	fi
}

between() { # PATH LOW HIGH: of s.json
	value=$(stat_of s.json "$1")
	if [ "${value:--1}" -ge "$2" ] && [ "${value:--1}" -le "$3" ]; then
		ok "$1 is $2 to $3"
	else
		echo "$1 is $value" >difference
		not_ok "$1 is $2 to $3" <difference
	fi
}

for engine in exact faults; do
	e="--engine $engine --check"
	same "stride ($engine)" $e -- "$GUEST/stride" 1M 4096 4
	between faults.by_kind.anon 256 262
	same "random ($engine)" $e -- "$GUEST/random" 1M 20000
	between faults.by_kind.anon 256 262
	same "working-set ($engine)" $e -- "$GUEST/working-set" 4M 256K 8 2000
	same "sweep ($engine)" $e -- "$GUEST/sweep" 1M 2
	same "cow ($engine)" $e -- "$GUEST/cow"
	# Three pages: the first is written at once; reading the second maps both others.
	between faults.by_kind.cow 2 3
	between faults.by_kind.file_write 1 2
	same "stack ($engine)" $e -- "$GUEST/stack" 1M
	# 1 MB and what lies between the frames, less the 132 KB of execve.
	between faults.by_kind.stack 223 260
	same "handlers ($engine)" $e -- "$GUEST/handlers"
	same "wild catches its signals ($engine)" $e -- "$GUEST/wild"
	# All kinds but #GP's and SIGBUS's, and one of them 200 times more.
	between faults.segv 206 206
done

same 'a stack that grows beyond its limit ends in SIGSEGV' -- "$GUEST/stack" 9M
for kind in null unmapped read-only no-access no-exec kernel non-canonical past-end; do
	same "wild $kind ends in a signal" -- "$GUEST/wild" "$kind"
done
same 'a mistake in the arguments is told' -- "$GUEST/sweep" 12Q
finish
