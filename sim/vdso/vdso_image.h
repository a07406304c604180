/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vDSOs' ELF images, built from vdso.S and vdso32.S. */
#ifndef PW_SIM_VDSO_VDSO_IMAGE_H
#define PW_SIM_VDSO_VDSO_IMAGE_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t vdso_image[];
extern const size_t vdso_image_bytes;
extern const uint8_t vdso32_image[];
extern const size_t vdso32_image_bytes;

#endif
