/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json - writes JSON as it goes: no tree in memory, integers and strings only.
 * Two spaces a level, keys in the order in which they come.
 *
 *	struct json json;
 *
 *	json_init(&json, out);
 *	json_begin_object(&json, NULL);
 *	json_uint(&json, "hits", 3);
 *	json_begin_array(&json, "argv");
 *	json_string(&json, NULL, "cat");
 *	json_end(&json);
 *	json_end(&json);
 */
#ifndef PW_SIM_JSON_H
#define PW_SIM_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_MAX_DEPTH 16

struct json {
	FILE *out;
	unsigned depth;
	struct {
		char close;   /* '}' or ']' */
		bool filled;  /* a comma comes before the next value */
		bool compact; /* on one line */
	} open[JSON_MAX_DEPTH];
};

void json_init(struct json *json, FILE *out);

/* key: of the value in an object; NULL in an array and at the top. */
void json_begin_object(struct json *json, const char *key);
void json_begin_array(struct json *json, const char *key);
void json_begin_row(struct json *json, const char *key); /* an array on one line */
void json_end(struct json *json); /* what was begun last; at the top, a newline too */

void json_uint(struct json *json, const char *key, uint64_t value);
void json_int(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
/* Bytes that are not UTF-8 come out as U+FFFD. */
void json_string(struct json *json, const char *key, const char *value);
/* A number, true or false that is text already. */
void json_literal(struct json *json, const char *key, const char *text);

#endif
