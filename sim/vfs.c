/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfs - inodes, resolution of paths, and the calls that work on names
 * (Linux 6.1, fs/namei.c, as far as guests can tell).
 */
#include "sim/vfs.h"

#include "sim/devfs.h"
#include "sim/machine.h"
#include "sim/procfs.h"
#include "sim/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Inode numbers of what guests make: above those that file systems use. */
#define FIRST_GUEST_INO ((uint64_t)1 << 40)

/* ---- inodes ---- */

void inode_init(struct inode *inode, struct vfs *vfs, const struct inode_ops *ops, uint32_t kind)
{
	inode->vfs = vfs;
	inode->ops = ops;
	inode->kind = kind;
	inode->count = 1;
}

struct inode *inode_get(struct inode *inode)
{
	inode->count++;
	return inode;
}

void inode_put(struct inode *inode)
{
	if (inode && --inode->count == 0)
		inode->ops->drop(inode);
}

int inode_set_place(struct inode *inode, struct inode *parent, const char *name)
{
	char *copy;

	if (inode->parent == parent && inode->name && !strcmp(inode->name, name))
		return 0;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	inode_get(parent);
	inode_clear_place(inode);
	inode->parent = parent;
	inode->name = copy;
	return 0;
}

void inode_clear_place(struct inode *inode)
{
	struct inode *parent = inode->parent;

	free(inode->name);
	inode->name = NULL;
	inode->parent = NULL;
	if (parent != inode)
		inode_put(parent);
}

bool vfs_is_superuser(const struct vfs *vfs)
{
	return vfs->uid == 0;
}

bool vfs_in_group(const struct vfs *vfs, uint32_t gid)
{
	for (uint32_t i = 0; i < vfs->nr_groups; i++)
		if (vfs->groups[i] == gid)
			return true;
	return vfs->gid == gid;
}

/* Linux: generic_permission(), with the superuser's CAP_DAC_OVERRIDE. */
int inode_permission(struct inode *inode, unsigned may)
{
	struct vfs *vfs = inode->vfs;
	struct inode_attr attr;
	uint32_t bits;
	int error = inode->ops->getattr(inode, &attr);

	if (error)
		return error;
	if (vfs_is_superuser(vfs)) {
		bool may_exec = inode->kind == S_IFDIR || (attr.mode & 0111);

		return may & MAY_EXEC && !may_exec ? -EACCES : 0;
	}
	if (attr.uid == vfs->uid)
		bits = attr.mode >> 6;
	else if (vfs_in_group(vfs, attr.gid))
		bits = attr.mode >> 3;
	else
		bits = attr.mode;
	return may & ~bits & 7 ? -EACCES : 0;
}

/* ---- paths of directories ---- */

/* Writes the path of dir right before `end`; where it starts, or NULL if there is
 * no room behind `start`. */
static char *prepend_path(const struct inode *dir, char *start, char *end)
{
	for (; dir->parent && dir->parent != dir; dir = dir->parent) {
		size_t len = strlen(dir->name);

		if ((size_t)(end - start) < len + 1)
			return NULL;
		end -= len;
		memcpy(end, dir->name, len);
		*--end = '/';
	}
	return end;
}

char *inode_path(struct inode *dir, const char *name)
{
	char buffer[2 * PATH_MAX], *end = buffer + sizeof(buffer) - 1, *path;
	bool is_removed = !dir->parent;
	char *text;

	*end = '\0';
	path = prepend_path(dir, buffer, end);
	if (!path)
		return NULL;
	if (asprintf(&text, "%s%s%s%s", path, name || !*path ? "/" : "", name ? name : "",
	             is_removed ? " (deleted)" : "") < 0)
		return NULL;
	return text;
}

/* ---- names in a directory ---- */

