/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads a description in layers, each over the one before: the table's defaults,
 * the machine that `base` names, the file itself, --set. Only then is it looked at
 * as a whole. Nothing outside this file knows libfyaml.
 */
#include "sim/config.h"

#include "mmu/tlb_policy.h"
#include "sim/config_keys.h"
#include "sim/config_nodes.h"
#include "sim/utf8.h"

#include <assert.h>
#include <errno.h>
#include <libfyaml.h>
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

static struct place place_of_node(const struct loader *loader, const char *file,
                                  struct fy_node *node)
{
	struct place place = { .file = file, .layer = loader->layer };
	struct fy_token *token = fy_node_get_scalar_token(node);
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;

	if (mark) {
		place.line = mark->line + 1;
		place.column = mark->column + 1;
	}
	return place;
}

/* The text of a scalar. False: it is none, or has a NUL in it, or is too long. */
static bool get_text(struct fy_node *node, char *text, size_t size)
{
	size_t len = 0;
	const char *bytes = fy_node_is_scalar(node) && !fy_node_is_alias(node)
	                        ? fy_node_get_scalar(node, &len)
	                        : NULL;

	if (!bytes || len >= size || memchr(bytes, '\0', len))
		return false;
	memcpy(text, bytes, len);
	text[len] = '\0';
	return true;
}

