/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a machine file. What is refused must be refused with a reason; what
 * is accepted must make an MMU, and must come back the same from its own printing.
 */
#include "sim/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_mmu(const struct mmu_config *config)
{
	const struct event_stream events = { 0 };
	struct ram ram;
	struct mmu *mmu;

	demand(!ram_init(&ram, PAGE_SIZE));
	demand(!mmu_create(&mmu, config, &ram, &events));
	mmu_destroy(mmu);
	ram_finish(&ram);
}

static void check_printing(const struct machine_config *config)
{
	static struct machine_config again;
	char why[512], *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	demand(out);
	machine_config_print(config, out);
	fclose(out);
	demand(!machine_config_parse(&again, "again.yaml", text, len, NULL, 0, why, sizeof(why)));
	demand(!memcmp(config, &again, sizeof(again)));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine_config config;
	char why[512];
	int err = machine_config_parse(&config, "fuzz.yaml", (const char *)data, size, NULL, 0, why,
	                               sizeof(why));

	if (err) {
		demand(!strncmp(why, "fuzz.yaml:", 10));
		return 0;
	}
	check_mmu(&config.mmu);
	check_printing(&config);
	return 0;
}