int dir_list_add(struct dir_list *list, const char *name, uint64_t ino, uint8_t type)
{
	if (list->nr == list->room) {
		size_t room = list->room ? list->room * 2 : 32;
		void *grown = realloc(list->names, room * sizeof(*list->names));

		if (!grown)
			return -ENOMEM;
		list->names = grown;
		list->room = room;
	}
	list->names[list->nr].name = strdup(name);
	if (!list->names[list->nr].name)
		return -ENOMEM;
	list->names[list->nr].ino = ino;
	list->names[list->nr].type = type;
	list->nr++;
	return 0;
}

void dir_list_finish(struct dir_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->names[i].name);
	free(list->names);
	*list = (struct dir_list){ 0 };
}

/* ---- walking a path ---- */

/* A path on the way: what is still to be walked. */
struct walking {
	struct vfs *vfs;
	struct inode *at; /* a directory; a reference */
	unsigned links;   /* symlinks followed */
	unsigned flags;   /* WALK_* */
	char *rest;       /* in buffer */
	char buffer[2 * PATH_MAX];
};

static int look_up(struct inode *dir, const char *name, struct inode **out)
{
	if (!dir->ops->lookup)
		return -ENOTDIR;
	return dir->ops->lookup(dir, name, out);
}

/* The target of a symlink takes the place of its name in the rest of the path. */
static int expand_link(struct walking *w, struct inode *link)
{
	char target[PATH_MAX];
	size_t rest_len = strlen(w->rest), len;
	int n;

	if (++w->links > VFS_MAX_LINKS)
		return -ELOOP;
	n = link->ops->readlink(link, target, sizeof(target));
	if (n < 0)
		return n;
	if (n == 0)
		return -ENOENT;
	len = (size_t)n;
	if (len + 1 + rest_len + 1 > sizeof(w->buffer))
		return -ENAMETOOLONG;
	/* The rest starts with the slash behind the name, or is empty. */
	memmove(w->buffer + len, w->rest, rest_len + 1);
	memcpy(w->buffer, target, len);
	w->rest = w->buffer;
	if (target[0] == '/') {
		inode_put(w->at);
		w->at = inode_get(w->vfs->root);
	}
	return 0;
}

/* Cuts the next component off the rest into name. */
static int next_component(struct walking *w, char name[NAME_MAX + 1])
{
	size_t len;

	w->rest += strspn(w->rest, "/");
	len = strcspn(w->rest, "/");
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, w->rest, len);
	name[len] = '\0';
	w->rest += len;
	return 0;
}

static bool is_last(const struct walking *w)
{
	return w->rest[strspn(w->rest, "/")] == '\0';
}

static int enter(struct walking *w, struct inode *dir)
{
	if (dir->kind != S_IFDIR) {
		inode_put(dir);
		return -ENOTDIR;
	}
	inode_put(w->at);
	w->at = dir;
	return 0;
}

static int go_up(struct walking *w)
{
	if (!w->at->parent)
		return -ENOENT;
	return enter(w, inode_get(w->at->parent));
}

static bool is_followed(const struct walking *w, const struct inode *inode)
{
	if (inode->kind != S_IFLNK)
		return false;
	return !is_last(w) || w->flags & WALK_FOLLOW ||
	       (*w->rest == '/' && !(w->flags & WALK_NAME));
}

static int end_walk(struct walking *w, struct inode *inode, const char *name, struct walk *walk)
{
	walk->must_be_dir = *w->rest == '/';
	if (walk->must_be_dir && !(w->flags & WALK_NAME) && inode && inode->kind != S_IFDIR) {
		inode_put(inode);
		return -ENOTDIR;
	}
	walk->dir = inode_get(w->at);
	walk->inode = inode;
	strcpy(walk->name, name);
	return 0;
}

/* The end at a magic link's object, which has no name of its own. */
static int end_at_object(struct walking *w, struct inode *object, struct walk *walk)
{
	if (is_last(w))
		return end_walk(w, object, "", walk);
	return enter(w, object);
}

