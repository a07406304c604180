/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree that guests see: paths, the union with the host, what may change there.
 * The judge of the random tests is the host's own kernel: each call is made twice,
 * through the VFS and on a folder of the host's, and all that can be seen must agree.
 */
#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "sim/tree.h"
#include "tests/run_suite.h"
#include "tests/sim/judge.h"

#include <dirent.h>

static struct sim_fixture f;
static struct vfs *vfs;

static const char *host_path(const char *name)
{
	static char path[2][4096 + 64];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", f.root, name);
	return path[turn];
}

static void host_mkdir(const char *name)
{
	ck_assert_int_eq(mkdir(host_path(name), 0755), 0);
}

static void host_symlink(const char *target, const char *name)
{
	ck_assert_int_eq(symlink(target, host_path(name)), 0);
}

/*
 * /alpha  "alpha"        /loop1 -> loop2, /loop2 -> loop1
 * /dir/b  /dir/a  "..."  /abs -> /dir/a
 * /dir/sub/deep          /up -> ../../../../alpha
 *                        /dir/rel -> ../alpha, /todir -> dir
 */
static void make_root(void)
{
	umask(022);
	sim_fixture_make_root(&f);
	sim_fixture_put(&f, "alpha", "alpha");
	host_mkdir("dir");
	host_mkdir("dir/sub");
	sim_fixture_put(&f, "dir/b", "this is b");
	sim_fixture_put(&f, "dir/a", "this is a");
	sim_fixture_put(&f, "dir/sub/deep", "deep");
	host_symlink("/dir/a", "abs");
	host_symlink("../../../../alpha", "up");
	host_symlink("../alpha", "dir/rel");
	host_symlink("dir", "todir");
	host_symlink("loop2", "loop1");
	host_symlink("loop1", "loop2");
}

static void boot(const char **write)
{
	const struct vfs_config config = { f.root, write, -1, -1, -1 };

	sim_fixture_boot(&f, "teaching", ENGINE_FAULTS, &config);
	vfs = f.machine->vfs;
}

static void setup(void)
{
	make_root();
	boot(NULL);
}

static void teardown(void)
{
	sim_fixture_shutdown(&f);
	sim_fixture_remove_root(&f);
}

/* ---- helpers ---- */

static int guest_open(const char *path, uint32_t flags, struct open_file **out)
{
	return vfs_open_at(vfs, NULL, path, flags, 0644, out);
}

static int64_t guest_write(struct open_file *file, const void *bytes, uint64_t len, int64_t pos)
{
	const struct io_segment segment = { (uintptr_t)bytes, len };
	struct io_iter iter;

	io_iter_init(&iter, NULL, &segment, 1);
	return open_file_write(file, NULL, &iter, &pos);
}

/* The file's text, or "!errno". */
static const char *text_of(const char *path)
{
	static char text[256];
	struct open_file *file;
	int64_t n = guest_open(path, O_RDONLY, &file);

	if (!n) {
		n = vfs_pread(file, text, sizeof(text) - 1, 0);
		vfs_close(file);
	}
	if (n >= 0)
		text[n] = '\0';
	else
		snprintf(text, sizeof(text), "!%s", strerrorname_np((int)-n));
	return text;
}

static void put_text(const char *path, const char *text)
{
	struct open_file *file;

	ck_assert_int_eq(guest_open(path, O_WRONLY | O_CREAT | O_TRUNC, &file), 0);
	ck_assert_int_eq(guest_write(file, text, strlen(text), 0), (int64_t)strlen(text));
	vfs_close(file);
}

static int guest_mkdir(const char *path)
{
	return vfs_make(vfs, NULL, path, &(struct inode_new){ .mode = S_IFDIR | 0755 });
}

static int guest_symlink(const char *target, const char *path)
{
	return vfs_make(vfs, NULL, path,
	                &(struct inode_new){ .mode = S_IFLNK | 0777, .target = target });
}

static int guest_rename(const char *from, const char *to)
{
	return vfs_rename(vfs, NULL, from, NULL, to, 0);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct dir_name *)a)->name, ((const struct dir_name *)b)->name);
}

