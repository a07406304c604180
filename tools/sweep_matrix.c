/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/options.h"
#include "tools/sweep.h"
#include "traces/formats.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xxhash.h>

#define MAX_CELLS 1000000

/* ---- inputs ---- */

static int hash_bytes(int fd, XXH3_state_t *state)
{
	char bytes[64 << 10];
	ssize_t len;

	while ((len = read(fd, bytes, sizeof(bytes))) > 0)
		XXH3_128bits_update(state, bytes, (size_t)len);
	return len ? -errno : 0;
}

/* Of a file just opened, or not (-1), which is closed. NULL, or why not. */
static const char *hash_file(int fd, char hash[SWEEP_NAME])
{
	XXH3_state_t *state;
	XXH128_hash_t sum;
	struct stat st;
	int err = fd < 0 || fstat(fd, &st) ? -errno : 0;

	if (!err && !S_ISREG(st.st_mode)) {
		close(fd);
		return "it is no regular file";
	}
	state = XXH3_createState();
	if (!err && state) {
		XXH3_128bits_reset(state);
		err = hash_bytes(fd, state);
		sum = XXH3_128bits_digest(state);
		snprintf(hash, SWEEP_NAME, "%016llx%016llx", (unsigned long long)sum.high64,
		         (unsigned long long)sum.low64);
	}
	if (!err && !state)
		err = -ENOMEM;
	XXH3_freeState(state);
	if (fd >= 0)
		close(fd);
	return err ? strerror(-err) : NULL;
}

/* Takes the input over. */
static int add_input(struct sweep_matrix *matrix, struct sweep_input *input)
{
	struct sweep_input *inputs =
	    input->label ? reallocarray(matrix->inputs, matrix->nr_inputs + 1, sizeof(*inputs))
	                 : NULL;

	if (!inputs) {
		free(input->trace);
		free(input->label);
		words_finish(&input->program);
		return complain("out of memory");
	}
	matrix->inputs = inputs;
	inputs[matrix->nr_inputs++] = *input;
	return 0;
}

int sweep_matrix_add_trace(struct sweep_matrix *matrix, const char *where, const char *path)
{
	struct sweep_input input = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait */
	const char *why = hash_file(fd, input.content);

	if (why)
		return complain("%s: %s: %s", where, path, why);
	input.trace = strdup(path);
	input.label = input.trace ? strdup(path) : NULL;
	return add_input(matrix, &input);
}

int sweep_matrix_add_program(struct sweep_matrix *matrix, const struct words *program)
{
	struct sweep_input input = { 0 };
	int status = words_add_all(&input.program, program);

	if (status) {
		words_finish(&input.program);
		return status;
	}
	input.label = words_as_shell(&input.program);
	return add_input(matrix, &input);
}

/* As the guest sees the file: its root's links lead into its root. */
static int open_below(const char *root, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		                .resolve = RESOLVE_IN_ROOT };
	int fd, root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	close(root_fd);
	return fd;
}

/* A program that is another file now is another program. Not looked at are its data, and
 * which file a name without a slash stands for. */
static int hash_program(const struct sweep_matrix *matrix, struct sweep_input *input)
{
	const char *root = matrix->root, *path = input->program.list[0], *why;

	if (!strchr(path, '/'))
		return 0;
	why =
	    hash_file(root ? open_below(root, path) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK),
	              input->content);
	return why ? complain("sweep: %s: %s", path, why) : 0;
}

/* What the trace says of itself. */
static int read_head(const struct sweep_matrix *matrix, struct sweep_input *input)
{
	struct trace_source *source;
	char why[512];

	if (trace_open(&source, input->trace, matrix->format, why, sizeof(why)))
		return complain("%s", why);
	input->machine = source->info.machine ? strdup(source->info.machine) : NULL;
	trace_close(source);
	return 0;
}

static int complete_input(const struct sweep_matrix *matrix, struct sweep_input *input)
{
	int status = input->trace ? read_head(matrix, input) : hash_program(matrix, input);

	for (size_t i = 0; i < matrix->machines.nr && !status; i++)
		if (!strcmp(matrix->machines.list[i], SWEEP_RECORDED) && !input->machine)
			status = complain("sweep: %s: on which machine it was recorded is unknown",
			                  input->label);
	return status;
}

/* ---- machines ---- */

int sweep_matrix_add_machine(struct sweep_matrix *matrix, const char *where, const char *name)
{
	struct machine_config *config;
	char why[512];
	int status = 0;

	if (!strcmp(name, SWEEP_RECORDED))
		return words_add(&matrix->machines, name);
	config = malloc(sizeof(*config));
	if (!config)
		return complain("out of memory");
	if (machine_config_load(config, name, NULL, 0, why, sizeof(why)))
		status = complain("%s: %s", where, why);
	else if (config->swap_file[0])
		status = complain("%s: %s has a swap.file, which only one machine can use at a "
		                  "time",
		                  where, name);
	free(config);
	return status ? status : words_add(&matrix->machines, name);
}

