/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc and /sys as file systems, and their texts. The judge of formats is the kernel
 * that the test runs on: each name that we print has to be one of its own, in its
 * order, with the value in its column.
 */
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "sim/procfs.h"
#include "tests/run_suite.h"
#include "tests/sim/sim_fixture.h"

static struct sim_fixture f;
static struct task *task;

static void boot(const char *machine_name)
{
	const struct vfs_config config = { f.root, NULL, -1, -1, -1 };

	sim_fixture_make_root(&f);
	sim_fixture_boot(&f, machine_name, ENGINE_FAULTS, &config);
	ck_assert_int_eq(task_create(&task, f.machine, "/"), 0);
}

static void setup(void)
{
	boot("teaching");
}

static void teardown(void)
{
	sim_fixture_shutdown(&f);
	sim_fixture_remove_root(&f);
}

/* ---- reading and writing ---- */

/* Bytes at pos, or -errno. */
static int64_t read_at(const char *path, void *buffer, uint64_t len, int64_t pos)
{
	const struct io_segment segment = { (uintptr_t)buffer, len };
	struct open_file *file;
	struct io_iter iter;
	int64_t done;
	int error = vfs_open(f.machine->vfs, "/", path, O_RDONLY, 0, &file);

	if (error)
		return error;
	io_iter_init(&iter, NULL, &segment, 1);
	done = open_file_read(file, &iter, &pos);
	vfs_close(file);
	return done;
}

static char *text_of(const char *path)
{
	static char text[1 << 16];
	int64_t len = read_at(path, text, sizeof(text) - 1, 0);

	ck_assert_msg(len >= 0, "%s: %ld", path, (long)len);
	text[len] = '\0';
	return text;
}

static int64_t write_to(const char *path, const char *text)
{
	const struct io_segment segment = { (uintptr_t)text, strlen(text) };
	struct open_file *file;
	struct io_iter iter;
	int64_t pos = 0, done;
	int error = vfs_open(f.machine->vfs, "/", path, O_WRONLY | O_TRUNC, 0, &file);

	if (error)
		return error;
	io_iter_init(&iter, NULL, &segment, 1);
	done = open_file_write(file, NULL, &iter, &pos);
	vfs_close(file);
	return done;
}

/* "a b c" of a directory, in its order. */
static char *names_in(const char *path)
{
	static char names[8192];
	struct dir_list list = { 0 };
	struct inode *inode;

	ck_assert_int_eq(vfs_lookup(f.machine->vfs, NULL, path, WALK_FOLLOW, &inode), 0);
	ck_assert_int_eq(inode->ops->list(inode, &list), 0);
	names[0] = '\0';
	for (size_t i = 0; i < list.nr; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? " " : "",
		         list.names[i].name);
	dir_list_finish(&list);
	inode_put(inode);
	return names;
}

static bool exists(const char *path)
{
	struct inode *inode;

	if (vfs_lookup(f.machine->vfs, NULL, path, WALK_FOLLOW, &inode))
		return false;
	inode_put(inode);
	return true;
}

/* ---- formats ---- */

static char *host_text(const char *path)
{
	static char text[1 << 16];
	FILE *file = fopen(path, "r");
	size_t len;

	if (!file)
		return NULL;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	return text;
}

/* Up to and with the colon, or the first word. "Node 0 " is part of the name. */
static size_t name_length(const char *line)
{
	size_t skip = strncmp(line, "Node ", 5) ? 0 : 5 + strcspn(line + 5, " ") + 1;
	size_t len = strcspn(line + skip, ": \t\n");

	return skip + len + (line[skip + len] == ':');
}

/* Where the value ends that stands behind the name. */
static size_t value_end(const char *line)
{
	size_t at = name_length(line);

	while (line[at] == ' ' || line[at] == '\t')
		at++;
	return at + strcspn(line + at, " \n");
}

static const char *find_line(const char *text, const char *like)
{
	size_t len = name_length(like);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (name_length(line) == len && !strncmp(line, like, len))
			return line;
	}
	return NULL;
}

/* Each of our lines is one of the host's, further down than the one before. */
static void check_format(const char *path, const char *host_path, bool right_aligned)
{
	const char *host = host_text(host_path), *at = host;
	char *ours = strdup(text_of(path)), *rest = ours;
	const char *line;

	ck_assert_ptr_nonnull(ours);
	while (host && (line = strsep(&rest, "\n")) && *line) {
		const char *same = find_line(at, line);

		ck_assert_msg(same != NULL,
		              "%s: \"%s\" is none of the kernel's lines, or not in "
		              "its place",
		              path, line);
		if (right_aligned)
			ck_assert_msg(value_end(line) == value_end(same),
			              "%s: \"%s\", but \"%.*s\"", path, line,
			              (int)strcspn(same, "\n"), same);
		at = same;
	}
	free(ours);
}

