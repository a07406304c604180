/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DynamoRIO's drmemtrace. An instruction comes before its data accesses. Files are .gz, or
 * .zip with a member for each so many instructions.
 *
 * Simplified: prefetches and cache flushes are no accesses; CPU markers are passed over,
 * as DynamoRIO's own simulators do when they give threads cores of their own.
 */
#include "traces/drmemtrace.h"
#include "traces/id_map.h"
#include "traces/import.h"

#define MAX_VERSION 64 /* of the header; 5 in 2023 */

struct drmemtrace {
	unsigned address_bytes;
	uint64_t next_ip; /* behind the last instruction */
	int32_t thread;
	struct id_map processes; /* of threads */
};

struct entry {
	unsigned type, size;
	uint64_t address;
};

static struct entry unpack(const uint8_t *bytes, unsigned address_bytes)
{
	return (struct entry){ .type = (unsigned)read_le(bytes, 2),
		               .size = (unsigned)read_le(bytes + 2, 2),
		               .address = read_le(bytes + 4, address_bytes) };
}

/* A header, and then another record that there is. */
static bool begins_as(const uint8_t *bytes, size_t n, unsigned address_bytes)
{
	struct entry header, second;

	if (n < 2 * (4 + address_bytes))
		return false;
	header = unpack(bytes, address_bytes);
	second = unpack(bytes + 4 + address_bytes, address_bytes);
	return header.type == DRMEMTRACE_HEADER && !header.size && header.address <= MAX_VERSION &&
	       second.type >= DRMEMTRACE_THREAD && second.type <= DRMEMTRACE_MARKER;
}

static bool probe(const uint8_t *bytes, size_t n, bool whole)
{
	return begins_as(bytes, n, 8) || begins_as(bytes, n, 4);
}

static int begin(struct import *import)
{
	struct drmemtrace *own = import->state;
	struct container *container = import->container;

	container_fill(container);
	own->address_bytes =
	    begins_as(container->next, (size_t)(container->end - container->next), 4) ? 4 : 8;
	import->source.info.producer = "DynamoRIO drmemtrace";
	import->source.info.va_bits = own->address_bytes == 4 ? 32 : 48;
	return 0;
}

static void fetch(struct import *import, uint64_t ip, unsigned length)
{
	struct drmemtrace *own = import->state;

	import->ip = ip;
	own->next_ip = ip + length;
	import_access(import, ACCESS_FETCH, ip, length);
}

static int fetch_bundle(struct import *import, const struct entry *entry)
{
	struct drmemtrace *own = import->state;

	if (entry->size > own->address_bytes)
		return import_fail(import, "a bundle of %u instructions, where %u have room",
		                   entry->size, own->address_bytes);
	for (unsigned i = 0; i < entry->size; i++)
		fetch(import, own->next_ip, entry->address >> (8 * i) & 0xff);
	return 1;
}

/* The record after this one, not taken; false: there is none. */
static bool peek(struct import *import, struct entry *entry)
{
	struct drmemtrace *own = import->state;
	struct container *container = import->container;
	size_t n = 4 + own->address_bytes;

	if ((size_t)(container->end - container->next) < n)
		container_fill(container);
	if ((size_t)(container->end - container->next) < n)
		return false;
	*entry = unpack(container->next, own->address_bytes);
	return true;
}

/* The current thread runs on in its process, which is its own until another is told. */
static int go_on(struct import *import)
{
	struct drmemtrace *own = import->state;
	struct id_pair *pair =
	    id_map_add(&own->processes, (uint64_t)own->thread, (uint64_t)own->thread);

	if (!pair)
		return import_fail(import, "out of memory");
	import_switch(import, own->thread, 0, pair->value);
	return 1;
}

static int read_thread(struct import *import, uint64_t id)
{
	struct drmemtrace *own = import->state;
	struct entry following;

	if (id > INT32_MAX)
		return import_fail(import, "thread %llu", (unsigned long long)id);
	own->thread = (int32_t)id;
	if (peek(import, &following) && following.type == DRMEMTRACE_PID)
		return 1; /* which tells the rest */
	return go_on(import);
}

static int read_process(struct import *import, uint64_t id)
{
	struct drmemtrace *own = import->state;
	struct id_pair *pair = id_map_add(&own->processes, (uint64_t)own->thread, id);

	if (!pair)
		return import_fail(import, "out of memory");
	pair->value = id;
	return go_on(import);
}

static int read_entry(struct import *import)
{
	struct drmemtrace *own = import->state;
	struct entry entry;
	const uint8_t *bytes;
	int status;

	bytes = import_record(import, 4 + own->address_bytes, &status);
	if (!bytes)
		return status;
	entry = unpack(bytes, own->address_bytes);
	switch (entry.type) {
	case DRMEMTRACE_READ:
		import_access(import, ACCESS_LOAD, entry.address, entry.size);
		return 1;
	case DRMEMTRACE_WRITE:
		import_access(import, ACCESS_STORE, entry.address, entry.size);
		return 1;
	case DRMEMTRACE_INSTR ... DRMEMTRACE_INSTR_RETURN:
	case DRMEMTRACE_INSTR_SYSENTER:
	case DRMEMTRACE_INSTR_TAKEN_JUMP:
	case DRMEMTRACE_INSTR_UNTAKEN_JUMP:
		fetch(import, entry.address, entry.size);
		return 1;
	case DRMEMTRACE_INSTR_BUNDLE:
		return fetch_bundle(import, &entry);
	case DRMEMTRACE_INSTR_MAYBE_FETCH:
		if (entry.address != import->ip)
			fetch(import, entry.address, entry.size);
		return 1;
	case DRMEMTRACE_INSTR_NO_FETCH:
		import->ip = entry.address;
		return 1;
	case DRMEMTRACE_THREAD:
		return read_thread(import, entry.address);
	case DRMEMTRACE_PID:
		return read_process(import, entry.address);
	}
	if (entry.type > DRMEMTRACE_LAST)
		return import_fail(import, "a record of type %u, which is not known", entry.type);
	return 1;
}

static void finish(struct import *import)
{
	struct drmemtrace *own = import->state;

	id_map_finish(&own->processes);
}

const struct import_format import_drmemtrace = {
	.name = "drmemtrace",
	.doc = "DynamoRIO's drmemtrace",
	.state_bytes = sizeof(struct drmemtrace),
	.probe = probe,
	.begin = begin,
	.read = read_entry,
	.finish = finish,
};
