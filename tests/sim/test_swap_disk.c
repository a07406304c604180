/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Swap files on the host: which are taken, which are refused, and what is left. */
#include "sim/swap_disk.h"
#include "tests/run_suite.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char why[512];

static void setup(void)
{
	strcpy(folder, "/tmp/pagewalk-test-XXXXXX");
	ck_assert(mkdtemp(folder));
	ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
	why[0] = '\0';
}

static const char *path(const char *name)
{
	static char text[2][512];
	static int turn;

	turn ^= 1;
	snprintf(text[turn], sizeof(text[turn]), "%s/%s", folder, name);
	return text[turn];
}

/* How many names the folder has; they are removed. */
static int clean_up(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int nr = 0;

	if (!dir)
		return 0; /* done before */
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		nr++;
		remove(path(entry->d_name));
	}
	closedir(dir);
	rmdir(folder);
	return nr;
}

static void teardown(void)
{
	clean_up();
}

static void put(const char *name, const void *bytes, size_t len)
{
	int fd = open(path(name), O_CREAT | O_TRUNC | O_WRONLY, 0644);

	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static uint64_t size_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(path(name), &st), 0);
	return (uint64_t)st.st_size;
}

static int open_swap(struct swap_device **out, const char *name, uint64_t size)
{
	return swap_disk_open(out, name ? path(name) : NULL, size, why, sizeof(why));
}

static void check_slots(struct swap_device *device)
{
	uint8_t page[PAGE_SIZE];

	for (uint64_t slot = 0; slot < device->nr_pages; slot++) {
		memset(page, (int)slot + 1, sizeof(page));
		ck_assert_int_eq(device->write(device, slot, page), 0);
	}
	for (uint64_t slot = device->nr_pages; slot-- > 0;) {
		ck_assert_int_eq(device->read(device, slot, page), 0);
		ck_assert_uint_eq(page[0], (uint8_t)(slot + 1));
		ck_assert_uint_eq(page[PAGE_SIZE - 1], (uint8_t)(slot + 1));
	}
}

START_TEST(a_temporary_file_has_no_name)
{
	struct swap_device *device;

	ck_assert_int_eq(open_swap(&device, NULL, 64 * KIB + 100), 0);
	ck_assert_uint_eq(device->nr_pages, 16);
	check_slots(device);
	ck_assert_int_eq(clean_up(), 0);
	swap_disk_close(device);
}
END_TEST

START_TEST(a_named_file_is_made_and_kept)
{
	struct swap_device *device;

	ck_assert_int_eq(open_swap(&device, "swap", 64 * KIB), 0);
	ck_assert_str_eq(device->name, path("swap"));
	check_slots(device);
	swap_disk_close(device);
	ck_assert_uint_eq(size_of("swap"), 64 * KIB);
}
END_TEST

START_TEST(a_swap_area_is_taken_again_in_another_size)
{
	struct swap_device *device;

	ck_assert_int_eq(open_swap(&device, "swap", 64 * KIB), 0);
	ck_assert_int_eq(mkswap(device), 0);
	swap_disk_close(device);
	ck_assert_int_eq(open_swap(&device, "swap", 128 * KIB), 0);
	ck_assert_uint_eq(device->nr_pages, 32);
	swap_disk_close(device);
	ck_assert_int_eq(open_swap(&device, "swap", 32 * KIB), 0);
	swap_disk_close(device);
	ck_assert_uint_eq(size_of("swap"), 32 * KIB);
}
END_TEST

START_TEST(an_empty_file_is_taken)
{
	struct swap_device *device;

	put("swap", "", 0);
	ck_assert_int_eq(open_swap(&device, "swap", 64 * KIB), 0);
	swap_disk_close(device);
}
END_TEST

START_TEST(other_data_is_left_alone)
{
	struct swap_device *device = NULL;
	char text[8192];

	memset(text, 'x', sizeof(text));
	put("thesis", text, sizeof(text));
	ck_assert_int_eq(open_swap(&device, "thesis", 64 * KIB), -EINVAL);
	ck_assert_ptr_null(device);
	ck_assert(strstr(why, path("thesis")));
	ck_assert(strstr(why, "no swap area"));
	ck_assert_uint_eq(size_of("thesis"), sizeof(text));
}
END_TEST

START_TEST(links_folders_and_pipes_are_refused)
{
	struct swap_device *device;

	put("empty", "", 0);
	ck_assert_int_eq(symlink("empty", path("symlink")), 0);
	ck_assert_int_eq(open_swap(&device, "symlink", 64 * KIB), -ELOOP);
	ck_assert(strstr(why, "symbolic link"));
	ck_assert_int_eq(symlink("nowhere", path("dangling")), 0);
	ck_assert_int_ne(open_swap(&device, "dangling", 64 * KIB), 0);
	ck_assert_int_eq(access(path("nowhere"), F_OK), -1);
	ck_assert_int_eq(link(path("empty"), path("hard")), 0);
	ck_assert_int_eq(open_swap(&device, "hard", 64 * KIB), -EINVAL);
	ck_assert_int_eq(mkdir(path("folder"), 0755), 0);
	ck_assert_int_eq(open_swap(&device, "folder", 64 * KIB), -EISDIR);
	ck_assert_int_eq(mkfifo(path("fifo"), 0644), 0);
	ck_assert_int_eq(open_swap(&device, "fifo", 64 * KIB), -EINVAL);
	ck_assert_int_eq(open_swap(&device, "none/swap", 64 * KIB), -ENOENT);
	ck_assert_uint_eq(size_of("empty"), 0);
}
END_TEST

/* A limit on the size of files stands for the full disk. */
START_TEST(without_space_nothing_is_left_behind)
{
	const struct rlimit limit = { 40000, RLIM_INFINITY };
	struct swap_device *device;

	ck_assert_int_eq(open_swap(&device, "old", 16 * KIB), 0);
	ck_assert_int_eq(mkswap(device), 0);
	swap_disk_close(device);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(open_swap(&device, "new", 64 * KIB), -EFBIG);
	ck_assert(strstr(why, path("new")));
	ck_assert_int_eq(access(path("new"), F_OK), -1);
	ck_assert_int_eq(open_swap(&device, NULL, 64 * KIB), -EFBIG);
	ck_assert_int_eq(open_swap(&device, "old", 64 * KIB), -EFBIG);
	ck_assert_uint_eq(size_of("old"), 16 * KIB);
	ck_assert_int_eq(clean_up(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("swap_disk");
	TCase *tcase = tcase_create("files");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_temporary_file_has_no_name);
	tcase_add_test(tcase, a_named_file_is_made_and_kept);
	tcase_add_test(tcase, a_swap_area_is_taken_again_in_another_size);
	tcase_add_test(tcase, an_empty_file_is_taken);
	tcase_add_test(tcase, other_data_is_left_alone);
	tcase_add_test(tcase, links_folders_and_pipes_are_refused);
	tcase_add_test(tcase, without_space_nothing_is_left_behind);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
