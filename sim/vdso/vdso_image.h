/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vDSO's ELF image, built from vdso.S. */
#ifndef PW_SIM_VDSO_VDSO_IMAGE_H
#define PW_SIM_VDSO_VDSO_IMAGE_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t vdso_image[];
extern const size_t vdso_image_bytes;

#endif
