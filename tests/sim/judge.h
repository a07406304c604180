/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge - the host's own kernel as the judge of ours: a folder in which it does the
 * calls that the guest's kernel does in the guest's root, and what random tests of
 * both kinds share.
 */
#ifndef PW_TESTS_SIM_JUDGE_H
#define PW_TESTS_SIM_JUDGE_H

#include "tests/sim/sim_fixture.h"

#include <stdio.h>

struct judge {
	uint64_t random; /* state */
	char folder[64];
	char step[512]; /* what is being done, for messages */
};

static inline uint32_t judge_random(struct judge *j, uint32_t n)
{
	j->random = j->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(j->random >> 33) % n;
}

/* Both results, -errno or not. */
static inline void judge_agree(const struct judge *j, int64_t guest, int64_t host)
{
	const char *g = guest < 0 ? strerrorname_np((int)-guest) : "success";
	const char *h = host < 0 ? strerrorname_np((int)-host) : "success";

	ck_assert_msg(guest == host, "%s: %ld (%s) here, %ld (%s) in the host's kernel", j->step,
	              (long)guest, g ? g : "?", (long)host, h ? h : "?");
}

/* A path of up to three components. ".." only behind a name, and symlinks only lead
 * down, so that the judge's folder is never left. */
static inline void judge_path(struct judge *j, char path[64])
{
	static const char *const names[] = { "a", "b", "c", "d" };
	int depth = 1 + (int)judge_random(j, 3);

	*path = '\0';
	for (int i = 0; i < depth; i++) {
		strcat(path, i ? "/" : "");
		strcat(path, names[judge_random(j, 4)]);
		if (!judge_random(j, 30))
			strcat(path, "/..");
		if (!judge_random(j, 30))
			strcat(path, "/.");
	}
	if (!judge_random(j, 20))
		strcat(path, "/");
}

/* The folder, and the same few files in it and in the guest's root. */
static inline void judge_open(struct judge *j, struct sim_fixture *f, uint64_t default_seed)
{
	static const char *const files[] = { "a", "b/a", "b/b", "b/c/a", "c/d" };
	static const char *const folders[] = { "b", "c", "b/c" };
	const char *seed = getenv("PW_SEED");
	struct sim_fixture side;

	j->random = seed ? strtoull(seed, NULL, 0) : default_seed;
	printf("# PW_SEED=%llu\n", (unsigned long long)j->random);
	umask(022);
	sim_fixture_make_root(f);
	strcpy(j->folder, "/tmp/pagewalk-judge-XXXXXX");
	ck_assert(mkdtemp(j->folder));
	ck_assert_int_eq(chmod(j->folder, 0755), 0);
	for (int i = 0; i < 2; i++) {
		char path[128];

		strcpy(side.root, i ? j->folder : f->root);
		for (int k = 0; k < 3; k++) {
			snprintf(path, sizeof(path), "%s/%s", side.root, folders[k]);
			ck_assert_int_eq(mkdir(path, 0755), 0);
		}
		for (int k = 0; k < 5; k++)
			sim_fixture_put(&side, files[k], files[k]);
		snprintf(path, sizeof(path), "%s/d", side.root);
		ck_assert_int_eq(symlink("b/c", path), 0);
	}
}

static inline void judge_close(struct judge *j)
{
	struct sim_fixture side;

	strcpy(side.root, j->folder);
	sim_fixture_remove_root(&side);
}

#endif
