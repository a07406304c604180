// SPDX-License-Identifier: GPL-2.0-or-later
/* The system call table, and the way into a handler and back. */
#include "sim/syscall.h"

#include "sim/compat.h"
#include "sim/machine.h"
#include "sim/strace.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <string.h>

/* All numbers of Linux 6.18's x86-64 table
 * (arch/x86/entry/syscalls/syscall_64.tbl). S: built; N: known by name. */
#define S(nr, call, how) [nr] = { .name = #call, .fn = sys_##call, .format = how },
#define N(nr, call, how) [nr] = { .name = #call, .format = how },
/* clang-format off */
static const struct syscall_entry table[] = {
	S(0, read, "fru")
	S(1, write, "fbu")
	S(2, open, "som")
	S(3, close, "f")
	S(4, stat, "sp")
	S(5, fstat, "fp")
	S(6, lstat, "sp")
	S(7, poll, "pud")
	S(8, lseek, "fdw")
	S(9, mmap, "zuPMfx>x")
	S(10, mprotect, "zuP")
	S(11, munmap, "zu")
	S(12, brk, "z>x")
	S(13, rt_sigaction, "Szzu")
	S(14, rt_sigprocmask, "hzzu")
	S(15, rt_sigreturn, "")
	S(16, ioctl, "fip")
	S(17, pread64, "frud")
	S(18, pwrite64, "fbud")
	S(19, readv, "fpu")
	S(20, writev, "fpu")
	S(21, access, "sa")
	S(22, pipe, "t")
	S(23, select, "dzzzz")
	S(24, sched_yield, "")
	S(25, mremap, "zuuxz>x")
	S(26, msync, "zux")
	S(27, mincore, "zup")
	S(28, madvise, "zuv")
	S(29, shmget, "dux")
	S(30, shmat, "dzx>x")
	S(31, shmctl, "ddz")
	S(32, dup, "f")
	S(33, dup2, "ff")
	S(34, pause, "")
	S(35, nanosleep, "pz")
	S(36, getitimer, "Tp")
	S(37, alarm, "u")
	S(38, setitimer, "Tpz")
	S(39, getpid, "")
	S(40, sendfile, "ffzu")
	N(41, socket, "ddd")
	N(42, connect, "fpd")
	N(43, accept, NULL)
	N(44, sendto, NULL)
	N(45, recvfrom, NULL)
	N(46, sendmsg, NULL)
	N(47, recvmsg, NULL)
	N(48, shutdown, NULL)
	N(49, bind, NULL)
	N(50, listen, NULL)
	N(51, getsockname, NULL)
	N(52, getpeername, NULL)
	N(53, socketpair, NULL)
	N(54, setsockopt, NULL)
	N(55, getsockopt, NULL)
	S(56, clone, "xzzzz")
	S(57, fork, "")
	S(58, vfork, "")
	S(59, execve, "!sAp")
	S(60, exit, "d")
	S(61, wait4, "dzxz")
	S(62, kill, "dS")
	S(63, uname, "p")
	N(64, semget, NULL)
	N(65, semop, NULL)
	N(66, semctl, NULL)
	S(67, shmdt, "z")
	N(68, msgget, NULL)
	N(69, msgsnd, NULL)
	N(70, msgrcv, NULL)
	N(71, msgctl, NULL)
	S(72, fcntl, "fcx")
	S(73, flock, "fd")
	S(74, fsync, "f")
	S(75, fdatasync, "f")
	S(76, truncate, "su")
	S(77, ftruncate, "fu")
	N(78, getdents, "fpu")
	S(79, getcwd, "lu")
	S(80, chdir, "s")
	S(81, fchdir, "f")
	S(82, rename, "ss")
	S(83, mkdir, "sm")
	S(84, rmdir, "s")
	S(85, creat, "sm")
	S(86, link, "ss")
	S(87, unlink, "s")
	S(88, symlink, "ss")
	S(89, readlink, "sru")
	S(90, chmod, "sm")
	S(91, fchmod, "fm")
	S(92, chown, "sdd")
	S(93, fchown, "fdd")
	S(94, lchown, "sdd")
	S(95, umask, "m")
	S(96, gettimeofday, "pz")
	S(97, getrlimit, "Rp")
	S(98, getrusage, "Up")
	S(99, sysinfo, "p")
	S(100, times, "z")
	N(101, ptrace, NULL)
	S(102, getuid, "")
	N(103, syslog, NULL)
	S(104, getgid, "")
	S(105, setuid, "d")
	S(106, setgid, "d")
	S(107, geteuid, "")
	S(108, getegid, "")
	S(109, setpgid, "dd")
	S(110, getppid, "")
	S(111, getpgrp, "")
	S(112, setsid, "")
	S(113, setreuid, "dd")
	S(114, setregid, "dd")
	S(115, getgroups, "dz")
	S(116, setgroups, "up")
	S(117, setresuid, "ddd")
	S(118, getresuid, "ppp")
	S(119, setresgid, "ddd")
	S(120, getresgid, "ppp")
	S(121, getpgid, "d")
	S(122, setfsuid, "d")
	S(123, setfsgid, "d")
	S(124, getsid, "d")
	S(125, capget, "pz")
	N(126, capset, NULL)
	S(127, rt_sigpending, "pu")
	N(128, rt_sigtimedwait, NULL)
	N(129, rt_sigqueueinfo, NULL)
	S(130, rt_sigsuspend, "pu")
	S(131, sigaltstack, "zz")
	S(132, utime, "sp")
	S(133, mknod, "smx")
	N(134, uselib, NULL)
	S(135, personality, "x")
	N(136, ustat, NULL)
	S(137, statfs, "sp")
	S(138, fstatfs, "fp")
	N(139, sysfs, NULL)
	S(140, getpriority, "dd")
	S(141, setpriority, "ddd")
	N(142, sched_setparam, NULL)
	N(143, sched_getparam, NULL)
	N(144, sched_setscheduler, NULL)
	N(145, sched_getscheduler, NULL)
	N(146, sched_get_priority_max, NULL)
	N(147, sched_get_priority_min, NULL)
	N(148, sched_rr_get_interval, NULL)
	S(149, mlock, "zu")
	S(150, munlock, "zu")
	S(151, mlockall, "x")
	S(152, munlockall, "")
	N(153, vhangup, NULL)
	N(154, modify_ldt, NULL)
	N(155, pivot_root, NULL)
	N(156, _sysctl, NULL)
	S(157, prctl, "dxxxx")
	S(158, arch_prctl, "Gx")
	N(159, adjtimex, NULL)
	S(160, setrlimit, "Rp")
	N(161, chroot, NULL)
	S(162, sync, "")
	N(163, acct, NULL)
	N(164, settimeofday, NULL)
	N(165, mount, NULL)
	N(166, umount2, NULL)
	N(167, swapon, NULL)
	N(168, swapoff, NULL)
	N(169, reboot, NULL)
	N(170, sethostname, NULL)
	N(171, setdomainname, NULL)
	N(172, iopl, NULL)
	N(173, ioperm, NULL)
	N(174, create_module, NULL)
	N(175, init_module, NULL)
	N(176, delete_module, NULL)
	N(177, get_kernel_syms, NULL)
	N(178, query_module, NULL)
	N(179, quotactl, NULL)
	N(180, nfsservctl, NULL)
	N(181, getpmsg, NULL)
	N(182, putpmsg, NULL)
	N(183, afs_syscall, NULL)
	N(184, tuxcall, NULL)
	N(185, security, NULL)
	S(186, gettid, "")
	N(187, readahead, NULL)
	S(188, setxattr, "ssbud")
	S(189, lsetxattr, "ssbud")
	S(190, fsetxattr, "fsbud")
	S(191, getxattr, "ssru")
	S(192, lgetxattr, "ssru")
	S(193, fgetxattr, "fsru")
	S(194, listxattr, "sru")
	S(195, llistxattr, "sru")
	S(196, flistxattr, "fru")
	S(197, removexattr, "ss")
	S(198, lremovexattr, "ss")
	S(199, fremovexattr, "fs")
	S(200, tkill, "dS")
	S(201, time, "z")
	S(202, futex, "pduzzx")
	N(203, sched_setaffinity, NULL)
	S(204, sched_getaffinity, "dup")
	N(205, set_thread_area, NULL)
	N(206, io_setup, NULL)
	N(207, io_destroy, NULL)
	N(208, io_getevents, NULL)
	N(209, io_submit, NULL)
	N(210, io_cancel, NULL)
	N(211, get_thread_area, NULL)
	N(212, lookup_dcookie, NULL)
	N(213, epoll_create, NULL)
	N(214, epoll_ctl_old, NULL)
	N(215, epoll_wait_old, NULL)
	N(216, remap_file_pages, NULL)
	S(217, getdents64, "fpu")
	S(218, set_tid_address, "p")
	N(219, restart_syscall, NULL)
	N(220, semtimedop, NULL)
	S(221, fadvise64, "fddd")
	N(222, timer_create, NULL)
	N(223, timer_settime, NULL)
	N(224, timer_gettime, NULL)
	N(225, timer_getoverrun, NULL)
	N(226, timer_delete, NULL)
	N(227, clock_settime, NULL)
	S(228, clock_gettime, "Cp")
	S(229, clock_getres, "Cz")
	S(230, clock_nanosleep, "Cdpz")
	S(231, exit_group, "d")
	N(232, epoll_wait, NULL)
	N(233, epoll_ctl, NULL)
	S(234, tgkill, "ddS")
	S(235, utimes, "sz")
	N(236, vserver, NULL)
	S(237, mbind, "zuxzux")
	S(238, set_mempolicy, "xzu")
	S(239, get_mempolicy, "zzuzx")
	N(240, mq_open, NULL)
	N(241, mq_unlink, NULL)
	N(242, mq_timedsend, NULL)
	N(243, mq_timedreceive, NULL)
	N(244, mq_notify, NULL)
	N(245, mq_getsetattr, NULL)
	N(246, kexec_load, NULL)
	S(247, waitid, "ddpxz")
	N(248, add_key, NULL)
	N(249, request_key, NULL)
	N(250, keyctl, NULL)
	N(251, ioprio_set, NULL)
	N(252, ioprio_get, NULL)
	N(253, inotify_init, NULL)
	N(254, inotify_add_watch, NULL)
	N(255, inotify_rm_watch, NULL)
	S(256, migrate_pages, "duzz")
	S(257, openat, "fsom")
	S(258, mkdirat, "fsm")
	S(259, mknodat, "fsmx")
	S(260, fchownat, "fsdd@")
	N(261, futimesat, NULL)
	S(262, newfstatat, "fsp@")
	S(263, unlinkat, "fs@")
	S(264, renameat, "fsfs")
	S(265, linkat, "fsfs@")
	S(266, symlinkat, "sfs")
	S(267, readlinkat, "fsru")
	S(268, fchmodat, "fsm")
	S(269, faccessat, "fsa")
	S(270, pselect6, "dzzzzz")
	S(271, ppoll, "pupzu")
	N(272, unshare, NULL)
	S(273, set_robust_list, "pu")
	N(274, get_robust_list, NULL)
	N(275, splice, NULL)
	N(276, tee, NULL)
	N(277, sync_file_range, NULL)
	N(278, vmsplice, NULL)
	S(279, move_pages, "duzzzx")
	S(280, utimensat, "fsz@")
	N(281, epoll_pwait, NULL)
	N(282, signalfd, NULL)
	N(283, timerfd_create, NULL)
	N(284, eventfd, NULL)
	S(285, fallocate, "fdud")
	N(286, timerfd_settime, NULL)
	N(287, timerfd_gettime, NULL)
	N(288, accept4, NULL)
	N(289, signalfd4, NULL)
	N(290, eventfd2, NULL)
	N(291, epoll_create1, NULL)
	S(292, dup3, "ffo")
	S(293, pipe2, "to")
	N(294, inotify_init1, NULL)
	S(295, preadv, "fpud")
	S(296, pwritev, "fpud")
	N(297, rt_tgsigqueueinfo, NULL)
	N(298, perf_event_open, NULL)
	N(299, recvmmsg, NULL)
	N(300, fanotify_init, NULL)
	N(301, fanotify_mark, NULL)
	S(302, prlimit64, "dRzz")
	N(303, name_to_handle_at, NULL)
	N(304, open_by_handle_at, NULL)
	N(305, clock_adjtime, NULL)
	N(306, syncfs, NULL)
	N(307, sendmmsg, NULL)
	N(308, setns, NULL)
	S(309, getcpu, "zzz")
	S(310, process_vm_readv, "dpupuu")
	S(311, process_vm_writev, "dpupuu")
	N(312, kcmp, NULL)
	N(313, finit_module, NULL)
	N(314, sched_setattr, NULL)
	N(315, sched_getattr, NULL)
	S(316, renameat2, "fsfsx")
	N(317, seccomp, NULL)
	S(318, getrandom, "rug")
	S(319, memfd_create, "sx")
	N(320, kexec_file_load, NULL)
	N(321, bpf, NULL)
	N(322, execveat, NULL)
	N(323, userfaultfd, NULL)
	S(324, membarrier, "dxd")
	N(325, mlock2, NULL)
	S(326, copy_file_range, "fzfzux")
	N(327, preadv2, NULL)
	N(328, pwritev2, NULL)
	N(329, pkey_mprotect, NULL)
	N(330, pkey_alloc, NULL)
	N(331, pkey_free, NULL)
	S(332, statx, "fs@xp")
	N(333, io_pgetevents, NULL)
	S(334, rseq, "puxx")
	N(424, pidfd_send_signal, NULL)
	N(425, io_uring_setup, NULL)
	N(426, io_uring_enter, NULL)
	N(427, io_uring_register, NULL)
	N(428, open_tree, NULL)
	N(429, move_mount, NULL)
	N(430, fsopen, NULL)
	N(431, fsconfig, NULL)
	N(432, fsmount, NULL)
	N(433, fspick, NULL)
	N(434, pidfd_open, NULL)
	S(435, clone3, "pu")
	S(436, close_range, "ddx")
	N(437, openat2, NULL)
	N(438, pidfd_getfd, NULL)
	S(439, faccessat2, "fsa@")
	N(440, process_madvise, NULL)
	N(441, epoll_pwait2, NULL)
	N(442, mount_setattr, NULL)
	N(443, quotactl_fd, NULL)
	N(444, landlock_create_ruleset, NULL)
	N(445, landlock_add_rule, NULL)
	N(446, landlock_restrict_self, NULL)
	N(447, memfd_secret, NULL)
	N(448, process_mrelease, NULL)
	N(449, futex_waitv, NULL)
	S(450, set_mempolicy_home_node, "zuux")
	N(451, cachestat, NULL)
	S(452, fchmodat2, "fsmx")
	N(453, map_shadow_stack, NULL)
	N(454, futex_wake, NULL)
	N(455, futex_wait, NULL)
	N(456, futex_requeue, NULL)
	N(457, statmount, NULL)
	N(458, listmount, NULL)
	N(459, lsm_get_self_attr, NULL)
	N(460, lsm_set_self_attr, NULL)
	N(461, lsm_list_modules, NULL)
	N(462, mseal, NULL)
	N(463, setxattrat, NULL)
	N(464, getxattrat, NULL)
	N(465, listxattrat, NULL)
	N(466, removexattrat, NULL)
	N(467, open_tree_attr, NULL)
	N(468, file_getattr, NULL)
	N(469, file_setattr, NULL)
};
/* clang-format on */
#undef S
#undef N

