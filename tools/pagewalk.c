/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
	&command_run, &command_replay, &command_trace, &command_sweep, &command_mm, &command_machine
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

#define USAGE "pagewalk COMMAND [OPTIONS] ...; see pagewalk --help"

static void print_help(void)
{
	puts("usage: pagewalk COMMAND [OPTIONS] ...\n\n"
	     "Runs Linux programs on a simulated machine whose memory management can be seen\n"
	     "whole: TLBs, page walks, page faults, reclaim and swap.\n\ncommands:");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->brief);
	puts("\npagewalk COMMAND --help tells more. Also: --version.");
}

int run_command(int argc, char **argv)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(argv[0], commands[i]->name))
			return commands[i]->run(commands[i], argc, argv);
	return complain("no such command: %s; usage: " USAGE, argv[0]);
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return complain("no command; usage: " USAGE);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		print_help();
	else if (!strcmp(argv[1], "--version"))
		puts("pagewalk " PAGEWALK_VERSION);
	else
		status = run_command(argc - 1, argv + 1);
	if ((fflush(stdout) || ferror(stdout)) && !status)
		status = complain("standard output: what was to be written is not all there");
	return status;
}
