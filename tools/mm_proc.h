/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_proc - the memory manager's figures in the formats of /proc (Linux 6.1,
 * Documentation/filesystems/proc.rst; each function names its Linux twin).
 */
#ifndef PW_TOOLS_MM_PROC_H
#define PW_TOOLS_MM_PROC_H

#include "mm/kernel.h"

#include <stdio.h>

void print_nodes(const struct kernel *k, FILE *out);
void print_zoneinfo(const struct kernel *k, FILE *out);
void print_buddyinfo(const struct kernel *k, FILE *out);
void print_pagetypeinfo(const struct kernel *k, FILE *out);
void print_slabinfo(const struct kernel *k, FILE *out);
void print_meminfo(const struct kernel *k, FILE *out);
void print_vmstat(const struct kernel *k, FILE *out);
void print_swaps(const struct kernel *k, FILE *out);
void print_watermarks(const struct kernel *k, FILE *out);

#endif
