// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.h"

#include <stdarg.h>

/* The ABI's entry: argc at sp, argv behind it, sp a multiple of 16. */
#ifdef __i386__
__asm__(".globl _start\n"
        "_start:\n"
        "	xorl %ebp, %ebp\n"
        "	movl (%esp), %eax\n"
        "	leal 4(%esp), %edx\n"
        "	subl $8, %esp\n"
        "	pushl %edx\n"
        "	pushl %eax\n"
        "	call guest_main\n"
        "	movl %eax, (%esp)\n"
        "	call quit\n");
#else
__asm__(".globl _start\n"
        "_start:\n"
        "	xorl %ebp, %ebp\n"
        "	movq (%rsp), %rdi\n"
        "	leaq 8(%rsp), %rsi\n"
        "	call guest_main\n"
        "	movl %eax, %edi\n"
        "	call quit\n");
#endif

void quit(int status)
{
	for (;;)
		syscall3(SYS_exit_group, (unsigned)status, 0, 0);
}

void *map(uint64_t bytes, int prot, int flags, int fd)
{
	intptr_t at =
	    syscall6(SYS_mmap, 0, (uintptr_t)bytes, (unsigned)prot,
	             (unsigned)(fd < 0 ? flags | MAP_ANONYMOUS : flags), (uintptr_t)fd, 0);

	if (at < 0 && at > -4096)
		fail("cannot map %u bytes: error %d\n", bytes, (int)-at);
	return (void *)at;
}

void unmap(void *memory, uint64_t bytes)
{
	syscall3(SYS_munmap, memory, bytes, 0);
}

void *memset(void *dst, int byte, size_t len)
{
	void *at = dst;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(len) : "a"(byte) : "memory");
	return dst;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
	void *at = dst;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(src), "+c"(len) : : "memory");
	return dst;
}

/* ---- output ---- */

struct line {
	char text[256];
	size_t len;
};

static void put(struct line *line, char c)
{
	if (line->len < sizeof(line->text))
		line->text[line->len++] = c;
}

static void put_string(struct line *line, const char *s)
{
	while (*s)
		put(line, *s++);
}

static void put_number(struct line *line, uint64_t value, unsigned base)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = "0123456789abcdef"[value % base];
	while (value /= base);
	while (n)
		put(line, digits[--n]);
}

static void put_signed(struct line *line, int value)
{
	if (value < 0)
		put(line, '-');
	put_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

static void print_list(int fd, const char *format, va_list ap)
{
	struct line line = { .len = 0 };

	for (; *format; format++) {
		if (*format != '%') {
			put(&line, *format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_string(&line, va_arg(ap, const char *));
			break;
		case 'd':
			put_signed(&line, va_arg(ap, int));
			break;
		case 'u':
			put_number(&line, va_arg(ap, uint64_t), 10);
			break;
		case 'x':
			put_string(&line, "0x");
			put_number(&line, va_arg(ap, uint64_t), 16);
			break;
		default:
			put(&line, *format);
			break;
		}
	}
	syscall3(SYS_write, (unsigned)fd, line.text, line.len);
}

void print(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_list(1, format, ap);
	va_end(ap);
}

void fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_list(2, format, ap);
	va_end(ap);
	quit(1);
}

/* ---- arguments ---- */

bool equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

uint64_t size_argument(int argc, char **argv, int index, uint64_t fallback)
{
	static const char units[] = "KMG";
	uint64_t value = 0;
	const char *s;

	if (index >= argc)
		return fallback;
	for (s = argv[index]; *s >= '0' && *s <= '9'; s++)
		value = value * 10 + (uint64_t)(*s - '0');
	for (int i = 0; i < 3; i++)
		if (*s == units[i]) {
			value <<= 10 * (i + 1);
			s++;
			break;
		}
	if (*s || s == argv[index])
		fail("%s: not a size: %s\n", argv[0], argv[index]);
	return value;
}
