/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/swap_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIGNATURE "SWAPSPACE2" /* the last bytes of the header page (mkswap) */
#define SIGNATURE_BYTES 10

struct swap_disk {
	struct swap_device device; /* must be first */
	int fd;
	char *name;
};

static int swap_disk_fd(const struct swap_device *device)
{
	return ((const struct swap_disk *)device)->fd;
}

static int read_slot(struct swap_device *device, uint64_t slot, void *data)
{
	uint64_t done = 0;

	while (done < PAGE_SIZE) {
		ssize_t n = pread(swap_disk_fd(device), (uint8_t *)data + done, PAGE_SIZE - done,
		                  (off_t)(slot * PAGE_SIZE + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (uint64_t)n;
	}
	return 0;
}

static int write_slot(struct swap_device *device, uint64_t slot, const void *data)
{
	uint64_t done = 0;

	while (done < PAGE_SIZE) {
		ssize_t n = pwrite(swap_disk_fd(device), (const uint8_t *)data + done,
		                   PAGE_SIZE - done, (off_t)(slot * PAGE_SIZE + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (uint64_t)n;
	}
	return 0;
}

/* ---- opening ---- */

static int fail(char *why, size_t why_size, const char *path, const char *what, int error)
{
	snprintf(why, why_size, "%s: %s", path, what ? what : strerror(-error));
	return error;
}

static int open_temporary(char *name, size_t name_size)
{
	const char *folder = getenv("TMPDIR");
	int fd;

	snprintf(name, name_size, "%s/pagewalk-swap-XXXXXX", folder && *folder ? folder : "/tmp");
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

static bool has_signature(int fd)
{
	char signature[SIGNATURE_BYTES];

	return pread(fd, signature, sizeof(signature), PAGE_SIZE - SIGNATURE_BYTES) ==
	           SIGNATURE_BYTES &&
	       !memcmp(signature, SIGNATURE, SIGNATURE_BYTES);
}

/* What the user named must be fit to be overwritten. A symlink is not followed: who
 * could plant one would have us write elsewhere. NULL: fit. */
static const char *why_unfit(int fd, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_nlink > 1)
		return "has several names (hard links); refused";
	if (st->st_size && !has_signature(fd))
		return "holds data that is no swap area; remove it first";
	return NULL;
}

static int open_named(const char *path, bool *is_new, char *why, size_t why_size)
{
	int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	int fd = open(path, flags | O_CREAT | O_EXCL, 0600);
	const char *unfit;
	struct stat st;

	*is_new = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, flags);
	if (fd < 0)
		return fail(why, why_size, path,
		            errno == ELOOP ? "is a symbolic link; name the file itself" : NULL,
		            -errno);
	unfit = fstat(fd, &st) ? strerror(errno) : why_unfit(fd, &st);
	if (!unfit)
		return fd;
	close(fd);
	return fail(why, why_size, path, unfit, -EINVAL);
}

/* The file is size_bytes long, every block its own. */
static int allocate(int fd, uint64_t size_bytes)
{
	if (ftruncate(fd, (off_t)size_bytes))
		return -errno;
	return -posix_fallocate(fd, 0, (off_t)size_bytes);
}

static struct swap_disk *create(int fd, const char *name, uint64_t size_bytes)
{
	struct swap_disk *disk = calloc(1, sizeof(*disk));

	if (!disk)
		return NULL;
	disk->name = strdup(name);
	if (!disk->name) {
		free(disk);
		return NULL;
	}
	disk->fd = fd;
	disk->device = (struct swap_device){
		.name = disk->name,
		.nr_pages = size_bytes / PAGE_SIZE,
		.read = read_slot,
		.write = write_slot,
	};
	return disk;
}

int swap_disk_open(struct swap_device **out, const char *path, uint64_t size_bytes, char *why,
                   size_t why_size)
{
	char temporary[4096];
	const char *name = path ? path : "(temporary)";
	struct swap_disk *disk = NULL;
	struct stat st;
	bool is_new = false;
	int fd, error;

	size_bytes &= PAGE_MASK;
	if (path)
		fd = open_named(path, &is_new, why, why_size);
	else
		fd = open_temporary(temporary, sizeof(temporary));
	if (fd < 0)
		return path ? fd : fail(why, why_size, temporary, NULL, fd);
	error = fstat(fd, &st) ? -errno : allocate(fd, size_bytes);
	if (!error) {
		disk = create(fd, name, size_bytes);
		error = disk ? 0 : -ENOMEM;
	}
	if (error) {
		if (is_new)
			unlink(path);
		else if (path && ftruncate(fd, st.st_size))
			error = -errno; /* as good as it gets: the old size */
		close(fd);
		return fail(why, why_size, path ? path : temporary, NULL, error);
	}
	*out = &disk->device;
	return 0;
}

void swap_disk_close(struct swap_device *device)
{
	struct swap_disk *disk = (struct swap_disk *)device;

	if (!disk)
		return;
	close(disk->fd);
	free(disk->name);
	free(disk);
}
