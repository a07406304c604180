/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/tlb_policy.h"
#include "sim/config.h"
#include "sim/config_keys.h"
#include "sim/config_nodes.h"
#include "tests/run_suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct machine_config config;
static char why[512];

static int parse(const char *text)
{
	return machine_config_parse(&config, "test.yaml", text, strlen(text), NULL, 0, why,
	                            sizeof(why));
}

static int load_with(const char *name, const char *key, const char *value)
{
	const struct config_override override = { key, value };

	return machine_config_load(&config, name, &override, 1, why, sizeof(why));
}

static char *printed(void (*print)(FILE *out))
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	print(out);
	fclose(out);
	return text;
}

static void print_config(FILE *out)
{
	machine_config_print(&config, out);
}

/* ---- what is right ---- */

START_TEST(an_empty_file_is_the_defaults)
{
	ck_assert_msg(!parse("# nothing\n"), "%s", why);
	ck_assert_str_eq(config.name, "test");
	ck_assert_uint_eq(config.ram_bytes, GIB);
	ck_assert_uint_eq(config.swap_bytes, 0);
	ck_assert_uint_eq(config.fault_around_bytes, 64 * KIB);
	ck_assert_uint_eq(config.read_ahead_bytes, 8 * MIB);
	ck_assert_uint_eq(config.swap_page_cluster, 3);
	ck_assert(!config.page_cache_warm);
	ck_assert_ptr_eq(config.paging, &paging_four_level);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].nr_arrays, 1);
	ck_assert_uint_eq(config.mmu.tlb[TLB_STLB].nr_arrays, 0);
}
END_TEST

START_TEST(nested_and_dotted_keys_are_the_same)
{
	ck_assert_msg(!parse("tlb:\n  l1d:\n    entries: 32\n    ways: 2\n"), "%s", why);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].arrays[0].entries, 32);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].arrays[0].ways, 2);
	ck_assert_msg(!parse("tlb.l1d.entries: 32\ntlb: {l1d.ways: 2}\n"), "%s", why);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].arrays[0].entries, 32);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].arrays[0].ways, 2);
	ck_assert_msg(!parse("tlb.l1d.4k: {entries: 16, ways: full}\n"), "%s", why);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].arrays[0].entries, 16);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].arrays[0].ways, 0);
}
END_TEST

START_TEST(the_main_array_holds_what_has_no_array_of_its_own)
{
	const struct tlb_level_config *level = &config.mmu.tlb[TLB_L1D];

	ck_assert_msg(!parse("tlb: {l1d: {entries: 64, 2m: {entries: 8}}}\n"), "%s", why);
	ck_assert_uint_eq(level->nr_arrays, 2);
	ck_assert_uint_eq(level->arrays[0].page_sizes, 1 << PAGE_4K | 1 << PAGE_4M | 1 << PAGE_1G);
	ck_assert_uint_eq(level->arrays[1].page_sizes, 1 << PAGE_2M);
	ck_assert_str_eq(level->arrays[0].name, "l1d");
	ck_assert_str_eq(level->arrays[1].name, "l1d.2m");
}
END_TEST

START_TEST(an_array_takes_its_levels_policy_before_the_machines)
{
	const struct mmu_config *mmu = &config.mmu;

	ck_assert_msg(!parse("tlb:\n  policy: fifo\n  l1d:\n    policy: nru\n"
	                     "    2m: {entries: 8}\n    1g: {entries: 4, policy: random}\n"),
	              "%s", why);
	ck_assert_ptr_eq(mmu->tlb[TLB_L1I].arrays[0].policy, &tlb_policy_fifo);
	ck_assert_ptr_eq(mmu->tlb[TLB_L1D].arrays[0].policy, &tlb_policy_nru);
	ck_assert_ptr_eq(mmu->tlb[TLB_L1D].arrays[1].policy, &tlb_policy_nru);
	ck_assert_ptr_eq(mmu->tlb[TLB_L1D].arrays[2].policy, &tlb_policy_random);
}
END_TEST

START_TEST(arrays_have_random_streams_of_their_own)
{
	const struct mmu_config *mmu = &config.mmu;

	ck_assert_msg(!parse("seed: 7\n"), "%s", why);
	ck_assert_uint_ne(mmu->tlb[TLB_L1I].arrays[0].seed, mmu->tlb[TLB_L1D].arrays[0].seed);
}
END_TEST

