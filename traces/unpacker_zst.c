/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/unpacker.h"

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

static int create(void **state)
{
	*state = ZSTD_createDStream();
	return *state ? 0 : -ENOMEM;
}

static int decode(void *state, struct unpacker_io *io)
{
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_left };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_left };
	size_t status = ZSTD_decompressStream(state, &out, &in);

	io->in += in.pos;
	io->in_left -= in.pos;
	io->out += out.pos;
	io->out_left -= out.pos;
	if (!ZSTD_isError(status))
		return status != 0;
	switch (ZSTD_getErrorCode(status)) {
	case ZSTD_error_memory_allocation:
	case ZSTD_error_frameParameter_windowTooLarge: /* more than 128 MB: zstd --long */
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

static void destroy(void *state)
{
	ZSTD_freeDStream(state);
}

const struct unpacker unpacker_zst = {
	.name = "zstd",
	.magic = { 0x28, 0xb5, 0x2f, 0xfd },
	.magic_len = 4,
	.create = create,
	.decode = decode,
	.destroy = destroy,
};