/* "a b c ", sorted; in the root without the machine's own folders. */
static const char *names_in(const char *path)
{
	static char names[1024];
	struct dir_list list = { 0 };
	struct inode *dir;

	ck_assert_int_eq(vfs_lookup(vfs, NULL, path, WALK_FOLLOW, &dir), 0);
	ck_assert_int_eq(dir->ops->list(dir, &list), 0);
	if (list.nr)
		qsort(list.names, list.nr, sizeof(*list.names), compare_names);
	names[0] = '\0';
	for (size_t i = 0; i < list.nr; i++) {
		const char *name = list.names[i].name;

		if (dir == vfs->root &&
		    (!strcmp(name, "dev") || !strcmp(name, "proc") || !strcmp(name, "sys")))
			continue;
		strcat(names, name);
		strcat(names, " ");
	}
	dir_list_finish(&list);
	inode_put(dir);
	return names;
}

/* ---- paths ---- */

START_TEST(dotdot_at_the_root_stays_there)
{
	ck_assert_str_eq(text_of("/../../alpha"), "alpha");
	ck_assert_str_eq(text_of("../dir/../../alpha"), "alpha");
}
END_TEST

START_TEST(symlinks_resolve_inside_the_root)
{
	ck_assert_str_eq(text_of("/abs"), "this is a");
	ck_assert_str_eq(text_of("/up"), "alpha");
	ck_assert_str_eq(text_of("/dir/rel"), "alpha");
	ck_assert_str_eq(text_of("/todir/a"), "this is a");
	ck_assert_str_eq(text_of("/todir/../dir/sub/deep"), "deep");
}
END_TEST

START_TEST(nothing_leads_out_of_the_root)
{
	host_symlink("/etc/passwd", "passwd");
	host_symlink("/proc/1/root/etc/passwd", "proc-root");
	host_symlink("/", "slash");
	ck_assert_str_eq(text_of("/passwd"), "!ENOENT");
	ck_assert_str_eq(text_of("/proc-root"), "!ENOENT");
	ck_assert_str_eq(text_of("/slash/../../../../etc/passwd"), "!ENOENT");
	ck_assert_str_eq(text_of("/slash/alpha"), "alpha");
	ck_assert_int_eq(guest_symlink("/../../../etc/passwd", "/mine"), 0);
	ck_assert_str_eq(text_of("/mine"), "!ENOENT");
}
END_TEST

START_TEST(a_loop_of_symlinks_is_ELOOP)
{
	struct open_file *file;

	ck_assert_str_eq(text_of("/loop1"), "!ELOOP");
	ck_assert_str_eq(text_of("/loop1/x"), "!ELOOP");
	ck_assert_int_eq(guest_open("/abs", O_RDONLY | O_NOFOLLOW, &file), -ELOOP);
}
END_TEST

START_TEST(forty_symlinks_are_followed_and_no_more)
{
	char name[16], target[16];

	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		snprintf(target, sizeof(target), i == 1 ? "alpha" : "n%d", i - 1);
		host_symlink(target, name);
	}
	ck_assert_str_eq(text_of("/n40"), "alpha");
	ck_assert_str_eq(text_of("/n41"), "!ELOOP");
}
END_TEST

START_TEST(too_long_names_and_paths_are_refused)
{
	char path[PATH_MAX + 16];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[256] = '\0'; /* 255 letters: long enough, but not there */
	ck_assert_str_eq(text_of(path), "!ENOENT");
	path[256] = 'x';
	path[257] = '\0';
	ck_assert_str_eq(text_of(path), "!ENAMETOOLONG");
	for (int i = 0; i < PATH_MAX; i++)
		path[i] = i % 2 ? '.' : '/';
	strcpy(path + PATH_MAX - 6, "/alpha");
	ck_assert_str_eq(text_of(path), "!ENAMETOOLONG");
	strcpy(path + PATH_MAX - 8, "/alpha");
	ck_assert_str_eq(text_of(path), "alpha");
}
END_TEST

START_TEST(a_slash_behind_a_file_is_ENOTDIR)
{
	ck_assert_str_eq(text_of("/alpha/"), "!ENOTDIR");
	ck_assert_str_eq(text_of("/alpha/."), "!ENOTDIR");
	ck_assert_str_eq(text_of("/alpha/x"), "!ENOTDIR");
	ck_assert_str_eq(text_of("/abs/"), "!ENOTDIR");
	ck_assert_str_eq(text_of("/none/"), "!ENOENT");
	ck_assert_str_eq(text_of("//dir//a"), "this is a");
	ck_assert_str_eq(text_of(""), "!ENOENT");
}
END_TEST

