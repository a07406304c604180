/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare_unicorn - what a program costs on Unicorn alone: the yardstick that
 * tools/bench holds the engine against.
 *
 *   bare_unicorn fill|memory PROGRAM ARGV0 [ARG ...]
 *
 * fill: a bare TLB-fill callback. memory: an empty callback on each access too.
 */
#include "tests/judge/bare_guest.h"

#include <stdio.h>
#include <string.h>

static void on_access(uc_engine *uc, uc_mem_type type, uint64_t pa, int size, int64_t value,
                      void *user)
{
	(void)uc, (void)type, (void)pa, (void)size, (void)value, (void)user;
}

int main(int argc, char **argv)
{
	struct guest g;
	uc_hook hook;
	int status;

	if (argc < 4) {
		fprintf(stderr, "usage: bare_unicorn fill|memory PROGRAM ARGV0 [ARG ...]\n");
		return 125;
	}
	if (guest_open(&g, argv[2], argc - 3, argv + 3)) {
		fprintf(stderr, "bare_unicorn: %s: cannot load\n", argv[2]);
		return 125;
	}
	if (!strcmp(argv[1], "memory") &&
	    uc_hook_add(g.uc, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, (void *)on_access, &g, 1,
	                0))
		return 125;
	status = guest_run(&g);
	return status < 0 ? 125 : status;
}