/* One component. True: the walk is over, with *error. */
static bool step(struct walking *w, struct walk *walk, int *error)
{
	char name[NAME_MAX + 1];
	struct inode *inode = NULL;
	bool was_last;

	*error = next_component(w, name);
	if (!*error && !*name) {
		*error = end_walk(w, inode_get(w->at), "", walk);
		return true;
	}
	if (!*error)
		*error = inode_permission(w->at, MAY_EXEC);
	if (!*error && !strcmp(name, "."))
		return false;
	if (!*error && !strcmp(name, "..")) {
		*error = go_up(w);
		return *error;
	}
	if (!*error && w->flags & WALK_CREATE && is_last(w) && *w->rest)
		*error = -EISDIR;
	if (!*error)
		*error = look_up(w->at, name, &inode);
	if (*error == -ENOENT && is_last(w) && !(w->flags & WALK_EXISTS))
		*error = 0;
	if (*error)
		return true;
	if (inode && is_followed(w, inode)) {
		struct inode *object = NULL;

		was_last = is_last(w);
		if (inode->ops->follow)
			*error = inode->ops->follow(inode, &object);
		else
			*error = expand_link(w, inode);
		inode_put(inode);
		if (object)
			*error = end_at_object(w, object, walk);
		return *error || (object && was_last);
	}
	if (is_last(w)) {
		*error = end_walk(w, inode, name, walk);
		return true;
	}
	*error = enter(w, inode);
	return *error;
}

int vfs_walk(struct vfs *vfs, struct inode *start, const char *path, unsigned flags,
             struct walk *walk)
{
	struct walking w = { .vfs = vfs, .flags = flags };
	int error = 0;

	if (!*path)
		return -ENOENT;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(w.buffer, path);
	w.rest = w.buffer;
	w.at = inode_get(*path == '/' || !start ? vfs->root : start);
	if (w.at->kind != S_IFDIR)
		error = -ENOTDIR;
	while (!error && !step(&w, walk, &error))
		;
	inode_put(w.at);
	return error;
}

void walk_finish(struct walk *walk)
{
	inode_put(walk->dir);
	inode_put(walk->inode);
}

int vfs_lookup(struct vfs *vfs, struct inode *start, const char *path, unsigned flags,
               struct inode **out)
{
	struct walk walk;
	int error = vfs_walk(vfs, start, path, flags | WALK_EXISTS, &walk);

	if (error)
		return error;
	*out = inode_get(walk.inode);
	walk_finish(&walk);
	return 0;
}

/* ---- opening ---- */

static int may_open(struct inode *inode, uint32_t flags)
{
	static const unsigned may_of[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ };
	unsigned may = may_of[flags & O_ACCMODE];

	if (flags & O_PATH)
		return 0;
	if (inode->kind == S_IFLNK)
		return -ELOOP;
	if (flags & O_TRUNC)
		may |= MAY_WRITE;
	if (inode->kind == S_IFDIR && (may & MAY_WRITE || flags & O_CREAT))
		return -EISDIR;
	return inode_permission(inode, may);
}

/* dir may take a new name. */
static int may_create(struct inode *dir)
{
	if (!dir->parent)
		return -ENOENT; /* removed */
	if (!dir->ops->create)
		return -EACCES;
	return inode_permission(dir, MAY_WRITE | MAY_EXEC);
}

static int open_new(struct walk *walk, uint32_t mode)
{
	const struct inode_new what = { .mode = S_IFREG | (mode & 07777) };
	int error = may_create(walk->dir);

	if (error)
		return error;
	return walk->dir->ops->create(walk->dir, walk->name, &what, &walk->inode);
}

static int open_existing(struct inode *inode, uint32_t flags)
{
	int error;

	if (flags & O_CREAT && flags & O_EXCL)
		return -EEXIST;
	if (flags & O_DIRECTORY && inode->kind != S_IFDIR)
		return -ENOTDIR;
	error = may_open(inode, flags);
	if (!error && flags & O_TRUNC && !(flags & O_PATH) && inode->kind == S_IFREG &&
	    inode->ops->truncate)
		error = inode->ops->truncate(inode, 0);
	return error;
}