START_TEST(what_the_host_has_as_a_fifo_cannot_be_opened)
{
	ck_assert_int_eq(mkfifo(host_path("fifo"), 0644), 0);
	ck_assert_str_eq(text_of("/fifo"), "!ENXIO");
}
END_TEST

START_TEST(paths_of_open_files_are_resolved)
{
	struct open_file *file;

	ck_assert_int_eq(guest_open("/todir/../todir/sub/./../a", O_RDONLY, &file), 0);
	ck_assert_str_eq(file->path, "/dir/a");
	vfs_close(file);
	ck_assert_int_eq(guest_open("/", O_RDONLY, &file), 0);
	ck_assert_str_eq(file->path, "/");
	vfs_close(file);
}
END_TEST

/* ---- the union ---- */

START_TEST(a_listing_merges_both_sides)
{
	put_text("/dir/c", "c");
	ck_assert_int_eq(guest_mkdir("/dir/0"), 0);
	ck_assert_int_eq(vfs_unlink(vfs, NULL, "/dir/a", false), 0);
	ck_assert_str_eq(names_in("/dir"), "0 b c rel sub ");
}
END_TEST

START_TEST(a_written_file_keeps_what_was_not_written)
{
	struct open_file *file;
	struct inode_attr before, after;

	ck_assert_int_eq(guest_open("/dir/a", O_RDWR, &file), 0);
	ck_assert_int_eq(file->inode->ops->getattr(file->inode, &before), 0);
	ck_assert_int_eq(guest_write(file, "IS", 2, 5), 2);
	ck_assert_int_eq(file->inode->ops->getattr(file->inode, &after), 0);
	vfs_close(file);
	ck_assert_str_eq(text_of("/dir/a"), "this IS a");
	ck_assert_uint_eq(before.ino, after.ino);
}
END_TEST

START_TEST(a_removed_name_stays_away_until_made_anew)
{
	ck_assert_int_eq(vfs_unlink(vfs, NULL, "/alpha", false), 0);
	ck_assert_str_eq(text_of("/alpha"), "!ENOENT");
	ck_assert_str_eq(text_of("/up"), "!ENOENT");
	put_text("/alpha", "new");
	ck_assert_str_eq(text_of("/up"), "new");
}
END_TEST

START_TEST(an_unlinked_file_lives_while_it_is_open)
{
	struct open_file *file;
	char text[16] = "";

	ck_assert_int_eq(guest_open("/dir/b", O_RDWR, &file), 0);
	ck_assert_int_eq(vfs_unlink(vfs, NULL, "/dir/b", false), 0);
	ck_assert_int_eq(guest_write(file, "THIS", 4, 0), 4);
	ck_assert_int_eq(vfs_pread(file, text, 15, 0), 9);
	ck_assert_str_eq(text, "THIS is b");
	vfs_close(file);
	ck_assert_str_eq(text_of("/dir/b"), "!ENOENT");
}
END_TEST

START_TEST(a_new_folder_shows_nothing_of_the_hosts)
{
	ck_assert_int_eq(vfs_unlink(vfs, NULL, "/dir/sub", true), -ENOTEMPTY);
	ck_assert_int_eq(vfs_unlink(vfs, NULL, "/dir/sub/deep", false), 0);
	ck_assert_int_eq(vfs_unlink(vfs, NULL, "/dir/sub", true), 0);
	ck_assert_int_eq(guest_mkdir("/dir/sub"), 0);
	ck_assert_str_eq(names_in("/dir/sub"), "");
}
END_TEST

START_TEST(a_renamed_folder_takes_everything_along)
{
	put_text("/dir/mine", "mine");
	ck_assert_int_eq(guest_rename("/dir", "/new"), 0);
	ck_assert_str_eq(text_of("/new/a"), "this is a");
	ck_assert_str_eq(text_of("/new/mine"), "mine");
	ck_assert_str_eq(text_of("/new/sub/deep"), "deep");
	ck_assert_str_eq(text_of("/new/sub/../a"), "this is a");
	ck_assert_str_eq(text_of("/dir/a"), "!ENOENT");
	ck_assert_int_eq(guest_rename("/new", "/new/sub/x"), -EINVAL);
}
END_TEST

