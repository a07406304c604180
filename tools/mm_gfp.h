/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_gfp - GFP masks as text: "GFP_KERNEL|__GFP_ZERO".
 */
#ifndef PW_TOOLS_MM_GFP_H
#define PW_TOOLS_MM_GFP_H

#include "mm/gfp.h"

#include <stdbool.h>
#include <stddef.h>

/* False: *bad is the part that is no mask's name, *bad_len characters of it. */
bool gfp_parse(const char *text, gfp_t *out, const char **bad, size_t *bad_len);

/* The flags by name, joined by |; cut if `size` does not hold them. */
void gfp_print(gfp_t gfp, char *text, size_t size);

/* The i-th name that gfp_parse() knows, or NULL behind the last. */
const char *gfp_name(size_t i, gfp_t *gfp);

#endif
