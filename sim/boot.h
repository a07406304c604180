/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot - from a machine description to a kernel that runs: what every user of a
 * kernel does alike, with a CPU (sim/machine.c) or without (pagewalk mm).
 */
#ifndef PW_SIM_BOOT_H
#define PW_SIM_BOOT_H

#include "mm/kernel.h"
#include "sim/config.h"

/* RAM of the description's size, and a kernel over it. 0; -errno and why[], and
 * nothing is left of either. Undo with kernel_shutdown() and ram_finish(). */
int boot_kernel(struct kernel *k, struct ram *ram, const struct machine_config *config, bool check,
                const struct event_stream *events, const struct machine_ops *ops, void *machine,
                char *why, size_t why_size);

/* The description's swap area, if it has one, made and switched on. 0; -errno and
 * why[]. *swap, if set, is to be closed by swap_disk_close() after the kernel. */
int boot_swap(struct kernel *k, const struct machine_config *config, struct swap_device **swap,
              char *why, size_t why_size);

/* Last of all: what fails from here on is the guest's, not its making. */
void boot_fault_injection(struct kernel *k, const struct machine_config *config);

#endif
