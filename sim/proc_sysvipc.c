/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/sysvipc (Linux 6.1, ipc/shm.c, sysvipc_shm_proc_show()). */
#include "sim/machine.h"
#include "sim/proc_files.h"
#include "sim/tree.h"

#include <inttypes.h>

static void show_segment(struct proc_text *text, const struct shm_segment *segment, int size_width)
{
	const struct address_space *mapping = &segment->file->inode.i_data;

	proc_printf(text,
	            "%10d %10d  %4o %*" PRIu64 " %5d %5d  %5" PRIu64 " %5u %5u %5u %5u %10" PRId64
	            " %10" PRId64 " %10" PRId64 " %*" PRIu64 " %*" PRIu64 "\n",
	            segment->key, segment->id, segment->mode, size_width, segment->size_bytes,
	            segment->cpid, segment->lpid, shm_nr_attached(segment), segment->uid,
	            segment->gid, segment->cuid, segment->cgid, segment->atime, segment->dtime,
	            segment->ctime, size_width, mapping->nrpages * PAGE_SIZE, size_width,
	            mapping->nrexceptional * PAGE_SIZE);
}

void show_sysvipc_shm(struct proc_text *text, const struct proc_about *about)
{
	const int size_width = machine_is_32(about->machine) ? 10 : 21;
	const struct shm_segment *segment;

	proc_printf(text,
	            "       key      shmid perms                  size  cpid  lpid nattch   uid   "
	            "gid  cuid  cgid      atime      dtime      ctime                   rss        "
	            "          swap\n");
	list_for_each_entry (segment, &about->machine->shm_ids.segments, list)
		show_segment(text, segment, size_width);
}