/* The path under which the guest finds what the walk ended at. */
static char *walk_path(const struct walk *walk)
{
	if (*walk->name)
		return inode_path(walk->dir, walk->name);
	if (walk->inode->kind == S_IFDIR)
		return inode_path(walk->inode, NULL);
	return strdup("");
}

static int open_walk(struct walk *walk, uint32_t flags, uint32_t mode, struct open_file **out)
{
	char *path;
	int error;

	if (walk->inode)
		error = open_existing(walk->inode, flags);
	else
		error = open_new(walk, mode);
	if (error)
		return error;
	path = walk_path(walk);
	if (!path)
		return -ENOMEM;
	return open_file_create(walk->inode, flags, path, out);
}

int vfs_open_at(struct vfs *vfs, struct inode *start, const char *path, uint32_t flags,
                uint32_t mode, struct open_file **out)
{
	unsigned walk_flags = flags & O_CREAT ? WALK_CREATE : WALK_EXISTS;
	struct walk walk;
	int error;

	if ((flags & O_TMPFILE) == O_TMPFILE)
		return -EOPNOTSUPP;
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if (!(flags & O_NOFOLLOW) && !((flags & O_CREAT) && (flags & O_EXCL)))
		walk_flags |= WALK_FOLLOW;
	error = vfs_walk(vfs, start, path, walk_flags, &walk);
	if (error)
		return error;
	error = open_walk(&walk, flags, mode, out);
	walk_finish(&walk);
	return error;
}

int vfs_open(struct vfs *vfs, const char *cwd, const char *path, uint32_t flags, uint32_t mode,
             struct open_file **out)
{
	struct inode *start = NULL;
	int error = *path == '/' || !cwd ? 0 : vfs_lookup(vfs, NULL, cwd, WALK_FOLLOW, &start);

	if (error)
		return error;
	error = vfs_open_at(vfs, start, path, flags, mode, out);
	inode_put(start);
	return error;
}

/* ---- calls on names ---- */

int vfs_make(struct vfs *vfs, struct inode *start, const char *path, const struct inode_new *what)
{
	struct walk walk;
	struct inode *made;
	int error = vfs_walk(vfs, start, path, WALK_NAME, &walk);

	if (error)
		return error;
	if (walk.inode)
		error = -EEXIST;
	else if (walk.must_be_dir && !S_ISDIR(what->mode))
		error = -ENOENT;
	else
		error = may_create(walk.dir);
	if (!error)
		error = walk.dir->ops->create(walk.dir, walk.name, what, &made);
	if (!error)
		inode_put(made);
	walk_finish(&walk);
	return error;
}

int vfs_link(struct vfs *vfs, struct inode *inode, struct inode *start, const char *path)
{
	struct walk walk;
	int error = vfs_walk(vfs, start, path, WALK_NAME, &walk);

	if (error)
		return error;
	if (walk.inode)
		error = -EEXIST;
	else if (walk.must_be_dir)
		error = -ENOENT;
	else
		error = may_create(walk.dir);
	if (!error && inode->kind == S_IFDIR)
		error = -EPERM;
	if (!error)
		error =
		    walk.dir->ops->link ? walk.dir->ops->link(walk.dir, walk.name, inode) : -EPERM;
	walk_finish(&walk);
	return error;
}

static int check_empty(struct inode *dir)
{
	struct dir_list list = { 0 };
	int error = dir->ops->list(dir, &list);

	if (!error && list.nr)
		error = -ENOTEMPTY;
	dir_list_finish(&list);
	return error;
}

/* In a sticky directory one may only remove what is one's own. */
static int check_sticky(struct inode *dir, struct inode *inode)
{
	struct inode_attr of_dir, of_inode;
	uint32_t uid = dir->vfs->uid;
	int error = dir->ops->getattr(dir, &of_dir);

	if (error || vfs_is_superuser(dir->vfs) || !(of_dir.mode & S_ISVTX) || of_dir.uid == uid)
		return error;
	error = inode->ops->getattr(inode, &of_inode);
	return error || of_inode.uid == uid ? error : -EPERM;
}

