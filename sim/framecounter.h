/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * framecounter - a memory-mapped device, such as a display controller has one: it
 * counts frames at a rate, by simulated time. Its page of registers lies at the first
 * megabyte behind RAM:
 *
 *   0  u32  ID      "FRMC", 0x434d5246
 *   4  u32  RATE    frames a second, 60 at first; 1 to 1,000,000, else not changed
 *   8  u64  FRAMES  since boot, or since it was written; writing sets it
 *
 * /dev/framecounter is its driver: ioremap() while it is open, and each read(2) and
 * write(2) an access by the kernel to that address, in the largest aligned pieces of
 * up to 8 bytes. The file ends with the registers.
 */
#ifndef PW_SIM_FRAMECOUNTER_H
#define PW_SIM_FRAMECOUNTER_H

#include "sim/devfs.h"

#define FRAMECOUNTER_ID 0x434d5246u
#define FRAMECOUNTER_BYTES 16u /* of registers */

extern const struct device framecounter_device;

#endif
