/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segments - where Linux has the segments of 32-bit tasks in the GDT (6.1,
 * arch/x86/include/asm/segment.h). A 64-bit kernel runs them in compatibility mode.
 */
#ifndef PW_SIM_SEGMENTS_H
#define PW_SIM_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#define NR_TLS_ENTRIES 3
#define SEGMENT_RPL_USER 3

struct segment_layout {
	uint16_t code, data; /* selectors, RPL 3 */
	uint16_t first_tls;  /* number of the first TLS entry */
};

extern const struct segment_layout segments_kernel32, segments_kernel64;

/* set_thread_area(2)'s struct user_desc. */
struct user_desc {
	uint32_t entry_number, base, limit;
	/* bit 0 seg_32bit, 1-2 contents, 3 read_exec_only, 4 limit_in_pages,
	 * 5 seg_not_present, 6 useable */
	uint32_t flags;
};
#define USER_DESC_32BIT 0x01u
#define USER_DESC_CONTENTS_SHIFT 1
#define USER_DESC_READ_EXEC_ONLY 0x08u
#define USER_DESC_LIMIT_IN_PAGES 0x10u
#define USER_DESC_NOT_PRESENT 0x20u
#define USER_DESC_USEABLE 0x40u

/* True if the struct stands for an entry that is to be cleared. */
bool user_desc_is_empty(const struct user_desc *desc);

/* May a task have it? Only data, 32-bit or not present (Linux: tls_desc_okay()). */
bool user_desc_is_allowed(const struct user_desc *desc);

/* To the CPU's form (Intel SDM Vol. 3A, "Segment Descriptors") and back. */
uint64_t user_desc_pack(const struct user_desc *desc);
void user_desc_unpack(struct user_desc *desc, uint64_t descriptor);

#endif
