/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that run cells: a program, or some cells of one trace. A worker is a copy of this
 * process, and dies with us. What it writes takes its name when it is whole, so a worker can
 * be killed at any time.
 */
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/progress.h"
#include "tools/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct worker {
	pid_t pid; /* 0: free */
	const struct sweep_cell *const *cells;
	size_t nr_cells;
	int stderr_fd; /* where its standard error goes */
};

struct pool {
	struct sweep_run *run;
	struct worker *workers;
	unsigned nr_busy;
	sigset_t signals, old_signals; /* that wake us; blocked before */
	struct progress progress;
	size_t nr_over, nr_cells; /* done, failed or impossible; all */
};

/* ---- in a worker ---- */

/* Ctrl-C reaches it too, and is our matter: it stays blocked. */
static void set_signals(const struct pool *pool, pid_t parent)
{
	sigset_t signals = pool->old_signals;

	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_MISTAKE); /* it died first */
}

static int set_files(int stdout_fd, int stderr_fd)
{
	int stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (stdin_fd < 0 || dup2(stdin_fd, STDIN_FILENO) < 0 ||
	    dup2(stderr_fd, STDERR_FILENO) < 0 || dup2(stdout_fd, STDOUT_FILENO) < 0)
		return complain("sweep: %s", strerror(errno));
	return 0;
}

static int work(const struct pool *pool, const struct worker *worker)
{
	struct words words = { 0 };
	int status;

	if (worker->cells[0]->input->trace)
		return sweep_replay(worker->cells, worker->nr_cells, pool->run->folder);
	status = sweep_cell_command(worker->cells[0], pool->run->folder, &words);
	if (!status)
		status = run_command((int)words.nr, words.list);
	words_finish(&words);
	return status;
}

/* ---- starting one ---- */

/* What a guest prints: into NAMESUFFIX, or nowhere. */
static int open_kept(const struct pool *pool, const struct sweep_cell *cell, const char *suffix)
{
	char *path = sweep_file(pool->run->folder, cell->name, suffix);
	int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;

	free(path);
	return fd;
}

/* A file without a name, from which a message can be read. */
static int open_nameless(void)
{
	FILE *file = tmpfile();
	int fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;

	if (file)
		fclose(file);
	return fd;
}

static int fork_worker(const struct pool *pool, struct worker *worker, int stdout_fd)
{
	pid_t parent = getpid();

	fflush(NULL);
	worker->pid = fork();
	if (worker->pid < 0)
		return complain("sweep: fork: %s", strerror(errno));
	if (!worker->pid) {
		int status;

		set_signals(pool, parent);
		status = set_files(stdout_fd, worker->stderr_fd);
		if (!status)
			status = work(pool, worker);
		fflush(NULL);
		_exit(status);
	}
	return 0;
}

static int open_files(const struct pool *pool, struct worker *worker, int *stdout_fd)
{
	const struct sweep_cell *cell = worker->cells[0];
	bool is_kept = pool->run->keep_output && !cell->input->trace;
	int err;

	worker->stderr_fd = is_kept ? open_kept(pool, cell, ".err") : open_nameless();
	if (worker->stderr_fd < 0)
		return -errno;
	*stdout_fd =
	    is_kept ? open_kept(pool, cell, ".out") : open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (*stdout_fd >= 0)
		return 0;
	err = -errno;
	close(worker->stderr_fd);
	return err;
}

static int start(struct pool *pool, const struct sweep_cell *const *cells, size_t nr_cells)
{
	struct worker *worker = pool->workers;
	int stdout_fd = -1, status, err;

	while (worker->pid)
		worker++;
	worker->cells = cells;
	worker->nr_cells = nr_cells;
	err = open_files(pool, worker, &stdout_fd);
	if (err)
		return complain("sweep: no file for what programs print: %s", strerror(-err));
	status = fork_worker(pool, worker, stdout_fd);
	close(stdout_fd);
	if (!status) {
		pool->nr_busy++;
		return 0;
	}
	close(worker->stderr_fd);
	worker->pid = 0;
	return status;
}

/* ---- the end of one ---- */

