#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What administrators see: /proc and procps' programs, run as guests, against the
# simulator's own statistics of the same moment.
# NATIVE: see test_maps.sh.

. "$(dirname "$0")/tap.sh"
cd "$scratch" || exit 1

simulated() { # OPTION ... -- PROGRAM ARG ...
	"$PAGEWALK" run --quiet --machine skylake --ram 64M --engine faults "$@" </dev/null
}

# "NAME: VALUE kB" of a file, in pages; a field of PID/stat by its number.
pages() { # NAME FILE
	awk -v name="$1:" '$1 == name { print $2 / 4 }' "$2"
}
field() { # NUMBER FILE
	sed 's/.*) //' "$2" | cut -d ' ' -f "$(($1 - 2))"
}
same() { # WHAT GOT EXPECTED
	[ -n "$2" ] && [ "$2" = "$3" ] && ok "$1: $2" || echo "$2, not $3" | not_ok "$1"
}

# ---- one moment, two ways: the first round touches all that the second one needs ----

round="/proc/meminfo /proc/self/stat /proc/self/status /proc/vmstat /proc/pagewalk/stats"
# shellcheck disable=SC2086 # a list
simulated -- "$NATIVE/show_static" $round $round >both
awk '/^MemTotal:/ { round++ } round == 2' both >second
sed '/^{/,$d' second >proc
sed -n '/^{/,$p' second >stats.json
grep -- '^[0-9]* (show_static)' proc >stat

same "MemTotal is what the allocator manages" "$(pages MemTotal proc)" "$(stat_of stats.json memory.managed_pages)"
same "MemFree" "$(pages MemFree proc)" "$(stat_of stats.json memory.free_pages)"
same "Slab" "$(pages Slab proc)" "$(stat_of stats.json memory.slab_pages)"
same "PageTables" "$(pages PageTables proc)" "$(stat_of stats.json memory.page_table_pages)"
same "Cached" "$(pages Cached proc)" "$(stat_of stats.json memory.page_cache_pages)"
same "VmRSS" "$(pages VmRSS proc)" "$(stat_of stats.json memory.rss_pages)"
same "VmHWM" "$(pages VmHWM proc)" "$(stat_of stats.json memory.rss_peak_pages)"
same "minor faults" "$(field 10 stat)" "$(stat_of stats.json faults.minor)"
same "major faults" "$(field 12 stat)" "$(stat_of stats.json faults.major)"
grep '^[a-z_0-9]* [0-9]*$' proc | grep -v ^nr_zone_ | while read -r name value; do
	[ "$(stat_of stats.json "vmstat.$name")" = "$value" ] || echo "$name $value"
done >differences
[ ! -s differences ] && ok "every line of /proc/vmstat" || not_ok "every line of /proc/vmstat" <differences

# ---- procps ----

for program in free vmstat slabtop top pmap; do
	command -v $program >/dev/null || { skip "procps" "no $program here"; finish; }
done
total=$(pages MemTotal proc)

# Rows of --interval tell what was free when; one of them is the moment of reading.
free_pages() {
	awk '/"rows": \[/ { rows = 1; next } rows && /\]$/ && !/,/ { exit }
	     rows { gsub(/[][,]/, " "); print $NF }' stats.json
}
was_free() { # WHAT KB
	free_pages | grep -qx "$(($2 / 4))" && ok "$1: $2 KB were free at one moment" ||
		{ echo "$2 KB is $(($2 / 4)) pages"; free_pages | sort -u; } | not_ok "$1"
}
timed="--interval 2000 --stats stats.json"

# shellcheck disable=SC2086
simulated $timed -- free -l -t >free.txt
awk '$1 == "Mem:" { print $2, $4 }' free.txt >words
read -r got_total got_free <words
same "free: total" "$((got_total / 4))" "$total"
was_free "free" "$got_free"
same "free -l -t prints five lines of figures" "$(grep -c '^[A-Z][a-z]*: *[0-9]' free.txt)" 5

# shellcheck disable=SC2086
simulated $timed -- vmstat -s >vmstat.txt
same "vmstat -s: total memory" "$(awk '/K total memory/ { print $1 / 4 }' vmstat.txt)" "$total"
was_free "vmstat -s" "$(awk '/K free memory/ { print $1 }' vmstat.txt)"
same "vmstat -s: pages paged in" "$(awk '/K paged in/ { print $1 }' vmstat.txt)" \
	"$(stat_of stats.json vmstat.pgpgin)"

simulated --stats stats.json -- top -b -n1 >top.txt
same "top: one task runs" "$(awk '/^Tasks:/ { print $2, $4 }' top.txt)" "1 1"
check "top lists itself" grep -qE '^ +1000 .* R .* top$' top.txt

if [ "$(id -u)" = 0 ]; then
	simulated --stats stats.json -- slabtop -o >slabtop.txt
	same "slabtop -o: the caches' pages are Slab" \
		"$(awk 'names { sub(/K$/, "", $7); sum += $7 } /OBJ\/SLAB/ { names = 1 } END { print sum / 4 }' slabtop.txt)" \
		"$(stat_of stats.json memory.slab_pages)"
