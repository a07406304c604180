/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nothing outside this file knows libfyaml. */
#include "sim/yaml.h"

#include "sim/utf8.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the tree ---- */

static struct yaml *build(struct fy_node *node);

/* Appends an item, or a pair's value; *end is where the next one goes. */
static bool append(struct yaml ***end, struct fy_node *key, bool has_key, struct fy_node *value)
{
	struct yaml *item = build(value);

	if (!item)
		return false;
	**end = item;
	*end = &item->next;
	if (has_key)
		item->key = build(key);
	return !has_key || item->key;
}

static bool build_list(struct yaml *yaml, struct fy_node *node)
{
	struct yaml **end = &yaml->first;
	struct fy_node *item;
	void *iterator = NULL;

	while ((item = fy_node_sequence_iterate(node, &iterator)))
		if (!append(&end, NULL, false, item))
			return false;
	return true;
}

static bool build_mapping(struct yaml *yaml, struct fy_node *node)
{
	struct yaml **end = &yaml->first;
	struct fy_node_pair *pair;
	void *iterator = NULL;

	while ((pair = fy_node_mapping_iterate(node, &iterator)))
		if (!append(&end, fy_node_pair_key(pair), true, fy_node_pair_value(pair)))
			return false;
	return true;
}

static bool build_text(struct yaml *yaml, struct fy_node *node)
{
	struct fy_token *token = fy_node_get_scalar_token(node);
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
	size_t len = 0;
	const char *bytes = fy_node_get_scalar(node, &len);

	if (mark) {
		yaml->line = mark->line + 1;
		yaml->column = mark->column + 1;
	}
	yaml->is_quoted = fy_node_get_style(node) == FYNS_DOUBLE_QUOTED;
	if (!bytes || memchr(bytes, '\0', len)) {
		yaml->kind = YAML_NOTHING;
		return true;
	}
	yaml->text = strndup(bytes, len);
	return yaml->text;
}

static enum yaml_kind kind_of(struct fy_node *node)
{
	if (!node)
		return YAML_NOTHING;
	if (fy_node_is_alias(node))
		return YAML_ALIAS;
	if (fy_node_is_mapping(node))
		return YAML_MAPPING;
	return fy_node_is_sequence(node) ? YAML_LIST : YAML_TEXT;
}

/* NULL: no memory. How deep it goes, libfyaml limits. */
static struct yaml *build(struct fy_node *node)
{
	struct yaml *yaml = calloc(1, sizeof(*yaml));
	bool is_built = true;

	if (!yaml)
		return NULL;
	yaml->kind = kind_of(node);
	if (yaml->kind == YAML_TEXT)
		is_built = build_text(yaml, node);
	else if (yaml->kind == YAML_LIST)
		is_built = build_list(yaml, node);
	else if (yaml->kind == YAML_MAPPING)
		is_built = build_mapping(yaml, node);
	if (is_built)
		return yaml;
	yaml_destroy(yaml);
	return NULL;
}

void yaml_destroy(struct yaml *yaml)
{
	while (yaml) {
		struct yaml *next = yaml->next;

		yaml_destroy(yaml->key);
		yaml_destroy(yaml->first);
		free(yaml->text);
		free(yaml);
		yaml = next;
	}
}

const struct yaml *yaml_find(const struct yaml *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml *value = mapping->first; value; value = value->next)
		if (value->key->text && !strcmp(value->key->text, key))
			return value;
	return NULL;
}

/* ---- parsing ---- */

static int fail(struct yaml_mistake *mistake, int line, int column, const char *what)
{
	mistake->line = line;
	mistake->column = column;
	snprintf(mistake->what, sizeof(mistake->what), "%s", what);
	return -EINVAL;
}

/* What no such file holds: bytes that are not UTF-8, and control characters.
 * libfyaml 0.7.12 does not come back from some of them (after a '%'). */
static int check_characters(const char *text, size_t len, struct yaml_mistake *mistake)
{
	int line = 1, column = 1;

	for (size_t i = 0, n; i < len; i += n) {
		unsigned char c = (unsigned char)text[i];

		n = utf8_length(text + i, len - i);
		if (!n || c == 0x7f || (c < 0x20 && !strchr("\t\n\r", c)) || !c)
			return fail(mistake, line, column, n ? "a control character" : "not UTF-8");
		column++;
		if (c == '\n') {
			line++;
			column = 1;
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

static int fail_as_told(struct fy_diag *diag, struct yaml_mistake *mistake)
{
	void *iterator = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);

	if (!error)
		return fail(mistake, 0, 0, "not YAML text");
	return fail(mistake, error->line, error->column, error->msg);
}

static int parse_stream(struct yaml **root, struct fy_parser *parser, struct fy_diag *diag,
                        struct yaml_mistake *mistake)
{
	struct fy_document *document = fy_parse_load_document(parser);
	struct fy_document *second = document ? fy_parse_load_document(parser) : NULL;
	struct fy_node *top;
	int err = 0;

	if (second) {
		err = fail(mistake, 0, 0, "more than one YAML document");
	} else if (!document || fy_diag_got_error(diag)) {
		err = fail_as_told(diag, mistake);
	} else {
		top = fy_document_root(document);
		*root = top ? build(top) : NULL;
		err = top && !*root ? -ENOMEM : 0;
	}
	fy_document_destroy(second);
	fy_document_destroy(document);
	return err;
}

int yaml_parse(struct yaml **root, const char *text, size_t len, struct yaml_mistake *mistake)
{
	struct fy_diag_cfg diag_cfg;
	struct fy_diag *diag;
	struct fy_parser *parser;
	int err = check_characters(text, len, mistake);

	*root = NULL;
	if (err || is_blank(text, len))
		return err;
	err = -ENOMEM;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag = fy_diag_create(&diag_cfg);
	if (!diag)
		return -ENOMEM;
	fy_diag_set_collect_errors(diag, true);
	parser = fy_parser_create(&(struct fy_parse_cfg){ .diag = diag });
	if (parser && !fy_parser_set_string(parser, text, len))
		err = parse_stream(root, parser, diag, mistake);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	return err;
}

/* ---- files ---- */

int yaml_read_file(const char *path, size_t max, char **text, size_t *len)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	char *bytes;
	int err = 0;

	if (!file)
		return -errno;
	if (!fstat(fileno(file), &st) && st.st_size && (size_t)st.st_size < max)
		max = (size_t)st.st_size; /* pipes and /proc say 0 */
	bytes = malloc(max + 1);
	if (!bytes) {
		fclose(file);
		return -ENOMEM;
	}
	errno = 0;
	*len = fread(bytes, 1, max + 1, file);
	if (ferror(file))
		err = errno ? -errno : -EIO;
	else if (*len > max)
		err = -EFBIG;
	fclose(file);
	if (err)
		free(bytes);
	else
		*text = bytes;
	return err;
}
