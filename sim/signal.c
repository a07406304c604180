// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals. A frame on the user's stack (System V ABI AMD64 supplement; Linux 6.1,
 * arch/x86/include/uapi/asm/{sigcontext,ucontext}.h), from high addresses down:
 *
 *	sp of the interrupted code
 *	128 bytes that it may use below sp (the red zone)
 *	FXSAVE image, 512 bytes, 64-byte aligned         <- mcontext.fpstate
 *	siginfo, 128 bytes                               <- rsi
 *	ucontext, 304 bytes                              <- rdx
 *	address of the restorer                          <- sp, 16n + 8
 */
#include "sim/signal.h"

#include "mm/mm.h"
#include "sim/machine.h"
#include "sim/signal_frame.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

#define HANDLER_DEFAULT 0
#define HANDLER_IGNORE 1

#define ALTSTACK_AUTODISARM ((int32_t)0x80000000)

#define USER_CS 0x33
#define USER_SS 0x2b
#define RED_ZONE_BYTES 128

/* Without XSAVE in the CPU: UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS. */
#define UCONTEXT_FLAGS 6

struct frame_context {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2;
	uint64_t fpstate;
	uint64_t reserved[8];
};

struct frame_stack {
	uint64_t sp;
	int32_t flags;
	uint32_t pad;
	uint64_t size;
};

struct frame_info {
	int32_t signo, error, code;
	uint32_t pad;
	union {
		struct {
			int32_t pid;
			uint32_t uid;
			uint64_t value;
		};
		uint64_t va;
		uint8_t bytes[112];
	};
};

struct frame {
	uint64_t restorer;
	uint64_t uc_flags, uc_link;
	struct frame_stack stack;
	struct frame_context context;
	uint64_t mask;
	struct frame_info info;
};
_Static_assert(sizeof(struct frame_context) == 256, "sigcontext of the ABI");
_Static_assert(sizeof(struct frame_info) == 128, "siginfo of the ABI");
_Static_assert(sizeof(struct frame) == 440, "rt_sigframe of the ABI");
/* The frame, the FXSAVE image, and what aligning both may cost (Linux:
 * init_sigframe_size()). */
_Static_assert((sizeof(struct frame) + 15 + sizeof(struct x86_fpu) + 63 + 15) / 16 * 16 ==
                   SIGNAL_MIN_FRAME_BYTES,
               "AT_MINSIGSTKSZ");

static uint64_t bit(int signo)
{
	return (uint64_t)1 << (signo - 1);
}

/* ---- names and defaults ---- */

static const char *const names[] = {
	NULL,       "SIGHUP",   "SIGINT",    "SIGQUIT",  "SIGILL",   "SIGTRAP",   "SIGABRT",
	"SIGBUS",   "SIGFPE",   "SIGKILL",   "SIGUSR1",  "SIGSEGV",  "SIGUSR2",   "SIGPIPE",
	"SIGALRM",  "SIGTERM",  "SIGSTKFLT", "SIGCHLD",  "SIGCONT",  "SIGSTOP",   "SIGTSTP",
	"SIGTTIN",  "SIGTTOU",  "SIGURG",    "SIGXCPU",  "SIGXFSZ",  "SIGVTALRM", "SIGPROF",
	"SIGWINCH", "SIGIO",    "SIGPWR",    "SIGSYS",   "SIGRT_0",  "SIGRT_1",   "SIGRT_2",
	"SIGRT_3",  "SIGRT_4",  "SIGRT_5",   "SIGRT_6",  "SIGRT_7",  "SIGRT_8",   "SIGRT_9",
	"SIGRT_10", "SIGRT_11", "SIGRT_12",  "SIGRT_13", "SIGRT_14", "SIGRT_15",  "SIGRT_16",
	"SIGRT_17", "SIGRT_18", "SIGRT_19",  "SIGRT_20", "SIGRT_21", "SIGRT_22",  "SIGRT_23",
	"SIGRT_24", "SIGRT_25", "SIGRT_26",  "SIGRT_27", "SIGRT_28", "SIGRT_29",  "SIGRT_30",
	"SIGRT_31", "SIGRT_32",
};