/* walk's name may be taken away. as_dir: by a call that wants a directory. */
static int may_delete(const struct walk *walk, bool as_dir)
{
	int error;

	if (!walk->dir->ops->unlink)
		return -EPERM;
	error = inode_permission(walk->dir, MAY_WRITE | MAY_EXEC);
	if (!error)
		error = check_sticky(walk->dir, walk->inode);
	if (error)
		return error;
	if (!as_dir)
		return walk->inode->kind == S_IFDIR ? -EISDIR : 0;
	if (walk->inode->kind != S_IFDIR)
		return -ENOTDIR;
	if (walk->inode->is_mount)
		return -EBUSY;
	return check_empty(walk->inode);
}

/* What rmdir and rename answer to a path that ends in "/", "." or "..". */
static int check_last_component(const char *path, bool is_rmdir)
{
	size_t len = strlen(path);

	while (len && path[len - 1] == '/')
		len--;
	if (!len)
		return -EBUSY; /* the root */
	if (path[len - 1] != '.')
		return 0;
	if (len == 1 || path[len - 2] == '/')
		return is_rmdir ? -EINVAL : -EBUSY;
	if (path[len - 2] == '.' && (len == 2 || path[len - 3] == '/'))
		return is_rmdir ? -ENOTEMPTY : -EBUSY;
	return 0;
}

int vfs_unlink(struct vfs *vfs, struct inode *start, const char *path, bool is_rmdir)
{
	struct walk walk;
	int error = vfs_walk(vfs, start, path, WALK_EXISTS | WALK_NAME, &walk);

	if (error)
		return error;
	if (!is_rmdir && walk.must_be_dir)
		error = walk.inode->kind == S_IFDIR ? -EISDIR : -ENOTDIR;
	else if (!*walk.name)
		error = is_rmdir ? check_last_component(path, true) : -EISDIR;
	if (!error && !*walk.name)
		error = -EBUSY;
	if (!error)
		error = may_delete(&walk, is_rmdir);
	if (!error)
		error = walk.dir->ops->unlink(walk.dir, walk.name, walk.inode);
	walk_finish(&walk);
	return error;
}

static bool is_ancestor(const struct inode *above, const struct inode *dir)
{
	for (; dir; dir = dir->parent == dir ? NULL : dir->parent)
		if (dir == above)
			return true;
	return false;
}

