// SPDX-License-Identifier: GPL-2.0-or-later
/* show_file: copies a file of /proc to standard output. Built static, static-PIE and
 * dynamic: /proc/self/maps of each is compared between the simulator and the kernel. */
#include <stdio.h>

int main(int argc, char **argv)
{
	char text[4096];
	FILE *file = fopen(argc > 1 ? argv[1] : "/proc/self/maps", "r");
	size_t n;

	if (!file)
		return 1;
	while ((n = fread(text, 1, sizeof(text), file)) > 0)
		fwrite(text, 1, n, stdout);
	return fclose(file) ? 1 : 0;
}
