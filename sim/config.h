/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config - machine descriptions: YAML files, the ones that ship, and --set.
 * Every key is a row of one table in config_keys.c, with its documentation
 * (docs/machines.md is made from the same table).
 */
#ifndef PW_SIM_CONFIG_H
#define PW_SIM_CONFIG_H

#include "mm/fault_inject.h"
#include "mm/mmzone.h"
#include "mmu/mmu.h"

#include <stdio.h>

/* The arrays that a machine file can give a TLB level: one for whatever has no
 * array of its own, and one for each of the large page sizes. */
enum tlb_array {
	TLB_ARRAY_MAIN, /* tlb.l1d.entries: 4 KB pages, always */
	TLB_ARRAY_2M,   /* tlb.l1d.2m.entries */
	TLB_ARRAY_4M,
	TLB_ARRAY_1G,
	NR_TLB_ARRAYS
};

/* One of them as described; machine_config.mmu.tlb has what comes of it. */
struct tlb_array_config {
	uint32_t entries;    /* 0: no such array */
	uint32_t ways;       /* 0: fully associative */
	uint32_t page_sizes; /* bit per enum page_size; 0: by the rule in docs/machines.md */
	const struct tlb_policy *policy; /* NULL: the level's, then tlb_policy */
};

/* As in ACPI's SLIT, from one node to each. */
struct node_distances {
	uint32_t nr; /* 0: 10 to itself, 20 to the others */
	uint8_t to[MAX_NUMNODES];
};

/* nodes[N] as described; sim/config_nodes.h has what comes of it. */
struct machine_node {
	uint64_t ram_bytes; /* 0: an equal share of what the others leave */
	uint64_t cpus;      /* a bit each; no node has one: equal shares */
	struct node_distances distances;
};

struct machine_config {
	char name[64];
	char description[256];
	uint64_t ram_bytes;
	uint32_t nr_nodes; /* described; 0: one, with all there is */
	struct machine_node nodes[MAX_NUMNODES];
	uint64_t movable_bytes;     /* of RAM, for movable pages alone */
	uint64_t swap_bytes;        /* 0: none */
	char swap_file[4096];       /* "": a temporary file, gone at the end */
	uint32_t swap_page_cluster; /* swap_read_ahead: log2 of pages; 0: off */
	uint32_t cpus;
	const struct paging_mode *paging;
	bool pcid;
	bool highpte, small_stacks; /* see kernel_config */
	bool page_cache_warm;
	uint64_t fault_around_bytes;
	uint64_t read_ahead_bytes;
	const struct reclaim_policy *reclaim_policy;
	uint32_t swappiness;
	uint64_t min_free_bytes; /* 0: Linux's default */
	uint64_t seed;
	struct fault_rule fault_inject[NR_FAULT_SITES]; /* from the guest's start on */
	const struct tlb_policy *tlb_policy;            /* of arrays and levels that name none */
	struct tlb_array_config tlb[NR_TLB_LEVELS][NR_TLB_ARRAYS];
	struct mmu_config mmu;                /* .tlb and .has_pcid follow from the above */
	uint64_t disk_read_ns, disk_write_ns; /* per request */
	uint64_t disk_page_ns;                /* per page of it */
	uint64_t cpu_hz;                      /* simulated time: one instruction a cycle */
	uint64_t sched_quantum;               /* instructions until another task's turn */
	uint64_t sched_turn;                  /* instructions until another CPU's turn */
};

struct config_override {
	const char *key, *value; /* --set KEY=VALUE, in order */
};

/* name: a machine that ships, else a file's path. 0; -EINVAL and why[] with the
 * file, line and column of what is wrong; or -errno of reading it, and why[]. On
 * error *config is undefined. */
int machine_config_load(struct machine_config *config, const char *name,
                        const struct config_override *overrides, size_t nr_overrides, char *why,
                        size_t why_size);

/* The same from text in memory; `name` stands for the file in messages. */
int machine_config_parse(struct machine_config *config, const char *name, const char *text,
                         size_t len, const struct config_override *overrides, size_t nr_overrides,
                         char *why, size_t why_size);

/* Is it a key with a value of its kind, whatever machine it is set on? 0, or -EINVAL
 * or -ENOMEM, and why[]. */
int machine_config_check_override(const struct config_override *override, char *why,
                                  size_t why_size);

/* The machines that ship: text of the i-th, or NULL behind the last. The first
 * is the one that is taken when none is named. */
const char *machine_config_shipped(size_t i, const char **name);

/* All of it as a machine file that loads to the same description. */
void machine_config_print(const struct machine_config *config, FILE *out);

/* Key and value in the table's order, for reports; is_literal: the value is a number
 * (of bytes, if a size) or true or false. Paths of the host are left out. */
typedef void (*machine_config_visit)(void *context, const char *key, const char *value,
                                     bool is_literal);
void machine_config_each(const struct machine_config *config, machine_config_visit visit,
                         void *context);

/* The table of keys as docs/machines.md has it. */
void machine_config_print_keys(FILE *out);

/* A size as 64K, 16M, 2G, 4096. False: not one. */
bool parse_size(const char *text, uint64_t *bytes);

#endif
