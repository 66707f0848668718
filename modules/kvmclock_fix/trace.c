// SPDX-License-Identifier: GPL-2.0-only
/* Defines the tracepoints of kvmclock_fix. */
#define CREATE_TRACE_POINTS
#include "kvmclock_fix_trace.h"
