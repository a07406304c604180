/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scull devices as an open file: contents against a plain array, the allocators'
 * figures, settings, and failures that leave nothing behind; and the frame counter.
 */
#include "sim/scull.h"

#include "mm/page_alloc.h"
#include "mm/vmalloc.h"
#include "sim/framecounter.h"
#include "tests/run_suite.h"
#include "tests/sim/sim_fixture.h"

static const char *const paths[NR_SCULL_DEVICES] = { "/dev/scullc", "/dev/scullp", "/dev/scullv" };

static struct sim_fixture f;
static struct kernel *k;

static void boot(void)
{
	const struct vfs_config config = { f.root, NULL, -1, -1, -1 };

	sim_fixture_make_root(&f);
	sim_fixture_boot(&f, "skylake", ENGINE_EXACT, &config);
	k = &f.machine->kernel;
}

static void shut_down(void)
{
	char what[256] = "";

	ck_assert_msg(kernel_is_valid(k, what, sizeof(what)), "%s", what);
	sim_fixture_shutdown(&f);
	sim_fixture_remove_root(&f);
}

static struct open_file *open_path(const char *path, uint32_t flags)
{
	struct open_file *file;

	ck_assert_int_eq(vfs_open(f.machine->vfs, "/", path, flags, 0, &file), 0);
	return file;
}

/* pwrite(2) and pread(2) without a task: one call of the device's. */
static int64_t write_at(struct open_file *file, const void *src, uint64_t len, int64_t pos)
{
	const struct io_segment segment = { (uintptr_t)src, len };
	struct io_iter iter;

	io_iter_init(&iter, NULL, &segment, 1);
	return open_file_write(file, NULL, &iter, &pos);
}

static int64_t read_at(struct open_file *file, void *dst, uint64_t len, int64_t pos)
{
	const struct io_segment segment = { (uintptr_t)dst, len };
	struct io_iter iter;

	io_iter_init(&iter, NULL, &segment, 1);
	return open_file_read(file, &iter, &pos);
}

static void write_all(struct open_file *file, const uint8_t *src, uint64_t len, int64_t pos)
{
	for (int64_t n; len; src += n, len -= (uint64_t)n, pos += n) {
		n = write_at(file, src, len, pos);
		ck_assert_int_gt(n, 0);
	}
}

static int64_t control(struct open_file *file, uint32_t request, int32_t value)
{
	return file->ops->ioctl(file, NULL, request, (uint32_t)value);
}

static const struct kmem_cache *cache_named(const char *name)
{
	const struct kmem_cache *cache;

	list_for_each_entry (cache, &k->slab_caches, list)
		if (!strcmp(cache->name, name))
			return cache;
	return NULL;
}

/* Handed out in all caches: what per-CPU arrays hold counts as handed out, so they give
 * it back first. */
static uint64_t nr_objects(void)
{
	const struct kmem_cache *cache;
	uint64_t sum = 0;

	shrink_slab(k);
	list_for_each_entry (cache, &k->slab_caches, list)
		sum += cache->nr_active_objects;
	return sum;
}

/* What is free once caches have given back what they can. */
static uint64_t free_pages_at_rest(void)
{
	shrink_slab(k);
	return nr_free_pages(k);
}

/* ---- contents ---- */

#define MODEL_BYTES (256 * KIB)
#define MODEL_QUANTUM 512 /* the least that any device here allocates */

static struct {
	uint8_t bytes[MODEL_BYTES];
	bool written[MODEL_BYTES / MODEL_QUANTUM];
	uint64_t quantum, size;
} model;

static uint64_t random_below(uint64_t *state, uint64_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state % limit;
}

static uint64_t model_clip(uint64_t pos, uint64_t len)
{
	uint64_t left = model.quantum - pos % model.quantum;

	return len < left ? len : left;
}

static void model_write(struct open_file *file, uint64_t *state)
{
	uint64_t pos = random_below(state, MODEL_BYTES), n;
	uint64_t len = 1 + random_below(state, MODEL_BYTES - pos);
	static uint8_t bytes[MODEL_BYTES];

	for (uint64_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)random_below(state, 256);
	n = model_clip(pos, len);
	ck_assert_int_eq(write_at(file, bytes, len, (int64_t)pos), (int64_t)n);
	memcpy(model.bytes + pos, bytes, n);
	model.written[pos / model.quantum] = true;
	if (model.size < pos + n)
		model.size = pos + n;
}

