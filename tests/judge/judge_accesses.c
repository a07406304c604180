/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which loads and stores instructions make, as decode_accesses() has it, against what
 * Unicorn does when it runs them: each instruction of a run of busybox, one at a time.
 */
#include "sim/decode.h"
#include "tests/judge/bare_guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR_REMEMBERED (1 << 14) /* instructions, by address */
#define MAX_SEEN 16

struct remembered {
	uint64_t ip;
	struct decoded_accesses accesses;
};

struct judge {
	struct guest guest;
	struct decoder *decoder;
	struct remembered *remembered;

	/* the instruction that runs */
	uint64_t ip;
	const struct decoded_accesses *wanted;
	bool crosses; /* one of its accesses does, and is told thrice */
	uint32_t nr_seen;
	struct {
		uint8_t kind, size;
	} seen[MAX_SEEN];

	uint64_t nr_known, nr_unknown, nr_wrong;
	uint64_t nr_accesses, nr_accesses_known;
};

static const struct decoded_accesses *look_up(struct judge *j, uint64_t ip)
{
	struct remembered *r = &j->remembered[ip % NR_REMEMBERED];

	if (r->ip != ip) {
		r->ip = ip;
		decode_accesses(j->decoder, j->guest.memory + ip, DECODE_MAX_INSTRUCTION, ip,
		                &r->accesses);
	}
	return &r->accesses;
}

static bool is_as_wanted(const struct judge *j)
{
	if (j->nr_seen != j->wanted->nr)
		return false;
	for (uint32_t i = 0; i < j->nr_seen; i++)
		if (j->seen[i].kind != j->wanted->accesses[i].kind ||
		    j->seen[i].size != j->wanted->accesses[i].size)
			return false;
	return true;
}

static void tell_wrong(struct judge *j)
{
	if (j->nr_wrong++ >= 10)
		return;
	fprintf(stderr, "# 0x%lx:", (unsigned long)j->ip);
	for (uint32_t i = 0; i < j->wanted->length; i++)
		fprintf(stderr, " %02x", j->guest.memory[j->ip + i]);
	fprintf(stderr, ":");
	for (uint32_t i = 0; i < j->nr_seen; i++)
		fprintf(stderr, " %c%u", "LS"[j->seen[i].kind], j -> seen[i].size);
	fprintf(stderr, ", not");
	for (uint32_t i = 0; i < j->wanted->nr; i++)
		fprintf(stderr, " %c%u", "LS"[j->wanted->accesses[i].kind],
		        j -> wanted -> accesses[i].size);
	fprintf(stderr, "\n");
}

/* The instruction that ran last is over. */
static void judge_last(struct judge *j)
{
	if (!j->wanted || j->crosses)
		return;
	j->nr_accesses += j->nr_seen;
	if (!j->wanted->is_known) {
		j->nr_unknown++;
		j->nr_accesses_known += j->wanted->is_repeated ? j->nr_seen : 0;
		return;
	}
	j->nr_known++;
	j->nr_accesses_known += j->nr_seen;
	if (!is_as_wanted(j))
		tell_wrong(j);
}

static void on_instruction(uc_engine *uc, uint64_t ip, uint32_t size, void *user)
{
	struct judge *j = user;

	(void)uc, (void)size;
	judge_last(j);
	j->ip = ip;
	j->wanted = look_up(j, ip);
	j->crosses = false;
	j->nr_seen = 0;
}

static void on_access(uc_engine *uc, uc_mem_type type, uint64_t pa, int size, int64_t value,
                      void *user)
{
	struct judge *j = user;

	(void)uc, (void)value;
	j->crosses |= (pa & 4095) + (uint64_t)size > 4096;
	if (j->nr_seen == MAX_SEEN)
		return;
	j->seen[j->nr_seen].kind = type == UC_MEM_WRITE ? ACCESS_STORE : ACCESS_LOAD;
	j->seen[j->nr_seen++].size = (uint8_t)size;
}

static int number;

static void ok(bool holds, const char *what)
{
	printf("%sok %d - %s\n", holds ? "" : "not ", ++number, what);
}

static bool run(struct judge *j, int argc, char **argv)
{
	uc_hook hook;

	*j = (struct judge){ .remembered = calloc(NR_REMEMBERED, sizeof(*j->remembered)) };
	if (!j->remembered || decoder_create(&j->decoder) ||
	    guest_open(&j->guest, "/bin/busybox", argc, argv) ||
	    uc_hook_add(j->guest.uc, &hook, UC_HOOK_CODE, (void *)on_instruction, j, 1, 0) ||
	    uc_hook_add(j->guest.uc, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, (void *)on_access,
	                j, 1, 0))
		return false;
	return guest_run(&j->guest) == 0;
}

/* Its output is not the test's. (The guest may close what it takes for its own.) */
static bool run_quietly(struct judge *j, int argc, char **argv)
{
	int out = fcntl(STDOUT_FILENO, F_DUPFD, 100), nowhere = open("/dev/null", O_WRONLY);
	bool done;

	fflush(stdout);
	dup2(nowhere, STDOUT_FILENO);
	done = run(j, argc, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(nowhere);
	return done;
}

int main(int argc, char **argv)
{
	static const char *const programs[][4] = {
		{ "busybox", "md5sum", NULL },
		{ "busybox", "sort", NULL },
		{ "busybox", "awk", "{ n += $1 * 1.5 } END { print n }" },
	};
	struct judge j;

	if (argc != 2 || access("/bin/busybox", X_OK)) {
		printf("1..0 # SKIP no /bin/busybox\n");
		return 0;
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char *arguments[5];
		int n = 0;

		while (n < 4 && programs[i][n])
			arguments[n] = (char *)programs[i][n], n++;
		arguments[n++] = argv[1];
		if (!run_quietly(&j, n, arguments)) {
			printf("ok %d - %s # SKIP it does not run on Unicorn alone\n", ++number,
			       programs[i][1]);
			continue;
		}
		printf("# %s: %lu instructions known, %lu not; of %lu accesses %lu known\n",
		       programs[i][1], (unsigned long)j.nr_known, (unsigned long)j.nr_unknown,
		       (unsigned long)j.nr_accesses, (unsigned long)j.nr_accesses_known);
		ok(!j.nr_wrong, "each known instruction makes the accesses that it should");
		ok(j.nr_accesses_known >= j.nr_accesses * 95 / 100, "nearly all are known");
		decoder_destroy(j.decoder);
		free(j.remembered);
		munmap(j.guest.memory, FLAT_BYTES);
	}
	printf("1..%d\n", number);
	return 0;
}
