/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * commands - the subcommands of pagewalk, a file each.
 */
#ifndef PW_TOOLS_COMMANDS_H
#define PW_TOOLS_COMMANDS_H

#include "sim/config.h"
#include "tools/options.h"

extern const struct command command_run;     /* cmd_run.c */
extern const struct command command_machine; /* cmd_machine.c */
extern const struct command command_mm;      /* cmd_mm.c */
extern const struct command command_replay;  /* cmd_replay.c */
extern const struct command command_sweep;   /* cmd_sweep.c */
extern const struct command command_trace;   /* cmd_trace.c */

/* The command that argv[0] names; what `pagewalk` exits with. */
int run_command(int argc, char **argv);

/* -m, --set, --ram and --swap, for every command that builds a machine. Zeroed is
 * the default machine. */
struct machine_choice {
	const char *name; /* NULL: see machine_choice_load() */
	struct config_override *overrides;
	size_t nr_overrides;
};

/* Rows of those options; offset: of the machine_choice in the command's context. */
#define MACHINE_OPTION_ROWS(offset)                                                                \
	{ "machine",                                                                               \
	  'm',                                                                                     \
	  "NAME|FILE",                                                                             \
	  OPTION_TEXT,                                                                             \
	  (offset) + offsetof(struct machine_choice, name),                                        \
	  NULL,                                                                                    \
	  "machine description (see pagewalk machine)" },                                          \
	    { "set",                                                                               \
	      0,                                                                                   \
	      "KEY=VALUE",                                                                         \
	      OPTION_CALL,                                                                         \
	      (offset),                                                                            \
	      machine_choice_set,                                                                  \
	      "change one key of it (repeatable)" },                                               \
	    { "ram",                                                                               \
	      0,                                                                                   \
	      "SIZE",                                                                              \
	      OPTION_CALL,                                                                         \
	      (offset),                                                                            \
	      machine_choice_ram,                                                                  \
	      "short for --set ram=SIZE" },                                                        \
	{                                                                                          \
		"swap", 0, "SIZE[:FILE]", OPTION_CALL, (offset), machine_choice_swap,              \
		    "swap area, in a real FILE that is kept if one is named"                       \
	}

/* What these options do; choice is a struct machine_choice. Each 0, or EXIT_MISTAKE with the
 * mistake told. */
int machine_choice_set(void *choice, const char *key_is_value);
int machine_choice_ram(void *choice, const char *size);
int machine_choice_swap(void *choice, const char *size_and_file);

/* 0, or EXIT_MISTAKE and told. Where no machine is named it is the first that ships. */
int machine_choice_load(const struct machine_choice *choice, struct machine_config *config);
/* The same, but where none is named it is the one of the text (NULL: as above), which a
 * trace of that path has with it; its swap is not in the file that it was in then. */
int machine_choice_load_recorded(const struct machine_choice *choice, const char *path,
                                 const char *text, struct machine_config *config);
void machine_choice_finish(struct machine_choice *choice);

#endif
