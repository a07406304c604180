#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pagewalk run --record: the file, whatever becomes of the run.

here=$(dirname "$0")
. "$here/tap.sh"

record() { # FILE DETAIL PROGRAM ...: its output and status
	record_to=$1
	record_detail=$2
	shift 2
	"$PAGEWALK" run -q --record "$record_to" --record-detail "$record_detail" -- "$@"
}

status_is() { # WANTED COMMAND ...
	wanted=$1
	shift
	"$@"
	found=$?
	test "$found" = "$wanted" || { echo "status $found"; return 1; }
}

# Broken off, but readable: records before the end are told of, and that it is no end.
is_cut_off() { # FILE
	status_is 125 "$PAGEWALK" trace info "$1" >"$scratch/cut" 2>&1
	grep -q 'was not completed' "$scratch/cut" && grep -q 'record [0-9]\{6\}' "$scratch/cut" ||
		{ cat "$scratch/cut"; return 1; }
}

for detail in full page; do
	check "$detail: the guest's output and status are its own" \
		status_is 3 record "$scratch/$detail.1" $detail /bin/busybox sh -c 'exit 3'
	record "$scratch/$detail.1" $detail /bin/busybox sh -c 'seq 1 200 | sort' >"$scratch/out.1"
	record "$scratch/$detail.2" $detail /bin/busybox sh -c 'seq 1 200 | sort' >"$scratch/out.2"
	check "$detail: two recordings are the same bytes" \
		cmp "$scratch/$detail.1" "$scratch/$detail.2"
	check "$detail: the output is what it is without" \
		sh -c "seq 1 200 | sort | cmp - '$scratch/out.1'"
	"$PAGEWALK" trace cat "$scratch/$detail.1" >"$scratch/cat.$detail"
	check "$detail: it ends with the end of the run" \
		sh -c "tail -n 1 '$scratch/cat.$detail' | grep -q end"
done

if command -v zstd >/dev/null; then
	check 'stock zstd reads the file' zstd -q -t - <"$scratch/full.1"
	zstd -q -dc "$scratch/full.1" 2>/dev/null | head -n 60 | LC_ALL=C sed '/^end$/q' >"$scratch/header"
	check 'and finds the header as text' grep -qx 'pagewalk-trace/1' "$scratch/header"
	check 'which says nothing of the host' \
		sh -c "! grep -v ^command '$scratch/header' | grep -e / -e '$(hostname)'| grep -v -e pagewalk-trace/1"
fi

# ---- a reader that was written from docs/trace-format.md alone ----

reads_the_same() { # DETAIL
	zstd -q -dc "$scratch/$1.1" | python3 "$here/../traces/read_trace.py" |
		cmp - "$scratch/cat.$1"
}

for detail in full page; do
	what="$detail: a second reader finds the same records"
	if command -v zstd >/dev/null && command -v python3 >/dev/null; then
		check "$what" reads_the_same $detail
	else
		skip "$what" 'no zstd, or no python3'
	fi
done

# ---- runs that are ended ----

"$PAGEWALK" run -q --record "$scratch/killed" /bin/busybox md5sum /dev/zero &
sleep 3
kill -KILL $!
wait $! 2>/dev/null
check 'after SIGKILL it is readable up to its last frame' is_cut_off "$scratch/killed"

"$PAGEWALK" run -q --record "$scratch/stopped" /bin/busybox md5sum /dev/zero &
sleep 2
kill -TERM $!
wait $! 2>/dev/null
check 'SIGTERM ends the run, as it does without' test $? = 143
check 'but the file is complete' "$PAGEWALK" trace info "$scratch/stopped"

# ---- mistakes ----

mistake() { # MESSAGE ARGUMENT ...
	message=$1
	shift
	status_is 125 "$PAGEWALK" run "$@" -- /bin/busybox true 2>"$scratch/message" ||
		{ cat "$scratch/message"; return 1; }
	grep -q -e "$message" "$scratch/message" || { cat "$scratch/message"; return 1; }
}

check 'the engine that sees no accesses is refused' \
	mistake 'does not see every access' --engine faults --record "$scratch/none"
check 'a detail that there is not is refused' \
	mistake 'full or page' --record-detail some --record "$scratch/none"
check 'a detail of nothing is refused' mistake 'no --record' --record-detail page
check 'a folder is no file' mistake "--record $scratch: Is a directory" --record "$scratch"
check 'a recording is not mixed with what the program prints' mistake '--record -: ' --record -
check 'no file is left of all these' test ! -e "$scratch/none"
check 'a full disk is told' mistake 'No space left' --record /dev/full

echo before >"$scratch/old"
check 'a program that is not found is told' \
	status_is 127 record "$scratch/old" full /nowhere/program
check 'and the file that was there is as it was' grep -qx before "$scratch/old"
check 'a new one is gone' \
	sh -c "'$PAGEWALK' run --record '$scratch/new' /nowhere/program; ! test -e '$scratch/new'"

finish
