/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/mm_shell.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const struct mm_command_group mm_command_groups[] = {
	{ "the shell", mm_shell_commands },
	{ "expressions", mm_expr_commands },
	{ "pages", mm_page_commands },
	{ "slab and kmalloc", mm_slab_commands },
	{ "memory pools", mm_pool_commands },
	{ "per-CPU variables", mm_percpu_commands },
	{ "the kernel's address space", mm_vmalloc_commands },
	{ "high memory", mm_highmem_commands },
	{ "accesses", mm_access_commands },
	{ "what they cost", mm_cost_commands },
	{ "page tables", mm_walk_commands },
	{ "processes", mm_process_commands },
	{ "short of memory", mm_reclaim_commands },
	{ "all allocators at once", mm_churn_commands },
	{ "swap areas", mm_swap_commands },
	{ "looking", mm_show_commands },
	{ "drawing", mm_draw_commands },
	{ "explaining", mm_why_commands },
	{ 0 },
};

/* ---- saying ---- */

static void tell(const struct mm_shell *sh, const char *format, va_list args)
{
	fflush(sh->out);
	fprintf(stderr, "pagewalk: %s:%u: ", sh->file, sh->line);
	vfprintf(stderr, format, args);
	putc('\n', stderr);
}

int shell_mistake(const struct mm_shell *sh, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(sh, format, args);
	va_end(args);
	return EXIT_MISTAKE;
}

int shell_failure(const struct mm_shell *sh, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(sh, format, args);
	va_end(args);
	return EXIT_FAILED;
}

void shell_say(const struct mm_shell *sh, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(sh->out, format, args);
	va_end(args);
	putc('\n', sh->out);
}

struct kernel *shell_kernel(const struct mm_shell *sh)
{
	return &sh->machine->kernel;
}

/* ---- the machine ---- */

int shell_boot(struct mm_shell *sh, const char *name, const struct config_override *overrides,
               size_t nr_overrides)
{
	/* The exact engine's kernel accesses go through the TLBs. */
	const struct machine_options options = {
		.engine = ENGINE_EXACT,
		.check = sh->check,
		.kernel_log = sh->out,
		.vfs = { .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 },
	};
	struct machine_config *config = malloc(sizeof(*config));
	char why[512] = "out of memory";
	int err = -ENOMEM;

	handle_release_all(sh);
	machine_destroy(sh->machine);
	sh->machine = NULL;
	sh->kswapd_held = false;
	sh->next_pid = 1000;
	if (!name)
		machine_config_shipped(0, &name);
	if (config)
		err = machine_config_load(config, name, overrides, nr_overrides, why, sizeof(why));
	if (!err)
		err = machine_create(&sh->machine, config, &options, why, sizeof(why));
	free(config);
	return err ? shell_mistake(sh, "%s", why) : 0;
}

void shell_finish(struct mm_shell *sh)
{
	handle_release_all(sh);
	machine_destroy(sh->machine);
	sh->machine = NULL;
}

/* The command line's machine, changed by KEY=VALUE arguments. */
static int run_boot(struct mm_shell *sh, const struct mm_call *call)
{
	const struct machine_choice *choice = sh->choice;
	struct config_override overrides[MM_ARGS_MAX];
	const char *name = choice->name;
	size_t nr = 0;

	for (int i = 0; i < call->argc; i++) {
		char *is = strchr(call->argv[i], '=');

		if (!is && i)
			return shell_mistake(sh, "boot: it is boot [MACHINE] [KEY=VALUE ...]");
		if (!is) {
			name = call->argv[i];
			continue;
		}
		*is = '\0';
		overrides[nr++] = (struct config_override){ .key = call->argv[i], .value = is + 1 };
	}
	if (call->argc)
		return shell_boot(sh, name, overrides, nr);
	return shell_boot(sh, name, choice->overrides, choice->nr_overrides);
}

static int ensure_booted(struct mm_shell *sh)
{
	if (sh->machine)
		return 0;
	return shell_boot(sh, sh->choice->name, sh->choice->overrides, sh->choice->nr_overrides);
}

/* ---- lines ---- */

/* A line taken apart; the words lie in `text`. */
struct words {
	char text[1024];
	const char *rest[MM_ARGS_MAX + 4]; /* the line from the word on, comment cut */
	char *word[MM_ARGS_MAX + 4];
	int nr;
	char line[1024];
};

static int split(const struct mm_shell *sh, const char *line, struct words *words)
{
	size_t len = strcspn(line, "\r\n");
	char *at;

	words->nr = 0;
	if (len >= sizeof(words->line))
		return shell_mistake(sh, "the line is longer than %zu", sizeof(words->line) - 1);
	/* # starts a comment where a word could start. */
	for (size_t i = 0; i < len; i++)
		if (line[i] == '#' && (!i || isspace((unsigned char)line[i - 1])))
			len = i;
	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	snprintf(words->line, sizeof(words->line), "%.*s", (int)len, line);
	memcpy(words->text, words->line, len + 1);
	for (at = words->text;; words->nr++) {
		at += strspn(at, " \t");
		if (!*at)
			return 0;
		if (words->nr == MM_ARGS_MAX + 3)
			return shell_mistake(sh, "more than %d arguments", MM_ARGS_MAX);
		words->word[words->nr] = at;
		words->rest[words->nr] = words->line + (at - words->text);
		at += strcspn(at, " \t");
		if (*at)
			*at++ = '\0';
	}
}