const char *signal_name(int signo)
{
	return signo > 0 && signo <= NR_SIGNALS ? names[signo] : NULL;
}

static bool is_ignored_by_default(int signo)
{
	return signo == SIGCHLD || signo == SIGCONT || signo == SIGURG || signo == SIGWINCH;
}

static bool stops_by_default(int signo)
{
	return signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;
}

static bool is_ignored(const struct task *task, int signo)
{
	va_t handler = task->sighand->actions[signo].handler;

	if (signo == SIGKILL || signo == SIGSTOP)
		return false;
	return handler == HANDLER_IGNORE ||
	       (handler == HANDLER_DEFAULT && is_ignored_by_default(signo));
}

/* ---- sending ---- */

/* What a signal does when it is sent, delivered or not (Linux: prepare_signal()). */
static void act_at_once(struct process *process, int signo)
{
	const uint64_t stops = bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
	uint64_t dropped = signo == SIGCONT ? stops : bit(signo) & stops ? bit(SIGCONT) : 0;
	struct task *task;

	process->shared.set &= ~dropped;
	list_for_each_entry (task, &process->threads, thread)
		task->signals.pending.set &= ~dropped;
	if (signo == SIGCONT || signo == SIGKILL)
		process_continue(process);
}

/* Simplified: one of each signal may be pending, real-time signals too. */
static void add_pending(struct pending_signals *pending, const struct signal_info *info)
{
	if (pending->set & bit(info->signo))
		return;
	pending->set |= bit(info->signo);
	pending->info[info->signo] = *info;
}

/* A blocked signal is kept even if it is ignored now (Linux: sig_ignored()). */
static bool is_dropped(const struct task *task, int signo)
{
	return is_ignored(task, signo) && !(task->signals.blocked & bit(signo));
}

static void wake_for_signal(struct task *task)
{
	if (signal_is_deliverable(task))
		wake_task(task);
}

void signal_send(struct task *task, const struct signal_info *info)
{
	assert(info->signo > 0 && info->signo <= NR_SIGNALS);
	if (task_has_ended(task))
		return;
	act_at_once(task->process, info->signo);
	if (is_dropped(task, info->signo))
		return;
	add_pending(&task->signals.pending, info);
	wake_for_signal(task);
}

/* A thread that takes it: the leader, if it does (Linux: complete_signal()). */
static struct task *who_takes(const struct process *process, int signo)
{
	struct task *task, *any = NULL;

	list_for_each_entry (task, &process->threads, thread) {
		if (task_has_ended(task))
			continue;
		if (!(task->signals.blocked & bit(signo)))
			return task;
		any = any ? any : task;
	}
	return any;
}

void signal_send_process(struct process *process, const struct signal_info *info)
{
	struct task *task = who_takes(process, info->signo);

	assert(info->signo > 0 && info->signo <= NR_SIGNALS);
	if (!task)
		return;
	act_at_once(process, info->signo);
	if (is_dropped(task, info->signo))
		return;
	add_pending(&process->shared, info);
	wake_for_signal(task);
}

/* What later frames say of the last exception. Vector 0 is #DE; a signal that the
 * kernel forces for a reason of its own has none. */
static void note_exception(struct signals *s, const struct signal_info *info)
{
	const uint8_t page_fault = 14;

	if (!info->trapno && info->signo != SIGFPE)
		return;
	s->trapno = info->trapno;
	s->error_code = info->error_code;
	if (info->trapno == page_fault)
		s->cr2 = info->fault_va;
}

void signal_force(struct task *task, const struct signal_info *info)
{
	struct signals *s = &task->signals;
	struct signal_action *action = &task->sighand->actions[info->signo];

	note_exception(s, info);
	if (s->blocked & bit(info->signo) || action->handler == HANDLER_IGNORE) {
		action->handler = HANDLER_DEFAULT;
		s->blocked &= ~bit(info->signo);
	}
	/* Its own fault comes before the same signal from elsewhere. */
	s->pending.set &= ~bit(info->signo);
	signal_send(task, info);
}

static uint64_t pending_set(const struct task *task)
{
	return task->signals.pending.set | task->process->shared.set;
}