START_TEST(base_gives_what_the_file_does_not_say)
{
	ck_assert_msg(!parse("ram: 64M\nbase: nehalem\n"), "%s", why);
	ck_assert_uint_eq(config.ram_bytes, 64 * MIB);
	ck_assert_uint_eq(config.mmu.tlb[TLB_STLB].arrays[0].entries, 512);
}
END_TEST

START_TEST(overrides_work_in_order)
{
	const struct config_override overrides[] = { { "ram", "32M" },
		                                     { "tlb.l1d.entries", "16" },
		                                     { "ram", "16M" } };

	ck_assert_msg(!machine_config_load(&config, "skylake", overrides, 3, why, sizeof(why)),
	              "%s", why);
	ck_assert_uint_eq(config.ram_bytes, 16 * MIB);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].arrays[0].entries, 16);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].arrays[0].ways, 4);
}
END_TEST

START_TEST(a_level_can_be_taken_away)
{
	ck_assert_msg(!load_with("nehalem", "tlb.stlb.entries", "0"), "%s", why);
	ck_assert_uint_eq(config.mmu.tlb[TLB_STLB].nr_arrays, 0);
}
END_TEST

START_TEST(a_node_that_is_all_of_ram_is_fine)
{
	ck_assert_msg(!parse("ram: 2G\nnodes: [{ram: 2G}]\n"), "%s", why);
}
END_TEST

/* Shares in blocks of 4 MB, the last of those who do not say takes the rest; CPUs in
 * equal blocks; SLIT's usual distances are the kernel's to fill in. */
START_TEST(what_nodes_do_not_say_is_shared_out)
{
	static const uint32_t seats[] = { 0, 0, 1, 2 };
	struct kernel_config kernel = { 0 };
	struct config_mistake mistake;

	ck_assert_msg(!parse("ram: 102M\ncpus: 4\n"
	                     "nodes: [{ram: 0}, {ram: 32M}, {distances: [30, 30, 10]}]\n"),
	              "%s", why);
	ck_assert(config_nodes(&config, &kernel, &mistake));
	ck_assert_uint_eq(kernel.nr_nodes, 3);
	ck_assert_uint_eq(kernel.nodes[0].ram_bytes, 32 * MIB);
	ck_assert_uint_eq(kernel.nodes[1].ram_bytes, 32 * MIB);
	ck_assert_uint_eq(kernel.nodes[2].ram_bytes, 38 * MIB);
	ck_assert_uint_eq(kernel.nodes[0].distance[2], 0);
	ck_assert_uint_eq(kernel.nodes[2].distance[0], 30);
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		ck_assert_uint_eq(kernel.cpu_node[cpu], seats[cpu]);
}
END_TEST

START_TEST(a_list_of_nodes_replaces_the_bases_and_set_changes_one)
{
	const struct config_override override = { "nodes.1.cpus", "0-3" };

	ck_assert_msg(!parse("base: numa4\nnodes: [{ram: 512M}, {ram: 512M}]\n"), "%s", why);
	ck_assert_uint_eq(config.nr_nodes, 2);
	ck_assert_uint_eq(config.nodes[0].distances.nr, 0);
	ck_assert_int_eq(machine_config_load(&config, "numa4", &override, 1, why, sizeof(why)),
	                 -EINVAL);
	ck_assert_str_eq(why, "--set nodes.1.cpus=0-3: nodes.1.cpus: CPU 0 is on another node "
	                      "already");
}
END_TEST

