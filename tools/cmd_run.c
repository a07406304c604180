/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/fault_list.h"
#include "sim/interval.h"
#include "sim/machine.h"
#include "sim/stats.h"
#include "sim/summary.h"
#include "tools/commands.h"
#include "tools/output.h"
#include "tools/recording.h"
#include "tools/words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One `pagewalk run`, from its options to its results. */
struct run {
	/* options */
	struct machine_choice choice;
	enum engine_mode engine;
	uint64_t interval_every; /* 0: none */
	const char *stats_path, *faults_path, *root, *argv0;
	struct words write, env;
	bool check, syscalls, count, quiet;

	/* what comes of them */
	struct machine_config config;
	struct machine *machine;
	struct output stats, faults;
	struct interval *interval;
	struct fault_list *fault_list;
	struct recording record;
	char cwd[4096]; /* guest path */
};

/* ---- options ---- */

static int set_engine(void *context, const char *value)
{
	struct run *run = context;

	if (!strcmp(value, "auto") || !strcmp(value, "exact"))
		run->engine = ENGINE_EXACT;
	else if (!strcmp(value, "faults"))
		run->engine = ENGINE_FAULTS;
	else if (!strcmp(value, "trap"))
		return complain("--engine trap: not in this version");
	else
		return complain("--engine is auto, exact, trap or faults, not \"%s\"", value);
	return 0;
}

static int set_record_detail(void *context, const char *value)
{
	struct run *run = context;

	run->record.detail = !strcmp(value, "page") ? TRACE_PAGE : TRACE_FULL;
	run->record.has_detail = true;
	if (strcmp(value, "page") && strcmp(value, "full"))
		return complain("--record-detail is full or page, not \"%s\"", value);
	return 0;
}

static int add_write(void *context, const char *value)
{
	char *path = realpath(value, NULL);
	struct stat st;

	if (!path)
		return complain("--write %s: %s", value, strerror(errno));
	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		free(path);
		return complain("--write %s: %s", value, strerror(ENOTDIR));
	}
	return words_take(&((struct run *)context)->write, path);
}

static int add_env(void *context, const char *value)
{
	if (!strchr(value, '=') || *value == '=')
		return complain("--env %s: it is --env NAME=VALUE", value);
	return words_add(&((struct run *)context)->env, value);
}

#define AT(member) offsetof(struct run, member)

static const struct option_row option_rows[] = {
	MACHINE_OPTION_ROWS(AT(choice)),
	{ "engine", 0, "MODE", OPTION_CALL, 0, set_engine,
	  "exact: every access (auto is the same); faults: no TLB statistics" },
	{ "stats", 0, "FILE", OPTION_TEXT, AT(stats_path), NULL,
	  "statistics as JSON (-: standard output)" },
	{ "interval", 0, "N", OPTION_COUNT, AT(interval_every), NULL,
	  "in them a time series: one row every N guest instructions" },
	{ "faults", 0, "FILE", OPTION_TEXT, AT(faults_path), NULL,
	  "list of page faults as CSV (-: standard output)" },
	{ "record", 0, "FILE", OPTION_TEXT, AT(record.path), NULL,
	  "record a trace, which pagewalk replay reads" },
	{ "record-detail", 0, "DETAIL", OPTION_CALL, 0, set_record_detail,
	  "full: every access; page: each change of page, with counts" },
	{ "check", 0, NULL, OPTION_FLAG, AT(check), NULL,
	  "re-derive everything the slow way, and stop at the first difference" },
	{ "syscalls", 0, NULL, OPTION_FLAG, AT(syscalls), NULL,
	  "print system calls as strace does" },
	{ "instructions", 0, NULL, OPTION_FLAG, AT(count), NULL,
	  "count instructions with --engine faults too, which is slower" },
	{ "root", 0, "DIR", OPTION_TEXT, AT(root), NULL, "what the guest sees as /" },
	{ "write", 0, "DIR", OPTION_CALL, 0, add_write,
	  "files below DIR are really written (repeatable); others only seem so" },
	{ "argv0", 0, "NAME", OPTION_TEXT, AT(argv0), NULL,
	  "what the guest sees as its own name; PROGRAM otherwise" },
	{ "env", 0, "NAME=VALUE", OPTION_CALL, 0, add_env,
	  "the guest's environment (repeatable); it is empty otherwise" },
	{ "quiet", 'q', NULL, OPTION_FLAG, AT(quiet), NULL, "no summary" },
};