bool signal_is_deliverable(const struct task *task)
{
	return !task_has_ended(task) && (pending_set(task) & ~task->signals.blocked);
}

bool signal_is_dying(const struct task *task)
{
	return pending_set(task) & bit(SIGKILL);
}

void signal_drop_ignored(struct task *task, int signo)
{
	struct task *thread;

	if (!is_ignored(task, signo))
		return;
	task->process->shared.set &= ~bit(signo);
	list_for_each_entry (thread, &task->process->threads, thread)
		thread->signals.pending.set &= ~bit(signo);
}

void signal_clear_handlers(struct task *task)
{
	for (int signo = 1; signo <= NR_SIGNALS; signo++) {
		struct signal_action *action = &task->sighand->actions[signo];

		*action = (struct signal_action){
			.handler =
			    action->handler == HANDLER_IGNORE ? HANDLER_IGNORE : HANDLER_DEFAULT,
		};
	}
}

void signal_exec(struct task *task)
{
	struct signals *s = &task->signals;

	signal_clear_handlers(task);
	s->altstack = 0;
	s->altstack_size = 0;
	s->altstack_flags = SS_DISABLE;
}

/* ---- timers ---- */

uint64_t signal_timer_clock_ns(const struct process *process, enum itimer_which which)
{
	struct usage usage;

	if (which == ITIMER_REAL_)
		return machine_now_ns(process->machine);
	/* Simplified: the kernel's work takes the process's own time, too. */
	process_usage(process, &usage);
	return usage.cpu_ns;
}

void signal_run_timers(struct process *process)
{
	static const int signals[NR_ITIMERS] = { SIGALRM, SIGVTALRM, SIGPROF };

	for (enum itimer_which which = 0; which < NR_ITIMERS; which++) {
		struct itimer *timer = &process->itimers[which];
		uint64_t now;

		if (!timer->expires_ns)
			continue;
		now = signal_timer_clock_ns(process, which);
		if (now < timer->expires_ns)
			continue;
		signal_send_process(
		    process, &(struct signal_info){ .signo = signals[which], .code = SI_KERNEL });
		if (!timer->interval_ns) {
			timer->expires_ns = 0;
			continue;
		}
		/* Periods that were missed are not made up for. */
		timer->expires_ns +=
		    ((now - timer->expires_ns) / timer->interval_ns + 1) * timer->interval_ns;
	}
}

uint64_t signal_next_real_ns(const struct process *process)
{
	uint64_t expires = process->itimers[ITIMER_REAL_].expires_ns;

	return expires ? expires : UINT64_MAX;
}

uint64_t signal_next_timer_ns(const struct task *task)
{
	uint64_t now = machine_now_ns(task->machine), next = UINT64_MAX;

	for (enum itimer_which which = 0; which < NR_ITIMERS; which++) {
		uint64_t expires = task->process->itimers[which].expires_ns, clock, due;

		if (!expires)
			continue;
		clock = signal_timer_clock_ns(task->process, which);
		due = expires > clock ? now + (expires - clock) : now;
		next = due < next ? due : next;
	}
	return next;
}

uint64_t signal_next_wakeup_ns(const struct task *task)
{
	if (is_ignored(task, SIGALRM) || task->signals.blocked & bit(SIGALRM))
		return UINT64_MAX;
	return signal_next_real_ns(task->process);
}

/* ---- the frame ---- */

static bool is_on_altstack(const struct signals *s, va_t sp)
{
	if (s->altstack_flags & ALTSTACK_AUTODISARM)
		return false;
	/* The stack grows down: its top is on it, its lowest byte is not reached. */
	return sp > s->altstack && sp - s->altstack <= s->altstack_size;
}

struct signal_stack signal_choose_stack(const struct task *task, const struct signal_action *action,
                                        va_t sp)
{
	const struct signals *s = &task->signals;
	bool nested = is_on_altstack(s, task->regs.gpr[REG_SP]);
	bool entering = (action->flags & SA_ONSTACK) && !nested && s->altstack_size;

	return (struct signal_stack){
		.sp = entering ? s->altstack + s->altstack_size : sp,
		.is_alternate = nested || entering,
	};
}

