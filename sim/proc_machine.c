// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc's files about the machine as a whole. */
#include "sim/clock.h"
#include "sim/machine.h"
#include "sim/proc_files.h"

#include <inttypes.h>
#include <stdlib.h>

#define TICK_NS (NSEC_PER_SEC / USER_HZ)

/* ---- time and load ---- */

static void show_hundredths(struct proc_text *text, uint64_t ns, const char *behind)
{
	uint64_t hundredths = ns / (NSEC_PER_SEC / 100);

	proc_printf(text, "%" PRIu64 ".%02" PRIu64 "%s", hundredths / 100, hundredths % 100,
	            behind);
}

/* Linux 6.1: uptime_proc_show(), fs/proc/uptime.c. */
void show_uptime(struct proc_text *text, const struct proc_about *about)
{
	show_hundredths(text, machine_now_ns(about->machine), " ");
	show_hundredths(text, about->machine->sleep_ns, "\n");
}

static unsigned nr_running(const struct machine *machine)
{
	const struct task *task;
	unsigned nr = 0;

	list_for_each_entry (task, &machine->tasks, tasks)
		nr += task->state == TASK_RUNNING;
	return nr;
}

/* Linux 6.1: loadavg_proc_show(), fs/proc/loadavg.c. Simplified: the averages over 1,
 * 5 and 15 minutes are 0; runs are shorter. */
void show_loadavg(struct proc_text *text, const struct proc_about *about)
{
	proc_printf(text, "0.00 0.00 0.00 %u/%u %d\n", nr_running(about->machine),
	            about->machine->nr_alive, about->machine->next_pid - 1);
}

/* What a CPU has done, in ns: user, idle, and waiting for disks. */
struct cpu_times {
	uint64_t user, idle, iowait;
};

/* The only CPU does all that is neither sleep nor disk. Of several each has its
 * instructions, and the disks are the first one's. */
static struct cpu_times cpu_times(const struct machine *machine, uint32_t cpu)
{
	uint64_t now = machine_now_ns(machine), iowait = cpu ? 0 : machine->disk_ns, user;

	if (machine->config.cpus == 1)
		user = now - machine->sleep_ns - machine->disk_ns;
	else
		user = (uint64_t)((unsigned __int128)cpu_instructions(&machine->cpus[cpu]) *
		                  NSEC_PER_SEC / machine->config.cpu_hz);
	return (struct cpu_times){
		.user = user,
		.idle = now > user + iowait ? now - user - iowait : 0,
		.iowait = iowait,
	};
}

/* user nice system idle iowait irq softirq steal guest guest_nice. Simplified: the
 * kernel's own time is user time, as in getrusage(2). */
static void show_cpu_times(struct proc_text *text, const struct cpu_times *times)
{
	proc_printf(text, " %" PRIu64 " 0 0 %" PRIu64 " %" PRIu64 " 0 0 0 0 0\n",
	            times->user / TICK_NS, times->idle / TICK_NS, times->iowait / TICK_NS);
}

static void show_all_cpu_times(struct proc_text *text, const struct machine *machine)
{
	struct cpu_times sum = { 0 };

	for (uint32_t cpu = 0; cpu < machine->config.cpus; cpu++) {
		struct cpu_times times = cpu_times(machine, cpu);

		sum.user += times.user;
		sum.idle += times.idle;
		sum.iowait += times.iowait;
	}
	proc_printf(text, "cpu ");
	show_cpu_times(text, &sum);
	for (uint32_t cpu = 0; cpu < machine->config.cpus; cpu++) {
		struct cpu_times times = cpu_times(machine, cpu);

		proc_printf(text, "cpu%u", cpu);
		show_cpu_times(text, &times);
	}
}

static unsigned nr_forks(const struct machine *machine)
{
	const struct list_head *report;
	unsigned nr = 0;

	list_for_each (report, &machine->reports)
		nr++;
	return nr;
}

/* Linux 6.1: show_stat(), fs/proc/stat.c. There are no interrupts to count. */
void show_machine_stat(struct proc_text *text, const struct proc_about *about)
{
	const struct machine *machine = about->machine;

	show_all_cpu_times(text, machine);
	proc_printf(text,
	            "intr 0\nctxt %" PRIu64 "\nbtime %d\nprocesses %u\nprocs_running %u\n"
	            "procs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
	            machine->nr_switches, CLOCK_BOOT_SECONDS, nr_forks(machine),
	            nr_running(machine));
}

/* ---- the processors ---- */

/* What CPUID says (Unicorn 2.1.1's default), and what the MMU has by the machine's
 * description. "cpuid" and kin are Linux's own words for what it found. */
static void show_cpu_flags(struct proc_text *text, const struct machine_config *config)
{
	proc_printf(text, "flags\t\t: fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov "
	                  "pat pse36 clflush mmx fxsr sse sse2");
	if (config->paging->va_bits > 32)
		proc_printf(text, " syscall nx%s lm rep_good nopl",
		            config->mmu.has_1g_pages ? " pdpe1gb" : "");
	proc_printf(text, " cpuid pni%s cx16 hypervisor lahf_lm\n", config->pcid ? " pcid" : "");
}