static struct sweep_axis *find_axis(struct sweep_matrix *matrix, const char *key)
{
	struct sweep_axis *axes;

	for (size_t i = 0; i < matrix->nr_axes; i++)
		if (!strcmp(matrix->axes[i].key, key))
			return &matrix->axes[i];
	axes = reallocarray(matrix->axes, matrix->nr_axes + 1, sizeof(*axes));
	if (!axes)
		return NULL;
	matrix->axes = axes;
	axes += matrix->nr_axes;
	*axes = (struct sweep_axis){ .key = strdup(key) };
	if (!axes->key)
		return NULL;
	matrix->nr_axes++;
	return axes;
}

int sweep_matrix_add_value(struct sweep_matrix *matrix, const char *where, const char *key,
                           const char *value)
{
	struct config_override override = { key, value };
	struct sweep_axis *axis;
	char why[512];

	if (machine_config_check_override(&override, why, sizeof(why)))
		return complain("%s: %s", where, why);
	if (!strcmp(key, "swap.file") && *value)
		return complain("%s: only one machine can use a swap.file at a time", where);
	axis = find_axis(matrix, key);
	return axis ? words_add(&axis->values, value) : complain("out of memory");
}

int sweep_split(struct words *parts, const char *text)
{
	int status = 0;

	while (!status) {
		bool is_grouped = *text == '[' && strchr(text, ']');
		size_t len = is_grouped ? strcspn(text, "]") : strcspn(text, ",");

		status = words_take(parts, strndup(text + is_grouped, len - is_grouped));
		text += len + is_grouped;
		if (!*text)
			break;
		text += *text == ',';
	}
	return status;
}

/* ---- options ---- */

static int set_text(char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
	return *text ? 0 : complain("out of memory");
}

static int set_flag(bool *flag, const char *where, const char *name, const char *value)
{
	*flag = !strcmp(value, "true");
	if (*flag || !strcmp(value, "false"))
		return 0;
	return complain("%s: %s is true or false, not \"%s\"", where, name, value);
}

static bool is_engine(const char *value)
{
	static const char *const engines[] = { "auto", "exact", "trap", "faults" };

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (!strcmp(value, engines[i]))
			return true;
	return false;
}

int sweep_matrix_add_option(struct sweep_matrix *matrix, const char *where, const char *name,
                            const char *value)
{
	if (!strcmp(name, "check"))
		return set_flag(&matrix->check, where, name, value);
	if (!strcmp(name, "fold"))
		return set_flag(&matrix->fold, where, name, value);
	if (!strcmp(name, "format"))
		return set_text(&matrix->format, value);
	if (!strcmp(name, "root"))
		return set_text(&matrix->root, value);
	if (!strcmp(name, "env") && strchr(value, '=') && *value != '=')
		return words_add(&matrix->env, value);
	if (!strcmp(name, "env"))
		return complain("%s: %s: it is NAME=VALUE", where, value);
	if (!strcmp(name, "engine") && is_engine(value))
		return set_text(&matrix->engine, value);
	if (!strcmp(name, "engine"))
		return complain("%s: engine is auto, exact, trap or faults, not \"%s\"", where,
		                value);
	return complain("%s: no such option: %s; it is engine, root, env, format, fold or check",
	                where, name);
}

/* ---- the whole ---- */

/* Stops counting behind MAX_CELLS. */
size_t sweep_matrix_nr_cells(const struct sweep_matrix *matrix)
{
	size_t nr = matrix->nr_inputs * (matrix->machines.nr ? matrix->machines.nr : 1);

	for (size_t i = 0; i < matrix->nr_axes && nr <= MAX_CELLS; i++)
		nr *= matrix->axes[i].values.nr;
	return nr;
}

int sweep_matrix_complete(struct sweep_matrix *matrix)
{
	int status = 0;

	if (!matrix->nr_inputs)
		return complain("sweep: no trace and no program; see pagewalk sweep --help");
	for (size_t i = 0; i < matrix->nr_inputs && !status; i++)
		status = complete_input(matrix, &matrix->inputs[i]);
	if (!status && sweep_matrix_nr_cells(matrix) > MAX_CELLS)
		status = complain("sweep: more than %d cells", MAX_CELLS);
	return status;
}

void sweep_matrix_finish(struct sweep_matrix *matrix)
{
	for (size_t i = 0; i < matrix->nr_inputs; i++) {
		free(matrix->inputs[i].trace);
		free(matrix->inputs[i].label);
		free(matrix->inputs[i].machine);
		words_finish(&matrix->inputs[i].program);
	}
	for (size_t i = 0; i < matrix->nr_axes; i++) {
		free(matrix->axes[i].key);
		words_finish(&matrix->axes[i].values);
	}
	free(matrix->inputs);
	free(matrix->axes);
	words_finish(&matrix->machines);
	free(matrix->engine);
	free(matrix->root);
	free(matrix->format);
	words_finish(&matrix->env);
	words_finish(&matrix->outputs);
	*matrix = (struct sweep_matrix){ 0 };
}