const struct mm_command *mm_find_command(const char *name)
{
	for (const struct mm_command_group *group = mm_command_groups; group->title; group++)
		for (const struct mm_command *c = group->commands; c->name; c++)
			if (!strcmp(c->name, name))
				return c;
	return NULL;
}

static int check_call(const struct mm_shell *sh, const struct mm_command *command,
                      const struct mm_call *call)
{
	if (call->argc < command->min_args || call->argc > command->max_args)
		return shell_mistake(sh, "it is %s%s%s%s",
		                     command->result == MUST_NAME ? "NAME = " : "", command->name,
		                     *command->args ? " " : "", command->args);
	if (command->result == NAMES_NOTHING && call->result)
		return shell_mistake(sh, "%s gives nothing to name", command->name);
	if (command->result == MUST_NAME && !call->result)
		return shell_mistake(sh, "%s: what it gives needs a name: NAME = %s ...",
		                     command->name, command->name);
	return call->result ? handle_check_name(sh, call->result) : 0;
}

/* word[first] is the command. */
static int run_words(struct mm_shell *sh, struct words *words, int first, const char *result)
{
	const struct mm_command *command = mm_find_command(words->word[first]);
	struct mm_call call = {
		.result = result,
		.argc = words->nr - first - 1,
		.argv = words->word + first + 1,
		.rest = first + 1 < words->nr ? words->rest[first + 1] : "",
	};
	int status;

	if (!command)
		return shell_mistake(sh, "no such command: %s; see help", words->word[first]);
	status = check_call(sh, command, &call);
	if (!status && command->run != run_boot)
		status = ensure_booted(sh);
	return status ? status : command->run(sh, &call);
}

static int run_split(struct mm_shell *sh, struct words *words)
{
	if (words->nr >= 2 && !strcmp(words->word[1], "=")) {
		if (words->nr == 2)
			return shell_mistake(sh, "%s = what?", words->word[0]);
		return run_words(sh, words, 2, words->word[0]);
	}
	return run_words(sh, words, 0, NULL);
}

/* The kernel's invariants, and no CPU has a translation that is not so any more. */
static bool is_valid(const struct mm_shell *sh, char *what, size_t size)
{
	const struct machine *machine = sh->machine;
	struct kernel *k = shell_kernel(sh);
	bool is_atomic = false; /* between kmap_atomic and kunmap_atomic: not yet settled */

	for (uint32_t i = 0; i < machine->config.cpus; i++) {
		if (!cpu_tlb_is_valid(&machine->cpus[i], what, size))
			return false;
		is_atomic |= k->kmaps.nr_atomic[i];
	}
	return is_atomic || kernel_is_valid(k, what, size);
}

/* Kernel threads run where they would in a machine: when the kernel is done with
 * what it was asked for. */
static int settle(struct mm_shell *sh)
{
	char what[256];

	if (!sh->machine)
		return 0;
	if (!sh->kswapd_held)
		kernel_run_threads(shell_kernel(sh));
	return sh->check && !is_valid(sh, what, sizeof(what)) ? shell_failure(sh, "%s", what) : 0;
}

int shell_run_line(struct mm_shell *sh, const char *line)
{
	struct words words;
	int status = split(sh, line, &words);

	if (status || !words.nr)
		return status;
	status = run_split(sh, &words);
	return status ? status : settle(sh);
}

/* ---- arguments ---- */

int shell_read_number(const struct mm_shell *sh, const char *text, uint64_t max, uint64_t *out)
{
	const struct handle *handle = handle_find(sh, text);
	char *end;

	errno = 0;
	if (handle && handle->kind == &handle_number) {
		*out = handle->size; /* below 0: too large */
	} else {
		*out = strtoull(text, &end, 0);
		if (!isdigit((unsigned char)*text) || *end)
			errno = EINVAL;
	}
	if (errno || *out > max)
		return shell_mistake(sh, "\"%s\" is no number from 0 to %lu", text,
		                     (unsigned long)max);
	return 0;
}

int shell_read_size(const struct mm_shell *sh, const char *text, uint64_t *out)
{
	if (!parse_size(text, out))
		return shell_mistake(sh, "\"%s\" is no size: 4096, 64K, 16M", text);
	return 0;
}

/* ---- commands of the shell's own ---- */

static int run_echo(struct mm_shell *sh, const struct mm_call *call)
{
	shell_say(sh, "%s", call->rest);
	return 0;
}

