// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * count_faults PROGRAM [ARG ...]: runs the program on the host's own kernel, without
 * address-space randomisation and with an empty environment, and prints the minor and
 * major faults that it took from execve(2) on. Its standard output is /dev/null.
 *
 * A task keeps its counts over execve(2): the child notes what it has taken just before,
 * in a page that it shares with the parent and has touched already.
 *
 * How many pages a fault maps depends on how the page cache holds the program. Read one by
 * one, each page is a folio of its own; a file that others have mapped stays as it is.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_page_by_page(const char *path)
{
	const off_t page = 4096;
	int fd = open(path, O_RDONLY);
	char byte;

	if (fd < 0)
		return;
	fsync(fd); /* dirty pages would not be dropped */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	for (off_t at = 0; pread(fd, &byte, 1, at) == 1; at += page)
		;
	close(fd);
}

static void run(char **argv, struct rusage *before)
{
	char *no_environment[] = { NULL };
	int null = open("/dev/null", O_RDWR);

	personality(ADDR_NO_RANDOMIZE);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
	getrusage(RUSAGE_SELF, before); /* its own page */
	getrusage(RUSAGE_SELF, before);
	execve(argv[0], argv, no_environment);
	_exit(127);
}

/* Runs the program and prints what it took. 0; 1 if it could not, or failed. */
static int measure(char **argv, struct rusage *before)
{
	struct rusage after;
	int status;
	pid_t child = fork();

	if (!child)
		run(argv, before);
	if (child < 0 || wait4(child, &status, 0, &after) != child || status)
		return 1;
	printf("%ld %ld\n", after.ru_minflt - before->ru_minflt,
	       after.ru_majflt - before->ru_majflt);
	return 0;
}

int main(int argc, char **argv)
{
	struct rusage *before = mmap(NULL, sizeof(*before), PROT_READ | PROT_WRITE,
	                             MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int status;

	if (before == MAP_FAILED)
		return 2;
	if (argc > 1)
		read_page_by_page(argv[1]);
	status = argc < 2 ? 2 : measure(argv + 1, before);
	munmap(before, sizeof(*before));
	return status;
}
