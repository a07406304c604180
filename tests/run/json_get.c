/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_get FILE PATH - prints the value at a dotted path of a JSON file, as
 * "vmstat.pswpin" or "tasks.0.minor"; nothing, and status 1, if there is none.
 *
 * json_get FILE - prints all of them, a line each: "vmstat.pswpin 12".
 *
 * For the whole-run tests; libfyaml reads JSON, and shares none of the writer's code.
 */
#include <libfyaml.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 512

static bool get(struct fy_document *document, const char *dotted)
{
	struct fy_node *node;
	char path[PATH_SIZE];
	const char *text;
	size_t length;

	if (snprintf(path, sizeof(path), "/%s", dotted) >= (int)sizeof(path))
		return false;
	for (char *p = path; *p; p++)
		if (*p == '.')
			*p = '/';
	node = fy_node_by_path(fy_document_root(document), path, FY_NT, FYNWF_DONT_FOLLOW);
	if (!node || !fy_node_is_scalar(node))
		return false;
	text = fy_node_get_scalar(node, &length);
	printf("%.*s\n", (int)length, text);
	return true;
}

/* Below the node at `path`, which has room for more. */
static void print_all(struct fy_node *node, char path[PATH_SIZE])
{
	size_t at = strlen(path), length;
	struct fy_node_pair *pair;
	struct fy_node *item;
	void *iter = NULL;
	const char *text;
	int i = 0;

	while (fy_node_is_mapping(node) && (pair = fy_node_mapping_iterate(node, &iter))) {
		text = fy_node_get_scalar(fy_node_pair_key(pair), &length);
		snprintf(path + at, PATH_SIZE - at, "%s%.*s", at ? "." : "", (int)length, text);
		print_all(fy_node_pair_value(pair), path);
	}
	while (fy_node_is_sequence(node) && (item = fy_node_sequence_iterate(node, &iter))) {
		snprintf(path + at, PATH_SIZE - at, ".%d", i++);
		print_all(item, path);
	}
	path[at] = '\0';
	if (!fy_node_is_scalar(node))
		return;
	text = fy_node_get_scalar(node, &length);
	printf("%s %.*s\n", path, (int)length, text);
}

int main(int argc, char **argv)
{
	struct fy_document *document;
	char path[PATH_SIZE] = "";
	int status = 1;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: json_get FILE [PATH]\n");
		return 2;
	}
	document = fy_document_build_from_file(NULL, argv[1]);
	if (document && argc == 2) {
		print_all(fy_document_root(document), path);
		status = 0;
	} else if (document && get(document, argv[2])) {
		status = 0;
	}
	fy_document_destroy(document);
	return status;
}
