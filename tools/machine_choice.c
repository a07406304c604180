/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/commands.h"

#include <stdlib.h>
#include <string.h>

/* Takes key and value over; both malloc'ed. */
static int add_override(struct machine_choice *choice, char *key, char *value)
{
	size_t n = choice->nr_overrides + 1;
	struct config_override *overrides =
	    key && value ? reallocarray(choice->overrides, n, sizeof(*overrides)) : NULL;

	if (!overrides) {
		free(key);
		free(value);
		return complain("out of memory");
	}
	overrides[n - 1] = (struct config_override){ .key = key, .value = value };
	choice->overrides = overrides;
	choice->nr_overrides = n;
	return 0;
}

int machine_choice_set(void *choice, const char *key_is_value)
{
	const char *is = strchr(key_is_value, '=');

	if (!is)
		return complain("--set %s: it is --set KEY=VALUE", key_is_value);
	return add_override(choice, strndup(key_is_value, (size_t)(is - key_is_value)),
	                    strdup(is + 1));
}

int machine_choice_ram(void *choice, const char *size)
{
	return add_override(choice, strdup("ram"), strdup(size));
}

int machine_choice_swap(void *choice, const char *size_and_file)
{
	size_t len = strcspn(size_and_file, ":");
	const char *file = size_and_file[len] ? size_and_file + len + 1 : "";
	int status = add_override(choice, strdup("swap.size"), strndup(size_and_file, len));

	if (!status)
		status = add_override(choice, strdup("swap.file"), strdup(file));
	return status;
}

int machine_choice_load(const struct machine_choice *choice, struct machine_config *config)
{
	const char *name = choice->name;
	char why[512];

	if (!name)
		machine_config_shipped(0, &name);
	if (machine_config_load(config, name, choice->overrides, choice->nr_overrides, why,
	                        sizeof(why)))
		return complain("%s", why);
	return 0;
}

int machine_choice_load_recorded(const struct machine_choice *choice, const char *path,
                                 const char *text, struct machine_config *config)
{
	size_t nr = choice->nr_overrides + 1;
	struct config_override *overrides;
	char why[512];
	int err;

	if (choice->name || !text)
		return machine_choice_load(choice, config);
	overrides = calloc(nr, sizeof(*overrides));
	if (!overrides)
		return complain("out of memory");
	overrides[0] = (struct config_override){ "swap.file", "" };
	for (size_t i = 1; i < nr; i++)
		overrides[i] = choice->overrides[i - 1];
	err =
	    machine_config_parse(config, path, text, strlen(text), overrides, nr, why, sizeof(why));
	free(overrides);
	return err ? complain("%s", why) : 0;
}

void machine_choice_finish(struct machine_choice *choice)
{
	for (size_t i = 0; i < choice->nr_overrides; i++) {
		free((char *)choice->overrides[i].key);
		free((char *)choice->overrides[i].value);
	}
	free(choice->overrides);
	*choice = (struct machine_choice){ 0 };
}
