/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads a description in layers, each over the one before: the table's defaults,
 * the machine that `base` names, the file itself, --set. Only then is it looked at
 * as a whole.
 */
#include "sim/config.h"

#include "mmu/tlb_policy.h"
#include "sim/config_keys.h"
#include "sim/config_nodes.h"
#include "sim/yaml.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1 * MIB) /* a machine file larger than this is something else */
#define MAX_KEYS 256       /* room for the table */
#define NAME_MAX_BYTES 128 /* of a key, with its NUL */

/* Who gave a key its value: a place in a file, or an override. */
struct place {
	const char *file; /* NULL: nobody yet, or the override */
	const struct config_override *override;
	int line, column; /* from 1; 0: the whole file */
	unsigned layer;   /* in which layer; 0: the defaults */
};

struct loader {
	struct machine_config *config;
	char *why;
	size_t why_size;
	unsigned layer;
	struct place places[MAX_KEYS]; /* by row of config_keys */
};

/* ---- saying what is wrong ---- */

static const struct place *place_of(const struct loader *loader, const char *name)
{
	const struct config_key *key = config_key_find(name);

	assert(key);
	return &loader->places[key - config_keys];
}

static size_t print_place(const struct place *place, char *text, size_t size)
{
	int len;

	if (place->override)
		len = snprintf(text, size, "--set %s=%s: ", place->override->key,
		               place->override->value);
	else if (place->file && place->line)
		len = snprintf(text, size, "%s:%d:%d: ", place->file, place->line, place->column);
	else
		len = snprintf(text, size, "%s: ", place->file ? place->file : "machine");
	return (size_t)len < size ? (size_t)len : size - 1;
}

/* why[] is "PLACE: what is wrong", and the result -EINVAL. */
__attribute__((format(printf, 3, 4))) static int complain(struct loader *loader,
                                                          const struct place *place,
                                                          const char *format, ...)
{
	size_t len = print_place(place, loader->why, loader->why_size);
	va_list args;

	va_start(args, format);
	vsnprintf(loader->why + len, loader->why_size - len, format, args);
	va_end(args);
	return -EINVAL;
}

static bool is_later(const struct place *place, const struct place *than)
{
	if (place->layer != than->layer)
		return place->layer > than->layer;
	if (place->line != than->line)
		return place->line > than->line;
	return place->column > than->column;
}

/* Of two keys that contradict each other, the one that was set last is to blame. */
static const struct place *later_of(const struct loader *loader, const char *a, const char *b)
{
	const struct place *place_a = place_of(loader, a), *place_b = place_of(loader, b);

	return is_later(place_a, place_b) ? place_a : place_b;
}

/* ---- one value ---- */

static int complain_of_kind(struct loader *loader, const struct place *place,
                            const struct config_key *key, const char *found)
{
	char wanted[256];

	key->kind->describe(key, wanted, sizeof(wanted));
	return complain(loader, place, "%s is %s, not %s", key->name, wanted, found);
}

static int complain_of_value(struct loader *loader, const struct place *place,
                             const struct config_key *key, const char *text)
{
	char quoted[72];

	snprintf(quoted, sizeof(quoted), "\"%.64s\"", text);
	return complain_of_kind(loader, place, key, quoted);
}

static int complain_of_key(struct loader *loader, const struct place *place, const char *name)
{
	const struct config_key *like = config_key_like(name);

	return complain(loader, place, "no such key: %.64s%s%s%s", name, like ? "; is it " : "",
	                like ? like->name : "", like ? "?" : "");
}

/* A node is there if anything is said about it, or about one behind it. */
static void describe_node(struct machine_config *config, uint32_t nid)
{
	if (config->nr_nodes <= nid)
		config->nr_nodes = nid + 1;
}

static int set_value(struct loader *loader, const char *name, const char *text,
                     const struct place *place)
{
	const struct config_key *key = config_key_find(name);
	struct place *mine;

	if (!key)
		return complain_of_key(loader, place, name);
	if (key->file_only && place->override)
		return complain(loader, place, "%s stands in files only", key->name);
	mine = &loader->places[key - config_keys];
	if (!place->override && mine->layer == loader->layer)
		return complain(loader, place, "%s is given twice", key->name);
	if (!config_key_parse(key, text, loader->config))
		return complain_of_value(loader, place, key, text);
	*mine = *place;
	if (!strncmp(key->name, "nodes.", 6))
		describe_node(loader->config, (uint32_t)(key->name[6] - '0'));
	return 0;
}

