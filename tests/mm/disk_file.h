/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk_file - a file for tests of the page cache: its pages lie in host memory, and
 * reading or writing them can be made to fail.
 */
#ifndef PW_TESTS_DISK_FILE_H
#define PW_TESTS_DISK_FILE_H

#include "mm/pagemap.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct disk_file {
	struct address_space mapping;
	struct file file;
	uint8_t *data; /* capacity_pages pages */
	uint64_t capacity_pages;
	uint64_t nr_read, nr_written; /* pages */
	bool broken;                  /* every transfer fails */
};

/* What byte `at` of a new file is: differs between pages and within one. */
static inline uint8_t disk_file_byte(uint64_t at)
{
	return (uint8_t)(at * 7 + (at >> PAGE_SHIFT) * 131 + 1);
}

static inline int disk_file_readpage(struct address_space *mapping, pgoff_t index, void *data)
{
	struct disk_file *file = mapping->host;

	if (file->broken)
		return -EIO;
	file->nr_read++;
	if (index < file->capacity_pages)
		memcpy(data, file->data + index * PAGE_SIZE, PAGE_SIZE);
	else
		memset(data, 0, PAGE_SIZE);
	return 0;
}

static inline int disk_file_writepage(struct address_space *mapping, pgoff_t index,
                                      const void *data)
{
	struct disk_file *file = mapping->host;

	if (file->broken)
		return -EIO;
	file->nr_written++;
	ck_assert_uint_lt(index, file->capacity_pages);
	memcpy(file->data + index * PAGE_SIZE, data, PAGE_SIZE);
	return 0;
}

static const struct address_space_operations disk_file_aops = {
	.readpage = disk_file_readpage,
	.writepage = disk_file_writepage,
};

static inline void disk_file_release(struct kernel *k, struct file *file)
{
}

static inline const char *disk_file_path(const struct file *file)
{
	return "/disk_file";
}

static const struct file_operations disk_file_fops = {
	.release = disk_file_release,
	.path = disk_file_path,
};

/* size bytes of disk_file_byte(), and room to grow to capacity_pages. What lies
 * behind those reads as zeroes. */
static inline void disk_file_open(struct kernel *k, struct disk_file *file, uint64_t size,
                                  uint64_t capacity_pages)
{
	memset(file, 0, sizeof(*file));
	file->capacity_pages = capacity_pages;
	file->data = calloc(capacity_pages, PAGE_SIZE);
	ck_assert_ptr_nonnull(file->data);
	for (uint64_t i = 0; i < size && i < capacity_pages * PAGE_SIZE; i++)
		file->data[i] = disk_file_byte(i);
	address_space_init(k, &file->mapping, &disk_file_aops, file, size);
	file->file.f_mapping = &file->mapping;
	file->file.f_op = &disk_file_fops;
	file->file.f_count = 1;
	file->file.f_mode = FMODE_READ | FMODE_WRITE;
	file_ra_state_init(k, &file->file.f_ra);
}

/* Drops its pages, dirty ones too. Nobody maps it. */
static inline void disk_file_close(struct kernel *k, struct disk_file *file)
{
	truncate_inode_pages(k, &file->mapping, 0);
	ck_assert_uint_eq(file->mapping.nrpages + file->mapping.nrexceptional, 0);
	free(file->data);
}

#endif