START_TEST(texts_have_the_kernels_names_order_and_columns)
{
	const char *node = "/sys/devices/system/node/node0/meminfo";
	char path[64];

	check_format("/proc/meminfo", "/proc/meminfo", true);
	check_format(node, node, true);
	check_format("/proc/stat", "/proc/stat", false);
	snprintf(path, sizeof(path), "/proc/%d/status", task->pid);
	check_format(path, "/proc/self/status", false);
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/0", task->pid);
	if (exists(path))
		check_format(path, "/proc/self/fdinfo/0", false);
}
END_TEST

START_TEST(limits_stand_in_the_kernels_columns)
{
	const char *host = host_text("/proc/self/limits");
	char path[64], *ours;

	snprintf(path, sizeof(path), "/proc/%d/limits", task->pid);
	ours = text_of(path);
	while (host && *host) {
		/* name and unit; the numbers are everybody's own */
		ck_assert_msg(!strncmp(ours, host, 26), "%.26s, not %.26s", ours, host);
		ck_assert_uint_eq(strcspn(ours, "\n"), strcspn(host, "\n"));
		ck_assert_int_eq(strncmp(ours + 67, host + 67, strcspn(host, "\n") - 67), 0);
		host += strcspn(host, "\n") + 1;
		ours += strcspn(ours, "\n") + 1;
	}
}
END_TEST

START_TEST(stat_has_the_kernels_52_fields)
{
	char path[64];
	const char *texts[2];

	snprintf(path, sizeof(path), "/proc/%d/stat", task->pid);
	texts[0] = text_of(path);
	texts[1] = host_text("/proc/self/stat");
	for (int i = 0; i < 2 && texts[i]; i++) {
		int nr = 1;

		for (const char *c = strrchr(texts[i], ')'); *c; c++)
			nr += *c == ' ';
		ck_assert_int_eq(nr + 1, 52);
	}
}
END_TEST

/* Linux 6.1's names, of which the host's kernel may have lost some. */
START_TEST(a_32_bit_kernel_tells_of_high_memory)
{
	const char *text;

	teardown();
	boot("p6");
	text = text_of("/proc/meminfo");
	ck_assert_ptr_nonnull(strstr(text, "\nHighTotal:"));
	ck_assert_ptr_nonnull(strstr(text, "\nLowFree:"));
	ck_assert_ptr_nonnull(strstr(text, "\nDirectMap4M:"));
	ck_assert_ptr_null(strstr(text, "\nDirectMap2M:"));
	ck_assert_ptr_nonnull(strstr(text_of("/proc/zoneinfo"), "zone  HighMem"));
	ck_assert_ptr_null(strstr(text_of("/proc/zoneinfo"), "zone    DMA32"));
}
END_TEST

START_TEST(zoneinfo_adds_up_to_what_the_allocator_has)
{
	char *text = strdup(text_of("/proc/zoneinfo")), *rest = text, *line;
	unsigned long managed = 0, free_pages = 0, pages;

	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, " managed %lu", &pages) == 1)
			managed += pages;
		if (sscanf(line, " nr_free_pages %lu", &pages) == 1)
			free_pages += pages;
	}
	free(text);
	ck_assert_uint_eq(managed, f.machine->kernel.totalram_pages);
	ck_assert_uint_eq(free_pages, nr_free_pages(&f.machine->kernel));
}
END_TEST

/* ---- the tree ---- */

START_TEST(components_stand_for_what_is_there)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", task->pid);
	ck_assert(exists(path));
	ck_assert(!exists("/proc/999/comm"));
	ck_assert(!exists("/proc/PID"));
	ck_assert(!exists("/proc/01000"));
	ck_assert(!exists("/proc/1000x"));
	ck_assert(!exists("/proc/99999999999999999999"));
	ck_assert(exists("/sys/devices/system/node/node0/meminfo"));
	ck_assert(!exists("/sys/devices/system/node/node1"));
	ck_assert(!exists("/sys/devices/system/node/nodeN"));
	ck_assert(exists("/sys/devices/system/cpu/cpu0/topology/core_id"));
	ck_assert(!exists("/sys/devices/system/cpu/cpu1"));
	snprintf(path, sizeof(path), "/proc/%d/fd/7", task->pid);
	ck_assert(!exists(path));
}
END_TEST