else
	skip "slabtop -o" "needs root to read /proc/slabinfo"
fi

simulated -- /bin/busybox sh -c 'exec pmap -x $$' >pmap.txt
simulated -- /bin/busybox sh -c 'exec cat /proc/$$/smaps_rollup' >rollup.txt
check "pmap -x lists the stack" grep -qE '^00007ff[0-9a-f]+ +132 +[0-9]+ +[0-9]+ rw--- +\[ stack \]$' pmap.txt
same "pmap -x: the VMAs add up to its total" \
	"$(awk '/^[0-9a-f]+ +[0-9]/ { sum += $2 } END { print sum }' pmap.txt)" \
	"$(awk '/^total kB/ { print $3 }' pmap.txt)"
if setarch -R true 2>/dev/null && [ "$(uname -sm)" = "Linux x86_64" ]; then
	env -i setarch -R /bin/busybox sh -c 'exec pmap -x $$' >native.txt
	for file in pmap native; do
		awk '/^[0-9a-f]+ +[0-9]/ { print $1, $2, $5, $6, $7, $8 }' $file.txt >$file.vmas
	done
	diff native.vmas pmap.vmas >differences && ok "pmap -x shows the VMAs of the kernel's" ||
		not_ok "pmap -x shows the VMAs of the kernel's" <differences
fi

# ---- many processes ----

simulated -- /bin/busybox sh -c 'sleep 9 & "$0" -b -n1; kill $!; wait' "$(command -v top)" >many.txt
same "top: the shell, its child that sleeps, and itself" "$(awk '/^Tasks:/ { print $2, $4, $6 }' many.txt)" "3 1 2"
check "a sleeper is S" grep -qE '^ +100[0-9] .* S .* sleep$' many.txt
same "children's faults are their parent's once waited for" \
	"$(simulated -- /bin/busybox sh -c 'read -r a </proc/self/stat; /bin/busybox true; read -r b </proc/self/stat
		set -- $a; before=${11}; set -- $b; [ "$before" = 0 ] && [ "${11}" -gt 30 ] && echo counted')" counted

# ---- nodes: figures of one, counted page by page, add up to the whole's ----

node=/sys/devices/system/node/node
round="${node}0/meminfo ${node}1/meminfo ${node}2/meminfo ${node}3/meminfo \
	${node}0/vmstat ${node}1/vmstat ${node}2/vmstat ${node}3/vmstat /proc/vmstat"
# shellcheck disable=SC2086 # a list
simulated --machine numa4 -- "$NATIVE/show_static" $round $round >nodes.txt
# A node's vmstat begins with nr_free_pages, and so does the machine's, which comes last.
awk '/^Node 0 MemTotal:/ { round++; part = 0 } round < 2 { next }
     /^Node/ { node[$3] += $4; next }
     $1 == "nr_free_pages" { part++ }
     part < 5 { sum[$1] += $2; next } { all[$1] = $2 }
     END { for (name in sum) if (all[name] != sum[name]) print name, sum[name], all[name]
	   if (part != 5 || node["MemFree:"] != 4 * sum["nr_free_pages"] ||
	       node["AnonPages:"] != 4 * sum["nr_anon_pages"])
		print part, node["MemFree:"], node["AnonPages:"] }' nodes.txt >differences
[ ! -s differences ] && ok "nodes' figures add up to the machine's" ||
	not_ok "nodes' figures add up to the machine's" <differences
same "distances of numa4's ring" "$(simulated --machine numa4 -- /bin/busybox cat /sys/devices/system/node/node1/distance)" "20 10 20 30"

# ---- another's memory ----

"$NATIVE/peek" >native.txt
simulated -- "$NATIVE/peek" >peek.txt
diff native.txt peek.txt >differences && ok "process_vm_readv and writev as the kernel's" ||
	not_ok "process_vm_readv and writev as the kernel's" <differences

# ---- settings ----

shell() { # SCRIPT: in a machine whose root the guest is, if we are
	simulated -- /bin/busybox sh -c "$1"
}
if [ "$(id -u)" = 0 ]; then
	same "vm.swappiness can be written" "$(shell 'echo 10 >/proc/sys/vm/swappiness; read x </proc/sys/vm/swappiness; echo $x')" 10
	same "what is no number is refused" "$(shell 'echo x >/proc/sys/vm/swappiness || echo refused' 2>/dev/null)" refused
	simulated --stats before.json -- /bin/busybox md5sum /bin/busybox >/dev/null
	simulated --stats after.json -- /bin/busybox sh -c 'while read -r x; do :; done </bin/busybox; echo 3 >/proc/sys/vm/drop_caches'
	same "drop_caches counts" "$(stat_of after.json vmstat.drop_pagecache) $(stat_of after.json vmstat.drop_slab)" "1 1"
	[ "$(stat_of after.json memory.page_cache_pages)" -lt "$(stat_of before.json memory.page_cache_pages)" ] &&
		ok "drop_caches drops what is not mapped" || not_ok "drop_caches drops what is not mapped" <after.json
else
	same "vm.swappiness is root's" "$(shell 'echo 10 >/proc/sys/vm/swappiness || echo refused' 2>/dev/null)" refused
fi

finish
