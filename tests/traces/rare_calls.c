/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rare_calls - a guest that asks of the memory manager what others do not: advice on files,
 * files that are written back, a home node, locks, settings (which only root may), device memory;
 * then a thread, not the first, runs the program anew, which ends at once.
 *
 *	rare_calls ITS_PATH FILE
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BYTES (1024 * 4096) /* of a file that is read: all there is on a small machine */
#define SYS_set_mempolicy_home_node_ 450
#define MPOL_BIND_ 2

static const char *self;

static void change_mapped(int fd)
{
	char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		exit(1);
	memory[0] = 1;
	if (msync(memory, 4096, MS_SYNC))
		exit(1);
	munmap(memory, 4096);
}

static void read_all(int fd)
{
	char bytes[1000];

	lseek(fd, 0, SEEK_SET);
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

static void use_file(const char *path)
{
	static char bytes[BYTES];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, sizeof(bytes)) != BYTES || fsync(fd))
		exit(1);
	change_mapped(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
	read_all(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	read_all(fd);
	if (ftruncate(fd, 100) || ftruncate(fd, 200)) /* in a page that is cached */
		exit(1);
	close(fd);
	unlink(path);
}

static char *map(size_t bytes)
{
	char *memory =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		exit(1);
	return memory;
}

/* Not on a small machine, where nobody may. */
static void use_locks(void)
{
	char *memory = map(BYTES / 16);

	if (mlock(memory, BYTES / 32) || munlock(memory, BYTES / 64) || mlockall(MCL_FUTURE))
		perror("mlock");
	memory = map(BYTES / 16); /* locked from the beginning */
	munlock(memory, BYTES / 64);
	munlockall();
}

/* A kernel without NUMA does not know either. */
static void use_node(void)
{
	unsigned long nodes = 0xf;
	char *memory = map(BYTES);

	syscall(SYS_mbind, memory, BYTES, MPOL_BIND_, &nodes, 64, 0);
	syscall(SYS_set_mempolicy_home_node_, memory, BYTES, 2, 0);
	memset(memory, 1, BYTES);
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void read_from(const char *path)
{
	char bytes[16];
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return;
	if (read(fd, bytes, sizeof(bytes)) <= 0)
		perror(path);
	close(fd);
}

static void use_kernel_files(void)
{
	write_to("/proc/self/clear_refs", "1");
	write_to("/proc/sys/vm/min_free_kbytes", "1000");
	write_to("/proc/sys/vm/lowmem_reserve_ratio", "2 2");
	write_to("/proc/sys/vm/drop_caches", "3");
	read_from("/proc/self/cmdline");
	read_from("/dev/framecounter");
}

static void *run_anew(void *unused)
{
	char name[] = "rare_calls", *const argv[] = { name, NULL }, *const envp[] = { NULL };

	execve(self, argv, envp);
	exit(1);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 3) /* it is anew */
		return 0;
	self = argv[1];
	use_file(argv[2]);
	use_node();
	use_locks();
	use_kernel_files();
	if (pthread_create(&thread, NULL, run_anew, NULL))
		return 1;
	pthread_join(thread, NULL); /* which never comes back */
	return 1;
}
