/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/config_keys.h"

#include "mm/mmzone.h"
#include "mm/reclaim_policy.h"
#include "mmu/tlb_policy.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- sizes and numbers ---- */

static bool parse_number(const char *text, uint64_t *value)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false; /* strtoull() would take blanks and signs */
	errno = 0;
	*value = strtoull(text, &end, is_hex ? 16 : 10);
	return !errno && !*end && end != text;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	char digits[24];
	size_t len = strlen(text);
	const char *unit;
	unsigned shift = 0;
	uint64_t value;

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len + 1);
	unit = strchr(units, digits[len - 1] & ~0x20);
	if (unit && digits[len - 1] > '9') {
		shift = 10 * (unsigned)(unit - units + 1);
		digits[len - 1] = '\0';
	}
	if (!parse_number(digits, &value) || value > UINT64_MAX >> shift)
		return false;
	*bytes = value << shift;
	return true;
}

static void print_size(uint64_t bytes, char *text, size_t size)
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	unsigned i = 0;

	while (bytes && bytes % 1024 == 0 && i + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		i++;
	}
	snprintf(text, size, "%" PRIu64 "%s", bytes, units[i]);
}

static bool is_in_range(const struct config_key *key, uint64_t value)
{
	return value >= key->min && value <= key->max && (!key->step || value % key->step == 0);
}

static bool size_parse(const struct config_key *key, const char *text, void *field)
{
	uint64_t bytes;

	if (!parse_size(text, &bytes) || !is_in_range(key, bytes))
		return false;
	*(uint64_t *)field = bytes;
	return true;
}

static void size_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	print_size(*(const uint64_t *)field, text, size);
}

static void size_describe(const struct config_key *key, char *text, size_t size)
{
	char min[32], max[32], step[32];

	print_size(key->min, min, sizeof(min));
	print_size(key->max, max, sizeof(max));
	print_size(key->step, step, sizeof(step));
	snprintf(text, size, "a size from %s to %s%s%s", min, max, key->step ? " in steps of " : "",
	         key->step ? step : "");
}

static bool u64_parse(const struct config_key *key, const char *text, void *field)
{
	uint64_t value;

	if (!parse_number(text, &value) || !is_in_range(key, value))
		return false;
	*(uint64_t *)field = value;
	return true;
}

static void u64_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	snprintf(text, size, "%" PRIu64, *(const uint64_t *)field);
}

static bool u32_parse(const struct config_key *key, const char *text, void *field)
{
	uint64_t value;

	assert(key->max <= UINT32_MAX);
	if (!u64_parse(key, text, &value))
		return false;
	*(uint32_t *)field = (uint32_t)value;
	return true;
}

static void u32_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	snprintf(text, size, "%" PRIu32, *(const uint32_t *)field);
}

static void number_describe(const struct config_key *key, char *text, size_t size)
{
	if (key->max == UINT64_MAX)
		snprintf(text, size, "a number");
	else if (key->min == key->max)
		snprintf(text, size, "%" PRIu64, key->min);
	else
		snprintf(text, size, "a number from %" PRIu64 " to %" PRIu64, key->min, key->max);
}

/* ---- words ---- */

static bool flag_parse(const struct config_key *key, const char *text, void *field)
{
	static const char *const words[] = { "false", "true", "off", "on", "no", "yes" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i]))
			continue;
		*(bool *)field = i & 1;
		return true;
	}
	return false;
}

static void flag_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	snprintf(text, size, "%s", *(const bool *)field ? "true" : "false");
}

static void flag_describe(const struct config_key *key, char *text, size_t size)
{
	snprintf(text, size, "true or false");
}

/* Two words, for a bool. */
static bool choice_parse(const struct config_key *key, const char *text, void *field)
{
	const char *bar = strchr(key->words, '|');
	size_t len = (size_t)(bar - key->words);

	if (strlen(text) == len && !memcmp(text, key->words, len))
		*(bool *)field = false;
	else if (!strcmp(text, bar + 1))
		*(bool *)field = true;
	else
		return false;
	return true;
}

static void choice_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	const char *bar = strchr(key->words, '|');

	if (*(const bool *)field)
		snprintf(text, size, "%s", bar + 1);
	else
		snprintf(text, size, "%.*s", (int)(bar - key->words), key->words);
}