/* ---- setting up ---- */

/* With a standard descriptor closed, the next file that we open would become the
 * guest's. Returns the descriptor, or -1 if there is nothing behind it. */
static int guard_fd(int fd)
{
	if (fcntl(fd, F_GETFD) >= 0)
		return fd;
	/* The lowest that is free, so it becomes fd. */
	/* cppcheck-suppress leakReturnValNotUsed */
	open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
	return -1;
}

/* The guest begins in our own folder, or at the top of a --root of its own. */
static void choose_cwd(struct run *run)
{
	if (run->root || !getcwd(run->cwd, sizeof(run->cwd)))
		strcpy(run->cwd, "/");
}

static int build_machine(struct run *run)
{
	struct machine_options options = {
		.engine = run->engine,
		.check = run->check,
		.count = run->count || run->interval_every,
		.syscalls = run->syscalls ? stderr : NULL,
		.kernel_log = stderr,
		.vfs = { .root = run->root, .write = (const char **)run->write.list },
		.cwd = run->cwd,
	};
	char why[512];

	choose_cwd(run);
	options.vfs.stdin_fd = guard_fd(STDIN_FILENO);
	options.vfs.stdout_fd = guard_fd(STDOUT_FILENO);
	options.vfs.stderr_fd = guard_fd(STDERR_FILENO);
	if (machine_choice_load(&run->choice, &run->config))
		return EXIT_MISTAKE;
	if (output_open_for(&run->stats, "--stats", run->stats_path) ||
	    output_open_for(&run->faults, "--faults", run->faults_path))
		return EXIT_MISTAKE;
	if (recording_open(&run->record, run->engine))
		return EXIT_MISTAKE;
	if (machine_create(&run->machine, &run->config, &options, why, sizeof(why)))
		return complain("%s", why);
	if (run->interval_every &&
	    interval_create(&run->interval, run->interval_every, run->engine))
		return complain("out of memory");
	run->machine->interval = run->interval;
	if (run->faults.file && fault_list_create(&run->fault_list, run->machine, run->faults.file))
		return complain("out of memory");
	return 0;
}

/* ---- the program ---- */

static bool is_program(struct vfs *vfs, const char *path)
{
	struct open_file *file;
	uint32_t mode;

	if (vfs_open(vfs, "/", path, O_RDONLY, 0, &file))
		return false;
	mode = vfs_mode(file);
	vfs_close(file);
	return S_ISREG(mode) && mode & 0111;
}

/* A name without a slash is looked for in the folders where programs are. */
static const char *find_program(struct vfs *vfs, const char *name, char *path, size_t size)
{
	static const char *const folders[] = { "/usr/local/bin", "/usr/bin", "/bin" };

	if (strchr(name, '/'))
		return name;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if ((size_t)snprintf(path, size, "%s/%s", folders[i], name) >= size)
			continue;
		if (is_program(vfs, path))
			return path;
	}
	return NULL;
}

/* The exit status for a program that did not start. */
static int start_status(int err)
{
	switch (err) {
	case -ENOENT:
	case -ENOTDIR:
		return EXIT_NOT_FOUND;
	case -EACCES:
	case -EPERM:
	case -EISDIR:
	case -ELOOP:
	case -ENAMETOOLONG:
	case -ENOMEM:
	case -E2BIG:
		return EXIT_CANNOT_EXECUTE;
	default: /* a broken file, or another architecture's: -ENOEXEC, -ENOTSUP */
		return EXIT_MISTAKE;
	}
}

