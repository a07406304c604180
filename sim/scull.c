/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/scull.h"

#include "mm/kernel_map.h"
#include "sim/calls.h"
#include "sim/machine.h"

#include <errno.h>
#include <stdlib.h>

#define SCULL_MAJOR 240 /* 240 to 254 are for local use (Linux: Documentation/devices.txt) */

/* quantum (scullc) or order (scullp, scullv); quanta in a set. */
struct scull_sizes {
	int32_t unit, qset;
};

/* A quantum set; from kmalloc(). */
struct quantum_set {
	struct list_head sets; /* scull.sets */
	uint64_t index;        /* which it is, from 0 */
	va_t quanta[];         /* kernel addresses; 0: a hole */
};

struct scull {
	const struct scull_memory *memory;
	struct kernel *kernel;
	struct list_head sets;     /* by index */
	uint64_t size;             /* bytes: where the furthest write ended */
	struct scull_sizes sizes;  /* of what is there */
	struct scull_sizes wanted; /* from the next trim on */
	struct kmem_cache *cache;  /* scullc's, from the first quantum to the trim; or NULL */
};

/* Where the quanta come from. */
struct scull_memory {
	struct scull_sizes sizes; /* at first */
	int32_t unit_min, unit_max;
	uint64_t (*quantum_bytes)(const struct scull *scull);
	bool (*get)(struct scull *scull, va_t *va); /* false: no memory, and nothing taken */
	void (*put)(struct scull *scull, va_t va);
	void (*emptied)(struct scull *scull); /* the last is back; may be NULL */
};

/* ---- scullc: a slab cache ---- */

static uint64_t scullc_quantum_bytes(const struct scull *scull)
{
	return (uint64_t)scull->sizes.unit;
}

static bool scullc_get(struct scull *scull, va_t *va)
{
	struct kernel *k = scull->kernel;
	void *object;

	if (!scull->cache)
		scull->cache = call_kmem_cache_create(k, "scullc", (size_t)scull->sizes.unit,
		                                      SLAB_HWCACHE_ALIGN);
	object = scull->cache ? call_kmem_cache_alloc(k, scull->cache) : NULL;
	if (object)
		*va = direct_map_va(k, object);
	return object;
}

static void scullc_put(struct scull *scull, va_t va)
{
	call_kmem_cache_free(scull->kernel, scull->cache, direct_map_object(scull->kernel, va));
}

static void scullc_emptied(struct scull *scull)
{
	if (scull->cache)
		call_kmem_cache_destroy(scull->kernel, scull->cache);
	scull->cache = NULL;
}

/* ---- scullp: whole pages ---- */

static uint64_t order_quantum_bytes(const struct scull *scull)
{
	return PAGE_SIZE << scull->sizes.unit;
}

static bool scullp_get(struct scull *scull, va_t *va)
{
	void *pages = call_get_free_pages(scull->kernel, (unsigned)scull->sizes.unit);

	if (pages)
		*va = direct_map_va(scull->kernel, pages);
	return pages;
}

static void scullp_put(struct scull *scull, va_t va)
{
	call_free_pages(scull->kernel, direct_map_object(scull->kernel, va),
	                (unsigned)scull->sizes.unit);
}

/* ---- scullv: vmalloc() ---- */

static bool scullv_get(struct scull *scull, va_t *va)
{
	return call_vmalloc(scull->kernel, order_quantum_bytes(scull), __func__, va);
}

static void scullv_put(struct scull *scull, va_t va)
{
	call_vfree(scull->kernel, va);
}

/* ---- quanta ---- */

static void free_set(struct scull *scull, struct quantum_set *set)
{
	list_del(&set->sets);
	for (int32_t i = 0; i < scull->sizes.qset; i++)
		if (set->quanta[i])
			scull->memory->put(scull, set->quanta[i]);
	call_kfree(scull->kernel, set);
}

/* Empties the device; what was set by ioctl(2) holds now. */
static void trim(struct scull *scull)
{
	struct quantum_set *set, *tmp;

	list_for_each_entry_safe (set, tmp, &scull->sets, sets)
		free_set(scull, set);
	if (scull->memory->emptied)
		scull->memory->emptied(scull);
	scull->size = 0;
	scull->sizes = scull->wanted;
}

/* Where byte `pos` of the device is. */
struct place {
	uint64_t set, quantum; /* the set's index; in the set */
	uint64_t offset, left; /* bytes: in the quantum, and to its end */
};

static struct place place_of(const struct scull *scull, uint64_t pos)
{
	uint64_t bytes = scull->memory->quantum_bytes(scull);
	uint64_t quantum = pos / bytes, qset = (uint64_t)scull->sizes.qset;

	return (struct place){ quantum / qset, quantum % qset, pos % bytes, bytes - pos % bytes };
}

