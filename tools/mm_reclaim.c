/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_reclaim - the shell's commands that make memory short, and those over who finds
 * more: kswapd, swap and the OOM killer.
 *
 * Pressure is a process without a program: an address space with one anonymous
 * mapping, whose pages are touched as a CPU would, entry by entry.
 */
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <string.h>

/* ---- the process ---- */

static struct vm_area_struct *region_of(const struct handle *handle)
{
	struct mm_struct *mm = handle->object;

	return find_vma(mm, 0);
}

static int release_process(struct mm_shell *sh, struct handle *handle)
{
	mmput(shell_kernel(sh), handle->object);
	return 0;
}

static void ask_rss(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)get_mm_rss(handle->object));
}

static void ask_swapped(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, mm->rss_stat[MM_SWAPENTS]);
}

static void ask_minor(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, (int64_t)mm->min_flt);
}

static void ask_major(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, (int64_t)mm->maj_flt);
}

static void ask_pages(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)(handle->size >> PAGE_SHIFT));
}

static void ask_page_tables(const struct mm_shell *sh, const struct handle *handle,
                            struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, (int64_t)mm->nr_ptes);
}

static void ask_killed(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, mm->oom_victim);
}

static const struct handle_field process_fields[] = {
	{ "pages", ask_pages, "pages of its mapping" },
	{ "rss", ask_rss, "pages of it in RAM" },
	{ "swapped", ask_swapped, "pages of it in swap" },
	{ "minor", ask_minor, "faults that needed no disk" },
	{ "major", ask_major, "faults that read a disk" },
	{ "page_tables", ask_page_tables, "pages of its page tables" },
	{ "killed", ask_killed, "1: the OOM killer chose it" },
	{ 0 },
};

static const struct handle_kind handle_process = {
	.name = "a process",
	.release = release_process,
	.fields = process_fields,
};

/* ---- its accesses ---- */

/* What a CPU does at an access: looks at the entry, sets its accessed and dirty
 * bits, and faults until it may. The frame, or NULL: the kernel sends a signal. */
static uint8_t *access_page(struct mm_shell *sh, struct mm_struct *mm, va_t va, bool write)
{
	struct kernel *k = shell_kernel(sh);

	while (!mm->oom_victim) {
		pte_slot_t *slot = pte_lookup(k, mm, va);
		pte_t pte = slot ? pte_get(k, slot) : (pte_t){ 0 };
		struct fault_result fault;

		if (slot && pte_present(pte) && (!write || pte_write(pte))) {
			pte = pte_mkyoung(pte);
			set_pte(k, slot, write ? pte_mkdirty(pte) : pte);
			return ram_at(k->ram, pte_pfn(pte) << PAGE_SHIFT);
		}
		fault = do_page_fault(
		    k, mm, va, PF_U | (write ? PF_W : 0u) | (slot && pte_present(pte) ? PF_P : 0u),
		    0);
		if (!sh->kswapd_held)
			kernel_run_threads(k);
		if (fault.outcome != FAULT_MINOR_DONE && fault.outcome != FAULT_MAJOR_DONE)
			return NULL;
	}
	return NULL;
}

/* Pages carry their number, so that one that comes back wrong from swap shows. */
static int touch_page(struct mm_shell *sh, struct mm_struct *mm, va_t start, uint64_t i, bool write)
{
	uint8_t *frame = access_page(sh, mm, start + (i << PAGE_SHIFT), write);
	uint64_t number;

	if (!frame)
		return -1;
	if (write)
		memcpy(frame, &i, sizeof(i));
	memcpy(&number, frame, sizeof(number));
	return number == i || !number
	           ? 0
	           : shell_failure(sh, "page %" PRIu64 " came back as %" PRIu64, i, number);
}

static int touch_pages(struct mm_shell *sh, const struct handle *handle, uint64_t first,
                       uint64_t last, bool write)
{
	struct mm_struct *mm = handle->object;
	va_t start = region_of(handle)->vm_start;
	int status = 0;

	for (uint64_t i = first; !status && i <= last; i++)
		status = touch_page(sh, mm, start, i, write);
	shell_say(sh,
	          "%s: %" PRIu64 " pages in RAM, %" PRId64 " in swap; faults: %" PRIu64
	          " minor, %" PRIu64 " major%s",
	          handle->name, get_mm_rss(mm), mm->rss_stat[MM_SWAPENTS], mm->min_flt, mm->maj_flt,
	          status < 0 ? "; no memory: stopped" : "");
	return status > 0 ? status : 0;
}

static int make_process(struct mm_shell *sh, const char *name, uint64_t bytes)
{
	struct kernel *k = shell_kernel(sh);
	struct mm_struct *mm = mm_alloc(k);
	int64_t start;

	if (!mm)
		return shell_mistake(sh, "no memory for a process");
	mm->owner_pid = sh->next_pid++;
	start = do_mmap(k, mm, NULL, 0, bytes, PROT_READ_ | PROT_WRITE_,
	                MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_NORESERVE_, 0);
	if (start < 0) {
		mmput(k, mm);
		return shell_mistake(sh, "mmap: %s", strerror((int)-start));
	}
	return handle_make(sh, name, &handle_process, mm, bytes);
}

