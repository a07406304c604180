/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structures of the i386 ABI (Linux 6.1, arch/x86/include/asm/compat.h and
 * include/linux/compat.h) to and from those of the x86-64 one. */
#include "sim/compat.h"

#include "sim/usercopy.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Behind all 32-bit addresses. */
#define WINDOW_VA ((va_t)1 << 32)
#define NR_CHUNKS 6
#define IOVECS_MAX 1024
#define FD_BITS_MAX 1024
#define CHUNK_BYTES_MAX 256 /* of all forms but iovec */

struct form {
	char letter;
	uint16_t bytes32, bytes64; /* of one */
	void (*widen)(const struct form *form, const uint8_t *from, uint8_t *to);
	/* 0 or -EOVERFLOW. */
	int (*narrow)(const struct form *form, const uint8_t *from, uint8_t *to);
};

/* A structure in the window. */
struct chunk {
	const struct form *form;
	uint32_t user_va;
	uint32_t nr; /* structures, one behind another */
	va_t va;
	uint64_t bytes;
	bool written;
};

struct compat_call {
	uint32_t first_arg;
	struct chunk chunks[NR_CHUNKS];
	uint32_t nr_chunks;
	uint64_t used;
	_Alignas(8) uint8_t window[IOVECS_MAX * 16 + NR_CHUNKS * CHUNK_BYTES_MAX];
};

/* ---- words ---- */

static void widen_words(const struct form *form, const uint8_t *from, uint8_t *to)
{
	for (size_t i = 0; i < form->bytes32 / sizeof(uint32_t); i++) {
		int32_t narrow;
		int64_t wide;

		memcpy(&narrow, from + i * sizeof(narrow), sizeof(narrow));
		wide = narrow;
		memcpy(to + i * sizeof(wide), &wide, sizeof(wide));
	}
}

static void widen_unsigned(const struct form *form, const uint8_t *from, uint8_t *to)
{
	for (size_t i = 0; i < form->bytes32 / sizeof(uint32_t); i++) {
		uint32_t narrow;
		uint64_t wide;

		memcpy(&narrow, from + i * sizeof(narrow), sizeof(narrow));
		wide = narrow;
		memcpy(to + i * sizeof(wide), &wide, sizeof(wide));
	}
}

static int narrow_words(const struct form *form, const uint8_t *from, uint8_t *to)
{
	for (size_t i = 0; i < form->bytes32 / sizeof(uint32_t); i++)
		memcpy(to + i * sizeof(uint32_t), from + i * sizeof(uint64_t), sizeof(uint32_t));
	return 0;
}

/* All ones: no limit, on either side. */
static void widen_rlimit(const struct form *form, const uint8_t *from, uint8_t *to)
{
	uint32_t narrow[2];
	uint64_t wide[2];

	(void)form;
	memcpy(narrow, from, sizeof(narrow));
	for (int i = 0; i < 2; i++)
		wide[i] = narrow[i] == UINT32_MAX ? UINT64_MAX : narrow[i];
	memcpy(to, wide, sizeof(wide));
}

static int narrow_rlimit(const struct form *form, const uint8_t *from, uint8_t *to)
{
	uint64_t limit[2];

	memcpy(limit, from, sizeof(limit));
	for (int i = 0; i < 2; i++)
		if (limit[i] > UINT32_MAX)
			limit[i] = UINT32_MAX;
	return narrow_words(form, (const uint8_t *)limit, to);
}

static void copy_wide(const struct form *form, const uint8_t *from, uint8_t *to)
{
	memcpy(to, from, form->bytes64);
}

static int copy_narrow(const struct form *form, const uint8_t *from, uint8_t *to)
{
	memcpy(to, from, form->bytes32);
	return 0;
}

/* Programs leave the upper half of tv_nsec as it was (Linux: get_timespec64()). */
static void widen_timespec64(const struct form *form, const uint8_t *from, uint8_t *to)
{
	memcpy(to, from, form->bytes64);
	for (size_t at = 8; at < form->bytes64; at += 16)
		memset(to + at + 4, 0, 4);
}

