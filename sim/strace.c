// SPDX-License-Identifier: GPL-2.0-or-later
/* System calls as strace(1) prints them. */
#include "sim/strace.h"

#include "sim/machine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define STRING_MAX 32    /* bytes of a string that are shown, as strace -s */
#define RESULT_COLUMN 40 /* where "= result" stands, as strace -a */
#define GUEST_AT_FDCWD -100

static void __attribute__((format(printf, 2, 3)))
put(struct strace_line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line->text + line->len, room, format, ap);
	va_end(ap);
	if (n > 0)
		line->len += (size_t)n < room ? (size_t)n : room - 1;
}

/* ---- the guest's memory ---- */

/* Bytes of [va, va + len) that are in RAM, from the start on. */
static size_t peek(struct task *task, void *dst, va_t va, size_t len)
{
	size_t done = 0;

	while (done < len) {
		struct translation t;
		size_t part = PAGE_SIZE - ((va + done) & ~PAGE_MASK);

		if (part > len - done)
			part = len - done;
		if (!task->mm ||
		    !mmu_probe(task_cpu(task)->mmu, va + done, ACCESS_LOAD, PRIV_KERNEL, &t, NULL))
			break;
		memcpy((char *)dst + done, ram_at(&task->machine->ram, t.pa), part);
		done += part;
	}
	return done;
}

static void put_bytes(struct strace_line *line, const uint8_t *bytes, size_t len, bool more)
{
	static const char escapes[] = "\aa\bb\tt\nn\vv\ff\rr\"\"\\\\";

	put(line, "\"");
	for (size_t i = 0; i < len; i++) {
		const char *e = bytes[i] ? strchr(escapes, bytes[i]) : NULL;
		bool digit_next = i + 1 < len && bytes[i + 1] >= '0' && bytes[i + 1] <= '9';

		if (e && (bytes[i] < ' ' || bytes[i] == '"' || bytes[i] == '\\'))
			put(line, "\\%c", e[1]);
		else if (bytes[i] >= ' ' && bytes[i] < 0x7f)
			put(line, "%c", bytes[i]);
		else
			put(line, digit_next ? "\\%03o" : "\\%o", bytes[i]);
	}
	put(line, more ? "\"..." : "\"");
}

static void put_buffer(struct strace_line *line, struct task *task, va_t va, uint64_t len)
{
	uint8_t bytes[STRING_MAX];
	size_t want = len < STRING_MAX ? (size_t)len : STRING_MAX;

	if (!va)
		put(line, "NULL");
	else if (peek(task, bytes, va, want) < want)
		put(line, "%#" PRIx64, va);
	else
		put_bytes(line, bytes, want, len > want);
}

static void put_string(struct strace_line *line, struct task *task, va_t va)
{
	uint8_t bytes[STRING_MAX + 1];
	size_t have = va ? peek(task, bytes, va, sizeof(bytes)) : 0;
	const uint8_t *end = memchr(bytes, 0, have);

	if (!va)
		put(line, "NULL");
	else if (end)
		put_bytes(line, bytes, (size_t)(end - bytes), false);
	else if (have == sizeof(bytes))
		put_bytes(line, bytes, STRING_MAX, true);
	else
		put(line, "%#" PRIx64, va);
}

static void put_argv(struct strace_line *line, struct task *task, va_t va)
{
	const size_t size = task->regs.is_32 ? 4 : 8;

	put(line, "[");
	for (unsigned i = 0; i < 16; i++) {
		uint64_t string = 0;

		if (peek(task, &string, va + i * size, size) < size || !string)
			break;
		put(line, i ? ", " : "");
		put_string(line, task, string);
	}
	put(line, "]");
}

/* ---- names ---- */

struct name {
	uint64_t value;
	const char *text;
};

/* How a letter's values are named: one of them, or a sum of flags. */
struct names {
	char letter;
	bool are_flags;
	const char *none; /* flags that are all clear */
	const struct name *names;
	size_t nr;
};

