/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mm_hooks

#if !defined(MM_HOOKS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MM_HOOKS_TRACE_H

#include <linux/tracepoint.h>

/* A chain has come back: status 0 when the host has acknowledged it. */
TRACE_EVENT(mm_hooks_chain,
	    TP_PROTO(const char *reporter, unsigned int nents, u64 bytes,
		     int status),
	    TP_ARGS(reporter, nents, bytes, status),
	    TP_STRUCT__entry(__array(char, reporter, 16)
			     __field(unsigned int, nents)
			     __field(u64, bytes)
			     __field(int, status)),
	    TP_fast_assign(strscpy(__entry->reporter, reporter, 16);
			   __entry->nents = nents;
			   __entry->bytes = bytes;
			   __entry->status = status;),
	    TP_printk("reporter=%s nents=%u bytes=%llu status=%d",
		      __entry->reporter, __entry->nents, __entry->bytes,
		      __entry->status)
);

/*
 * The pacer has decided: run_in_ms 0 lets a pass go, anything else is the time
 * until it looks again.
 */
TRACE_EVENT(mm_hooks_pace,
	    TP_PROTO(bool request, u64 free, u64 known, unsigned int level,
		     unsigned int run_in_ms),
	    TP_ARGS(request, free, known, level, run_in_ms),
	    TP_STRUCT__entry(__field(bool, request)
			     __field(u64, free)
			     __field(u64, known)
			     __field(unsigned int, level)
			     __field(unsigned int, run_in_ms)),
	    TP_fast_assign(__entry->request = request;
			   __entry->free = free;
			   __entry->known = known;
			   __entry->level = level;
			   __entry->run_in_ms = run_in_ms;),
	    TP_printk("%s free=%llu known=%llu level=%u run_in_ms=%u",
		      __entry->request ? "request" : "check", __entry->free,
		      __entry->known, __entry->level, __entry->run_in_ms)
);

#endif /* MM_HOOKS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mm_hooks_trace
#include <trace/define_trace.h>