START_TEST(an_override_can_be_checked_without_its_machine)
{
	struct config_override right = { "tlb.l1d.ways", "3" }, /* of 64 entries: on no machine */
	    unknown = { "tlb.l1d.wayz", "4" }, wrong = { "ram", "much" };

	ck_assert_int_eq(machine_config_check_override(&right, why, sizeof(why)), 0);
	ck_assert_int_eq(machine_config_check_override(&unknown, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "--set tlb.l1d.wayz=4: no such key: tlb.l1d.wayz; is it "
	                      "tlb.l1d.ways?");
	ck_assert_int_eq(machine_config_check_override(&wrong, why, sizeof(why)), -EINVAL);
}
END_TEST

START_TEST(values_written_in_other_ways)
{
	ck_assert_msg(!parse("{\"ram\": \"8M\", 'seed': 0x10, pcid: yes, "
	                     "tlb: {l1d: {page_sizes: \"4k,2M\"}}, page_cache: warm}"),
	              "%s", why);
	ck_assert_uint_eq(config.ram_bytes, 8 * MIB);
	ck_assert_uint_eq(config.seed, 16);
	ck_assert(config.pcid && config.mmu.has_pcid);
	ck_assert(config.page_cache_warm);
	ck_assert_uint_eq(config.mmu.tlb[TLB_L1D].arrays[0].page_sizes,
	                  1 << PAGE_4K | 1 << PAGE_2M);
}
END_TEST

/* ---- what is wrong ---- */

/* The whole message; where it is libfyaml's, up to its own words. */
static const struct {
	const char *text, *why;
} mistakes[] = {
	{ "ram: 1G\nrma: 2G\n", "test.yaml:2:1: no such key: rma; is it ram?" },
	{ "xyzzy: 2G\n", "test.yaml:1:1: no such key: xyzzy" },
	{ "tlb:\n  l1d:\n    way: 3\n",
	  "test.yaml:3:5: no such key: tlb.l1d.way; is it tlb.l1d.ways?" },
	{ "tlb:\n  l1d: 3\n", "test.yaml:2:3: no such key: tlb.l1d" },
	{ "ram: 3X\n", "test.yaml:1:6: ram is a size from 1M to 1T in steps of 4K, not \"3X\"" },
	{ "ram: 1000001\n",
	  "test.yaml:1:6: ram is a size from 1M to 1T in steps of 4K, not \"1000001\"" },
	{ "ram: ''\n", "test.yaml:1:7: ram is a size from 1M to 1T in steps of 4K, not \"\"" },
	{ "ram: {a: 1}\n",
	  "test.yaml:1:1: ram is a size from 1M to 1T in steps of 4K, not a mapping" },
	{ "ram: [1G]\n", "test.yaml:1:1: ram is a size from 1M to 1T in steps of 4K, not a list" },
	{ "ram: 1G\nram: 2G\n", "test.yaml:2:1: " },
	{ "tlb.l1d.ways: 4\ntlb: {l1d: {ways: 4}}\n",
	  "test.yaml:2:19: tlb.l1d.ways is given twice" },
	{ "tlb.l1d: {ways: 4, 4k: {ways: 4}}\n", "test.yaml:1:31: tlb.l1d.ways is given twice" },
	{ "seed: 18446744073709551616\n",
	  "test.yaml:1:7: seed is a number, not \"18446744073709551616\"" },
	{ "cpus: -1\n", "test.yaml:1:7: cpus is a number from 1 to 8, not \"-1\"" },
	{ "pcid: maybe\n", "test.yaml:1:7: pcid is true or false, not \"maybe\"" },
	{ "page_cache: hot\n", "test.yaml:1:13: page_cache is cold or warm, not \"hot\"" },
	{ "paging: three\n",
	  "test.yaml:1:9: paging is two-level, pae or four-level, not \"three\"" },
	{ "tlb: {policy: best}\n", "test.yaml:1:15: tlb.policy is one of lru, tree-plru, bit-plru, "
	                           "nru, fifo, lfu, random, not \"best\"" },
	{ "tlb: {policy: \"\"}\n", "test.yaml:1:16: tlb.policy is one of lru, tree-plru, bit-plru, "
	                           "nru, fifo, lfu, random, not \"\"" },
	{ "tlb: {l1d: {page_sizes: [4k, 4k]}}\n",
	  "test.yaml:1:13: tlb.l1d.page_sizes is a list of 4k, 2m, 4m, 1g, not \"4k,4k\"" },
	{ "tlb: {l1d: {page_sizes: [[4k]]}}\n",
	  "test.yaml:1:13: tlb.l1d.page_sizes is a list of 4k, 2m, 4m, 1g, not a list of other "
	  "things" },

	/* contradictions */
	{ "swap: {file: foo}\n", "test.yaml:1:14: swap.file needs swap.size" },
	{ "swap: {size: 8K}\n", "test.yaml:1:14: swap.size: a swap area has at least 40K" },
	{ "tlb: {l1d: {ways: 4,\n entries: 6}}\n",
	  "test.yaml:2:11: tlb.l1d.ways: 4 ways do not divide 6 entries" },
	{ "tlb: {l1d: {entries: 12, ways: 4}}\n",
	  "test.yaml:1:32: tlb.l1d.ways: 12 entries of 4 ways are 3 sets, not a power of two" },
	{ "tlb: {l1d: {entries: 0}}\n",
	  "test.yaml:1:22: tlb.l1d.entries: the first level cannot be left out" },
	{ "tlb: {l1i: {page_sizes: [2m]}}\n", "test.yaml:1:13: tlb.l1i.page_sizes has to hold 4k" },
	{ "tlb: {stlb: {2m: {entries: 8},\n entries: 16, page_sizes: [4k, 2m]}}",
	  "test.yaml:2:15: two arrays of tlb.stlb hold pages of one size" },
	{ "paging: two-level\npcid: true\n", "test.yaml:2:7: pcid needs four-level paging" },
	{ "paging: pae\npcid: true\n", "test.yaml:2:7: pcid needs four-level paging" },
	{ "paging: pae\nram: 128G\n", "test.yaml:2:6: a 32-bit kernel reaches 64G of RAM" },
	{ "paging: two-level\nram: 8G\n", "test.yaml:2:6: two-level paging reaches 4G of RAM" },
	{ "ram: 8G\nphysical_bits: 32\n",
	  "test.yaml:2:16: RAM is larger than 32 physical_bits reach" },
	{ "fault_around: 12K\n", "test.yaml:1:15: fault_around is a power of two" },
	{ "ram: 4M\nmin_free: 2M\n", "test.yaml:2:11: min_free is more than a quarter of ram" },
	{ "nodes: [{ram: 512M}]\n", "test.yaml:1:15: the nodes' ram does not add up to ram" },
	{ "nodes: [{ram: 1G},\n {ram: 1G}]\n",
	  "test.yaml:2:8: the nodes' ram does not add up to ram" },
	{ "nodes: 3\n", "test.yaml:1:1: nodes is a list of mappings, one a node" },
	{ "nodes: [{}]\n", "test.yaml:1:1: nodes is a list of mappings, one a node" },
	{ "nodes: [{ram: 0}, {ram: 0}, {ram: 0}, {ram: 0}, {ram: 0}, {ram: 0}, {ram: 0}, {ram: 0}, "
	  "{ram: 0}]\n",
	  "test.yaml:1:1: there are at most 8 nodes" },
	{ "nodes: [{disk: 1G}]\n", "test.yaml:1:10: no such key: nodes.0.disk" },
	{ "ram: 4M\nnodes: [{ram: 4M},\n {ram: 0}]\n",
	  "test.yaml:3:8: ram leaves too little for each node" },
	{ "nodes: [{ram: 3M},\n {ram: 0}]\n",
	  "test.yaml:1:15: the ram of nodes before the last is a multiple of 4M" },
	{ "nodes: [{cpus: [8]}]\n",
	  "test.yaml:1:10: nodes.0.cpus is a list of CPUs from 0 to 7, not \"8\"" },
	{ "nodes: [{cpus: 1-0}]\n",
	  "test.yaml:1:16: nodes.0.cpus is a list of CPUs from 0 to 7, not \"1-0\"" },
	{ "nodes: [{cpus: [1]}]\n", "test.yaml:1:10: nodes.0.cpus: there is no CPU 1" },
	{ "cpus: 2\nnodes: [{cpus: [0]}, {cpus: [0, 1]}]\n",
	  "test.yaml:2:23: nodes.1.cpus: CPU 0 is on another node already" },
	{ "cpus: 3\nnodes: [{cpus: [0]}, {cpus: [2]}]\n",
	  "test.yaml:2:10: nodes.0.cpus: CPU 1 is on no node" },
	{ "nodes: [{distances: [10, 20]}]\n",
	  "test.yaml:1:10: nodes.0.distances: 2 distances, but 1 nodes" },
	{ "nodes: [{distances: [20, 10]}, {ram: 0}]\n",
	  "test.yaml:1:10: nodes.0.distances: a node is 10 from itself" },
	{ "nodes: [{distances: [10, 10]}, {ram: 0}]\n",
	  "test.yaml:1:10: nodes.0.distances: another node is farther than 10" },
	{ "nodes: [{distances: [9]}]\n",
	  "test.yaml:1:10: nodes.0.distances is a list of numbers from 10 to 254, not \"9\"" },
	{ "movable_ram: 1G\n", "test.yaml:1:14: movable_ram is more than three quarters of ram" },
	{ "base: nope\n", "test.yaml:1:7: no machine \"nope\" ships" },

	/* YAML */
	{ "[1, 2]\n", "test.yaml: a machine file is a mapping of keys to values" },
	{ "ram: 1G\n---\nram: 2G\n", "test.yaml: more than one YAML document" },
	{ "ram: \"1G\n", "test.yaml:1:7: " },
	{ "? [a]\n: b\n", "test.yaml: a key is a word" },
	{ "seed: &x 1\nram: *x\n",
	  "test.yaml:2:1: ram: aliases are not for machine files; see base" },
	{ "ram: \"1\\0M\"\n",
	  "test.yaml:1:1: ram is a size from 1M to 1T in steps of 4K, not such text" },
};

START_TEST(a_mistake_is_told_with_its_place)
{
	size_t len = strlen(mistakes[_i].why);

	ck_assert_int_eq(parse(mistakes[_i].text), -EINVAL);
	if (mistakes[_i].why[len - 1] == ' ')
		why[len] = '\0';
	ck_assert_str_eq(why, mistakes[_i].why);
}
END_TEST

static const struct {
	const char *machine, *key, *value, *why;
} override_mistakes[] = {
	{ "skylake", "tlb.l1d.way", "3",
	  "--set tlb.l1d.way=3: no such key: tlb.l1d.way; is it tlb.l1d.ways?" },
	{ "skylake", "tlb.l1d.ways", "3",
	  "--set tlb.l1d.ways=3: tlb.l1d.ways: 3 ways do not divide 64 entries" },
	{ "skylake", "paging", "two-level",
	  "--set paging=two-level: pcid needs four-level paging" },
	{ "skylake", "base", "p6", "--set base=p6: base stands in files only" },
	{ "skylake", "ram", "",
	  "--set ram=: ram is a size from 1M to 1T in steps of 4K, not \"\"" },
};

START_TEST(a_mistake_in_an_override_is_told_as_such)
{
	ck_assert_int_eq(load_with(override_mistakes[_i].machine, override_mistakes[_i].key,
	                           override_mistakes[_i].value),
	                 -EINVAL);
	ck_assert_str_eq(why, override_mistakes[_i].why);
}
END_TEST

START_TEST(no_such_machine)
{
	ck_assert_int_eq(machine_config_load(&config, "nonesuch", NULL, 0, why, sizeof(why)),
	                 -ENOENT);
	ck_assert_str_eq(why, "no machine \"nonesuch\" ships, and there is no such file");
	ck_assert_int_eq(machine_config_load(&config, "/no/such.yaml", NULL, 0, why, sizeof(why)),
	                 -ENOENT);
	ck_assert_str_eq(why, "/no/such.yaml: No such file or directory");
}
END_TEST

START_TEST(deep_nesting_ends_in_a_message)
{
	char text[20000];

	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(parse(text), -EINVAL);
	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "{a:", 3);
	ck_assert_int_eq(parse(text), -EINVAL);
}
END_TEST