static uint32_t second_level_entries(const struct machine_config *config)
{
	return config->tlb[TLB_STLB][TLB_ARRAY_MAIN].entries;
}

static void show_cpu(struct proc_text *text, const struct machine_config *config, uint32_t cpu)
{
	uint64_t khz = config->cpu_hz / 1000;
	bool is_64bit = config->paging->va_bits > 32;

	/* Family, model and stepping as CPUID has them. Simplified: the processor's
	 * name is the machine description's. */
	proc_printf(text,
	            "processor\t: %u\nvendor_id\t: AuthenticAMD\ncpu family\t: 6\n"
	            "model\t\t: 6\nmodel name\t: %s\nstepping\t: 3\ncpu MHz\t\t: %" PRIu64
	            ".%03" PRIu64 "\ncache size\t: 512 KB\nphysical id\t: 0\nsiblings\t: %u\n"
	            "core id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\ninitial apicid\t: %u\n",
	            cpu, config->name, khz / 1000, khz % 1000, config->cpus, cpu, config->cpus, cpu,
	            cpu);
	if (!is_64bit)
		proc_printf(text, "fdiv_bug\t: no\nf00f_bug\t: no\ncoma_bug\t: no\n");
	proc_printf(text, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\n");
	show_cpu_flags(text, config);
	proc_printf(text, "bugs\t\t:\nbogomips\t: %" PRIu64 ".%02" PRIu64 "\n", khz * 2 / 1000,
	            khz * 2 / 10 % 100);
	if (is_64bit && second_level_entries(config))
		proc_printf(text, "TLB size\t: %u 4K pages\n", second_level_entries(config));
	proc_printf(text,
	            "clflush size\t: 64\ncache_alignment\t: 64\n"
	            "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
	            config->mmu.physical_bits, is_64bit ? config->paging->va_bits : 0);
}

/* Linux 6.1: show_cpuinfo(), arch/x86/kernel/cpu/proc.c. */
void show_cpuinfo(struct proc_text *text, const struct proc_about *about)
{
	for (uint32_t cpu = 0; cpu < about->machine->config.cpus; cpu++)
		show_cpu(text, &about->machine->config, cpu);
}

/* ---- file systems ---- */

void show_filesystems(struct proc_text *text, const struct proc_about *about)
{
	proc_printf(text, "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\n"
	                  "nodev\tpipefs\nnodev\toverlay\n");
}

static const struct mount {
	const char *point, *type, *options;
} mounts[] = {
	{ "/", "overlay", "rw,relatime" },
	{ "/proc", "proc", "rw,nosuid,nodev,noexec,relatime" },
	{ "/sys", "sysfs", "rw,nosuid,nodev,noexec,relatime" },
	{ "/dev", "devtmpfs", "rw,nosuid,relatime" },
	{ "/dev/shm", "tmpfs", "rw,nosuid,nodev" },
};

#define NR_MOUNTS (sizeof(mounts) / sizeof(mounts[0]))

/* Linux 6.1: show_vfsmnt(), fs/proc_namespace.c. */
void show_mounts(struct proc_text *text, const struct proc_about *about)
{
	for (size_t i = 0; i < NR_MOUNTS; i++)
		proc_printf(text, "%s %s %s %s 0 0\n", mounts[i].type, mounts[i].point,
		            mounts[i].type, mounts[i].options);
}

/* Linux 6.1: show_mountinfo(). Each is mounted on the first; numbers are made up. */
void show_mountinfo(struct proc_text *text, const struct proc_about *about)
{
	for (size_t i = 0; i < NR_MOUNTS; i++)
		proc_printf(text, "%zu %d 0:%zu / %s %s - %s %s rw\n", i + 21, i ? 21 : 1, i + 20,
		            mounts[i].point, mounts[i].options, mounts[i].type, mounts[i].type);
}

/* ---- the simulator's own ---- */

/* What --stats would write if the run ended now. */
void show_pagewalk_stats(struct proc_text *text, const struct proc_about *about)
{
	char *json = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&json, &len);

	if (!out) {
		text->no_memory = true;
		return;
	}
	stats_write_json(about->machine, out);
	if (fclose(out))
		text->no_memory = true;
	else
		proc_write(text, json, len);
	free(json);
}

/* ---- links ---- */

static const struct task *current_task(const struct machine *machine)
{
	return machine->running->current;
}

void show_self(struct proc_text *text, const struct proc_about *about)
{
	const struct task *current = current_task(about->machine);

	if (current)
		proc_printf(text, "%d", current->process->pid);
}

void show_thread_self(struct proc_text *text, const struct proc_about *about)
{
	const struct task *current = current_task(about->machine);

	if (current)
		proc_printf(text, "%d/task/%d", current->process->pid, current->pid);
}
