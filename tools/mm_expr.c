/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_expr - expressions over figures and handles, read by recursive descent:
 *
 *   comparison := sum [ (== | != | < | <= | > | >=) sum ]
 *   sum        := product { (+ | -) product }
 *   product    := primary { (* | /) primary }
 *   primary    := NUMBER | ( comparison ) | - primary
 *               | "WORD"                      as a cache's name with a - in it
 *               | NAME "(" ARGUMENT, ... ")"  a figure; its arguments are plain words
 *               | NAME . FIELD                of a handle
 *               | NAME                        a number, an address, NULL, an errno;
 *                                             else the word itself, as a zone's name
 */
#include "tools/mm_shell.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	const struct mm_shell *sh;
	const char *at;
	unsigned depth; /* of parentheses */
};

#define DEPTH_MAX 32
#define NOWHERE UINT64_MAX /* the address of what has none and yet is not NULL */

void value_set_number(struct value *value, int64_t number)
{
	*value = (struct value){ .kind = VALUE_NUMBER, .number = number };
}

void value_set_word(struct value *value, const char *word)
{
	*value = (struct value){ .kind = VALUE_WORD };
	snprintf(value->word, sizeof(value->word), "%s", word);
}

void value_set_address(struct value *value, va_t va)
{
	*value = (struct value){ .kind = VALUE_ADDRESS, .va = va };
}

static void print_value(const struct value *value, char *text, size_t size)
{
	if (value->kind == VALUE_NUMBER)
		snprintf(text, size, "%" PRId64, value->number);
	else if (value->kind == VALUE_WORD)
		snprintf(text, size, "%s", value->word);
	else if (!value->va)
		snprintf(text, size, "NULL");
	else if (value->va == NOWHERE)
		snprintf(text, size, "something");
	else
		snprintf(text, size, "%#" PRIx64, value->va);
}

/* ---- reading ---- */

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

static bool take(struct parser *p, const char *token)
{
	size_t len = strlen(token);

	skip_blanks(p);
	if (strncmp(p->at, token, len) != 0)
		return false;
	p->at += len;
	return true;
}

static int read_name(struct parser *p, char name[MM_NAME_MAX])
{
	size_t len = 0;

	while (isalnum((unsigned char)p->at[len]) || p->at[len] == '_')
		len++;
	if (!len)
		return shell_mistake(p->sh, "expected a value at \"%s\"", p->at);
	if (len >= MM_NAME_MAX)
		return shell_mistake(p->sh, "the name at \"%s\" is too long", p->at);
	memcpy(name, p->at, len);
	name[len] = '\0';
	p->at += len;
	return 0;
}

static int read_number(struct parser *p, struct value *value)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(p->at, &end, 0);
	if (errno || isalnum((unsigned char)*end))
		return shell_mistake(p->sh, "no number: \"%s\"", p->at);
	p->at = end;
	if (number > INT64_MAX)
		value_set_address(value, number);
	else
		value_set_number(value, (int64_t)number);
	return 0;
}

/* Behind the opening quote. */
static int read_quoted(struct parser *p, struct value *value)
{
	size_t len = strcspn(p->at, "\"");

	if (!p->at[len] || len >= sizeof(value->word))
		return shell_mistake(p->sh, "no word: \"%s", p->at);
	*value = (struct value){ .kind = VALUE_WORD };
	memcpy(value->word, p->at, len);
	p->at += len + 1;
	return 0;
}

static const struct mm_figure *find_figure(const char *name)
{
	for (const struct mm_figure *figure = mm_figures; figure->name; figure++)
		if (!strcmp(figure->name, name))
			return figure;
	return NULL;
}

/* Behind the opening parenthesis. */
static int read_figure(struct parser *p, const char *name, struct value *value)
{
	const struct mm_figure *figure = find_figure(name);
	char words[MM_FIGURE_ARGS_MAX][MM_NAME_MAX];
	const char *args[MM_FIGURE_ARGS_MAX];
	int nr = 0;

	if (!figure)
		return shell_mistake(p->sh, "no such figure: %s(); see help figures", name);
	while (!take(p, ")")) {
		size_t len;

		if (nr && !take(p, ","))
			return shell_mistake(p->sh, "expected , or ) at \"%s\"", p->at);
		skip_blanks(p);
		len = strcspn(p->at, ",) \t");
		if (!len || len >= MM_NAME_MAX || nr == MM_FIGURE_ARGS_MAX)
			return shell_mistake(p->sh, "it is %s(%s)", name, figure->args);
		snprintf(words[nr], MM_NAME_MAX, "%.*s", (int)len, p->at);
		args[nr] = words[nr];
		nr++;
		p->at += len;
	}
	if (nr != figure->nr_args)
		return shell_mistake(p->sh, "it is %s(%s)", name, figure->args);
	return figure->ask(p->sh, args, value);
}