/* clang-format off */
static const struct name open_flags[] = {
	/* What contains others comes before them. */
	{ 04010000, "O_SYNC" }, { 020200000, "O_TMPFILE" },
	{ 0100, "O_CREAT" }, { 0200, "O_EXCL" }, { 0400, "O_NOCTTY" }, { 01000, "O_TRUNC" },
	{ 02000, "O_APPEND" }, { 04000, "O_NONBLOCK" }, { 010000, "O_DSYNC" },
	{ 020000, "O_ASYNC" }, { 040000, "O_DIRECT" }, { 0100000, "O_LARGEFILE" },
	{ 0200000, "O_DIRECTORY" }, { 0400000, "O_NOFOLLOW" }, { 01000000, "O_NOATIME" },
	{ 02000000, "O_CLOEXEC" }, { 010000000, "O_PATH" },
};
static const struct name prot_flags[] = {
	{ 1, "PROT_READ" }, { 2, "PROT_WRITE" }, { 4, "PROT_EXEC" },
	{ 0x01000000, "PROT_GROWSDOWN" }, { 0x02000000, "PROT_GROWSUP" },
};
static const struct name map_flags[] = {
	{ 3, "MAP_SHARED_VALIDATE" }, { 1, "MAP_SHARED" }, { 2, "MAP_PRIVATE" },
	{ 0x10, "MAP_FIXED" }, { 0x20, "MAP_ANONYMOUS" }, { 0x40, "MAP_32BIT" },
	{ 0x100, "MAP_GROWSDOWN" }, { 0x800, "MAP_DENYWRITE" }, { 0x1000, "MAP_EXECUTABLE" },
	{ 0x2000, "MAP_LOCKED" }, { 0x4000, "MAP_NORESERVE" }, { 0x8000, "MAP_POPULATE" },
	{ 0x10000, "MAP_NONBLOCK" }, { 0x20000, "MAP_STACK" }, { 0x40000, "MAP_HUGETLB" },
	{ 0x100000, "MAP_FIXED_NOREPLACE" },
};
static const struct name access_modes[] = { { 4, "R_OK" }, { 2, "W_OK" }, { 1, "X_OK" } };
static const struct name at_flags[] = {
	{ 0x100, "AT_SYMLINK_NOFOLLOW" }, { 0x200, "AT_REMOVEDIR" },
	{ 0x400, "AT_SYMLINK_FOLLOW" }, { 0x800, "AT_NO_AUTOMOUNT" }, { 0x1000, "AT_EMPTY_PATH" },
};
static const struct name random_flags[] = {
	{ 1, "GRND_NONBLOCK" }, { 2, "GRND_RANDOM" }, { 4, "GRND_INSECURE" },
};
static const struct name whences[] = {
	{ 0, "SEEK_SET" }, { 1, "SEEK_CUR" }, { 2, "SEEK_END" }, { 3, "SEEK_DATA" },
	{ 4, "SEEK_HOLE" },
};
static const struct name advices[] = {
	{ 0, "MADV_NORMAL" }, { 1, "MADV_RANDOM" }, { 2, "MADV_SEQUENTIAL" },
	{ 3, "MADV_WILLNEED" }, { 4, "MADV_DONTNEED" }, { 8, "MADV_FREE" }, { 9, "MADV_REMOVE" },
	{ 10, "MADV_DONTFORK" }, { 11, "MADV_DOFORK" }, { 12, "MADV_MERGEABLE" },
	{ 13, "MADV_UNMERGEABLE" }, { 14, "MADV_HUGEPAGE" }, { 15, "MADV_NOHUGEPAGE" },
	{ 16, "MADV_DONTDUMP" }, { 17, "MADV_DODUMP" }, { 18, "MADV_WIPEONFORK" },
	{ 20, "MADV_COLD" }, { 21, "MADV_PAGEOUT" },
};
static const struct name mask_hows[] = {
	{ 0, "SIG_BLOCK" }, { 1, "SIG_UNBLOCK" }, { 2, "SIG_SETMASK" },
};
static const struct name fcntls[] = {
	{ 0, "F_DUPFD" }, { 1, "F_GETFD" }, { 2, "F_SETFD" }, { 3, "F_GETFL" }, { 4, "F_SETFL" },
	{ 5, "F_GETLK" }, { 6, "F_SETLK" }, { 7, "F_SETLKW" }, { 1030, "F_DUPFD_CLOEXEC" },
	{ 1031, "F_SETPIPE_SZ" }, { 1032, "F_GETPIPE_SZ" },
};
static const struct name ioctls[] = {
	{ 0x5401, "TCGETS" }, { 0x5402, "TCSETS" }, { 0x5403, "TCSETSW" },
	{ 0x5404, "TCSETSF" }, { 0x540b, "TCFLSH" }, { 0x540e, "TIOCSCTTY" }, { 0x540f, "TIOCGPGRP" },
	{ 0x5410, "TIOCSPGRP" }, { 0x5413, "TIOCGWINSZ" }, { 0x541b, "FIONREAD" },
	{ 0x5421, "FIONBIO" }, { 0x5422, "TIOCNOTTY" }, { 0x5429, "TIOCGSID" },
};
static const struct name clocks[] = {
	{ 0, "CLOCK_REALTIME" }, { 1, "CLOCK_MONOTONIC" }, { 2, "CLOCK_PROCESS_CPUTIME_ID" },
	{ 3, "CLOCK_THREAD_CPUTIME_ID" }, { 4, "CLOCK_MONOTONIC_RAW" },
	{ 5, "CLOCK_REALTIME_COARSE" }, { 6, "CLOCK_MONOTONIC_COARSE" }, { 7, "CLOCK_BOOTTIME" },
};
static const struct name rlimits[] = {
	{ 0, "RLIMIT_CPU" }, { 1, "RLIMIT_FSIZE" }, { 2, "RLIMIT_DATA" }, { 3, "RLIMIT_STACK" },
	{ 4, "RLIMIT_CORE" }, { 5, "RLIMIT_RSS" }, { 6, "RLIMIT_NPROC" }, { 7, "RLIMIT_NOFILE" },
	{ 8, "RLIMIT_MEMLOCK" }, { 9, "RLIMIT_AS" }, { 10, "RLIMIT_LOCKS" },
	{ 11, "RLIMIT_SIGPENDING" }, { 12, "RLIMIT_MSGQUEUE" }, { 13, "RLIMIT_NICE" },
	{ 14, "RLIMIT_RTPRIO" }, { 15, "RLIMIT_RTTIME" },
};
static const struct name arch_prctls[] = {
	{ 0x1001, "ARCH_SET_GS" }, { 0x1002, "ARCH_SET_FS" }, { 0x1003, "ARCH_GET_FS" },
	{ 0x1004, "ARCH_GET_GS" }, { 0x3001, "ARCH_CET_STATUS" },
};
static const struct name timers[] = {
	{ 0, "ITIMER_REAL" }, { 1, "ITIMER_VIRTUAL" }, { 2, "ITIMER_PROF" },
};
static const struct name usages[] = {
	{ 0, "RUSAGE_SELF" }, { 0xffffffff, "RUSAGE_CHILDREN" }, { 1, "RUSAGE_THREAD" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ONE_OF(letter, names) { letter, false, NULL, names, COUNT(names) }
#define FLAGS(letter, names, none) { letter, true, none, names, COUNT(names) }
static const struct names kinds[] = {
	ONE_OF('w', whences), ONE_OF('v', advices), ONE_OF('h', mask_hows), ONE_OF('c', fcntls),
	ONE_OF('i', ioctls), ONE_OF('C', clocks), ONE_OF('R', rlimits), ONE_OF('G', arch_prctls),
	ONE_OF('T', timers), ONE_OF('U', usages),
	FLAGS('P', prot_flags, "PROT_NONE"), FLAGS('M', map_flags, "0"),
	FLAGS('a', access_modes, "F_OK"), FLAGS('@', at_flags, "0"), FLAGS('g', random_flags, "0"),
};
#undef ONE_OF
#undef FLAGS
/* clang-format on */

/* "A|B|0x40"; `none` for 0, unless something stands before it already. */
static void put_flags(struct strace_line *line, const struct name *names, size_t nr, uint64_t value,
                      const char *none, bool separator)
{
	if (!value && !separator)
		put(line, "%s", none);
	for (size_t i = 0; i < nr; i++) {
		if ((value & names[i].value) != names[i].value)
			continue;
		put(line, "%s%s", separator ? "|" : "", names[i].text);
		value &= ~names[i].value;
		separator = true;
	}
	if (value)
		put(line, "%s%#" PRIx64, separator ? "|" : "", value);
}

static void put_name(struct strace_line *line, const struct names *kind, uint64_t value)
{
	for (size_t i = 0; i < kind->nr; i++)
		if (kind->names[i].value == (uint32_t)value) {
			put(line, "%s", kind->names[i].text);
			return;
		}
	put(line, "%#" PRIx64, value);
}

/* A letter whose values have names. False: it is none. */
static bool put_named(struct strace_line *line, char letter, uint64_t value)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].letter != letter)
			continue;
		if (kinds[i].are_flags)
			put_flags(line, kinds[i].names, kinds[i].nr, value, kinds[i].none, false);
		else
			put_name(line, &kinds[i], value);
		return true;
	}
	return false;
}