/* ---- stat and statfs ---- */

/* struct stat of the x86-64 ABI, as far as it is of use. */
struct wide_stat {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev;
	int64_t size, blksize, blocks;
	int64_t times[6]; /* atime, mtime, ctime: s, ns */
};

struct narrow_stat {
	uint32_t dev, ino;
	uint16_t mode, nlink, uid, gid;
	uint32_t rdev, size, blksize, blocks, times[6], unused[2];
};
_Static_assert(sizeof(struct narrow_stat) == 64, "struct stat of the i386 ABI");

struct narrow_stat64 {
	uint64_t dev;
	uint32_t pad, ino32, mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t pad2;
	int64_t size;
	uint32_t blksize;
	uint64_t blocks;
	uint32_t times[6];
	uint64_t ino;
} __attribute__((packed));
_Static_assert(sizeof(struct narrow_stat64) == 96, "struct stat64 of the i386 ABI");

/* Ids that do not fit 16 bits (Linux: overflowuid). */
static uint16_t short_id(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : (uint16_t)id;
}

static int narrow_stat(const struct form *form, const uint8_t *from, uint8_t *to)
{
	struct wide_stat w;
	struct narrow_stat n = { 0 };

	memcpy(&w, from, sizeof(w));
	if (w.size > INT32_MAX || w.ino > UINT32_MAX || w.nlink > UINT16_MAX)
		return -EOVERFLOW;
	n = (struct narrow_stat){
		.dev = (uint32_t)w.dev,
		.ino = (uint32_t)w.ino,
		.mode = (uint16_t)w.mode,
		.nlink = (uint16_t)w.nlink,
		.uid = short_id(w.uid),
		.gid = short_id(w.gid),
		.rdev = (uint32_t)w.rdev,
		.size = (uint32_t)w.size,
		.blksize = (uint32_t)w.blksize,
		.blocks = (uint32_t)w.blocks,
	};
	for (int i = 0; i < 6; i++)
		n.times[i] = (uint32_t)w.times[i];
	memcpy(to, &n, sizeof(n));
	return 0;
}

static int narrow_stat64(const struct form *form, const uint8_t *from, uint8_t *to)
{
	struct wide_stat w;
	struct narrow_stat64 n;

	memcpy(&w, from, sizeof(w));
	n = (struct narrow_stat64){
		.dev = w.dev,
		.ino32 = (uint32_t)w.ino,
		.mode = w.mode,
		.nlink = (uint32_t)w.nlink,
		.uid = w.uid,
		.gid = w.gid,
		.rdev = w.rdev,
		.size = w.size,
		.blksize = (uint32_t)w.blksize,
		.blocks = (uint64_t)w.blocks,
		.ino = w.ino,
	};
	for (int i = 0; i < 6; i++)
		n.times[i] = (uint32_t)w.times[i];
	memcpy(to, &n, sizeof(n));
	return 0;
}

struct wide_statfs {
	int64_t type, bsize;
	uint64_t blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	int64_t namelen, frsize, flags, spare[4];
};

struct narrow_statfs {
	uint32_t type, bsize, blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	uint32_t namelen, frsize, flags, spare[4];
};
_Static_assert(sizeof(struct narrow_statfs) == 64, "struct statfs of the i386 ABI");

struct narrow_statfs64 {
	uint32_t type, bsize;
	uint64_t blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	uint32_t namelen, frsize, flags, spare[4];
} __attribute__((packed));
_Static_assert(sizeof(struct narrow_statfs64) == 84, "struct statfs64 of the i386 ABI");

