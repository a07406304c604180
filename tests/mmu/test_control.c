/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/control.h"
#include "tests/run_suite.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static const struct cpu_features cpu = { .physical_bits = 40, .has_pcid = true };

#define PAGING (CR0_PG | CR0_PE)

/* In four-level paging, reached as a kernel reaches it. */
static struct control long_mode(void)
{
	struct control control;

	control_init(&control);
	ck_assert_int_eq(control_write_efer(&control, EFER_LME | EFER_NXE), 0);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE), 0);
	ck_assert_int_eq(control_write_cr3(&control, &cpu, 0x1000), 0);
	ck_assert_int_eq(control_write_cr0(&control, PAGING), 0);
	return control;
}

START_TEST(paging_is_off_after_reset)
{
	struct control control;

	control_init(&control);
	ck_assert_ptr_null(control_paging_mode(&control));
	ck_assert_uint_eq(control.cr4, 0);
	ck_assert_uint_eq(control.efer, 0);
}
END_TEST

START_TEST(lme_and_pae_choose_the_mode)
{
	struct control control;

	control_init(&control);
	ck_assert_int_eq(control_write_cr0(&control, PAGING), 0);
	ck_assert_ptr_eq(control_paging_mode(&control), &paging_two_level);
	control = long_mode();
	ck_assert_ptr_eq(control_paging_mode(&control), &paging_four_level);
	ck_assert(control.efer & EFER_LMA);
	ck_assert_int_eq(control_write_cr0(&control, CR0_PE), 0);
	ck_assert_ptr_null(control_paging_mode(&control));
	ck_assert(!(control.efer & EFER_LMA));
}
END_TEST

START_TEST(illegal_cr0_values_are_refused)
{
	struct control control;

	control_init(&control);
	ck_assert_int_eq(control_write_cr0(&control, CR0_PG), -EINVAL);
	ck_assert_int_eq(control_write_cr0(&control, CR0_PE | CR0_NW), -EINVAL);
	ck_assert_int_eq(control_write_cr0(&control, CR0_PE | (uint64_t)1 << 32), -EINVAL);
	ck_assert_int_eq(control_write_cr0(&control, CR0_PE | CR0_NW | CR0_CD), 0);
	/* EFER.LME without CR4.PAE. */
	ck_assert_int_eq(control_write_efer(&control, EFER_LME), 0);
	ck_assert_int_eq(control_write_cr0(&control, PAGING), -EINVAL);
	ck_assert_ptr_null(control_paging_mode(&control));
}
END_TEST

START_TEST(paging_cannot_be_left_with_pcids_on)
{
	struct control control = long_mode();

	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE | CR4_PCIDE), 0);
	ck_assert_int_eq(control_write_cr0(&control, CR0_PE), -EINVAL);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE), 0);
	ck_assert_int_eq(control_write_cr0(&control, CR0_PE), 0);
}
END_TEST

START_TEST(illegal_cr4_values_are_refused)
{
	struct control control = long_mode();

	/* 12 LA57, 15, 19, 22 and up: not on this CPU. */
	for (unsigned bit = 0; bit < 64; bit++) {
		bool reserved =
		    bit == 12 || bit == 13 || bit == 14 || bit == 15 || bit == 19 || bit > 21;
		uint64_t value = CR4_PAE | (uint64_t)1 << bit;

		ck_assert_int_eq(control_write_cr4(&control, &cpu, value), reserved ? -EINVAL : 0);
		ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE), 0);
	}
	/* Long mode cannot go on without PAE. */
	ck_assert_int_eq(control_write_cr4(&control, &cpu, 0), -EINVAL);
	ck_assert_uint_eq(control.cr4, CR4_PAE);
}
END_TEST

START_TEST(pcids_need_long_mode_and_pcid_0)
{
	struct cpu_features without = cpu;
	struct control control;

	control_init(&control);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PCIDE), -EINVAL);
	control = long_mode();
	without.has_pcid = false;
	ck_assert_int_eq(control_write_cr4(&control, &without, CR4_PAE | CR4_PCIDE), -EINVAL);
	ck_assert_int_eq(control_write_cr3(&control, &cpu, 0x1005), 0);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE | CR4_PCIDE), -EINVAL);
	ck_assert_uint_eq(control_pcid(&control), 0);
	ck_assert_int_eq(control_write_cr3(&control, &cpu, 0x1000), 0);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE | CR4_PCIDE), 0);
	ck_assert_int_eq(control_write_cr3(&control, &cpu, 0x1005), 0);
	ck_assert_uint_eq(control_pcid(&control), 5);
}
END_TEST

START_TEST(cr3_bits_above_maxphyaddr_are_refused)
{
	struct control control = long_mode();

	ck_assert_int_eq(control_write_cr3(&control, &cpu, (uint64_t)1 << 39), 0);
	ck_assert_int_eq(control_write_cr3(&control, &cpu, (uint64_t)1 << 40), -EINVAL);
	ck_assert_uint_eq(control.cr3, (uint64_t)1 << 39);
}
END_TEST

START_TEST(the_no_flush_bit_needs_pcids_and_is_not_kept)
{
	struct control control = long_mode();

	ck_assert_int_eq(control_write_cr3(&control, &cpu, 0x1000 | CR3_NOFLUSH), -EINVAL);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE | CR4_PCIDE), 0);
	ck_assert_int_eq(control_write_cr3(&control, &cpu, 0x2007 | CR3_NOFLUSH), 0);
	ck_assert_uint_eq(control.cr3, 0x2007);
}
END_TEST

