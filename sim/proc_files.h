/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc_files - the functions that the table of /proc's files names (Linux 6.1,
 * fs/proc/; the exact formats are those of Documentation/filesystems/proc.rst). Each
 * is a slot of struct proc_file, see there.
 */
#ifndef PW_SIM_PROC_FILES_H
#define PW_SIM_PROC_FILES_H

#include "sim/procfs.h"

#define USER_HZ 100 /* clock ticks a second, as /proc counts */

#define PROC_KB(pages) ((unsigned long)(pages) * (PAGE_SIZE / KIB))

typedef void proc_show(struct proc_text *text, const struct proc_about *about);
typedef int proc_store(const char *text, const struct proc_about *about);
typedef bool proc_word(const struct proc_about *about, uint64_t index, uint64_t *word);

/* Rows of a struct proc_tree; the rest are slots, .show = show_stat. */
#define PROC_FILE(path_, mode_, ...)                                                               \
	{                                                                                          \
		.path = path_, .mode = mode_, ##__VA_ARGS__                                        \
	}
/* Always the same text. */
#define PROC_TEXT(path, text) PROC_FILE(path, 0444, .show = show_text, .data = (text))

/* The whole number that the text is, blanks around it aside, from min to max. False:
 * it is none, or not in there. */
bool proc_parse(const char *text, int64_t min, int64_t max, int64_t *value);

/* proc_files.c: proc_about.file->data is the text. */
proc_show show_text;

/* proc_machine.c */
proc_show show_cpuinfo, show_filesystems, show_loadavg, show_mountinfo, show_mounts,
    show_machine_stat, show_pagewalk_stats, show_self, show_thread_self, show_uptime;

/* proc_sysctl.c: proc_about.file->data is a struct sysctl. */
struct sysctl;
/* By its name, as in struct kernel_config. 0; -ENOENT, -EINVAL. */
int set_sysctl(struct kernel *k, const char *name, int64_t value);
proc_show show_lowmem_reserve_ratio, show_sysctl, show_threads_max;
proc_store store_drop_caches, store_lowmem_reserve_ratio, store_sysctl;
extern const struct sysctl sysctl_admin_reserve_kbytes, sysctl_dirty_background_ratio,
    sysctl_dirty_ratio, sysctl_min_free_kbytes, sysctl_oom_dump_tasks, sysctl_overcommit_kbytes,
    sysctl_overcommit_memory, sysctl_overcommit_ratio, sysctl_page_cluster, sysctl_panic_on_oom,
    sysctl_swappiness, sysctl_user_reserve_kbytes;

/* proc_pages.c */
proc_word kpagecount_word, kpageflags_word, pagemap_word;

/* proc_task.c */
proc_show show_auxv, show_cmdline, show_comm, show_cwd, show_environ, show_exe, show_fd,
    show_fdinfo, show_limits, show_oom_adj, show_oom_score, show_oom_score_adj, show_wchan;
proc_store store_comm, store_oom_adj, store_oom_score_adj;
int follow_fd(const struct proc_about *about, struct inode **out);

/* proc_status.c */
proc_show show_stat, show_statm, show_status;

/* proc_sysvipc.c */
proc_show show_sysvipc_shm;

/* proc_maps.c */
proc_show show_maps, show_numa_maps, show_smaps, show_smaps_rollup;
proc_store store_clear_refs;

#endif
