/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs of instructions as they are recorded (sim/record.h, struct record_block), taken
 * apart again.
 */
#include "traces/unroll.h"

#include "tests/mmu/random_stream.h"
#include "tests/run_suite.h"

#include <stdio.h>
#include <string.h>

/* What came out, as text. */
struct seen {
	FILE *out;
	char *text;
	size_t len;
};

static int see(void *context, const struct trace_access *access)
{
	struct seen *seen = context;

	fprintf(seen->out, "%c%llx,%u ", "LSF"[access->kind], (unsigned long long)access -> va,
	        access -> size);
	return 0;
}

static void begin(struct seen *seen, struct unroll *unroll)
{
	seen->out = open_memstream(&seen->text, &seen->len);
	unroll_init(unroll, see, seen);
}

static void end(struct seen *seen, struct unroll *unroll, const char *expected)
{
	ck_assert_int_eq(unroll_flush(unroll), 0);
	unroll_finish(unroll);
	fclose(seen->out);
	ck_assert_str_eq(seen->text, expected);
	free(seen->text);
}

static void run(struct unroll *unroll, const struct trace_block *block, uint32_t count)
{
	const struct trace_access access = {
		.va = block->va, .block = block, .count = count, .kind = ACCESS_FETCH
	};

	ck_assert_int_eq(unroll_access(unroll, &access), 0);
}

static void fetch(struct unroll *unroll, va_t va, uint32_t count)
{
	const struct trace_access access = { .va = va, .count = count, .kind = ACCESS_FETCH };

	ck_assert_int_eq(unroll_access(unroll, &access), 0);
}

static void data(struct unroll *unroll, enum access_kind kind, va_t va, uint64_t ip)
{
	const struct trace_access access = {
		.va = va, .ip = ip, .count = 1, .kind = (uint8_t)kind, .size = 8
	};

	ck_assert_int_eq(unroll_access(unroll, &access), 0);
}

static const uint8_t lengths[] = { 3, 2, 5, 1 };
static const struct trace_block block = { 0x1000, 4, lengths };
static const struct trace_block split = { 0x1ffb, 4,
	                                  lengths }; /* 3 at 1ffb, 2 at 1ffe, 5 at 2000 */

START_TEST(each_instruction_comes_before_the_data_it_accesses)
{
	struct unroll unroll;
	struct seen seen;

	begin(&seen, &unroll);
	run(&unroll, &block, 4);
	data(&unroll, ACCESS_LOAD, 0x8000, 0x1000);
	data(&unroll, ACCESS_LOAD, 0x9000, 0x1005);
	data(&unroll, ACCESS_STORE, 0x9000, 0x1005);
	end(&seen, &unroll, "F1000,3 L8000,8 F1003,2 F1005,5 L9000,8 S9000,8 F100a,1 ");
}
END_TEST

START_TEST(a_block_that_stops_early_has_as_many_instructions_as_ran)
{
	struct unroll unroll;
	struct seen seen;

	begin(&seen, &unroll);
	run(&unroll, &block, 2);
	data(&unroll, ACCESS_LOAD, 0x8000, 0x1003);
	run(&unroll, &block, 1);
	end(&seen, &unroll, "F1000,3 F1003,2 L8000,8 F1000,3 ");
}
END_TEST

START_TEST(a_block_in_two_pages_has_each_instruction_once)
{
	struct unroll unroll;
	struct seen seen;

	begin(&seen, &unroll);
	run(&unroll, &split, 1);
	fetch(&unroll, 0x2000, 1);
	data(&unroll, ACCESS_LOAD, 0x8000, 0x1ffe);
	fetch(&unroll, 0x1ffb, 3);
	run(&unroll, &block, 1);
	end(&seen, &unroll, "F1ffb,3 F1ffe,2 L8000,8 F2000,5 F2005,1 F1000,3 ");
}
END_TEST

START_TEST(what_ran_of_a_block_in_two_pages_is_told_when_it_is_over)
{
	struct unroll unroll;
	struct seen seen;

	begin(&seen, &unroll);
	run(&unroll, &split, 1);
	data(&unroll, ACCESS_STORE, 0x8000, 0x1ffe);
	fetch(&unroll, 0x1ffb, 1);
	run(&unroll, &split, 1);
	run(&unroll, &block, 1);
	end(&seen, &unroll, "F1ffb,3 F1ffe,2 S8000,8 F1ffb,3 F1000,3 ");
}
END_TEST

