// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints of balloon_report are made here. */
#define CREATE_TRACE_POINTS
#include "balloon_report_trace.h"
