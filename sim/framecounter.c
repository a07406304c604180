/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/framecounter.h"

#include "mm/ioremap.h"
#include "sim/calls.h"
#include "sim/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_RATE 60
#define RATE_MAX 1000000
#define NS_PER_S 1000000000

struct framecounter {
	struct mmio_device device;
	struct machine *machine;
	uint32_t rate;
	uint64_t frames, since_ns; /* the count, and when it was this */
	uint32_t nr_open;
	va_t registers; /* while nr_open: ioremap()'s */
};

/* ---- the hardware ---- */

static struct framecounter *framecounter_of(struct mmio_device *device)
{
	return list_entry(device, struct framecounter, device);
}

/* 60 frames a second and 1.5 s: 90. */
static uint64_t frames_now(const struct framecounter *fc)
{
	uint64_t ns = machine_now_ns(fc->machine) - fc->since_ns;

	return fc->frames + (uint64_t)((unsigned __int128)ns * fc->rate / NS_PER_S);
}

static void read_registers(const struct framecounter *fc, uint8_t bytes[FRAMECOUNTER_BYTES])
{
	const uint32_t id = FRAMECOUNTER_ID;
	uint64_t frames = frames_now(fc);

	memcpy(bytes, &id, sizeof(id));
	memcpy(bytes + 4, &fc->rate, sizeof(fc->rate));
	memcpy(bytes + 8, &frames, sizeof(frames));
}

static uint64_t framecounter_read(struct mmio_device *device, uint64_t offset, unsigned len)
{
	uint8_t bytes[FRAMECOUNTER_BYTES];
	uint64_t value = 0;

	if (offset >= FRAMECOUNTER_BYTES)
		return 0;
	read_registers(framecounter_of(device), bytes);
	memcpy(&value, bytes + offset, len);
	return value;
}

/* What is written in part keeps its other bytes. */
static void framecounter_write(struct mmio_device *device, uint64_t offset, unsigned len,
                               uint64_t value)
{
	struct framecounter *fc = framecounter_of(device);
	uint8_t bytes[FRAMECOUNTER_BYTES];
	uint32_t rate;

	if (offset >= FRAMECOUNTER_BYTES)
		return;
	read_registers(fc, bytes);
	memcpy(bytes + offset, &value, len);
	memcpy(&rate, bytes + 4, sizeof(rate));
	memcpy(&fc->frames, bytes + 8, sizeof(fc->frames));
	fc->since_ns = machine_now_ns(fc->machine);
	if (rate && rate <= RATE_MAX)
		fc->rate = rate;
}

static const struct mmio_ops framecounter_mmio_ops = {
	.name = "framecounter",
	.read = framecounter_read,
	.write = framecounter_write,
};

/* ---- its driver ---- */

/* Bytes from *pos to the end of the registers, len at most. */
static uint64_t left_at(int64_t pos, uint64_t len)
{
	uint64_t left = pos < FRAMECOUNTER_BYTES ? FRAMECOUNTER_BYTES - (uint64_t)pos : 0;

	return len < left ? len : left;
}

static int64_t driver_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	struct framecounter *fc = device_state(file);
	uint64_t len = left_at(*pos, to->count);
	uint8_t bytes[FRAMECOUNTER_BYTES];

	if (call_kernel_read(&fc->machine->kernel, fc->registers, (uint64_t)*pos, bytes, len) ||
	    io_iter_put(to, bytes, len) < len)
		return -EFAULT;
	*pos += (int64_t)len;
	return (int64_t)len;
}

static int64_t driver_write(struct open_file *file, struct task *task, struct io_iter *from,
                            int64_t *pos)
{
	struct framecounter *fc = device_state(file);
	uint64_t len = left_at(*pos, from->count);
	uint8_t bytes[FRAMECOUNTER_BYTES];

	if (from->count && !len)
		return -ENOSPC;
	if (io_iter_get(from, bytes, len) < len ||
	    call_kernel_write(&fc->machine->kernel, fc->registers, (uint64_t)*pos, bytes, len))
		return -EFAULT;
	*pos += (int64_t)len;
	return (int64_t)len;
}

static int64_t driver_seek(struct open_file *file, int64_t offset, int whence)
{
	int64_t base = whence == SEEK_CUR   ? file->pos
	               : whence == SEEK_END ? (int64_t)FRAMECOUNTER_BYTES
	                                    : 0;

	if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &offset) || offset < 0)
		return -EINVAL;
	return file->pos = offset;
}

static int framecounter_open(struct open_file *file)
{
	struct framecounter *fc = device_state(file);
	struct kernel *k = &fc->machine->kernel;

	if (!fc->nr_open && !call_ioremap(k, fc->device.start - k->ram->size_bytes,
	                                  fc->device.size_bytes, __func__, &fc->registers))
		return -ENOMEM;
	fc->nr_open++;
	return 0;
}

static void framecounter_release(struct open_file *file)
{
	struct framecounter *fc = device_state(file);

	if (!--fc->nr_open)
		call_iounmap(&fc->machine->kernel, fc->registers);
}

/* The hardware, on the machine's bus. */
static void *framecounter_create(struct vfs *vfs, const struct device *device)
{
	struct framecounter *fc = calloc(1, sizeof(*fc));
	struct kernel *k = &vfs->machine->kernel;

	if (!fc)
		return NULL;
	fc->machine = vfs->machine;
	fc->rate = FIRST_RATE;
	fc->device.ops = &framecounter_mmio_ops;
	fc->device.start = (k->ram->size_bytes + MIB - 1) & ~(MIB - 1);
	fc->device.size_bytes = PAGE_SIZE;
	if (mmio_register(k, &fc->device)) {
		free(fc);
		return NULL;
	}
	return fc;
}

static void framecounter_destroy(void *state)
{
	struct framecounter *fc = state;

	mmio_unregister(&fc->device);
	free(fc);
}

const struct device framecounter_device = {
	.name = "framecounter",
	.mode = 0666,
	.major = 241,
	.minor = 0,
	.ops = { .name = "framecounter",
	         .read = driver_read,
	         .write = driver_write,
	         .seek = driver_seek,
	         .release = framecounter_release },
	.create = framecounter_create,
	.destroy = framecounter_destroy,
	.open = framecounter_open,
};