static void model_read(struct open_file *file, uint64_t *state)
{
	uint64_t pos = random_below(state, MODEL_BYTES), n;
	uint64_t len = 1 + random_below(state, MODEL_BYTES);
	static uint8_t bytes[MODEL_BYTES];

	n = model_clip(pos, len);
	if (pos >= model.size || !model.written[pos / model.quantum])
		n = 0;
	else if (n > model.size - pos)
		n = model.size - pos;
	ck_assert_int_eq(read_at(file, bytes, len, (int64_t)pos), (int64_t)n);
	ck_assert_mem_eq(bytes, model.bytes + pos, n);
}

/* Quanta of 512 bytes, one page and two, sets of three: many sets, holes and borders. */
START_TEST(any_order_of_writes_reads_back_as_from_an_array)
{
	static const int32_t units[] = { MODEL_QUANTUM, 0, 1 };
	static const uint64_t quanta[] = { MODEL_QUANTUM, PAGE_SIZE, 2 * PAGE_SIZE };
	const char *seed_text = getenv("PW_SEED"), *cases = getenv("PW_CASES");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 0) : 1, state = seed + 1;
	struct open_file *file;

	printf("# PW_SEED=%llu\n", (unsigned long long)seed);
	boot();
	file = open_path(paths[_i], O_RDWR);
	ck_assert_int_eq(control(file, SCULL_IOCTUNIT, units[_i]), 0);
	ck_assert_int_eq(control(file, SCULL_IOCTQSET, 3), 0);
	vfs_close(open_path(paths[_i], O_WRONLY));
	memset(&model, 0, sizeof(model));
	model.quantum = quanta[_i];
	for (uint64_t n = cases ? strtoull(cases, NULL, 0) : 400; n; n--) {
		model_write(file, &state);
		model_read(file, &state);
	}
	ck_assert_int_eq(file->ops->seek(file, 0, SEEK_END), (int64_t)model.size);
	vfs_close(file);
	shut_down();
}
END_TEST

START_TEST(far_ends_are_refused_or_cost_one_quantum)
{
	struct open_file *file;
	uint64_t before;
	char c = 'x';

	boot();
	file = open_path(paths[_i], O_RDWR);
	before = nr_free_pages(k);
	ck_assert_int_eq(write_at(file, &c, 1, INT64_MAX), -EFBIG);
	ck_assert_int_eq(write_at(file, &c, 1, INT64_MAX - 1), 1);
	ck_assert_uint_lt(before - nr_free_pages(k), 64);
	c = 0;
	ck_assert_int_eq(read_at(file, &c, 1, INT64_MAX - 1), 1);
	ck_assert_int_eq(c, 'x');
	ck_assert_int_eq(file->ops->seek(file, 0, SEEK_END), INT64_MAX);
	ck_assert_int_eq(file->ops->seek(file, 1, SEEK_END), -EINVAL);
	ck_assert_int_eq(file->ops->seek(file, -1, SEEK_SET), -EINVAL);
	vfs_close(file);
	shut_down();
}
END_TEST

/* ---- the allocators' figures ---- */

static uint8_t mebibyte[MIB];

START_TEST(scullc_takes_objects_of_a_cache_of_its_own)
{
	const struct kmem_cache *cache;
	struct open_file *file;
	uint64_t before;

	boot();
	before = free_pages_at_rest();
	ck_assert_ptr_null(cache_named("scullc"));
	file = open_path("/dev/scullc", O_WRONLY);
	write_all(file, mebibyte, MIB, 0);
	cache = cache_named("scullc");
	ck_assert_ptr_nonnull(cache);
	ck_assert_uint_eq(cache->object_size, 4000);
	ck_assert_uint_eq(cache->nr_active_objects, (MIB + 3999) / 4000);
	vfs_close(file);
	ck_assert_ptr_nonnull(cache_named("scullc")); /* what is written stays */
	vfs_close(open_path("/dev/scullc", O_WRONLY));
	ck_assert_ptr_null(cache_named("scullc"));
	ck_assert_uint_eq(free_pages_at_rest(), before);
	shut_down();
}
END_TEST

static uint64_t blocks_of_order(unsigned order)
{
	uint64_t n = 0;

	for_each_zone (k, zone)
		n += zone->free_area[order].nr_free;
	return n;
}

