/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scull - three devices that are nothing but memory, each from another of the
 * kernel's allocators ("Linux Device Drivers", 3rd edition, chapters 3 and 8):
 *
 *   /dev/scullc   a slab cache of its own        quantum: bytes, 4000 at first
 *   /dev/scullp   whole pages                    order: 0 at first
 *   /dev/scullv   vmalloc()                      order: 4 at first
 *
 * What is written stays until the device is opened with O_WRONLY, which empties it,
 * or the machine ends. It lies in quanta, of which a quantum set names qset:
 *
 *   sets -> [index | q q - q ...] -> [index | - q ...]      -: a hole
 *
 * A read or write ends with its quantum at the latest; a read at a hole gives 0.
 * Data is moved by the kernel at its own addresses (mm/maccess.h), so that its TLB
 * cost is counted in mmu.kernel.
 *
 * Simplified: sets that hold nothing are left out of the list (the book's driver
 * makes all up to the one that it needs); setting needs no CAP_SYS_ADMIN; what is
 * read of the list itself is not counted.
 */
#ifndef PW_SIM_SCULL_H
#define PW_SIM_SCULL_H

#include "sim/devfs.h"

#include <asm/ioctl.h>

/* ioctl(2). UNIT is the quantum of scullc and the order of the others; what is set
 * holds from the next O_WRONLY on. Set through a pointer, Tell by value, Get into a
 * pointer, Query as result, eXchange: get and set, sHift: query and tell. */
#define SCULL_IOC_MAGIC 'K'
#define SCULL_IOCRESET _IO(SCULL_IOC_MAGIC, 0) /* all to what it was at first */
#define SCULL_IOCSUNIT _IOW(SCULL_IOC_MAGIC, 1, int)
#define SCULL_IOCTUNIT _IO(SCULL_IOC_MAGIC, 2)
#define SCULL_IOCGUNIT _IOR(SCULL_IOC_MAGIC, 3, int)
#define SCULL_IOCQUNIT _IO(SCULL_IOC_MAGIC, 4)
#define SCULL_IOCXUNIT _IOWR(SCULL_IOC_MAGIC, 5, int)
#define SCULL_IOCHUNIT _IO(SCULL_IOC_MAGIC, 6)
#define SCULL_IOCSQSET _IOW(SCULL_IOC_MAGIC, 7, int)
#define SCULL_IOCTQSET _IO(SCULL_IOC_MAGIC, 8)
#define SCULL_IOCGQSET _IOR(SCULL_IOC_MAGIC, 9, int)
#define SCULL_IOCQQSET _IO(SCULL_IOC_MAGIC, 10)
#define SCULL_IOCXQSET _IOWR(SCULL_IOC_MAGIC, 11, int)
#define SCULL_IOCHQSET _IO(SCULL_IOC_MAGIC, 12)

/* The largest that may be set; the least is 1, of an order 0. Else -EINVAL. */
#define SCULL_QUANTUM_MAX 65536 /* bytes: the largest object of a slab cache */
#define SCULL_ORDER_MAX (MAX_ORDER - 1)
#define SCULL_QSET_MAX 65536

#define NR_SCULL_DEVICES 3
extern const struct device scull_devices[NR_SCULL_DEVICES];

#endif
