// SPDX-License-Identifier: GPL-2.0-or-later
/* 64-bit division, which the compiler leaves to its library on i386. */
#include <stdint.h>

uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);

/* Bit by bit, the highest first. */
static uint64_t divide(uint64_t a, uint64_t b, uint64_t *rest)
{
	uint64_t quotient = 0;

	*rest = 0;
	for (int bit = 63; bit >= 0; bit--) {
		*rest = *rest << 1 | (a >> bit & 1);
		quotient <<= 1;
		if (*rest >= b) {
			*rest -= b;
			quotient |= 1;
		}
	}
	return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b)
{
	uint64_t rest;

	return divide(a, b, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b)
{
	uint64_t rest;

	divide(a, b, &rest);
	return rest;
}