START_TEST(scullp_takes_blocks_of_its_order_from_the_buddy_allocator)
{
	struct open_file *file = NULL;
	uint64_t before, blocks;

	boot();
	before = free_pages_at_rest();
	blocks = blocks_of_order(MAX_ORDER - 1);
	file = open_path("/dev/scullp", O_RDWR);
	ck_assert_int_eq(control(file, SCULL_IOCTUNIT, MAX_ORDER - 1), 0);
	vfs_close(open_path("/dev/scullp", O_WRONLY));
	for (int i = 0; i < 5; i++)
		write_all(file, mebibyte, MIB, i * (int64_t)(PAGE_SIZE << (MAX_ORDER - 1)));
	ck_assert_uint_eq(blocks_of_order(MAX_ORDER - 1), blocks - 5);
	vfs_close(file);
	vfs_close(open_path("/dev/scullp", O_WRONLY));
	ck_assert_uint_eq(blocks_of_order(MAX_ORDER - 1), blocks);
	ck_assert_uint_eq(free_pages_at_rest(), before);
	shut_down();
}
END_TEST

START_TEST(scullv_takes_vmalloc_areas)
{
	const struct vm_struct *area;
	struct open_file *file;
	uint64_t before = 0, nr = 0;
	char line[128];

	boot();
	/* The first round leaves page tables behind, which stay (mm/kernel_map.h). */
	for (int round = 0; round < 2; round++) {
		before = free_pages_at_rest();
		file = open_path("/dev/scullv", O_WRONLY);
		write_all(file, mebibyte, MIB, 0);
		ck_assert_uint_eq(k->nr_vmalloc_pages, MIB / PAGE_SIZE);
		vfs_close(file);
		for (va_t va = 0; (area = vm_area_from(k, va)); va = area->va + area->size) {
			vmallocinfo_show(k, area, line, sizeof(line));
			nr += strstr(line, "scullv_get pages=16 vmalloc") != NULL;
		}
		vfs_close(open_path("/dev/scullv", O_WRONLY));
		ck_assert_uint_eq(k->nr_vmalloc_pages, 0);
	}
	ck_assert_uint_eq(nr, 2 * 16);
	ck_assert_uint_eq(free_pages_at_rest(), before);
	shut_down();
}
END_TEST

/* ---- settings ---- */

START_TEST(settings_hold_from_the_next_trim_on)
{
	const int32_t first = _i == 0   ? 4000
	                      : _i == 1 ? 0
	                                : 4,
	              max = _i ? SCULL_ORDER_MAX : SCULL_QUANTUM_MAX;
	const int64_t quantum = _i ? (int64_t)PAGE_SIZE << first : first;
	struct open_file *file;

	boot();
	file = open_path(paths[_i], O_RDWR);
	ck_assert_int_eq(control(file, SCULL_IOCQUNIT, 0), first);
	ck_assert_int_eq(control(file, SCULL_IOCQQSET, 0), 500);
	ck_assert_int_eq(control(file, SCULL_IOCHUNIT, 3), first);
	ck_assert_int_eq(control(file, SCULL_IOCHQSET, 7), 500);
	ck_assert_int_eq(control(file, SCULL_IOCQUNIT, 0), 3);
	ck_assert_int_eq(control(file, SCULL_IOCQQSET, 0), 7);
	ck_assert_int_eq(write_at(file, mebibyte, MIB, 0), quantum);
	vfs_close(open_path(paths[_i], O_WRONLY));
	ck_assert_int_eq(write_at(file, mebibyte, MIB, 0), _i ? 8 * (int64_t)PAGE_SIZE : 3);
	ck_assert_int_eq(control(file, SCULL_IOCTUNIT, max), 0);
	ck_assert_int_eq(control(file, SCULL_IOCTUNIT, max + 1), -EINVAL);
	ck_assert_int_eq(control(file, SCULL_IOCTUNIT, -1), -EINVAL);
	ck_assert_int_eq(control(file, SCULL_IOCTQSET, 0), -EINVAL);
	ck_assert_int_eq(control(file, SCULL_IOCTQSET, SCULL_QSET_MAX + 1), -EINVAL);
	ck_assert_int_eq(control(file, SCULL_IOCQUNIT, 0), max);
	ck_assert_int_eq(control(file, SCULL_IOCRESET, 0), 0);
	ck_assert_int_eq(control(file, SCULL_IOCQUNIT, 0), first);
	ck_assert_int_eq(control(file, SCULL_IOCHQSET + 1, 0), -ENOTTY);
	ck_assert_int_eq(control(file, _IO('k', 4), 0), -ENOTTY);
	vfs_close(file);
	shut_down();
}
END_TEST

/* ---- failures ---- */

