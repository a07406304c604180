#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Mistakes and broken inputs: a clear message that names the file, exit status 125
# (126, 127 as in docs), and nothing left behind.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1

fails() { # STATUS PATTERN ARGUMENTS ...
	expected=$1
	pattern=$2
	shift 2
	"$PAGEWALK" "$@" </dev/null >out 2>err
	status=$?
	if [ $status -eq "$expected" ] && grep -q -- "$pattern" err && [ ! -s out ]; then
		ok "$* -> $expected"
	else
		{ echo "status $status, wanted $expected and '$pattern'"; cat err; } |
			not_ok "$* -> $expected"
	fi
}

fails 125 'usage' nonsense
fails 125 'no-such-option' run --no-such-option -- /bin/busybox true
fails 125 'PROGRAM' run
fails 127 'no-such-program' run -- ./no-such-program
fails 125 'ram' run --ram 12Q -- /bin/busybox true
fails 125 'ram' run --ram 64K -- /bin/busybox true
fails 125 'nonsense' run --set nonsense=1 -- /bin/busybox true
fails 125 'tlb.l1d.entries' run --set tlb.l1d.entries=many -- /bin/busybox true
fails 125 'no-machine.yaml' run --machine ./no-machine.yaml -- /bin/busybox true

printf 'ram: 64M\nnonsense: 1\n' >bad.yaml
fails 125 'bad.yaml:2:' run --machine ./bad.yaml -- /bin/busybox true
printf 'ram: [64M\n' >bad.yaml
fails 125 'bad.yaml:' run --machine ./bad.yaml -- /bin/busybox true
printf 'tlb:\n  l1d: {entries: 60, ways: 7}\n' >bad.yaml
fails 125 'bad.yaml:2:' run --machine ./bad.yaml -- /bin/busybox true

printf 'not a program at all' >text
chmod +x text
fails 125 'text' run -- ./text
head -c 100 /bin/busybox >short
chmod +x short
fails 125 'short' run -- ./short
head -c 100000 /bin/busybox >cut
chmod +x cut
fails 125 'cut' run -- ./cut
cp /bin/busybox arm
chmod u+w arm
printf '\267' | dd of=arm bs=1 seek=18 conv=notrunc 2>/dev/null
chmod +x arm
fails 125 'arm' run -- ./arm
printf 'x' >plain
chmod -x plain
fails 126 'plain' run -- ./plain
fails 126 '' run -- /
fails 125 'two-level' run --machine p6 -- /bin/busybox true

fails 125 'stats' run --stats /no/such/folder/stats.json -- /bin/busybox true
printf 'precious' >mine
fails 125 'mine' run --swap 1M:mine -- /bin/busybox true
check 'a file that is no swap area is not touched' grep -q precious mine
fails 125 'folder' run --swap 1M:/no/such/folder/swap -- /bin/busybox true

rm -f out err bad.yaml text short cut arm plain mine check.log
check 'nothing is left behind' sh -c "[ -z \"\$(ls -A)\" ] || { ls -la; false; }"
finish
