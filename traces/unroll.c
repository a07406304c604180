/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/unroll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void unroll_init(struct unroll *unroll, unroll_emit emit, void *context)
{
	*unroll = (struct unroll){ .emit = emit, .context = context };
}

void unroll_finish(struct unroll *unroll)
{
	free(unroll->lengths);
}

/* The block's instructions up to the nr-th. */
static int emit_up_to(struct unroll *unroll, uint32_t nr)
{
	while (unroll->nr_emitted < nr) {
		uint8_t length = unroll->lengths[unroll->nr_emitted++];
		const struct trace_access fetch = { .va = unroll->next_va,
			                            .count = 1,
			                            .kind = ACCESS_FETCH,
			                            .priv = PRIV_USER,
			                            .size = length };
		int err = unroll->emit(unroll->context, &fetch);

		if (err)
			return err;
		unroll->next_va += length;
	}
	return 0;
}

int unroll_flush(struct unroll *unroll)
{
	int err = emit_up_to(unroll, unroll->nr_ran);

	unroll->nr = unroll->nr_ran = unroll->nr_emitted = 0;
	unroll->last_page = 0;
	return err;
}

static int begin_block(struct unroll *unroll, const struct trace_block *block, uint32_t count)
{
	va_t end = block->va;

	if (block->nr_instructions > unroll->lengths_room) {
		uint8_t *lengths = realloc(unroll->lengths, block->nr_instructions);

		if (!lengths)
			return -ENOMEM;
		unroll->lengths = lengths;
		unroll->lengths_room = block->nr_instructions;
	}
	memcpy(unroll->lengths, block->lengths, block->nr_instructions);
	for (uint32_t i = 0; i < block->nr_instructions; i++)
		end += block->lengths[i];
	unroll->va = unroll->next_va = block->va;
	unroll->last_page = (end - 1) & PAGE_MASK;
	if (unroll->last_page == (block->va & PAGE_MASK))
		unroll->last_page = 0;
	unroll->nr = block->nr_instructions;
	unroll->nr_ran = count < unroll->nr ? count : unroll->nr;
	return emit_up_to(unroll, 1);
}

/* Of a block in two pages: the fetch of the second, and of what ran after the first
 * instruction (sim/record.h, struct record_block). */
static bool belongs_to_block(struct unroll *unroll, const struct trace_access *fetch)
{
	if (!unroll->last_page || fetch->block)
		return false;
	if (fetch->va == unroll->va && unroll->nr_ran == 1) {
		unroll->nr_ran = fetch->count < unroll->nr ? fetch->count + 1 : unroll->nr;
		return true;
	}
	return fetch->va == unroll->last_page && fetch->count == 1;
}

static int unroll_fetch(struct unroll *unroll, const struct trace_access *fetch)
{
	struct trace_access plain = *fetch;
	int err;

	if (belongs_to_block(unroll, fetch))
		return 0;
	err = unroll_flush(unroll);
	if (err)
		return err;
	if (fetch->block && fetch->block->lengths)
		return begin_block(unroll, fetch->block, fetch->count);
	plain.block = NULL;
	return unroll->emit(unroll->context, &plain);
}

/* How many of the block's instructions have begun when the one at ip makes an access. */
static uint32_t nr_begun(const struct unroll *unroll, uint64_t ip)
{
	uint32_t nr = unroll->nr_emitted;
	va_t va = unroll->next_va;

	while (nr < unroll->nr && va <= ip)
		va += unroll->lengths[nr++];
	return ip < va ? nr : unroll->nr_emitted; /* behind the block: none of it */
}

int unroll_access(struct unroll *unroll, const struct trace_access *access)
{
	int err = 0;

	if (access->kind == ACCESS_FETCH && access->priv == PRIV_USER)
		return unroll_fetch(unroll, access);
	if (unroll->nr && access->kind != ACCESS_FETCH && access->ip)
		err = emit_up_to(unroll, nr_begun(unroll, access->ip));
	return err ? err : unroll->emit(unroll->context, access);
}
