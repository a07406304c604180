/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ioremap - kernel addresses for device memory (Linux 4.4, arch/x86/mm/ioremap.c),
 * and the devices that answer there.
 *
 * A device takes a range of physical addresses beyond RAM. No memory is allocated for
 * it: an access whose translation ends there becomes a call to the device. Where no
 * device answers, reads give all ones and writes are lost, as on a PC's bus.
 *
 * Simplified: RAM has no hole below 4 GB, so that a device's place depends on how
 * much there is.
 */
#ifndef PW_MM_IOREMAP_H
#define PW_MM_IOREMAP_H

#include "mm/vmalloc.h"

struct mmio_device;

/* len is 1, 2, 4 or 8, and offset a multiple of it. */
struct mmio_ops {
	const char *name;
	uint64_t (*read)(struct mmio_device *device, uint64_t offset, unsigned len);
	void (*write)(struct mmio_device *device, uint64_t offset, unsigned len, uint64_t value);
};

/* The owner's, who keeps it until mmio_unregister(). */
struct mmio_device {
	const struct mmio_ops *ops;
	pa_t start;
	uint64_t size_bytes;
	struct list_head devices; /* kernel.mmio_devices */
};

/* 0; -EINVAL: not whole pages, or in RAM; -EBUSY: another device is there. */
int mmio_register(struct kernel *k, struct mmio_device *device);
void mmio_unregister(struct mmio_device *device);

/* One access on the bus. */
uint64_t mmio_read(struct kernel *k, pa_t pa, unsigned len);
void mmio_write(struct kernel *k, pa_t pa, unsigned len, uint64_t value);

/* The kernel address of [pa, pa + size), mapped uncached; false: size is 0, it is in
 * RAM, beyond what an entry can name, or there is no memory for tables. */
#define ioremap(k, pa, size, va) __ioremap_caller(k, pa, size, __func__, va)
bool __ioremap_caller(struct kernel *k, pa_t pa, uint64_t size, const char *caller, va_t *va);
void iounmap(struct kernel *k, va_t va);

#endif