static void put_open_flags(struct strace_line *line, uint32_t value)
{
	static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };

	put(line, "%s", modes[value & 3]);
	put_flags(line, open_flags, COUNT(open_flags), value & ~3u, "", true);
}

/* ---- arguments ---- */

static void put_fd(struct strace_line *line, uint64_t value)
{
	if ((int32_t)value == GUEST_AT_FDCWD)
		put(line, "AT_FDCWD");
	else
		put(line, "%d", (int32_t)value);
}

static void put_signal(struct strace_line *line, uint64_t value)
{
	const char *name = value <= NR_SIGNALS ? signal_name((int)value) : NULL;

	if (name)
		put(line, "%s", name);
	else
		put(line, "%d", (int32_t)value);
}

static void put_fd_pair(struct strace_line *line, struct task *task, va_t va)
{
	int32_t fds[2];

	if (peek(task, fds, va, sizeof(fds)) < sizeof(fds))
		put(line, "%#" PRIx64, va);
	else
		put(line, "[%d, %d]", fds[0], fds[1]);
}

static void put_pointer(struct strace_line *line, uint64_t value)
{
	if (value)
		put(line, "%#" PRIx64, value);
	else
		put(line, "NULL");
}

/* The kinds that point into the guest's memory. True: it was one. */
static bool put_memory(struct strace_line *line, struct task *task, char letter,
                       const uint64_t *arg, int64_t result)
{
	switch (letter) {
	case 's':
		put_string(line, task, *arg);
		return true;
	case 'b':
		put_buffer(line, task, arg[0], arg[1]);
		return true;
	case 'r':
		if (result < 0)
			put_pointer(line, *arg);
		else
			put_buffer(line, task, *arg, (uint64_t)result);
		return true;
	case 'l':
		if (result < 0)
			put_pointer(line, *arg);
		else
			put_buffer(line, task, *arg, result ? (uint64_t)result - 1 : 0);
		return true;
	case 'A':
		put_argv(line, task, *arg);
		return true;
	case 't':
		put_fd_pair(line, task, *arg);
		return true;
	default:
		return false;
	}
}

