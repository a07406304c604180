/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/fault_inject.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_site_names[NR_FAULT_SITES] = {
#define X(id, name) [id] = name,
	FAULT_SITES(X)
#undef X
};

static const char *const prefixes[] = {
	[FAULT_NTH] = "nth:",
	[FAULT_EVERY] = "every:",
	[FAULT_FRACTION] = "fraction:1/",
};

#define NR_MODES (sizeof(prefixes) / sizeof(prefixes[0]))

/* ---- rules as text ---- */

/* Decimal, from 1. */
static bool parse_n(const char *text, uint64_t *n)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false; /* strtoull() would take blanks and signs */
	errno = 0;
	*n = strtoull(text, &end, 10);
	return !errno && !*end && *n;
}

bool fault_rule_parse(struct fault_rule *rule, const char *text)
{
	if (!strcmp(text, "off")) {
		*rule = (struct fault_rule){ .mode = FAULT_OFF };
		return true;
	}
	for (unsigned mode = FAULT_NTH; mode < NR_MODES; mode++) {
		size_t len = strlen(prefixes[mode]);
		uint64_t n;

		if (strncmp(text, prefixes[mode], len) != 0 || !parse_n(text + len, &n))
			continue;
		*rule = (struct fault_rule){ .mode = (enum fault_mode)mode, .n = n };
		return true;
	}
	return false;
}

void fault_rule_print(const struct fault_rule *rule, char *text, size_t size)
{
	if (rule->mode == FAULT_OFF)
		snprintf(text, size, "off");
	else
		snprintf(text, size, "%s%" PRIu64, prefixes[rule->mode], rule->n);
}

/* ---- failing ---- */

void fault_inject_set(struct fault_inject *fi, enum fault_site site, struct fault_rule rule,
                      uint64_t seed)
{
	fi->sites[site] = (struct fault_attr){
		.rule = rule,
		.random_state = seed * NR_FAULT_SITES + site,
	};
	if (rule.mode == FAULT_OFF)
		fi->armed &= ~(1u << site);
	else
		fi->armed |= 1u << site;
}

/* splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014). */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

bool fault_inject_decide(struct fault_inject *fi, enum fault_site site)
{
	struct fault_attr *attr = &fi->sites[site];
	bool fails = false;

	attr->nr_asked++;
	switch (attr->rule.mode) {
	case FAULT_OFF:
		break;
	case FAULT_NTH:
		fails = attr->nr_asked == attr->rule.n;
		break;
	case FAULT_EVERY:
		fails = attr->nr_asked % attr->rule.n == 0;
		break;
	case FAULT_FRACTION:
		fails = next_random(&attr->random_state) % attr->rule.n == 0;
		break;
	}
	attr->nr_failed += fails;
	return fails;
}
