/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare_guest - a static program on Unicorn alone, in flat memory (bare_guest.c).
 */
#ifndef PW_TESTS_JUDGE_BARE_GUEST_H
#define PW_TESTS_JUDGE_BARE_GUEST_H

#include <stdint.h>
#include <unicorn/unicorn.h>

#define FLAT_BYTES ((uint64_t)1 << 30) /* addresses from 0 on */
#define GUEST_MAX_ARGS 40

struct guest {
	uc_engine *uc;   /* hooks can be added until guest_run() */
	uint8_t *memory; /* FLAT_BYTES */
	uint64_t entry;
	uint64_t brk, mmap_next;
	bool exited;
	int exit_status;
};

/* 0; -1 if the file cannot be run. */
int guest_open(struct guest *guest, const char *path, int argc, char **argv);

/* Its exit status; -1 and a message if Unicorn could not go on. */
int guest_run(struct guest *guest);

#endif
