#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest can crash itself only: guest/hostile on a few seeds of each mode and several
# machines, and wild system calls of both ABIs by guest/bad-calls. It ends by itself or
# by a signal; the simulator says nothing of its own mistakes, two runs are the same, and
# the host's files stay as they are.
# PW_SEEDS (2): seeds of each mode.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1
ulimit -c 0
seeds=${PW_SEEDS:-2}

mkdir -p root/tmp root/etc root/a root/bin
cp "$GUEST/hostile" "$GUEST/bad-calls" "$GUEST/bad-calls-i386" root/bin/
echo precious | tee root/etc/passwd root/a/b >root/tmp/a
ln -s ../etc/passwd root/tmp/link

# All that could have been changed below a folder, but not below another.
host_state() { # FOLDER BUT
	find "$1" -path "$2" -prune -o -exec stat -c '%n %F %s %a %u %g %h %y' {} +
	find "$1" -path "$2" -prune -o -type f -exec cksum {} +
}

# The guest writes to what it has open and cuts it to any length: so both streams are
# pipes here. The first lines are enough.
run() { # PREFIX MODE SEED COUNT OPTION ...
	prefix=$1
	case $2 in
	bad-calls*) set -- "$@" -- "/bin/$2" "$3" "$4" ;;
	*) set -- "$@" -- /bin/hostile "$2" "$3" "$4" ;;
	esac
	shift 4
	{
		timeout 120 "$PAGEWALK" run --quiet --root root --stats "$prefix.json" "$@" </dev/null 2>&1 >/dev/null
		echo $? >status
	} | head -c 1000000 | tr -d '\000' >"$prefix.err"
	status=$(cat status)
}

# Ends by itself (0, or 1 for what it could not do), by a signal, or sleeping for ever.
is_guests_end() { # PREFIX
	! grep -qE 'runtime error|ERROR: |Assertion|check failed' "$1.err" || return 1
	case $status in
	0 | 1) ;;
	125) grep -q 'nothing can wake' "$1.err" ;;
	*) [ "$status" -gt 128 ] && [ "$status" -le 192 ] ;;
	esac
}

attack() { # MODE COUNT OPTION ...
	mode=$1
	count=$2
	shift 2
	for seed in $(seq "$seeds"); do
		run a "$mode" "$seed" "$count" "$@"
		if is_guests_end a; then
			ok "$mode, seed $seed $*"
		else
			{ echo "status $status"; head -n 25 a.err; } >difference
			not_ok "$mode, seed $seed $*" <difference
		fi
	done
}

host_state root '' >before
attack calls 1500 --ram 4M --swap 4M --check
attack calls 1500 --ram 8M --engine faults
attack calls 1500 --machine nehalem --ram 16M
attack code 60 --ram 16M --check
attack code 60 --ram 4M --engine faults
attack modify 60 --ram 8M --check
attack frames 200 --ram 8M
attack storm 100 --ram 8M --engine faults
attack stack 20 --ram 32M --engine faults
attack exec 20 --ram 8M --check
attack argv 3 --ram 64M
attack files 150 --ram 8M --check
attack bad-calls 30 --ram 8M --check
attack bad-calls 30 --ram 16M --set cpus=4 --engine faults
attack bad-calls-i386 30 --ram 16M --check
attack bad-calls-i386 30 -m p6 --ram 8M --check
attack bad-calls-i386 30 -m p6-pae --ram 16M --swap 8M --engine faults
host_state root '' >after
check 'the host is as it was' diff before after

host_state root root/tmp >before
attack calls 1500 --ram 16M --write root/tmp
host_state root root/tmp >after
check 'the host is as it was but for the folder that is open for writing' diff before after

for mode in calls code bad-calls-i386; do
	run a "$mode" 1 200 --ram 8M
	run b "$mode" 1 200 --ram 8M
	check "$mode: two runs, the same statistics" cmp a.json b.json
	check "$mode: two runs, the same messages" cmp a.err b.err
done
finish
