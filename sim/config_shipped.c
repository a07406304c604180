/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/config.h"

static const struct {
	const char *name, *text;
} shipped[] = {
/* sim/machines/ *.yaml, by embed.sh at build time */
#include "sim/machines/machines_shipped.inc"
};

const char *machine_config_shipped(size_t i, const char **name)
{
	if (i >= sizeof(shipped) / sizeof(shipped[0]))
		return NULL;
	*name = shipped[i].name;
	return shipped[i].text;
}
