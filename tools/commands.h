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

/* -m, --set, --ram and --swap, for every command that builds a machine. Zeroed is
 * the default machine. */
struct machine_choice {
	const char *name; /* NULL: the first that ships */
	struct config_override *overrides;
	size_t nr_overrides;
};

/* Each 0, or EXIT_MISTAKE with the mistake told. */
int machine_choice_set(struct machine_choice *choice, const char *key_is_value);
int machine_choice_ram(struct machine_choice *choice, const char *size);
int machine_choice_swap(struct machine_choice *choice, const char *size_and_file);
int machine_choice_load(const struct machine_choice *choice, struct machine_config *config);
void machine_choice_finish(struct machine_choice *choice);

#endif
