/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System V shared memory and its system calls (Linux 6.1, ipc/shm.c, ipc/util.c).
 */
#include "sim/ipc_shm.h"

#include "sim/calls.h"
#include "sim/clock.h"
#include "sim/machine.h"
#include "sim/syscall.h"
#include "sim/tree.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

/* An id is sequence << 15 | index; indices are given in turn, over at least so many. */
#define INDEX_BITS 15
#define MIN_CYCLE 64

/* ---- segments ---- */

void shm_ids_init(struct shm_ids *ids)
{
	*ids = (struct shm_ids){ .last_index = -1 };
	INIT_LIST_HEAD(&ids->segments);
}

uint32_t shm_index(const struct shm_segment *segment)
{
	return (uint32_t)segment->id & ((1u << INDEX_BITS) - 1);
}

static uint64_t nr_pages_of(const struct shm_segment *segment)
{
	return segment->size_bytes / PAGE_SIZE + (segment->size_bytes % PAGE_SIZE != 0);
}

static void destroy_segment(struct shm_ids *ids, struct shm_segment *segment)
{
	ids->nr--;
	ids->nr_pages -= nr_pages_of(segment);
	list_del(&segment->list);
	inode_put(&segment->file->inode);
	free(segment);
}

void shm_ids_finish(struct shm_ids *ids)
{
	struct shm_segment *segment, *next;

	list_for_each_entry_safe (segment, next, &ids->segments, list)
		destroy_segment(ids, segment);
}

uint64_t shm_nr_attached(const struct shm_segment *segment)
{
	const struct list_head *vmas = &segment->file->inode.i_data.i_mmap;
	uint64_t nr = 0;

	for (const struct list_head *at = vmas->next; at != vmas; at = at->next)
		nr++;
	return nr;
}

static struct shm_ids *ids_of(const struct task *task)
{
	return &task->machine->shm_ids;
}

static struct shm_segment *find_id(const struct task *task, int32_t id)
{
	struct shm_segment *segment;

	list_for_each_entry (segment, &ids_of(task)->segments, list)
		if (segment->id == id)
			return segment;
	return NULL;
}

static struct shm_segment *find_index(const struct task *task, uint32_t index)
{
	struct shm_segment *segment;

	list_for_each_entry (segment, &ids_of(task)->segments, list)
		if (shm_index(segment) == index)
			return segment;
	return NULL;
}

static struct shm_segment *find_key(const struct task *task, int32_t key)
{
	struct shm_segment *segment;

	list_for_each_entry (segment, &ids_of(task)->segments, list)
		if (segment->key == key)
			return segment;
	return NULL;
}

/* Linux: ipcperms(); flags ask as mode bits do, for whomever. */
static bool is_allowed(const struct task *task, const struct shm_segment *segment, uint32_t flags)
{
	const struct vfs *vfs = task->machine->vfs;
	uint32_t wanted = flags >> 6 | flags >> 3 | flags, granted = segment->mode;

	if (vfs->uid == segment->cuid || vfs->uid == segment->uid)
		granted >>= 6;
	else if (vfs_in_group(vfs, segment->cgid) || vfs_in_group(vfs, segment->gid))
		granted >>= 3;
	return !(wanted & ~granted & 7) || vfs_is_superuser(vfs);
}

static bool is_owner(const struct task *task, const struct shm_segment *segment)
{
	const struct vfs *vfs = task->machine->vfs;

	return vfs->uid == segment->cuid || vfs->uid == segment->uid || vfs_is_superuser(vfs);
}

static int64_t now(const struct machine *machine)
{
	return clock_realtime(machine).tv_sec;
}

/* ---- shmget ---- */

/* Linux: ipc_idr_alloc(). A place that comes again has another sequence. */
static int32_t new_id(struct task *task)
{
	struct shm_ids *ids = ids_of(task);
	int32_t cycle = (int32_t)(ids->nr * 3 / 2), index = ids->next_index;

	if (cycle < MIN_CYCLE)
		cycle = MIN_CYCLE;
	if (index >= cycle)
		index = 0;
	while (find_index(task, (uint32_t)index))
		index = (index + 1) % cycle;
	if (index <= ids->last_index)
		ids->sequence = (ids->sequence + 1) & 0xffff;
	ids->last_index = index;
	ids->next_index = index + 1;
	return ids->sequence << INDEX_BITS | index;
}

static void link_segment(struct shm_ids *ids, struct shm_segment *segment)
{
	struct shm_segment *behind;

	list_for_each_entry (behind, &ids->segments, list)
		if (shm_index(behind) > shm_index(segment))
			break;
	list_add_tail(&segment->list, &behind->list);
	ids->nr++;
	ids->nr_pages += nr_pages_of(segment);
}