static void choice_describe(const struct config_key *key, char *text, size_t size)
{
	const char *bar = strchr(key->words, '|');

	snprintf(text, size, "%.*s or %s", (int)(bar - key->words), key->words, bar + 1);
}

static bool ways_parse(const struct config_key *key, const char *text, void *field)
{
	if (strcmp(text, "full"))
		return u32_parse(key, text, field);
	*(uint32_t *)field = 0;
	return true;
}

static void ways_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	if (*(const uint32_t *)field)
		u32_print(key, field, text, size);
	else
		snprintf(text, size, "full");
}

static void ways_describe(const struct config_key *key, char *text, size_t size)
{
	snprintf(text, size, "a number from 1 to %" PRIu64 ", or full", key->max);
}

static bool paging_parse(const struct config_key *key, const char *text, void *field)
{
	const struct paging_mode *mode = paging_mode_by_name(text);

	if (mode)
		*(const struct paging_mode **)field = mode;
	return mode;
}

static void paging_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	snprintf(text, size, "%s", (*(const struct paging_mode *const *)field)->name);
}

static void paging_describe(const struct config_key *key, char *text, size_t size)
{
	snprintf(text, size, "two-level, pae or four-level");
}

/* An array's policy may be left open; tlb.policy, whose default is not "", not. */
static bool policy_parse(const struct config_key *key, const char *text, void *field)
{
	const struct tlb_policy *policy = tlb_policy_by_name(text);
	bool is_open = !*text && !*key->def;

	if (!policy && !is_open)
		return false;
	*(const struct tlb_policy **)field = policy;
	return true;
}

static void policy_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	const struct tlb_policy *policy = *(const struct tlb_policy *const *)field;

	snprintf(text, size, "%s", policy ? policy->name : "");
}

static void policy_describe(const struct config_key *key, char *text, size_t size)
{
	size_t len = (size_t)snprintf(text, size, "one of");
	const struct tlb_policy *policy;

	for (size_t i = 0; (policy = tlb_policy_at(i)) && len < size; i++)
		len +=
		    (size_t)snprintf(text + len, size - len, "%s %s", i ? "," : "", policy->name);
}

static bool reclaim_parse(const struct config_key *key, const char *text, void *field)
{
	const struct reclaim_policy *policy = reclaim_policy_by_name(text);

	if (policy)
		*(const struct reclaim_policy **)field = policy;
	return policy;
}

static void reclaim_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	snprintf(text, size, "%s", (*(const struct reclaim_policy *const *)field)->name);
}

static void reclaim_describe(const struct config_key *key, char *text, size_t size)
{
	size_t len = (size_t)snprintf(text, size, "one of");
	const struct reclaim_policy *policy;

	for (size_t i = 0; (policy = reclaim_policy_at(i)) && len < size; i++)
		len +=
		    (size_t)snprintf(text + len, size - len, "%s %s", i ? "," : "", policy->name);
}

/* ---- lists of page sizes: "4k,2m" ---- */

static const char *const page_size_names[NR_PAGE_SIZES] = { "4k", "2m", "4m", "1g" };

static uint32_t page_size_bit(const char *name, size_t len)
{
	for (unsigned i = 0; i < NR_PAGE_SIZES; i++)
		if (len == 2 && !strncasecmp(name, page_size_names[i], 2))
			return 1u << i;
	return 0;
}

static bool page_sizes_parse(const struct config_key *key, const char *text, void *field)
{
	uint32_t sizes = 0;

	while (*text) {
		size_t len = strcspn(text, ",");
		uint32_t bit = page_size_bit(text, len);

		if (!bit || sizes & bit)
			return false;
		sizes |= bit;
		text += len + (text[len] == ',');
	}
	*(uint32_t *)field = sizes;
	return true;
}

static void page_sizes_print(const struct config_key *key, const void *field, char *text,
                             size_t size)
{
	uint32_t sizes = *(const uint32_t *)field;
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < NR_PAGE_SIZES; i++)
		if (sizes >> i & 1)
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? "," : "",
			                        page_size_names[i]);
}

static void page_sizes_describe(const struct config_key *key, char *text, size_t size)
{
	snprintf(text, size, "a list of 4k, 2m, 4m, 1g");
}

