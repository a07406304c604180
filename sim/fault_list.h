/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault_list - the ordered list of page faults as CSV: an observer of
 * EVENT_PAGE_FAULT. Lines are those that perf's exceptions:page_fault_user and
 * page_fault_kernel give for a native run, so that the two can be compared:
 *
 *	n,task,mode,ip,address,error_code
 *	0,0,k,clear_user,0x5e4710,0x2
 *	1,0,u,0x40ebf0,0x40ebf0,0x14
 *
 * task counts from 0 in order of creation; ip is the kernel's function in mode k.
 */
#ifndef PW_SIM_FAULT_LIST_H
#define PW_SIM_FAULT_LIST_H

#include <stdio.h>

struct fault_list;
struct machine;

/* Writes to `file`, which stays the caller's, from now on. 0 or -ENOMEM. */
int fault_list_create(struct fault_list **out, struct machine *machine, FILE *file);
/* Before the machine goes. NULL is fine. */
void fault_list_destroy(struct fault_list *list);

#endif
