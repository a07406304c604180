/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/recording.h"

#include "tools/options.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

int recording_open(struct recording *recording, enum engine_mode engine)
{
	int fd;

	if (!recording->path)
		return recording->has_detail
		           ? complain("--record-detail: there is no --record FILE")
		           : 0;
	if (!strcmp(recording->path, "-"))
		return complain("--record -: standard output is the program's; --record FILE");
	if (engine != ENGINE_EXACT)
		return complain("--record: the engine \"faults\" does not see every access; "
		                "\"exact\" does");
	recording->is_new = access(recording->path, F_OK) != 0;
	fd = open(recording->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd >= 0)
		recording->file = fdopen(fd, "w");
	if (recording->file)
		return 0;
	return complain("--record %s: %s", recording->path, strerror(errno));
}

static sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return set;
}

/* The signals' thread: ends the process as the signal would have, with a complete file. */
static void *wait_for_signals(void *data)
{
	struct recording *recording = data;
	sigset_t set = ending_signals();
	int signo;

	if (sigwait(&set, &signo) || recording->is_over)
		return NULL;
	trace_recorder_cut(recording->recorder);
	signal(signo, SIG_DFL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(signo);
	return NULL;
}

/* Before other threads are made, which inherit what is blocked. */
static void block_signals(int how)
{
	sigset_t set = ending_signals();

	pthread_sigmask(how, &set, NULL);
}

/* Once the thread has a signal, this does not return. */
static void stop_signals(struct recording *recording)
{
	if (!recording->has_signals)
		return;
	recording->is_over = true;
	pthread_kill(recording->signals, SIGTERM);
	pthread_join(recording->signals, NULL);
	recording->has_signals = false;
	block_signals(SIG_UNBLOCK);
}

int recording_begin(struct recording *recording, struct machine *machine, char *const *argv)
{
	int err;

	if (!recording->file)
		return 0;
	block_signals(SIG_BLOCK);
	err = trace_recorder_create(&recording->recorder, machine, recording->file,
	                            recording->detail, "pagewalk " PAGEWALK_VERSION, argv);
	if (!err)
		err = -pthread_create(&recording->signals, NULL, wait_for_signals, recording);
	recording->has_signals = !err;
	return err ? complain("--record: %s", strerror(-err)) : 0;
}

int recording_complete(struct recording *recording)
{
	int err;

	if (!recording->file)
		return 0;
	stop_signals(recording);
	err = trace_recorder_complete(recording->recorder);
	return err ? complain("--record %s: %s", recording->path, strerror(-err)) : 0;
}

void recording_finish(struct recording *recording)
{
	bool is_empty;

	stop_signals(recording);
	trace_recorder_destroy(recording->recorder);
	if (!recording->file)
		return;
	is_empty = ftell(recording->file) == 0;
	fclose(recording->file);
	if (is_empty && recording->is_new)
		unlink(recording->path);
	*recording = (struct recording){ 0 };
}
