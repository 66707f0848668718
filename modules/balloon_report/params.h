/* SPDX-License-Identifier: GPL-2.0-only */
/* The parameters of balloon_report, as docs/parameters.md describes them. */
#ifndef BALLOON_REPORT_PARAMS_H
#define BALLOON_REPORT_PARAMS_H

#include <linux/types.h>

/* Whether free memory is reported. */
bool br_reporting(void);

/* Whether free memory is also reported while page poisoning fills it. */
bool br_report_poisoned(void);

/* MiB of available memory that inflation and hinting leave to the guest. */
unsigned int br_floor_mb(void);

/* MiB that one OOM notification deflates. */
unsigned int br_oom_mb(void);

/* Milliseconds that a wait for the device lasts at most. */
unsigned int br_host_timeout_ms(void);

#endif /* BALLOON_REPORT_PARAMS_H */