/* ---- lists of numbers: CPUs "0,2-3", distances "10,20" ---- */

/* Takes a number below `end` from the text; false: there is none. */
static bool take_number(const char **text, uint64_t end, uint64_t *value)
{
	size_t len = strspn(*text, "0123456789");
	char digits[8];

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, *text, len);
	digits[len] = '\0';
	*text += len;
	return parse_number(digits, value) && *value < end;
}

static bool cpus_parse(const struct config_key *key, const char *text, void *field)
{
	uint64_t cpus = 0, first, last;

	while (*text) {
		if (!take_number(&text, key->max, &first))
			return false;
		last = first;
		if (*text == '-' && (text++, !take_number(&text, key->max, &last)))
			return false;
		if (last < first || (*text && *text != ','))
			return false;
		for (uint64_t cpu = first; cpu <= last; cpu++)
			cpus |= (uint64_t)1 << cpu;
		text += *text == ',';
	}
	*(uint64_t *)field = cpus;
	return true;
}

static void cpus_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	uint64_t cpus = *(const uint64_t *)field;
	size_t len = 0;

	text[0] = '\0';
	for (unsigned cpu = 0; cpu < 64; cpu++)
		if (cpus >> cpu & 1)
			len +=
			    (size_t)snprintf(text + len, size - len, "%s%u", len ? "," : "", cpu);
}

static void cpus_describe(const struct config_key *key, char *text, size_t size)
{
	snprintf(text, size, "a list of CPUs from 0 to %" PRIu64, key->max - 1);
}

static bool distances_parse(const struct config_key *key, const char *text, void *field)
{
	struct node_distances distances = { 0 };
	uint64_t distance;

	while (*text) {
		if (distances.nr == MAX_NUMNODES || !take_number(&text, key->max + 1, &distance) ||
		    distance < key->min || (*text && *text != ','))
			return false;
		distances.to[distances.nr++] = (uint8_t)distance;
		text += *text == ',';
	}
	*(struct node_distances *)field = distances;
	return true;
}

static void distances_print(const struct config_key *key, const void *field, char *text,
                            size_t size)
{
	const struct node_distances *distances = field;
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < distances->nr; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%u", i ? "," : "",
		                        distances->to[i]);
}

static void distances_describe(const struct config_key *key, char *text, size_t size)
{
	snprintf(text, size, "a list of numbers from %" PRIu64 " to %" PRIu64, key->min, key->max);
}

/* ---- failures ---- */

static bool fault_rule_kind_parse(const struct config_key *key, const char *text, void *field)
{
	return fault_rule_parse(field, text);
}

static void fault_rule_kind_print(const struct config_key *key, const void *field, char *text,
                                  size_t size)
{
	fault_rule_print(field, text, size);
}

static void fault_rule_kind_describe(const struct config_key *key, char *text, size_t size)
{
	snprintf(text, size, "off, nth:N, every:N or fraction:1/N");
}

/* ---- text ---- */

static bool text_parse(const struct config_key *key, const char *text, void *field)
{
	size_t len = strlen(text);

	if (len >= key->max)
		return false;
	memset(field, 0, key->max); /* equal descriptions are equal to the byte */
	memcpy(field, text, len);
	return true;
}

static void text_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	snprintf(text, size, "%s", (const char *)field);
}

static void text_describe(const struct config_key *key, char *text, size_t size)
{
	snprintf(text, size, "text of at most %" PRIu64 " bytes", key->max - 1);
}

/* `base` is answered before any other key is read, and leaves nothing behind. */
static bool base_parse(const struct config_key *key, const char *text, void *field)
{
	return true;
}

static void base_print(const struct config_key *key, const void *field, char *text, size_t size)
{
	text[0] = '\0';
}

static void base_describe(const struct config_key *key, char *text, size_t size)
{
	snprintf(text, size, "the name of a machine that ships");
}

#define KIND(module, described)                                                                    \
	.parse = module##_parse, .print = module##_print, .describe = described##_describe

