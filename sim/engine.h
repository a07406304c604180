/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine - runs guest instructions and shows their memory accesses.
 *
 * The engine knows registers, frames and code; it asks its owner for every
 * translation and tells the mmu of every access. One file implements it over
 * Unicorn (engine_unicorn.c), and nothing else knows Unicorn.
 */
#ifndef PW_SIM_ENGINE_H
#define PW_SIM_ENGINE_H

#include "mmu/mmu.h"
#include "sim/record.h"
#include "sim/x86_regs.h"

struct engine;

enum engine_mode {
	ENGINE_EXACT,  /* every access goes through the mmu's TLBs */
	ENGINE_FAULTS, /* only page faults and A/D bits: no TLB figures, and no instruction
	                * counts unless they are asked for */
	ENGINE_NONE,   /* somebody else makes the accesses: struct driver (sim/machine.h) */
};

/* A page that the engine may use without asking again until engine_flush(). */
struct engine_page {
	pfn_t pfn;
	bool readable, writable, executable;
	bool is_zero; /* the kernel's zero page: read-only, mapped at many places */
};

struct engine_ops {
	/* Describe the page of va if the page tables allow the access as they stand.
	 * Called from the middle of an instruction: nothing else may happen. */
	bool (*look_up)(void *owner, va_t va, enum access_kind kind, struct engine_page *page);
	/* They did not: do all that a CPU and its kernel do about it. The engine stands
	 * before the instruction at ip (engine_get_regs() works); va and kind are the
	 * access's own (of a read-modify-write: a store). True: try again. False: a
	 * signal is pending, and the engine stops with ENGINE_STOP_FAULT. */
	bool (*fault)(void *owner, va_t va, enum access_kind kind, uint64_t ip);
	/* The time stamp counter, which rises with each reading. NULL: reading it is
	 * #GP, as CR4.TSD has it. */
	uint64_t (*read_tsc)(void *owner);
	/* --check: an access went to pa. NULL: nobody checks. */
	void (*check_access)(void *owner, va_t va, enum access_kind kind, pa_t pa);
};

enum engine_stop {
	ENGINE_STOP_SYSCALL,   /* the `syscall` instruction; ip behind it */
	ENGINE_STOP_SYSENTER,  /* the `sysenter` instruction; ip behind it */
	ENGINE_STOP_INTERRUPT, /* int n; stop.vector, ip behind it */
	ENGINE_STOP_EXCEPTION, /* a CPU exception but #PF; stop.vector, ip at it */
	ENGINE_STOP_ILLEGAL,   /* no such instruction (#UD); ip at it */
	ENGINE_STOP_FAULT,     /* fault() said no; ip at the instruction */
	ENGINE_STOP_BUDGET,    /* max_instructions are done, to the block */
};

struct engine_stopped {
	enum engine_stop why;
	uint8_t vector;
};

/* 0; -ENOMEM, -ENOTSUP if the library is too old or lacks something. segments are
 * those that 32-bit code finds. ram, mmu, segments and owner must outlive the
 * engine. */
int engine_create(struct engine **out, enum engine_mode mode, const struct ram *ram,
                  struct mmu *mmu, const struct segment_layout *segments,
                  const struct engine_ops *ops, void *owner);
void engine_destroy(struct engine *engine); /* NULL is fine */

/*
 * One engine runs several CPUs in turn. A context is the registers of a CPU while
 * another is run; a new one has those that the engine has now.
 */
struct engine_context;

/* 0 or -ENOMEM. Not before engine_start_counting(), if that is to be called. */
int engine_context_create(struct engine_context **out, const struct engine *engine);
void engine_context_destroy(struct engine_context *context); /* NULL is fine */

/* While stopped: puts the registers away into `from`, and goes on with those of `to`,
 * which belong to mmu and owner. Pages that it knows, it keeps. */
void engine_switch(struct engine *engine, struct engine_context *from,
                   const struct engine_context *to, struct mmu *mmu, void *owner);

/* Every access is told to it from here on; NULL: to nobody. ENGINE_EXACT only. */
void engine_set_recorder(struct engine *engine, struct recorder *recorder);

/* Run from the registers' ip on. 0, or -EIO if the engine itself broke. */
int engine_run(struct engine *engine, uint64_t max_instructions, struct engine_stopped *stopped);

void engine_get_regs(struct engine *engine, struct x86_regs *regs);
/* A selector that names no segment becomes 0, as Linux has it on the way back to user
 * mode; cs is the engine's to know. */
void engine_set_regs(struct engine *engine, const struct x86_regs *regs);
void engine_get_fpu(struct engine *engine, struct x86_fpu *fpu);
void engine_set_fpu(struct engine *engine, const struct x86_fpu *fpu);

/* While it runs, from a hook: no more blocks begin, and it stops with ENGINE_STOP_BUDGET. */
void engine_interrupt(struct engine *engine);

/* Forget all pages, before the next guest access: translations changed. */
void engine_flush(struct engine *engine);

/* A frame's content changes other than by the guest: void code decoded from it. */
void engine_frame_changed(struct engine *engine, pfn_t pfn);

/* Instructions done since they are counted: from the beginning by ENGINE_EXACT,
 * from engine_start_counting() on by ENGINE_FAULTS. Exact when stopped. A budget
 * needs them. */
uint64_t engine_instructions(const struct engine *engine);
bool engine_is_counting(const struct engine *engine);

/* For good: the hook that counts costs up to 40 % of the speed. Nothing to do if it
 * is counting. 0, or -ENOTSUP and the engine is of no more use. */
int engine_start_counting(struct engine *engine);

#endif
