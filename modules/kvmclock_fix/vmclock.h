/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vmclock device of this guest: a page in which the hypervisor tells of disruptions and, where
 * it fills them in, the time and the rate of the TSC.
 */
#ifndef KVMCLOCK_FIX_VMCLOCK_H
#define KVMCLOCK_FIX_VMCLOCK_H

#include <linux/math64.h>
#include <linux/time64.h>
#include <linux/types.h>

#define KF_VMCLOCK_MAGIC 0x4b4c4356

/* Values of @counter_id, @time_type and @clock_status. */
#define KF_VMCLOCK_TSC		1
#define KF_VMCLOCK_UTC		0
#define KF_VMCLOCK_TAI		1
#define KF_VMCLOCK_MONOTONIC	2
#define KF_VMCLOCK_SYNCHRONIZED 2
#define KF_VMCLOCK_FREERUNNING	3

/**
 * struct kf_vmclock_abi - the page, as include/uapi/linux/vmclock-abi.h of Linux 6.13 has it
 * @magic:	       KF_VMCLOCK_MAGIC
 * @size:	       bytes of the page that are in use
 * @version:	       1
 * @counter_id:	       the counter that @counter_value is of
 * @time_type:	       the clock that @time_sec is of
 * @seq_count:	       odd while the host writes the fields below
 * @disruption_marker: changes when the guest was restored or has moved
 * @flags:	       not used here
 * @pad:	       not used
 * @clock_status:      whether the time is valid
 * @smearing_hint:     not used here
 * @tai_offset_sec:    not used here
 * @leap_indicator:    not 0 near a leap second
 * @period_shift:      of the three periods
 * @counter_value:     the counter at @time_sec and @time_frac_sec
 * @period_frac_sec:   of the counter, in 1 / 2^(64 + @period_shift) seconds
 * @period_error:      not used here
 * @period_max_error:  not used here
 * @time_sec:	       seconds
 * @time_frac_sec:     in 1 / 2^64 seconds
 * @time_error_ns:     not used here
 * @time_max_error_ns: not used here
 */
struct kf_vmclock_abi {
	__le32 magic;
	__le32 size;
	__le16 version;
	u8 counter_id;
	u8 time_type;
	__le32 seq_count;
	__le64 disruption_marker;
	__le64 flags;
	u8 pad[2];
	u8 clock_status;
	u8 smearing_hint;
	__le16 tai_offset_sec;
	u8 leap_indicator;
	u8 period_shift;
	__le64 counter_value;
	__le64 period_frac_sec;
	__le64 period_error;
	__le64 period_max_error;
	__le64 time_sec;
	__le64 time_frac_sec;
	__le64 time_error_ns;
	__le64 time_max_error_ns;
};

/**
 * struct kf_vmclock - a consistent copy of the page
 * @marker: the disruption marker
 * @timed:  the rest is valid
 * @shift:  of @period
 * @tsc:    the TSC at the time
 * @period: of the TSC, in 1 / 2^(64 + @shift) seconds
 * @sec:    the time, seconds
 * @frac:   the time, in 1 / 2^64 seconds
 */
struct kf_vmclock {
	u64 marker;
	bool timed;
	u8 shift;
	u64 tsc;
	u64 period;
	u64 sec;
	u64 frac;
};

/**
 * kf_vmclock_is_page() - is this a page that can be read?
 * @page: what the device points to
 * @size: bytes that it says are there
 *
 * Return: whether magic, version and size are right.
 */
bool kf_vmclock_is_page(const struct kf_vmclock_abi *page, u64 size);

/**
 * kf_vmclock_copy() - copy a page that the host may write at any time
 * @clock: the copy
 * @page:  the page
 *
 * The time is valid if it is one of the TSC, not smeared and not near a leap second.
 *
 * Return: false if the page did not become stable; then @clock is not valid.
 */
bool kf_vmclock_copy(struct kf_vmclock *clock,
		     const struct kf_vmclock_abi *page);

/**
 * kf_vmclock_ns() - the time at a TSC
 * @clock: a copy whose time is valid
 * @tsc:   not before that of @clock
 *
 * The sum wraps where the host's seconds are nonsense; only differences are used.
 *
 * Return: nanoseconds.
 */
static inline s64 kf_vmclock_ns(const struct kf_vmclock *clock, u64 tsc)
{
	u64 cycles = tsc - clock->tsc;
	u64 frac = mul_u64_u64_shr(cycles, clock->period, clock->shift);
	u64 sec = mul_u64_u64_shr(cycles, clock->period, 64) >> clock->shift;
	u64 sum = frac + clock->frac;

	sec += clock->sec + (sum < frac);
	return sec * NSEC_PER_SEC + mul_u64_u64_shr(sum, NSEC_PER_SEC, 64);
}

#ifdef CONFIG_ACPI

/**
 * kf_vmclock_init() - find the device and map its page
 *
 * The log says what it tells, or why it is not used.  Without a device nothing is said.
 *
 * Context: process, may sleep.
 */
void kf_vmclock_init(void);

/* Unmaps the page.  Context: process, may sleep; no reader runs any more. */
void kf_vmclock_exit(void);

/**
 * kf_vmclock_read() - copy the page of the device
 * @clock: the copy
 *
 * Context: process, after kf_vmclock_init().
 * Return: false without a device, or if the page did not become stable.
 */
bool kf_vmclock_read(struct kf_vmclock *clock);

/* Return: whether there is a device.  Context: any, after kf_vmclock_init(). */
bool kf_vmclock_exists(void);

#else

static inline void kf_vmclock_init(void)
{
}

static inline void kf_vmclock_exit(void)
{
}

static inline bool kf_vmclock_read(struct kf_vmclock *clock)
{
	return false;
}

static inline bool kf_vmclock_exists(void)
{
	return false;
}

#endif /* CONFIG_ACPI */

#endif /* KVMCLOCK_FIX_VMCLOCK_H */
