/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which instruction made an access: known where the block's instructions make just what
 * was recorded, left out where anything else happened. The path is the recorder's: code,
 * then accesses without ip; and out of the file again.
 */
#include "tests/run_suite.h"
#include "traces/pagewalk_format.h"
#include "traces/recorded_blocks.h"
#include "traces/writer.h"

#include <string.h>

#define BLOCK_VA ((va_t)0x401000)
#define DATA_VA ((va_t)0x7000)
#define NUMBER 7

/* Code: name, and its bytes up to name_end. */
#define SNIPPET(name, text)                                                                        \
	__asm__(".pushsection .rodata\nsnippet_" #name ":\n" text "\nsnippet_" #name               \
	        "_end:\n.popsection");                                                             \
	extern const uint8_t snippet_##name[], snippet_##name##_end[];

/* Offsets: 0 push, 1 add (load, store), 4 movups (load, twice 8), 7 call */
SNIPPET(plain, "push %rax\n add %rax,(%rbx)\n movups (%rcx),%xmm0\n call .+5")
SNIPPET(repeats, "mov (%rbx),%ecx\n rep movsb") /* 0, 2 */
SNIPPET(unknown, "push %rax\n fxsave (%rbx)\n") /* 0, 1 */

struct fixture {
	struct recorded_blocks blocks;
	struct trace_writer writer;
	FILE *file;
	char *data;
	size_t size;
	struct trace_source *source;
	struct trace_batch batch; /* all of it */
};

static struct fixture f;

static void set_up(void)
{
	memset(&f, 0, sizeof(f));
	ck_assert_int_eq(recorded_blocks_init(&f.blocks), 0);
	f.file = open_memstream(&f.data, &f.size);
	ck_assert_int_eq(trace_writer_init(&f.writer, f.file, &(struct trace_info){ 0 }), 0);
}

static void tear_down(void)
{
	trace_close(f.source);
	trace_writer_finish(&f.writer);
	recorded_blocks_finish(&f.blocks);
	free(f.data);
}

static void begin(const uint8_t *code, const uint8_t *end, uint32_t nr_ran)
{
	const struct record_block told = {
		.number = NUMBER, .va = BLOCK_VA, .bytes = code, .size = (uint32_t)(end - code)
	};

	ck_assert(recorded_blocks_learn(&f.blocks, &told));
	trace_writer_block(&f.writer, recorded_blocks_find(&f.blocks, NUMBER), nr_ran);
}

#define BEGIN(name, nr_ran) begin(snippet_##name, snippet_##name##_end, nr_ran)

static void add(enum access_kind kind, va_t va, uint16_t size)
{
	trace_writer_access(
	    &f.writer, &(struct trace_access){ .va = va, .count = 1, .kind = kind, .size = size });
}

static void load(uint16_t size)
{
	add(ACCESS_LOAD, DATA_VA, size);
}

static void store(uint16_t size)
{
	add(ACCESS_STORE, DATA_VA, size);
}

static void read_back(void)
{
	char why[600];

	ck_assert_int_eq(trace_writer_complete(&f.writer), 0);
	fclose(f.file);
	f.file = fmemopen(f.data, f.size, "r");
	ck_assert_int_eq(
	    trace_open_pagewalk(&f.source, f.file, NULL, 0, "memory", why, sizeof(why)), 0);
	ck_assert_int_eq(trace_next(f.source, &f.batch), 1);
}

/* The instruction's offset, of access i behind the fetch; -1: not known. */
static int offset_of(uint32_t i)
{
	ck_assert_uint_lt(1 + i, f.batch.nr);
	ck_assert_int_ne(f.batch.accesses[1 + i].kind, ACCESS_FETCH);
	return f.batch.accesses[1 + i].ip ? (int)(f.batch.accesses[1 + i].ip - BLOCK_VA) : -1;
}

static void assert_offsets(const int *offsets, uint32_t nr)
{
	read_back();
	ck_assert_uint_eq(f.batch.nr, 1 + nr);
	for (uint32_t i = 0; i < nr; i++)
		ck_assert_msg(offset_of(i) == offsets[i], "access %u: %d", i, offset_of(i));
}