START_TEST(illegal_efer_values_are_refused)
{
	struct control control = long_mode();

	ck_assert_int_eq(control_write_efer(&control, EFER_NXE), -EINVAL);
	ck_assert_int_eq(control_write_efer(&control, EFER_LME | 2), -EINVAL);
	ck_assert_int_eq(control_write_efer(&control, EFER_LME | EFER_SCE), 0);
	ck_assert_uint_eq(control.efer, EFER_LME | EFER_LMA | EFER_SCE);
}
END_TEST

START_TEST(pae_can_be_turned_on_and_off_without_long_mode)
{
	struct control control;

	control_init(&control);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE), 0);
	ck_assert_int_eq(control_write_cr0(&control, PAGING), 0);
	ck_assert_ptr_eq(control_paging_mode(&control), &paging_pae);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, 0), 0);
	ck_assert_ptr_eq(control_paging_mode(&control), &paging_two_level);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE), 0);
	ck_assert_ptr_eq(control_paging_mode(&control), &paging_pae);
	/* PCIDs belong to long mode. */
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE | CR4_PCIDE), -EINVAL);
}
END_TEST

/* In PAE paging, with its PDPT at 0x20: 32-byte aligned is enough. */
static struct control pae_mode(struct ram *ram)
{
	struct control control;

	ck_assert_int_eq(ram_init(ram, PAGE_SIZE), 0);
	control_init(&control);
	ck_assert_int_eq(control_write_cr4(&control, &cpu, CR4_PAE), 0);
	ck_assert_int_eq(control_write_cr0(&control, PAGING), 0);
	ck_assert_int_eq(control_write_cr3(&control, &cpu, 0x20), 0);
	return control;
}

START_TEST(a_present_pdpte_with_a_reserved_bit_is_refused)
{
	struct ram ram;
	struct control control = pae_mode(&ram);
	uint64_t *table = ram_at(&ram, 0x20);

	for (unsigned bit = 1; bit < 64; bit++) {
		bool reserved = bit == 1 || bit == 2 || (bit >= 5 && bit <= 8) || bit >= 40;

		table[bit % NR_PDPTES] = PTE_P | (uint64_t)1 << bit;
		ck_assert_int_eq(control_load_pdptes(&control, &cpu, &ram), reserved ? -EINVAL : 0);
		ck_assert(reserved == (control.pdptes[bit % NR_PDPTES] != table[bit % NR_PDPTES]));
		table[bit % NR_PDPTES] = (uint64_t)1 << bit; /* not present: anything goes */
		ck_assert_int_eq(control_load_pdptes(&control, &cpu, &ram), 0);
	}
	ram_finish(&ram);
}
END_TEST

START_TEST(pdptes_are_reloaded_with_the_bits_that_the_manual_names)
{
	struct ram ram;
	struct control old = pae_mode(&ram), now;

	for (unsigned bit = 0; bit < 32; bit++) {
		now = old;
		now.cr0 ^= (uint64_t)1 << bit;
		ck_assert(control_reloads_pdptes(&old, &now) == (bit >= 29)); /* NW, CD, PG */
		now = old;
		now.cr4 ^= (uint64_t)1 << bit;
		ck_assert(control_reloads_pdptes(&old, &now) ==
		          (bit == 4 || bit == 5 || bit == 7 || bit == 20));
	}
	ram_finish(&ram);
}
END_TEST

START_TEST(other_modes_load_no_pdptes)
{
	struct control control = long_mode();
	struct ram ram;

	ck_assert_int_eq(ram_init(&ram, 2 * PAGE_SIZE), 0);
	memset(ram_at(&ram, 0x1000), 0xff, PAGE_SIZE);
	ck_assert_int_eq(control_load_pdptes(&control, &cpu, &ram), 0);
	for (unsigned i = 0; i < NR_PDPTES; i++)
		ck_assert_uint_eq(control.pdptes[i], 0);
	ram_finish(&ram);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control");
	TCase *tcase = tcase_create("control");

	tcase_add_test(tcase, paging_is_off_after_reset);
	tcase_add_test(tcase, lme_and_pae_choose_the_mode);
	tcase_add_test(tcase, illegal_cr0_values_are_refused);
	tcase_add_test(tcase, paging_cannot_be_left_with_pcids_on);
	tcase_add_test(tcase, illegal_cr4_values_are_refused);
	tcase_add_test(tcase, pcids_need_long_mode_and_pcid_0);
	tcase_add_test(tcase, cr3_bits_above_maxphyaddr_are_refused);
	tcase_add_test(tcase, the_no_flush_bit_needs_pcids_and_is_not_kept);
	tcase_add_test(tcase, illegal_efer_values_are_refused);
	tcase_add_test(tcase, pae_can_be_turned_on_and_off_without_long_mode);
	tcase_add_test(tcase, a_present_pdpte_with_a_reserved_bit_is_refused);
	tcase_add_test(tcase, pdptes_are_reloaded_with_the_bits_that_the_manual_names);
	tcase_add_test(tcase, other_modes_load_no_pdptes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
