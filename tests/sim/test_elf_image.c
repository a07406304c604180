// SPDX-License-Identifier: GPL-2.0-or-later
/* ELF files that are right, and one for every way of being wrong. */
#include "sim/elf_image.h"
#include "tests/run_suite.h"

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES 0x3000
#define NR_PHDRS 4

/* A program of two segments, whose parts each test bends. */
struct file64 {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdrs[NR_PHDRS];
	uint8_t rest[FILE_BYTES - sizeof(Elf64_Ehdr) - NR_PHDRS * sizeof(Elf64_Phdr)];
};

static struct file64 good_file(void)
{
	struct file64 f = {
		.ehdr = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			             EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = 0x401000,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = NR_PHDRS,
		},
		.phdrs = {
			{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = 0,
			  .p_vaddr = 0x400000, .p_filesz = 0x1800, .p_memsz = 0x1800,
			  .p_align = 0x1000 },
			{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = 0x1800,
			  .p_vaddr = 0x402800, .p_filesz = 0x900, .p_memsz = 0x4000,
			  .p_align = 0x1000 },
			{ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W },
			{ .p_type = PT_NULL },
		},
	};

	return f;
}

static char why[512];
static struct elf_image image;

static int parse(const struct file64 *f)
{
	why[0] = 0;
	return elf_image_parse(f, sizeof(*f), "a.out", &image, why, sizeof(why));
}

/* It is refused, and the message names the file and the place. */
#define refused(f, err, text)                                                                      \
	do {                                                                                       \
		ck_assert_int_eq(parse(f), err);                                                   \
		ck_assert_msg(strncmp(why, "a.out: ", 7) == 0, "no file name: %s", why);           \
		ck_assert_msg(strstr(why, text) != NULL, "\"%s\" is not in: %s", text, why);       \
	} while (0)

START_TEST(static_program_is_read)
{
	struct file64 f = good_file();

	ck_assert_msg(parse(&f) == 0, "%s", why);
	ck_assert(image.is_64);
	ck_assert(!image.is_dynamic);
	ck_assert(!image.exec_stack);
	ck_assert_uint_eq(image.entry, 0x401000);
	ck_assert_uint_eq(image.phdr_va, 0x400040);
	ck_assert_uint_eq(image.phnum, NR_PHDRS);
	ck_assert_uint_eq(image.nr_segments, 2);
	ck_assert_uint_eq(image.max_align, 0x1000);
	ck_assert_str_eq(image.interp, "");
	ck_assert_uint_eq(image.segments[1].va, 0x402800);
	ck_assert_uint_eq(image.segments[1].file_offset, 0x1800);
	ck_assert_uint_eq(image.segments[1].file_size, 0x900);
	ck_assert_uint_eq(image.segments[1].mem_size, 0x4000);
	ck_assert(image.segments[1].write && !image.segments[1].exec);
	ck_assert(image.segments[0].exec && !image.segments[0].write);
}
END_TEST

START_TEST(shared_object_is_dynamic)
{
	struct file64 f = good_file();

	f.ehdr.e_type = ET_DYN;
	f.phdrs[0].p_vaddr = 0;
	f.phdrs[1].p_vaddr = 0x2800;
	f.phdrs[1].p_align = 0x200000;
	ck_assert_msg(parse(&f) == 0, "%s", why);
	ck_assert(image.is_dynamic);
	ck_assert_uint_eq(image.max_align, 0x200000);
	ck_assert_uint_eq(image.phdr_va, 0x40);
}
END_TEST

START_TEST(alignment_that_is_no_power_of_two_is_ignored)
{
	struct file64 f = good_file();

	f.phdrs[1].p_align = 0x3000;
	ck_assert_int_eq(parse(&f), 0);
	ck_assert_uint_eq(image.max_align, 0x1000);
}
END_TEST

START_TEST(executable_stack_is_asked_for)
{
	struct file64 f = good_file();

	f.phdrs[2].p_flags |= PF_X;
	ck_assert_int_eq(parse(&f), 0);
	ck_assert(image.exec_stack);
}
END_TEST

