#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pagewalk mm at a terminal: prompt, completion, history, and going on after a mistake.
# script(1) makes the terminal.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
cd "$scratch" || exit 1

if ! command -v script >/dev/null; then
	echo '1..0 # SKIP no script(1)'
	exit 0
fi

# What is typed, as for printf(1); what the terminal shows goes to `shown`.
type_in() { # TEXT
	printf "$1" >typed
	TERM=vt100 timeout 60 script -qec "'$PAGEWALK' mm -m teaching" /dev/null <typed >shown 2>&1
}

shows() { # DESCRIPTION LINE: it stands there, whole
	if tr -d '\r' <shown | grep -qxF -- "$2"; then
		ok "$1"
	else
		cat -v shown | not_ok "$1"
	fi
}

type_in 'value 6 * 7\nquit\n'
shows 'a line is run' '6 * 7 = 42'
check 'there is a prompt' grep -q 'mm> ' shown
type_in 'nonsense\nvalue 6 * 7\nquit\n'
shows 'a mistake is told' 'pagewalk: -:1: no such command: nonsense; see help'
shows 'and it goes on' '6 * 7 = 42'
type_in 'assert 1 == 2\nvalue 6 * 7\nquit\n'
shows 'after an assert that fails, too' '6 * 7 = 42'
type_in 'value managed(DM\t) / managed(DMA)\nquit\n'
check 'what does not complete stays' grep -q 'managed(DM' shown
type_in 'p = get_z\tGFP_KERN\t\nvalue p.zer\040\b\b\b\bzeroed\nquit\n'
shows 'commands and masks are completed, and lines edited' 'p.zeroed = 1'
type_in 'value fre\tDMA) - free(DMA)\nquit\n'
shows 'figures are completed' 'free(DMA) - free(DMA) = 0'
type_in 'block = alloc_page GFP_KERNEL\nvalue 1\nfree blo\t\nshow handles\nvalue block.pfn\nquit\n'
shows 'names of handles are completed' 'pagewalk: -:5: nothing is called block'
type_in 'show zone\t\t\nquit\n'
shows 'what there is to choose from is listed' 'zoneinfo  zones'
type_in 'fail slab off\nvalue 6 * 7\n\033[A\033[A\nquit\n'
check 'the arrow key brings lines back' [ "$(grep -c 'fail slab off' shown)" -ge 2 ]
type_in 'value 6 * 7\n\004'
shows 'the end of input ends it' '6 * 7 = 42'
finish