static void set_defaults(struct loader *loader)
{
	assert(nr_config_keys <= MAX_KEYS);
	memset(loader->config, 0, sizeof(*loader->config));
	for (size_t i = 0; i < nr_config_keys; i++) {
		bool is_right =
		    config_key_parse(&config_keys[i], config_keys[i].def, loader->config);

		assert(is_right);
		(void)is_right;
	}
}

static int set_overrides(struct loader *loader, const struct config_override *overrides, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct place place = { .override = &overrides[i], .layer = ++loader->layer };
		int err = set_value(loader, overrides[i].key, overrides[i].value, &place);

		if (err)
			return err;
	}
	return 0;
}

/* ---- YAML ---- */

static struct place place_of_yaml(const struct loader *loader, const char *file,
                                  const struct yaml *yaml)
{
	return (struct place){
		.file = file, .layer = loader->layer, .line = yaml->line, .column = yaml->column
	};
}

/* The text of a scalar. False: it is none, or is too long. */
static bool get_text(const struct yaml *yaml, char *text, size_t size)
{
	size_t len = yaml->kind == YAML_TEXT ? strlen(yaml->text) : size;

	if (len >= size)
		return false;
	memcpy(text, yaml->text, len + 1);
	return true;
}

/* [a, b] as "a,b". */
static bool get_list(const struct yaml *list, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (const struct yaml *item = list->first; item; item = item->next) {
		if (len + 2 > size)
			return false;
		if (len)
			text[len++] = ',';
		if (!get_text(item, text + len, size - len) || !text[len])
			return false;
		len += strlen(text + len);
	}
	return true;
}

static int load_mapping(struct loader *loader, const char *file, const struct yaml *mapping,
                        const char *prefix);

static int load_nodes(struct loader *loader, const struct place *place, const char *file,
                      const struct yaml *nodes)
{
	char prefix[32];
	unsigned i = 0;
	int err = 0;

	if (nodes->kind != YAML_LIST)
		return complain(loader, place, "nodes is a list of mappings, one a node");
	/* A list replaces that of the base. */
	memset(loader->config->nodes, 0, sizeof(loader->config->nodes));
	loader->config->nr_nodes = 0;
	for (const struct yaml *node = nodes->first; node && !err; node = node->next) {
		if (node->kind != YAML_MAPPING || !node->first)
			return complain(loader, place, "nodes is a list of mappings, one a node");
		if (i == MAX_NUMNODES)
			return complain(loader, place, "there are at most %d nodes", MAX_NUMNODES);
		snprintf(prefix, sizeof(prefix), "nodes.%u.", i++);
		err = load_mapping(loader, file, node, prefix);
	}
	return err;
}

/* `place` is the key's; a value that has none of its own is told of there. */
static int load_leaf(struct loader *loader, const struct place *place, const char *file,
                     const struct config_key *key, const struct yaml *value)
{
	char text[CONFIG_TEXT_MAX];
	struct place at;

	if (value->kind == YAML_MAPPING)
		return complain_of_kind(loader, place, key, "a mapping");
	if (value->kind == YAML_LIST) {
		if (!key->kind->is_list)
			return complain_of_kind(loader, place, key, "a list");
		if (!get_list(value, text, sizeof(text)))
			return complain_of_kind(loader, place, key, "a list of other things");
		return set_value(loader, key->name, text, place);
	}
	if (!get_text(value, text, sizeof(text)))
		return complain_of_kind(loader, place, key, "such text");
	at = place_of_yaml(loader, file, value);
	return set_value(loader, key->name, text, at.line ? &at : place);
}

/* One "key: value"; the key's whole name is `name`. */
static int load_value(struct loader *loader, const struct place *place, const char *file,
                      const char *name, const struct yaml *value)
{
	const struct config_key *key = config_key_find(name);
	char prefix[NAME_MAX_BYTES + 1];

	if (value->kind == YAML_ALIAS)
		return complain(loader, place, "%s: aliases are not for machine files; see base",
		                name);
	if (!strcmp(name, "nodes"))
		return load_nodes(loader, place, file, value);
	if (key)
		return load_leaf(loader, place, file, key, value);
	if (value->kind != YAML_MAPPING)
		return set_value(loader, name, "", place); /* which says: no such key */
	snprintf(prefix, sizeof(prefix), "%s.", name);
	return load_mapping(loader, file, value, prefix);
}