const struct syscall_entry *syscall_lookup(uint64_t nr)
{
	if (nr >= sizeof(table) / sizeof(table[0]) || !table[nr].name)
		return NULL;
	return &table[nr];
}

static void count(struct task *task, uint64_t nr, const struct syscall_entry *entry)
{
	struct machine *machine = task->machine;
	const uint64_t last = NR_COUNTED_SYSCALLS - 1;
	uint64_t *unknown =
	    task->regs.is_32 ? machine->nr_unknown_syscalls32 : machine->nr_unknown_syscalls;

	task->report->nr_syscalls++;
	machine->nr_syscalls++;
	if (!entry || !entry->fn)
		unknown[nr < last ? nr : last]++;
	event_raise(&machine->events,
	            &(struct event){ .kind = EVENT_SYSCALL, .ip = task->regs.ip, .arg = nr });
}

static void each_unknown(const uint64_t *counts, const char *abi,
                         const struct syscall_entry *(*look_up)(uint64_t nr),
                         void (*fn)(void *arg, const char *name, uint64_t count), void *arg)
{
	char name[64];

	for (size_t nr = 0; nr < NR_COUNTED_SYSCALLS; nr++) {
		const struct syscall_entry *entry = look_up(nr);

		if (!counts[nr])
			continue;
		if (entry)
			snprintf(name, sizeof(name), "%s%s", abi, entry->name);
		else
			snprintf(name, sizeof(name), "%s%zu", abi, nr);
		fn(arg, name, counts[nr]);
	}
}