static const struct config_kind kind_size = { KIND(size, size) };
static const struct config_kind kind_u32 = { .is_literal = true, KIND(u32, number) };
static const struct config_kind kind_u64 = { .is_literal = true, KIND(u64, number) };
static const struct config_kind kind_flag = { .is_literal = true, KIND(flag, flag) };
static const struct config_kind kind_choice = { KIND(choice, choice) };
static const struct config_kind kind_ways = { .is_literal = true, KIND(ways, ways) };
static const struct config_kind kind_paging = { KIND(paging, paging) };
static const struct config_kind kind_policy = { KIND(policy, policy) };
static const struct config_kind kind_reclaim = { KIND(reclaim, reclaim) };
static const struct config_kind kind_page_sizes = { .is_list = true, KIND(page_sizes, page_sizes) };
static const struct config_kind kind_cpus = { .is_list = true, KIND(cpus, cpus) };
static const struct config_kind kind_distances = { .is_list = true, KIND(distances, distances) };
static const struct config_kind kind_fault_rule = { KIND(fault_rule_kind, fault_rule_kind) };
static const struct config_kind kind_text = { KIND(text, text) };
static const struct config_kind kind_base = { KIND(base, base) };

/* ---- the table ---- */

#define FIELD(member) .offset = offsetof(struct machine_config, member)

/* clang-format off */
#define TLB_ARRAY(prefix, level, array, is_side, entries_default, entries_doc, policy_doc,         \
                  sizes_doc)                                                                       \
	{ prefix ".entries", &kind_u32, FIELD(tlb[level][array].entries),                          \
	  .def = entries_default, .max = 65536, .terse = is_side, .doc = entries_doc },            \
	{ prefix ".ways", &kind_ways, FIELD(tlb[level][array].ways),                               \
	  .def = "full", .min = 1, .max = 65536, .terse = is_side,                                 \
	  .doc = "Ways. Entries / ways, the sets, must be a power of two." },                      \
	{ prefix ".policy", &kind_policy, FIELD(tlb[level][array].policy),                         \
	  .def = "", .terse = true, .doc = policy_doc },                                           \
	{ prefix ".page_sizes", &kind_page_sizes, FIELD(tlb[level][array].page_sizes),             \
	  .def = "", .terse = true, .doc = sizes_doc }

#define TLB_SIDE_ARRAY(prefix, level, array)                                                       \
	TLB_ARRAY(prefix, level, array, true, "0",                                                 \
	          "An array of the level for a large page size (SIZE is 2m, 4m or 1g); 0: none.",  \
	          "Replacement policy; empty: the level's.",                                       \
	          "Page sizes that the array holds; empty: the one it is called after.")

#define TLB_LEVEL(prefix, level, entries_default)                                                  \
	TLB_ARRAY(prefix, level, TLB_ARRAY_MAIN, false, entries_default,                           \
	          "Entries of the level (LEVEL is l1i, l1d or stlb), in the array that holds 4 KB "\
	          "pages; 0, for stlb alone: no such level. stlb's default is 0.",                 \
	          "Replacement policy; empty: `tlb.policy`.",                                      \
	          "Page sizes that the array holds; empty: all for which the level has no array "  \
	          "of its own."),                                                                  \
	TLB_SIDE_ARRAY(prefix ".2m", level, TLB_ARRAY_2M),                                         \
	TLB_SIDE_ARRAY(prefix ".4m", level, TLB_ARRAY_4M),                                         \
	TLB_SIDE_ARRAY(prefix ".1g", level, TLB_ARRAY_1G)

#define NODE(i)                                                                                    \
	{ "nodes." #i ".ram", &kind_size, FIELD(nodes[i].ram_bytes), .def = "0", .terse = true,    \
	  .max = 1024 * GIB, .step = PAGE_SIZE,                                                    \
	  .doc = "Memory of a NUMA node, written as `nodes: [{ram: 512M}, {ram: 512M}]`; 0: an "   \
	         "equal share of what the others leave. All together are `ram`, in the order of "  \
	         "their addresses." },                                                             \
	{ "nodes." #i ".cpus", &kind_cpus, FIELD(nodes[i].cpus), .def = "", .terse = true,         \
	  .max = NR_CPUS_MAX,                                                                      \
	  .doc = "Its CPUs, as `[0, 1]` or `0-1`. If no node says, the CPUs are dealt out in "     \
	         "equal blocks; if one does, a node that does not has none." },                    \
	{ "nodes." #i ".distances", &kind_distances, FIELD(nodes[i].distances), .def = "",         \
	  .min = 10, .max = 254, .terse = true,                                                    \
	  .doc = "How far each node is from it, in node order, as in ACPI's SLIT; empty: 10 to "   \
	         "itself and 20 to the others." }

