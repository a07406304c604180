/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * summary - what a run did, for people: a page of plain ASCII.
 */
#ifndef PW_SIM_SUMMARY_H
#define PW_SIM_SUMMARY_H

#include <stdio.h>

struct machine;

void summary_write(const struct machine *machine, FILE *out);

#endif