static int narrow_statfs(const struct form *form, const uint8_t *from, uint8_t *to)
{
	struct wide_statfs w;
	struct narrow_statfs n;

	memcpy(&w, from, sizeof(w));
	if ((w.blocks | w.bfree | w.bavail | w.files | w.ffree) > UINT32_MAX)
		return -EOVERFLOW;
	n = (struct narrow_statfs){
		.type = (uint32_t)w.type,
		.bsize = (uint32_t)w.bsize,
		.blocks = (uint32_t)w.blocks,
		.bfree = (uint32_t)w.bfree,
		.bavail = (uint32_t)w.bavail,
		.files = (uint32_t)w.files,
		.ffree = (uint32_t)w.ffree,
		.fsid = { w.fsid[0], w.fsid[1] },
		.namelen = (uint32_t)w.namelen,
		.frsize = (uint32_t)w.frsize,
		.flags = (uint32_t)w.flags,
	};
	memcpy(to, &n, sizeof(n));
	return 0;
}

static int narrow_statfs64(const struct form *form, const uint8_t *from, uint8_t *to)
{
	struct wide_statfs w;
	struct narrow_statfs64 n;

	memcpy(&w, from, sizeof(w));
	n = (struct narrow_statfs64){
		.type = (uint32_t)w.type,
		.bsize = (uint32_t)w.bsize,
		.blocks = w.blocks,
		.bfree = w.bfree,
		.bavail = w.bavail,
		.files = w.files,
		.ffree = w.ffree,
		.fsid = { w.fsid[0], w.fsid[1] },
		.namelen = (uint32_t)w.namelen,
		.frsize = (uint32_t)w.frsize,
		.flags = (uint32_t)w.flags,
	};
	memcpy(to, &n, sizeof(n));
	return 0;
}

/* ---- signals ---- */

/* struct sigaction of the kernel's ABI: handler, flags, restorer, mask. */
static void widen_sigaction(const struct form *form, const uint8_t *from, uint8_t *to)
{
	uint32_t narrow[3];
	uint64_t wide[4];

	memcpy(narrow, from, sizeof(narrow));
	for (int i = 0; i < 3; i++)
		wide[i] = narrow[i];
	memcpy(&wide[3], from + sizeof(narrow), sizeof(wide[3]));
	memcpy(to, wide, sizeof(wide));
}

static int narrow_sigaction(const struct form *form, const uint8_t *from, uint8_t *to)
{
	uint64_t wide[4];
	uint32_t narrow[3];

	memcpy(wide, from, sizeof(wide));
	for (int i = 0; i < 3; i++)
		narrow[i] = (uint32_t)wide[i];
	memcpy(to, narrow, sizeof(narrow));
	memcpy(to + sizeof(narrow), &wide[3], sizeof(wide[3]));
	return 0;
}

/* The first Linux's: handler, mask of 32 signals, flags, restorer. */
static void widen_old_sigaction(const struct form *form, const uint8_t *from, uint8_t *to)
{
	uint32_t narrow[4];
	uint64_t wide[4];

	memcpy(narrow, from, sizeof(narrow));
	wide[0] = narrow[0];
	wide[1] = narrow[2];
	wide[2] = narrow[3];
	wide[3] = narrow[1];
	memcpy(to, wide, sizeof(wide));
}

static int narrow_old_sigaction(const struct form *form, const uint8_t *from, uint8_t *to)
{
	uint64_t wide[4];
	uint32_t narrow[4];

	memcpy(wide, from, sizeof(wide));
	narrow[0] = (uint32_t)wide[0];
	narrow[1] = (uint32_t)wide[3];
	narrow[2] = (uint32_t)wide[1];
	narrow[3] = (uint32_t)wide[2];
	memcpy(to, narrow, sizeof(narrow));
	return 0;
}

/* stack_t: sp, flags (an int on both sides), size. */
static void widen_stack(const struct form *form, const uint8_t *from, uint8_t *to)
{
	uint32_t narrow[3];
	uint64_t wide[3];

	memcpy(narrow, from, sizeof(narrow));
	for (int i = 0; i < 3; i++)
		wide[i] = narrow[i];
	memcpy(to, wide, sizeof(wide));
}

