// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signal frames of 32-bit tasks (Linux 6.1, arch/x86/ia32/ia32_signal.c and
 * arch/x86/include/uapi/asm/sigcontext.h), from high addresses down:
 *
 *	sp of the interrupted code
 *	FXSAVE image, 512 bytes, 64-byte aligned
 *	FSAVE image, 112 bytes                           <- sigcontext.fpstate
 *	struct frame, or struct rt_frame with SA_SIGINFO <- sp, 16n - 4
 *
 * The handler finds its arguments on the stack (i386 calling convention), and also in
 * registers. It returns to the restorer, or to the vDSO if there is none.
 */
#include "sim/signal_frame.h"

#include "mm/mm.h"
#include "sim/machine.h"
#include "sim/usercopy.h"

#include <signal.h>
#include <string.h>

struct context {
	uint16_t gs, gsh, fs, fsh, es, esh, ds, dsh;
	uint32_t di, si, bp, sp, bx, dx, cx, ax;
	uint32_t trapno, err, ip;
	uint16_t cs, csh;
	uint32_t flags, sp_at_signal;
	uint16_t ss, ssh;
	uint32_t fpstate, oldmask, cr2;
};

struct info {
	int32_t signo, error, code;
	union {
		struct {
			int32_t pid;
			uint32_t uid;
		};
		uint32_t va;
		uint8_t bytes[116];
	};
};

struct frame {
	uint32_t restorer;
	int32_t signo;
	struct context context;
	uint8_t fpstate_unused[624];
	uint32_t mask_high;
	uint8_t code[8];
};

struct rt_frame {
	uint32_t restorer;
	int32_t signo;
	uint32_t info_va, ucontext_va;
	struct info info;
	/* struct ucontext */
	uint32_t uc_flags, uc_link;
	struct {
		uint32_t sp;
		int32_t flags;
		uint32_t size;
	} stack;
	struct context context;
	uint32_t mask[2];
	uint8_t code[8];
};
_Static_assert(sizeof(struct context) == 88, "sigcontext of the ABI");
_Static_assert(sizeof(struct info) == 128, "siginfo of the ABI");
_Static_assert(sizeof(struct frame) == 732, "sigframe of the ABI");
_Static_assert(sizeof(struct rt_frame) == 268, "rt_sigframe of the ABI");

/* What the vDSO does, once more: debuggers know a frame by it. */
static const uint8_t sigreturn_code[8] = { 0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80 };
static const uint8_t rt_sigreturn_code[8] = { 0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0 };

/* ---- the x87's state in FSAVE's form (Intel SDM Vol. 1, "x87 FPU State") ---- */

struct fsave {
	uint32_t control, status, tags, ip, cs, dp, ds;
	uint8_t st[8][10];
	uint16_t status_copy, magic;
};
_Static_assert(sizeof(struct fsave) == 112, "_fpstate of the ABI");

/* Behind the FSAVE image there is an FXSAVE image: what the ABI calls magic. */
#define MAGIC_FXSAVE 0

/* Offsets in the FXSAVE area. */
enum { FX_CONTROL = 0, FX_STATUS = 2, FX_TAGS = 4, FX_IP = 8, FX_DP = 16, FX_ST = 32 };

enum fpu_tag { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static enum fpu_tag tag_of(const uint8_t st[10])
{
	uint64_t significand;
	uint16_t exponent;