const struct config_key config_keys[] = {
	{ "base", &kind_base, 0, .def = "", .terse = true, .file_only = true,
	  .doc = "A machine that ships, from which this file differs. Everything not "
	         "said here is as it is there." },
	{ "name", &kind_text, FIELD(name), .def = "", .max = 64,
	  .doc = "What statistics call the machine; by default the file's name." },
	{ "description", &kind_text, FIELD(description), .def = "", .max = 256,
	  .doc = "A line for `pagewalk machine list`." },

	{ "ram", &kind_size, FIELD(ram_bytes), .def = "1G",
	  .min = 1 * MIB, .max = 1024 * GIB, .step = PAGE_SIZE,
	  .doc = "Physical memory. The host backs only what the guest touches." },
	NODE(0), NODE(1), NODE(2), NODE(3), NODE(4), NODE(5), NODE(6), NODE(7),
	{ "movable_ram", &kind_size, FIELD(movable_bytes), .def = "0", .terse = true,
	  .max = 1024 * GIB, .step = PAGE_SIZE,
	  .doc = "How much of `ram` is ZONE_MOVABLE, for pages alone that can be moved away "
	         "(Linux: movablecore=); from the top of each node, so that the rest is "
	         "spread evenly." },
	{ "cpus", &kind_u32, FIELD(cpus), .def = "1", .min = 1, .max = NR_CPUS_MAX,
	  .doc = "Processors, each with its own TLBs and walk caches." },
	{ "cpu_hz", &kind_u64, FIELD(cpu_hz), .def = "1000000000",
	  .min = 1000000, .max = 100000000000,
	  .doc = "Clock rate. Simulated time passes at one cycle an instruction." },
	{ "sched.quantum", &kind_u64, FIELD(sched_quantum), .def = "1000000",
	  .min = 1, .max = UINT64_MAX / 2,
	  .doc = "Instructions that a task runs before another's turn on its CPU." },
	{ "sched.turn", &kind_u64, FIELD(sched_turn), .def = "1000",
	  .min = 1, .max = UINT64_MAX / 2,
	  .doc = "Instructions that a CPU runs before it is the next one's turn, while several "
	         "have something to run: fewer are truer, and slower." },
	{ "physical_bits", &kind_u32, FIELD(mmu.physical_bits), .def = "40", .min = 32, .max = 52,
	  .doc = "Width of a physical address (MAXPHYADDR): entry bits above it are reserved." },
	{ "paging", &kind_paging, FIELD(paging), .def = "four-level",
	  .doc = "Page tables: two-level is 32-bit with 4 MB pages, pae 32-bit with 8-byte "
	         "entries, NX and 2 MB pages, four-level is x86-64's." },
	{ "pages_1g", &kind_flag, FIELD(mmu.has_1g_pages), .def = "true",
	  .doc = "The CPU can map 1 GB pages." },
	{ "pcid", &kind_flag, FIELD(pcid), .def = "false",
	  .doc = "TLB entries are tagged with a process-context identifier, and the kernel "
	         "uses it; four-level paging only." },
	{ "seed", &kind_u64, FIELD(seed), .def = "0", .max = UINT64_MAX,
	  .doc = "Of all that is random: the random replacement policy, the guest's "
	         "getrandom(2). The same seed gives the same run." },

	{ "swap.size", &kind_size, FIELD(swap_bytes), .def = "0",
	  .max = 1024 * GIB, .step = PAGE_SIZE,
	  .doc = "Swap area, its header page included; 0: none." },
	{ "swap.file", &kind_text, FIELD(swap_file), .def = "", .max = 4096, .terse = true,
	  .host = true,
	  .doc = "The host's file that holds it, kept afterwards; empty: a temporary one." },
	{ "highpte", &kind_flag, FIELD(highpte), .def = "false",
	  .doc = "Page tables of 32-bit programs may lie in high memory (Linux: "
	         "CONFIG_HIGHPTE)." },
	{ "kernel_stack", &kind_choice, FIELD(small_stacks), .def = "usual", .words = "usual|small",
	  .doc = "A task's kernel stack: usual is 16 KB, 8 on 32-bit machines; small one page, with "
	         "an interrupt stack of a page for each CPU." },
	{ "page_cache", &kind_choice, FIELD(page_cache_warm), .def = "cold", .words = "cold|warm",
	  .doc = "Whether files count as cached before the guest first reads them: a fault "
	         "on a warm file is minor." },
	{ "fault_around", &kind_size, FIELD(fault_around_bytes), .def = "64K",
	  .min = PAGE_SIZE, .max = 2 * MIB, .step = PAGE_SIZE,
	  .doc = "Cached file pages around a faulting one that are mapped with it, a power "
	         "of two (Linux: fault_around_bytes); 4K: none." },
	{ "read_ahead", &kind_size, FIELD(read_ahead_bytes), .def = "8M",
	  .max = 64 * MIB, .step = PAGE_SIZE,
	  .doc = "Largest window of file read-ahead; 0: off. Linux's read_ahead_kb, which is "
	         "128K for most disks, and 8M for the one that the tests' fault lists were "
	         "recorded on." },
	{ "swap_read_ahead", &kind_u32, FIELD(swap_page_cluster), .def = "3", .max = 10,
	  .doc = "Swap read-ahead reads 2 to this power pages at once (Linux: page-cluster); "
	         "0: off." },
	{ "reclaim.policy", &kind_reclaim, FIELD(reclaim_policy), .def = "two-list",
	  .doc = "Which pages go when memory is short: Linux's active and inactive lists, or "
	         "for comparison one list in the order of another policy (docs/policies.md). "
	         "`lru` is exact, and goes with `--engine exact` alone." },
	{ "swappiness", &kind_u32, FIELD(swappiness), .def = "60", .max = 100,
	  .doc = "How readily anonymous memory is reclaimed rather than file pages (Linux: "
	         "vm.swappiness)." },
	{ "min_free", &kind_size, FIELD(min_free_bytes), .def = "0",
	  .max = 16 * GIB, .step = 1 * KIB,
	  .doc = "Memory that is kept free (Linux: vm.min_free_kbytes); 0: what Linux "
	         "takes for the size of RAM." },
	{ "disk.read_ns", &kind_u64, FIELD(disk_read_ns), .def = "100000", .max = 10000000000,
	  .doc = "Simulated time that a read request takes, files and swap alike." },
	{ "disk.write_ns", &kind_u64, FIELD(disk_write_ns), .def = "100000", .max = 10000000000,
	  .doc = "The same of a write request." },
	{ "disk.page_ns", &kind_u64, FIELD(disk_page_ns), .def = "8000", .max = 10000000000,
	  .doc = "And of each page in it." },

	{ "fault_inject.page_alloc", &kind_fault_rule, FIELD(fault_inject[FAIL_PAGE_ALLOC]),
	  .def = "off", .terse = true,
	  .doc = "Which of the kernel's page allocations find no memory, counted from the "
	         "guest's start: the N-th, each N-th, or one in N by `seed`." },
	{ "fault_inject.slab", &kind_fault_rule, FIELD(fault_inject[FAIL_SLAB]),
	  .def = "off", .terse = true, .doc = "The same for objects of slab caches." },
	{ "fault_inject.swap_read", &kind_fault_rule, FIELD(fault_inject[FAIL_SWAP_READ]),
	  .def = "off", .terse = true,
	  .doc = "Which pages cannot be read from the swap area (an I/O error)." },
	{ "fault_inject.swap_write", &kind_fault_rule, FIELD(fault_inject[FAIL_SWAP_WRITE]),
	  .def = "off", .terse = true, .doc = "Which pages cannot be written to it." },

	{ "costs.stlb_hit", &kind_u32, FIELD(mmu.costs.stlb_hit), .def = "7", .max = 1000000,
	  .doc = "Cycles of a first-level miss that the second level answers." },
	{ "costs.walk_base", &kind_u32, FIELD(mmu.costs.walk_base), .def = "10", .max = 1000000,
	  .doc = "Cycles of a page walk before its first memory reference." },
	{ "costs.walk_ref", &kind_u32, FIELD(mmu.costs.walk_ref), .def = "10", .max = 1000000,
	  .doc = "Cycles of each memory reference of a walk." },

	{ "tlb.policy", &kind_policy, FIELD(tlb_policy), .def = "lru",
	  .doc = "Replacement policy of every array that does not say another." },
	TLB_LEVEL("tlb.l1i", TLB_L1I, "64"),
	TLB_LEVEL("tlb.l1d", TLB_L1D, "64"),
	TLB_LEVEL("tlb.stlb", TLB_STLB, "0"),

	{ "walk_cache.pml4.entries", &kind_u32, FIELD(mmu.walk_cache.entries[WALK_CACHE_PML4]),
	  .def = "0", .max = 4096,
	  .doc = "PML4 entries that the walker remembers, fully associative, LRU; 0: none." },
	{ "walk_cache.pdpt.entries", &kind_u32, FIELD(mmu.walk_cache.entries[WALK_CACHE_PDPT]),
	  .def = "0", .max = 4096, .doc = "The same for entries of page-directory-pointer tables." },
	{ "walk_cache.pd.entries", &kind_u32, FIELD(mmu.walk_cache.entries[WALK_CACHE_PD]),
	  .def = "0", .max = 4096, .doc = "The same for entries of page directories." },
};
/* clang-format on */