START_TEST(threads_have_a_folder_like_processes)
{
	char path[64], thread[128];

	snprintf(path, sizeof(path), "/proc/%d/task", task->pid);
	snprintf(thread, sizeof(thread), "%d", task->pid);
	ck_assert_str_eq(names_in(path), thread);
	snprintf(thread, sizeof(thread), "%s/%d", path, task->pid);
	ck_assert_ptr_nonnull(strstr(names_in(thread), "status"));
	ck_assert_ptr_null(strstr(names_in(thread), "task"));
	snprintf(thread, sizeof(thread), "%s/%d/task", path, task->pid);
	ck_assert(!exists(thread));
}
END_TEST

START_TEST(every_listed_name_is_there_once)
{
	static const char *const folders[] = { "/proc",
		                               "/proc/sys/vm",
		                               "/proc/sys/kernel",
		                               "/sys",
		                               "/sys/devices/system/node",
		                               "/sys/kernel/mm" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *names = strdup(names_in(folders[i])), *rest = names, *name;

		while ((name = strsep(&rest, " "))) {
			char path[256], padded[256];

			snprintf(path, sizeof(path), "%s/%s", folders[i], name);
			/* links to the task that asks lead nowhere here */
			if (strcmp(name, "self") && strcmp(name, "thread-self") &&
			    strcmp(name, "mounts"))
				ck_assert_msg(exists(path), "%s", path);
			snprintf(padded, sizeof(padded), " %s ", name);
			ck_assert_msg(!rest || !strstr(rest, padded), "%s twice", path);
		}
		free(names);
	}
}
END_TEST

/* ---- files that can be written ---- */

START_TEST(settings_hold_at_once)
{
	struct kernel *k = &f.machine->kernel;
	uint64_t low = 0, low_after = 0;

	if (geteuid())
		return; /* they are root's */
	ck_assert_int_eq(write_to("/proc/sys/vm/swappiness", "17\n"), 3);
	ck_assert_uint_eq(k->config.swappiness, 17);
	ck_assert_str_eq(text_of("/proc/sys/vm/swappiness"), "17\n");
	ck_assert_int_eq(write_to("/proc/sys/vm/overcommit_memory", " 2 "), 3);
	ck_assert_uint_eq(k->config.overcommit_memory, OVERCOMMIT_NEVER);
	for_each_zone (k, zone)
		low += zone->watermark[WMARK_LOW];
	ck_assert_int_gt(write_to("/proc/sys/vm/min_free_kbytes", "4096"), 0);
	for_each_zone (k, zone)
		low_after += zone->watermark[WMARK_LOW];
	ck_assert_uint_gt(low_after, low);
	ck_assert_str_eq(text_of("/proc/sys/vm/min_free_kbytes"), "4096\n");
}
END_TEST

START_TEST(lowmem_reserve_ratio_moves_the_reserves)
{
	struct zone *dma;
	uint64_t reserve;

	if (geteuid())
		return;
	teardown();
	boot("skylake");
	dma = &NODE_DATA(&f.machine->kernel, 0)->node_zones[ZONE_DMA];
	reserve = dma->lowmem_reserve[ZONE_DMA32];
	ck_assert_uint_gt(reserve, 0);
	ck_assert_str_eq(text_of("/proc/sys/vm/lowmem_reserve_ratio"), "256\t256\t32\t0\n");
	ck_assert_int_gt(write_to("/proc/sys/vm/lowmem_reserve_ratio", "128"), 0);
	ck_assert_str_eq(text_of("/proc/sys/vm/lowmem_reserve_ratio"), "128\t256\t32\t0\n");
	ck_assert_uint_ge(dma->lowmem_reserve[ZONE_DMA32], 2 * reserve);
	ck_assert_int_eq(write_to("/proc/sys/vm/lowmem_reserve_ratio", "0 1"), -EINVAL);
	ck_assert_int_eq(write_to("/proc/sys/vm/lowmem_reserve_ratio", "x"), -EINVAL);
}
END_TEST

START_TEST(what_is_no_value_is_refused_and_changes_nothing)
{
	static const char *const bad[] = {
		"", "x", "1x", "-1", "201", "99999999999999999999", "1 2"
	};

	if (geteuid())
		return;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(write_to("/proc/sys/vm/swappiness", bad[i]) == -EINVAL, "\"%s\"",
		              bad[i]);
	ck_assert_str_eq(text_of("/proc/sys/vm/swappiness"), "60\n");
	ck_assert_int_eq(write_to("/proc/sys/vm/overcommit_memory", "3"), -EINVAL);
	ck_assert_int_eq(write_to("/proc/sys/vm/drop_caches", "0"), -EINVAL);
	ck_assert_int_eq(write_to("/proc/meminfo", "1"), -EIO);
}
END_TEST