static void put_argument(struct strace_line *line, struct task *task, char letter,
                         const uint64_t *arg, int64_t result)
{
	if (put_named(line, letter, *arg) || put_memory(line, task, letter, arg, result))
		return;
	switch (letter) {
	case 'd':
		put(line, "%d", (int32_t)*arg);
		break;
	case 'o':
		put_open_flags(line, (uint32_t)*arg);
		break;
	case 'u':
		put(line, "%" PRIu64, *arg);
		break;
	case 'm':
		put(line, "0%o", (unsigned)*arg);
		break;
	case 'f':
		put_fd(line, *arg);
		break;
	case 'S':
		put_signal(line, *arg);
		break;
	case 'p':
	case 'z':
		put_pointer(line, *arg);
		break;
	default:
		put(line, "%#" PRIx64, *arg);
		break;
	}
}

/* open(2)'s mode is shown where the call takes one. */
static bool is_unused_mode(const char *letter, const char *format, const uint64_t *arg)
{
	return *letter == 'm' && letter > format && letter[-1] == 'o' &&
	       !(arg[-1] & (0100 | 020000000));
}

static void put_call(struct strace_line *line, struct task *task, uint64_t nr,
                     const struct syscall_entry *entry, const uint64_t arg[6], int64_t result)
{
	const char *format = entry && entry->format ? entry->format : "xxxxxx";

	if (*format == '!')
		format++;
	if (entry)
		put(line, "%s(", entry->name);
	else
		put(line, "syscall_%#" PRIx64 "(", nr);
	for (unsigned i = 0; i < 6 && format[i] && format[i] != '>'; i++) {
		if (is_unused_mode(format + i, format, arg + i))
			break;
		put(line, i ? ", " : "");
		put_argument(line, task, format[i], arg + i, result);
	}
	put(line, ")");
}

