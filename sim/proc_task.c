// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID's files about a task and what it has open (Linux 6.1, fs/proc/base.c, fd.c). */
#include "mm/swap.h"
#include "sim/calls.h"
#include "sim/files.h"
#include "sim/machine.h"
#include "sim/proc_files.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- names and arguments ---- */

void show_comm(struct proc_text *text, const struct proc_about *about)
{
	proc_printf(text, "%s\n", about->task->comm);
}

int store_comm(const char *text, const struct proc_about *about)
{
	snprintf(about->task->comm, sizeof(about->task->comm), "%.*s", (int)strcspn(text, "\n"),
	         text);
	return 0;
}

/* Bytes of the task's memory, as far as they are there. */
static void show_memory(struct proc_text *text, const struct proc_about *about, va_t start,
                        va_t end)
{
	uint8_t bytes[256];

	while (start < end) {
		uint64_t len = end - start < sizeof(bytes) ? end - start : sizeof(bytes);
		uint64_t done = call_access_process_vm(&about->machine->kernel, about->task->mm,
		                                       start, bytes, len, false);

		proc_write(text, bytes, done);
		if (done < len)
			break;
		start += len;
	}
}

void show_cmdline(struct proc_text *text, const struct proc_about *about)
{
	const struct mm_struct *mm = about->task->mm;

	if (mm)
		show_memory(text, about, mm->arg_start, mm->arg_end);
}

void show_environ(struct proc_text *text, const struct proc_about *about)
{
	const struct mm_struct *mm = about->task->mm;

	if (mm)
		show_memory(text, about, mm->env_start, mm->env_end);
}

/* Pairs of type and value up to AT_NULL, which is shown too. */
void show_auxv(struct proc_text *text, const struct proc_about *about)
{
	const struct mm_struct *mm = about->task->mm;
	size_t nr = 0, max = sizeof(mm->saved_auxv) / sizeof(mm->saved_auxv[0]);

	if (!mm)
		return;
	do
		nr += 2;
	while (nr < max && mm->saved_auxv[nr - 2]);
	/* In words of the program's own. */
	for (size_t i = 0; i < nr; i++)
		proc_write(text, &mm->saved_auxv[i], mm->task_size > UINT32_MAX ? 8 : 4);
}

/* Simplified: what is waited for in words, "a pipe", not the kernel function. */
void show_wchan(struct proc_text *text, const struct proc_about *about)
{
	const struct task *task = about->task;

	proc_printf(text, "%s",
	            task->state == TASK_SLEEPING && task->wait.what ? task->wait.what : "0");
}

/* ---- links ---- */

void show_exe(struct proc_text *text, const struct proc_about *about)
{
	if (about->task->exe)
		proc_printf(text, "%s", about->task->exe);
}

void show_cwd(struct proc_text *text, const struct proc_about *about)
{
	proc_printf(text, "%s", about->task->fs->cwd);
}

/* ---- descriptors ---- */

static struct open_file *file_of(const struct proc_about *about)
{
	return about->task->files ? files_get(about->task->files, about->number) : NULL;
}

void show_fd(struct proc_text *text, const struct proc_about *about)
{
	const struct open_file *file = file_of(about);

	if (file)
		proc_printf(text, "%s", file->path);
}

/* To the open file's inode, which may have no path. */
int follow_fd(const struct proc_about *about, struct inode **out)
{
	const struct open_file *file = file_of(about);

	if (!file)
		return -ENOENT;
	*out = inode_get(file->inode);
	return 0;
}

/* Linux 6.1: seq_show(), fs/proc/fd.c. mnt_id is that of the first line of mountinfo. */
void show_fdinfo(struct proc_text *text, const struct proc_about *about)
{
	const struct open_file *file = file_of(about);
	struct inode_attr attr;
	uint32_t flags;

	if (!file)
		return;
	flags = file->flags;
	if (files_close_on_exec(about->task->files, about->number))
		flags |= O_CLOEXEC;
	if (file->inode->ops->getattr(file->inode, &attr))
		attr.ino = 0;
	proc_printf(text, "pos:\t%" PRId64 "\nflags:\t0%o\nmnt_id:\t21\nino:\t%" PRIu64 "\n",
	            file->pos, flags, attr.ino);
}

