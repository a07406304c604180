/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_keys - the one table of what a machine description can say: name, kind
 * of value, range, default and documentation of each key. For config.c alone.
 */
#ifndef PW_SIM_CONFIG_KEYS_H
#define PW_SIM_CONFIG_KEYS_H

#include "sim/config.h"

struct config_key;

/* A kind of value: text to field and back. */
struct config_kind {
	bool is_literal; /* a number, or true or false */
	bool is_list;    /* [a, b] in YAML; text is "a,b" */
	/* False: not such a value, or out of the key's range; the field is as it was. */
	bool (*parse)(const struct config_key *key, const char *text, void *field);
	void (*print)(const struct config_key *key, const void *field, char *text, size_t size);
	/* "a size from 1M to 1T" */
	void (*describe)(const struct config_key *key, char *text, size_t size);
};

struct config_key {
	const char *name; /* "tlb.l1d.ways" */
	const struct config_kind *kind;
	size_t offset;   /* of the field in struct machine_config */
	const char *def; /* as text */
	uint64_t min, max;
	uint64_t step;     /* a value is a multiple of it; 0: any */
	const char *words; /* of a choice: "cold|warm", the first is false */
	const char *doc;
	bool terse;     /* shown only where it is not the default */
	bool host;      /* names something of the host: not for results */
	bool file_only; /* not for --set */
};

#define CONFIG_TEXT_MAX 4096 /* longest value, with its NUL */

extern const struct config_key config_keys[];
extern const size_t nr_config_keys;

/* NULL: no such key. tlb.LEVEL.4k.* is another way to say tlb.LEVEL.*. */
const struct config_key *config_key_find(const char *name);

/* The key whose name is most like a wrong one, or NULL if none is near. */
const struct config_key *config_key_like(const char *name);

static inline bool config_key_parse(const struct config_key *key, const char *text,
                                    struct machine_config *config)
{
	return key->kind->parse(key, text, (uint8_t *)config + key->offset);
}

static inline void config_key_print(const struct config_key *key,
                                    const struct machine_config *config, char *text, size_t size)
{
	key->kind->print(key, (const uint8_t *)config + key->offset, text, size);
}

#endif