/* In the order of Linux's do_renameat2() and vfs_rename(). */
static int check_rename(const struct walk *from, const struct walk *to, unsigned flags)
{
	bool is_dir = from->inode && from->inode->kind == S_IFDIR;
	int error;

	if (!*from->name || !*to->name)
		return *from->name && flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	if (!from->inode)
		return -ENOENT;
	if (to->inode && flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (!is_dir && (to->must_be_dir || from->must_be_dir))
		return -ENOTDIR;
	if (is_dir && is_ancestor(from->inode, to->dir))
		return -EINVAL;
	if (to->inode && is_ancestor(to->inode, from->dir))
		return -ENOTEMPTY;
	if (!from->dir->ops->rename)
		return -EXDEV;
	if (to->inode == from->inode)
		return 0;
	if (from->inode->is_mount)
		return -EBUSY;
	error = inode_permission(from->dir, MAY_WRITE | MAY_EXEC);
	if (!error)
		error = check_sticky(from->dir, from->inode);
	if (error || !to->inode)
		return error ? error : may_create(to->dir);
	return may_delete(to, is_dir);
}

int vfs_rename(struct vfs *vfs, struct inode *old_start, const char *old_path,
               struct inode *new_start, const char *new_path, unsigned flags)
{
	struct walk from, to;
	int error = vfs_walk(vfs, old_start, old_path, WALK_NAME, &from);

	if (error)
		return error;
	error = vfs_walk(vfs, new_start, new_path, WALK_NAME, &to);
	if (error) {
		walk_finish(&from);
		return error;
	}
	error = check_rename(&from, &to, flags);
	if (!error && from.inode != to.inode)
		error = from.dir->ops->rename(from.dir, from.name, from.inode, to.dir, to.name,
		                              to.inode);
	walk_finish(&from);
	walk_finish(&to);
	return error;
}

int vfs_setattr(struct inode *inode, unsigned valid, const struct inode_attr *attr)
{
	return inode->ops->setattr ? inode->ops->setattr(inode, valid, attr) : -EPERM;
}

int vfs_truncate(struct inode *inode, int64_t size)
{
	if (size < 0)
		return -EINVAL;
	if (inode->kind == S_IFDIR)
		return -EISDIR;
	if (inode->kind != S_IFREG || !inode->ops->truncate)
		return -EINVAL;
	if ((uint64_t)size > VFS_MAX_FILE_BYTES)
		return -EFBIG;
	return inode->ops->truncate(inode, (uint64_t)size);
}

/* ---- the whole ---- */

static int get_groups(struct vfs *vfs)
{
	int n = getgroups(0, NULL);

	if (n <= 0)
		return n < 0 ? -errno : 0;
	vfs->groups = calloc((size_t)n, sizeof(*vfs->groups));
	if (!vfs->groups)
		return -ENOMEM;
	n = getgroups(n, vfs->groups);
	vfs->nr_groups = n < 0 ? 0 : (uint32_t)n;
	return n < 0 ? -errno : 0;
}

static int mount_table(struct vfs *vfs, const struct proc_tree *table)
{
	struct inode *inode;
	int error = procfs_create(vfs, table, &inode);

	if (error)
		return error;
	error = tree_mount(vfs->root, table->name, inode);
	inode_put(inode);
	return error;
}

/* The guest's own machine, not the host's, is what these show. */
static int mount_all(struct vfs *vfs)
{
	struct inode *inode;
	int error = mount_table(vfs, &proc_tree);

	if (!error)
		error = mount_table(vfs, &sys_tree);
	if (!error)
		error = tree_mount_dir(vfs->root, "dev", 0755, &inode);
	if (!error) {
		error = devfs_populate(vfs, inode);
		inode_put(inode);
	}
	return error;
}

static int open_root(struct vfs *vfs, const struct vfs_config *config)
{
	int fd = open(config->root ? config->root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = tree_create(vfs, fd);
	for (const char **dir = config->write; !error && dir && *dir; dir++)
		error = tree_open_for_writing(vfs, config->root, *dir);
	return error;
}

int vfs_create(struct vfs **out, struct machine *machine, const struct vfs_config *config)
{
	struct vfs *vfs = calloc(1, sizeof(*vfs));
	int error;

	if (!vfs)
		return -ENOMEM;
	vfs->machine = machine;
	vfs->uid = geteuid();
	vfs->gid = getegid();
	vfs->next_ino = FIRST_GUEST_INO;
	vfs->stdio[0] = config->stdin_fd;
	vfs->stdio[1] = config->stdout_fd;
	vfs->stdio[2] = config->stderr_fd;
	error = get_groups(vfs);
	if (!error)
		error = open_root(vfs, config);
	if (!error)
		error = mount_all(vfs);
	if (error)
		vfs_destroy(vfs);
	else
		*out = vfs;
	return error;
}

int vfs_sync(struct vfs *vfs)
{
	return tree_sync(vfs);
}

struct vfs_credentials vfs_credentials(const struct vfs *vfs)
{
	return (struct vfs_credentials){ vfs->uid, vfs->gid, vfs->groups, vfs->nr_groups };
}

void vfs_destroy(struct vfs *vfs)
{
	if (!vfs)
		return;
	if (vfs->tree)
		tree_sync(vfs);
	tree_destroy(vfs);
	free(vfs->groups);
	free(vfs);
}