static int check_new(const struct shm_ids *ids, uint64_t size, uint32_t flags)
{
	uint64_t pages = size / PAGE_SIZE + (size % PAGE_SIZE != 0);

	if (!size || size > SHM_MAX)
		return -EINVAL;
	if (pages << PAGE_SHIFT < size || pages > SHM_MAX - ids->nr_pages ||
	    ids->nr >= SHM_MAX_SEGMENTS)
		return -ENOSPC;
	if (size > INT64_MAX)
		return -EINVAL;
	return flags & SHM_HUGETLB ? -ENOMEM : 0; /* there are no huge pages in reserve */
}

static int64_t make_segment(struct task *task, int32_t key, uint64_t size, uint32_t flags)
{
	struct vfs *vfs = task->machine->vfs;
	bool is_reserved = !(flags & SHM_NORESERVE);
	struct shm_segment *segment;
	int error = check_new(ids_of(task), size, flags);

	if (error)
		return error;
	segment = calloc(1, sizeof(*segment));
	if (!segment)
		return -ENOMEM;
	error =
	    tree_make_shmem_file(vfs, is_reserved ? task->mm : NULL, 0777, size, &segment->file);
	if (error) {
		free(segment);
		return error;
	}
	segment->id = new_id(task);
	segment->key = key;
	segment->mode = flags & 0777;
	segment->uid = segment->cuid = vfs->uid;
	segment->gid = segment->cgid = vfs->gid;
	segment->size_bytes = size;
	segment->cpid = task->process->pid;
	segment->ctime = now(task->machine);
	segment->file->attr.ino = (uint64_t)segment->id; /* ipcs and pmap look for it */
	link_segment(ids_of(task), segment);
	return segment->id;
}

int64_t sys_shmget(struct task *task, const uint64_t arg[6])
{
	int32_t key = (int32_t)arg[0];
	uint32_t flags = (uint32_t)arg[2];
	const struct shm_segment *segment;

	if (key == IPC_PRIVATE)
		return make_segment(task, key, arg[1], flags);
	segment = find_key(task, key);
	if (!segment)
		return flags & IPC_CREAT ? make_segment(task, key, arg[1], flags) : -ENOENT;
	if (flags & IPC_CREAT && flags & IPC_EXCL)
		return -EEXIST;
	if (arg[1] > segment->size_bytes)
		return -EINVAL;
	return is_allowed(task, segment, flags) ? segment->id : -EACCES;
}

/* ---- shmat, shmdt ---- */

/* The last VMA of an attachment is gone. */
static void detach(struct open_file *file)
{
	struct machine *machine = file->inode->vfs->machine;
	struct shm_segment *segment = file->private;
	const struct task *task = machine->running ? machine->running->current : NULL;

	segment->dtime = now(machine);
	if (task)
		segment->lpid = task->process->pid;
	if (segment->mode & SHM_DEST_ && !shm_nr_attached(segment))
		destroy_segment(&machine->shm_ids, segment);
}

static const struct open_file_ops shm_file_ops = { .name = "sysv shm", .release = detach };

static int open_segment(struct shm_segment *segment, uint32_t flags, struct open_file **out)
{
	char *path;
	int error;

	if (asprintf(&path, "/SYSV%08x (deleted)", (uint32_t)segment->key) < 0)
		return -ENOMEM;
	error = open_file_create(&segment->file->inode, flags & SHM_RDONLY ? O_RDONLY : O_RDWR,
	                         path, out);
	if (error)
		return error;
	(*out)->ops = &shm_file_ops;
	(*out)->private = segment;
	return 0;
}

/* Where shmat(2)'s address means. 0 or -errno. */
static int round_address(uint64_t *va, uint32_t flags)
{
	if (!*va)
		return flags & SHM_REMAP ? -EINVAL : 0;
	if (!(*va & ~PAGE_MASK))
		return 0;
	if (!(flags & SHM_RND))
		return -EINVAL;
	*va &= PAGE_MASK;
	return !*va && flags & SHM_REMAP ? -EINVAL : 0;
}

static int64_t map_segment(struct task *task, struct shm_segment *segment, uint64_t va,
                           uint32_t flags)
{
	uint32_t prot = flags & SHM_RDONLY ? PROT_READ_ : PROT_READ_ | PROT_WRITE_;
	struct open_file *file;
	int64_t at = open_segment(segment, flags, &file);

	if (at)
		return at;
	segment->atime = now(task->machine);
	segment->lpid = task->process->pid;
	if (flags & SHM_EXEC)
		prot |= PROT_EXEC_;
	at = call_do_mmap(&task->machine->kernel, task->mm, &file->file, va, segment->size_bytes,
	                  prot, MAP_SHARED_ | (va ? MAP_FIXED_ : 0), 0);
	vfs_close(file); /* the VMA has it now */
	return at;
}