/* ---- the machines that ship ---- */

START_TEST(every_shipped_machine_makes_an_mmu)
{
	const char *name;
	struct event_stream events = { 0 };
	struct ram ram;
	struct mmu *mmu;

	ck_assert_int_eq(ram_init(&ram, MIB), 0);
	for (size_t i = 0; machine_config_shipped(i, &name); i++) {
		ck_assert_msg(!machine_config_load(&config, name, NULL, 0, why, sizeof(why)), "%s",
		              why);
		ck_assert_str_eq(config.name, name);
		ck_assert_str_ne(config.description, "");
		ck_assert_msg(!mmu_create(&mmu, &config.mmu, &ram, &events), "%s", name);
		mmu_destroy(mmu);
	}
	ram_finish(&ram);
}
END_TEST

static void check_array(enum tlb_level level, uint32_t i, uint32_t entries, uint32_t ways)
{
	ck_assert_uint_gt(config.mmu.tlb[level].nr_arrays, i);
	ck_assert_uint_eq(config.mmu.tlb[level].arrays[i].entries, entries);
	ck_assert_uint_eq(config.mmu.tlb[level].arrays[i].ways, ways);
}

START_TEST(the_default_machine_is_skylake_as_intel_has_it)
{
	const char *name;

	machine_config_shipped(0, &name);
	ck_assert_str_eq(name, "skylake");
	ck_assert_int_eq(machine_config_load(&config, name, NULL, 0, why, sizeof(why)), 0);
	check_array(TLB_L1I, 0, 128, 8);
	check_array(TLB_L1I, 1, 8, 0);
	check_array(TLB_L1D, 0, 64, 4);
	check_array(TLB_L1D, 1, 32, 4);
	check_array(TLB_L1D, 2, 4, 4);
	check_array(TLB_STLB, 0, 1536, 12);
	ck_assert(config.pcid);
}
END_TEST

