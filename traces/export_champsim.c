/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ChampSim's traces (traces/champsim.h): a record for each instruction, with its loads and
 * stores; one that makes more of them than have room, as rep does, has several, as from
 * ChampSim's own tracer.
 *
 * Simplified: an instruction is a branch if the next one does not follow it: those that are
 * not taken are not told, and all look like direct jumps, which write the instruction
 * pointer and read nothing.
 */
#include "traces/champsim.h"
#include "traces/export.h"

#include <string.h>

#define REGISTER_IP 26     /* champsim::REG_INSTRUCTION_POINTER */
#define MAX_INSTRUCTION 15 /* bytes, on x86 */

struct champsim {
	bool has_instruction; /* one waits for what else belongs to it */
	uint64_t ip;
	uint16_t length; /* 0: unknown */
	uint8_t bytes[CHAMPSIM_BYTES];
	unsigned nr_loads, nr_stores;
};

static void begin_record(struct champsim *own)
{
	memset(own->bytes, 0, sizeof(own->bytes));
	write_le(own->bytes, own->ip, 8);
	own->nr_loads = own->nr_stores = 0;
}

static void write_record(struct export *export)
{
	struct champsim *own = export->state;

	if (own->has_instruction)
		fwrite(own->bytes, 1, sizeof(own->bytes), export->file);
}

/* Was it a branch, if that at next_ip came after it? */
static bool jumps(const struct champsim *own, uint64_t next_ip)
{
	uint64_t distance = next_ip - own->ip;

	return own->length ? distance != own->length : distance - 1 >= MAX_INSTRUCTION;
}

static void begin_instruction(struct export *export, uint64_t ip, uint16_t length)
{
	struct champsim *own = export->state;

	if (own->has_instruction && ip != own->ip && jumps(own, ip)) {
		own->bytes[CHAMPSIM_IS_BRANCH] = own->bytes[CHAMPSIM_TAKEN] = 1;
		own->bytes[CHAMPSIM_REGISTERS_WRITTEN] = REGISTER_IP;
	}
	write_record(export);
	own->has_instruction = true;
	own->ip = ip;
	own->length = length;
	begin_record(own);
}

static void add_address(struct export *export, enum access_kind kind, va_t va)
{
	struct champsim *own = export->state;
	bool is_load = kind == ACCESS_LOAD;
	unsigned room = is_load ? CHAMPSIM_NR_LOADS : CHAMPSIM_NR_STORES;
	unsigned *nr = is_load ? &own->nr_loads : &own->nr_stores;

	if (*nr == room) {
		write_record(export);
		begin_record(own);
	}
	write_le(own->bytes + (is_load ? CHAMPSIM_LOADS : CHAMPSIM_STORES) + 8 * *nr, va, 8);
	++*nr;
}

/* Address 0 is what an empty slot looks like. */
static int write_access(struct export *export, const struct trace_access *access)
{
	struct champsim *own = export->state;

	if (!access->va) {
		export->sink.nr_left_out++;
		return 0;
	}
	if (access->kind == ACCESS_FETCH) {
		begin_instruction(export, access->va, access->size);
		return 0;
	}
	if (access->ip && (!own->has_instruction || access->ip != own->ip))
		begin_instruction(export, access->ip, 0); /* its fetch was not recorded */
	if (!own->has_instruction)
		return export_refuse(export, "champsim is written instruction by instruction, and "
		                             "this trace does not tell which one an access is of");
	add_address(export, access->kind, access->va);
	return 0;
}

static int write_end(struct export *export)
{
	write_record(export);
	return 0;
}

const struct export_format export_champsim = {
	.name = "champsim",
	.doc = "ChampSim",
	.state_bytes = sizeof(struct champsim),
	.needs_instructions = true,
	.access = write_access,
	.end = write_end,
};
