/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM balloon_report

#if !defined(BALLOON_REPORT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define BALLOON_REPORT_TRACE_H

#include <linux/tracepoint.h>

/* Pages have gone to the host, or have come back: how many, and what it has. */
DECLARE_EVENT_CLASS(balloon_report_pages,
		    TP_PROTO(int device, unsigned int pages, unsigned int held),
		    TP_ARGS(device, pages, held),
		    TP_STRUCT__entry(__field(int, device)
				     __field(unsigned int, pages)
				     __field(unsigned int, held)),
		    TP_fast_assign(__entry->device = device;
				   __entry->pages = pages;
				   __entry->held = held;),
		    TP_printk("virtio%d pages=%u held=%u", __entry->device, __entry->pages,
			      __entry->held)
);

DEFINE_EVENT(balloon_report_pages, balloon_report_inflate,
	     TP_PROTO(int device, unsigned int pages, unsigned int held),
	     TP_ARGS(device, pages, held)
);

DEFINE_EVENT(balloon_report_pages, balloon_report_deflate,
	     TP_PROTO(int device, unsigned int pages, unsigned int held),
	     TP_ARGS(device, pages, held)
);

/* A report has come back: status 0 when the host has acknowledged it. */
TRACE_EVENT(balloon_report_report,
	    TP_PROTO(int device, unsigned int nents, u64 bytes, int status),
	    TP_ARGS(device, nents, bytes, status),
	    TP_STRUCT__entry(__field(int, device)
			     __field(unsigned int, nents)
			     __field(u64, bytes)
			     __field(int, status)),
	    TP_fast_assign(__entry->device = device;
			   __entry->nents = nents;
			   __entry->bytes = bytes;
			   __entry->status = status;),
	    TP_printk("virtio%d nents=%u bytes=%llu status=%d", __entry->device,
		      __entry->nents, __entry->bytes, __entry->status)
);

/* A command of the host was followed with that many blocks. */
TRACE_EVENT(balloon_report_hint,
	    TP_PROTO(int device, u32 cmd, unsigned int blocks),
	    TP_ARGS(device, cmd, blocks),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u32, cmd)
			     __field(unsigned int, blocks)),
	    TP_fast_assign(__entry->device = device;
			   __entry->cmd = cmd;
			   __entry->blocks = blocks;),
	    TP_printk("virtio%d cmd=%u blocks=%u", __entry->device, __entry->cmd,
		      __entry->blocks)
);

/* The host has let a wait on this queue run out. */
TRACE_EVENT(balloon_report_timeout,
	    TP_PROTO(int device, unsigned int queue),
	    TP_ARGS(device, queue),
	    TP_STRUCT__entry(__field(int, device)
			     __field(unsigned int, queue)),
	    TP_fast_assign(__entry->device = device;
			   __entry->queue = queue;),
	    TP_printk("virtio%d queue=%u", __entry->device, __entry->queue)
);

#endif /* BALLOON_REPORT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE balloon_report_trace
#include <trace/define_trace.h>