/* ---- limits ---- */

static void show_limit(struct proc_text *text, uint64_t limit)
{
	if (limit == UINT64_MAX)
		proc_printf(text, "%-20s ", "unlimited");
	else
		proc_printf(text, "%-20" PRIu64 " ", limit);
}

/* Linux 6.1: proc_pid_limits(), in the order of RLIMIT_*. */
void show_limits(struct proc_text *text, const struct proc_about *about)
{
	static const struct {
		const char *name, *unit;
	} limits[NR_RLIMITS] = {
		{ "Max cpu time", "seconds" },     { "Max file size", "bytes" },
		{ "Max data size", "bytes" },      { "Max stack size", "bytes" },
		{ "Max core file size", "bytes" }, { "Max resident set", "bytes" },
		{ "Max processes", "processes" },  { "Max open files", "files" },
		{ "Max locked memory", "bytes" },  { "Max address space", "bytes" },
		{ "Max file locks", "locks" },     { "Max pending signals", "signals" },
		{ "Max msgqueue size", "bytes" },  { "Max nice priority", NULL },
		{ "Max realtime priority", NULL }, { "Max realtime timeout", "us" },
	};

	proc_printf(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit",
	            "Units");
	for (int i = 0; i < NR_RLIMITS; i++) {
		proc_printf(text, "%-25s ", limits[i].name);
		show_limit(text, about->task->process->rlimits[i][0]);
		show_limit(text, about->task->process->rlimits[i][1]);
		if (limits[i].unit)
			proc_printf(text, "%-10s", limits[i].unit);
		proc_printf(text, "\n");
	}
}

/* ---- the OOM killer's view ---- */

#define OOM_SCORE_ADJ_MAX 1000
#define OOM_DISABLE (-17) /* the older scale */
#define OOM_ADJUST_MAX 15

/* Linux 6.1: proc_oom_score(): from 0 to 2000, 1000 * 2/3 for a task of no size. */
void show_oom_score(struct proc_text *text, const struct proc_about *about)
{
	const struct kernel *k = &about->machine->kernel;
	int64_t total = (int64_t)(k->totalram_pages + k->swap.total_swap_pages);
	int64_t points = 0, badness;

	if (about->task->mm && oom_badness(k, about->task->mm, &badness))
		points = (1000 + badness * 1000 / total) * 2 / 3;
	proc_printf(text, "%" PRId64 "\n", points > 0 ? points : 0);
}

void show_oom_score_adj(struct proc_text *text, const struct proc_about *about)
{
	proc_printf(text, "%d\n", about->task->mm ? about->task->mm->oom_score_adj : 0);
}

/* Who is not root may only make its task a likelier victim. */
static int set_oom_score_adj(const struct proc_about *about, int64_t adj)
{
	struct mm_struct *mm = about->task->mm;

	if (!mm)
		return 0;
	if (adj < mm->oom_score_adj && !vfs_is_superuser(about->machine->vfs))
		return -EACCES;
	mm->oom_score_adj = (int32_t)adj;
	call_mm_owner(&about->machine->kernel, mm);
	return 0;
}

int store_oom_score_adj(const char *text, const struct proc_about *about)
{
	int64_t adj;

	if (!proc_parse(text, -OOM_SCORE_ADJ_MAX, OOM_SCORE_ADJ_MAX, &adj))
		return -EINVAL;
	return set_oom_score_adj(about, adj);
}

void show_oom_adj(struct proc_text *text, const struct proc_about *about)
{
	int32_t adj = about->task->mm ? about->task->mm->oom_score_adj : 0;

	proc_printf(text, "%d\n",
	            adj == OOM_SCORE_ADJ_MAX ? OOM_ADJUST_MAX
	                                     : adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX);
}

int store_oom_adj(const char *text, const struct proc_about *about)
{
	int64_t adj;

	if (!proc_parse(text, OOM_DISABLE, OOM_ADJUST_MAX, &adj))
		return -EINVAL;
	adj = adj == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX : adj * OOM_SCORE_ADJ_MAX / -OOM_DISABLE;
	return set_oom_score_adj(about, adj);
}