const size_t nr_config_keys = ARRAY_SIZE(config_keys);

/* ---- finding a key ---- */

const struct config_key *config_key_find(const char *name)
{
	const char *small = !strncmp(name, "tlb.", 4) ? strstr(name, ".4k.") : NULL;
	char plain[64];

	if (small && strlen(name) < sizeof(plain)) {
		snprintf(plain, sizeof(plain), "%.*s%s", (int)(small - name), name, small + 3);
		name = plain;
	}
	for (size_t i = 0; i < nr_config_keys; i++)
		if (!strcmp(config_keys[i].name, name))
			return &config_keys[i];
	return NULL;
}

/* Levenshtein's distance, by rows. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[64];
	size_t len = strlen(b);

	if (len >= ARRAY_SIZE(row))
		return UINT32_MAX;
	for (unsigned j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned i = 1; *a; a++, i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			unsigned best = diagonal + (*a != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[len];
}

const struct config_key *config_key_like(const char *name)
{
	const struct config_key *nearest = NULL;
	size_t len = strlen(name);
	unsigned least = len < 9 ? (unsigned)len / 3 + 2 : 4; /* farther is another word */

	if (len > 64)
		return NULL;
	for (size_t i = 0; i < nr_config_keys; i++) {
		unsigned distance = edit_distance(name, config_keys[i].name);

		if (distance < least) {
			least = distance;
			nearest = &config_keys[i];
		}
	}
	return nearest;
}

