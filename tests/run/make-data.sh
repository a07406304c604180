#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make-data DIR - input files of the whole-run tests, the same on every machine:
# the key stream of AES-128 in counter mode with key and counter 0, and its
# base64 text.

set -eu
cd "$1"
zero=00000000000000000000000000000000

stream() { # BYTES
	head -c "$1" /dev/zero | openssl enc -aes-128-ctr -nosalt -K $zero -iv $zero
}

: >r0.bin
: >t0.txt
stream 65536 >r64k.bin
stream 1048576 >r1m.bin
stream 4194304 >r4m.bin
head -c 49152 r1m.bin | openssl base64 >t64k.txt
head -c 786432 r1m.bin | openssl base64 >t1m.txt
head -c 3145728 r4m.bin | openssl base64 >t4m.txt
head -n 300 t1m.txt >t300.txt
for size in 64k 1m; do gzip -nc9 r$size.bin >r$size.bin.gz; done
mkdir -p folder/inner
cp t300.txt folder/one.txt
head -n 20 t300.txt >folder/inner/two.txt
touch -d '2001-02-03 04:05:06 UTC' folder/one.txt folder/inner/two.txt folder/inner folder
