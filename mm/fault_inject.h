/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault_inject - failures on demand: chosen allocations find no memory, chosen
 * swap transfers end in an I/O error (Linux 4.4, lib/fault-inject.c, with
 * mm/failslab.c and fail_page_alloc of mm/page_alloc.c).
 *
 * Each site counts how often it is asked and fails by its own rule, so that the
 * same run fails at the same places again.
 */
#ifndef PW_MM_FAULT_INJECT_H
#define PW_MM_FAULT_INJECT_H

#include "mm/gfp.h"

#include <stdbool.h>
#include <stddef.h>

#define FAULT_SITES(X)                                                                             \
	X(FAIL_PAGE_ALLOC, "page_alloc") /* alloc_pages(): NULL, with no attempt made */           \
	X(FAIL_SLAB, "slab")             /* kmem_cache_alloc() and kmalloc() up to 8 KB: NULL */   \
	X(FAIL_SWAP_READ, "swap_read")   /* a page from a swap device: -EIO */                     \
	X(FAIL_SWAP_WRITE, "swap_write") /* a page to a swap device: -EIO */

enum fault_site {
#define X(id, name) id,
	FAULT_SITES(X)
#undef X
	    NR_FAULT_SITES
};

extern const char *const fault_site_names[NR_FAULT_SITES];

enum fault_mode {
	FAULT_OFF,
	FAULT_NTH,      /* the n-th that is asked, once */
	FAULT_EVERY,    /* each n-th */
	FAULT_FRACTION, /* one in n, by chance */
};

struct fault_rule {
	enum fault_mode mode;
	uint64_t n; /* at least 1, unless the mode is FAULT_OFF */
};

/* Text as "nth:3", "every:100", "fraction:1/50", "off". False: *rule is as it was. */
bool fault_rule_parse(struct fault_rule *rule, const char *text);
#define FAULT_RULE_TEXT_MAX 40
void fault_rule_print(const struct fault_rule *rule, char *text, size_t size);

struct fault_attr {
	struct fault_rule rule;
	uint64_t nr_asked, nr_failed; /* since the rule was set */
	uint64_t random_state;
};

/* All zero: nothing fails. */
struct fault_inject {
	uint32_t armed; /* 1 << enum fault_site */
	struct fault_attr sites[NR_FAULT_SITES];
};

/* From now on; counts start anew. The seed matters to FAULT_FRACTION alone; sites
 * have streams of their own. */
void fault_inject_set(struct fault_inject *fi, enum fault_site site, struct fault_rule rule,
                      uint64_t seed);

/* should_fail()'s slow half. */
bool fault_inject_decide(struct fault_inject *fi, enum fault_site site);

/* Counts one more, and says whether it has to fail. __GFP_NOFAIL is not asked: its
 * users have no way to go on. */
static inline bool should_fail(struct fault_inject *fi, enum fault_site site, gfp_t gfp)
{
	if (__builtin_expect(!(fi->armed >> site & 1), 1))
		return false;
	return !(gfp & __GFP_NOFAIL) && fault_inject_decide(fi, site);
}

#endif