/* Fails the n-th allocation of a write, for all n that it has; true if it had one. */
static bool fail_nth(int device, struct open_file *file, enum fault_site site, uint64_t n)
{
	const struct fault_rule rule = { FAULT_NTH, n }, off = { FAULT_OFF, 0 };
	uint64_t before = nr_objects();
	int64_t done;

	fault_inject_set(&k->fault_inject, site, rule, 0);
	done = write_at(file, mebibyte, 100, 0);
	fault_inject_set(&k->fault_inject, site, off, 0);
	if (done == 100) {
		vfs_close(open_path(paths[device], O_WRONLY));
		return false;
	}
	ck_assert_int_eq(done, -ENOMEM);
	ck_assert_uint_eq(nr_objects(), before);
	ck_assert_uint_eq(k->nr_vmalloc_pages, 0);
	ck_assert_ptr_null(cache_named("scullc"));
	return true;
}

START_TEST(a_write_without_memory_leaves_nothing_behind)
{
	static const enum fault_site sites[] = { FAIL_PAGE_ALLOC, FAIL_SLAB };
	struct open_file *file;
	uint64_t before, failed = 0;

	boot();
	file = open_path(paths[_i], O_RDWR);
	ck_assert_int_eq(write_at(file, mebibyte, 100, 0), 100); /* tables that stay */
	vfs_close(open_path(paths[_i], O_WRONLY));
	before = free_pages_at_rest();
	for (int s = 0; s < 2; s++)
		for (uint64_t n = 1; n < 20; n++) {
			failed += fail_nth(_i, file, sites[s], n);
			ck_assert_uint_eq(free_pages_at_rest(), before);
		}
	ck_assert_uint_gt(failed, 0);
	vfs_close(file);
	shut_down();
}
END_TEST

/* ---- the frame counter ---- */

static uint64_t frames(struct open_file *file)
{
	uint64_t n;

	ck_assert_int_eq(read_at(file, &n, sizeof(n), 8), 8);
	return n;
}

START_TEST(the_frame_counter_counts_at_its_rate)
{
	const uint32_t fast = 1000, zero = 0;
	struct open_file *file;
	uint32_t id[2];
	uint64_t n = 7;

	boot();
	file = open_path("/dev/framecounter", O_RDWR);
	ck_assert_ptr_nonnull(vm_area_from(k, 0));
	ck_assert_int_eq(read_at(file, id, sizeof(id), 0), 8);
	ck_assert_uint_eq(id[0], FRAMECOUNTER_ID);
	ck_assert_uint_eq(id[1], 60);
	f.machine->sleep_ns += 1500000000;
	ck_assert_uint_eq(frames(file), 90);
	ck_assert_int_eq(write_at(file, &fast, 4, 4), 4);
	ck_assert_uint_eq(frames(file), 90);
	f.machine->sleep_ns += 10000000;
	ck_assert_uint_eq(frames(file), 100);
	ck_assert_int_eq(write_at(file, &n, 8, 8), 8);
	ck_assert_int_eq(write_at(file, &zero, 4, 4), 4);
	f.machine->sleep_ns += 1000000;
	ck_assert_uint_eq(frames(file), 8);
	ck_assert_int_eq(read_at(file, &n, 8, 12), 4);
	ck_assert_int_eq(read_at(file, &n, 8, 16), 0);
	ck_assert_int_eq(write_at(file, &n, 8, 16), -ENOSPC);
	vfs_close(file);
	ck_assert_ptr_null(vm_area_from(k, 0));
	shut_down();
}
END_TEST

static Suite *scull_suite(void)
{
	Suite *s = suite_create("scull");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, any_order_of_writes_reads_back_as_from_an_array, 0,
	                    NR_SCULL_DEVICES);
	tcase_add_loop_test(tc, far_ends_are_refused_or_cost_one_quantum, 0, NR_SCULL_DEVICES);
	tcase_add_test(tc, scullc_takes_objects_of_a_cache_of_its_own);
	tcase_add_test(tc, scullp_takes_blocks_of_its_order_from_the_buddy_allocator);
	tcase_add_test(tc, scullv_takes_vmalloc_areas);
	tcase_add_loop_test(tc, settings_hold_from_the_next_trim_on, 0, NR_SCULL_DEVICES);
	tcase_add_loop_test(tc, a_write_without_memory_leaves_nothing_behind, 0, NR_SCULL_DEVICES);
	tcase_add_test(tc, the_frame_counter_counts_at_its_rate);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(scull_suite());
}
