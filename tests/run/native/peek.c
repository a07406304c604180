// SPDX-License-Identifier: GPL-2.0-or-later
/* peek: process_vm_readv(2) and writev(2) on itself, in several pieces and over the end
 * of what is mapped. Prints the same under every kernel. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static void report(const char *what, ssize_t n)
{
	printf("%s: %zd%s%s\n", what, n < 0 ? -1 : n, n < 0 ? " " : "",
	       n < 0 ? strerror(errno) : "");
}

int main(void)
{
	char *pages =
	    mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char got[8192] = "";
	struct iovec remote[2] = { { pages + 4090, 12 }, { pages + 100, 4 } };
	struct iovec local[3] = { { got, 5 }, { got + 5, 7 }, { got + 12, 100 } };

	munmap(pages + 2 * 4096, 4096);
	strcpy(pages + 4090, "across pages");
	strcpy(pages + 100, "end");
	report("gather", process_vm_readv(getpid(), local, 3, remote, 2, 0));
	printf("%s\n", got);
	memcpy(got, "ACROSS", 6);
	report("scatter", process_vm_writev(getpid(), local, 1, remote, 1, 0));
	printf("%.12s\n", pages + 4090);
	remote[0] = (struct iovec){ pages, 3 * 4096 };
	local[0] = (struct iovec){ got, sizeof(got) };
	report("up to the end", process_vm_readv(getpid(), local, 1, remote, 1, 0));
	remote[0].iov_base = pages + 2 * 4096;
	report("nothing there", process_vm_readv(getpid(), local, 1, remote, 1, 0));
	report("no such process", process_vm_readv(0x3ffffff, local, 1, remote, 1, 0));
	report("flags", process_vm_readv(getpid(), local, 1, remote, 1, 1));
	mprotect(pages, 4096, PROT_READ);
	remote[0] = (struct iovec){ pages, 16 };
	report("read-only", process_vm_writev(getpid(), local, 1, remote, 1, 0));
	return 0;
}
