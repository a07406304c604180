/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * random_stream - numbers for random tests. PW_SEED sets the seed, which every
 * test prints; PW_CASES the number of cases.
 */
#ifndef PW_TESTS_MMU_RANDOM_STREAM_H
#define PW_TESTS_MMU_RANDOM_STREAM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct random_stream {
	uint64_t state;
};

/* Says so in TAP, as a comment. */
static inline struct random_stream random_start(const char *test)
{
	const char *text = getenv("PW_SEED");
	struct random_stream random = { .state = text ? strtoull(text, NULL, 0) : 1 };

	printf("# %s: PW_SEED=%llu\n", test, (unsigned long long)random.state);
	fflush(stdout);
	return random;
}

static inline uint64_t random_cases(uint64_t standard)
{
	const char *text = getenv("PW_CASES");

	return text ? strtoull(text, NULL, 0) : standard;
}

/* splitmix64 */
static inline uint64_t random_next(struct random_stream *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline uint64_t random_below(struct random_stream *random, uint64_t n)
{
	return random_next(random) % n;
}

static inline int random_one_in(struct random_stream *random, uint64_t n)
{
	return random_below(random, n) == 0;
}

#endif
