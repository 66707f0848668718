// SPDX-License-Identifier: GPL-2.0-only
/* The vmclock device of this guest. */
#include "vmclock.h"

#include <linux/acpi.h>
#include <linux/compiler.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/printk.h>
#include <linux/processor.h>

#include <asm/barrier.h>

/* A writer needs some instructions, so this many attempts mean that it does not run. */
#define COPY_TRIES 1000
#define SHIFT_MAX 63

static const struct kf_vmclock_abi *device_page;

bool kf_vmclock_is_page(const struct kf_vmclock_abi *page, u64 size)
{
	return size >= sizeof(*page) &&
	       le32_to_cpu(page->magic) == KF_VMCLOCK_MAGIC &&
	       le32_to_cpu(page->size) >= sizeof(*page) &&
	       le16_to_cpu(page->version) == 1;
}

static bool is_timed(const struct kf_vmclock_abi *page)
{
	u8 type = READ_ONCE(page->time_type);
	u8 status = READ_ONCE(page->clock_status);

	return READ_ONCE(page->counter_id) == KF_VMCLOCK_TSC &&
	       (type == KF_VMCLOCK_TAI || type == KF_VMCLOCK_MONOTONIC ||
		(type == KF_VMCLOCK_UTC && !READ_ONCE(page->leap_indicator))) &&
	       (status == KF_VMCLOCK_SYNCHRONIZED ||
		status == KF_VMCLOCK_FREERUNNING) &&
	       READ_ONCE(page->period_shift) <= SHIFT_MAX &&
	       READ_ONCE(page->period_frac_sec);
}

static void copy_fields(struct kf_vmclock *clock,
			const struct kf_vmclock_abi *page)
{
	clock->marker = le64_to_cpu(READ_ONCE(page->disruption_marker));
	clock->timed = is_timed(page);
	/* A host may change it after the check. */
	clock->shift = READ_ONCE(page->period_shift) & SHIFT_MAX;
	clock->tsc = le64_to_cpu(READ_ONCE(page->counter_value));
	clock->period = le64_to_cpu(READ_ONCE(page->period_frac_sec));
	clock->sec = le64_to_cpu(READ_ONCE(page->time_sec));
	clock->frac = le64_to_cpu(READ_ONCE(page->time_frac_sec));
}

bool kf_vmclock_copy(struct kf_vmclock *clock,
		     const struct kf_vmclock_abi *page)
{
	unsigned int tries;
	u32 count;

	for (tries = 0; tries < COPY_TRIES; tries++) {
		count = le32_to_cpu(READ_ONCE(page->seq_count));
		/* Read the count before the other fields, */
		virt_rmb();
		copy_fields(clock, page);
		/* and again after them. */
		virt_rmb();
		if (!(count & 1) &&
		    count == le32_to_cpu(READ_ONCE(page->seq_count)))
			return true;
		cpu_relax();
	}
	return false;
}

#ifdef CONFIG_ACPI

/* Return: false where the device has no memory. */
static bool find_page(phys_addr_t *start, u64 *size)
{
	struct acpi_device *device =
		acpi_dev_get_first_match_dev("VMCLOCK", NULL, -1);
	struct resource_entry *entry;
	LIST_HEAD(resources);
	bool found = false;

	if (!device)
		return false;
	if (acpi_dev_get_resources(device, &resources, NULL, NULL) > 0) {
		list_for_each_entry(entry, &resources, node) {
			if (resource_type(entry->res) != IORESOURCE_MEM)
				continue;
			*start = entry->res->start;
			*size = resource_size(entry->res);
			found = true;
			break;
		}
		acpi_dev_free_resource_list(&resources);
	}
	if (!found)
		pr_warn("the vmclock device has no memory, it is not used\n");
	put_device(&device->dev);
	return found;
}

void kf_vmclock_init(void)
{
	struct kf_vmclock_abi *page;
	struct kf_vmclock clock;
	phys_addr_t start;
	u64 size;

	if (!find_page(&start, &size))
		return;
	page = size < sizeof(*page) ? NULL :
	       memremap(start, sizeof(*page), MEMREMAP_WB);
	if (!page || !kf_vmclock_is_page(page, size)) {
		pr_warn("the vmclock device at %pa has no valid page, it is not used\n",
			&start);
		if (page)
			memunmap(page);
		return;
	}
	device_page = page;
	pr_info("the vmclock device tells of disruptions%s\n",
		kf_vmclock_read(&clock) && clock.timed ?
		", and the time" : "; it has no time");
}

void kf_vmclock_exit(void)
{
	if (device_page)
		memunmap((void *)device_page);
	device_page = NULL;
}

bool kf_vmclock_read(struct kf_vmclock *clock)
{
	return device_page && kf_vmclock_copy(clock, device_page);
}

bool kf_vmclock_exists(void)
{
	return device_page;
}

#endif /* CONFIG_ACPI */