/* The first set whose index is at least this; or the list's head, as if it were one. */
static struct quantum_set *set_from(struct scull *scull, uint64_t index)
{
	struct quantum_set *set;

	list_for_each_entry (set, &scull->sets, sets)
		if (set->index >= index)
			break;
	return set;
}

static bool is_set(const struct scull *scull, const struct quantum_set *set, uint64_t index)
{
	return &set->sets != &scull->sets && set->index == index;
}

/* The quantum's address; 0: a hole. */
static va_t quantum_at(struct scull *scull, const struct place *place)
{
	const struct quantum_set *set = set_from(scull, place->set);

	return is_set(scull, set, place->set) ? set->quanta[place->quantum] : 0;
}

/* The set with this index, made if need be; NULL: no memory. */
static struct quantum_set *make_set(struct scull *scull, uint64_t index)
{
	struct quantum_set *next = set_from(scull, index), *set;

	if (is_set(scull, next, index))
		return next;
	set = call_kzalloc(scull->kernel,
	                   sizeof(*set) + (size_t)scull->sizes.qset * sizeof(set->quanta[0]));
	if (set) {
		set->index = index;
		list_add_tail(&set->sets, &next->sets);
	}
	return set;
}

static bool set_is_empty(const struct scull *scull, const struct quantum_set *set)
{
	for (int32_t i = 0; i < scull->sizes.qset; i++)
		if (set->quanta[i])
			return false;
	return true;
}

/* As quantum_at(), but a hole is filled with zeroes. 0: no memory, and nothing taken. */
static va_t make_quantum(struct scull *scull, const struct place *place)
{
	struct quantum_set *set = make_set(scull, place->set);
	va_t va;

	if (!set)
		goto no_memory;
	if (set->quanta[place->quantum])
		return set->quanta[place->quantum];
	if (!scull->memory->get(scull, &va)) {
		if (set_is_empty(scull, set))
			free_set(scull, set);
		goto no_memory;
	}
	set->quanta[place->quantum] = va;
	call_kernel_memset(scull->kernel, va, 0, scull->memory->quantum_bytes(scull));
	return va;

no_memory:
	if (list_empty(&scull->sets) && scull->memory->emptied)
		scull->memory->emptied(scull);
	return 0;
}

/* ---- reading and writing ---- */

/* Between a quantum at va, from offset on, and the task, a page at a time: both sides are
 * accesses that are counted. False: a bad address of the task's. */
static bool copy_out(struct kernel *k, struct io_iter *to, va_t va, uint64_t offset, uint64_t len)
{
	uint8_t bytes[PAGE_SIZE];

	for (uint64_t done = 0, n; done < len; done += n) {
		n = len - done < sizeof(bytes) ? len - done : sizeof(bytes);
		if (call_kernel_read(k, va, offset + done, bytes, n) ||
		    io_iter_put(to, bytes, n) < n)
			return false;
	}
	return true;
}

static bool copy_in(struct kernel *k, struct io_iter *from, va_t va, uint64_t offset, uint64_t len)
{
	uint8_t bytes[PAGE_SIZE];

	for (uint64_t done = 0, n; done < len; done += n) {
		n = len - done < sizeof(bytes) ? len - done : sizeof(bytes);
		if (io_iter_get(from, bytes, n) < n ||
		    call_kernel_write(k, va, offset + done, bytes, n))
			return false;
	}
	return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int64_t scull_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	struct scull *scull = device_state(file);
	struct place place;
	uint64_t len;
	va_t va;

	if ((uint64_t)*pos >= scull->size)
		return 0;
	place = place_of(scull, (uint64_t)*pos);
	len = least(least(to->count, scull->size - (uint64_t)*pos), place.left);
	va = quantum_at(scull, &place);
	if (!va || !len)
		return 0;
	if (!copy_out(scull->kernel, to, va, place.offset, len))
		return -EFAULT;
	*pos += (int64_t)len;
	return (int64_t)len;
}

static int64_t scull_write(struct open_file *file, struct task *task, struct io_iter *from,
                           int64_t *pos)
{
	struct scull *scull = device_state(file);
	struct place place = place_of(scull, (uint64_t)*pos);
	uint64_t len = least(from->count, place.left);
	va_t va;

	if (!len)
		return 0;
	if (len > (uint64_t)INT64_MAX - (uint64_t)*pos)
		return -EFBIG;
	va = make_quantum(scull, &place);
	if (!va)
		return -ENOMEM;
	if (!copy_in(scull->kernel, from, va, place.offset, len))
		return -EFAULT;
	*pos += (int64_t)len;
	if (scull->size < (uint64_t)*pos)
		scull->size = (uint64_t)*pos;
	return (int64_t)len;
}

