/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/options.h"
#include "tools/sweep.h"

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

/* Closes the file. 0 or -errno. */
static int hash_file(int fd, char hash[SWEEP_NAME])
{
	XXH3_state_t *state = XXH3_createState();
	XXH128_hash_t sum;
	int err = -ENOMEM;

	if (state) {
		XXH3_128bits_reset(state);
		err = hash_bytes(fd, state);
		sum = XXH3_128bits_digest(state);
		snprintf(hash, SWEEP_NAME, "%016llx%016llx", (unsigned long long)sum.high64,
		         (unsigned long long)sum.low64);
	}
	XXH3_freeState(state);
	close(fd);
	return err;
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
	struct stat st;
	int err, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && !fstat(fd, &st) && !S_ISREG(st.st_mode)) {
		close(fd);
		return complain("%s: %s: a trace that is read many times is a regular file", where,
		                path);
	}
	err = fd < 0 ? -errno : hash_file(fd, input.content);
	if (err)
		return complain("%s: %s: %s", where, path, strerror(-err));
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

static const char *find_root(const struct sweep_matrix *matrix)
{
	const char *root = NULL;

	for (size_t i = 0; i + 1 < matrix->run_options.nr; i += 2)
		if (!strcmp(matrix->run_options.list[i], "--root"))
			root = matrix->run_options.list[i + 1];
	return root;
}

/* As the guest sees the file: its root's links lead into its root. */
static int open_below(const char *root, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
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
	const char *root = find_root(matrix), *path = input->program.list[0];
	int fd, err;

	if (!strchr(path, '/'))
		return 0;
	fd = root ? open_below(root, path) : open(path, O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? -errno : hash_file(fd, input->content);
	return err ? complain("sweep: %s: %s", path, strerror(-err)) : 0;
}

/* ---- machines ---- */

int sweep_matrix_add_machine(struct sweep_matrix *matrix, const char *where, const char *name)
{
	struct machine_config *config = malloc(sizeof(*config));
	char why[512];
	int status = 0;

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

/* What `run` and `replay` are told for every cell. */
static const struct cell_option {
	const char *name, *written;
	const char *values; /* "|a|b|", or NULL: any */
	bool is_flag;       /* is written without its value, which is true */
	bool is_of_run;
} cell_options[] = {
	{ "engine", "--engine", "|auto|exact|trap|faults|", false, false },
	{ "check", "--check", "|true|", true, false },
	{ "root", "--root", NULL, false, true },
	{ "env", "--env", NULL, false, true },
};

static bool is_one_of(const char *values, const char *value)
{
	const char *found = *value && !strchr(value, '|') ? strstr(values, value) : NULL;

	return found && found[-1] == '|' && found[strlen(value)] == '|';
}

int sweep_matrix_add_option(struct sweep_matrix *matrix, const char *where, const char *name,
                            const char *value)
{
	for (size_t i = 0; i < sizeof(cell_options) / sizeof(cell_options[0]); i++) {
		const struct cell_option *option = &cell_options[i];
		struct words *words = option->is_of_run ? &matrix->run_options : &matrix->options;
		int status;

		if (strcmp(option->name, name) != 0)
			continue;
		if (option->values && !is_one_of(option->values, value))
			return complain("%s: %s cannot be \"%s\"", where, name, value);
		status = words_add(words, option->written);
		return status || option->is_flag ? status : words_add(words, value);
	}
	return complain("%s: no such option of cells: %s; it is engine, check, root or env", where,
	                name);
}

/* ---- the whole ---- */

/* Stops counting behind MAX_CELLS. */
size_t sweep_matrix_nr_cells(const struct sweep_matrix *matrix)
{
	size_t nr = matrix->nr_inputs * matrix->machines.nr;

	for (size_t i = 0; i < matrix->nr_axes && nr <= MAX_CELLS; i++)
		nr *= matrix->axes[i].values.nr;
	return nr;
}

int sweep_matrix_complete(struct sweep_matrix *matrix)
{
	const char *name;
	int status = 0;

	if (!matrix->nr_inputs)
		return complain("sweep: no trace and no program; see pagewalk sweep --help");
	for (size_t i = 0; i < matrix->nr_inputs && !status; i++)
		if (!matrix->inputs[i].trace)
			status = hash_program(matrix, &matrix->inputs[i]);
	if (!status && !matrix->machines.nr) {
		machine_config_shipped(0, &name);
		status = words_add(&matrix->machines, name);
	}
	if (!status && sweep_matrix_nr_cells(matrix) > MAX_CELLS)
		status = complain("sweep: more than %d cells", MAX_CELLS);
	return status;
}

void sweep_matrix_finish(struct sweep_matrix *matrix)
{
	for (size_t i = 0; i < matrix->nr_inputs; i++) {
		free(matrix->inputs[i].trace);
		free(matrix->inputs[i].label);
		words_finish(&matrix->inputs[i].program);
	}
	for (size_t i = 0; i < matrix->nr_axes; i++) {
		free(matrix->axes[i].key);
		words_finish(&matrix->axes[i].values);
	}
	free(matrix->inputs);
	free(matrix->axes);
	words_finish(&matrix->machines);
	words_finish(&matrix->options);
	words_finish(&matrix->run_options);
	words_finish(&matrix->outputs);
	*matrix = (struct sweep_matrix){ 0 };
}
