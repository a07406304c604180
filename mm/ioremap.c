/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/ioremap.h"

#include "mm/kernel_map.h"

#include <errno.h>

/* Areas are aligned to their size, so that large ones could have large pages, up to
 * 16 MB (Linux 4.4, __get_vm_area_node()). */
#define IOREMAP_MAX_ALIGN (16 * MIB)

/* ---- devices ---- */

static struct mmio_device *device_at(struct kernel *k, pa_t pa)
{
	struct mmio_device *device;

	list_for_each_entry (device, &k->mmio_devices, devices)
		if (pa >= device->start && pa - device->start < device->size_bytes)
			return device;
	return NULL;
}

int mmio_register(struct kernel *k, struct mmio_device *device)
{
	struct mmio_device *other;

	if (!device->size_bytes || (device->start | device->size_bytes) & ~PAGE_MASK ||
	    device->start + device->size_bytes < device->start ||
	    device->start < k->ram->size_bytes)
		return -EINVAL;
	list_for_each_entry (other, &k->mmio_devices, devices)
		if (device->start < other->start + other->size_bytes &&
		    other->start < device->start + device->size_bytes)
			return -EBUSY;
	list_add_tail(&device->devices, &k->mmio_devices);
	return 0;
}

void mmio_unregister(struct mmio_device *device)
{
	list_del(&device->devices);
}

uint64_t mmio_read(struct kernel *k, pa_t pa, unsigned len)
{
	struct mmio_device *device = device_at(k, pa);

	return device ? device->ops->read(device, pa - device->start, len) : UINT64_MAX;
}

void mmio_write(struct kernel *k, pa_t pa, unsigned len, uint64_t value)
{
	struct mmio_device *device = device_at(k, pa);

	if (device)
		device->ops->write(device, pa - device->start, len, value);
}

/* ---- mapping them ---- */

/* An entry can name it, and RAM is elsewhere. */
static bool may_be_remapped(const struct kernel *k, pa_t pa, uint64_t size)
{
	uint64_t limit = k->config.paging->pa_mask + PAGE_SIZE;

	return size && pa >= k->ram->size_bytes && pa < limit && size <= limit - pa;
}

static uint64_t area_align(uint64_t size)
{
	uint64_t align = PAGE_SIZE;

	while (align < size && align < IOREMAP_MAX_ALIGN)
		align *= 2;
	return align;
}

bool __ioremap_caller(struct kernel *k, pa_t pa, uint64_t size, const char *caller, va_t *va)
{
	pa_t first = pa & PAGE_MASK;
	struct vm_struct *area;
	uint64_t len;

	if (!may_be_remapped(k, pa, size))
		return false;
	len = (pa + size - first + PAGE_SIZE - 1) & PAGE_MASK;
	area = get_vm_area(k, len, area_align(len), VM_IOREMAP, caller);
	if (!area)
		return false;
	area->phys_addr = first;
	for (uint64_t done = 0; done < len; done += PAGE_SIZE)
		if (!vmap_page(k, area->va + done, (first + done) >> PAGE_SHIFT,
		               PAGE_KERNEL_NOCACHE(k))) {
			free_vm_area(k, area);
			return false;
		}
	*va = area->va + (pa - first);
	return true;
}

void iounmap(struct kernel *k, va_t va)
{
	struct vm_struct *area = find_vm_area(k, va & PAGE_MASK);

	assert(area && area->flags & VM_IOREMAP);
	free_vm_area(k, area);
}
