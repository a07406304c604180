/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/unpacker.h"

#include <bzlib.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static int create(void **state)
{
	bz_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	if (BZ2_bzDecompressInit(stream, 0, 0) != BZ_OK) {
		free(stream);
		return -ENOMEM;
	}
	*state = stream;
	return 0;
}

static int restart(bz_stream *stream)
{
	BZ2_bzDecompressEnd(stream);
	return BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK ? 0 : -ENOMEM;
}

static int decode(void *state, struct unpacker_io *io)
{
	bz_stream *stream = state;
	int status;

	stream->next_in = (char *)io->in;
	stream->avail_in = io->in_left > UINT_MAX ? UINT_MAX : (unsigned)io->in_left;
	stream->next_out = (char *)io->out;
	stream->avail_out = io->out_left > UINT_MAX ? UINT_MAX : (unsigned)io->out_left;
	status = BZ2_bzDecompress(stream);
	io->in_left -= (size_t)((const uint8_t *)stream->next_in - io->in);
	io->in = (const uint8_t *)stream->next_in;
	io->out_left -= (size_t)((uint8_t *)stream->next_out - io->out);
	io->out = (uint8_t *)stream->next_out;
	if (status == BZ_STREAM_END)
		return restart(stream);
	if (status == BZ_MEM_ERROR)
		return -ENOMEM;
	return status == BZ_OK ? 1 : -EINVAL;
}

static void destroy(void *state)
{
	if (state)
		BZ2_bzDecompressEnd(state);
	free(state);
}

const struct unpacker unpacker_bz2 = {
	.name = "bzip2",
	.magic = { 'B', 'Z', 'h' },
	.magic_len = 3,
	.create = create,
	.decode = decode,
	.destroy = destroy,
};
