/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_walk - the page tables of the kernel and of processes, entry by entry. Only
 * looks: no TLB is asked, and no bit set.
 */
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <string.h>

/* How far down the tables go for an address. */
struct walked {
	const struct paging_mode *mode;
	va_t va;
	unsigned last; /* the level that maps a page, or where it ends */
	bool maps;     /* a page */
	uint64_t entry[PAGING_MAX_LEVELS];
};

static uint64_t table_index(const struct paging_level *level, va_t va)
{
	return va >> level->shift & (((uint64_t)1 << level->index_bits) - 1);
}

static struct walked walk(const struct kernel *k, const struct mm_struct *mm, va_t va)
{
	struct walked w = { .mode = k->config.paging, .va = va };
	pa_t table = mm->pgd << PAGE_SHIFT;

	for (w.last = 0;; w.last++) {
		const struct paging_level *level = &w.mode->level[w.last];
		bool is_last = w.last + 1 == w.mode->nr_levels;

		memcpy(&w.entry[w.last],
		       ram_at(k->ram, table + table_index(level, va) * w.mode->entry_bytes),
		       w.mode->entry_bytes);
		w.maps = w.entry[w.last] & PTE_P &&
		         (is_last || (level->leaf && w.entry[w.last] & PTE_PS));
		if (w.maps || is_last || !(w.entry[w.last] & PTE_P))
			return w;
		table = w.entry[w.last] & w.mode->pa_mask;
	}
}

/* In a process, OFFSET is into its mapping; else into what NAME has in the kernel. */
static int read_walk(const struct mm_shell *sh, const char *name, const char *offset_text,
                     struct walked *out)
{
	const struct handle *handle = handle_find(sh, name);
	const struct kernel *k = shell_kernel(sh);
	bool of_process = handle && handle->kind == &handle_process && handle->object;
	uint64_t offset = 0;
	va_t va = 0;

	if (offset_text && shell_read_size(sh, offset_text, &offset))
		return EXIT_MISTAKE;
	if (of_process)
		va = process_va(handle);
	else if (!handle || !handle_va(sh, handle, &va))
		return shell_mistake(sh, "%s has no address", name);
	*out = walk(k, of_process ? handle->object : &k->init_mm, va + offset);
	return 0;
}

/* ---- saying it ---- */

static void say_bits(FILE *out, uint64_t entry, bool maps)
{
	static const struct {
		uint64_t bit;
		const char *name;
		bool of_pages; /* means something only where a page is mapped */
	} bits[] = {
		{ PTE_RW, "RW", false },   { PTE_US, "US", false }, { PTE_PWT, "PWT", false },
		{ PTE_PCD, "PCD", false }, { PTE_A, "A", false },   { PTE_D, "D", true },
		{ PTE_G, "G", true },      { PTE_NX, "NX", false },
	};

	fprintf(out, " P");
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (entry & bits[i].bit && (maps || !bits[i].of_pages))
			fprintf(out, " %s", bits[i].name);
}

static void say_level(const struct mm_shell *sh, const struct walked *w, unsigned i)
{
	const struct paging_level *level = &w->mode->level[i];
	const struct kernel *k = shell_kernel(sh);
	uint64_t entry = w->entry[i];
	bool maps = w->maps && i == w->last;

	fprintf(sh->out, "  %-4s [%4" PRIu64 "] %#0*" PRIx64, level->name,
	        table_index(level, w->va), 2 + 2 * w->mode->entry_bytes, entry);
	if (entry & PTE_P) {
		say_bits(sh->out, entry, maps);
		fprintf(sh->out, "; %s frame %" PRIu64, maps ? "page," : "table in",
		        (entry & w->mode->pa_mask) >> PAGE_SHIFT);
	} else if (pte_is_swap((pte_t){ entry }) && i + 1 == w->mode->nr_levels) {
		swp_entry_t swap = pte_to_swp_entry(k, (pte_t){ entry });

		fprintf(sh->out, " not present; swap area %u, slot %" PRIu64, swp_type(swap),
		        swp_offset(swap));
	} else {
		fprintf(sh->out, " not present");
	}
	putc('\n', sh->out);
}

static int run_walk(struct mm_shell *sh, const struct mm_call *call)
{
	struct walked w;

	if (read_walk(sh, call->argv[0], call->argc > 1 ? call->argv[1] : NULL, &w))
		return EXIT_MISTAKE;
	shell_say(sh, "%#" PRIx64 ":", w.va);
	for (unsigned i = 0; i <= w.last; i++)
		say_level(sh, &w, i);
	return 0;
}

/* ---- asking for it ---- */

static uint64_t swap_of(const struct kernel *k, uint64_t entry, bool slot)
{
	swp_entry_t swap = pte_to_swp_entry(k, (pte_t){ entry });

	return slot ? swp_offset(swap) : swp_type(swap);
}

/* `entry(a, 4096, dirty)`: of the last entry that the walk comes to. */
int mm_ask_entry(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	static const struct {
		const char *name;
		uint64_t bit;
	} bits[] = {
		{ "present", PTE_P },    { "writable", PTE_RW }, { "user", PTE_US },
		{ "uncached", PTE_PCD }, { "accessed", PTE_A },  { "dirty", PTE_D },
		{ "global", PTE_G },     { "noexec", PTE_NX },
	};
	struct walked w;
	uint64_t entry;
	bool swapped;

	if (read_walk(sh, args[0], args[1], &w))
		return EXIT_MISTAKE;
	entry = w.entry[w.last];
	swapped = w.last + 1 == w.mode->nr_levels && pte_is_swap((pte_t){ entry });
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (strcmp(bits[i].name, args[2]) != 0)
			continue;
		value_set_number(value, entry & PTE_P && entry & bits[i].bit);
		return 0;
	}
	if (!strcmp(args[2], "levels"))
		value_set_number(value, w.last + 1);
	else if (!strcmp(args[2], "pfn"))
		value_set_number(value,
		                 w.maps ? (int64_t)((entry & w.mode->pa_mask) >> PAGE_SHIFT) : -1);
	else if (!strcmp(args[2], "swap_area"))
		value_set_number(value,
		                 swapped ? (int64_t)swap_of(shell_kernel(sh), entry, false) : -1);
	else if (!strcmp(args[2], "swap_slot"))
		value_set_number(value,
		                 swapped ? (int64_t)swap_of(shell_kernel(sh), entry, true) : -1);
	else
		return shell_mistake(sh, "entries have no %s; see help figures", args[2]);
	return 0;
}

const struct mm_command mm_walk_commands[] = {
	{ "walk", "NAME [OFFSET]", 1, 2, NAMES_NOTHING, run_walk,
	  "through the page tables, to a byte of a process or of the kernel" },
	{ 0 },
};