START_TEST(i386_program_is_recognised)
{
	struct {
		Elf32_Ehdr ehdr;
		Elf32_Phdr phdr;
		uint8_t rest[0x100];
	} f = {
		.ehdr = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			             EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_386,
			.e_version = EV_CURRENT,
			.e_entry = 0x8048100,
			.e_phoff = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = 1,
		},
		.phdr = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x8048000,
		          .p_filesz = 0x100, .p_memsz = 0x2000, .p_align = 0x1000 },
	};

	ck_assert_int_eq(elf_image_parse(&f, sizeof(f), "a.out", &image, why, sizeof(why)), 0);
	ck_assert(!image.is_64);
	ck_assert(image.exec_stack);
	ck_assert_uint_eq(image.entry, 0x8048100);
	ck_assert_uint_eq(image.segments[0].va, 0x8048000);
	ck_assert_uint_eq(image.segments[0].mem_size, 0x2000);

	f.phdr.p_vaddr = 0xffffd000;
	ck_assert_int_eq(elf_image_parse(&f, sizeof(f), "a.out", &image, why, sizeof(why)),
	                 -ENOEXEC);
	ck_assert(strstr(why, "outside user space"));
	f.ehdr.e_machine = EM_X86_64;
	ck_assert_int_eq(elf_image_parse(&f, sizeof(f), "a.out", &image, why, sizeof(why)),
	                 -ENOTSUP);
}
END_TEST

START_TEST(other_kinds_of_file_are_refused)
{
	struct file64 f = good_file();

	f.ehdr.e_ident[EI_MAG1] = 'e';
	refused(&f, -ENOEXEC, "not an ELF file");
	f = good_file();
	f.ehdr.e_ident[EI_CLASS] = 3;
	refused(&f, -ENOEXEC, "class");
	f = good_file();
	f.ehdr.e_ident[EI_DATA] = ELFDATA2MSB;
	refused(&f, -ENOTSUP, "big-endian");
	f = good_file();
	f.ehdr.e_ident[EI_VERSION] = 0;
	refused(&f, -ENOEXEC, "version");
	f = good_file();
	f.ehdr.e_machine = EM_AARCH64;
	refused(&f, -ENOTSUP, "another machine");
	f = good_file();
	f.ehdr.e_type = ET_REL;
	refused(&f, -ENOTSUP, "object file");
	f = good_file();
	f.ehdr.e_type = ET_CORE;
	refused(&f, -ENOTSUP, "core dump");
	f = good_file();
	f.ehdr.e_type = 77;
	refused(&f, -ENOEXEC, "type");
}
END_TEST

START_TEST(program_headers_outside_the_file_are_refused)
{
	struct file64 f = good_file();

	f.ehdr.e_phoff = sizeof(f) - 8;
	refused(&f, -ENOEXEC, "outside the file");
	f.ehdr.e_phoff = UINT64_MAX - 8;
	refused(&f, -ENOEXEC, "outside the file");
	f = good_file();
	f.ehdr.e_phnum = 0;
	refused(&f, -ENOEXEC, "no program headers");
	f = good_file();
	f.ehdr.e_phnum = UINT16_MAX;
	refused(&f, -ENOEXEC, "too many");
	f = good_file();
	f.ehdr.e_phentsize = sizeof(Elf32_Phdr);
	refused(&f, -ENOEXEC, "program headers of 32 bytes");
}
END_TEST

START_TEST(segments_that_lie_are_refused)
{
	struct file64 f = good_file();

	f.phdrs[1].p_memsz = 0x8ff;
	refused(&f, -ENOEXEC, "program header 1: 0x900 bytes in the file");
	f = good_file();
	f.phdrs[1].p_filesz = 0x3000;
	refused(&f, -ENOEXEC, "program header 1: 0x3000 bytes at 0x1800 lie outside");
	f = good_file();
	f.phdrs[1].p_offset = UINT64_MAX & ~(uint64_t)0x7ff;
	refused(&f, -ENOEXEC, "outside the file");
	f = good_file();
	f.phdrs[1].p_vaddr = 0x402900;
	refused(&f, -ENOEXEC, "differ within a page");
	f = good_file();
	f.phdrs[1].p_vaddr = ELF_TASK_SIZE_64 - 0x800;
	refused(&f, -ENOEXEC, "outside user space");
	f.phdrs[1].p_vaddr = 0xffffffff80000800;
	refused(&f, -ENOEXEC, "outside user space");
	f = good_file();
	f.phdrs[1].p_memsz = UINT64_MAX;
	refused(&f, -ENOEXEC, "outside user space");
}
END_TEST

