/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipc_shm - System V shared memory: segments by number and key (Linux 6.1,
 * ipc/shm.c). A segment is a file of the kernel's own tmpfs; each shmat(2) opens it
 * once, and its VMAs are found by the file's mapping.
 */
#ifndef PW_SIM_IPC_SHM_H
#define PW_SIM_IPC_SHM_H

#include "mm/list.h"

#include <stdint.h>
#include <time.h>

struct machine;
struct task;
struct tree_inode;

/* Limits as Linux sets them at boot: no more than addresses allow. */
#define SHM_MAX (UINT64_MAX - (1u << 24)) /* bytes of a segment, pages of all */
#define SHM_MAX_SEGMENTS 4096

struct shm_segment {
	struct list_head list; /* shm_ids.segments, by index */
	int32_t id, key;
	uint32_t mode; /* permissions, SHM_DEST_, SHM_LOCKED_ */
	uint32_t uid, gid, cuid, cgid;
	uint64_t size_bytes;
	int32_t cpid, lpid;          /* who made it; who attached or detached last */
	int64_t atime, dtime, ctime; /* seconds */
	struct tree_inode *file;     /* a reference */
};

#define SHM_DEST_ 01000u   /* goes with the last who has it attached */
#define SHM_LOCKED_ 02000u /* SHM_LOCK */

/* All of a machine. */
struct shm_ids {
	struct list_head segments;
	uint32_t nr;
	uint64_t nr_pages; /* that they may take in all */
	int32_t last_index, next_index, sequence;
};

void shm_ids_init(struct shm_ids *ids);
/* When no task is left. */
void shm_ids_finish(struct shm_ids *ids);

/* VMAs that map it. */
uint64_t shm_nr_attached(const struct shm_segment *segment);
/* The number without the sequence: its place among the segments. */
uint32_t shm_index(const struct shm_segment *segment);

/* shmat(2): the address, or -errno. */
int64_t shm_attach(struct task *task, int32_t id, uint64_t va, uint32_t flags);

#endif
