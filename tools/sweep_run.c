/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that run cells. A worker is a copy of this process that becomes `pagewalk run`
 * or `replay`, and dies with us. What it writes takes its name when it is whole, so a
 * worker can be killed at any time.
 */
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
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
	const struct sweep_cell *cell;
	int stderr_fd; /* where its standard error goes */
};

struct pool {
	const char *folder;
	bool keep_output;
	struct worker *workers;
	unsigned nr_workers, nr_busy;
	sigset_t signals, old_signals; /* that wake us; blocked before */
	size_t nr_done;                /* by workers */
	int interrupted;               /* the signal; 0: none */
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

static int work(const struct pool *pool, const struct sweep_cell *cell)
{
	struct words words = { 0 };
	int status = sweep_cell_command(cell, pool->folder, &words);

	if (!status)
		status = run_command((int)words.nr, words.list);
	words_finish(&words);
	return status;
}

/* ---- starting one ---- */

/* What a guest prints: into NAMESUFFIX, or nowhere. */
static int open_kept(const struct pool *pool, const struct sweep_cell *cell, const char *suffix)
{
	char *path = sweep_file(pool->folder, cell->name, suffix);
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
			status = work(pool, worker->cell);
		fflush(NULL);
		_exit(status);
	}
	return 0;
}

static int start(struct pool *pool, const struct sweep_cell *cell)
{
	struct worker *worker = pool->workers;
	int stdout_fd, status;

	while (worker->pid)
		worker++;
	worker->cell = cell;
	worker->stderr_fd = pool->keep_output ? open_kept(pool, cell, ".err") : open_nameless();
	stdout_fd = pool->keep_output ? open_kept(pool, cell, ".out")
	                              : open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (worker->stderr_fd < 0 || stdout_fd < 0)
		status = complain("sweep: no file for what guests print: %s", strerror(errno));
	else
		status = fork_worker(pool, worker, stdout_fd);
	if (stdout_fd >= 0)
		close(stdout_fd);
	if (!status) {
		pool->nr_busy++;
		return 0;
	}
	if (worker->stderr_fd >= 0)
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

static int note_failure(struct pool *pool, const struct worker *worker, int how)
{
	char message[MESSAGE_MAX];

	if (WIFSIGNALED(how))
		snprintf(message, sizeof(message), "killed by signal %d", WTERMSIG(how));
	else if (!find_message(worker->stderr_fd, message))
		snprintf(message, sizeof(message), "no statistics; exit status %d",
		         WEXITSTATUS(how));
	return sweep_cell_write(worker->cell, pool->folder, "failed", message);
}

/* After one that was killed. */
static void clean_up(const struct pool *pool, const struct worker *worker)
{
	char *path = sweep_file(pool->folder, worker->cell->name, ".json");

	if (path)
		output_clean_up(path, worker->pid);
	free(path);
}

static int note_end(struct pool *pool, struct worker *worker, int how)
{
	int status = 0;

	if (sweep_cell_is_done(worker->cell, pool->folder))
		pool->nr_done++;
	else
		status = note_failure(pool, worker, how);
	if (WIFSIGNALED(how))
		clean_up(pool, worker);
	close(worker->stderr_fd);
	worker->pid = 0;
	pool->nr_busy--;
	return status;
}

static int reap(struct pool *pool)
{
	int status = 0, how;

	for (unsigned i = 0; i < pool->nr_workers; i++) {
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
	for (unsigned i = 0; i < pool->nr_workers; i++) {
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

	while (!status && !pool->interrupted && pool->nr_busy >= most) {
		int signal_nr = sigwaitinfo(&pool->signals, NULL);

		if (signal_nr == SIGCHLD)
			status = reap(pool);
		else if (signal_nr > 0)
			pool->interrupted = signal_nr;
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

static int run_cell(struct pool *pool, const struct sweep_cell *cell)
{
	int status;

	if (cell->impossible)
		return sweep_cell_write(cell, pool->folder, "impossible", cell->impossible);
	if (sweep_cell_is_done(cell, pool->folder) && cell_file_is_there(cell, pool->folder))
		return 0;
	status = sweep_cell_write(cell, pool->folder, "unfinished", "");
	if (sweep_cell_is_done(cell, pool->folder))
		return status;
	if (!status)
		status = wait_until_fewer(pool, pool->nr_workers);
	if (status || pool->interrupted)
		return status;
	return start(pool, cell);
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

int sweep_run(const struct sweep_cells *cells, const char *folder, unsigned nr_workers,
              bool keep_output, size_t *nr_done, int *interrupted)
{
	struct pool pool = {
		.folder = folder,
		.keep_output = keep_output,
		.workers = calloc(nr_workers, sizeof(*pool.workers)),
		.nr_workers = nr_workers,
	};
	int status = 0;

	if (!pool.workers)
		return complain("out of memory");
	take_signals(&pool);
	for (size_t i = 0; i < cells->nr && !status && !pool.interrupted; i++)
		status = run_cell(&pool, &cells->list[i]);
	if (!status)
		status = wait_until_fewer(&pool, 1);
	kill_all(&pool); /* none is left, but after an interruption or a mistake */
	sigprocmask(SIG_SETMASK, &pool.old_signals, NULL);
	free(pool.workers);
	*nr_done = pool.nr_done;
	*interrupted = pool.interrupted;
	return status;
}
