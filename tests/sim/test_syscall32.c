/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of i386's system calls, and descriptors of thread-local storage. What the
 * calls do is tests/run/test_i386.sh's, against the real kernel. */
#include "sim/segments.h"
#include "sim/syscall.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* The host's <asm/unistd_32.h>, if it has one. */
START_TEST(each_number_of_the_hosts_header_has_its_name)
{
	FILE *header = fopen("/usr/include/x86_64-linux-gnu/asm/unistd_32.h", "r");
	char line[256], name[64];
	unsigned nr;

	while (header && fgets(line, sizeof(line), header))
		if (sscanf(line, "#define __NR_%63s %u", name, &nr) == 2) {
			const struct syscall_entry *entry = syscall32_lookup(nr);

			ck_assert_msg(entry && !strcmp(entry->name, name), "%u is %s", nr, name);
		}
	if (header)
		fclose(header);
	ck_assert_str_eq(syscall32_lookup(1)->name, "exit");
	ck_assert_str_eq(syscall32_lookup(192)->name, "mmap2");
	ck_assert(!syscall32_lookup(222) && !syscall32_lookup(100000));
}
END_TEST

START_TEST(each_call_that_is_built_says_how_its_arguments_are_passed)
{
	for (uint64_t nr = 0; nr < 512; nr++) {
		const struct syscall_entry *entry = syscall32_lookup(nr);
		unsigned nr_arguments = 0;

		if (!entry || !entry->fn)
			continue;
		ck_assert_msg(entry->forms != NULL, "%s", entry->name);
		for (const char *form = entry->forms; *form; form++) {
			nr_arguments += *form == 'q' ? 2 : 1;
			if (*form == '<' || *form == '>')
				ck_assert_msg(*++form && strchr("ltTRu6DrnsfFaAkwyLQvb", *form),
				              "%s", entry->name);
			else
				ck_assert_msg(strchr(".iq", *form) != NULL, "%s", entry->name);
		}
		ck_assert_uint_le(nr_arguments, 6);
	}
}
END_TEST

START_TEST(a_descriptor_is_the_cpus)
{
	/* Base 0xb7fcf6c0, 4 GB in pages, 32-bit data, writable: glibc's. */
	const struct user_desc desc = { 6, 0xb7fcf6c0, 0xfffff, 0x51 };
	struct user_desc back = { .entry_number = 6 };

	ck_assert_uint_eq(user_desc_pack(&desc), 0xb7dff3fcf6c0ffff);
	user_desc_unpack(&back, user_desc_pack(&desc));
	ck_assert_mem_eq(&back, &desc, sizeof(desc));
}
END_TEST

START_TEST(descriptors_that_a_task_may_not_have_are_refused)
{
	ck_assert(user_desc_is_allowed(&(struct user_desc){ 6, 0, 0, 0 }));    /* cleared */
	ck_assert(user_desc_is_allowed(&(struct user_desc){ 6, 0, 0, 0x28 })); /* the same */
	ck_assert_uint_eq(user_desc_pack(&(struct user_desc){ 6, 0, 0, 0x28 }), 0);
	ck_assert(!user_desc_is_allowed(&(struct user_desc){ 6, 1, 1, 0x50 })); /* 16 bits */
	ck_assert(!user_desc_is_allowed(&(struct user_desc){ 6, 1, 1, 0x55 })); /* code */
	ck_assert(!user_desc_is_allowed(&(struct user_desc){ 6, 1, 1, 0x71 })); /* absent */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("syscall32");
	TCase *tcase = tcase_create("tables");

	tcase_add_test(tcase, each_number_of_the_hosts_header_has_its_name);
	tcase_add_test(tcase, each_call_that_is_built_says_how_its_arguments_are_passed);
	tcase_add_test(tcase, a_descriptor_is_the_cpus);
	tcase_add_test(tcase, descriptors_that_a_task_may_not_have_are_refused);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
