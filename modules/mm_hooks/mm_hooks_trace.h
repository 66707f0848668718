/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mm_hooks

#if !defined(MMH_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MMH_TRACE_H

#include <linux/tracepoint.h>

#include "pace/pace.h"

/* A report is over: status 0 when the device has completed it. */
TRACE_EVENT(mmh_report,
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

/* native: a block was isolated, to be reported. */
TRACE_EVENT(mmh_isolate,
	    TP_PROTO(const char *zone, unsigned long pfn, unsigned int order),
	    TP_ARGS(zone, pfn, order),
	    TP_STRUCT__entry(__array(char, zone, 8)
			     __field(unsigned long, pfn)
			     __field(unsigned int, order)),
	    TP_fast_assign(strscpy(__entry->zone, zone, 8);
			   __entry->pfn = pfn;
			   __entry->order = order;),
	    TP_printk("zone=%s pfn=%#lx order=%u", __entry->zone, __entry->pfn,
		      __entry->order)
);

/* native: reported memory was freed, so it was in use in between. */
TRACE_EVENT(mmh_reuse,
	    TP_PROTO(unsigned long pfn, unsigned int order,
		     unsigned long pages),
	    TP_ARGS(pfn, order, pages),
	    TP_STRUCT__entry(__field(unsigned long, pfn)
			     __field(unsigned int, order)
			     __field(unsigned long, pages)),
	    TP_fast_assign(__entry->pfn = pfn;
			   __entry->order = order;
			   __entry->pages = pages;),
	    TP_printk("pfn=%#lx order=%u pages=%lu", __entry->pfn,
		      __entry->order, __entry->pages)
);

/*
 * native: a pass is over.  sent: reports were submitted.  cut: blocks that may be reported
 * are left.  wait_ms: until the next pass is worth it, -1 when nothing is left.
 */
TRACE_EVENT(mmh_pass,
	    TP_PROTO(bool sent, bool cut, int err, int wait_ms),
	    TP_ARGS(sent, cut, err, wait_ms),
	    TP_STRUCT__entry(__field(bool, sent)
			     __field(bool, cut)
			     __field(int, err)
			     __field(int, wait_ms)),
	    TP_fast_assign(__entry->sent = sent;
			   __entry->cut = cut;
			   __entry->err = err;
			   __entry->wait_ms = wait_ms;),
	    TP_printk("sent=%d cut=%d err=%d wait_ms=%d", __entry->sent,
		      __entry->cut, __entry->err, __entry->wait_ms)
);

/*
 * native: isolation waits for blocks of a range in flight, or reclaim has waited, with
 * a range of 0 to 0, and @pages were put back.
 */
TRACE_EVENT(mmh_isolation_wait,
	    TP_PROTO(unsigned long start, unsigned long end,
		     unsigned long pages),
	    TP_ARGS(start, end, pages),
	    TP_STRUCT__entry(__field(unsigned long, start)
			     __field(unsigned long, end)
			     __field(unsigned long, pages)),
	    TP_fast_assign(__entry->start = start;
			   __entry->end = end;
			   __entry->pages = pages;),
	    TP_printk("start=%#lx end=%#lx pages=%lu", __entry->start,
		      __entry->end, __entry->pages)
);

/*
 * The pacer has decided.  run_in_ms: 0 if a pass starts, else the time until the next
 * check.
 */
TRACE_EVENT(mmh_pace,
	    TP_PROTO(bool request, const struct mmh_pace_memory *memory, u64 reported_free,
		     unsigned int level, unsigned int run_in_ms),
	    TP_ARGS(request, memory, reported_free, level, run_in_ms),
	    TP_STRUCT__entry(__field(bool, request)
			     __field(u64, free)
			     __field(u64, pcp)
			     __field(u64, allocated)
			     __field(u64, reported_free)
			     __field(unsigned int, level)
			     __field(unsigned int, run_in_ms)),
	    TP_fast_assign(__entry->request = request;
			   __entry->free = memory->free;
			   __entry->pcp = memory->pcp;
			   __entry->allocated = memory->allocated;
			   __entry->reported_free = reported_free;
			   __entry->level = level;
			   __entry->run_in_ms = run_in_ms;),
	    TP_printk("%s free=%llu pcp=%llu allocated=%llu reported_free=%llu level=%u run_in_ms=%u",
		      __entry->request ? "request" : "check", __entry->free,
		      __entry->pcp, __entry->allocated, __entry->reported_free,
		      __entry->level, __entry->run_in_ms)
);

#endif /* MMH_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mm_hooks_trace
#include <trace/define_trace.h>