START_TEST(last_byte_of_user_space_may_be_used)
{
	struct file64 f = good_file();

	f.phdrs[1].p_vaddr = ELF_TASK_SIZE_64 - 0x1000 + 0x800;
	f.phdrs[1].p_filesz = f.phdrs[1].p_memsz = 0x800;
	ck_assert_msg(parse(&f) == 0, "%s", why);
	f.phdrs[1].p_memsz++;
	ck_assert_int_eq(parse(&f), -ENOEXEC);
}
END_TEST

START_TEST(overlapping_and_descending_segments_are_refused)
{
	struct file64 f = good_file();

	f.phdrs[1].p_vaddr = 0x400800;
	refused(&f, -ENOEXEC, "program header 1: address 0x400800 overlaps");
	f.phdrs[1].p_vaddr = 0x300800;
	refused(&f, -ENOEXEC, "program header 1: address 0x300800 is below");
	/* Two segments may meet in a page, as long as their bytes do not. */
	f.phdrs[1].p_vaddr = 0x401800;
	ck_assert_msg(parse(&f) == 0, "%s", why);
}
END_TEST

START_TEST(program_without_segments_is_refused)
{
	struct file64 f = good_file();

	f.phdrs[0].p_memsz = f.phdrs[0].p_filesz = 0;
	f.phdrs[1].p_type = PT_NOTE;
	refused(&f, -ENOEXEC, "no segment to load");
}
END_TEST

START_TEST(bss_alone_needs_no_file_offset)
{
	struct file64 f = good_file();

	f.phdrs[1].p_filesz = 0;
	f.phdrs[1].p_offset = 0x123;
	ck_assert_msg(parse(&f) == 0, "%s", why);
	ck_assert_uint_eq(image.segments[1].file_size, 0);
}
END_TEST

START_TEST(entry_may_lie_anywhere)
{
	struct file64 f = good_file();

	f.ehdr.e_entry = 0xdeadbeef;
	ck_assert_int_eq(parse(&f), 0);
	ck_assert_uint_eq(image.entry, 0xdeadbeef);
}
END_TEST

static void set_interp(struct file64 *f, const char *name, size_t size)
{
	f->phdrs[3] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = 0x1000, .p_filesz = size };
	memcpy((char *)f + 0x1000, name, strlen(name));
}

START_TEST(interpreter_is_read)
{
	struct file64 f = good_file();

	set_interp(&f, "/lib/ld.so", 11);
	ck_assert_msg(parse(&f) == 0, "%s", why);
	ck_assert_str_eq(image.interp, "/lib/ld.so");
}
END_TEST

START_TEST(broken_interpreter_is_refused)
{
	struct file64 f = good_file();

	set_interp(&f, "/lib/ld.so", 10);
	refused(&f, -ENOEXEC, "program header 3: the interpreter's name does not end");
	set_interp(&f, "/lib/ld.so", ELF_INTERP_MAX + 1);
	refused(&f, -ENOEXEC, "program header 3: an interpreter's name of 4097 bytes");
	set_interp(&f, "/lib/ld.so", 1);
	refused(&f, -ENOEXEC, "name of 1 bytes");
	set_interp(&f, "/lib/ld.so", 11);
	f.phdrs[3].p_offset = sizeof(f) - 4;
	refused(&f, -ENOEXEC, "outside the file");
	f = good_file();
	set_interp(&f, "/lib/ld.so", 11);
	f.phdrs[2] = f.phdrs[3];
	refused(&f, -ENOEXEC, "program header 3: a second interpreter");
}
END_TEST

START_TEST(too_many_segments_are_refused)
{
	const unsigned nr = ELF_MAX_SEGMENTS + 1;
	struct file64 f = good_file();
	Elf64_Phdr *phdrs = (Elf64_Phdr *)((char *)&f + 0x1000);

	for (unsigned i = 0; i < nr; i++)
		phdrs[i] = (Elf64_Phdr){ .p_type = PT_LOAD,
			                 .p_flags = PF_R,
			                 .p_vaddr = 0x400000 + i * 0x1000,
			                 .p_filesz = 16,
			                 .p_memsz = 16 };
	f.ehdr.e_phoff = 0x1000;
	f.ehdr.e_phnum = nr - 1;
	ck_assert_msg(parse(&f) == 0, "%s", why);
	f.ehdr.e_phnum = nr;
	refused(&f, -ENOEXEC, "program header 64: more than 64 segments");
}
END_TEST

