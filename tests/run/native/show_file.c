// SPDX-License-Identifier: GPL-2.0-or-later
/* show_file FILE ...: copies files of /proc to standard output. Built static, static-PIE
 * and dynamic: /proc/self/maps of each is compared between the simulator and the kernel. */
#include <stdio.h>

static int show(const char *path)
{
	char text[4096];
	FILE *file = fopen(path, "r");
	size_t n;

	if (!file)
		return 1;
	while ((n = fread(text, 1, sizeof(text), file)) > 0)
		fwrite(text, 1, n, stdout);
	return fclose(file) ? 1 : 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= show(argv[i]);
	return failed;
}