START_TEST(oom_scores_follow_their_adjustment)
{
	char score[64], adj[64], old[64];

	task->mm = mm_alloc(&f.machine->kernel);
	ck_assert_ptr_nonnull(task->mm);
	snprintf(score, sizeof(score), "/proc/%d/oom_score", task->pid);
	snprintf(adj, sizeof(adj), "/proc/%d/oom_score_adj", task->pid);
	snprintf(old, sizeof(old), "/proc/%d/oom_adj", task->pid);
	ck_assert_str_eq(text_of(score), "666\n"); /* 2/3 of 1000: no memory, no adjustment */
	ck_assert_int_gt(write_to(adj, "500"), 0);
	/* 1500 * 2/3, less what is lost as RAM is counted in whole thousandths */
	ck_assert_int_ge(atoi(text_of(score)), 900);
	ck_assert_int_le(atoi(text_of(score)), 1000);
	ck_assert_str_eq(text_of(old), "8\n"); /* 500 * 17 / 1000 */
	ck_assert_int_eq(write_to(adj, "1001"), -EINVAL);
	ck_assert_int_gt(write_to(old, "15"), 0);
	ck_assert_str_eq(text_of(adj), "1000\n");
	ck_assert_int_eq(write_to(adj, "-1000"), geteuid() ? -EACCES : 5);
	if (!geteuid())
		ck_assert_str_eq(text_of(score), "0\n");
}
END_TEST

/* ---- files of words ---- */

START_TEST(words_are_read_by_eights_up_to_the_last_frame)
{
	const struct kernel *k = &f.machine->kernel;
	uint64_t words[4];

	if (geteuid())
		return;
	ck_assert_int_eq(read_at("/proc/kpageflags", words, 7, 0), -EINVAL);
	ck_assert_int_eq(read_at("/proc/kpageflags", words, 8, 4), -EINVAL);
	ck_assert_int_eq(read_at("/proc/kpagecount", words, 32, (int64_t)(k->max_pfn - 2) * 8), 16);
	ck_assert_int_eq(read_at("/proc/kpagecount", words, 8, (int64_t)k->max_pfn * 8), 0);
}
END_TEST

START_TEST(kpageflags_agree_with_mem_map)
{
	const struct kernel *k = &f.machine->kernel;
	uint64_t nr[64] = { 0 }, slab = 0, tables = 0, reserved = 0, word;

	if (geteuid())
		return;
	for (pfn_t pfn = 0; pfn < k->max_pfn; pfn++) {
		ck_assert_int_eq(read_at("/proc/kpageflags", &word, 8, (int64_t)pfn * 8), 8);
		for (int bit = 0; bit < 64; bit++)
			nr[bit] += word >> bit & 1;
		slab += PageSlab(pfn_to_page(k, pfn));
		tables += PageTable(pfn_to_page(k, pfn));
		reserved += PageReserved(pfn_to_page(k, pfn));
	}
	ck_assert_uint_gt(slab, 0);
	ck_assert_uint_eq(nr[7], slab);
	ck_assert_uint_eq(nr[26], tables);
	ck_assert_uint_eq(nr[32], reserved);
	ck_assert_uint_eq(nr[24], 1); /* the zero page */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("procfs");
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, texts_have_the_kernels_names_order_and_columns);
	tcase_add_test(tc, limits_stand_in_the_kernels_columns);
	tcase_add_test(tc, stat_has_the_kernels_52_fields);
	tcase_add_test(tc, a_32_bit_kernel_tells_of_high_memory);
	tcase_add_test(tc, zoneinfo_adds_up_to_what_the_allocator_has);
	tcase_add_test(tc, components_stand_for_what_is_there);
	tcase_add_test(tc, threads_have_a_folder_like_processes);
	tcase_add_test(tc, every_listed_name_is_there_once);
	tcase_add_test(tc, settings_hold_at_once);
	tcase_add_test(tc, lowmem_reserve_ratio_moves_the_reserves);
	tcase_add_test(tc, what_is_no_value_is_refused_and_changes_nothing);
	tcase_add_test(tc, oom_scores_follow_their_adjustment);
	tcase_add_test(tc, words_are_read_by_eights_up_to_the_last_frame);
	tcase_add_test(tc, kpageflags_agree_with_mem_map);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
