#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest's shell at a terminal, with job control: background jobs, fg, stops, what
# background groups may do at the terminal, and its settings. script(1) makes the terminal.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
busybox=${BUSYBOX-/bin/busybox}

[ -x "$busybox" ] || { echo "1..0 # SKIP no $busybox"; exit 0; }
command -v script >/dev/null || { echo '1..0 # SKIP no script(1)'; exit 0; }
cd "$scratch" || exit 1

# What is typed, as for printf(1); what the terminal shows goes to `shown`.
type_in() { # TEXT
	printf "$1" >typed
	TERM=vt100 timeout 60 script -qec "'$PAGEWALK' run -q --engine faults --env PATH=/bin \
		-- '$busybox' sh; stty -a" /dev/null <typed 2>&1 | tr -d '\r' >shown
}

shows() { # DESCRIPTION PATTERN: a line matches
	if grep -q -- "$2" shown; then
		ok "$1"
	else
		cat -v shown | not_ok "$1"
	fi
}

hides() { # DESCRIPTION PATTERN: no line matches
	if grep -q -- "$2" shown; then
		cat -v shown | not_ok "$1"
	else
		ok "$1"
	fi
}

type_in 'sleep 1 &\njobs\nfg\necho back $((6 * 7))\nexit\n'
hides 'the shell has job control' "job control turned off"
shows 'jobs lists a background job' '^\[1\]+  Running  *sleep 1'
shows 'fg waits for it, and the shell goes on' '^back 42'

type_in 'cat &\nsleep 1\njobs\nkill %%1\nwait\nexit\n'
shows 'a background job that reads the terminal is stopped' 'Stopped (tty input)  *cat'

type_in 'stty tostop\necho loud &\nsleep 1\njobs\nfg\nstty -tostop\nexit\n'
shows 'with tostop, one that writes is stopped, too' 'Stopped (tty output)  *echo loud'
shows 'and writes when it has the foreground' '^loud'

type_in 'sh -c "kill -TSTP \\$\\$; echo went on"\njobs\nfg\nexit\n'
shows 'a job in the foreground that stops gives the shell back' 'Stopped  *sh -c'
shows 'fg lets it go on' '^went on'

type_in 'stty -echo tostop\nexit\n'
shows 'the host has its terminal'"'"'s settings back' '[^-]icanon.* echo '
shows 'all of them' ' -tostop'

type_in 'kill -TSTP $$\necho still here\nexit\n'
shows 'a terminal stop signal does not stop an orphaned group' '^still here'

type_in 'tty </dev/tty; setsid sh -c "echo hi >/dev/tty"\nexit\n'
shows 'another session has no controlling terminal' "can't create /dev/tty"
finish