/* siginfo of a child: behind signo, errno and code come pid, uid, status, utime, stime,
 * on x86-64 with gaps. */
static int narrow_siginfo(const struct form *form, const uint8_t *from, uint8_t *to)
{
	memset(to, 0, form->bytes32);
	memcpy(to, from, 12);
	memcpy(to + 12, from + 16, 12);
	memcpy(to + 24, from + 32, 4);
	memcpy(to + 28, from + 40, 4);
	return 0;
}

/* ---- sysinfo ---- */

struct wide_sysinfo {
	int64_t uptime;
	uint64_t loads[3], memory[6]; /* totalram to freeswap */
	uint16_t procs, pad;
	uint32_t pad2;
	uint64_t high[2];
	uint32_t mem_unit, pad3;
};

struct narrow_sysinfo {
	int32_t uptime;
	uint32_t loads[3], memory[6];
	uint16_t procs, pad;
	uint32_t high[2], mem_unit;
	uint8_t rest[8];
};
_Static_assert(sizeof(struct narrow_sysinfo) == 64, "struct sysinfo of the i386 ABI");

/* In a larger unit if bytes do not fit (Linux: compat_sys_sysinfo()). */
static int narrow_sysinfo(const struct form *form, const uint8_t *from, uint8_t *to)
{
	struct wide_sysinfo w;
	struct narrow_sysinfo n;
	uint32_t shift = 0;

	memcpy(&w, from, sizeof(w));
	if (w.memory[0] > UINT32_MAX || w.memory[4] > UINT32_MAX)
		while (w.mem_unit << shift < PAGE_SIZE)
			shift++;
	n = (struct narrow_sysinfo){
		.uptime = (int32_t)w.uptime,
		.procs = w.procs,
		.mem_unit = w.mem_unit << shift,
	};
	for (int i = 0; i < 3; i++)
		n.loads[i] = (uint32_t)w.loads[i];
	for (int i = 0; i < 6; i++)
		n.memory[i] = (uint32_t)(w.memory[i] >> shift);
	for (int i = 0; i < 2; i++)
		n.high[i] = (uint32_t)(w.high[i] >> shift);
	memcpy(to, &n, sizeof(n));
	return 0;
}

/* ---- flock ---- */

struct wide_flock {
	int16_t type, whence;
	uint32_t pad;
	int64_t start, len;
	int32_t pid;
	uint32_t pad2;
};

struct narrow_flock {
	int16_t type, whence;
	int32_t start, len, pid;
};

struct narrow_flock64 {
	int16_t type, whence;
	int64_t start, len;
	int32_t pid;
} __attribute__((packed));
_Static_assert(sizeof(struct narrow_flock64) == 24, "struct flock64 of the i386 ABI");

static void widen_flock(const struct form *form, const uint8_t *from, uint8_t *to)
{
	struct narrow_flock n;
	struct wide_flock w;

	memcpy(&n, from, sizeof(n));
	w = (struct wide_flock){ n.type, n.whence, 0, n.start, n.len, n.pid, 0 };
	memcpy(to, &w, sizeof(w));
}

static int narrow_flock(const struct form *form, const uint8_t *from, uint8_t *to)
{
	struct narrow_flock n;
	struct wide_flock w;

	memcpy(&w, from, sizeof(w));
	if (w.start > INT32_MAX)
		return -EOVERFLOW;
	n = (struct narrow_flock){ w.type, w.whence, (int32_t)w.start,
		                   w.len > INT32_MAX ? INT32_MAX : (int32_t)w.len, w.pid };
	memcpy(to, &n, sizeof(n));
	return 0;
}

static void widen_flock64(const struct form *form, const uint8_t *from, uint8_t *to)
{
	struct narrow_flock64 n;
	struct wide_flock w;

	memcpy(&n, from, sizeof(n));
	w = (struct wide_flock){ n.type, n.whence, 0, n.start, n.len, n.pid, 0 };
	memcpy(to, &w, sizeof(w));
}