bool signal_frame_fits(const struct task *task, const struct signal_stack *stack, va_t frame)
{
	const struct signals *s = &task->signals;

	return !stack->is_alternate ||
	       (frame > s->altstack && frame - s->altstack <= s->altstack_size);
}

/* The frame, and the FXSAVE image above it. False: there is no room. */
static bool place_frame(const struct task *task, const struct signal_action *action, va_t *frame,
                        va_t *fpstate)
{
	const struct signal_stack stack =
	    signal_choose_stack(task, action, task->regs.gpr[REG_SP] - RED_ZONE_BYTES);

	*fpstate = (stack.sp - sizeof(struct x86_fpu)) & ~(va_t)63;
	*frame = ((*fpstate - sizeof(struct frame)) & ~(va_t)15) - 8;
	return signal_frame_fits(task, &stack, *frame);
}

uint64_t signal_mask_to_restore(const struct task *task)
{
	const struct signals *s = &task->signals;

	return s->restore_blocked ? s->saved_blocked : s->blocked;
}

void signal_disarm_altstack(struct task *task)
{
	struct signals *s = &task->signals;

	if (!(s->altstack_flags & ALTSTACK_AUTODISARM))
		return;
	s->altstack = 0;
	s->altstack_size = 0;
	s->altstack_flags = SS_DISABLE;
}

static void save_context(const struct task *task, struct frame_context *c, va_t fpstate)
{
	const struct x86_regs *r = &task->regs;

	*c = (struct frame_context){
		.r8 = r->gpr[REG_8],
		.r9 = r->gpr[REG_9],
		.r10 = r->gpr[REG_10],
		.r11 = r->gpr[REG_11],
		.r12 = r->gpr[REG_12],
		.r13 = r->gpr[REG_13],
		.r14 = r->gpr[REG_14],
		.r15 = r->gpr[REG_15],
		.di = r->gpr[REG_DI],
		.si = r->gpr[REG_SI],
		.bp = r->gpr[REG_BP],
		.bx = r->gpr[REG_BX],
		.dx = r->gpr[REG_DX],
		.ax = r->gpr[REG_AX],
		.cx = r->gpr[REG_CX],
		.sp = r->gpr[REG_SP],
		.ip = r->ip,
		.flags = r->flags,
		.cs = USER_CS,
		.ss = USER_SS,
		.err = task->signals.error_code,
		.trapno = task->signals.trapno,
		.cr2 = task->signals.cr2,
		.fpstate = fpstate,
	};
}

/* Simplified: segment registers are not restored; a 64-bit task has one set. */
static void restore_context(struct task *task, const struct frame_context *c)
{
	struct x86_regs *r = &task->regs;

	r->gpr[REG_8] = c->r8;
	r->gpr[REG_9] = c->r9;
	r->gpr[REG_10] = c->r10;
	r->gpr[REG_11] = c->r11;
	r->gpr[REG_12] = c->r12;
	r->gpr[REG_13] = c->r13;
	r->gpr[REG_14] = c->r14;
	r->gpr[REG_15] = c->r15;
	r->gpr[REG_DI] = c->di;
	r->gpr[REG_SI] = c->si;
	r->gpr[REG_BP] = c->bp;
	r->gpr[REG_BX] = c->bx;
	r->gpr[REG_DX] = c->dx;
	r->gpr[REG_AX] = c->ax;
	r->gpr[REG_CX] = c->cx;
	r->gpr[REG_SP] = c->sp;
	r->ip = c->ip;
	r->flags = (r->flags & ~(uint64_t)FLAGS_RESTORED) | (c->flags & FLAGS_RESTORED);
	task->regs_changed = true;
}

bool signal_has_fault_address(const struct signal_info *info)
{
	return info->code > 0 && info->code < SI_KERNEL &&
	       (info->signo == SIGSEGV || info->signo == SIGBUS || info->signo == SIGFPE ||
	        info->signo == SIGILL || info->signo == SIGTRAP);
}

