/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config - machine descriptions: YAML files, the ones that ship, and --set.
 * Every key is a row of one table in config.c, with its documentation
 * (docs/machines.md is made from the same table).
 */
#ifndef PW_SIM_CONFIG_H
#define PW_SIM_CONFIG_H

#include "mmu/mmu.h"

struct machine_config {
	char name[64];
	char description[256];
	uint64_t ram_bytes;
	uint64_t swap_bytes;        /* 0: none */
	char swap_file[4096];       /* "": a temporary file, gone at the end */
	uint32_t swap_page_cluster; /* swap_read_ahead: log2 of pages; 0: off */
	uint32_t cpus;
	const struct paging_mode *paging;
	bool pcid;
	bool page_cache_warm;
	uint64_t fault_around_bytes;
	uint64_t read_ahead_bytes;
	uint32_t swappiness;
	uint64_t min_free_bytes; /* 0: Linux's default */
	uint64_t seed;
	struct mmu_config mmu;
	uint64_t disk_read_ns, disk_write_ns; /* per request */
	uint64_t disk_page_ns;                /* per page of it */
	uint64_t cpu_hz;                      /* simulated time: one instruction a cycle */
};

struct config_override {
	const char *key, *value; /* --set KEY=VALUE, in order */
};

/* name: a machine that ships, else a file's path. 0; -EINVAL and why[] with the
 * file, line and column of what is wrong; or -errno of reading it. */
int machine_config_load(struct machine_config *config, const char *name,
                        const struct config_override *overrides, size_t nr_overrides, char *why,
                        size_t why_size);

/* The machines that ship: text of the i-th, or NULL behind the last. */
const char *machine_config_shipped(size_t i, const char **name);

/* A size as 64K, 16M, 2G, 4096. False: not one. */
bool parse_size(const char *text, uint64_t *bytes);

#endif
