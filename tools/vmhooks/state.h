/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a guest, as the kernel's files have it. */
#ifndef VMHOOKS_STATE_H
#define VMHOOKS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys.h"

#define OURS "balloon_report"
#define STOCK "virtio_balloon"
#define HOOKS "/sys/kernel/mm_hooks"
#define CLOCK "/sys/kernel/kvmclock_fix"
#define DEVICES "/sys/bus/virtio/devices"
#define DRIVERS "/sys/bus/virtio/drivers"

#define MAX_DEVICES 8
#define MAX_ORDERS 16
/* What balloon_report counts, whatever the kernel's page size is. */
#define BALLOON_PAGE_BYTES ((uint64_t)4096)

/* Bits of a balloon device's features. */
enum {
	F_MUST_TELL_HOST, F_STATS_VQ, F_DEFLATE_ON_OOM, F_FREE_PAGE_HINT, F_PAGE_POISON,
	F_REPORTING, F_COUNT
};

/**
 * struct device - a balloon device
 * @name:	   as the virtio bus has it
 * @driver:	   empty if none is bound
 * @state:	   as balloon_report says, else empty
 * @why_not:	   why it does not report, or "none"; empty if the driver does not say
 * @features:	   bits that driver and device use
 * @actual_bytes:  memory in the balloon
 * @target_bytes:  size that the host asks for
 * @host_timeouts: waits for the device without an answer
 * @report_errors: failed reports
 * @lost_bytes:	   memory that a device keeps that ignores its reset
 */
struct device {
	char name[64];
	char driver[64];
	char state[32];
	char why_not[SYS_VALUE];
	uint64_t features;
	uint64_t actual_bytes;
	uint64_t target_bytes;
	uint64_t host_timeouts;
	uint64_t report_errors;
	uint64_t lost_bytes;
};

/**
 * struct memory - the guest's memory, in bytes
 * @total:     all of it
 * @free:      free
 * @available: free, or reclaimed without swap
 * @cache:     page cache of files
 * @locked:    locked by programs
 * @hugetlb:   reserved for hugetlb, used or not
 * @order:     free memory in blocks of that order
 */
struct memory {
	uint64_t total;
	uint64_t free;
	uint64_t available;
	uint64_t cache;
	uint64_t locked;
	uint64_t hugetlb;
	uint64_t order[MAX_ORDERS];
};

/* What mm_hooks says.  @engine is empty if the module is not loaded. */
struct hooks {
	char engine[32];
	char capabilities[SYS_VALUE];
	char reporter[64];
	uint64_t level;
	uint64_t reported_free;
	uint64_t reported;
	uint64_t reused;
	uint64_t errors;
	uint64_t lost;
};

/* The findings of kvmclock_fix.  @hooks is empty if the module is not loaded. */
struct clock {
	char hooks[32];
	char source[64];
	uint64_t pages;
	uint64_t bad[2];	/* negative, backwards, torn: of the host, of this guest */
};

struct state {
	char kernel[SYS_VALUE];
	unsigned int num_devices;
	struct device devices[MAX_DEVICES];
	struct memory memory;
	struct hooks hooks;
	struct clock clock;
};

/* Read everything. */
void state_read(struct state *state);

/* Read only the part that changes from second to second. */
void state_read_memory(struct memory *memory);
void state_read_hooks(struct hooks *hooks);

/* Why free memory is not reported, in a few words, or NULL if it is. */
const char *state_why_not(const struct state *state);

/* The name of a feature bit. */
const char *state_feature(unsigned int bit);

/* Bytes of a page of the kernel. */
uint64_t state_page_bytes(void);

/* The order of a block of 2 MiB: mm_hooks reports blocks from this order on by default. */
unsigned int state_huge_order(void);

/* Write a number of bytes with its unit, such as "1.5 GiB". */
void state_size(char *text, size_t size, uint64_t bytes);

#endif /* VMHOOKS_STATE_H */