static int read_field(struct parser *p, const char *name, struct value *value)
{
	const struct handle *handle = handle_find(p->sh, name);
	char field[MM_NAME_MAX];
	int status = read_name(p, field);

	if (status)
		return status;
	if (!handle)
		return shell_mistake(p->sh, "nothing is called %s", name);
	if (!handle->object)
		return shell_mistake(p->sh, "%s is NULL: it has no .%s", name, field);
	if (!handle_ask(p->sh, handle, field, value))
		return shell_mistake(p->sh, "%s, of kind %s, has no .%s", name, handle->kind->name,
		                     field);
	return 0;
}

static void read_word(const struct mm_shell *sh, const char *name, struct value *value)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = { { "EBUSY", EBUSY },
		       { "EFAULT", EFAULT },
		       { "EINVAL", EINVAL },
		       { "EIO", EIO },
		       { "ENOMEM", ENOMEM } };
	const struct handle *handle = handle_find(sh, name);

	if (handle && handle->kind == &handle_number) {
		value_set_number(value, (int64_t)handle->size);
		return;
	}
	if (handle || !strcmp(name, "NULL")) {
		va_t va = 0;

		/* What has no address still is not NULL. */
		if (handle && handle->object && !handle_va(sh, handle, &va))
			va = NOWHERE;
		value_set_address(value, va);
		return;
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, name) != 0)
			continue;
		value_set_number(value, errors[i].error);
		return;
	}
	value_set_word(value, name);
}

static int read_comparison(struct parser *p, struct value *value);

static int read_nested(struct parser *p, struct value *value)
{
	int status;

	if (++p->depth > DEPTH_MAX)
		return shell_mistake(p->sh, "more than %d parentheses deep", DEPTH_MAX);
	status = read_comparison(p, value);
	p->depth--;
	if (!status && !take(p, ")"))
		return shell_mistake(p->sh, "expected ) at \"%s\"", p->at);
	return status;
}

static int read_primary(struct parser *p, struct value *value)
{
	char name[MM_NAME_MAX];
	bool minus = false;
	int status;

	while (take(p, "-"))
		minus = !minus;
	skip_blanks(p);
	if (isdigit((unsigned char)*p->at)) {
		status = read_number(p, value);
	} else if (take(p, "\"")) {
		status = read_quoted(p, value);
	} else if (take(p, "(")) {
		status = read_nested(p, value);
	} else {
		status = read_name(p, name);
		if (status)
			return status;
		if (*p->at == '(' && p->at++)
			status = read_figure(p, name, value);
		else if (*p->at == '.' && p->at++)
			status = read_field(p, name, value);
		else
			read_word(p->sh, name, value);
	}
	if (status || !minus)
		return status;
	if (value->kind != VALUE_NUMBER)
		return shell_mistake(p->sh, "- wants a number");
	value->number = -value->number;
	return 0;
}

/* ---- reckoning ---- */

/* An address and a number, either way about, or the distance of two addresses. */
static int reckon_address(const struct mm_shell *sh, char op, struct value *left,
                          const struct value *right)
{
	bool first = left->kind == VALUE_ADDRESS, second = right->kind == VALUE_ADDRESS;

	if (op == '-' && first && second)
		value_set_number(left, (int64_t)(left->va - right->va));
	else if (op == '-' && first && right->kind == VALUE_NUMBER)
		value_set_address(left, left->va - (uint64_t)right->number);
	else if (op == '+' && first && right->kind == VALUE_NUMBER)
		value_set_address(left, left->va + (uint64_t)right->number);
	else if (op == '+' && second && left->kind == VALUE_NUMBER)
		value_set_address(left, right->va + (uint64_t)left->number);
	else
		return shell_mistake(sh, "%c wants numbers", op);
	return 0;
}

static int reckon(const struct mm_shell *sh, char op, struct value *left, const struct value *right)
{
	bool overflow = false;

	if (left->kind == VALUE_ADDRESS || right->kind == VALUE_ADDRESS)
		return reckon_address(sh, op, left, right);
	if (left->kind != VALUE_NUMBER || right->kind != VALUE_NUMBER)
		return shell_mistake(sh, "%c wants numbers", op);
	if (op == '+')
		overflow = __builtin_add_overflow(left->number, right->number, &left->number);
	else if (op == '-')
		overflow = __builtin_sub_overflow(left->number, right->number, &left->number);
	else if (op == '*')
		overflow = __builtin_mul_overflow(left->number, right->number, &left->number);
	else if (!right->number || right->number == -1)
		return shell_mistake(sh, "division by %" PRId64, right->number);
	else
		left->number /= right->number;
	return overflow ? shell_mistake(sh, "%c: the number is too large", op) : 0;
}

static int read_product(struct parser *p, struct value *value)
{
	int status = read_primary(p, value);

	while (!status) {
		char op = take(p, "*") ? '*' : take(p, "/") ? '/' : '\0';
		struct value right;

		if (!op)
			break;
		status = read_primary(p, &right);
		if (!status)
			status = reckon(p->sh, op, value, &right);
	}
	return status;
}

static int read_sum(struct parser *p, struct value *value)
{
	int status = read_product(p, value);

	while (!status) {
		char op = take(p, "+") ? '+' : take(p, "-") ? '-' : '\0';
		struct value right;

		if (!op)
			break;
		status = read_product(p, &right);
		if (!status)
			status = reckon(p->sh, op, value, &right);
	}
	return status;
}