void syscall_each_unknown(const struct machine *machine,
                          void (*fn)(void *arg, const char *name, uint64_t count), void *arg)
{
	each_unknown(machine->nr_unknown_syscalls, "", syscall_lookup, fn, arg);
	each_unknown(machine->nr_unknown_syscalls32, "i386:", syscall32_lookup, fn, arg);
}

static int64_t run_handler(struct task *task, const struct syscall_entry *entry,
                           const uint64_t arg[6])
{
	if (!entry || !entry->fn)
		return -ENOSYS;
	return entry->forms ? compat_make_call(task, entry->fn, entry->forms, arg)
	                    : entry->fn(task, arg);
}

/* The task may be gone afterwards, or run another program: then rax is not the
 * call's to set. */
static int64_t call(struct task *task, const struct syscall_entry *entry, const uint64_t arg[6])
{
	int64_t result = run_handler(task, entry, arg);

	if (result == SYSCALL_BLOCK) {
		task->state = TASK_SLEEPING;
		return result;
	}
	wait_end(task);
	if (result == SYSCALL_REGS_SET)
		task->syscall_nr = -1;
	if (task->state != TASK_RUNNING || result == SYSCALL_REGS_SET)
		return result;
	x86_regs_set_result(&task->regs, result);
	task->regs_changed = true;
	return result;
}

