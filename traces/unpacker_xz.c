/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/unpacker.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>

static int start(lzma_stream *stream)
{
	return lzma_stream_decoder(stream, UNPACKER_MAX_MEMORY, 0) == LZMA_OK ? 0 : -ENOMEM;
}

static int create(void **state)
{
	lzma_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	*stream = (lzma_stream)LZMA_STREAM_INIT;
	if (start(stream)) {
		free(stream);
		return -ENOMEM;
	}
	*state = stream;
	return 0;
}

static int decode(void *state, struct unpacker_io *io)
{
	lzma_stream *stream = state;
	lzma_ret status;

	stream->next_in = io->in;
	stream->avail_in = io->in_left;
	stream->next_out = io->out;
	stream->avail_out = io->out_left;
	status = lzma_code(stream, LZMA_RUN);
	io->in = stream->next_in;
	io->in_left = stream->avail_in;
	io->out = stream->next_out;
	io->out_left = stream->avail_out;
	if (status == LZMA_STREAM_END)
		return start(stream);
	if (status == LZMA_MEM_ERROR || status == LZMA_MEMLIMIT_ERROR)
		return -ENOMEM;
	return status == LZMA_OK || status == LZMA_BUF_ERROR ? 1 : -EINVAL;
}

static void destroy(void *state)
{
	if (state)
		lzma_end(state);
	free(state);
}

const struct unpacker unpacker_xz = {
	.name = "xz",
	.magic = { 0xfd, '7', 'z', 'X', 'Z', 0 },
	.magic_len = 6,
	.create = create,
	.decode = decode,
	.destroy = destroy,
};