static int load_mapping(struct loader *loader, const char *file, const struct yaml *mapping,
                        const char *prefix)
{
	int err = 0;

	for (const struct yaml *value = mapping->first; value && !err; value = value->next) {
		struct place place = place_of_yaml(loader, file, value->key);
		char word[64], name[NAME_MAX_BYTES];

		if (!get_text(value->key, word, sizeof(word)))
			return complain(loader, &place, "a key is a word");
		if ((size_t)snprintf(name, sizeof(name), "%s%s", prefix, word) >= sizeof(name))
			return complain(loader, &place, "no such key: %s", name);
		err = load_value(loader, &place, file, name, value);
	}
	return err;
}

static int load_text(struct loader *loader, const char *file, const char *text, size_t len);

/* `base` comes first, whatever place it has in the file. */
static int load_base(struct loader *loader, const char *file, const struct yaml *root)
{
	const struct yaml *base = yaml_find(root, "base");
	struct place place;
	const char *text, *name;
	char wanted[64];

	if (!base)
		return 0;
	place = place_of_yaml(loader, file, base);
	if (!get_text(base, wanted, sizeof(wanted)))
		return complain(loader, &place, "base is the name of a machine that ships");
	for (size_t i = 0; (text = machine_config_shipped(i, &name)); i++)
		if (!strcmp(name, wanted))
			return load_text(loader, name, text, strlen(text));
	return complain(loader, &place, "no machine \"%s\" ships", wanted);
}

static int load_tree(struct loader *loader, const char *file, const struct yaml *root)
{
	struct place place = { .file = file };
	int err;

	if (root->kind != YAML_MAPPING)
		return complain(loader, &place, "a machine file is a mapping of keys to values");
	err = load_base(loader, file, root);
	if (err)
		return err;
	loader->layer++;
	return load_mapping(loader, file, root, "");
}

static int load_text(struct loader *loader, const char *file, const char *text, size_t len)
{
	struct yaml_mistake mistake;
	struct yaml *root;
	int err = yaml_parse(&root, text, len, &mistake);

	if (err == -EINVAL)
		return complain(
		    loader,
		    &(struct place){ .file = file, .line = mistake.line, .column = mistake.column },
		    "%s", mistake.what);
	if (!err && root) /* an empty file changes nothing */
		err = load_tree(loader, file, root);
	yaml_destroy(root);
	return err;
}

/* ---- the description as a whole ---- */

static const char *const level_names[NR_TLB_LEVELS] = { "l1i", "l1d", "stlb" };

/* In statistics. */
static const char *const array_names[NR_TLB_LEVELS][NR_TLB_ARRAYS] = {
	{ "l1i", "l1i.2m", "l1i.4m", "l1i.1g" },
	{ "l1d", "l1d.2m", "l1d.4m", "l1d.1g" },
	{ "stlb", "stlb.2m", "stlb.4m", "stlb.1g" },
};

#define ALL_PAGE_SIZES ((1u << NR_PAGE_SIZES) - 1)

static uint32_t array_page_sizes(const struct tlb_array_config arrays[NR_TLB_ARRAYS],
                                 enum tlb_array which)
{
	static const uint32_t own[NR_TLB_ARRAYS] = { 0, 1u << PAGE_2M, 1u << PAGE_4M,
		                                     1u << PAGE_1G };
	uint32_t others = 0;

	if (arrays[which].page_sizes)
		return arrays[which].page_sizes;
	if (which != TLB_ARRAY_MAIN)
		return own[which];
	for (int i = TLB_ARRAY_2M; i < NR_TLB_ARRAYS; i++)
		if (arrays[i].entries)
			others |= array_page_sizes(arrays, i);
	return ALL_PAGE_SIZES & ~others;
}

static void key_name(char *name, size_t size, enum tlb_level level, enum tlb_array array,
                     const char *what)
{
	snprintf(name, size, "tlb.%s.%s", array_names[level][array], what);
}