START_TEST(a_printed_machine_loads_to_the_same)
{
	const char *name;

	for (size_t i = 0; machine_config_shipped(i, &name); i++) {
		struct machine_config before;
		char *text, *again;

		ck_assert_int_eq(load_with(name, "swap.file", ""), 0);
		before = config;
		text = printed(print_config);
		ck_assert_msg(!parse(text), "%s: %s", name, why);
		ck_assert_msg(!memcmp(&before, &config, sizeof(config)), "%s", name);
		again = printed(print_config);
		ck_assert_str_eq(text, again);
		free(text);
		free(again);
	}
}
END_TEST

/* ---- the table ---- */

START_TEST(every_key_explains_itself)
{
	for (size_t i = 0; i < nr_config_keys; i++) {
		ck_assert_ptr_eq(config_key_find(config_keys[i].name), &config_keys[i]);
		ck_assert_msg(config_keys[i].doc && *config_keys[i].doc, "%s", config_keys[i].name);
	}
}
END_TEST

/* docs/machines.md holds, between two marks, just what the table prints. */
START_TEST(docs_machines_md_is_what_the_table_says)
{
	const char *root = getenv("PW_SOURCE_ROOT");
	char path[4096], *keys = printed(machine_config_print_keys);
	static char text[65536];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/docs/machines.md", root ? root : ".");
	file = fopen(path, "r");
	ck_assert_msg(file, "%s", path);
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	ck_assert_msg(strstr(text, keys),
	              "docs/machines.md: put in what `pagewalk machine keys` prints");
	free(keys);
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		const char *text;
		bool is_size;
		uint64_t bytes;
	} cases[] = {
		{ "4096", true, 4096 },     { "64K", true, 65536 },
		{ "16m", true, 16 * MIB },  { "2G", true, 2 * GIB },
		{ "1T", true, 1024 * GIB }, { "0", true, 0 },
		{ "0x1000", true, 4096 },   { "16777215T", true, 16777215ull << 40 },
		{ "", false, 0 },           { "K", false, 0 },
		{ "-1", false, 0 },         { " 1", false, 0 },
		{ "1 K", false, 0 },        { "1KB", false, 0 },
		{ "1.5G", false, 0 },       { "+1", false, 0 },
		{ "16777216T", false, 0 },  { "99999999999999999999", false, 0 },
		{ "1P", false, 0 },         { "123456789012345678901234567890", false, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 0;

		ck_assert_msg(parse_size(cases[i].text, &bytes) == cases[i].is_size, "%s",
		              cases[i].text);
		ck_assert_uint_eq(bytes, cases[i].bytes);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = tcase_create("config");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, an_empty_file_is_the_defaults);
	tcase_add_test(tcase, nested_and_dotted_keys_are_the_same);
	tcase_add_test(tcase, the_main_array_holds_what_has_no_array_of_its_own);
	tcase_add_test(tcase, an_array_takes_its_levels_policy_before_the_machines);
	tcase_add_test(tcase, arrays_have_random_streams_of_their_own);
	tcase_add_test(tcase, base_gives_what_the_file_does_not_say);
	tcase_add_test(tcase, overrides_work_in_order);
	tcase_add_test(tcase, a_level_can_be_taken_away);
	tcase_add_test(tcase, a_node_that_is_all_of_ram_is_fine);
	tcase_add_test(tcase, what_nodes_do_not_say_is_shared_out);
	tcase_add_test(tcase, a_list_of_nodes_replaces_the_bases_and_set_changes_one);
	tcase_add_test(tcase, an_override_can_be_checked_without_its_machine);
	tcase_add_test(tcase, values_written_in_other_ways);
	tcase_add_loop_test(tcase, a_mistake_is_told_with_its_place, 0,
	                    sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_loop_test(tcase, a_mistake_in_an_override_is_told_as_such, 0,
	                    sizeof(override_mistakes) / sizeof(override_mistakes[0]));
	tcase_add_test(tcase, no_such_machine);
	tcase_add_test(tcase, deep_nesting_ends_in_a_message);
	tcase_add_test(tcase, every_shipped_machine_makes_an_mmu);
	tcase_add_test(tcase, the_default_machine_is_skylake_as_intel_has_it);
	tcase_add_test(tcase, a_printed_machine_loads_to_the_same);
	tcase_add_test(tcase, every_key_explains_itself);
	tcase_add_test(tcase, docs_machines_md_is_what_the_table_says);
	tcase_add_test(tcase, sizes);
	return run_suite(suite);
}
