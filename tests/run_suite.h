/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_suite - the end of every test program's main().
 */
#ifndef PW_TESTS_RUN_SUITE_H
#define PW_TESTS_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite with TAP on standard output, and frees it. The exit status. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