int64_t shm_attach(struct task *task, int32_t id, uint64_t va, uint32_t flags)
{
	struct shm_segment *segment = find_id(task, id);
	uint32_t wanted = flags & SHM_RDONLY ? 0444 : 0666;
	int error = id < 0 ? -EINVAL : round_address(&va, flags);

	if (error)
		return error;
	if (flags & SHM_EXEC)
		wanted |= 0111;
	if (!segment)
		return -EINVAL;
	if (!is_allowed(task, segment, wanted))
		return -EACCES;
	if (va && !(flags & SHM_REMAP) &&
	    (va + segment->size_bytes < va ||
	     find_vma_intersection(task->mm, va, va + segment->size_bytes)))
		return -EINVAL;
	return map_segment(task, segment, va, flags);
}

int64_t sys_shmat(struct task *task, const uint64_t arg[6])
{
	return shm_attach(task, (int32_t)arg[0], arg[1], (uint32_t)arg[2]);
}

/* The VMA is (a part of) an attachment that began at va. */
static bool is_attached_at(const struct vm_area_struct *vma, va_t va)
{
	const struct open_file *file = vma->vm_file ? open_file_behind(vma->vm_file) : NULL;

	return file && file->ops == &shm_file_ops &&
	       (vma->vm_start - va) >> PAGE_SHIFT == vma->vm_pgoff;
}

/* What munmap or mprotect has left of it goes, too. */
int64_t sys_shmdt(struct task *task, const uint64_t arg[6])
{
	struct vm_area_struct *vma = find_vma(task->mm, arg[0]), *next;
	const struct file *file = NULL;
	int64_t result = -EINVAL;

	if (arg[0] & ~PAGE_MASK)
		return -EINVAL;
	for (; vma; vma = next) {
		next = vma_next(task->mm, vma);
		if (!is_attached_at(vma, arg[0]) || (file && vma->vm_file != file))
			continue;
		file = vma->vm_file;
		result = call_do_munmap(&task->machine->kernel, task->mm, vma->vm_start,
		                        vma->vm_end - vma->vm_start);
		if (result)
			break;
	}
	return result;
}

/* ---- shmctl ---- */

/* struct shmid64_ds of x86-64. */
struct abi_shmid_ds {
	int32_t key;
	uint32_t uid, gid, cuid, cgid, mode;
	uint16_t seq, pad[3];
	uint64_t unused[2];
	uint64_t segsz;
	int64_t atime, dtime, ctime;
	int32_t cpid, lpid;
	uint64_t nattch, unused2[2];
};
_Static_assert(sizeof(struct abi_shmid_ds) == 112, "the ABI's");

/* Of i386. */
struct abi_shmid_ds_32 {
	int32_t key;
	uint32_t uid, gid, cuid, cgid, mode;
	uint16_t seq, pad;
	uint32_t unused[2];
	uint32_t segsz;
	struct {
		uint32_t low, high;
	} atime, dtime, ctime;
	int32_t cpid, lpid;
	uint32_t nattch, unused2[2];
};
_Static_assert(sizeof(struct abi_shmid_ds_32) == 84, "the ABI's");

static int put_narrow(struct task *task, va_t va, const struct abi_shmid_ds *ds)
{
	const struct abi_shmid_ds_32 narrow = {
		.key = ds->key,
		.uid = ds->uid,
		.gid = ds->gid,
		.cuid = ds->cuid,
		.cgid = ds->cgid,
		.mode = ds->mode,
		.seq = ds->seq,
		.segsz = (uint32_t)ds->segsz,
		.atime = { (uint32_t)ds->atime, (uint32_t)(ds->atime >> 32) },
		.dtime = { (uint32_t)ds->dtime, (uint32_t)(ds->dtime >> 32) },
		.ctime = { (uint32_t)ds->ctime, (uint32_t)(ds->ctime >> 32) },
		.cpid = ds->cpid,
		.lpid = ds->lpid,
		.nattch = (uint32_t)ds->nattch,
	};

	return copy_to_user(task, va, &narrow, sizeof(narrow));
}

/* IPC_STAT gives 0, the calls that go by index the id. */
static int64_t stat_segment(struct task *task, const struct shm_segment *segment, uint32_t command,
                            va_t va)
{
	struct abi_shmid_ds ds;
	int error;

	if (!segment)
		return -EINVAL;
	if (command != SHM_STAT_ANY && !is_allowed(task, segment, 0444))
		return -EACCES;
	ds = (struct abi_shmid_ds){
		.key = segment->key,
		.uid = segment->uid,
		.gid = segment->gid,
		.cuid = segment->cuid,
		.cgid = segment->cgid,
		.mode = segment->mode,
		.seq = (uint16_t)(segment->id >> INDEX_BITS),
		.segsz = segment->size_bytes,
		.atime = segment->atime,
		.dtime = segment->dtime,
		.ctime = segment->ctime,
		.cpid = segment->cpid,
		.lpid = segment->lpid,
		.nattch = shm_nr_attached(segment),
	};
	error =
	    task->regs.is_32 ? put_narrow(task, va, &ds) : copy_to_user(task, va, &ds, sizeof(ds));
	if (error)
		return error;
	return command == IPC_STAT ? 0 : segment->id;
}

