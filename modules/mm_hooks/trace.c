// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints of mm_hooks are made here. */
#define CREATE_TRACE_POINTS
#include "mm_hooks_trace.h"