static int64_t scull_seek(struct open_file *file, int64_t offset, int whence)
{
	struct scull *scull = device_state(file);
	int64_t base = whence == SEEK_CUR   ? file->pos
	               : whence == SEEK_END ? (int64_t)scull->size
	                                    : 0;

	if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &offset) || offset < 0)
		return -EINVAL;
	return file->pos = offset;
}

/* ---- ioctl(2) ---- */

/* A number that can be set. */
struct setting {
	int32_t *value;
	int32_t min, max;
};

static int64_t set_value(const struct setting *setting, int32_t value)
{
	if (value < setting->min || value > setting->max)
		return -EINVAL;
	*setting->value = value;
	return 0;
}

static int64_t set_from_user(const struct setting *setting, struct task *task, va_t arg)
{
	int32_t value;

	if (copy_from_user(task, &value, arg, sizeof(value)))
		return -EFAULT;
	return set_value(setting, value);
}

/* All requests in the order of SCULL_IOCSUNIT to SCULL_IOCHUNIT. */
static int64_t change_setting(const struct setting *setting, struct task *task, uint32_t request,
                              va_t arg)
{
	int32_t old = *setting->value;
	int64_t error;

	switch (request) {
	case SCULL_IOCSUNIT:
		return set_from_user(setting, task, arg);
	case SCULL_IOCTUNIT:
		return set_value(setting, (int32_t)arg);
	case SCULL_IOCGUNIT:
		return copy_to_user(task, arg, &old, sizeof(old));
	case SCULL_IOCQUNIT:
		return old;
	case SCULL_IOCXUNIT:
		error = set_from_user(setting, task, arg);
		return error ? error : copy_to_user(task, arg, &old, sizeof(old));
	case SCULL_IOCHUNIT:
		error = set_value(setting, (int32_t)arg);
		return error ? error : old;
	default:
		return -ENOTTY;
	}
}

static int64_t scull_ioctl(struct open_file *file, struct task *task, uint32_t request, va_t arg)
{
	struct scull *scull = device_state(file);
	const struct scull_memory *memory = scull->memory;
	const struct setting unit = { &scull->wanted.unit, memory->unit_min, memory->unit_max };
	const struct setting qset = { &scull->wanted.qset, 1, SCULL_QSET_MAX };

	if (request == SCULL_IOCRESET) {
		scull->wanted = memory->sizes;
		return 0;
	}
	if (_IOC_NR(request) < _IOC_NR(SCULL_IOCSQSET))
		return change_setting(&unit, task, request, arg);
	/* The same six again, six numbers on. */
	return change_setting(&qset, task, request - (SCULL_IOCSQSET - SCULL_IOCSUNIT), arg);
}

/* ---- the devices ---- */

static int scull_open(struct open_file *file)
{
	if ((file->flags & O_ACCMODE) == O_WRONLY)
		trim(device_state(file));
	return 0;
}

static void *scull_create(struct vfs *vfs, const struct device *device)
{
	struct scull *scull = calloc(1, sizeof(*scull));

	if (!scull)
		return NULL;
	scull->memory = device->kind;
	scull->kernel = &vfs->machine->kernel;
	scull->sizes = scull->wanted = scull->memory->sizes;
	INIT_LIST_HEAD(&scull->sets);
	return scull;
}

static void scull_destroy(void *state)
{
	trim(state);
	free(state);
}

static const struct scull_memory scullc_memory = {
	.sizes = { .unit = 4000, .qset = 500 },
	.unit_min = 1,
	.unit_max = SCULL_QUANTUM_MAX,
	.quantum_bytes = scullc_quantum_bytes,
	.get = scullc_get,
	.put = scullc_put,
	.emptied = scullc_emptied,
};

static const struct scull_memory scullp_memory = {
	.sizes = { .unit = 0, .qset = 500 },
	.unit_max = SCULL_ORDER_MAX,
	.quantum_bytes = order_quantum_bytes,
	.get = scullp_get,
	.put = scullp_put,
};

static const struct scull_memory scullv_memory = {
	.sizes = { .unit = 4, .qset = 500 },
	.unit_max = SCULL_ORDER_MAX,
	.quantum_bytes = order_quantum_bytes,
	.get = scullv_get,
	.put = scullv_put,
};

#define SCULL(device, number, memory)                                                              \
	{                                                                                          \
		.name = device, .mode = 0666, .major = SCULL_MAJOR, .minor = number,               \
		.ops = { .name = device,                                                           \
			 .read = scull_read,                                                       \
			 .write = scull_write,                                                     \
			 .seek = scull_seek,                                                       \
			 .ioctl = scull_ioctl },                                                   \
		.kind = &(memory), .create = scull_create, .destroy = scull_destroy,               \
		.open = scull_open,                                                                \
	}

const struct device scull_devices[NR_SCULL_DEVICES] = {
	SCULL("scullc", 0, scullc_memory),
	SCULL("scullp", 1, scullp_memory),
	SCULL("scullv", 2, scullv_memory),
};
