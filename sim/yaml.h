/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * yaml - YAML text, and JSON, which is part of it, as a tree with the places where
 * things stand. Aliases are not followed: a few lines of them can stand for gigabytes.
 */
#ifndef PW_SIM_YAML_H
#define PW_SIM_YAML_H

#include <stdbool.h>
#include <stddef.h>

enum yaml_kind {
	YAML_TEXT,    /* a word, a number, a string */
	YAML_LIST,    /* [a, b] */
	YAML_MAPPING, /* {key: value} */
	YAML_ALIAS,   /* *name */
	YAML_NOTHING  /* a key without a value, or text with a NUL in it */
};

struct yaml {
	enum yaml_kind kind;
	int line, column;   /* from 1; 0: unknown, as it is but of text */
	bool is_quoted;     /* text in double quotes: in JSON, a string */
	char *text;         /* YAML_TEXT */
	struct yaml *key;   /* a mapping's value: what it is the value of; else NULL */
	struct yaml *first; /* of a list's items, a mapping's values */
	struct yaml *next;  /* after it */
};

struct yaml_mistake {
	int line, column; /* from 1; 0: the text as a whole */
	char what[256];
};

/* 0 and *root, NULL if the text is empty; release with yaml_destroy(). -EINVAL and
 * *mistake, or -ENOMEM. */
int yaml_parse(struct yaml **root, const char *text, size_t len, struct yaml_mistake *mistake);
void yaml_destroy(struct yaml *yaml); /* NULL is fine */

/* The value of a mapping's key; NULL if there is none, or it is no mapping. */
const struct yaml *yaml_find(const struct yaml *mapping, const char *key);

/* A whole file, malloc'ed; -EFBIG if it has more than `max` bytes, or -errno. */
int yaml_read_file(const char *path, size_t max, char **text, size_t *len);

#endif
