/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packer - a stream that packs what is written to it, as its name asks: .gz, .xz, .zst.
 */
#ifndef PW_TRACES_PACKER_H
#define PW_TRACES_PACKER_H

#include <stdbool.h>
#include <stdio.h>

/* Does a file of this name want to be packed? */
bool packer_wanted(const char *name);

/* A stream that packs into `file`, which stays the caller's. fclose() writes the rest, and
 * fails if anything did. NULL and errno. */
FILE *packer_open(FILE *file, const char *name);

#endif