/* ---- showing ---- */

/* YAML's double quotes: always right, whatever the text. */
static void print_quoted(const char *text, FILE *out)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)*text);
		else
			putc(*text, out);
	}
	putc('"', out);
}

static void print_list(const char *text, FILE *out)
{
	putc('[', out);
	for (; *text; text++)
		fputs(*text == ',' ? ", " : (char[]){ *text, '\0' }, out);
	putc(']', out);
}

static void print_value(const struct config_key *key, const char *text, FILE *out)
{
	if (key->kind == &kind_text)
		print_quoted(text, out);
	else if (key->kind->is_list)
		print_list(text, out);
	else
		fputs(text, out);
	putc('\n', out);
}

/* The headings that lead from the key printed before to this one: for tlb.l1d.ways
 * after tlb.policy, "tlb:" stands and "  l1d:" is missing. Returns the depth. */
static int print_headings(const char *before, const char *name, FILE *out)
{
	const char *word = name;
	bool is_same = true;
	int depth = 0;

	for (const char *dot; (dot = strchr(word, '.')); word = dot + 1, depth++) {
		size_t len = (size_t)(dot + 1 - name);

		is_same = is_same && !strncmp(before, name, len);
		if (!is_same)
			fprintf(out, "%*s%.*s:\n", 2 * depth, "", (int)(dot - word), word);
	}
	return depth;
}