START_TEST(hard_links_are_one_file)
{
	struct inode *inode;
	struct inode_attr attr;

	ck_assert_int_eq(vfs_lookup(vfs, NULL, "/alpha", 0, &inode), 0);
	ck_assert_int_eq(vfs_link(vfs, inode, NULL, "/dir/alpha2"), 0);
	put_text("/dir/alpha2", "changed");
	ck_assert_str_eq(text_of("/alpha"), "changed");
	ck_assert_int_eq(inode->ops->getattr(inode, &attr), 0);
	ck_assert_uint_eq(attr.nlink, 2);
	inode_put(inode);
	ck_assert_int_eq(vfs_unlink(vfs, NULL, "/alpha", false), 0);
	ck_assert_str_eq(text_of("/dir/alpha2"), "changed");
}
END_TEST

START_TEST(the_machines_own_folders_stay)
{
	ck_assert_int_eq(vfs_unlink(vfs, NULL, "/proc", true), -EBUSY);
	ck_assert_int_eq(guest_rename("/dev", "/dev2"), -EBUSY);
	ck_assert_int_eq(guest_rename("/alpha", "/dev"), -EISDIR);
	ck_assert_int_eq(guest_mkdir("/proc/x"), -EACCES);
	ck_assert_int_eq(vfs_unlink(vfs, NULL, "/proc/version", false), -EPERM);
}
END_TEST

START_TEST(a_longer_file_shows_zeroes_behind_its_old_end)
{
	struct open_file *file;
	char text[16];
	struct page *page;

	ck_assert_int_eq(guest_open("/alpha", O_RDWR, &file), 0);
	ck_assert_int_eq(vfs_pread(file, text, 5, 0), 5);
	/* what a guest may do through a mapping */
	page = find_get_page(&f.machine->kernel, file->file.f_mapping, 0);
	memset((uint8_t *)page_address(&f.machine->kernel, page) + 5, 'x', 100);
	put_page(&f.machine->kernel, page);
	ck_assert_int_eq(guest_write(file, "end", 3, 8), 3);
	ck_assert_int_eq(vfs_pread(file, text, 16, 0), 11);
	ck_assert_mem_eq(text, "alpha\0\0\0end", 11);
	vfs_close(file);
}
END_TEST

START_TEST(writing_beyond_the_largest_file_is_EFBIG)
{
	struct open_file *file;

	ck_assert_int_eq(guest_open("/big", O_RDWR | O_CREAT, &file), 0);
	ck_assert_int_eq(guest_write(file, "x", 1, (int64_t)VFS_MAX_FILE_BYTES), -EFBIG);
	ck_assert_int_eq(guest_write(file, "xy", 2, (int64_t)VFS_MAX_FILE_BYTES - 1), 1);
	ck_assert_int_eq(vfs_truncate(file->inode, -1), -EINVAL);
	ck_assert_int_eq(vfs_truncate(file->inode, INT64_MAX), -EFBIG);
	vfs_close(file);
}
END_TEST

START_TEST(devices_do_what_they_are_for)
{
	struct open_file *file;
	char bytes[4] = "xyz";

	ck_assert_str_eq(text_of("/dev/null"), "");
	ck_assert_int_eq(guest_open("/dev/zero", O_RDWR, &file), 0);
	ck_assert_int_eq(vfs_pread(file, bytes, 4, 0), 4);
	ck_assert_mem_eq(bytes, "\0\0\0\0", 4);
	vfs_close(file);
	ck_assert_int_eq(guest_open("/dev/full", O_RDWR, &file), 0);
	ck_assert_int_eq(guest_write(file, "x", 1, 0), -ENOSPC);
	vfs_close(file);
	ck_assert_str_eq(text_of("/dev/tty"), "!ENXIO");
}
END_TEST

/* ---- what may change on the host ---- */

/* Names, kinds, modes, sizes, times and content below a folder, as one hash. */
static uint64_t hash_of;

