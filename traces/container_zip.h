/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * container_zip - the members of a zip file, one after the other in the order of its
 * directory, as one stream of bytes.
 */
#ifndef PW_TRACES_CONTAINER_ZIP_H
#define PW_TRACES_CONTAINER_ZIP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct zip_members;

/* file must be one in which one can go back and forth; it belongs to the result
 * afterwards, in any case. 0 and *out; -errno and why[]. */
int zip_members_open(struct zip_members **out, FILE *file, char *why, size_t why_size);
void zip_members_close(struct zip_members *zip);

/* Bytes read, at most n; 0: the end; -errno and why[]. */
long zip_members_read(struct zip_members *zip, void *bytes, size_t n, char *why, size_t why_size);

/* Of the packed bytes of members, how many have been read. */
uint64_t zip_members_done(const struct zip_members *zip);

#endif
