/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate - a page's content, and all that refers to the page, goes to another frame
 * (Linux 6.1, mm/migrate.c). Nothing runs meanwhile, so that no entry has to say that
 * its page is on the way.
 */
#ifndef PW_MM_MIGRATE_H
#define PW_MM_MIGRATE_H

#include "mm/kernel.h"

/* Moves the page, to which the caller has a reference (which it keeps), to the node.
 * 0; -ENOMEM: no frame there; -EBUSY: not a user's page, or somebody else has it.
 * Counts pgmigrate_success or pgmigrate_fail. */
int migrate_page_to(struct kernel *k, struct page *page, uint32_t nid);

/* Present pages of [start, end) that lie on none of the nodes. */
uint64_t count_misplaced_pages(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                               nodemask_t nodes);
/* Moves them to these nodes, in turn; those that others map, too, only if shared_too.
 * Pages that could not be moved. */
uint64_t migrate_range(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                       nodemask_t nodes, bool shared_too);

/* migrate_pages(2): the mm's pages on `from` go to the node of `to` that has the same
 * place among them. Pages that could not be moved. */
uint64_t do_migrate_pages(struct kernel *k, struct mm_struct *mm, nodemask_t from, nodemask_t to,
                          bool shared_too);

/* move_pages(2), one page: the node that it lies on, after it has been moved to nid if
 * that is not NO_NODE; or -EFAULT, -ENOENT, -EACCES, -EBUSY, -ENOMEM. */
int do_move_page(struct kernel *k, struct mm_struct *mm, va_t va, uint32_t nid, bool shared_too);

#endif
