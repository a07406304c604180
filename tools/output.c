/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/output.h"

#include "tools/options.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0666

/* Things that are no regular files (/dev/null, a pipe) are written as they are. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode);
}

/* A file without a name in the folder of path: nothing to clean up if we die. */
static int open_nameless(const char *path)
{
	char *copy = strdup(path);
	int fd;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, MODE);
	if (fd < 0)
		fd = -errno;
	free(copy);
	return fd;
}

/* For file systems that know no O_TMPFILE. */
static int open_temporary(struct output *output)
{
	int fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);

	if (fd < 0)
		return -errno;
	return fd;
}

static int open_fd(struct output *output)
{
	int fd;

	if (is_special(output->path)) {
		output->kind = OUTPUT_IN_PLACE;
		fd = open(output->path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		return fd;
	}
	if (!access(output->path, F_OK) && access(output->path, W_OK))
		return -errno; /* write-protected: rename(2) would not mind */
	output->kind = OUTPUT_NAMELESS;
	fd = open_nameless(output->path);
	if (fd != -EOPNOTSUPP && fd != -EISDIR && fd != -ENOENT)
		return fd;
	output->kind = OUTPUT_TEMPORARY;
	return open_temporary(output);
}

static void forget(struct output *output)
{
	free(output->path);
	free(output->temporary);
	*output = (struct output){ 0 };
}

/* The name that a file has until it is complete, malloc'ed. */
static char *temporary_name(const char *path, pid_t pid)
{
	char *name;

	return asprintf(&name, "%s.%d.tmp", path, (int)pid) < 0 ? NULL : name;
}

int output_open(struct output *output, const char *path)
{
	int fd;

	*output = (struct output){ .kind = OUTPUT_IN_PLACE };
	if (!strcmp(path, "-")) {
		output->file = stdout;
		return 0;
	}
	output->path = strdup(path);
	output->temporary = temporary_name(path, getpid());
	if (!output->path || !output->temporary) {
		forget(output);
		return -ENOMEM;
	}
	fd = open_fd(output);
	if (fd >= 0)
		output->file = fdopen(fd, "w");
	if (!output->file) {
		int err = fd < 0 ? fd : -errno;

		if (fd >= 0)
			close(fd);
		forget(output);
		return err;
	}
	return 0;
}

/* Names the nameless: link(2) does not replace, so by way of the temporary name. */
static int give_name(const struct output *output)
{
	char fd_path[64];

	if (output->kind == OUTPUT_IN_PLACE)
		return 0;
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fileno(output->file));
	if (output->kind == OUTPUT_NAMELESS &&
	    linkat(AT_FDCWD, fd_path, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW))
		return -errno;
	if (rename(output->temporary, output->path)) {
		int err = -errno;

		unlink(output->temporary);
		return err;
	}
	return 0;
}

int output_commit(struct output *output)
{
	int err = 0;

	if (!output->file)
		return 0;
	if (fflush(output->file) || ferror(output->file))
		err = errno ? -errno : -EIO;
	if (!err)
		err = give_name(output);
	if (err) {
		output_abandon(output);
		return err;
	}
	if (output->file != stdout && fclose(output->file))
		err = -errno;
	forget(output);
	return err;
}

void output_abandon(struct output *output)
{
	if (!output->file)
		return;
	if (output->kind == OUTPUT_TEMPORARY)
		unlink(output->temporary);
	if (output->file != stdout)
		fclose(output->file);
	forget(output);
}

void output_clean_up(const char *path, pid_t pid)
{
	char *name = temporary_name(path, pid);

	if (name)
		unlink(name);
	free(name);
}

int output_open_for(struct output *output, const char *option, const char *path)
{
	int err = path ? output_open(output, path) : 0;

	return err ? complain("%s %s: %s", option, path, strerror(-err)) : 0;
}

int output_commit_for(struct output *output, const char *option, const char *path)
{
	int err = output_commit(output);

	return err ? complain("%s %s: %s", option, path, strerror(-err)) : 0;
}
