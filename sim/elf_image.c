// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading an ELF file's header and program headers (System V ABI, "Object Files"
 * and "Program Loading"), refusing what Linux refuses, and more: a file whose
 * headers contradict each other is an error here even where Linux would map
 * something.
 */
#include "sim/elf_image.h"

#include <assert.h>
#include <errno.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PHDRS_MAX_BYTES 65536 /* Linux 6.1, fs/binfmt_elf.c: load_elf_phdrs() */

struct parser {
	const struct elf_source *source;
	struct elf_image *image;
	/* Either class, in the wider form. */
	Elf64_Ehdr ehdr;
	Elf64_Phdr *phdrs; /* ehdr.e_phnum */
	uint16_t phdr;     /* the one being looked at */
	char *why;
	size_t why_size;
};

static int __attribute__((format(printf, 3, 4)))
refuse(struct parser *p, int err, const char *format, ...)
{
	va_list ap;
	int n = snprintf(p->why, p->why_size, "%s: ", p->source->name);

	if (n < 0 || (size_t)n >= p->why_size)
		return err;
	va_start(ap, format);
	vsnprintf(p->why + n, p->why_size - (size_t)n, format, ap);
	va_end(ap);
	return err;
}

#define refuse_phdr(p, format, ...)                                                                \
	refuse(p, -ENOEXEC, "program header %u: " format, (p)->phdr, ##__VA_ARGS__)

static bool range_is_in_file(const struct parser *p, uint64_t offset, uint64_t len)
{
	return offset <= p->source->size_bytes && len <= p->source->size_bytes - offset;
}

static int read_exactly(struct parser *p, void *dst, uint64_t len, uint64_t offset)
{
	int64_t n = p->source->read(p->source->context, dst, len, offset);

	if (n < 0)
		return refuse(p, (int)n, "cannot read it: %s", strerror((int)-n));
	if ((uint64_t)n < len)
		return refuse(p, -ENOEXEC, "ends at %llu while it is read",
		              (unsigned long long)(offset + (uint64_t)n));
	return 0;
}

/* ---- the ELF header ---- */

/* From the file's form to the host's, byte order and alignment. */
static void translate(bool is_64, Elf_Type type, void *dst, size_t dst_size, void *src,
                      size_t src_size)
{
	Elf_Data to = { .d_buf = dst, .d_size = dst_size, .d_version = EV_CURRENT };
	Elf_Data from = {
		.d_buf = src, .d_type = type, .d_size = src_size, .d_version = EV_CURRENT
	};
	const Elf_Data *done = is_64 ? elf64_xlatetom(&to, &from, ELFDATA2LSB)
	                             : elf32_xlatetom(&to, &from, ELFDATA2LSB);

	assert(done);
	(void)done;
}

static void widen_ehdr(Elf64_Ehdr *to, const Elf32_Ehdr *from)
{
	memcpy(to->e_ident, from->e_ident, EI_NIDENT);
	to->e_type = from->e_type;
	to->e_machine = from->e_machine;
	to->e_version = from->e_version;
	to->e_entry = from->e_entry;
	to->e_phoff = from->e_phoff;
	to->e_phentsize = from->e_phentsize;
	to->e_phnum = from->e_phnum;
}

static int check_ident(struct parser *p, const unsigned char ident[EI_NIDENT])
{
	if (memcmp(ident, ELFMAG, SELFMAG) != 0)
		return refuse(p, -ENOEXEC, "not an ELF file");
	if (ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32)
		return refuse(p, -ENOEXEC, "ELF header: no such class: %u", ident[EI_CLASS]);
	if (ident[EI_DATA] == ELFDATA2MSB)
		return refuse(p, -ENOTSUP, "ELF header: big-endian, not x86");
	if (ident[EI_DATA] != ELFDATA2LSB)
		return refuse(p, -ENOEXEC, "ELF header: no such data encoding: %u", ident[EI_DATA]);
	if (ident[EI_VERSION] != EV_CURRENT)
		return refuse(p, -ENOEXEC, "ELF header: no such version: %u", ident[EI_VERSION]);
	return 0;
}

static int read_ehdr(struct parser *p)
{
	unsigned char ident[EI_NIDENT];
	Elf64_Ehdr raw64;
	Elf32_Ehdr raw32, ehdr32;
	int err;

	if (p->source->size_bytes < EI_NIDENT)
		return refuse(p, -ENOEXEC, "not an ELF file: %llu bytes",
		              (unsigned long long)p->source->size_bytes);
	err = read_exactly(p, ident, sizeof(ident), 0);
	if (!err)
		err = check_ident(p, ident);
	if (err)
		return err;
	p->image->is_64 = ident[EI_CLASS] == ELFCLASS64;
	if (!range_is_in_file(p, 0, p->image->is_64 ? sizeof(raw64) : sizeof(raw32)))
		return refuse(p, -ENOEXEC, "ELF header: truncated at %llu bytes",
		              (unsigned long long)p->source->size_bytes);
	if (p->image->is_64) {
		err = read_exactly(p, &raw64, sizeof(raw64), 0);
		if (!err)
			translate(true, ELF_T_EHDR, &p->ehdr, sizeof(p->ehdr), &raw64,
			          sizeof(raw64));
		return err;
	}
	err = read_exactly(p, &raw32, sizeof(raw32), 0);
	if (err)
		return err;
	translate(false, ELF_T_EHDR, &ehdr32, sizeof(ehdr32), &raw32, sizeof(raw32));
	widen_ehdr(&p->ehdr, &ehdr32);
	return 0;
}

static int check_ehdr(struct parser *p)
{
	const Elf64_Ehdr *e = &p->ehdr;
	const bool is_64 = p->image->is_64;

	if (is_64 ? e->e_machine != EM_X86_64 : e->e_machine != EM_386) {
		if (e->e_machine == EM_X86_64)
			return refuse(p, -ENOTSUP, "ELF header: the x32 ABI");
		return refuse(p, -ENOTSUP, "ELF header: for another machine (e_machine %u)",
		              e->e_machine);
	}
	if (e->e_type == ET_REL || e->e_type == ET_CORE)
		return refuse(p, -ENOTSUP, "ELF header: %s, not a program",
		              e->e_type == ET_REL ? "an object file" : "a core dump");
	if (e->e_type != ET_EXEC && e->e_type != ET_DYN)
		return refuse(p, -ENOEXEC, "ELF header: no such type: %u", e->e_type);
	if (e->e_version != EV_CURRENT)
		return refuse(p, -ENOEXEC, "ELF header: no such version: %u", e->e_version);
	p->image->is_dynamic = e->e_type == ET_DYN;
	p->image->entry = e->e_entry;
	p->image->phnum = e->e_phnum;
	p->image->phentsize = e->e_phentsize;
	return 0;
}

/* ---- program headers ---- */

static int read_phdrs32(struct parser *p, void *raw, size_t size)
{
	Elf32_Phdr *phdrs = malloc(size);

	if (!phdrs)
		return -ENOMEM;
	translate(false, ELF_T_PHDR, phdrs, size, raw, size);
	for (unsigned i = 0; i < p->ehdr.e_phnum; i++)
		p->phdrs[i] = (Elf64_Phdr){
			.p_type = phdrs[i].p_type,
			.p_flags = phdrs[i].p_flags,
			.p_offset = phdrs[i].p_offset,
			.p_vaddr = phdrs[i].p_vaddr,
			.p_filesz = phdrs[i].p_filesz,
			.p_memsz = phdrs[i].p_memsz,
			.p_align = phdrs[i].p_align,
		};
	free(phdrs);
	return 0;
}

static int read_phdrs(struct parser *p)
{
	const Elf64_Ehdr *e = &p->ehdr;
	const size_t entry = p->image->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	const size_t size = e->e_phnum * entry;
	void *raw;
	int err;

	if (!e->e_phnum)
		return refuse(p, -ENOEXEC, "ELF header: no program headers");
	if (e->e_phentsize != entry)
		return refuse(p, -ENOEXEC, "ELF header: program headers of %u bytes, not %zu",
		              e->e_phentsize, entry);
	if (size > PHDRS_MAX_BYTES)
		return refuse(p, -ENOEXEC, "ELF header: %u program headers are too many",
		              e->e_phnum);
	if (!range_is_in_file(p, e->e_phoff, size))
		return refuse(p, -ENOEXEC,
		              "ELF header: %u program headers at %#llx lie outside the file of "
		              "%llu bytes",
		              e->e_phnum, (unsigned long long)e->e_phoff,
		              (unsigned long long)p->source->size_bytes);
	raw = malloc(size);
	p->phdrs = calloc(e->e_phnum, sizeof(*p->phdrs));
	err = raw && p->phdrs ? read_exactly(p, raw, size, e->e_phoff)
	                      : refuse(p, -ENOMEM, "no memory for its headers");
	if (!err && p->image->is_64)
		translate(true, ELF_T_PHDR, p->phdrs, size, raw, size);
	else if (!err)
		err = read_phdrs32(p, raw, size);
	free(raw);
	return err;
}

static int check_load(struct parser *p, const Elf64_Phdr *h)
{
	const va_t top = p->image->is_64 ? ELF_TASK_SIZE_64 : ELF_TASK_SIZE_32;

	if (h->p_filesz > h->p_memsz)
		return refuse_phdr(p, "%#llx bytes in the file, but %#llx in memory",
		                   (unsigned long long)h->p_filesz, (unsigned long long)h->p_memsz);
	if (!range_is_in_file(p, h->p_offset, h->p_filesz))
		return refuse_phdr(p, "%#llx bytes at %#llx lie outside the file of %llu bytes",
		                   (unsigned long long)h->p_filesz, (unsigned long long)h->p_offset,
		                   (unsigned long long)p->source->size_bytes);
	if (h->p_vaddr > top || h->p_memsz > top - h->p_vaddr)
		return refuse_phdr(p, "%#llx bytes at address %#llx lie outside user space",
		                   (unsigned long long)h->p_memsz, (unsigned long long)h->p_vaddr);
	if (h->p_filesz && (h->p_offset - h->p_vaddr) % PAGE_SIZE)
		return refuse_phdr(p, "file offset %#llx and address %#llx differ within a page",
		                   (unsigned long long)h->p_offset, (unsigned long long)h->p_vaddr);
	return 0;
}

static int add_segment(struct parser *p, const Elf64_Phdr *h)
{
	struct elf_image *image = p->image;
	const struct elf_segment *last =
	    image->nr_segments ? &image->segments[image->nr_segments - 1] : NULL;
	int err = check_load(p, h);

	if (err)
		return err;
	if (h->p_align > image->max_align && !(h->p_align & (h->p_align - 1)))
		image->max_align = h->p_align;
	/* Headers in several segments count as in the last (Linux 6.1,
	 * load_elf_binary()). */
	if (h->p_offset <= p->ehdr.e_phoff && p->ehdr.e_phoff < h->p_offset + h->p_filesz)
		image->phdr_va = p->ehdr.e_phoff - h->p_offset + h->p_vaddr;
	if (!h->p_memsz)
		return 0;
	if (last && h->p_vaddr < last->va)
		return refuse_phdr(p, "address %#llx is below that of the segment before",
		                   (unsigned long long)h->p_vaddr);
	if (last && h->p_vaddr < last->va + last->mem_size)
		return refuse_phdr(p, "address %#llx overlaps the segment before",
		                   (unsigned long long)h->p_vaddr);
	if (image->nr_segments == ELF_MAX_SEGMENTS)
		return refuse_phdr(p, "more than %d segments to load", ELF_MAX_SEGMENTS);
	image->segments[image->nr_segments++] = (struct elf_segment){
		.va = h->p_vaddr,
		.file_offset = h->p_offset,
		.file_size = h->p_filesz,
		.mem_size = h->p_memsz,
		.read = h->p_flags & PF_R,
		.write = h->p_flags & PF_W,
		.exec = h->p_flags & PF_X,
	};
	return 0;
}

static int read_interp(struct parser *p, const Elf64_Phdr *h)
{
	char *interp = p->image->interp;
	int err;

	if (interp[0])
		return refuse_phdr(p, "a second interpreter");
	if (h->p_filesz < 2 || h->p_filesz > sizeof(p->image->interp))
		return refuse_phdr(p, "an interpreter's name of %llu bytes",
		                   (unsigned long long)h->p_filesz);
	if (!range_is_in_file(p, h->p_offset, h->p_filesz))
		return refuse_phdr(p, "the interpreter's name lies outside the file");
	err = read_exactly(p, interp, h->p_filesz, h->p_offset);
	if (err)
		return err;
	if (interp[h->p_filesz - 1])
		return refuse_phdr(p, "the interpreter's name does not end");
	if (!interp[0])
		return refuse_phdr(p, "the interpreter has no name");
	return 0;
}

static int walk_phdrs(struct parser *p)
{
	int err = 0;

	for (p->phdr = 0; !err && p->phdr < p->ehdr.e_phnum; p->phdr++) {
		const Elf64_Phdr *h = &p->phdrs[p->phdr];

		switch (h->p_type) {
		case PT_LOAD:
			err = add_segment(p, h);
			break;
		case PT_INTERP:
			err = read_interp(p, h);
			break;
		case PT_GNU_STACK:
			p->image->exec_stack = h->p_flags & PF_X;
			break;
		default:
			break;
		}
	}
	if (!err && !p->image->nr_segments)
		err = refuse(p, -ENOEXEC, "no segment to load");
	return err;
}

int elf_image_read(const struct elf_source *source, struct elf_image *image, char *why,
                   size_t why_size)
{
	struct parser p = { .source = source, .image = image, .why = why, .why_size = why_size };
	int err;

	memset(image, 0, sizeof(*image));
	elf_version(EV_CURRENT); /* libelf wants to be asked before its first use */
	err = read_ehdr(&p);
	if (!err)
		err = check_ehdr(&p);
	/* Without PT_GNU_STACK only i386 means an executable stack (Linux 6.1,
	 * arch/x86/include/asm/elf.h). */
	image->exec_stack = !image->is_64;
	if (!err)
		err = read_phdrs(&p);
	if (!err)
		err = walk_phdrs(&p);
	free(p.phdrs);
	return err;
}

struct memory {
	const uint8_t *bytes;
	uint64_t size;
};

static int64_t read_memory(void *context, void *dst, uint64_t len, uint64_t offset)
{
	const struct memory *m = context;
	uint64_t left = offset < m->size ? m->size - offset : 0;

	if (len > left)
		len = left;
	memcpy(dst, m->bytes + offset, len);
	return (int64_t)len;
}

int elf_image_parse(const void *bytes, uint64_t size, const char *name, struct elf_image *image,
                    char *why, size_t why_size)
{
	struct memory memory = { .bytes = bytes, .size = size };
	const struct elf_source source = {
		.name = name, .size_bytes = size, .read = read_memory, .context = &memory
	};

	return elf_image_read(&source, image, why, why_size);
}
