/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/config_nodes.h"

#include <inttypes.h>
#include <stdarg.h>

/* Nodes begin with a block of the buddy allocator's largest order. */
#define NODE_STEP (PAGE_SIZE << (MAX_ORDER - 1))

static bool __attribute__((format(printf, 4, 5)))
wrong(struct config_mistake *mistake, uint32_t nid, const char *key, const char *format, ...)
{
	va_list args;

	snprintf(mistake->key, sizeof(mistake->key), "nodes.%" PRIu32 ".%s", nid, key);
	mistake->against = NULL;
	va_start(args, format);
	vsnprintf(mistake->what, sizeof(mistake->what), format, args);
	va_end(args);
	return false;
}

/* ---- RAM ---- */

static bool ram_mistake(struct config_mistake *mistake, uint32_t nid, const char *what)
{
	wrong(mistake, nid, "ram", "%s", what);
	mistake->against = "ram";
	return false;
}

/* What no node has said, and how many have not; -1: they say too much. */
static int64_t unsaid_ram(const struct machine_config *config, uint32_t nr_nodes, uint32_t *nr_open)
{
	uint64_t left = config->ram_bytes;

	*nr_open = 0;
	for (uint32_t nid = 0; nid < nr_nodes; nid++) {
		if (config->nodes[nid].ram_bytes > left)
			return -1;
		left -= config->nodes[nid].ram_bytes;
		*nr_open += !config->nodes[nid].ram_bytes;
	}
	return (int64_t)left;
}

/* Whoever does not say gets an equal share of what the others leave; the last of
 * them takes what is left over. */
static bool share_ram(const struct machine_config *config, struct kernel_config *out,
                      struct config_mistake *mistake)
{
	uint32_t nr_open, last = out->nr_nodes - 1;
	int64_t left = unsaid_ram(config, out->nr_nodes, &nr_open), share = left;

	if (left < 0 || (left && !nr_open))
		return ram_mistake(mistake, last, "the nodes' ram does not add up to ram");
	if (nr_open > 1)
		share = left / nr_open & ~(int64_t)(NODE_STEP - 1);
	if (nr_open && !share)
		return ram_mistake(mistake, last, "ram leaves too little for each node");
	for (uint32_t nid = 0; nid < out->nr_nodes; nid++) {
		uint64_t bytes = config->nodes[nid].ram_bytes;

		if (!bytes) {
			bytes = (uint64_t)(--nr_open ? share : left);
			left -= share;
		}
		if (nid != last && bytes % NODE_STEP)
			return ram_mistake(mistake, nid,
			                   "the ram of nodes before the last is a multiple of 4M");
		out->nodes[nid].ram_bytes = bytes;
	}
	return true;
}

/* ---- CPUs ---- */

/* In blocks, as evenly as can be. */
static void deal_cpus(struct kernel_config *out, uint32_t cpus)
{
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		out->cpu_node[cpu] = cpu * out->nr_nodes / cpus;
}

static bool seat_cpus(const struct machine_config *config, struct kernel_config *out,
                      struct config_mistake *mistake)
{
	uint64_t all = (uint64_t)1 << (config->cpus - 1), seated = 0;

	all |= all - 1;
	for (uint32_t nid = 0; nid < out->nr_nodes; nid++) {
		uint64_t cpus = config->nodes[nid].cpus;

		if (cpus & ~all)
			return wrong(mistake, nid, "cpus", "there is no CPU %d",
			             __builtin_ctzll(cpus & ~all));
		if (cpus & seated)
			return wrong(mistake, nid, "cpus", "CPU %d is on another node already",
			             __builtin_ctzll(cpus & seated));
		for (uint32_t cpu = 0; cpu < config->cpus; cpu++)
			if (cpus >> cpu & 1)
				out->cpu_node[cpu] = nid;
		seated |= cpus;
	}
	if (!seated)
		deal_cpus(out, config->cpus);
	else if (seated != all)
		return wrong(mistake, 0, "cpus", "CPU %d is on no node",
		             __builtin_ctzll(all & ~seated));
	return true;
}

/* ---- distances ---- */

static bool set_distances(const struct machine_config *config, struct kernel_config *out,
                          struct config_mistake *mistake, uint32_t nid)
{
	const struct node_distances *row = &config->nodes[nid].distances;

	if (row->nr && row->nr != out->nr_nodes)
		return wrong(mistake, nid, "distances",
		             "%" PRIu32 " distances, but %" PRIu32 " nodes", row->nr,
		             out->nr_nodes);
	for (uint32_t to = 0; to < row->nr; to++) {
		if (to == nid && row->to[to] != LOCAL_DISTANCE)
			return wrong(mistake, nid, "distances", "a node is %d from itself",
			             LOCAL_DISTANCE);
		if (to != nid && row->to[to] <= LOCAL_DISTANCE)
			return wrong(mistake, nid, "distances", "another node is farther than %d",
			             LOCAL_DISTANCE);
		out->nodes[nid].distance[to] = row->to[to];
	}
	return true;
}

bool config_nodes(const struct machine_config *config, struct kernel_config *out,
                  struct config_mistake *mistake)
{
	out->nr_nodes = config->nr_nodes ? config->nr_nodes : 1;
	if (!share_ram(config, out, mistake) || !seat_cpus(config, out, mistake))
		return false;
	for (uint32_t nid = 0; nid < out->nr_nodes; nid++)
		if (!set_distances(config, out, mistake, nid))
			return false;
	return true;
}