static void fill_info(struct frame_info *out, const struct signal_info *info)
{
	*out = (struct frame_info){ .signo = info->signo, .code = info->code };
	if (signal_has_fault_address(info)) {
		out->va = info->fault_va;
	} else {
		out->pid = info->pid;
		out->uid = (uint32_t)info->uid;
		out->value = (uint32_t)info->status;
	}
}

/* Writes the frame and lets the handler begin. False: the stack cannot be written
 * (Linux: x64_setup_rt_frame()). */
static bool setup_frame(struct task *task, const struct signal_info *info,
                        const struct signal_action *action)
{
	struct signals *s = &task->signals;
	struct x86_regs *regs = &task->regs;
	struct x86_fpu fpu;
	struct frame frame = { .restorer = action->restorer, .uc_flags = UCONTEXT_FLAGS };
	size_t size = action->flags & SA_SIGINFO ? sizeof(frame) : offsetof(struct frame, info);
	va_t frame_va, fpu_va;

	if (!(action->flags & SA_RESTORER) || !place_frame(task, action, &frame_va, &fpu_va))
		return false;
	engine_get_fpu(task->machine->engine, &fpu);
	frame.stack = (struct frame_stack){
		.sp = s->altstack,
		.flags = s->altstack_flags,
		.size = s->altstack_size,
	};
	frame.mask = signal_mask_to_restore(task);
	save_context(task, &frame.context, fpu_va);
	fill_info(&frame.info, info);
	if (copy_to_user(task, fpu_va, &fpu, sizeof(fpu)) ||
	    copy_to_user(task, frame_va, &frame, size))
		return false;

	signal_disarm_altstack(task);
	regs->gpr[REG_DI] = (uint64_t)info->signo;
	regs->gpr[REG_AX] = 0; /* no vector registers, for handlers without prototype */
	regs->gpr[REG_SI] = frame_va + offsetof(struct frame, info);
	regs->gpr[REG_DX] = frame_va + offsetof(struct frame, uc_flags);
	regs->gpr[REG_SP] = frame_va;
	regs->ip = action->handler;
	regs->flags &= ~(uint64_t)(FLAGS_DF | FLAGS_RF | FLAGS_TF);
	task->regs_changed = true;
	task_reset_fpu(task);
	return true;
}

/* ---- interrupted system calls ---- */

static void call_again(struct task *task)
{
	task->regs.gpr[REG_AX] = (uint64_t)task->syscall_nr;
	task->regs.ip -= 2; /* the length of `syscall`, and of `int $0x80` */
	task->syscall_nr = -1;
	task->regs_changed = true;
}

void signal_settle_restart(struct task *task)
{
	int64_t result = x86_regs_result(&task->regs);

	if (task->syscall_nr >= 0 &&
	    (result == SYSCALL_ERESTARTSYS || result == SYSCALL_ERESTARTNOHAND))
		call_again(task);
	task->syscall_nr = -1;
}

/* The same for a task that a handler interrupts (Linux: handle_signal()). */
static void settle_before_handler(struct task *task, const struct signal_action *action)
{
	int64_t result = x86_regs_result(&task->regs);

	if (task->syscall_nr >= 0 && result == SYSCALL_ERESTARTSYS && (action->flags & SA_RESTART))
		call_again(task);
	else if (task->syscall_nr >= 0 &&
	         (result == SYSCALL_ERESTARTSYS || result == SYSCALL_ERESTARTNOHAND))
		x86_regs_set_result(&task->regs, SYSCALL_EINTR);
	task->syscall_nr = -1;
	task->regs_changed = true;
}

/* ---- delivery ---- */

/* What the task did itself comes first, then by number (Linux: next_signal()). */
static int next_signal(const struct task *task)
{
	const uint64_t synchronous =
	    bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) | bit(SIGTRAP) | bit(SIGFPE) | bit(SIGSYS);
	uint64_t ready = pending_set(task) & ~task->signals.blocked;

	if (ready & bit(SIGKILL))
		return SIGKILL;
	if (ready & synchronous)
		ready &= synchronous;
	return ready ? __builtin_ctzll(ready) + 1 : 0;
}

