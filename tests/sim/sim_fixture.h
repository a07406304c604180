/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim_fixture - a whole machine without a program, over a host folder of the test's
 * own that is the guest's root.
 */
#ifndef PW_TESTS_SIM_FIXTURE_H
#define PW_TESTS_SIM_FIXTURE_H

#include "sim/machine.h"
#include "sim/vfs.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sim_fixture {
	char root[64]; /* the host's name of the guest's root */
	struct machine *machine;
};

/* The folder and nothing in it. */
static inline void sim_fixture_make_root(struct sim_fixture *f)
{
	strcpy(f->root, "/tmp/pagewalk-test-XXXXXX");
	ck_assert(mkdtemp(f->root));
	ck_assert_int_eq(chmod(f->root, 0755), 0);
}

static inline void sim_fixture_boot(struct sim_fixture *f, const char *machine_name,
                                    enum engine_mode mode, const struct vfs_config *vfs)
{
	struct machine_options options = { .engine = mode, .vfs = *vfs };
	struct machine_config config;
	char why[512] = "";

	ck_assert_msg(!machine_config_load(&config, machine_name, NULL, 0, why, sizeof(why)), "%s",
	              why);
	ck_assert_msg(!machine_create(&f->machine, &config, &options, why, sizeof(why)), "%s", why);
}

static inline void sim_fixture_shutdown(struct sim_fixture *f)
{
	machine_destroy(f->machine);
	f->machine = NULL;
}

static inline int sim_fixture_remove(const char *path, const struct stat *st, int type,
                                     struct FTW *ftw)
{
	return remove(path);
}

static inline void sim_fixture_remove_root(struct sim_fixture *f)
{
	char command[128];

	/* A test may have taken the owner's own rights away. */
	snprintf(command, sizeof(command), "chmod -R u+rwX %s", f->root);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(nftw(f->root, sim_fixture_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* A file of the host's, below the root. */
static inline void sim_fixture_put(struct sim_fixture *f, const char *name, const char *content)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->root, name);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	close(fd);
}

#endif
