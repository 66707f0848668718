/* SPDX-License-Identifier: GPL-2.0-only */
/* When a device that has failed is started again: decisions only. */
#ifndef BALLOON_REPORT_RESTART_H
#define BALLOON_REPORT_RESTART_H

#include "target.h"

/**
 * br_restart_failures() - count failures in a row
 * @before:   those before this one
 * @lived_ms: how long the device was in service
 *
 * A device that was in service for as long as the longest wait starts anew.
 *
 * Return: the failures for br_backoff_ms(), this one included.
 */
static inline unsigned int br_restart_failures(unsigned int before,
					       unsigned int lived_ms)
{
	return lived_ms >= BR_BACKOFF_MAX_MS ? 1 : before + 1;
}

#endif /* BALLOON_REPORT_RESTART_H */
