// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints of kvmclock_fix are made here. */
#define CREATE_TRACE_POINTS
#include "kvmclock_fix_trace.h"