static int narrow_flock64(const struct form *form, const uint8_t *from, uint8_t *to)
{
	struct narrow_flock64 n;
	struct wide_flock w;

	memcpy(&w, from, sizeof(w));
	n = (struct narrow_flock64){ w.type, w.whence, w.start, w.len, w.pid };
	memcpy(to, &n, sizeof(n));
	return 0;
}

/* ---- the forms ---- */

static const struct form forms_by_letter[] = {
	{ 'l', 4, 8, widen_words, narrow_words },
	{ 't', 8, 16, widen_words, narrow_words },
	{ 'T', 16, 32, widen_words, narrow_words },
	{ 'R', 72, 144, widen_words, narrow_words },
	{ 'u', 8, 16, widen_unsigned, narrow_words },
	{ 'r', 8, 16, widen_rlimit, narrow_rlimit },
	{ '6', 16, 16, widen_timespec64, copy_narrow },
	{ 'D', 32, 32, widen_timespec64, copy_narrow },
	{ 'n', 64, 144, NULL, narrow_stat },
	{ 's', 96, 144, NULL, narrow_stat64 },
	{ 'f', 64, 120, NULL, narrow_statfs },
	{ 'F', 84, 120, NULL, narrow_statfs64 },
	{ 'a', 20, 32, widen_sigaction, narrow_sigaction },
	{ 'A', 16, 32, widen_old_sigaction, narrow_old_sigaction },
	{ 'k', 12, 24, widen_stack, narrow_words },
	{ 'w', 128, 128, NULL, narrow_siginfo },
	{ 'y', 64, 112, NULL, narrow_sysinfo },
	{ 'L', 16, 32, widen_flock, narrow_flock },
	{ 'Q', 24, 32, widen_flock64, narrow_flock64 },
	{ 'v', 8, 16, widen_unsigned, narrow_words },
	{ 'b', 4, 4, copy_wide, copy_narrow }, /* a word of the bits */
};

/* What compat_put() puts: nobody translates it. */
static const struct form bytes_form = { .bytes64 = 1 };

static const struct form *find_form(char letter)
{
	const struct form *form = forms_by_letter;

	while (form->letter != letter)
		form++;
	return form;
}

/* ---- the window ---- */

uint8_t *compat_memory(const struct task *task, va_t va, uint64_t len, bool write)
{
	struct compat_call *call = task->compat;

	for (uint32_t i = 0; call && i < call->nr_chunks; i++) {
		struct chunk *chunk = &call->chunks[i];

		if (va < chunk->va || va - chunk->va > chunk->bytes ||
		    len > chunk->bytes - (va - chunk->va))
			continue;
		chunk->written |= write;
		return call->window + (va - WINDOW_VA);
	}
	return NULL;
}

/* A place for nr structures in the window, zeroed. The handler may read fd_sets by
 * words of its own. NULL: no room. */
static struct chunk *add_chunk(struct compat_call *call, const struct form *form, uint32_t user_va,
                               uint32_t nr)
{
	uint64_t bytes = ((uint64_t)nr * form->bytes64 + 7) & ~(uint64_t)7;
	struct chunk *chunk = &call->chunks[call->nr_chunks];

	if (call->nr_chunks == NR_CHUNKS || bytes > sizeof(call->window) - call->used)
		return NULL;
	*chunk = (struct chunk){ form, user_va, nr, WINDOW_VA + call->used, bytes, false };
	memset(call->window + call->used, 0, bytes);
	call->used += bytes;
	call->nr_chunks++;
	return chunk;
}

