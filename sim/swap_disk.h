/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap_disk - a host file as the disk that the simulated kernel swaps to.
 */
#ifndef PW_SIM_SWAP_DISK_H
#define PW_SIM_SWAP_DISK_H

#include "mm/swap.h"

/* path NULL: a temporary file without a name, gone with the last close, in $TMPDIR
 * or /tmp. Else a file that is kept: made if it is not there, taken if it is empty
 * or a swap area already; anything else is left alone. All its blocks are allocated
 * now, so that the host's disk cannot run full later.
 * 0 and *out; or -errno and why[] ("FILE: what is wrong"), and nothing left behind. */
int swap_disk_open(struct swap_device **out, const char *path, uint64_t size_bytes, char *why,
                   size_t why_size);
void swap_disk_close(struct swap_device *device); /* NULL is fine */

#endif
