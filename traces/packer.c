/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/packer.h"

#include <errno.h>
#include <lzma.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define CHUNK ((size_t)64 << 10)
#define STREAM_BUFFER ((size_t)256 << 10)

#define GZIP_LEVEL 6
#define GZIP_ONLY 16 /* added to windowBits: see deflateInit2() in zlib's manual */
#define XZ_LEVEL 6
#define ZSTD_LEVEL 3

struct packer;

/* How one of them packs. */
struct packing {
	const char *suffix;
	bool (*begin)(struct packer *packer);
	/* Packs what is there, and at the end all that it holds back; false: it failed. */
	bool (*pack)(struct packer *packer, const char *bytes, size_t n, bool at_end);
	void (*finish)(struct packer *packer);
};

struct packer {
	const struct packing *packing;
	FILE *file;
	union {
		z_stream gz;
		lzma_stream xz;
		ZSTD_CCtx *zst;
	};
	uint8_t out[CHUNK];
};

static bool put(struct packer *packer, size_t n)
{
	return fwrite(packer->out, 1, n, packer->file) == n;
}

/* ---- gzip ---- */

static bool begin_gz(struct packer *packer)
{
	return deflateInit2(&packer->gz, GZIP_LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_ONLY, 8,
	                    Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool pack_gz(struct packer *packer, const char *bytes, size_t n, bool at_end)
{
	z_stream *gz = &packer->gz;
	int status;

	gz->next_in = (Bytef *)bytes;
	gz->avail_in = (uInt)n;
	do {
		gz->next_out = packer->out;
		gz->avail_out = CHUNK;
		status = deflate(gz, at_end ? Z_FINISH : Z_NO_FLUSH);
		if (status == Z_STREAM_ERROR || !put(packer, CHUNK - gz->avail_out))
			return false;
	} while (!gz->avail_out);
	return true;
}

static void finish_gz(struct packer *packer)
{
	deflateEnd(&packer->gz);
}

/* ---- xz ---- */

static bool begin_xz(struct packer *packer)
{
	packer->xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_easy_encoder(&packer->xz, XZ_LEVEL, LZMA_CHECK_CRC64) == LZMA_OK;
}

static bool pack_xz(struct packer *packer, const char *bytes, size_t n, bool at_end)
{
	lzma_stream *xz = &packer->xz;
	lzma_ret status;

	xz->next_in = (const uint8_t *)bytes;
	xz->avail_in = n;
	do {
		xz->next_out = packer->out;
		xz->avail_out = CHUNK;
		status = lzma_code(xz, at_end ? LZMA_FINISH : LZMA_RUN);
		if ((status != LZMA_OK && status != LZMA_STREAM_END) ||
		    !put(packer, CHUNK - xz->avail_out))
			return false;
	} while (xz->avail_in || (at_end && status != LZMA_STREAM_END));
	return true;
}

static void finish_xz(struct packer *packer)
{
	lzma_end(&packer->xz);
}

/* ---- zstd ---- */

static bool begin_zst(struct packer *packer)
{
	packer->zst = ZSTD_createCCtx();
	return packer->zst &&
	       !ZSTD_isError(
	           ZSTD_CCtx_setParameter(packer->zst, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(packer->zst, ZSTD_c_checksumFlag, 1));
}

static bool pack_zst(struct packer *packer, const char *bytes, size_t n, bool at_end)
{
	ZSTD_inBuffer in = { .src = bytes, .size = n };
	size_t left;

	do {
		ZSTD_outBuffer out = { .dst = packer->out, .size = CHUNK };

		left = ZSTD_compressStream2(packer->zst, &out, &in,
		                            at_end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left) || !put(packer, out.pos))
			return false;
	} while (in.pos < in.size || (at_end && left));
	return true;
}

static void finish_zst(struct packer *packer)
{
	ZSTD_freeCCtx(packer->zst);
}

/* ---- as a stream ---- */

static const struct packing packings[] = {
	{ ".gz", begin_gz, pack_gz, finish_gz },
	{ ".xz", begin_xz, pack_xz, finish_xz },
	{ ".zst", begin_zst, pack_zst, finish_zst },
};

#define NR_PACKINGS (sizeof(packings) / sizeof(packings[0]))

static const struct packing *find_packing(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < NR_PACKINGS; i++) {
		size_t suffix = strlen(packings[i].suffix);

		if (len > suffix && !strcmp(name + len - suffix, packings[i].suffix))
			return &packings[i];
	}
	return NULL;
}

static ssize_t write_stream(void *cookie, const char *bytes, size_t n)
{
	struct packer *packer = cookie;

	errno = 0;
	if (packer->packing->pack(packer, bytes, n, false))
		return (ssize_t)n;
	errno = errno ? errno : EIO;
	return 0; /* as fopencookie(3) wants errors told */
}

static int close_stream(void *cookie)
{
	struct packer *packer = cookie;
	int status = 0;

	errno = 0;
	if (!packer->packing->pack(packer, NULL, 0, true)) {
		errno = errno ? errno : EIO;
		status = -1;
	}
	packer->packing->finish(packer);
	free(packer);
	return status;
}

bool packer_wanted(const char *name)
{
	return find_packing(name);
}

FILE *packer_open(FILE *file, const char *name)
{
	const cookie_io_functions_t functions = { .write = write_stream, .close = close_stream };
	struct packer *packer = calloc(1, sizeof(*packer));
	FILE *stream;

	if (!packer)
		return NULL;
	packer->packing = find_packing(name);
	packer->file = file;
	if (!packer->packing->begin(packer)) {
		packer->packing->finish(packer);
		free(packer);
		errno = ENOMEM;
		return NULL;
	}
	stream = fopencookie(packer, "w", functions);
	if (!stream) {
		packer->packing->finish(packer);
		free(packer);
		return NULL;
	}
	setvbuf(stream, NULL, _IOFBF, STREAM_BUFFER);
	return stream;
}
