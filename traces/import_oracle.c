/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libCacheSim's oracleGeneral (libCacheSim/traceReader/customizedReader/oracle/
 * oracleGeneralBin.h): 24 bytes a request, little-endian, { u32 time, u64 object, u32
 * size, i64 number of the next request of it }. An object is a page, a request a load of
 * it; those of size 0 are no requests, as for libCacheSim.
 */
#include "traces/import.h"
#include "traces/object_pages.h"

#define REQUEST_BYTES 24

struct request {
	uint32_t time;
	uint64_t object;
	uint32_t size;
	int64_t next; /* -1 or INT64_MAX: none */
};

static struct request unpack(const uint8_t *bytes)
{
	return (struct request){ .time = (uint32_t)read_le(bytes, 4),
		                 .object = read_le(bytes + 4, 8),
		                 .size = (uint32_t)read_le(bytes + 12, 4),
		                 .next = (int64_t)read_le(bytes + 16, 8) };
}

/* Time does not go back, and the next request is a later one. */
static bool probe(const uint8_t *bytes, size_t n, bool whole)
{
	size_t nr = n / REQUEST_BYTES;
	uint32_t time = 0;

	for (size_t i = 0; i < nr; i++) {
		struct request request = unpack(bytes + i * REQUEST_BYTES);

		if (request.time < time || request.next < -1 ||
		    (request.next >= 0 && (uint64_t)request.next <= i))
			return false;
		time = request.time;
	}
	return nr;
}

static int begin(struct import *import)
{
	import->source.info.producer = "libCacheSim";
	import->source.info.va_bits = 48;
	return 0;
}

static int read_request(struct import *import)
{
	struct object_pages *pages = import->state;
	struct request request;
	const uint8_t *bytes;
	int status;
	va_t va;

	bytes = import_record(import, REQUEST_BYTES, &status);
	if (!bytes)
		return status;
	request = unpack(bytes);
	if (!request.size)
		return 1;
	if (!object_page(pages, request.object, &va))
		return import_fail(import, "too many objects");
	import_access(import, ACCESS_LOAD, va, 0);
	return 1;
}

static void finish(struct import *import)
{
	object_pages_finish(import->state);
}

const struct import_format import_oracle = {
	.name = "oracleGeneral",
	.doc = "libCacheSim's oracleGeneral, an object a page",
	.state_bytes = sizeof(struct object_pages),
	.probe = probe,
	.is_guess = true,
	.begin = begin,
	.read = read_request,
	.finish = finish,
};