static int run_quit(struct mm_shell *sh, const struct mm_call *call)
{
	sh->ended = true;
	return 0;
}

/* Copies the text with each % as the number; cut if it does not fit. */
static void put_number(const char *text, uint64_t number, char *out, size_t size)
{
	size_t len = 0;

	for (; *text && len < size - 1; text++) {
		if (*text != '%')
			out[len++] = *text;
		else
			len += (size_t)snprintf(out + len, size - len, "%" PRIu64, number);
	}
	out[len < size ? len : size - 1] = '\0';
}

/* `repeat 3 o = alloc_page GFP_KERNEL` makes o1, o2 and o3; `repeat 3 free o%` frees
 * them. */
static int run_repeat(struct mm_shell *sh, const struct mm_call *call)
{
	bool named = call->argc > 3 && !strcmp(call->argv[2], "=");
	const char *command = call->rest + strcspn(call->rest, " \t");
	char text[1100], line[1200];
	uint64_t times;
	int status = shell_read_number(sh, call->argv[0], 1000000, &times);

	if (named)
		snprintf(text, sizeof(text), "%s%% %s", call->argv[1], strchr(command, '='));
	else
		snprintf(text, sizeof(text), "%s", command);
	for (uint64_t i = 1; !status && i <= times; i++) {
		put_number(text, i, line, sizeof(line));
		status = shell_run_line(sh, line);
	}
	return status;
}

static void print_usage(const struct mm_shell *sh, const struct mm_command *command)
{
	char left[80];

	snprintf(left, sizeof(left), "%s%s%s%s",
	         command->result == MUST_NAME  ? "NAME = "
	         : command->result == MAY_NAME ? "[NAME =] "
	                                       : "",
	         command->name, *command->args ? " " : "", command->args);
	shell_say(sh, "  %-44s %s", left, command->doc);
}

static void print_figures(const struct mm_shell *sh)
{
	char left[80];

	shell_say(sh, "figures:");
	for (const struct mm_figure *figure = mm_figures; figure->name; figure++) {
		snprintf(left, sizeof(left), "%s(%s)", figure->name, figure->args);
		shell_say(sh, "  %-24s %s", left, figure->doc);
	}
	shell_say(sh, "fields of whatever has an address, or a frame:");
	for (const struct handle_field *field = address_fields; field->name; field++)
		shell_say(sh, "  .%-23s %s", field->name, field->doc);
	for (const struct handle_field *field = frame_fields; field->name; field++)
		shell_say(sh, "  .%-23s %s", field->name, field->doc);
}

static int run_help(struct mm_shell *sh, const struct mm_call *call)
{
	const struct mm_command *command;

	if (call->argc && !strcmp(call->argv[0], "figures")) {
		print_figures(sh);
		return 0;
	}
	if (call->argc) {
		command = mm_find_command(call->argv[0]);
		if (!command)
			return shell_mistake(sh, "no such command: %s; see help", call->argv[0]);
		print_usage(sh, command);
		return 0;
	}
	for (const struct mm_command_group *group = mm_command_groups; group->title; group++) {
		shell_say(sh, "%s:", group->title);
		for (command = group->commands; command->name; command++)
			print_usage(sh, command);
	}
	shell_say(sh, "help figures: what expressions can ask");
	return 0;
}

static int run_check(struct mm_shell *sh, const struct mm_call *call)
{
	char what[256];

	if (!is_valid(sh, what, sizeof(what)))
		return shell_failure(sh, "%s", what);
	shell_say(sh, "every invariant holds");
	return 0;
}

static int run_cpu(struct mm_shell *sh, const struct mm_call *call)
{
	struct machine *machine = sh->machine;
	uint64_t cpu;
	int status = shell_read_number(sh, call->argv[0], machine->config.cpus - 1, &cpu);

	if (!status)
		turns_begin(&machine->cpus[cpu]);
	return status;
}

const struct mm_command mm_shell_commands[] = {
	{ "help", "[COMMAND|figures]", 0, 1, NAMES_NOTHING, run_help, "this" },
	{ "echo", "TEXT", 0, MM_ARGS_MAX, NAMES_NOTHING, run_echo, "prints the text" },
	{ "repeat", "N [NAME =] COMMAND ...", 2, MM_ARGS_MAX, NAMES_NOTHING, run_repeat,
	  "N times; NAME becomes NAME1 to NAMEN, and % the number" },
	{ "boot", "[MACHINE] [KEY=VALUE ...]", 0, MM_ARGS_MAX, NAMES_NOTHING, run_boot,
	  "a fresh kernel, on this machine" },
	{ "cpu", "N", 1, 1, NAMES_NOTHING, run_cpu, "the CPU that the next lines run on" },
	{ "check", "", 0, 0, NAMES_NOTHING, run_check, "looks at every invariant" },
	{ "quit", "", 0, 0, NAMES_NOTHING, run_quit, "ends the shell" },
	{ 0 },
};