static int read_chunk(struct task *task, const struct chunk *chunk)
{
	uint8_t *to = task->compat->window + (chunk->va - WINDOW_VA);
	uint8_t from[CHUNK_BYTES_MAX];

	for (uint32_t i = 0; i < chunk->nr; i++) {
		if (copy_from_user(task, from, chunk->user_va + (va_t)i * chunk->form->bytes32,
		                   chunk->form->bytes32))
			return -EFAULT;
		chunk->form->widen(chunk->form, from, to + (size_t)i * chunk->form->bytes64);
	}
	return 0;
}

static int write_chunk(struct task *task, const struct chunk *chunk)
{
	const uint8_t *from = task->compat->window + (chunk->va - WINDOW_VA);
	uint8_t to[CHUNK_BYTES_MAX];
	int err = 0;

	for (uint32_t i = 0; !err && i < chunk->nr; i++) {
		err = chunk->form->narrow(chunk->form, from + (size_t)i * chunk->form->bytes64, to);
		if (!err)
			err = copy_to_user(task, chunk->user_va + (va_t)i * chunk->form->bytes32,
			                   to, chunk->form->bytes32);
	}
	return err;
}

/* How many structures stand behind a pointer. More than the window holds is refused by
 * the handler, which is given none of them. */
static uint32_t count_structures(const struct compat_call *call, char letter, uint32_t next_arg)
{
	if (letter == 'v')
		return next_arg <= IOVECS_MAX ? next_arg : 0;
	if (letter == 'b')
		return ((call->first_arg < FD_BITS_MAX ? call->first_arg : FD_BITS_MAX) + 31) / 32;
	return 1;
}

/* form: "<t". next_arg: the argument behind the pointer. */
static int translate(struct task *task, const char *form, uint64_t *arg, uint32_t next_arg)
{
	struct chunk *chunk;

	if (!*arg)
		return 0;
	chunk = add_chunk(task->compat, find_form(form[1]), (uint32_t)*arg,
	                  count_structures(task->compat, form[1], next_arg));
	if (!chunk)
		return -EFAULT;
	*arg = chunk->va;
	return form[0] == '<' ? read_chunk(task, chunk) : 0;
}

int compat_translate(struct task *task, const char *form, uint64_t *arg)
{
	return translate(task, form, arg, 0);
}

va_t compat_put(struct task *task, const void *src, uint64_t bytes)
{
	struct chunk *chunk = add_chunk(task->compat, &bytes_form, 0, (uint32_t)bytes);

	assert(chunk);
	memcpy(task->compat->window + (chunk->va - WINDOW_VA), src, bytes);
	return chunk->va;
}

/* ---- the call ---- */

static int translate_arguments(struct task *task, const char *forms, const uint64_t from[6],
                               uint64_t to[6])
{
	int err = 0;

	for (unsigned in = 0, out = 0; in < 6 && !err; in++, out++) {
		uint64_t arg = (uint32_t)from[in];

		if (*forms == 'i') {
			arg = (uint64_t)(int32_t)from[in];
		} else if (*forms == 'q' && in + 1 < 6) {
			arg |= from[++in] << 32;
		} else if (*forms == '<' || *forms == '>') {
			err = translate(task, forms, &arg, in + 1 < 6 ? (uint32_t)from[in + 1] : 0);
			forms++;
		}
		to[out] = arg;
		forms += *forms != 0;
	}
	return err;
}

int64_t compat_make_call(struct task *task, syscall_fn fn, const char *forms, const uint64_t arg[6])
{
	struct compat_call call;
	uint64_t wide[6] = { 0 };
	int64_t result;
	int err;

	call.first_arg = (uint32_t)arg[0];
	call.nr_chunks = 0;
	call.used = 0;
	task->compat = &call;
	result = translate_arguments(task, forms, arg, wide);
	if (!result)
		result = fn(task, wide);
	for (uint32_t i = 0; task->state == TASK_RUNNING && i < call.nr_chunks; i++)
		if (call.chunks[i].written) {
			err = write_chunk(task, &call.chunks[i]);
			result = err ? err : result;
		}
	task->compat = NULL;
	return result;
}
