/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cost ROUNDS PROGRAM [ARG ...] - runs it ROUNDS times with its output thrown
 * away; prints the least CPU seconds (user and system), the largest resident set
 * in KB, and the least elapsed seconds. For tools/bench.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double cpu = 1e9, elapsed = 1e9;
	long resident = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: cost ROUNDS PROGRAM [ARG ...]\n");
		return 2;
	}
	for (int i = 0; i < atoi(argv[1]); i++) {
		struct rusage usage;
		double start = now();
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			int null = open("/dev/null", O_WRONLY);

			dup2(null, STDOUT_FILENO);
			execv(argv[2], argv + 2);
			perror(argv[2]);
			_exit(127);
		}
		if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) {
			fprintf(stderr, "cost: %s failed\n", argv[2]);
			return 1;
		}
		if (now() - start < elapsed)
			elapsed = now() - start;
		if (seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime) < cpu)
			cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
		if (usage.ru_maxrss > resident)
			resident = usage.ru_maxrss;
	}
	printf("%.4f %ld %.4f\n", cpu, resident, elapsed);
	return 0;
}
