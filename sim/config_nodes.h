/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_nodes - what nodes[] of a machine description comes to: how much of the
 * RAM, which CPUs and which distances each node has.
 */
#ifndef PW_SIM_CONFIG_NODES_H
#define PW_SIM_CONFIG_NODES_H

#include "mm/kernel.h"
#include "sim/config.h"

struct config_mistake {
	char key[32];        /* "nodes.2.cpus" */
	const char *against; /* another key that it contradicts, or NULL */
	char what[128];
};

/* Fills *out's nr_nodes, nodes[] and cpu_node[]. False: the description contradicts
 * itself, and *mistake says how. */
bool config_nodes(const struct machine_config *config, struct kernel_config *out,
                  struct config_mistake *mistake);

#endif