	memcpy(&significand, st, sizeof(significand));
	memcpy(&exponent, st + 8, sizeof(exponent));
	exponent &= 0x7fff;
	if (exponent == 0x7fff)
		return TAG_SPECIAL;
	if (!exponent)
		return significand ? TAG_SPECIAL : TAG_ZERO;
	return significand >> 63 ? TAG_VALID : TAG_SPECIAL;
}

/* Tags go by register, the images by distance from the top of the stack. */
static unsigned place_of_register(uint32_t status, unsigned reg)
{
	return (reg - (status >> 11 & 7)) & 7;
}

static void fsave_of_fxsave(struct fsave *to, const struct x86_fpu *from)
{
	const uint8_t *fx = from->fxsave;
	uint16_t control, status;

	memcpy(&control, fx + FX_CONTROL, 2);
	memcpy(&status, fx + FX_STATUS, 2);
	*to = (struct fsave){ .control = 0xffff0000u | control,
		              .status = 0xffff0000u | status,
		              .tags = 0xffff0000u,
		              .status_copy = status,
		              .magic = MAGIC_FXSAVE };
	memcpy(&to->ip, fx + FX_IP, 4);
	memcpy(&to->dp, fx + FX_DP, 4);
	for (unsigned i = 0; i < 8; i++)
		memcpy(to->st[i], fx + FX_ST + 16 * i, 10);
	for (unsigned reg = 0; reg < 8; reg++) {
		bool is_used = fx[FX_TAGS] >> reg & 1;
		uint32_t tag = is_used ? tag_of(to->st[place_of_register(status, reg)]) : TAG_EMPTY;

		to->tags |= tag << 2 * reg;
	}
}

/* The handler may have changed either image: the x87's part counts here. */
static void fsave_into_fxsave(struct x86_fpu *to, const struct fsave *from)
{
	uint8_t *fx = to->fxsave;

	memcpy(fx + FX_CONTROL, &from->control, 2);
	memcpy(fx + FX_STATUS, &from->status, 2);
	fx[FX_TAGS] = 0;
	for (unsigned reg = 0; reg < 8; reg++)
		if ((from->tags >> 2 * reg & 3) != TAG_EMPTY)
			fx[FX_TAGS] |= (uint8_t)(1 << reg);
	memcpy(fx + FX_IP, &from->ip, 4);
	memcpy(fx + FX_DP, &from->dp, 4);
	for (unsigned i = 0; i < 8; i++)
		memcpy(fx + FX_ST + 16 * i, from->st[i], 10);
}

static int save_fpu(struct task *task, va_t fpstate)
{
	struct x86_fpu fpu;
	struct fsave fsave;

	engine_get_fpu(task->machine->engine, &fpu);
	fsave_of_fxsave(&fsave, &fpu);
	if (copy_to_user(task, fpstate, &fsave, sizeof(fsave)))
		return -1;
	return copy_to_user(task, fpstate + sizeof(fsave), &fpu, sizeof(fpu));
}

/* fpstate 0: as for a new program. */
static int restore_fpu(struct task *task, va_t fpstate)
{
	struct x86_fpu fpu;
	struct fsave fsave;

	if (!fpstate) {
		task_reset_fpu(task);
		return 0;
	}
	if (copy_from_user(task, &fsave, fpstate, sizeof(fsave)) ||
	    copy_from_user(task, &fpu, fpstate + sizeof(fsave), sizeof(fpu)))
		return -1;
	fsave_into_fxsave(&fpu, &fsave);
	engine_set_fpu(task->machine->engine, &fpu);
	return 0;
}

/* ---- the registers ---- */

static void save_context(const struct task *task, struct context *c, va_t fpstate)
{
	const struct x86_regs *r = &task->regs;

	*c = (struct context){
		.gs = r->segments.gs,
		.fs = r->segments.fs,
		.es = r->segments.es,
		.ds = r->segments.ds,
		.di = (uint32_t)r->gpr[REG_DI],
		.si = (uint32_t)r->gpr[REG_SI],
		.bp = (uint32_t)r->gpr[REG_BP],
		.sp = (uint32_t)r->gpr[REG_SP],
		.bx = (uint32_t)r->gpr[REG_BX],
		.dx = (uint32_t)r->gpr[REG_DX],
		.cx = (uint32_t)r->gpr[REG_CX],
		.ax = (uint32_t)r->gpr[REG_AX],
		.trapno = task->signals.trapno,
		.err = task->signals.error_code,
		.ip = (uint32_t)r->ip,
		.cs = r->segments.cs,
		.flags = (uint32_t)r->flags,
		.sp_at_signal = (uint32_t)r->gpr[REG_SP],
		.ss = r->segments.ss,
		.fpstate = (uint32_t)fpstate,
		.oldmask = (uint32_t)signal_mask_to_restore(task),
		.cr2 = (uint32_t)task->signals.cr2,
	};
}

/* Of user mode, whatever the frame says; 0 to 3 stand for no segment. */
static uint16_t user_selector(uint16_t selector)
{
	return selector > SEGMENT_RPL_USER ? selector | SEGMENT_RPL_USER : selector;
}

/* False: the CPU could not go back to user mode with these (Linux: the iret faults). */
static bool restore_context(struct task *task, const struct context *c)
{
	const struct segment_layout *layout = machine_segments(task->machine);
	struct x86_regs *r = &task->regs;

	if ((c->cs | SEGMENT_RPL_USER) != layout->code ||
	    (c->ss | SEGMENT_RPL_USER) != layout->data)
		return false;
	r->segments.gs = user_selector(c->gs);
	r->segments.fs = user_selector(c->fs);
	r->segments.es = user_selector(c->es);
	r->segments.ds = user_selector(c->ds);
	r->segments.ss = layout->data;
	r->gpr[REG_DI] = c->di;
	r->gpr[REG_SI] = c->si;
	r->gpr[REG_BP] = c->bp;
	r->gpr[REG_SP] = c->sp;
	r->gpr[REG_BX] = c->bx;
	r->gpr[REG_DX] = c->dx;
	r->gpr[REG_CX] = c->cx;
	r->gpr[REG_AX] = c->ax;
	r->ip = c->ip;
	r->flags = (r->flags & ~(uint64_t)FLAGS_RESTORED) | (c->flags & FLAGS_RESTORED);
	task->regs_changed = true;
	return true;
}

/* ---- into a handler ---- */

static void start_handler(struct task *task, const struct signal_action *action, int32_t signo,
                          va_t frame)
{
	const uint16_t data = machine_segments(task->machine)->data;
	struct x86_regs *regs = &task->regs;

	signal_disarm_altstack(task);
	regs->gpr[REG_SP] = frame;
	regs->gpr[REG_AX] = (uint32_t)signo;
	regs->gpr[REG_DX] = 0;
	regs->gpr[REG_CX] = 0;
	regs->ip = (uint32_t)action->handler;
	regs->flags &= ~(uint64_t)(FLAGS_DF | FLAGS_RF | FLAGS_TF);
	regs->segments.ds = regs->segments.es = regs->segments.ss = data;
	task->regs_changed = true;
	task_reset_fpu(task);
}

static uint32_t restorer_of(const struct task *task, const struct signal_action *action,
                            uint32_t in_vdso)
{
	return (uint32_t)(action->flags & SA_RESTORER ? action->restorer
	                                              : task->mm->vdso + in_vdso);
}

/* Where both parts go. False: there is no room. */
static bool place_frame(const struct task *task, const struct signal_action *action, size_t size,
                        va_t *frame, va_t *fpstate)
{
	const struct signal_stack stack =
	    signal_choose_stack(task, action, (uint32_t)task->regs.gpr[REG_SP]);

	*fpstate = ((stack.sp - sizeof(struct x86_fpu)) & ~(va_t)63) - sizeof(struct fsave);
	*frame = (uint32_t)(((*fpstate - size + 4) & ~(va_t)15) - 4);
	return signal_frame_fits(task, &stack, *frame);
}

static bool setup_old_frame(struct task *task, const struct signal_info *info,
                            const struct signal_action *action)
{
	struct frame frame = { .signo = info->signo };
	va_t frame_va, fpstate;

	if (!place_frame(task, action, sizeof(frame), &frame_va, &fpstate) ||
	    save_fpu(task, fpstate))
		return false;
	frame.restorer = restorer_of(task, action, VDSO32_SIGRETURN);
	frame.mask_high = (uint32_t)(signal_mask_to_restore(task) >> 32);
	save_context(task, &frame.context, fpstate);
	memcpy(frame.code, sigreturn_code, sizeof(frame.code));
	if (copy_to_user(task, frame_va, &frame, sizeof(frame)))
		return false;
	start_handler(task, action, info->signo, frame_va);
	return true;
}

static void fill_info(struct info *out, const struct signal_info *info)
{
	*out = (struct info){ .signo = info->signo, .code = info->code };
	if (signal_has_fault_address(info)) {
		out->va = (uint32_t)info->fault_va;
	} else {
		out->pid = info->pid;
		out->uid = (uint32_t)info->uid;
	}
}

static bool setup_rt_frame(struct task *task, const struct signal_info *info,
                           const struct signal_action *action)
{
	const struct signals *s = &task->signals;
	const uint64_t mask = signal_mask_to_restore(task);
	struct rt_frame frame = { .signo = info->signo };
	va_t frame_va, fpstate;

	if (!place_frame(task, action, sizeof(frame), &frame_va, &fpstate) ||
	    save_fpu(task, fpstate))
		return false;
	frame.restorer = restorer_of(task, action, VDSO32_RT_SIGRETURN);
	frame.info_va = (uint32_t)(frame_va + offsetof(struct rt_frame, info));
	frame.ucontext_va = (uint32_t)(frame_va + offsetof(struct rt_frame, uc_flags));
	fill_info(&frame.info, info);
	frame.stack.sp = (uint32_t)s->altstack;
	frame.stack.flags = s->altstack_flags;
	frame.stack.size = (uint32_t)s->altstack_size;
	save_context(task, &frame.context, fpstate);
	memcpy(frame.mask, &mask, sizeof(frame.mask));
	memcpy(frame.code, rt_sigreturn_code, sizeof(frame.code));
	if (copy_to_user(task, frame_va, &frame, sizeof(frame)))
		return false;
	start_handler(task, action, info->signo, frame_va);
	task->regs.gpr[REG_DX] = frame.info_va;
	task->regs.gpr[REG_CX] = frame.ucontext_va;
	return true;
}

bool signal_frame32_setup(struct task *task, const struct signal_info *info,
                          const struct signal_action *action)
{
	return action->flags & SA_SIGINFO ? setup_rt_frame(task, info, action)
	                                  : setup_old_frame(task, info, action);
}

/* ---- and back ---- */

/* The handler's `ret` has taken the restorer's address off, and the vDSO's code for old
 * frames the signal's number. */
static bool return_from_old_frame(struct task *task)
{
	va_t frame_va = (uint32_t)(task->regs.gpr[REG_SP] - 8);
	struct frame frame;

	if (copy_from_user(task, &frame, frame_va, offsetof(struct frame, code)) ||
	    !restore_context(task, &frame.context) || restore_fpu(task, frame.context.fpstate))
		return false;
	task->signals.blocked =
	    ((uint64_t)frame.mask_high << 32 | frame.context.oldmask) & ~SIGNALS_UNBLOCKABLE;
	return true;
}

static bool return_from_rt_frame(struct task *task)
{
	va_t frame_va = (uint32_t)(task->regs.gpr[REG_SP] - 4);
	struct rt_frame frame;
	uint64_t mask;

	if (copy_from_user(task, &frame, frame_va, offsetof(struct rt_frame, code)) ||
	    !restore_context(task, &frame.context) || restore_fpu(task, frame.context.fpstate))
		return false;
	memcpy(&mask, frame.mask, sizeof(mask));
	task->signals.blocked = mask & ~SIGNALS_UNBLOCKABLE;
	signal_restore_altstack(task, frame.stack.sp, frame.stack.flags, frame.stack.size);
	return true;
}

bool signal_frame32_return(struct task *task, bool is_rt)
{
	return is_rt ? return_from_rt_frame(task) : return_from_old_frame(task);
}