START_TEST(data_of_no_instruction_of_the_block_moves_none)
{
	struct unroll unroll;
	struct seen seen;

	begin(&seen, &unroll);
	run(&unroll, &block, 3);
	data(&unroll, ACCESS_LOAD, 0x7000, 0);
	data(&unroll, ACCESS_LOAD, 0x8000, 0x5000);
	data(&unroll, ACCESS_LOAD, 0x9000, 0x1005);
	data(&unroll, ACCESS_LOAD, 0xa000, 0x1000); /* a second round of it */
	end(&seen, &unroll, "F1000,3 L7000,8 L8000,8 F1003,2 F1005,5 L9000,8 La000,8 ");
}
END_TEST

START_TEST(the_block_may_be_gone_when_its_data_comes)
{
	uint8_t short_lived[] = { 3, 2, 5, 1 };
	struct trace_block gone = { 0x1000, 4, short_lived };
	struct unroll unroll;
	struct seen seen;

	begin(&seen, &unroll);
	run(&unroll, &gone, 4);
	memset(short_lived, 0, sizeof(short_lived));
	data(&unroll, ACCESS_LOAD, 0x8000, 0x1005);
	end(&seen, &unroll, "F1000,3 F1003,2 F1005,5 L8000,8 F100a,1 ");
}
END_TEST

START_TEST(fetches_without_a_block_stay_as_they_are)
{
	const struct trace_block no_lengths = { 0x3000, 4, NULL };
	struct unroll unroll;
	struct seen seen;

	begin(&seen, &unroll);
	fetch(&unroll, 0x1000, 1);
	data(&unroll, ACCESS_LOAD, 0x8000, 0x1000);
	run(&unroll, &no_lengths, 4);
	end(&seen, &unroll, "F1000,0 L8000,8 F3000,0 ");
}
END_TEST

/* ---- programs by chance ---- */

#define MAX_LENGTHS 12

/* Runs a block of random lengths as a CPU would, which is what must come out, and tells it
 * as the engine does. */
static void run_random_block(struct random_stream *random, struct unroll *unroll, FILE *expected)
{
	uint8_t its_lengths[MAX_LENGTHS] = { 0 };
	struct trace_block its = { .va = 0x1000 + random_below(random, 3 * PAGE_SIZE),
		                   .nr_instructions =
		                       1 + (uint32_t)random_below(random, MAX_LENGTHS),
		                   .lengths = its_lengths };
	uint32_t nr_ran = 1 + (uint32_t)random_below(random, its.nr_instructions);
	va_t va = its.va;
	va_t end_va = va;
	bool is_split;

	for (uint32_t i = 0; i < its.nr_instructions; i++)
		end_va += its_lengths[i] = (uint8_t)(1 + random_below(random, 15));
	is_split = ((end_va - 1) & PAGE_MASK) != (its.va & PAGE_MASK);
	run(unroll, &its, is_split ? 1 : nr_ran);
	if (is_split && random_below(random, 4))
		fetch(unroll, (end_va - 1) & PAGE_MASK, 1);
	for (uint32_t i = 0; i < nr_ran; va += its_lengths[i++]) {
		fprintf(expected, "F%llx,%u ", (unsigned long long)va, its_lengths[i]);
		for (uint64_t n = random_below(random, 3); n; n--) {
			va_t data_va = random_next(random);

			data(unroll, ACCESS_LOAD, data_va, va);
			fprintf(expected, "L%llx,8 ", (unsigned long long)data_va);
		}
	}
	if (is_split && nr_ran > 1)
		fetch(unroll, its.va, nr_ran - 1);
}

START_TEST(programs_by_chance_come_out_as_they_ran)
{
	struct random_stream random = random_start("programs_by_chance_come_out_as_they_ran");
	struct unroll unroll;
	struct seen seen;
	char *expected;
	size_t len;
	FILE *out = open_memstream(&expected, &len);

	begin(&seen, &unroll);
	for (uint64_t i = random_cases(5000); i; i--)
		run_random_block(&random, &unroll, out);
	fclose(out);
	end(&seen, &unroll, expected);
	free(expected);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("unroll");
	TCase *blocks = tcase_create("blocks");

	tcase_add_test(blocks, each_instruction_comes_before_the_data_it_accesses);
	tcase_add_test(blocks, a_block_that_stops_early_has_as_many_instructions_as_ran);
	tcase_add_test(blocks, a_block_in_two_pages_has_each_instruction_once);
	tcase_add_test(blocks, what_ran_of_a_block_in_two_pages_is_told_when_it_is_over);
	tcase_add_test(blocks, data_of_no_instruction_of_the_block_moves_none);
	tcase_add_test(blocks, the_block_may_be_gone_when_its_data_comes);
	tcase_add_test(blocks, fetches_without_a_block_stay_as_they_are);
	tcase_add_test(blocks, programs_by_chance_come_out_as_they_ran);
	suite_add_tcase(s, blocks);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
