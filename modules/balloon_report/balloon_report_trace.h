/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM balloon_report

#if !defined(BALLOON_REPORT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define BALLOON_REPORT_TRACE_H

#include <linux/tracepoint.h>

/* A chunk was completed: its pages, and the pages in the balloon after it. */
DECLARE_EVENT_CLASS(br_pages,
		    TP_PROTO(int device, unsigned int pages, unsigned int inflated),
		    TP_ARGS(device, pages, inflated),
		    TP_STRUCT__entry(__field(int, device)
				     __field(unsigned int, pages)
				     __field(unsigned int, inflated)),
		    TP_fast_assign(__entry->device = device;
				   __entry->pages = pages;
				   __entry->inflated = inflated;),
		    TP_printk("virtio%d pages=%u inflated=%u", __entry->device, __entry->pages,
			      __entry->inflated)
);

DEFINE_EVENT(br_pages, br_inflate,
	     TP_PROTO(int device, unsigned int pages, unsigned int inflated),
	     TP_ARGS(device, pages, inflated)
);

DEFINE_EVENT(br_pages, br_deflate,
	     TP_PROTO(int device, unsigned int pages, unsigned int inflated),
	     TP_ARGS(device, pages, inflated)
);

/* Blocks were sent for a hinting command of the device. */
TRACE_EVENT(br_hint,
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

/* A wait for the device on this queue timed out. */
TRACE_EVENT(br_timeout,
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
