/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ChampSim's traces (traces/champsim.h). They know no sizes.
 */
#include "traces/champsim.h"
#include "traces/import.h"

/* Is it in one of the two halves of 57-bit addresses? */
static bool is_canonical(uint64_t va)
{
	return va >> 56 == 0 || va >> 56 == 0xff;
}

static bool looks_right(const uint8_t *bytes)
{
	uint64_t ip = read_le(bytes, 8);

	if (!ip || !is_canonical(ip))
		return false;
	if (bytes[CHAMPSIM_IS_BRANCH] > 1 || bytes[CHAMPSIM_TAKEN] > bytes[CHAMPSIM_IS_BRANCH])
		return false;
	for (int at = CHAMPSIM_STORES; at < CHAMPSIM_BYTES; at += 8)
		if (!is_canonical(read_le(bytes + at, 8)))
			return false;
	return true;
}

static bool probe(const uint8_t *bytes, size_t n, bool whole)
{
	size_t nr = n / CHAMPSIM_BYTES;

	for (size_t i = 0; i < nr; i++)
		if (!looks_right(bytes + i * CHAMPSIM_BYTES))
			return false;
	return nr;
}

static int begin(struct import *import)
{
	import->source.info.producer = "ChampSim tracer";
	return 0;
}

static void add_accesses(struct import *import, enum access_kind kind, const uint8_t *slots, int nr)
{
	for (int i = 0; i < nr; i++) {
		va_t va = read_le(slots + 8 * i, 8);

		if (va)
			import_access(import, kind, va, 0);
	}
}

static int read_instruction(struct import *import)
{
	const uint8_t *bytes;
	int status;

	bytes = import_record(import, CHAMPSIM_BYTES, &status);
	if (!bytes)
		return status;
	import->ip = read_le(bytes, 8);
	import_access(import, ACCESS_FETCH, import->ip, 0);
	add_accesses(import, ACCESS_LOAD, bytes + CHAMPSIM_LOADS, CHAMPSIM_NR_LOADS);
	add_accesses(import, ACCESS_STORE, bytes + CHAMPSIM_STORES, CHAMPSIM_NR_STORES);
	return 1;
}

const struct import_format import_champsim = {
	.name = "champsim",
	.doc = "ChampSim",
	.probe = probe,
	.is_guess = true,
	.begin = begin,
	.read = read_instruction,
};
