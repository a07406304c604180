// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of /proc's files. */
#include "sim/proc_files.h"

#include "sim/proc_mm.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

bool proc_parse(const char *text, int64_t min, int64_t max, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 0);
	if (end == text || errno)
		return false;
	while (isspace((unsigned char)*end))
		end++;
	return !*end && *value >= min && *value <= max;
}

void show_text(struct proc_text *text, const struct proc_about *about)
{
	proc_printf(text, "%s", (const char *)about->file->data);
}

#define LINK (S_IFLNK | 0777)

/* vm.NAME, which root may change. */
#define VM_SYSCTL(name)                                                                            \
	PROC_FILE("sys/vm/" #name, 0644, .show = show_sysctl, .store = store_sysctl,               \
	          .data = &sysctl_##name)

static const struct proc_file proc_files[] = {
	PROC_FILE("buddyinfo", 0444, .show_kernel = proc_buddyinfo),
	PROC_TEXT("cmdline", "nokaslr\n"),
	PROC_FILE("cpuinfo", 0444, .show = show_cpuinfo),
	PROC_FILE("filesystems", 0444, .show = show_filesystems),
	PROC_FILE("kpagecount", 0400, .word = kpagecount_word),
	PROC_FILE("kpageflags", 0400, .word = kpageflags_word),
	PROC_FILE("loadavg", 0444, .show = show_loadavg),
	PROC_FILE("meminfo", 0444, .show_kernel = proc_meminfo),
	PROC_FILE("mounts", LINK, .show = show_text, .data = "self/mounts"),
	PROC_FILE("pagewalk/stats", 0444, .show = show_pagewalk_stats),
	PROC_FILE("pagetypeinfo", 0400, .show_kernel = proc_pagetypeinfo),
	PROC_FILE("self", LINK, .show = show_self),
	PROC_FILE("slabinfo", 0400, .show_kernel = proc_slabinfo),
	PROC_FILE("stat", 0444, .show = show_machine_stat),
	PROC_FILE("swaps", 0444, .show_kernel = proc_swaps),
	PROC_TEXT("sys/fs/file-max", "9223372036854775807\n"),
	PROC_TEXT("sys/fs/nr_open", "1048576\n"),
	PROC_TEXT("sys/fs/pipe-max-size", "1048576\n"),
	PROC_TEXT("sys/kernel/cap_last_cap", "40\n"),
	PROC_TEXT("sys/kernel/domainname", "(none)\n"),
	PROC_TEXT("sys/kernel/hostname", "pagewalk\n"),
	PROC_TEXT("sys/kernel/ngroups_max", "65536\n"),
	PROC_TEXT("sys/kernel/osrelease", "6.18.0-pagewalk\n"),
	PROC_TEXT("sys/kernel/ostype", "Linux\n"),
	PROC_TEXT("sys/kernel/pid_max", "4194304\n"),
	PROC_TEXT("sys/kernel/randomize_va_space", "0\n"),
	PROC_FILE("sys/kernel/threads-max", 0444, .show = show_threads_max),
	PROC_TEXT("sys/kernel/shmall", "18446744073692774399\n"),
	PROC_TEXT("sys/kernel/shmmax", "18446744073692774399\n"),
	PROC_TEXT("sys/kernel/shmmni", "4096\n"),
	PROC_TEXT("sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC\n"),
	VM_SYSCTL(admin_reserve_kbytes),
	VM_SYSCTL(dirty_background_ratio),
	VM_SYSCTL(dirty_ratio),
	PROC_FILE("sys/vm/drop_caches", 0200, .store = store_drop_caches),
	PROC_FILE("sys/vm/lowmem_reserve_ratio", 0644, .show = show_lowmem_reserve_ratio,
	          .store = store_lowmem_reserve_ratio),
	PROC_TEXT("sys/vm/max_map_count", "65530\n"),
	VM_SYSCTL(min_free_kbytes),
	PROC_TEXT("sys/vm/mmap_min_addr", "65536\n"),
	PROC_TEXT("sys/vm/nr_hugepages", "0\n"),
	VM_SYSCTL(oom_dump_tasks),
	VM_SYSCTL(overcommit_kbytes),
	VM_SYSCTL(overcommit_memory),
	VM_SYSCTL(overcommit_ratio),
	PROC_FILE("sys/vm/page-cluster", 0644, .show = show_sysctl, .store = store_sysctl,
	          .data = &sysctl_page_cluster),
	VM_SYSCTL(panic_on_oom),
	VM_SYSCTL(swappiness),
	VM_SYSCTL(user_reserve_kbytes),
	PROC_TEXT("sys/vm/zone_reclaim_mode", "0\n"),
	PROC_FILE("sysvipc/shm", 0444, .show = show_sysvipc_shm),
	PROC_FILE("thread-self", LINK, .show = show_thread_self),
	PROC_FILE("uptime", 0444, .show = show_uptime),
	PROC_TEXT("version", "Linux version 6.18.0-pagewalk (pagewalk@pagewalk) "
	                     "#1 SMP PREEMPT_DYNAMIC\n"),
	PROC_FILE("vmallocinfo", 0400, .show_kernel = proc_vmallocinfo),
	PROC_FILE("vmstat", 0444, .show_kernel = proc_vmstat),
	PROC_FILE("zoneinfo", 0444, .show_kernel = proc_zoneinfo),
	PROC_FILE("PID/auxv", 0400, .show = show_auxv),
	PROC_FILE("PID/clear_refs", 0200, .store = store_clear_refs),
	PROC_FILE("PID/cmdline", 0444, .show = show_cmdline),
	PROC_FILE("PID/comm", 0644, .show = show_comm, .store = store_comm),
	PROC_FILE("PID/cwd", LINK, .show = show_cwd),
	PROC_FILE("PID/environ", 0400, .show = show_environ),
	PROC_FILE("PID/exe", LINK, .show = show_exe),
	PROC_FILE("PID/fd", S_IFDIR | 0500),
	PROC_FILE("PID/fd/FD", S_IFLNK | 0700, .show = show_fd, .follow = follow_fd),
	PROC_FILE("PID/fdinfo/FD", 0444, .show = show_fdinfo),
	PROC_FILE("PID/limits", 0444, .show = show_limits),
	PROC_FILE("PID/maps", 0444, .show = show_maps),
	PROC_FILE("PID/mountinfo", 0444, .show = show_mountinfo),
	PROC_FILE("PID/mounts", 0444, .show = show_mounts),
	PROC_FILE("PID/numa_maps", 0444, .show = show_numa_maps),
	PROC_FILE("PID/oom_adj", 0644, .show = show_oom_adj, .store = store_oom_adj),
	PROC_FILE("PID/oom_score", 0444, .show = show_oom_score),
	PROC_FILE("PID/oom_score_adj", 0644, .show = show_oom_score_adj,
	          .store = store_oom_score_adj),
	PROC_FILE("PID/pagemap", 0400, .word = pagemap_word),
	PROC_FILE("PID/root", LINK, .show = show_text, .data = "/"),
	PROC_FILE("PID/smaps", 0444, .show = show_smaps),
	PROC_FILE("PID/smaps_rollup", 0444, .show = show_smaps_rollup),
	PROC_FILE("PID/stat", 0444, .show = show_stat),
	PROC_FILE("PID/statm", 0444, .show = show_statm),
	PROC_FILE("PID/status", 0444, .show = show_status),
	PROC_FILE("PID/task/TID", S_IFDIR | 0555),
	PROC_FILE("PID/wchan", 0444, .show = show_wchan),
};

const struct proc_tree proc_tree = {
	.name = "proc",
	.dev = 21,
	.files = proc_files,
	.nr_files = sizeof(proc_files) / sizeof(proc_files[0]),
};