/* ---- the result ---- */

static void put_result(struct strace_line *line, const struct syscall_entry *entry, int64_t result)
{
	bool hex = entry && entry->format && strchr(entry->format, '>');

	put(line, "%*s = ", line->len < RESULT_COLUMN ? (int)(RESULT_COLUMN - line->len - 1) : 0,
	    "");
	if (result == SYSCALL_ERESTARTSYS)
		put(line, "? ERESTARTSYS (To be restarted if SA_RESTART is set)");
	else if (result == SYSCALL_ERESTARTNOHAND)
		put(line, "? ERESTARTNOHAND (To be restarted if no handler)");
	else if (result < 0 && result > -4096 && strerrorname_np((int)-result))
		put(line, "-1 %s (%s)", strerrorname_np((int)-result),
		    strerrordesc_np((int)-result));
	else
		put(line, hex ? "%#" PRIx64 : "%" PRId64, result);
}

void strace_enter(struct strace_line *line, struct task *task, uint64_t nr,
                  const struct syscall_entry *entry, const uint64_t arg[6])
{
	line->len = 0;
	if (entry && entry->format && entry->format[0] == '!')
		put_call(line, task, nr, entry, arg, 0);
}

void strace_leave(struct strace_line *line, FILE *out, struct task *task, uint64_t nr,
                  const struct syscall_entry *entry, const uint64_t arg[6], int64_t result)
{
	if (!line->len)
		put_call(line, task, nr, entry, arg, result);
	if (task->state != TASK_RUNNING)
		put(line, "%*s = ?",
		    line->len < RESULT_COLUMN ? (int)(RESULT_COLUMN - line->len - 1) : 0, "");
	else
		put_result(line, entry,
		           result == SYSCALL_REGS_SET ? (int64_t)task->regs.gpr[REG_AX] : result);
	/* As strace -f: once there has been a second task. */
	if (list_first_entry(&task->machine->reports, struct task_report, list)->list.next !=
	    &task->machine->reports)
		fprintf(out, "[pid %5d] ", task->pid);
	fprintf(out, "%s\n", line->text);
}