static int start_program(struct run *run, char **argv)
{
	static char *empty[] = { NULL };
	char **envp = run->env.list ? run->env.list : empty;
	char found[4096], why[512] = "";
	const char *path = find_program(run->machine->vfs, argv[0], found, sizeof(found));
	int err;

	if (!path) {
		complain("%s: no such program", argv[0]);
		return EXIT_NOT_FOUND;
	}
	if (run->argv0)
		argv[0] = (char *)run->argv0;
	if (recording_begin(&run->record, run->machine, argv))
		return EXIT_MISTAKE;
	err = machine_start(run->machine, path, argv, envp, why, sizeof(why));
	if (!err)
		return 0;
	complain("%s", why[0] ? why : strerror(-err));
	return start_status(err);
}

/* ---- results ---- */

static int write_results(struct run *run)
{
	char what[512];
	int err = 0;

	if (run->check && !stats_check_sums(run->machine, what, sizeof(what)))
		return complain("--check: a sum does not agree: %s", what);
	if (run->interval)
		interval_finish(run->interval, run->machine);
	if (!run->quiet)
		summary_write(run->machine, stderr);
	if (run->stats.file)
		stats_write_json(run->machine, run->stats.file);
	if (output_commit_for(&run->stats, "--stats", run->stats_path) ||
	    output_commit_for(&run->faults, "--faults", run->faults_path))
		return EXIT_MISTAKE;
	/* After the figures, which are those of the guest's end. */
	if (run->write.nr)
		err = vfs_sync(run->machine->vfs);
	if (err)
		return complain("--write: a file of the guest's is incomplete: %s", strerror(-err));
	return machine_exit_status(run->machine);
}

static int run_machine(struct run *run)
{
	struct machine *machine = run->machine;
	int err = machine_run(machine);

	if (!err)
		return recording_complete(&run->record) ? EXIT_MISTAKE : write_results(run);
	if (machine->check_failure[0])
		return complain("--check: %s", machine->check_failure);
	return complain("%s", machine->broken[0] ? machine->broken : strerror(-err));
}

static void finish(struct run *run)
{
	fault_list_destroy(run->fault_list);
	recording_finish(&run->record);
	machine_destroy(run->machine);
	interval_destroy(run->interval);
	output_abandon(&run->stats);
	output_abandon(&run->faults);
	machine_choice_finish(&run->choice);
	words_finish(&run->write);
	words_finish(&run->env);
	free(run);
}

static int check_options(const struct run *run, int nr_arguments)
{
	if (!nr_arguments)
		return complain("run: no PROGRAM; see pagewalk run --help");
	if (run->interval_every && !run->stats_path)
		return complain("--interval: the time series is part of --stats FILE");
	return 0;
}

static int run_arguments(struct run *run, int argc, char **argv)
{
	int status = check_options(run, argc);

	if (!status)
		status = build_machine(run);
	if (!status)
		status = start_program(run, argv);
	if (!status)
		status = run_machine(run);
	return status;
}

static int run_program(const struct command *command, int argc, char **argv)
{
	struct run *run = calloc(1, sizeof(*run));
	int first, status;

	if (!run)
		return complain("out of memory");
	/* A reader that goes away is the guest's matter: it gets EPIPE and its own
	 * SIGPIPE from write(2). */
	signal(SIGPIPE, SIG_IGN);
	if (!options_read(command, argc, argv, run, &first, &status))
		status = run_arguments(run, argc - first, argv + first);
	finish(run);
	return status;
}

const struct command command_run = {
	.name = "run",
	.synopsis = "[OPTIONS] [--] PROGRAM [ARG ...]",
	.brief = "run a Linux program (x86-64 ELF, static or dynamic)",
	.doc = "Runs PROGRAM on the simulated machine. Its files are the host's, read-only but\n"
	       "for what --write opens: other changes stay in memory. The summary comes on\n"
	       "standard error when it has ended. Exit status: the guest's own; 128+N if\n"
	       "signal N killed it; 125 for a mistake or a broken input; 126 if PROGRAM cannot\n"
	       "be executed; 127 if there is none.\n",
	.options = option_rows,
	.nr_options = sizeof(option_rows) / sizeof(option_rows[0]),
	.runs_guest = true,
	.run = run_program,
};
