/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_get FILE PATH - prints the value at a dotted path of a JSON file, as
 * "vmstat.pswpin" or "tasks.0.minor"; nothing, and status 1, if there is none.
 * For the whole-run tests; libfyaml reads JSON, and shares none of the writer's
 * code.
 */
#include <libfyaml.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct fy_document *document;
	struct fy_node *node;
	char path[512];
	int status = 1;

	if (argc != 3 || snprintf(path, sizeof(path), "/%s", argv[2]) >= (int)sizeof(path)) {
		fprintf(stderr, "usage: json_get FILE PATH\n");
		return 2;
	}
	for (char *p = path; *p; p++)
		if (*p == '.')
			*p = '/';
	document = fy_document_build_from_file(NULL, argv[1]);
	node = document
	           ? fy_node_by_path(fy_document_root(document), path, FY_NT, FYNWF_DONT_FOLLOW)
	           : NULL;
	if (node && fy_node_is_scalar(node)) {
		size_t length;
		const char *text = fy_node_get_scalar(node, &length);

		printf("%.*s\n", (int)length, text);
		status = 0;
	}
	fy_document_destroy(document);
	return status;
}
