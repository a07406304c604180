/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/unpacker.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_ONLY 16 /* added to windowBits: see inflateInit2() in zlib's manual */

static int create(void **state)
{
	z_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	if (inflateInit2(stream, MAX_WBITS + GZIP_ONLY) != Z_OK) {
		free(stream);
		return -ENOMEM;
	}
	*state = stream;
	return 0;
}

static int decode(void *state, struct unpacker_io *io)
{
	z_stream *stream = state;
	int status;

	stream->next_in = (Bytef *)io->in;
	stream->avail_in = io->in_left > UINT_MAX ? UINT_MAX : (uInt)io->in_left;
	stream->next_out = io->out;
	stream->avail_out = io->out_left > UINT_MAX ? UINT_MAX : (uInt)io->out_left;
	status = inflate(stream, Z_NO_FLUSH);
	io->in_left -= (size_t)(stream->next_in - io->in);
	io->in = stream->next_in;
	io->out_left -= (size_t)(stream->next_out - io->out);
	io->out = stream->next_out;
	if (status == Z_STREAM_END)
		return inflateReset(stream) == Z_OK ? 0 : -EINVAL;
	if (status == Z_MEM_ERROR)
		return -ENOMEM;
	return status == Z_OK || status == Z_BUF_ERROR ? 1 : -EINVAL;
}

static void destroy(void *state)
{
	if (state)
		inflateEnd(state);
	free(state);
}

const struct unpacker unpacker_gz = {
	.name = "gzip",
	.magic = { 0x1f, 0x8b },
	.magic_len = 2,
	.create = create,
	.decode = decode,
	.destroy = destroy,
};