#define MESSAGE_MAX 2048

/* The last line by us of what was said. False: there is none. */
static bool find_message(int fd, char message[MESSAGE_MAX])
{
	static const char ours[] = "pagewalk: ";
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > MESSAGE_MAX - 1 ? size - (MESSAGE_MAX - 1) : 0;
	char text[MESSAGE_MAX], *line = NULL;
	ssize_t len = size < 0 ? -1 : pread(fd, text, sizeof(text) - 1, from);

	if (len < 0)
		return false;
	text[len] = '\0';
	for (char *found = text; (found = strstr(found, ours)); found++)
		if (found == text || found[-1] == '\n')
			line = found + strlen(ours);
	if (!line)
		return false;
	snprintf(message, MESSAGE_MAX, "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

/* Of a cell without statistics; a worker that ended well has noted it already. */
static int note_failure(const struct pool *pool, const struct worker *worker,
                        const struct sweep_cell *cell, int how)
{
	char message[MESSAGE_MAX];

	if (cell->input->trace && WIFEXITED(how) && !WEXITSTATUS(how))
		return 0;
	if (WIFSIGNALED(how))
		snprintf(message, sizeof(message), "killed by signal %d", WTERMSIG(how));
	else if (!find_message(worker->stderr_fd, message))
		snprintf(message, sizeof(message), "no statistics; exit status %d",
		         WEXITSTATUS(how));
	return sweep_cell_write(cell, pool->run->folder, "failed", message);
}

/* After one that was killed. */
static void clean_up(const struct pool *pool, const struct worker *worker)
{
	for (size_t i = 0; i < worker->nr_cells; i++) {
		char *path = sweep_file(pool->run->folder, worker->cells[i]->name, ".json");

		if (path)
			output_clean_up(path, worker->pid);
		free(path);
	}
}

static int note_end(struct pool *pool, struct worker *worker, int how)
{
	int status = 0;

	for (size_t i = 0; i < worker->nr_cells && !status; i++) {
		if (sweep_cell_is_done(worker->cells[i], pool->run->folder))
			pool->run->nr_done++;
		else
			status = note_failure(pool, worker, worker->cells[i], how);
	}
	if (WIFSIGNALED(how))
		clean_up(pool, worker);
	close(worker->stderr_fd);
	worker->pid = 0;
	pool->nr_busy--;
	pool->nr_over += worker->nr_cells;
	progress_count(&pool->progress, pool->nr_over, pool->nr_cells, "cells");
	return status;
}

static int reap(struct pool *pool)
{
	int status = 0, how;

	for (unsigned i = 0; i < pool->run->nr_workers; i++) {
		struct worker *worker = &pool->workers[i];

		if (worker->pid && waitpid(worker->pid, &how, WNOHANG) == worker->pid) {
			int noted = note_end(pool, worker, how);

			status = status ? status : noted;
		}
	}
	return status;
}

static void kill_all(struct pool *pool)
{
	for (unsigned i = 0; i < pool->run->nr_workers; i++) {
		struct worker *worker = &pool->workers[i];

		if (!worker->pid)
			continue;
		kill(worker->pid, SIGKILL);
		waitpid(worker->pid, NULL, 0);
		clean_up(pool, worker);
		close(worker->stderr_fd);
		worker->pid = 0;
	}
	pool->nr_busy = 0;
}

/* Until there are fewer than `most` workers, or we are to stop. */
static int wait_until_fewer(struct pool *pool, unsigned most)
{
	int status = 0;

	while (!status && !pool->run->interrupted && pool->nr_busy >= most) {
		int signal_nr = sigwaitinfo(&pool->signals, NULL);

		if (signal_nr == SIGCHLD)
			status = reap(pool);
		else if (signal_nr > 0)
			pool->run->interrupted = signal_nr;
	}
	return status;
}

/* ---- all of them ---- */

static bool cell_file_is_there(const struct sweep_cell *cell, const char *folder)
{
	char *path = sweep_file(folder, cell->name, ".cell");
	bool is_there = path && !access(path, F_OK);

	free(path);
	return is_there;
}

/* Says of the cell what is known, and whether it is to be run. */
static int prepare(const struct pool *pool, const struct sweep_cell *cell, bool *is_to_do)
{
	bool is_done = sweep_cell_is_done(cell, pool->run->folder);

	*is_to_do = !is_done && !cell->impossible;
	if (cell->impossible)
		return sweep_cell_write(cell, pool->run->folder, "impossible", cell->impossible);
	if (is_done && cell_file_is_there(cell, pool->run->folder))
		return 0;
	return sweep_cell_write(cell, pool->run->folder, "unfinished", "");
}

/* How many of the next cells, which are of one input, a worker takes: one of a program's; of
 * a trace's as many as may be, in groups of one size that all workers have as many of. */
static size_t size_of_group(const struct pool *pool, const struct sweep_cell *cell, size_t nr_cells)
{
	size_t share = (nr_cells + pool->run->nr_workers - 1) / pool->run->nr_workers;
	size_t nr_rounds = (share + SWEEP_REPLAY_MAX - 1) / SWEEP_REPLAY_MAX;

	return cell->input->trace ? (share + nr_rounds - 1) / nr_rounds : 1;
}

static int run_input(struct pool *pool, const struct sweep_cell *const *cells, size_t nr_cells)
{
	size_t size = size_of_group(pool, cells[0], nr_cells);
	int status = 0;

	for (size_t i = 0; i < nr_cells && !status; i += size) {
		status = wait_until_fewer(pool, pool->run->nr_workers);
		if (status || pool->run->interrupted)
			break;
		status = start(pool, cells + i, nr_cells - i < size ? nr_cells - i : size);
	}
	return status;
}

static int run_all(struct pool *pool, const struct sweep_cell *const *cells, size_t nr_cells)
{
	size_t nr;
	int status = 0;

	for (size_t i = 0; i < nr_cells && !status && !pool->run->interrupted; i += nr) {
		nr = 1;
		while (i + nr < nr_cells && cells[i + nr]->input == cells[i]->input)
			nr++;
		status = run_input(pool, cells + i, nr);
	}
	return status ? status : wait_until_fewer(pool, 1);
}

static void take_signals(struct pool *pool)
{
	sigemptyset(&pool->signals);
	sigaddset(&pool->signals, SIGCHLD);
	sigaddset(&pool->signals, SIGINT);
	sigaddset(&pool->signals, SIGTERM);
	signal(SIGCHLD, SIG_DFL); /* whoever ignored it would have taken our children away */
	sigprocmask(SIG_BLOCK, &pool->signals, &pool->old_signals);
}

static int run_to_do(struct pool *pool, const struct sweep_cell *const *to_do, size_t nr_to_do)
{
	int status;

	take_signals(pool);
	progress_begin(&pool->progress, "sweep", pool->run->quiet);
	pool->nr_over = pool->nr_cells - nr_to_do;
	progress_count(&pool->progress, pool->nr_over, pool->nr_cells, "cells");
	status = run_all(pool, to_do, nr_to_do);
	kill_all(pool); /* none is left, but after an interruption or a mistake */
	progress_end(&pool->progress);
	sigprocmask(SIG_SETMASK, &pool->old_signals, NULL);
	return status;
}

int sweep_run(struct sweep_run *run, const struct sweep_cells *cells)
{
	struct pool pool = {
		.run = run,
		.workers = calloc(run->nr_workers, sizeof(*pool.workers)),
		.nr_cells = cells->nr,
	};
	const struct sweep_cell **to_do = calloc(cells->nr + 1, sizeof(*to_do));
	size_t nr_to_do = 0;
	int status = pool.workers && to_do ? 0 : complain("out of memory");

	for (size_t i = 0; i < cells->nr && !status; i++) {
		bool is_to_do;

		status = prepare(&pool, &cells->list[i], &is_to_do);
		if (is_to_do)
			to_do[nr_to_do++] = &cells->list[i];
	}
	if (!status)
		status = run_to_do(&pool, to_do, nr_to_do);
	free(pool.workers);
	free(to_do);
	return status;
}
