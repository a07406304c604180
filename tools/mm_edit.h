/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_edit - lines from a terminal: editing, history and completion, by libedit.
 */
#ifndef PW_TOOLS_MM_EDIT_H
#define PW_TOOLS_MM_EDIT_H

#include "tools/mm_shell.h"

struct mm_editor;

/* On standard input and output, completing for sh. NULL: no memory. */
struct mm_editor *mm_editor_create(const struct mm_shell *sh);
void mm_editor_destroy(struct mm_editor *editor); /* NULL is fine */

/* The next line, without its end, the editor's until the next call. NULL: no more. */
const char *mm_editor_line(struct mm_editor *editor);

#endif