/* Pages that a process has written to fill memory up. */
static int run_pressure(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t bytes;
	int status = shell_read_size(sh, call->argv[0], &bytes);

	if (status)
		return status;
	if (!bytes || bytes & ~PAGE_MASK)
		return shell_mistake(sh, "pressure: whole pages, at least one");
	status = make_process(sh, call->result, bytes);
	if (status)
		return status;
	return touch_pages(sh, handle_find(sh, call->result), 0, (bytes >> PAGE_SHIFT) - 1, true);
}

/* touch NAME read|write [FIRST LAST] */
static int run_touch(struct mm_shell *sh, const struct mm_call *call)
{
	const struct handle *handle = handle_of_kind(sh, call->argv[0], &handle_process);
	bool write = !strcmp(call->argv[1], "write");
	uint64_t first = 0, last, pages;

	if (!handle)
		return EXIT_MISTAKE;
	if (!write && strcmp(call->argv[1], "read") != 0)
		return shell_mistake(sh, "touch: it is read or write, not %s", call->argv[1]);
	pages = handle->size >> PAGE_SHIFT;
	last = pages - 1;
	if (call->argc > 2 && shell_read_number(sh, call->argv[2], pages - 1, &first))
		return EXIT_MISTAKE;
	if (call->argc > 3 && shell_read_number(sh, call->argv[3], pages - 1, &last))
		return EXIT_MISTAKE;
	return touch_pages(sh, handle, first, last, write);
}

/* ---- kswapd ---- */

static void say_kswapd(const struct mm_shell *sh)
{
	const struct kernel *k = shell_kernel(sh);

	shell_say(sh, "kswapd is %s%s; %" PRIu64 " pages scanned, %" PRIu64 " reclaimed so far",
	          NODE_DATA(k, 0)->kswapd_wanted ? "woken" : "asleep",
	          sh->kswapd_held ? " and held" : "", k->vm_events[PGSCAN_KSWAPD],
	          k->vm_events[PGSTEAL_KSWAPD]);
}

/* Held, it does not run by itself, so that what it is woken for can be looked at. */
static int run_kswapd(struct mm_shell *sh, const struct mm_call *call)
{
	const char *verb = call->argc ? call->argv[0] : "state";

	if (!strcmp(verb, "hold"))
		sh->kswapd_held = true;
	else if (!strcmp(verb, "release"))
		sh->kswapd_held = false;
	else if (!strcmp(verb, "run"))
		kernel_run_threads(shell_kernel(sh));
	else if (strcmp(verb, "state") != 0)
		return shell_mistake(sh, "kswapd: it is state, hold, release or run");
	say_kswapd(sh);
	return 0;
}

/* ---- sysctls ---- */

static int run_sysctl(struct mm_shell *sh, const struct mm_call *call)
{
	struct kernel *k = shell_kernel(sh);
	uint64_t number;

	if (!strcmp(call->argv[0], "vm.min_free_kbytes")) {
		if (shell_read_number(sh, call->argv[1], k->totalram_pages, &number))
			return EXIT_MISTAKE;
		k->config.min_free_kbytes = number;
		setup_per_zone_wmarks(k);
	} else if (!strcmp(call->argv[0], "vm.swappiness")) {
		if (shell_read_number(sh, call->argv[1], 100, &number))
			return EXIT_MISTAKE;
		k->config.swappiness = (uint32_t)number;
	} else if (!strcmp(call->argv[0], "vm.page-cluster")) {
		if (shell_read_number(sh, call->argv[1], 10, &number))
			return EXIT_MISTAKE;
		k->config.page_cluster = (uint32_t)number;
	} else {
		return shell_mistake(
		    sh, "sysctl: it is vm.min_free_kbytes, vm.swappiness or vm.page-cluster");
	}
	return 0;
}

/* ---- failures on demand ---- */

static int run_fail(struct mm_shell *sh, const struct mm_call *call)
{
	struct fault_rule rule;
	int site = 0;

	while (site < NR_FAULT_SITES && strcmp(fault_site_names[site], call->argv[0]) != 0)
		site++;
	if (site == NR_FAULT_SITES)
		return shell_mistake(sh,
		                     "no site: %s; it is page_alloc, slab, swap_read or swap_write",
		                     call->argv[0]);
	if (!fault_rule_parse(&rule, call->argv[1]))
		return shell_mistake(sh, "no rule: %s; it is off, nth:N, every:N or fraction:1/N",
		                     call->argv[1]);
	fault_inject_set(&shell_kernel(sh)->fault_inject, (enum fault_site)site, rule,
	                 sh->machine->config.seed);
	return 0;
}

const struct mm_command mm_reclaim_commands[] = {
	{ "pressure", "SIZE", 1, 1, MUST_NAME, run_pressure,
	  "a process that writes to SIZE bytes of its own" },
	{ "touch", "NAME read|write [FIRST [LAST]]", 2, 4, NAMES_NOTHING, run_touch,
	  "it does so again, page FIRST to page LAST" },
	{ "kswapd", "[state|hold|release|run]", 0, 1, NAMES_NOTHING, run_kswapd,
	  "how it is; whether it runs by itself" },
	{ "fail", "SITE RULE", 2, 2, NAMES_NOTHING, run_fail,
	  "from now on: page_alloc|slab|swap_read|swap_write off|nth:N|every:N|fraction:1/N" },
	{ "sysctl", "vm.NAME VALUE", 2, 2, NAMES_NOTHING, run_sysctl,
	  "min_free_kbytes, swappiness, page-cluster" },
	{ 0 },
};