static int64_t set_segment(struct task *task, struct shm_segment *segment, va_t va)
{
	uint32_t perm[6]; /* key, uid, gid, cuid, cgid, mode: the same in both ABIs */

	if (copy_from_user(task, perm, va, sizeof(perm)))
		return -EFAULT;
	if (!segment)
		return -EINVAL;
	if (!is_owner(task, segment))
		return -EPERM;
	segment->uid = perm[1];
	segment->gid = perm[2];
	segment->mode = (segment->mode & ~0777u) | (perm[5] & 0777);
	segment->ctime = now(task->machine);
	return 0;
}

static int64_t remove_segment(struct task *task, struct shm_segment *segment)
{
	if (!segment)
		return -EINVAL;
	if (!is_owner(task, segment))
		return -EPERM;
	if (shm_nr_attached(segment)) {
		segment->mode |= SHM_DEST_;
		segment->key = IPC_PRIVATE; /* nobody else finds it */
	} else {
		destroy_segment(ids_of(task), segment);
	}
	return 0;
}

/* Simplified: a locked segment's pages may be swapped out. */
static int64_t lock_segment(struct task *task, struct shm_segment *segment, bool lock)
{
	if (!segment)
		return -EINVAL;
	if (!is_owner(task, segment))
		return -EPERM;
	if (lock && !task->mm->memlock_limit)
		return -EPERM;
	segment->mode = (segment->mode & ~SHM_LOCKED_) | (lock ? SHM_LOCKED_ : 0);
	return 0;
}

/* Both structures are words, whatever their size. */
static int put_words(struct task *task, va_t va, const uint64_t *words, unsigned nr)
{
	uint32_t narrow[9];

	if (!task->regs.is_32)
		return copy_to_user(task, va, words, nr * sizeof(words[0]));
	for (unsigned i = 0; i < nr; i++)
		narrow[i] = words[i] > INT32_MAX ? INT32_MAX : (uint32_t)words[i];
	return copy_to_user(task, va, narrow, nr * sizeof(narrow[0]));
}

/* The highest index in use; 0 if there is none. */
static int64_t max_index(const struct task *task)
{
	const struct shm_ids *ids = ids_of(task);

	if (list_empty(&ids->segments))
		return 0;
	return shm_index(list_last_entry(&ids->segments, struct shm_segment, list));
}

static int64_t put_limits(struct task *task, va_t va)
{
	const uint64_t shminfo[9] = { SHM_MAX, 1, SHM_MAX_SEGMENTS, SHM_MAX_SEGMENTS, SHM_MAX };

	return put_words(task, va, shminfo, 9) ? -EFAULT : max_index(task);
}

static int64_t put_usage(struct task *task, va_t va)
{
	/* used_ids, shm_tot, shm_rss, shm_swp, and two that are always 0 */
	uint64_t shm_info[6] = { ids_of(task)->nr, ids_of(task)->nr_pages };
	const struct shm_segment *segment;

	list_for_each_entry (segment, &ids_of(task)->segments, list) {
		shm_info[2] += segment->file->inode.i_data.nrpages;
		shm_info[3] += segment->file->inode.i_data.nrexceptional;
	}
	return put_words(task, va, shm_info, 6) ? -EFAULT : max_index(task);
}

int64_t sys_shmctl(struct task *task, const uint64_t arg[6])
{
	int32_t id = (int32_t)arg[0];
	uint32_t command = (uint32_t)arg[1];

	if (id < 0 || (int32_t)command < 0)
		return -EINVAL;
	switch (command) {
	case IPC_INFO:
		return put_limits(task, arg[2]);
	case SHM_INFO:
		return put_usage(task, arg[2]);
	case SHM_STAT:
	case SHM_STAT_ANY:
		return stat_segment(task, find_index(task, (uint32_t)id), command, arg[2]);
	case IPC_STAT:
		return stat_segment(task, find_id(task, id), command, arg[2]);
	case IPC_SET:
		return set_segment(task, find_id(task, id), arg[2]);
	case IPC_RMID:
		return remove_segment(task, find_id(task, id));
	case SHM_LOCK:
	case SHM_UNLOCK:
		return lock_segment(task, find_id(task, id), command == SHM_LOCK);
	}
	return -EINVAL;
}