static int check_geometry(struct loader *loader, enum tlb_level level, enum tlb_array which)
{
	const struct tlb_array_config *array = &loader->config->tlb[level][which];
	uint32_t ways = array->ways ? array->ways : array->entries;
	uint32_t sets = array->entries / ways;
	char entries_key[48], ways_key[48];
	const struct place *place;

	key_name(entries_key, sizeof(entries_key), level, which, "entries");
	key_name(ways_key, sizeof(ways_key), level, which, "ways");
	place = later_of(loader, entries_key, ways_key);
	if (array->entries % ways)
		return complain(loader, place, "%s: %u ways do not divide %u entries", ways_key,
		                ways, array->entries);
	if (sets & (sets - 1))
		return complain(loader, place,
		                "%s: %u entries of %u ways are %u sets, not a power of two",
		                ways_key, array->entries, ways, sets);
	return 0;
}

static int complain_of_overlap(struct loader *loader, enum tlb_level level)
{
	const struct place *latest = &(struct place){ 0 };

	for (size_t i = 0; i < nr_config_keys; i++) {
		const uint8_t *field = (const uint8_t *)loader->config + config_keys[i].offset;
		const uint8_t *arrays = (const uint8_t *)loader->config->tlb[level];

		if (field >= arrays && field < arrays + sizeof(loader->config->tlb[level]) &&
		    is_later(&loader->places[i], latest))
			latest = &loader->places[i];
	}
	return complain(loader, latest, "two arrays of tlb.%s hold pages of one size",
	                level_names[level]);
}

/* The level's arrays as the mmu wants them. */
static int make_level(struct loader *loader, enum tlb_level level)
{
	struct machine_config *config = loader->config;
	const struct tlb_array_config *arrays = config->tlb[level];
	struct tlb_level_config *out = &config->mmu.tlb[level];
	uint32_t held = 0;

	out->nr_arrays = 0;
	for (int i = 0; i < NR_TLB_ARRAYS; i++) {
		uint32_t sizes = array_page_sizes(arrays, i);
		const struct tlb_policy *policy = arrays[i].policy;
		int err;

		if (!arrays[i].entries)
			continue;
		err = check_geometry(loader, level, i);
		if (err)
			return err;
		if (sizes & held || !sizes)
			return complain_of_overlap(loader, level);
		held |= sizes;
		if (!policy)
			policy = arrays[TLB_ARRAY_MAIN].policy;
		out->arrays[out->nr_arrays++] = (struct tlb_config){
			.name = array_names[level][i],
			.entries = arrays[i].entries,
			.ways = arrays[i].ways,
			.page_sizes = sizes,
			.policy = policy ? policy : config->tlb_policy,
			/* each array its own stream of the same seed */
			.seed = config->seed * 31 + (uint64_t)level * NR_TLB_ARRAYS + (unsigned)i,
		};
	}
	return 0;
}

static int check_tlbs(struct loader *loader)
{
	for (int level = 0; level < NR_TLB_LEVELS; level++) {
		int err = make_level(loader, level);

		if (err)
			return err;
	}
	for (int level = TLB_L1I; level <= TLB_L1D; level++) {
		const struct tlb_level_config *made = &loader->config->mmu.tlb[level];
		char key[48];

		key_name(key, sizeof(key), level, TLB_ARRAY_MAIN, "entries");
		if (!loader->config->tlb[level][TLB_ARRAY_MAIN].entries)
			return complain(loader, place_of(loader, key),
			                "%s: the first level cannot be left out", key);
		key_name(key, sizeof(key), level, TLB_ARRAY_MAIN, "page_sizes");
		if (!(made->arrays[0].page_sizes >> PAGE_4K & 1))
			return complain(loader, place_of(loader, key), "%s has to hold 4k", key);
	}
	return 0;
}

static int check_paging(struct loader *loader)
{
	const struct machine_config *config = loader->config;
	bool is_32_bit = config->paging->va_bits == 32;

	if (config->pcid && is_32_bit)
		return complain(loader, later_of(loader, "pcid", "paging"),
		                "pcid needs four-level paging");
	if (config->paging == &paging_two_level && config->ram_bytes > 4 * GIB)
		return complain(loader, later_of(loader, "ram", "paging"),
		                "two-level paging reaches 4G of RAM");
	if (is_32_bit && config->ram_bytes > 64 * GIB)
		return complain(loader, later_of(loader, "ram", "paging"),
		                "a 32-bit kernel reaches 64G of RAM");
	if (config->mmu.physical_bits < 52 && config->ram_bytes >> config->mmu.physical_bits &&
	    config->ram_bytes != (uint64_t)1 << config->mmu.physical_bits)
		return complain(loader, later_of(loader, "ram", "physical_bits"),
		                "RAM is larger than %u physical_bits reach",
		                config->mmu.physical_bits);
	return 0;
}

