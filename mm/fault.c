/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault - the page fault handler's x86 half: from an address and an error code to a
 * VMA that allows the access, or a signal (Linux 6.1, arch/x86/mm/fault.c,
 * do_user_addr_fault()).
 */
#include "mm/vma.h"

#include <assert.h>

static struct fault_result bad_area(int si_code)
{
	return (struct fault_result){ .outcome = FAULT_SIGSEGV, .si_code = si_code };
}

/* The VMA around the address, its stack grown to it if need be; NULL: none. */
static struct vm_area_struct *find_vma_to_fault(struct kernel *k, struct mm_struct *mm, va_t va,
                                                bool *grew)
{
	struct vm_area_struct *vma = find_vma(mm, va);

	*grew = false;
	if (!vma || likely(vma->vm_start <= va))
		return vma;
	if (!(vma->vm_flags & VM_GROWSDOWN) || expand_stack(k, vma, va))
		return NULL;
	*grew = true;
	return vma;
}

/*
 * Rights as x86 has them: whatever is mapped can be read, and a fetch counts as a
 * read until the entry is there: then the error code says present, and the missing
 * right cannot be had.
 */
static bool access_error(uint32_t error_code, const struct vm_area_struct *vma)
{
	if (error_code & PF_W)
		return !(vma->vm_flags & VM_WRITE);
	if (error_code & PF_P)
		return true;
	return !vma_is_accessible(vma);
}

static struct fault_result handle_fault(struct kernel *k, struct mm_struct *mm, va_t address,
                                        uint32_t error_code)
{
	struct vm_area_struct *vma;
	bool grew;

	/* A reserved bit in an entry is a mistake of ours, not the guest's. */
	assert(!(error_code & PF_RSVD));
	if (unlikely(address >= mm->task_size))
		return bad_area(SEGV_MAPERR_);
	vma = find_vma_to_fault(k, mm, address, &grew);
	if (unlikely(!vma))
		return bad_area(SEGV_MAPERR_);
	if (unlikely(access_error(error_code, vma)))
		return bad_area(SEGV_ACCERR_);
	return handle_mm_fault(k, vma, address, error_code & PF_W, grew);
}

struct fault_result do_page_fault(struct kernel *k, struct mm_struct *mm, va_t address,
                                  uint32_t error_code, uint64_t ip)
{
	struct fault_result result;

	event_raise(k->events, &(struct event){ .kind = EVENT_PAGE_FAULT,
	                                        .va = address,
	                                        .ip = ip,
	                                        .priv = error_code & PF_U ? PRIV_USER : PRIV_KERNEL,
	                                        .code = error_code });
	result = handle_fault(k, mm, address, error_code);
	if (unlikely(result.outcome == FAULT_SIGSEGV && error_code & PF_U))
		k->nr_segv++;
	if (result.outcome <= FAULT_MAJOR_DONE)
		event_raise(k->events,
		            &(struct event){ .kind = EVENT_FAULT_DONE,
		                             .va = address,
		                             .arg = result.kind,
		                             .code = result.outcome == FAULT_MAJOR_DONE });
	return result;
}
