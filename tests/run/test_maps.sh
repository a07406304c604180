#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# /proc/self of a static, a static-PIE and a dynamic program against the kernel that this
# test runs on, without address-space randomisation, and their page faults.
# NATIVE is the folder of show_static, show_static_pie, show_dynamic and count_faults.

. "$(dirname "$0")/tap.sh"

[ "$(uname -sm)" = "Linux x86_64" ] || { echo "1..0 # SKIP not on x86-64 Linux"; exit 0; }
[ -x "$NATIVE/show_static" ] || { echo "Bail out! no programs in NATIVE"; exit 1; }
setarch -R true 2>/dev/null || { echo "1..0 # SKIP no personality(2) without randomisation"; exit 0; }

natively() { # PROGRAM ARG ...
	env -i setarch -R "$@"
}
simulated() { # PROGRAM ARG ...
	"$PAGEWALK" run --quiet --machine skylake --set page_cache=warm --engine faults \
		--stats "$scratch/stats.json" -- "$@"
}

# Kernels differ in what the vDSO consists of: the data pages before it have had one to
# three VMAs, and everything below moves with them. So a kernel with other ones is no judge.
vdso() { # FILE
	grep -E '\[(vvar|vvar_vclock|vdso)\]' "$1" | cut -d ' ' -f 1
}
vmas() { # FILE: without what is the vDSO's or, like [vsyscall], the kernel's configuration
	grep -vE '\[(vvar|vvar_vclock|vdso|vsyscall)\]' "$1"
}

# Fields of smaps that depend on nothing but the program and its page faults.
statm() { # FILE
	cut -d " " -f 1,4,6 "$1"
}
smaps() { # FILE
	awk '/^[0-9a-f]+-/ { name = $1 }
	     /^(Size|KernelPageSize|Anonymous|Swap|VmFlags):/ {
		# soft-dirty is a matter of the configuration
		gsub(/ sd /, " "); print name, $0 }' "$1"
}

natively "$NATIVE/show_static" /proc/self/maps >"$scratch/native"
simulated "$NATIVE/show_static" /proc/self/maps >"$scratch/got"
vdso "$scratch/native" >"$scratch/native.vdso"
vdso "$scratch/got" >"$scratch/got.vdso"
same_vdso=false
cmp -s "$scratch/native.vdso" "$scratch/got.vdso" && same_vdso=true

for program in show_static show_static_pie show_dynamic; do
	if ! $same_vdso && [ $program != show_static ]; then
		skip "$program: maps" "this kernel has another vDSO"
		continue
	fi
	for file in maps smaps statm; do
		natively "$NATIVE/$program" /proc/self/$file >"$scratch/native"
		simulated "$NATIVE/$program" /proc/self/$file >"$scratch/got"
		case $file in
		maps) filter=vmas ;;
		smaps) filter=smaps ;;
		# size, text and data; resident pages are approximate on newer kernels
		statm) filter=statm ;;
		esac
		$filter "$scratch/native" >"$scratch/native.text"
		$filter "$scratch/got" >"$scratch/got.text"
		if diff "$scratch/native.text" "$scratch/got.text" >"$scratch/diff"; then
			ok "$program: $file as the kernel's"
		else
			not_ok "$program: $file as the kernel's" <"$scratch/diff"
		fi
	done
done

# Within 2 % for static programs and 5 % for dynamic ones, or two faults: the kernel may
# have a few pages of libraries in one folio, and map them at once. Of busybox, which is
# perhaps in use, there is a copy, of whose pages count_faults makes folios of their own.
cp /bin/busybox "$scratch/busybox"
near() { # GOT EXPECTED PERCENT
	awk -v got="$1" -v expected="$2" -v percent="$3" 'BEGIN {
		difference = got > expected ? got - expected : expected - got
		exit !(difference <= 2 || difference * 100 <= expected * percent) }'
}
while read -r percent program; do
	# shellcheck disable=SC2086 # a command line
	set -- $program
	"$NATIVE/count_faults" "$@" >"$scratch/native" || exit 1 # files are cached now
	read -r expected major <<-END
		$("$NATIVE/count_faults" "$@")
	END
	simulated "$@" >/dev/null 2>&1 </dev/null
	got=$(stat_of "$scratch/stats.json" faults.minor)
	what="${program##*/}: $got minor faults, the kernel $expected"
	near "$got" "$expected" "$percent" && ok "$what" || echo "$major major" | not_ok "$what"
done <<END
2 $NATIVE/show_static /proc/version
2 $NATIVE/show_static_pie /proc/version
2 $scratch/busybox true
5 $NATIVE/show_dynamic /proc/version
5 /bin/cat /proc/self/maps
5 /usr/bin/perl -e 1
END

finish