static bool is_shown(const struct config_key *key, const char *text)
{
	return key->kind != &kind_base && (!key->terse || strcmp(text, key->def) != 0);
}

static void print_node_list(const struct machine_config *config, uint32_t nid, const char *field,
                            FILE *out)
{
	char name[32], text[CONFIG_TEXT_MAX];

	snprintf(name, sizeof(name), "nodes.%" PRIu32 ".%s", nid, field);
	config_key_print(config_key_find(name), config, text, sizeof(text));
	if (!text[0])
		return;
	fprintf(out, ", %s: ", field);
	print_list(text, out);
}

static void print_nodes(const struct machine_config *config, FILE *out)
{
	if (config->nr_nodes)
		fputs("nodes:\n", out);
	for (uint32_t nid = 0; nid < config->nr_nodes; nid++) {
		char size[32];

		print_size(config->nodes[nid].ram_bytes, size, sizeof(size));
		fprintf(out, "  - {ram: %s", size);
		print_node_list(config, nid, "cpus", out);
		print_node_list(config, nid, "distances", out);
		fputs("}\n", out);
	}
}

void machine_config_print(const struct machine_config *config, FILE *out)
{
	char text[CONFIG_TEXT_MAX];
	const char *before = "";

	for (size_t i = 0; i < nr_config_keys; i++) {
		const struct config_key *key = &config_keys[i];
		int depth;

		if (!strcmp(key->name, "nodes.0.ram"))
			print_nodes(config, out);
		config_key_print(key, config, text, sizeof(text));
		if (!is_shown(key, text) || !strncmp(key->name, "nodes.", 6))
			continue;
		depth = print_headings(before, key->name, out);
		fprintf(out, "%*s%s: ", 2 * depth, "",
		        strrchr(key->name, '.') ? strrchr(key->name, '.') + 1 : key->name);
		print_value(key, text, out);
		before = key->name;
	}
}

void machine_config_each(const struct machine_config *config, machine_config_visit visit,
                         void *context)
{
	char text[CONFIG_TEXT_MAX];

	for (size_t i = 0; i < nr_config_keys; i++) {
		const struct config_key *key = &config_keys[i];
		bool is_size = key->kind == &kind_size;

		config_key_print(key, config, text, sizeof(text));
		if (key->host || !is_shown(key, text))
			continue;
		if (is_size)
			u64_print(key, (const uint8_t *)config + key->offset, text, sizeof(text));
		visit(context, key->name, text,
		      is_size || (key->kind->is_literal && strcmp(text, "full") != 0));
	}
}

/* One row stands for its kin: tlb.l1i.2m.ways is shown as tlb.LEVEL.SIZE.ways, and
 * nodes.0.ram as nodes.N.ram.
 * False: another row stands for this one. */
static bool general_name(const char *name, char *general, size_t size)
{
	unsigned dots = 0;

	for (const char *c = name; *c; c++)
		dots += *c == '.';
	if (!strncmp(name, "nodes.0.", 8))
		snprintf(general, size, "nodes.N.%s", name + 8);
	else if (!strncmp(name, "nodes.", 6))
		return false;
	else if (!strncmp(name, "tlb.l1i.2m.", 11))
		snprintf(general, size, "tlb.LEVEL.SIZE.%s", name + 11);
	else if (!strncmp(name, "tlb.l1i.", 8) && dots == 2)
		snprintf(general, size, "tlb.LEVEL.%s", name + 8);
	else if (!strncmp(name, "tlb.", 4) && dots > 1)
		return false;
	else
		snprintf(general, size, "%s", name);
	return true;
}

void machine_config_print_keys(FILE *out)
{
	fputs("| key | value | default | meaning |\n|---|---|---|---|\n", out);
	for (size_t i = 0; i < nr_config_keys; i++) {
		const struct config_key *key = &config_keys[i];
		char name[64], wanted[256];

		if (!general_name(key->name, name, sizeof(name)))
			continue;
		key->kind->describe(key, wanted, sizeof(wanted));
		fprintf(out, "| `%s` | %s | %s%s%s | %s |\n", name, wanted, *key->def ? "`" : "",
		        key->def, *key->def ? "`" : "", key->doc);
	}
}