/* [a, b] as "a,b". */
static bool get_list(struct fy_node *node, char *text, size_t size)
{
	struct fy_node *item;
	void *iterator = NULL;
	size_t len = 0;

	text[0] = '\0';
	while ((item = fy_node_sequence_iterate(node, &iterator))) {
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

static int load_mapping(struct loader *loader, const char *file, struct fy_node *mapping,
                        const char *prefix);

static int load_nodes(struct loader *loader, const struct place *place, const char *file,
                      struct fy_node *nodes)
{
	char prefix[32];
	struct fy_node *node;
	void *iterator = NULL;
	unsigned i = 0;
	int err = 0;

	if (!fy_node_is_sequence(nodes))
		return complain(loader, place, "nodes is a list of mappings, one a node");
	/* A list replaces that of the base. */
	memset(loader->config->nodes, 0, sizeof(loader->config->nodes));
	loader->config->nr_nodes = 0;
	while (!err && (node = fy_node_sequence_iterate(nodes, &iterator))) {
		if (!fy_node_is_mapping(node) || fy_node_mapping_is_empty(node))
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
                     const struct config_key *key, struct fy_node *value)
{
	char text[CONFIG_TEXT_MAX];
	struct place at;

	if (fy_node_is_mapping(value))
		return complain_of_kind(loader, place, key, "a mapping");
	if (fy_node_is_sequence(value)) {
		if (!key->kind->is_list)
			return complain_of_kind(loader, place, key, "a list");
		if (!get_list(value, text, sizeof(text)))
			return complain_of_kind(loader, place, key, "a list of other things");
		return set_value(loader, key->name, text, place);
	}
	if (!get_text(value, text, sizeof(text)))
		return complain_of_kind(loader, place, key, "such text");
	at = place_of_node(loader, file, value);
	return set_value(loader, key->name, text, at.line ? &at : place);
}

/* One "key: value"; the key's whole name is `name`. */
static int load_value(struct loader *loader, const struct place *place, const char *file,
                      const char *name, struct fy_node *value)
{
	const struct config_key *key = config_key_find(name);
	char prefix[NAME_MAX_BYTES + 1];

	if (!value)
		return complain(loader, place, "%s has no value", name);
	if (fy_node_is_alias(value))
		return complain(loader, place, "%s: aliases are not for machine files; see base",
		                name);
	if (!strcmp(name, "nodes"))
		return load_nodes(loader, place, file, value);
	if (key)
		return load_leaf(loader, place, file, key, value);
	if (!fy_node_is_mapping(value))
		return set_value(loader, name, "", place); /* which says: no such key */
	snprintf(prefix, sizeof(prefix), "%s.", name);
	return load_mapping(loader, file, value, prefix);
}

static int load_mapping(struct loader *loader, const char *file, struct fy_node *mapping,
                        const char *prefix)
{
	struct fy_node_pair *pair;
	void *iterator = NULL;
	int err = 0;

	while (!err && (pair = fy_node_mapping_iterate(mapping, &iterator))) {
		struct fy_node *key = fy_node_pair_key(pair);
		struct place place = place_of_node(loader, file, key);
		char word[64], name[NAME_MAX_BYTES];

		if (!key || !get_text(key, word, sizeof(word)))
			return complain(loader, &place, "a key is a word");
		if ((size_t)snprintf(name, sizeof(name), "%s%s", prefix, word) >= sizeof(name))
			return complain(loader, &place, "no such key: %s", name);
		err = load_value(loader, &place, file, name, fy_node_pair_value(pair));
	}
	return err;
}

static int complain_of_yaml(struct loader *loader, const char *file, struct fy_diag *diag)
{
	void *iterator = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
	struct place place = { .file = file };

	if (!error)
		return complain(loader, &place, "not YAML text");
	place.line = error->line;
	place.column = error->column;
	return complain(loader, &place, "%s", error->msg);
}

static int load_text(struct loader *loader, const char *file, const char *text, size_t len);

/* `base` comes first, whatever place it has in the file. */
static int load_base(struct loader *loader, const char *file, struct fy_node *root)
{
	struct fy_node *node = fy_node_mapping_lookup_by_string(root, "base", FY_NT);
	struct place place = { .file = file, .layer = loader->layer };
	const char *text, *name;
	char wanted[64];

	if (!node)
		return 0;
	place = place_of_node(loader, file, node);
	if (!get_text(node, wanted, sizeof(wanted)))
		return complain(loader, &place, "base is the name of a machine that ships");
	for (size_t i = 0; (text = machine_config_shipped(i, &name)); i++)
		if (!strcmp(name, wanted))
			return load_text(loader, name, text, strlen(text));
	return complain(loader, &place, "no machine \"%s\" ships", wanted);
}

static int load_document(struct loader *loader, const char *file, struct fy_document *document)
{
	struct fy_node *root = fy_document_root(document);
	struct place place = { .file = file };
	int err;

	if (!root)
		return 0; /* an empty file changes nothing */
	if (!fy_node_is_mapping(root))
		return complain(loader, &place, "a machine file is a mapping of keys to values");
	err = load_base(loader, file, root);
	if (err)
		return err;
	loader->layer++;
	return load_mapping(loader, file, root, "");
}

/* What no machine file holds: bytes that are not UTF-8, and control characters.
 * libfyaml 0.7.12 does not come back from some of them (after a '%'). */
static int check_characters(struct loader *loader, const char *file, const char *text, size_t len)
{
	struct place place = { .file = file, .line = 1, .column = 1 };

	for (size_t i = 0, n; i < len; i += n) {
		unsigned char c = (unsigned char)text[i];

		n = utf8_length(text + i, len - i);
		if (!n || c == 0x7f || (c < 0x20 && !strchr("\t\n\r", c)) || !c)
			return complain(loader, &place, n ? "a control character" : "not UTF-8");
		place.column++;
		if (c == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return 0;
}

/* libfyaml makes no document of nothing but comments. */
static bool is_blank(const char *text, size_t len)
{
	bool is_comment = false;

	for (const char *c = text; c < text + len; c++) {
		if (*c == '\n')
			is_comment = false;
		else if (*c == '#')
			is_comment = true;
		else if (*c != ' ' && !is_comment)
			return false;
	}
	return true;
}

static int load_stream(struct loader *loader, const char *file, struct fy_parser *parser,
                       struct fy_diag *diag)
{
	struct fy_document *document = fy_parse_load_document(parser);
	struct fy_document *second = document ? fy_parse_load_document(parser) : NULL;
	struct place place = { .file = file };
	int err;

	if (second)
		err = complain(loader, &place, "a machine file is one YAML document");
	else if (!document || fy_diag_got_error(diag))
		err = complain_of_yaml(loader, file, diag);
	else
		err = load_document(loader, file, document);
	fy_document_destroy(second);
	fy_document_destroy(document);
	return err;
}

static int load_text(struct loader *loader, const char *file, const char *text, size_t len)
{
	struct fy_diag_cfg diag_cfg;
	struct fy_diag *diag;
	struct fy_parser *parser;
	int err = check_characters(loader, file, text, len);

	if (err || is_blank(text, len))
		return err;
	err = -ENOMEM;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag = fy_diag_create(&diag_cfg);
	if (!diag)
		return -ENOMEM;
	fy_diag_set_collect_errors(diag, true);
	/* Aliases stay what they are: a few lines of them can stand for gigabytes. */
	parser = fy_parser_create(&(struct fy_parse_cfg){ .diag = diag });
	if (parser && !fy_parser_set_string(parser, text, len))
		err = load_stream(loader, file, parser, diag);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
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

/* ---- files ---- */

/* The whole file, malloc'ed. */
static int read_file(const char *path, char **text, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *bytes;
	int err = 0;

	if (!file)
		return -errno;
	bytes = malloc(FILE_MAX + 1);
	if (!bytes) {
		fclose(file);
		return -ENOMEM;
	}
	errno = 0;
	*len = fread(bytes, 1, FILE_MAX + 1, file);
	if (ferror(file))
		err = errno ? -errno : -EIO;
	else if (*len > FILE_MAX)
		err = -EFBIG;
	fclose(file);
	if (err)
		free(bytes);
	else
		*text = bytes;
	return err;
}

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
	err = read_file(name, &text, &len);
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
