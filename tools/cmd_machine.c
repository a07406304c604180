/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/commands.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct machine_options_read {
	struct machine_choice choice;
	bool source;
};

static const struct option_row option_rows[] = {
	{ "set", 0, "KEY=VALUE", OPTION_CALL, offsetof(struct machine_options_read, choice),
	  machine_choice_set, "show: with this key changed (repeatable)" },
	{ "source", 0, NULL, OPTION_FLAG, offsetof(struct machine_options_read, source), NULL,
	  "show: the file as it ships, with its sources" },
};

static int list(void)
{
	struct machine_config *config = malloc(sizeof(*config));
	const char *text, *name;
	char why[512];

	if (!config)
		return complain("out of memory");
	for (size_t i = 0; (text = machine_config_shipped(i, &name)); i++)
		if (!machine_config_load(config, name, NULL, 0, why, sizeof(why)))
			printf("%-12s %s\n", name, config->description);
	free(config);
	return 0;
}

static int show_source(const char *wanted)
{
	const char *text, *name;

	for (size_t i = 0; (text = machine_config_shipped(i, &name)); i++) {
		if (strcmp(name, wanted) != 0)
			continue;
		fputs(text, stdout);
		return 0;
	}
	return complain("no machine \"%s\" ships; see pagewalk machine list", wanted);
}

static int show(const struct machine_choice *choice)
{
	struct machine_config *config = malloc(sizeof(*config));
	int status;

	if (!config)
		return complain("out of memory");
	status = machine_choice_load(choice, config);
	if (!status)
		machine_config_print(config, stdout);
	free(config);
	return status;
}

static int dispatch(struct machine_options_read *options, int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";

	if (!strcmp(verb, "list") && argc == 1)
		return list();
	if (!strcmp(verb, "keys") && argc == 1) {
		machine_config_print_keys(stdout);
		return 0;
	}
	if (!strcmp(verb, "show") && argc == 2) {
		options->choice.name = argv[1];
		return options->source ? show_source(argv[1]) : show(&options->choice);
	}
	return complain("machine: it is list, show NAME or keys; see pagewalk machine --help");
}

static int run(const struct command *command, int argc, char **argv)
{
	struct machine_options_read options = { 0 };
	int first, status;

	if (!options_read(command, argc, argv, &options, &first, &status))
		status = dispatch(&options, argc - first, argv + first);
	machine_choice_finish(&options.choice);
	return status;
}

const struct command command_machine = {
	.name = "machine",
	.synopsis = "[OPTIONS] list | show NAME | keys",
	.brief = "the machine descriptions that ship, and what one can say",
	.doc = "list   names the machines that ship\n"
	       "show   prints a description, of a machine that ships or of a file, with every\n"
	       "       key resolved; the output is a machine file itself\n"
	       "keys   explains what a machine file can say (docs/machines.md)\n",
	.options = option_rows,
	.nr_options = sizeof(option_rows) / sizeof(option_rows[0]),
	.run = run,
};
