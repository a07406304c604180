#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who records a run must hear of all that changes the memory manager (sim/calls.h). So of
# mm/'s functions sim/ itself calls only those that change nothing, or that a replay's
# machine calls by itself; whoever adds one says here which it is. Needs SIM_LIB, MM_LIB:
# the two static libraries.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../run/tap.sh"
cd "$scratch" || exit 1

# They look, name, or compute.
cat >harmless <<'END'
do_mincore
fault_rule_parse
fault_rule_print
fault_site_names
find_vma
find_vma_intersection
gather_numa_stats
lowmem_reserve_ratio
mpol_to_str
next_interleave_node
nr_free_highpages
nr_free_pages
oom_badness
pagemap_entry
pcpu_nr_pages
pte_lookup
reclaim_policy_at
reclaim_policy_by_name
smap_gather_stats
tlb_flush_cause_names
totalhigh_pages
vm_area_from
vm_commit_limit
vm_event_names
vm_fault_kind_names
vm_quantity_names
vma_next
vmallocinfo_show
vmstat_value
zone_nr_free_pages
END
# By any machine, recorded or not: when it is made and when it ends, when a CPU loads an mm,
# when it has a line for the log; what has no effect before something that is recorded uses
# it, as a new mapping or a child's policy; what call_set_sysctl() comes to.
cat >by_itself <<'END'
address_space_init
alloc_pages_nodemask
alloc_pages_task
copy_task_policy
fault_inject_set
free_unreferenced_page
kernel_boot
kernel_is_valid
kernel_shutdown
memcpy_to_page
mkswap
mmdrop
mmio_register
mmio_unregister
printk
setup_per_zone_wmarks
swapon
END

# Members of a library, each with a symbol that it needs or has.
symbols() { # LIBRARY KIND...
	library=$1
	shift
	nm -A "$@" "$library" 2>/dev/null | sed 's/^[^:]*:\([^:]*\)\.c\.o: */\1 /; s/^[^ ]*\///' |
		awk '{ print $NF, $1 }' | sort -u
}

if ! nm -A "$MM_LIB" >/dev/null 2>&1; then
	skip 'calls into mm/' 'no nm'
	finish
fi
symbols "$MM_LIB" --defined-only -g | grep -v '^__asan\|^__odr' | cut -d' ' -f1 | sort -u >mm
symbols "$SIM_LIB" -u >needed
join needed mm >calls
cut -d' ' -f1 calls | sort -u >called
sort harmless by_itself >known

check 'there are such calls' test "$(wc -l <called)" -gt 50
grep -v ' calls_' calls | join -v1 - known >unknown
check 'none but of functions that change nothing, or that any machine calls' \
	sh -c 'cat unknown; ! [ -s unknown ]'
comm -23 known called >not_called
check 'no other function is on the lists' sh -c 'cat not_called; ! [ -s not_called ]'
# What calls_*.c alone may call is what is recorded.
grep ' calls_' calls | cut -d' ' -f1 | sort -u | comm -23 - known >recorded
check 'all changes are recorded' test "$(wc -l <recorded)" -gt 45
finish