static void run_handler(struct task *task, const struct signal_info *info)
{
	struct signals *s = &task->signals;
	struct signal_action *actions = task->sighand->actions;
	struct signal_action action = actions[info->signo];

	settle_before_handler(task, &action);
	rseq_interrupt(task);
	if (action.flags & SA_RESETHAND)
		actions[info->signo].handler = HANDLER_DEFAULT;
	if (!(task->regs.is_32 ? signal_frame32_setup : setup_frame)(task, info, &action)) {
		/* A SIGSEGV handler that cannot be called would only fault again
		 * (Linux: force_sigsegv()). */
		if (info->signo == SIGSEGV)
			actions[SIGSEGV].handler = HANDLER_DEFAULT;
		signal_force(task, &(struct signal_info){ .signo = SIGSEGV, .code = SI_KERNEL });
		return;
	}
	s->restore_blocked = false;
	s->blocked |= action.mask;
	if (!(action.flags & SA_NODEFER))
		s->blocked |= bit(info->signo);
	s->blocked &= ~(bit(SIGKILL) | bit(SIGSTOP));
}

/* The task's own before its process's (Linux: dequeue_signal()). */
static struct signal_info take_pending(struct task *task, int signo)
{
	struct pending_signals *from = &task->signals.pending;

	if (!(from->set & bit(signo)))
		from = &task->process->shared;
	from->set &= ~bit(signo);
	return from->info[signo];
}

/* Signals of the terminal stop nobody whom nobody would continue (Linux: get_signal()). */
static bool is_stop_for_orphan(const struct process *process, int signo)
{
	return signo != SIGSTOP && process_group_is_orphaned(process->machine, process->pgid);
}

static void deliver_one(struct task *task, int signo)
{
	struct signal_info info = take_pending(task, signo);

	if (is_ignored(task, signo))
		return;
	if (task->sighand->actions[signo].handler != HANDLER_DEFAULT)
		run_handler(task, &info);
	else if (stops_by_default(signo) && !is_stop_for_orphan(task->process, signo))
		process_stop(task->process, signo);
	else if (!stops_by_default(signo))
		process_end_threads(task->process, NULL, signo);
}

void signal_deliver(struct task *task)
{
	struct signals *s = &task->signals;
	int signo;

	signal_run_timers(task->process);
	while (task->state == TASK_RUNNING && (signo = next_signal(task)))
		deliver_one(task, signo);
	if (task->state != TASK_RUNNING)
		return;
	signal_settle_restart(task);
	if (s->restore_blocked) {
		s->blocked = s->saved_blocked;
		s->restore_blocked = false;
	}
}

/* ---- return from a handler ---- */

void signal_restore_altstack(struct task *task, va_t sp, int32_t flags, uint64_t size)
{
	struct signals *s = &task->signals;

	/* Linux ignores what sigaltstack(2) would refuse. */
	if (flags & SS_DISABLE) {
		s->altstack = 0;
		s->altstack_size = 0;
		s->altstack_flags = SS_DISABLE;
	} else if (size >= 2048) {
		s->altstack = sp;
		s->altstack_size = size;
		s->altstack_flags = flags & ALTSTACK_AUTODISARM;
	}
}

int64_t signal_return(struct task *task)
{
	struct signals *s = &task->signals;
	struct frame frame;
	struct x86_fpu fpu;
	/* The handler's `ret` has taken the restorer's address off. */
	va_t frame_va = task->regs.gpr[REG_SP] - 8;

	if (copy_from_user(task, &frame, frame_va, offsetof(struct frame, info)))
		goto bad;
	if (frame.context.fpstate && copy_from_user(task, &fpu, frame.context.fpstate, sizeof(fpu)))
		goto bad;
	s->blocked = frame.mask & ~(bit(SIGKILL) | bit(SIGSTOP));
	restore_context(task, &frame.context);
	if (frame.context.fpstate)
		engine_set_fpu(task->machine->engine, &fpu);
	else
		task_reset_fpu(task);
	signal_restore_altstack(task, frame.stack.sp, frame.stack.flags, frame.stack.size);
	return (int64_t)task->regs.gpr[REG_AX];
bad:
	signal_force(task, &(struct signal_info){ .signo = SIGSEGV, .code = SI_KERNEL });
	return 0;
}
