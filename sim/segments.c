/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment descriptor:
 *
 *	63       56 55 54 53 52 51     48 47 46-45 44 43-40 39        16 15        0
 *	base 31-24  G  D  L  U  limit     P  DPL   S  type  base 23-0    limit 15-0
 *	                        19-16
 */
#include "sim/segments.h"

const struct segment_layout segments_kernel32 = { .code = 0x73, .data = 0x7b, .first_tls = 6 };
const struct segment_layout segments_kernel64 = { .code = 0x23, .data = 0x2b, .first_tls = 12 };

#define DESCRIPTOR_G ((uint64_t)1 << 55)
#define DESCRIPTOR_D ((uint64_t)1 << 54)
#define DESCRIPTOR_U ((uint64_t)1 << 52) /* for software */
#define DESCRIPTOR_P ((uint64_t)1 << 47)
#define DESCRIPTOR_DPL_USER ((uint64_t)3 << 45)
#define DESCRIPTOR_S ((uint64_t)1 << 44)
#define DESCRIPTOR_TYPE_SHIFT 40
#define TYPE_ACCESSED 1u
#define TYPE_WRITABLE 2u
#define TYPE_CONTENTS_SHIFT 2 /* 0 data, 1 data that expands down, 2 and 3 code */

bool user_desc_is_empty(const struct user_desc *desc)
{
	const uint32_t cleared = USER_DESC_READ_EXEC_ONLY | USER_DESC_NOT_PRESENT;

	return !desc->base && !desc->limit && (!desc->flags || desc->flags == cleared);
}

bool user_desc_is_allowed(const struct user_desc *desc)
{
	if (user_desc_is_empty(desc))
		return true;
	return desc->flags & USER_DESC_32BIT &&
	       (desc->flags >> USER_DESC_CONTENTS_SHIFT & 3) <= 1 &&
	       !(desc->flags & USER_DESC_NOT_PRESENT);
}

uint64_t user_desc_pack(const struct user_desc *desc)
{
	uint64_t type = TYPE_ACCESSED | (desc->flags >> USER_DESC_CONTENTS_SHIFT & 3)
	                                    << TYPE_CONTENTS_SHIFT;
	uint64_t d = DESCRIPTOR_S | DESCRIPTOR_DPL_USER;

	if (user_desc_is_empty(desc))
		return 0;
	if (!(desc->flags & USER_DESC_READ_EXEC_ONLY))
		type |= TYPE_WRITABLE;
	if (desc->flags & USER_DESC_LIMIT_IN_PAGES)
		d |= DESCRIPTOR_G;
	if (desc->flags & USER_DESC_32BIT)
		d |= DESCRIPTOR_D;
	if (desc->flags & USER_DESC_USEABLE)
		d |= DESCRIPTOR_U;
	if (!(desc->flags & USER_DESC_NOT_PRESENT))
		d |= DESCRIPTOR_P;
	d |= type << DESCRIPTOR_TYPE_SHIFT;
	d |= (uint64_t)(desc->limit & 0xffff) | (uint64_t)(desc->limit >> 16 & 0xf) << 48;
	d |= (uint64_t)(desc->base & 0xffffff) << 16 | (uint64_t)(desc->base >> 24) << 56;
	return d;
}

void user_desc_unpack(struct user_desc *desc, uint64_t d)
{
	uint32_t type = d >> DESCRIPTOR_TYPE_SHIFT & 0xf;

	desc->base = (uint32_t)(d >> 16 & 0xffffff) | (uint32_t)(d >> 56) << 24;
	desc->limit = (uint32_t)(d & 0xffff) | (uint32_t)(d >> 48 & 0xf) << 16;
	desc->flags = (type >> TYPE_CONTENTS_SHIFT) << USER_DESC_CONTENTS_SHIFT;
	if (!(type & TYPE_WRITABLE))
		desc->flags |= USER_DESC_READ_EXEC_ONLY;
	if (d & DESCRIPTOR_G)
		desc->flags |= USER_DESC_LIMIT_IN_PAGES;
	if (d & DESCRIPTOR_D)
		desc->flags |= USER_DESC_32BIT;
	if (d & DESCRIPTOR_U)
		desc->flags |= USER_DESC_USEABLE;
	if (!(d & DESCRIPTOR_P))
		desc->flags |= USER_DESC_NOT_PRESENT;
}
