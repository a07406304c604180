/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syscall - the system call tables of x86-64 and of i386, and their dispatcher.
 *
 * A handler takes the task and six raw arguments, and returns a value or
 * -errno (of the x86-64 ABI, which is the host's too). The calls of i386 are mostly
 * made by the same handlers: sim/compat.h.
 */
#ifndef PW_SIM_SYSCALL_H
#define PW_SIM_SYSCALL_H

#include "sim/task.h"

typedef int64_t (*syscall_fn)(struct task *task, const uint64_t arg[6]);

struct syscall_entry {
	const char *name;
	syscall_fn fn;     /* NULL: known by name only, ENOSYS */
	const char *forms; /* of i386's arguments, see sim/compat.h; NULL: x86-64 */
	/* How --syscalls prints the arguments, a letter each; strace.c lists them.
	 * NULL: not told, six in hex. */
	const char *format;
};

/* NULL: no such number. */
const struct syscall_entry *syscall_lookup(uint64_t nr);
const struct syscall_entry *syscall32_lookup(uint64_t nr); /* i386's: syscall32.c */

/* fn for each call that was answered with ENOSYS, and how often; those of 32-bit programs
 * are called "i386:socketcall". name is gone when fn returns. */
void syscall_each_unknown(const struct machine *machine,
                          void (*fn)(void *arg, const char *name, uint64_t count), void *arg);

/* The task executed `syscall`: regs are its own, rax gets the result.
 * signal_deliver() must follow before it runs on. */
void syscall_dispatch(struct task *task);
/* The same for a 32-bit task that executed `int $0x80`, or `sysenter`. */
void syscall32_dispatch(struct task *task);
void syscall32_sysenter(struct task *task);

/* The task's last call has blocked (SYSCALL_BLOCK); now that it is awake the handler is
 * to be called again. */
bool syscall_is_unfinished(const struct task *task);
void syscall_resume(struct task *task);

/* A handler that set all registers itself (rt_sigreturn, execve): rax stays. */
#define SYSCALL_REGS_SET INT64_MIN
/* A handler that waits: wait_block() of sim/wait.h. */
#define SYSCALL_BLOCK (INT64_MIN + 1)
/* A handler that was interrupted by a signal. */
#define SYSCALL_EINTR (-4)
/* The same, and the call is made again if there is no handler after all, or (the
 * first) if the handler has SA_RESTART. The guest never sees these values
 * (Linux: ERESTARTSYS, ERESTARTNOHAND). */
#define SYSCALL_ERESTARTSYS (-512)
#define SYSCALL_ERESTARTNOHAND (-514)

/* Handlers, by file. */
/* clang-format off */
#define SYSCALLS_FILE(X) /* sys_file.c, sys_path.c, sys_poll.c */                                  \
	X(read) X(write) X(open) X(close) X(stat) X(fstat) X(lstat) X(poll) X(lseek)               \
	X(ioctl) X(pread64) X(pwrite64) X(readv) X(writev) X(access) X(dup) X(dup2) X(dup3)        \
	X(sendfile) X(fcntl) X(fsync) X(fdatasync) X(truncate) X(ftruncate) X(getdents64)          \
	X(getcwd) X(chdir) X(fchdir) X(rename) X(renameat) X(renameat2) X(mkdir) X(rmdir)          \
	X(creat) X(link) X(unlink) X(symlink) X(readlink) X(chmod) X(fchmod) X(chown)              \
	X(fchown) X(lchown) X(umask) X(openat) X(mkdirat) X(unlinkat) X(newfstatat)                \
	X(readlinkat) X(faccessat) X(faccessat2) X(fchmodat) X(fchownat) X(utimensat)              \
	X(statx) X(statfs) X(fstatfs) X(sync) X(pipe) X(pipe2) X(linkat) X(symlinkat)              \
	X(utimes) X(utime) X(fallocate) X(fadvise64) X(flock) X(copy_file_range)                   \
	X(select) X(pselect6) X(ppoll) X(mknod) X(mknodat) X(preadv) X(pwritev)                    \
	X(close_range) X(fchmodat2)
#define SYSCALLS_XATTR(X) /* sys_xattr.c */                                                        \
	X(getxattr) X(lgetxattr) X(fgetxattr) X(setxattr) X(lsetxattr) X(fsetxattr)                \
	X(removexattr) X(lremovexattr) X(fremovexattr) X(listxattr) X(llistxattr) X(flistxattr)
#define SYSCALLS_PROCESS_VM(X) /* sys_process_vm.c */                                              \
	X(process_vm_readv) X(process_vm_writev)
#define SYSCALLS_MM(X) /* sys_mm.c */                                                              \
	X(mmap) X(munmap) X(mprotect) X(mremap) X(brk) X(madvise) X(msync) X(mincore)              \
	X(mlock) X(munlock) X(mlockall) X(munlockall)
#define SYSCALLS_SHM(X) /* sys_shm.c, sys_memfd.c */                                               \
	X(shmget) X(shmat) X(shmdt) X(shmctl) X(memfd_create)
#define SYSCALLS_NUMA(X) /* sys_numa.c */                                                          \
	X(mbind) X(set_mempolicy) X(get_mempolicy) X(set_mempolicy_home_node) X(migrate_pages)     \
	X(move_pages)
#define SYSCALLS_PROCESS(X) /* sys_process.c */                                                    \
	X(exit) X(exit_group) X(getpid) X(getppid) X(gettid) X(getuid) X(geteuid) X(getgid)        \
	X(getegid) X(getgroups) X(getpgrp) X(getpgid) X(getsid) X(setpgid) X(setsid)               \
	X(uname) X(arch_prctl) X(prctl) X(set_tid_address) X(set_robust_list) X(rseq)              \
	X(futex) X(getrlimit) X(setrlimit) X(prlimit64) X(getrusage) X(sysinfo)                    \
	X(getrandom) X(sched_yield) X(sched_getaffinity) X(getpriority) X(setpriority)             \
	X(times) X(getcpu) X(membarrier) X(wait4) X(waitid) X(execve) X(personality)             \
	X(fork) X(vfork) X(clone) X(clone3) X(setuid) X(setgid) X(setreuid) X(setregid)            \
	X(setresuid) X(setresgid) X(setfsuid) X(setfsgid) X(getresuid) X(getresgid) X(setgroups)               \
	X(capget)
#define SYSCALLS_SIGNAL(X) /* sys_signal.c */                                                      \
	X(rt_sigaction) X(rt_sigprocmask) X(rt_sigreturn) X(rt_sigsuspend) X(rt_sigpending)        \
	X(sigaltstack) X(kill) X(tkill) X(tgkill) X(pause) X(alarm) X(setitimer)                   \
	X(getitimer)
#define SYSCALLS_TIME(X) /* sys_time.c */                                                          \
	X(time) X(gettimeofday) X(clock_gettime) X(clock_getres) X(nanosleep)                      \
	X(clock_nanosleep)
/* clang-format on */

#define X(name) int64_t sys_##name(struct task *task, const uint64_t arg[6]);
SYSCALLS_FILE(X)
SYSCALLS_XATTR(X)
SYSCALLS_PROCESS_VM(X)
SYSCALLS_MM(X)
SYSCALLS_SHM(X)
SYSCALLS_NUMA(X)
SYSCALLS_PROCESS(X)
SYSCALLS_SIGNAL(X)
SYSCALLS_TIME(X)
#undef X

#endif
