/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_reclaim - the shell's commands over who finds memory when it is short, and over
 * failures on demand.
 */
#include "mm/page_alloc.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <string.h>

/* ---- kswapd ---- */

static void say_kswapd(const struct mm_shell *sh)
{
	const struct kernel *k = shell_kernel(sh);

	for_each_node (k, nid)
		shell_say(sh, "kswapd%u is %s%s", nid,
		          NODE_DATA(k, nid)->kswapd_wanted ? "woken" : "asleep",
		          sh->kswapd_held ? " and held" : "");
	shell_say(sh, "%" PRIu64 " pages scanned, %" PRIu64 " reclaimed so far",
	          k->vm_events[PGSCAN_KSWAPD], k->vm_events[PGSTEAL_KSWAPD]);
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
	{ "kswapd", "[state|hold|release|run]", 0, 1, NAMES_NOTHING, run_kswapd,
	  "how it is; whether it runs by itself" },
	{ "fail", "SITE RULE", 2, 2, NAMES_NOTHING, run_fail,
	  "from now on: page_alloc|slab|swap_read|swap_write off|nth:N|every:N|fraction:1/N" },
	{ "sysctl", "vm.NAME VALUE", 2, 2, NAMES_NOTHING, run_sysctl,
	  "min_free_kbytes, swappiness, page-cluster" },
	{ 0 },
};