enum comparison { EQUAL, UNEQUAL, AT_MOST, AT_LEAST, BELOW, ABOVE, NR_COMPARISONS };

/* The longer first where one begins with the other. */
static const char *const comparison_signs[NR_COMPARISONS] = {
	[EQUAL] = "==",    [UNEQUAL] = "!=", [AT_MOST] = "<=",
	[AT_LEAST] = ">=", [BELOW] = "<",    [ABOVE] = ">",
};

/* Below 0, 0, above 0; words only tell equal from unequal. */
static int order_of(const struct value *left, const struct value *right)
{
	if (left->kind == VALUE_WORD)
		return strcmp(left->word, right->word);
	if (left->kind == VALUE_ADDRESS)
		return (left->va > right->va) - (left->va < right->va);
	return (left->number > right->number) - (left->number < right->number);
}

static bool holds(enum comparison comparison, int order)
{
	switch (comparison) {
	case EQUAL:
		return !order;
	case UNEQUAL:
		return order;
	case AT_MOST:
		return order <= 0;
	case AT_LEAST:
		return order >= 0;
	case BELOW:
		return order < 0;
	case ABOVE:
	case NR_COMPARISONS:
		break;
	}
	return order > 0;
}

static int compare(const struct mm_shell *sh, enum comparison comparison, struct value *left,
                   struct value *right)
{
	/* 0xc0000000 is a number as well as an address. */
	if (left->kind == VALUE_ADDRESS && right->kind == VALUE_NUMBER && right->number >= 0)
		value_set_address(right, (va_t)right->number);
	if (right->kind == VALUE_ADDRESS && left->kind == VALUE_NUMBER && left->number >= 0)
		value_set_address(left, (va_t)left->number);
	if (left->kind != right->kind)
		return shell_mistake(sh, "%s: the two sides are of different kinds",
		                     comparison_signs[comparison]);
	if (left->kind == VALUE_WORD && comparison != EQUAL && comparison != UNEQUAL)
		return shell_mistake(sh, "%s wants numbers", comparison_signs[comparison]);
	value_set_number(left, holds(comparison, order_of(left, right)));
	return 0;
}

static int read_comparison(struct parser *p, struct value *value)
{
	int status = read_sum(p, value);

	for (int i = 0; !status && i < NR_COMPARISONS; i++) {
		struct value right;

		if (!take(p, comparison_signs[i]))
			continue;
		status = read_sum(p, &right);
		return status ? status : compare(p->sh, (enum comparison)i, value, &right);
	}
	return status;
}

static int evaluate(const struct mm_shell *sh, const char *text, struct value *value)
{
	struct parser p = { .sh = sh, .at = text };
	int status = read_comparison(&p, value);

	skip_blanks(&p);
	if (!status && *p.at)
		return shell_mistake(sh, "what is \"%s\"?", p.at);
	return status;
}

/* ---- commands ---- */

/* The values of both sides, for whoever wonders why an assert does not hold. */
static void print_sides(const struct mm_shell *sh, const char *text, char *sides, size_t size)
{
	struct parser p = { .sh = sh, .at = text };
	struct value left, right;
	char a[64], b[64];

	*sides = '\0';
	if (read_sum(&p, &left))
		return;
	skip_blanks(&p);
	p.at += strspn(p.at, "=!<>");
	if (!*p.at || read_sum(&p, &right))
		return;
	print_value(&left, a, sizeof(a));
	print_value(&right, b, sizeof(b));
	snprintf(sides, size, ": %s against %s", a, b);
}

static int run_assert(struct mm_shell *sh, const struct mm_call *call)
{
	struct value value;
	char sides[160];
	int status = evaluate(sh, call->rest, &value);

	if (status)
		return status;
	if (value.kind != VALUE_NUMBER)
		return shell_mistake(sh, "assert wants a comparison");
	if (value.number)
		return 0;
	print_sides(sh, call->rest, sides, sizeof(sides));
	return shell_failure(sh, "assertion failed: %s%s", call->rest, sides);
}

static int run_value(struct mm_shell *sh, const struct mm_call *call)
{
	struct value value;
	char text[64];
	int status = evaluate(sh, call->rest, &value);

	if (status)
		return status;
	if (call->result && value.kind != VALUE_NUMBER)
		return shell_mistake(sh, "only numbers can be named");
	print_value(&value, text, sizeof(text));
	shell_say(sh, "%s = %s", call->rest, text);
	if (call->result)
		return handle_make(sh, call->result, &handle_number, NULL, (uint64_t)value.number);
	return 0;
}

const struct mm_command mm_expr_commands[] = {
	{ "assert", "EXPRESSION", 1, MM_ARGS_MAX, NAMES_NOTHING, run_assert,
	  "fails unless it holds: free(DMA) >= 100, p != NULL" },
	{ "value", "EXPRESSION", 1, MM_ARGS_MAX, MAY_NAME, run_value,
	  "prints it, and keeps it if named" },
	{ 0 },
};