static int check_memory(struct loader *loader)
{
	const struct machine_config *config = loader->config;

	if (config->movable_bytes > config->ram_bytes / 4 * 3)
		return complain(loader, later_of(loader, "movable_ram", "ram"),
		                "movable_ram is more than three quarters of ram");
	if (config->swap_file[0] && !config->swap_bytes)
		return complain(loader, later_of(loader, "swap.file", "swap.size"),
		                "swap.file needs swap.size");
	if (config->swap_bytes && config->swap_bytes < 10 * PAGE_SIZE)
		return complain(loader, place_of(loader, "swap.size"),
		                "swap.size: a swap area has at least 40K"); /* mkswap(8) */
	if (config->fault_around_bytes & (config->fault_around_bytes - 1))
		return complain(loader, place_of(loader, "fault_around"),
		                "fault_around is a power of two");
	if (config->min_free_bytes > config->ram_bytes / 4)
		return complain(loader, later_of(loader, "min_free", "ram"),
		                "min_free is more than a quarter of ram");
	return 0;
}

static int check_nodes(struct loader *loader)
{
	struct kernel_config kernel_config = { 0 };
	struct config_mistake mistake;

	if (config_nodes(loader->config, &kernel_config, &mistake))
		return 0;
	if (mistake.against)
		return complain(loader, later_of(loader, mistake.key, mistake.against), "%s",
		                mistake.what);
	return complain(loader, place_of(loader, mistake.key), "%s: %s", mistake.key, mistake.what);
}

/* machines/tiny.yaml is called tiny, unless it says otherwise. */
static void give_name(struct machine_config *config, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	const char *dot = strrchr(base, '.');
	int len = dot && dot != base ? (int)(dot - base) : (int)strlen(base);

	if (!config->name[0])
		snprintf(config->name, sizeof(config->name), "%.*s", len, base);
}

int machine_config_parse(struct machine_config *config, const char *name, const char *text,
                         size_t len, const struct config_override *overrides, size_t nr_overrides,
                         char *why, size_t why_size)
{
	struct loader loader = { .config = config, .why = why, .why_size = why_size };
	int err;

	why[0] = '\0';
	set_defaults(&loader);
	config->nr_nodes = 0;
	err = load_text(&loader, name, text, len);
	if (!err)
		err = set_overrides(&loader, overrides, nr_overrides);
	if (!err)
		err = check_paging(&loader);
	if (!err)
		err = check_memory(&loader);
	if (!err)
		err = check_nodes(&loader);
	if (!err)
		err = check_tlbs(&loader);
	if (err == -ENOMEM)
		snprintf(why, why_size, "%s: %s", name, strerror(ENOMEM));
	if (err)
		return err;
	config->mmu.has_pcid = config->pcid;
	give_name(config, name);
	return 0;
}

int machine_config_check_override(const struct config_override *override, char *why,
                                  size_t why_size)
{
	struct machine_config *config = malloc(sizeof(*config));
	struct loader loader = { .config = config, .why = why, .why_size = why_size };
	int err;

	if (!config) {
		snprintf(why, why_size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	set_defaults(&loader);
	err = set_overrides(&loader, override, 1);
	free(config);
	return err;
}

/* ---- files ---- */

int machine_config_load(struct machine_config *config, const char *name,
                        const struct config_override *overrides, size_t nr_overrides, char *why,
                        size_t why_size)
{
	const char *shipped_name, *shipped;
	char *text = NULL;
	size_t len = 0;
	int err;

	for (size_t i = 0; (shipped = machine_config_shipped(i, &shipped_name)); i++)
		if (!strcmp(shipped_name, name))
			return machine_config_parse(config, name, shipped, strlen(shipped),
			                            overrides, nr_overrides, why, why_size);
	err = yaml_read_file(name, FILE_MAX, &text, &len);
	if (err == -ENOENT && !strchr(name, '/'))
		snprintf(why, why_size, "no machine \"%s\" ships, and there is no such file", name);
	else if (err)
		snprintf(why, why_size, "%s: %s", name, strerror(-err));
	if (err)
		return err;
	err = machine_config_parse(config, name, text, len, overrides, nr_overrides, why, why_size);
	free(text);
	return err;
}