/* The call with its arguments, for the first time or again; --syscalls shows it when it
 * is done. */
static void make_call(struct task *task, uint64_t nr, const struct syscall_entry *entry,
                      const uint64_t arg[6], struct strace_line *line)
{
	FILE *out = task->machine->options.syscalls;
	int64_t result = call(task, entry, arg);

	if (result == SYSCALL_BLOCK) {
		task->wait.entry = entry;
		memcpy(task->wait.arg, arg, sizeof(task->wait.arg));
	} else if (out) {
		strace_leave(line, out, task, nr, entry, arg, result);
	}
}

static void dispatch(struct task *task, uint64_t nr, const struct syscall_entry *entry,
                     const uint64_t arg[6])
{
	struct strace_line line;

	task->regs_changed = true;
	task->syscall_nr = (int64_t)nr;
	count(task, nr, entry);
	if (task->machine->options.syscalls)
		strace_enter(&line, task, nr, entry, arg);
	make_call(task, nr, entry, arg, &line);
}

bool syscall_is_unfinished(const struct task *task)
{
	return task->wait.entry != NULL;
}

void syscall_resume(struct task *task)
{
	const struct syscall_entry *entry = task->wait.entry;
	struct strace_line line = { .len = 0 };
	uint64_t arg[6];

	memcpy(arg, task->wait.arg, sizeof(arg));
	task->wait.entry = NULL;
	task->wait.again = true;
	make_call(task, (uint64_t)task->syscall_nr, entry, arg, &line);
}

