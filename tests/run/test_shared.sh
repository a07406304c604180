#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared memory of processes: guest/shared by mmap, memfd_create, /dev/shm and shmget,
# natively too; swapped out and in; and that nothing of it is left.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1

if "$GUEST/shared" all 256K >native 2>err; then
	"$PAGEWALK" run --quiet --check -- "$GUEST/shared" all 256K >out 2>err
	check 'two processes share memory as natively' cmp native out
else
	skip 'two processes share memory as natively' 'no shared memory here'
fi
check 'so do 32-bit ones' "$PAGEWALK" run --quiet --check -m p6 -- "$GUEST/shared-i386" all 256K

for kind in anon memfd file sysv; do
	check "$kind: more than RAM, by way of swap" "$PAGEWALK" run --quiet --check --engine faults \
		--ram 8M --swap 64M --stats s.json -- "$GUEST/shared" $kind 10M
	check "$kind: pages were swapped out" [ "$(stat_of s.json vmstat.pswpout)" -ge 1000 ]
	check "$kind: and in" [ "$(stat_of s.json vmstat.pswpin)" -ge 1000 ]
	check "$kind: none is left" [ "$(stat_of s.json vmstat.nr_shmem)" -eq 0 ]
done

busybox=$(command -v busybox || true)
if [ -n "$busybox" ]; then
	"$PAGEWALK" run --quiet --check -- "$busybox" sh -c 'seq 1 20000 >/dev/shm/x;
		md5sum </dev/shm/x; grep -c Shmem: /proc/meminfo; cp /dev/shm/x /dev/shm/y; rm /dev/shm/x;
		awk "/^Shmem:/ {print \$2}" /proc/meminfo; rm /dev/shm/y;
		awk "/^Shmem:/ {print \$2}" /proc/meminfo' >out 2>err
	{ seq 1 20000 | md5sum; echo 1; echo 108; echo 0; } >expected
	check 'files in /dev/shm count as Shmem until they are gone' cmp expected out
else
	skip 'files in /dev/shm count as Shmem until they are gone' 'no busybox'
fi
finish
