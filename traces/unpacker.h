/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpacker - a compressed stream's way back to its bytes, piece by piece. Streams that
 * follow one another in one file are one stream, as with gzip, xz, bzip2 and zstd
 * themselves.
 */
#ifndef PW_TRACES_UNPACKER_H
#define PW_TRACES_UNPACKER_H

#include <stddef.h>
#include <stdint.h>

struct unpacker_io {
	const uint8_t *in; /* moves on as it is used, as does out */
	size_t in_left;
	uint8_t *out;
	size_t out_left;
};

/* Most memory that a file may make a unpacker take. xz -9 needs 65 MB, zstd --ultra -22 128 MB. */
#define UNPACKER_MAX_MEMORY ((uint64_t)256 << 20)

struct unpacker {
	const char *name;
	uint8_t magic[6]; /* how its files begin */
	uint8_t magic_len;
	int (*create)(void **state); /* 0 or -errno */
	/* Until input or room is used up. 0: a stream is complete, and the file may end
	 * here; 1: it goes on; -EINVAL: broken; -ENOMEM. */
	int (*decode)(void *state, struct unpacker_io *io);
	void (*destroy)(void *state); /* NULL is fine */
};

extern const struct unpacker unpacker_gz, unpacker_xz, unpacker_bz2, unpacker_zst;

#endif