void syscall_dispatch(struct task *task)
{
	struct x86_regs *regs = &task->regs;
	/* The kernel's own clobbers: `syscall` leaves ip and flags in rcx and r11. */
	const uint64_t nr = (uint32_t)regs->gpr[REG_AX];
	const uint64_t arg[6] = { regs->gpr[REG_DI], regs->gpr[REG_SI], regs->gpr[REG_DX],
		                  regs->gpr[REG_10], regs->gpr[REG_8],  regs->gpr[REG_9] };

	regs->gpr[REG_CX] = regs->ip;
	regs->gpr[REG_11] = regs->flags;
	dispatch(task, nr, syscall_lookup(nr), arg);
}

void syscall32_dispatch(struct task *task)
{
	const struct x86_regs *regs = &task->regs;
	const uint64_t nr = (uint32_t)regs->gpr[REG_AX];
	const uint64_t arg[6] = { (uint32_t)regs->gpr[REG_BX], (uint32_t)regs->gpr[REG_CX],
		                  (uint32_t)regs->gpr[REG_DX], (uint32_t)regs->gpr[REG_SI],
		                  (uint32_t)regs->gpr[REG_DI], (uint32_t)regs->gpr[REG_BP] };

	dispatch(task, nr, syscall32_lookup(nr), arg);
}

/* The vDSO has left its stack pointer in ebp and the sixth argument there (Linux:
 * do_fast_syscall_32()). */
void syscall32_sysenter(struct task *task)
{
	struct x86_regs *regs = &task->regs;
	uint32_t sixth;

	regs->gpr[REG_SP] = (uint32_t)regs->gpr[REG_BP];
	regs->ip = task->mm->vdso + VDSO32_LANDING_PAD;
	regs->flags |= X86_FLAGS_IF;
	task->regs_changed = true;
	if (copy_from_user(task, &sixth, regs->gpr[REG_BP], sizeof(sixth))) {
		x86_regs_set_result(regs, -EFAULT);
		return;
	}
	regs->gpr[REG_BP] = sixth;
	syscall32_dispatch(task);
}