static void hash_bytes(const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash_of = (hash_of ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
}

static void hash_content(const char *path)
{
	char bytes[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		hash_bytes(bytes, (size_t)n);
	close(fd);
}

static void hash_folder(const char *folder)
{
	struct dirent **names;
	int nr = scandir(folder, &names, NULL, alphasort);

	for (int i = 0; i < nr; i++) {
		const char *name = names[i]->d_name;
		char path[4096];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", folder, name);
		if (strcmp(name, ".") && strcmp(name, "..") && !lstat(path, &st)) {
			hash_bytes(name, strlen(name));
			hash_bytes(&st.st_mode, sizeof(st.st_mode));
			hash_bytes(&st.st_nlink, sizeof(st.st_nlink));
			hash_bytes(&st.st_size, sizeof(st.st_size));
			hash_bytes(&st.st_mtim, sizeof(st.st_mtim));
			hash_bytes(&st.st_ctim, sizeof(st.st_ctim));
			if (S_ISREG(st.st_mode))
				hash_content(path);
			if (S_ISDIR(st.st_mode))
				hash_folder(path);
		}
		free(names[i]);
	}
	free(names);
}

static uint64_t hash_host(const char *folder)
{
	hash_of = 0xcbf29ce484222325;
	hash_folder(folder);
	return hash_of;
}

static void change_everything(const char *in)
{
	char path[128], other[128];
	struct inode *inode;

#define P(name) (snprintf(path, sizeof(path), "%s/%s", in, name), path)
#define Q(name) (snprintf(other, sizeof(other), "%s/%s", in, name), other)
	put_text(P("a"), "overwritten");
	put_text(P("fresh"), "fresh");
	ck_assert_int_eq(guest_mkdir(P("folder")), 0);
	ck_assert_int_eq(guest_symlink("a", P("folder/link")), 0);
	ck_assert_int_eq(guest_rename(P("b"), Q("folder/b")), 0);
	ck_assert_int_eq(vfs_unlink(vfs, NULL, P("rel"), false), 0);
	ck_assert_int_eq(vfs_lookup(vfs, NULL, P("sub/deep"), 0, &inode), 0);
	ck_assert_int_eq(vfs_truncate(inode, 2), 0);
	ck_assert_int_eq(vfs_setattr(inode, SETATTR_MODE, &(struct inode_attr){ .mode = 0600 }), 0);
	ck_assert_int_eq(vfs_link(vfs, inode, NULL, P("hard")), 0);
	inode_put(inode);
#undef P
#undef Q
}

START_TEST(nothing_on_the_host_changes)
{
	uint64_t before = hash_host(f.root);

	change_everything("/dir");
	put_text("/dir/sub/../../top", "x");
	ck_assert_str_eq(text_of("/dir/hard"), "de");
	sim_fixture_shutdown(&f);
	ck_assert_uint_eq(hash_host(f.root), before);
	boot(NULL); /* for teardown() */
}
END_TEST

static void check_host_file(const char *name, const char *want)
{
	char text[64] = "";
	int fd = open(host_path(name), O_RDONLY | O_NOFOLLOW);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, want);
	close(fd);
}

START_TEST(a_folder_open_for_writing_changes_and_nothing_else)
{
	char folder[80], target[16] = "";
	const char *write[] = { folder, NULL };
	struct stat st;
	uint64_t others;

	sim_fixture_shutdown(&f);
	host_mkdir("other");
	sim_fixture_put(&f, "other/file", "other");
	snprintf(folder, sizeof(folder), "%s/dir", f.root);
	others = hash_host(host_path("other"));
	boot(write);

	change_everything("/dir");
	put_text("/other/file", "changed");
	put_text("/dir/../alpha", "changed");
	ck_assert_int_eq(guest_rename("/dir/fresh", "/other/fresh"), -EXDEV);
	ck_assert_int_eq(guest_rename("/alpha", "/dir/alpha"), -EXDEV);
	ck_assert_int_eq(vfs_sync(vfs), 0);
	sim_fixture_shutdown(&f);

	check_host_file("dir/a", "overwritten");
	check_host_file("dir/fresh", "fresh");
	check_host_file("dir/folder/b", "this is b");
	check_host_file("dir/hard", "de");
	check_host_file("alpha", "alpha");
	ck_assert_int_eq(readlink(host_path("dir/folder/link"), target, sizeof(target)), 1);
	ck_assert_int_eq(stat(host_path("dir/sub/deep"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(lstat(host_path("dir/rel"), &st), -1);
	ck_assert_uint_eq(hash_host(host_path("other")), others);
	boot(NULL);
}
END_TEST

START_TEST(a_symlink_in_a_writable_folder_opens_nothing_outside)
{
	char folder[80];
	const char *write[] = { folder, NULL };

	sim_fixture_shutdown(&f);
	snprintf(folder, sizeof(folder), "%s/dir", f.root);
	boot(write);
	put_text("/dir/rel", "through the link");
	ck_assert_str_eq(text_of("/alpha"), "through the link");
	ck_assert_int_eq(guest_symlink("/alpha", "/dir/out"), 0);
	put_text("/dir/out", "again");
	sim_fixture_shutdown(&f);
	check_host_file("alpha", "alpha");
	boot(NULL);
}
END_TEST

START_TEST(a_writable_folder_outside_the_root_appears_under_its_own_path)
{
	char outside[] = "/tmp/pagewalk-write-XXXXXX", path[64], text[16] = "";
	const char *write[] = { outside, NULL };
	int fd;

	sim_fixture_shutdown(&f);
	ck_assert(mkdtemp(outside));
	boot(write);
	snprintf(path, sizeof(path), "%s/file", outside);
	put_text(path, "outside");
	sim_fixture_shutdown(&f);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, text, sizeof(text) - 1), 7);
	close(fd);
	ck_assert_str_eq(text, "outside");
	unlink(path);
	rmdir(outside);
	boot(NULL);
}
END_TEST

/* ---- against the host's kernel ---- */

#define MAX_OPEN_PAIRS 4
#define MAX_BYTES 20000

/* The same file, opened on both sides. */
struct pair {
	struct open_file *guest;
	int host;
};

static struct judge judge;
static struct pair open_files[MAX_OPEN_PAIRS];

static uint32_t rnd(uint32_t n)
{
	return judge_random(&judge, n);
}

static const char *judges(const char *path)
{
	static char text[2][256];
	static int turn;

	turn ^= 1;
	snprintf(text[turn], sizeof(text[turn]), "%s/%s", judge.folder, path);
	return text[turn];
}

static void agree(int64_t guest, int64_t host)
{
	judge_agree(&judge, guest, host);
}

static int64_t host_result(int64_t result)
{
	return result < 0 ? -errno : result;
}

static void random_bytes(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)rnd(256);
}

static void compare_content(const struct pair *pair)
{
	static uint8_t guest[3 * MAX_BYTES], host[3 * MAX_BYTES];
	int64_t n = vfs_pread(pair->guest, guest, sizeof(guest), 0);

	ssize_t want = pread(pair->host, host, sizeof(host), 0);

	ck_assert_msg(n == want, "%s: %ld bytes, not %ld", judge.step, (long)n, (long)want);
	ck_assert_msg(!memcmp(guest, host, (size_t)n), "%s: content differs", judge.step);
}

static void step_write(void)
{
	struct pair *pair = &open_files[rnd(MAX_OPEN_PAIRS)];
	uint8_t bytes[9000];
	int64_t pos = rnd(MAX_BYTES);
	uint32_t len = rnd(sizeof(bytes));

	if (!pair->guest)
		return;
	random_bytes(bytes, len);
	if (pair->guest->flags & O_APPEND && vfs_size(pair->guest) > 2 * MAX_BYTES)
		return;
	agree(guest_write(pair->guest, bytes, len, pos),
	      host_result(pwrite(pair->host, bytes, len, pos)));
	compare_content(pair);
}

static void step_truncate(void)
{
	struct pair *pair = &open_files[rnd(MAX_OPEN_PAIRS)];
	int64_t size = rnd(MAX_BYTES);

	if (!pair->guest)
		return;
	agree(vfs_truncate(pair->guest->inode, size), host_result(ftruncate(pair->host, size)));
	compare_content(pair);
}

static void close_pair(struct pair *pair)
{
	if (!pair->guest)
		return;
	vfs_close(pair->guest);
	close(pair->host);
	pair->guest = NULL;
}

static void step_open(const char *path)
{
	static const uint32_t more[] = { 0,          O_CREAT,           O_CREAT | O_EXCL,
		                         O_TRUNC,    O_CREAT | O_TRUNC, O_CREAT | O_APPEND,
		                         O_NOFOLLOW, O_DIRECTORY };
	uint32_t flags = O_RDWR | more[rnd(sizeof(more) / sizeof(more[0]))];
	struct pair *pair = &open_files[rnd(MAX_OPEN_PAIRS)];
	int error;

	close_pair(pair);
	error = guest_open(path, flags, &pair->guest);
	pair->host = open(judges(path), (int)flags, 0644);
	if (error)
		pair->guest = NULL;
	agree(error, pair->host < 0 ? -errno : 0);
	if (!error)
		compare_content(pair);
}

static void step_remove(const char *path)
{
	bool is_rmdir = rnd(2);

	agree(vfs_unlink(vfs, NULL, path, is_rmdir),
	      host_result(is_rmdir ? rmdir(judges(path)) : unlink(judges(path))));
}

static void step_rename(const char *path, const char *other)
{
	agree(guest_rename(path, other), host_result(rename(judges(path), judges(other))));
}

static void step_link(const char *path, const char *other)
{
	struct inode *inode;
	int error = vfs_lookup(vfs, NULL, path, 0, &inode);

	if (!error) {
		error = vfs_link(vfs, inode, NULL, other);
		inode_put(inode);
	}
	agree(error, host_result(link(judges(path), judges(other))));
}

static void step_stat(const char *path)
{
	struct inode_attr attr = { 0 };
	struct inode *inode;
	struct stat st;
	int error = vfs_lookup(vfs, NULL, path, 0, &inode);

	agree(error, host_result(lstat(judges(path), &st)));
	if (error)
		return;
	ck_assert_int_eq(inode->ops->getattr(inode, &attr), 0);
	inode_put(inode);
	ck_assert_msg(attr.mode == st.st_mode, "%s: mode %o, %o", judge.step, attr.mode,
	              st.st_mode);
	if (S_ISDIR(st.st_mode))
		return;
	ck_assert_msg(attr.nlink == st.st_nlink, "%s: %u links, %lu", judge.step, attr.nlink,
	              (unsigned long)st.st_nlink);
	ck_assert_msg(attr.size == (uint64_t)st.st_size, "%s: size", judge.step);
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static void step_list(const char *path)
{
	char want[256] = "";
	struct dirent **names;
	struct inode *dir;
	int nr = scandir(judges(path), &names, no_dots, alphasort);
	int error = vfs_lookup(vfs, NULL, path, WALK_FOLLOW, &dir);

	if (!error && dir->kind != S_IFDIR)
		error = -ENOTDIR;
	if (!error)
		inode_put(dir);
	else if (error == -ENOTDIR && nr >= 0)
		ck_abort_msg("%s", judge.step);
	agree(error, nr < 0 ? -errno : 0);
	for (int i = 0; i < nr; i++) {
		strcat(want, names[i]->d_name);
		strcat(want, " ");
		free(names[i]);
	}
	if (nr < 0)
		return;
	free(names);
	ck_assert_msg(!strcmp(names_in(path), want), "%s: %s, not %s", judge.step, names_in(path),
	              want);
}

static void step_symlink(const char *path)
{
	static const char *const targets[] = { "a", "b/c", "d", "c/a", "a/b" };
	const char *target = targets[rnd(5)];

	agree(guest_symlink(target, path), host_result(symlink(target, judges(path))));
}

/* As memory pressure does: written out and forgotten. */
static void step_evict(void)
{
	struct pair *pair = &open_files[rnd(MAX_OPEN_PAIRS)];
	struct address_space *mapping;

	if (!pair->guest)
		return;
	mapping = pair->guest->file.f_mapping;
	ck_assert_int_eq(filemap_write_and_wait_range(&f.machine->kernel, mapping, 0, UINT64_MAX),
	                 0);
	invalidate_mapping_pages(&f.machine->kernel, mapping, 0, UINT64_MAX);
	compare_content(pair);
}

static void random_step(void)
{
	char path[64], other[64];
	uint32_t what = rnd(16);

	judge_path(&judge, path);
	judge_path(&judge, other);
	snprintf(judge.step, sizeof(judge.step), "step %u of \"%s\", \"%s\"", what, path, other);
	switch (what) {
	case 0:
	case 1:
	case 2:
		return step_open(path);
	case 3:
	case 4:
		return step_write();
	case 5:
		return step_truncate();
	case 6:
	case 7:
		return agree(guest_mkdir(path), host_result(mkdir(judges(path), 0755)));
	case 8:
		return step_remove(path);
	case 9:
		return step_rename(path, other);
	case 10:
		return step_link(path, other);
	case 11:
	case 12:
		return step_stat(path);
	case 13:
		return step_list(path);
	case 14:
		return step_symlink(path);
	default:
		return step_evict();
	}
}

/* All steps; the judge's folder holds what should be there now. */
static void run_against_judge(bool writable)
{
	const char *cases = getenv("PW_CASES");
	const char *write[] = { f.root, NULL };
	int nr = cases ? atoi(cases) : 10000;

	judge_open(&judge, &f, 20240229);
	boot(writable ? write : NULL);
	vfs->tree->max_idle = rnd(8);
	vfs->tree->max_open = 1 + rnd(8);
	for (int i = 0; i < nr; i++)
		random_step();
	for (int i = 0; i < MAX_OPEN_PAIRS; i++)
		close_pair(&open_files[i]);
}

START_TEST(random_calls_do_what_linux_does_and_leave_the_host_alone)
{
	uint64_t before;

	run_against_judge(false);
	sim_fixture_shutdown(&f);
	before = hash_host(f.root);
	/* Once more from the same start: the first run has left no trace. */
	boot(NULL);
	ck_assert_uint_eq(hash_host(f.root), before);
	ck_assert_str_eq(text_of("/b/c/a"), "b/c/a");
	ck_assert_str_eq(names_in("/"), "a b c d ");
	sim_fixture_shutdown(&f);
	sim_fixture_remove_root(&f);
	judge_close(&judge);
}
END_TEST

/* As hash_host(), but for times and link counts of folders. */
static int compare_folders(void)
{
	char command[256];

	snprintf(command, sizeof(command), "diff -r --no-dereference %s %s", f.root, judge.folder);
	return system(command);
}

START_TEST(random_calls_in_a_writable_folder_change_the_host_as_linux_does)
{
	run_against_judge(true);
	ck_assert_int_eq(vfs_sync(vfs), 0);
	sim_fixture_shutdown(&f);
	ck_assert_int_eq(compare_folders(), 0);
	sim_fixture_remove_root(&f);
	judge_close(&judge);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vfs");
	TCase *fixed = tcase_create("fixed"), *random = tcase_create("random");

	tcase_add_checked_fixture(fixed, setup, teardown);
	tcase_add_test(fixed, dotdot_at_the_root_stays_there);
	tcase_add_test(fixed, symlinks_resolve_inside_the_root);
	tcase_add_test(fixed, nothing_leads_out_of_the_root);
	tcase_add_test(fixed, a_loop_of_symlinks_is_ELOOP);
	tcase_add_test(fixed, forty_symlinks_are_followed_and_no_more);
	tcase_add_test(fixed, too_long_names_and_paths_are_refused);
	tcase_add_test(fixed, a_slash_behind_a_file_is_ENOTDIR);
	tcase_add_test(fixed, what_the_host_has_as_a_fifo_cannot_be_opened);
	tcase_add_test(fixed, paths_of_open_files_are_resolved);
	tcase_add_test(fixed, a_listing_merges_both_sides);
	tcase_add_test(fixed, a_written_file_keeps_what_was_not_written);
	tcase_add_test(fixed, a_removed_name_stays_away_until_made_anew);
	tcase_add_test(fixed, an_unlinked_file_lives_while_it_is_open);
	tcase_add_test(fixed, a_new_folder_shows_nothing_of_the_hosts);
	tcase_add_test(fixed, a_renamed_folder_takes_everything_along);
	tcase_add_test(fixed, hard_links_are_one_file);
	tcase_add_test(fixed, the_machines_own_folders_stay);
	tcase_add_test(fixed, a_longer_file_shows_zeroes_behind_its_old_end);
	tcase_add_test(fixed, writing_beyond_the_largest_file_is_EFBIG);
	tcase_add_test(fixed, devices_do_what_they_are_for);
	tcase_add_test(fixed, nothing_on_the_host_changes);
	tcase_add_test(fixed, a_folder_open_for_writing_changes_and_nothing_else);
	tcase_add_test(fixed, a_symlink_in_a_writable_folder_opens_nothing_outside);
	tcase_add_test(fixed, a_writable_folder_outside_the_root_appears_under_its_own_path);
	suite_add_tcase(suite, fixed);
	tcase_set_timeout(random, 120);
	tcase_add_test(random, random_calls_do_what_linux_does_and_leave_the_host_alone);
	tcase_add_test(random, random_calls_in_a_writable_folder_change_the_host_as_linux_does);
	suite_add_tcase(suite, random);
	return run_suite(suite);
}