/* Cut anywhere, the file is either refused or needs no more than it has. */
START_TEST(every_truncation_is_refused)
{
	struct file64 f = good_file();
	const size_t needed = 0x1800 + 0x900;

	for (size_t size = 0; size < sizeof(f); size++) {
		/* On the heap, so that a sanitizer sees a byte too far. */
		void *bytes = malloc(size ? size : 1);
		int err;

		memcpy(bytes, &f, size);
		err = elf_image_parse(bytes, size, "a.out", &image, why, sizeof(why));
		ck_assert_msg(err == (size < needed ? -ENOEXEC : 0), "%zu bytes: %d", size, err);
		free(bytes);
	}
}
END_TEST

/* Every header byte set to values that overflow: nothing may crash, and what is
 * taken must lie in user space. */
START_TEST(every_bent_byte_is_harmless)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	const struct file64 good = good_file();

	for (size_t i = 0; i < offsetof(struct file64, rest); i++) {
		for (size_t v = 0; v < sizeof(values); v++) {
			struct file64 f = good;

			((uint8_t *)&f)[i] = values[v];
			if (parse(&f) != 0) {
				ck_assert(why[0]);
				continue;
			}
			for (uint32_t s = 0; s < image.nr_segments; s++) {
				const struct elf_segment *seg = &image.segments[s];

				ck_assert(seg->va + seg->mem_size <= ELF_TASK_SIZE_64);
				ck_assert(seg->file_offset + seg->file_size <= sizeof(f));
			}
		}
	}
}
END_TEST

START_TEST(short_message_buffer_is_kept)
{
	struct file64 f = good_file();
	char small[4] = { 'x', 'x', 'x', 'x' };

	f.ehdr.e_phnum = 0;
	ck_assert_int_eq(elf_image_parse(&f, sizeof(f), "a.out", &image, small, 3), -ENOEXEC);
	ck_assert_str_eq(small, "a.");
	ck_assert(small[3] == 'x');
}
END_TEST

static int64_t read_fails(void *context, void *dst, uint64_t len, uint64_t offset)
{
	return -EIO;
}

START_TEST(read_error_is_passed_on)
{
	const struct elf_source source = { .name = "a.out",
		                           .size_bytes = 4096,
		                           .read = read_fails };

	ck_assert_int_eq(elf_image_read(&source, &image, why, sizeof(why)), -EIO);
	ck_assert(strstr(why, "a.out: cannot read it"));
}
END_TEST

static Suite *elf_image_suite(void)
{
	Suite *s = suite_create("elf_image");
	TCase *right = tcase_create("right"), *wrong = tcase_create("wrong");

	tcase_add_test(right, static_program_is_read);
	tcase_add_test(right, shared_object_is_dynamic);
	tcase_add_test(right, alignment_that_is_no_power_of_two_is_ignored);
	tcase_add_test(right, executable_stack_is_asked_for);
	tcase_add_test(right, i386_program_is_recognised);
	tcase_add_test(right, last_byte_of_user_space_may_be_used);
	tcase_add_test(right, bss_alone_needs_no_file_offset);
	tcase_add_test(right, entry_may_lie_anywhere);
	tcase_add_test(right, interpreter_is_read);
	tcase_add_test(wrong, other_kinds_of_file_are_refused);
	tcase_add_test(wrong, program_headers_outside_the_file_are_refused);
	tcase_add_test(wrong, segments_that_lie_are_refused);
	tcase_add_test(wrong, overlapping_and_descending_segments_are_refused);
	tcase_add_test(wrong, program_without_segments_is_refused);
	tcase_add_test(wrong, broken_interpreter_is_refused);
	tcase_add_test(wrong, too_many_segments_are_refused);
	tcase_add_test(wrong, every_truncation_is_refused);
	tcase_add_test(wrong, every_bent_byte_is_harmless);
	tcase_add_test(wrong, short_message_buffer_is_kept);
	tcase_add_test(wrong, read_error_is_passed_on);
	suite_add_tcase(s, right);
	suite_add_tcase(s, wrong);
	return s;
}

int main(void)
{
	return run_suite(elf_image_suite());
}
