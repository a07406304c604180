// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/sys/vm: the memory manager's settings. What is written holds at once (Linux
 * 6.1, kernel/sysctl.c; Documentation/admin-guide/sysctl/vm.rst). */
#include "mm/page_alloc.h"
#include "sim/calls.h"
#include "sim/machine.h"
#include "sim/proc_files.h"
#include "sim/proc_vmstat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A number in struct kernel_config. */
struct sysctl {
	const char *name;
	size_t offset;
	bool is_wide; /* uint64_t; else uint32_t */
	int64_t min, max;
	void (*apply)(struct kernel *k); /* after a change; or NULL */
};

#define SYSCTL(field, min_, max_, ...)                                                             \
	{                                                                                          \
		.name = #field, .offset = offsetof(struct kernel_config, field),                   \
		.is_wide = sizeof(((struct kernel_config *)0)->field) == sizeof(uint64_t),         \
		.min = min_, .max = max_, ##__VA_ARGS__                                            \
	}

const struct sysctl sysctl_admin_reserve_kbytes = SYSCTL(admin_reserve_kbytes, 0, INT64_MAX);
const struct sysctl sysctl_dirty_background_ratio = SYSCTL(dirty_background_ratio, 0, 100);
const struct sysctl sysctl_dirty_ratio = SYSCTL(dirty_ratio, 0, 100);
const struct sysctl sysctl_min_free_kbytes =
    SYSCTL(min_free_kbytes, 0, INT32_MAX, .apply = setup_per_zone_wmarks);
const struct sysctl sysctl_oom_dump_tasks = SYSCTL(oom_dump_tasks, INT32_MIN, INT32_MAX);
const struct sysctl sysctl_overcommit_kbytes = SYSCTL(overcommit_kbytes, 0, INT64_MAX);
const struct sysctl sysctl_overcommit_memory = SYSCTL(overcommit_memory, 0, 2);
const struct sysctl sysctl_overcommit_ratio = SYSCTL(overcommit_ratio, 0, INT32_MAX);
const struct sysctl sysctl_page_cluster = SYSCTL(page_cluster, 0, 31);
const struct sysctl sysctl_panic_on_oom = SYSCTL(panic_on_oom, 0, 2);
const struct sysctl sysctl_swappiness = SYSCTL(swappiness, 0, 200);
const struct sysctl sysctl_user_reserve_kbytes = SYSCTL(user_reserve_kbytes, 0, INT64_MAX);

static const struct sysctl *const all_sysctls[] = {
	&sysctl_admin_reserve_kbytes, &sysctl_dirty_background_ratio,
	&sysctl_dirty_ratio,          &sysctl_min_free_kbytes,
	&sysctl_oom_dump_tasks,       &sysctl_overcommit_kbytes,
	&sysctl_overcommit_memory,    &sysctl_overcommit_ratio,
	&sysctl_page_cluster,         &sysctl_panic_on_oom,
	&sysctl_swappiness,           &sysctl_user_reserve_kbytes,
};

static const struct sysctl *find_sysctl(const char *name)
{
	for (size_t i = 0; i < sizeof(all_sysctls) / sizeof(all_sysctls[0]); i++)
		if (!strcmp(all_sysctls[i]->name, name))
			return all_sysctls[i];
	return NULL;
}

static void *sysctl_field(const struct sysctl *sysctl, struct kernel *k)
{
	return (uint8_t *)&k->config + sysctl->offset;
}

void show_sysctl(struct proc_text *text, const struct proc_about *about)
{
	const struct sysctl *sysctl = about->file->data;
	const void *field = sysctl_field(sysctl, &about->machine->kernel);

	proc_printf(text, "%" PRId64 "\n",
	            sysctl->is_wide ? *(const int64_t *)field : *(const int32_t *)field);
}

int set_sysctl(struct kernel *k, const char *name, int64_t value)
{
	const struct sysctl *sysctl = find_sysctl(name);

	if (!sysctl)
		return -ENOENT;
	if (value < sysctl->min || value > sysctl->max)
		return -EINVAL;
	if (sysctl->is_wide)
		*(int64_t *)sysctl_field(sysctl, k) = value;
	else
		*(int32_t *)sysctl_field(sysctl, k) = (int32_t)value;
	if (sysctl->apply)
		sysctl->apply(k);
	return 0;
}

int store_sysctl(const char *text, const struct proc_about *about)
{
	const struct sysctl *sysctl = about->file->data;
	int64_t value;

	if (!proc_parse(text, sysctl->min, sysctl->max, &value))
		return -EINVAL;
	return call_set_sysctl(&about->machine->kernel, sysctl->name, value);
}

/* Linux 6.1: drop_caches_sysctl_handler(), fs/drop_caches.c: 1 the page cache, 2 what
 * slabs give back, 3 both; 4 stops the line in the log. */
int store_drop_caches(const char *text, const struct proc_about *about)
{
	int64_t what;

	if (!proc_parse(text, 1, 4, &what))
		return -EINVAL;
	call_drop_caches(&about->machine->kernel, (int)what);
	return 0;
}

/* One for each zone that the kernel has; the last has nothing above it. */
void show_lowmem_reserve_ratio(struct proc_text *text, const struct proc_about *about)
{
	const struct kernel *k = &about->machine->kernel;

	for (int type = 0; type < ZONE_MOVABLE; type++)
		if (kernel_has_zone(k, (enum zone_type)type))
			proc_printf(text, "%u\t", lowmem_reserve_ratio(k, type));
	proc_printf(text, "0\n");
}

/* Numbers above 0, in the same order; zones that none is given for keep theirs.
 * Simplified: Linux takes 0, for no reserve at all. */
int store_lowmem_reserve_ratio(const char *text, const struct proc_about *about)
{
	struct kernel *k = &about->machine->kernel;
	uint32_t ratio[ZONE_MOVABLE];
	int type, nr = 0;

	for (type = 0; type < ZONE_MOVABLE; type++) {
		ratio[type] = lowmem_reserve_ratio(k, type);
		if (!kernel_has_zone(k, (enum zone_type)type))
			continue;
		if (sscanf(text, " %u%n", &ratio[type], &nr) != 1)
			break;
		if (!ratio[type])
			return -EINVAL;
		text += nr;
	}
	if (!nr)
		return -EINVAL;
	for (; type < ZONE_MOVABLE; type++)
		ratio[type] = k->config.lowmem_reserve_ratio[type];
	call_set_lowmem_ratio(k, ratio);
	return 0;
}

/* Linux 6.1: kernel/fork.c, set_max_threads(): stacks may fill an eighth of RAM. */
void show_threads_max(struct proc_text *text, const struct proc_about *about)
{
	proc_printf(text, "%" PRIu64 "\n", about->machine->kernel.totalram_pages / 32);
}
