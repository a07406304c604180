/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys_memfd - seals of tmpfs files, for the calls that they bind: fcntl(2), mmap(2).
 */
#ifndef PW_SIM_SYS_MEMFD_H
#define PW_SIM_SYS_MEMFD_H

#include "sim/vfs.h"

/* fcntl(2) with F_GET_SEALS and F_ADD_SEALS. */
int64_t memfd_get_seals(struct open_file *file);
int64_t memfd_add_seals(struct open_file *file, uint32_t seals);

/* May it be mapped so? 0 or -EPERM. *read_only is set if the mapping must never be
 * written. */
int memfd_check_mapping(struct open_file *file, uint32_t prot, uint32_t flags, bool *read_only);

#endif
