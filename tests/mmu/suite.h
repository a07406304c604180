/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PW_TESTS_MMU_SUITE_H
#define PW_TESTS_MMU_SUITE_H

#include <check.h>

/* Runs and frees the suite, in TAP. main()'s result. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
