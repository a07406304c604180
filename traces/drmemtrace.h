/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drmemtrace - the records of DynamoRIO's drmemtrace (clients/drcachesim/common/
 * trace_entry.h): packed, little-endian { u16 type, u16 size, u64 address }; u32 address
 * from 32-bit programs.
 */
#ifndef PW_TRACES_DRMEMTRACE_H
#define PW_TRACES_DRMEMTRACE_H

enum drmemtrace_type {
	DRMEMTRACE_READ = 0,
	DRMEMTRACE_WRITE = 1,
	DRMEMTRACE_INSTR = 10, /* to 16: by what kind of branch it is */
	DRMEMTRACE_INSTR_RETURN = 16,
	DRMEMTRACE_INSTR_BUNDLE = 17, /* size instructions behind the last, lengths in address */
	DRMEMTRACE_THREAD = 22,
	DRMEMTRACE_THREAD_EXIT = 23,
	DRMEMTRACE_PID = 24,
	DRMEMTRACE_HEADER = 25,
	DRMEMTRACE_FOOTER = 26,
	DRMEMTRACE_MARKER = 28,            /* size: enum drmemtrace_marker */
	DRMEMTRACE_INSTR_NO_FETCH = 29,    /* a later round of a rep instruction */
	DRMEMTRACE_INSTR_MAYBE_FETCH = 30, /* that, if it is where the last one was */
	DRMEMTRACE_INSTR_SYSENTER = 31,
	DRMEMTRACE_INSTR_TAKEN_JUMP = 48,
	DRMEMTRACE_INSTR_UNTAKEN_JUMP = 49,
	DRMEMTRACE_LAST = 49,
};

enum drmemtrace_marker {
	DRMEMTRACE_TIMESTAMP = 2,
	DRMEMTRACE_CPU = 3,
	DRMEMTRACE_FILETYPE = 9,
	DRMEMTRACE_LINE_BYTES = 10, /* of the caches */
	DRMEMTRACE_VERSION = 12,
	DRMEMTRACE_PAGE_SIZE = 18,
};

#define DRMEMTRACE_FILETYPE_X86_64 0x40

#endif