#define ASSERT_OFFSETS(...)                                                                        \
	assert_offsets((const int[]){ __VA_ARGS__ },                                               \
	               sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

START_TEST(each_access_has_its_instruction)
{
	const struct trace_block *block;

	BEGIN(plain, 4);
	store(8), load(8), store(8), load(8), load(8), store(8);
	ASSERT_OFFSETS(0, 1, 1, 4, 4, 7);
	block = f.batch.accesses[0].block;
	ck_assert_uint_eq(block->va, BLOCK_VA);
	ck_assert_uint_eq(block->nr_instructions, 4);
	ck_assert_mem_eq(block->lengths, "\1\3\3\5", 4);
}
END_TEST

START_TEST(a_block_that_a_fault_stopped_is_known_as_far_as_it_came)
{
	BEGIN(plain, 3); /* in the middle of movups */
	store(8), load(8), store(8), load(8);
	ASSERT_OFFSETS(0, 1, 1, 4);
}
END_TEST

START_TEST(an_access_in_two_parts_is_one)
{
	BEGIN(plain, 2);
	store(8), load(3), load(5), store(8);
	ASSERT_OFFSETS(0, 1, 1, 1);
}
END_TEST

START_TEST(the_last_instruction_may_have_faulted)
{
	BEGIN(plain, 4);
	store(8), load(8), store(8), load(8), load(8);
	ASSERT_OFFSETS(0, 1, 1, 4, 4);
}
END_TEST

START_TEST(an_earlier_access_missing_and_nothing_is_known)
{
	BEGIN(plain, 4);
	store(8), load(8), store(8);
	ASSERT_OFFSETS(-1, -1, -1);
}
END_TEST

START_TEST(an_access_of_another_kind_or_size_and_nothing_is_known)
{
	BEGIN(plain, 2);
	store(8), load(4), store(8);
	ASSERT_OFFSETS(-1, -1, -1);
}
END_TEST

START_TEST(an_access_too_many_and_nothing_is_known)
{
	BEGIN(plain, 2);
	store(8), load(8), store(8), load(8);
	ASSERT_OFFSETS(-1, -1, -1, -1);
}
END_TEST

START_TEST(repeated_accesses_are_the_rep_instructions)
{
	int offsets[1 + 200];

	BEGIN(repeats, 2);
	load(4);
	offsets[0] = 0;
	for (int i = 0; i < 100; i++) {
		load(1), store(1);
		offsets[1 + 2 * i] = offsets[2 + 2 * i] = 2;
	}
	assert_offsets(offsets, 201);
}
END_TEST

START_TEST(behind_an_unknown_instruction_nothing_is_known)
{
	BEGIN(unknown, 2);
	store(8), store(8), store(8);
	ASSERT_OFFSETS(0, -1, -1);
}
END_TEST

START_TEST(a_block_in_two_pages_ran_as_far_as_its_rest_says)
{
	BEGIN(plain, 1);
	trace_writer_access(&f.writer, &(struct trace_access){
	                                   .va = BLOCK_VA + 4, .count = 1, .kind = ACCESS_FETCH });
	store(8), load(8), store(8);
	trace_writer_access(
	    &f.writer, &(struct trace_access){ .va = BLOCK_VA, .count = 1, .kind = ACCESS_FETCH });
	read_back();
	ck_assert_uint_eq(f.batch.nr, 6);
	ck_assert_uint_eq(f.batch.accesses[2].ip, BLOCK_VA);
	ck_assert_uint_eq(f.batch.accesses[4].ip, BLOCK_VA + 1);
}
END_TEST

START_TEST(a_number_can_be_another_blocks_later)
{
	BEGIN(plain, 1);
	store(8);
	trace_writer_forget_block(&f.writer);
	BEGIN(repeats, 1);
	load(4);
	read_back();
	ck_assert_uint_eq(f.batch.nr, 4);
	ck_assert_uint_eq(f.batch.accesses[0].block->nr_instructions, 4);
	ck_assert_uint_eq(f.batch.accesses[2].block->nr_instructions, 2);
	ck_assert_uint_eq(f.batch.accesses[1].ip, BLOCK_VA);
	ck_assert_uint_eq(f.batch.accesses[3].ip, BLOCK_VA);
}
END_TEST

START_TEST(other_code_of_the_same_lengths_is_another_block)
{
	/* 50; 48 8b 03; 90 against 50; 66 66 90; 58: a load by the second, by the third. */
	static const uint8_t second[] = { 0x50, 0x48, 0x8b, 0x03, 0x90 };
	static const uint8_t third[] = { 0x50, 0x66, 0x66, 0x90, 0x58 };

	begin(second, second + sizeof(second), 3);
	store(8), load(8);
	trace_writer_forget_block(&f.writer);
	begin(third, third + sizeof(third), 3);
	store(8), load(8);
	read_back();
	ck_assert_mem_eq(f.batch.accesses[0].block->lengths, f.batch.accesses[3].block->lengths, 3);
	ck_assert_uint_eq(f.batch.accesses[2].ip, BLOCK_VA + 1);
	ck_assert_uint_eq(f.batch.accesses[5].ip, BLOCK_VA + 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recorded_blocks");
	TCase *tc = tcase_create("recorded_blocks");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, each_access_has_its_instruction);
	tcase_add_test(tc, a_block_that_a_fault_stopped_is_known_as_far_as_it_came);
	tcase_add_test(tc, an_access_in_two_parts_is_one);
	tcase_add_test(tc, the_last_instruction_may_have_faulted);
	tcase_add_test(tc, an_earlier_access_missing_and_nothing_is_known);
	tcase_add_test(tc, an_access_of_another_kind_or_size_and_nothing_is_known);
	tcase_add_test(tc, an_access_too_many_and_nothing_is_known);
	tcase_add_test(tc, repeated_accesses_are_the_rep_instructions);
	tcase_add_test(tc, behind_an_unknown_instruction_nothing_is_known);
	tcase_add_test(tc, a_block_in_two_pages_ran_as_far_as_its_rest_says);
	tcase_add_test(tc, a_number_can_be_another_blocks_later);
	tcase_add_test(tc, other_code_of_the_same_lengths_is_another_block);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
