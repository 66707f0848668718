/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvmclock_fix

#if !defined(KVMCLOCK_FIX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KVMCLOCK_FIX_TRACE_H

#include <linux/tracepoint.h>

#include "audit.h"

/* A page was audited: a VM's on the host or, with pid 0, one of this guest's own. */
TRACE_EVENT(kf_page,
	    TP_PROTO(int pid, unsigned int vcpu, const struct kf_page *page,
		     unsigned int found, s64 step),
	    TP_ARGS(pid, vcpu, page, found, step),
	    TP_STRUCT__entry(__field(int, pid)
			     __field(unsigned int, vcpu)
			     __field(u32, version)
			     __field(u64, tsc)
			     __field(s64, ns)
			     __field(u32, mul)
			     __field(s8, shift)
			     __field(bool, stable)
			     __field(unsigned int, found)
			     __field(s64, step)),
	    TP_fast_assign(__entry->pid = pid;
			   __entry->vcpu = vcpu;
			   __entry->version = page->version;
			   __entry->tsc = page->line.tsc;
			   __entry->ns = page->line.ns;
			   __entry->mul = page->line.rate.mul;
			   __entry->shift = page->line.rate.shift;
			   __entry->stable = page->stable;
			   __entry->found = found;
			   __entry->step = step;),
	    TP_printk("pid=%d vcpu=%u version=%u tsc=%llu ns=%lld mul=%u shift=%d stable=%d step=%lld found=%s",
		      __entry->pid, __entry->vcpu, __entry->version,
		      __entry->tsc, __entry->ns, __entry->mul, __entry->shift,
		      __entry->stable, __entry->step,
		      __print_flags(__entry->found, "|",
				    { KF_NEGATIVE, "negative" },
				    { KF_BACKWARDS, "backwards" },
				    { KF_RATE_CHANGED, "rate_changed" },
				    { KF_VERSION, "version" },
				    { KF_STEPPED, "judged" },
				    { KF_SET, "set" },
				    { KF_STOPPED, "stopped" },
				    { KF_DISRUPTED, "disrupted" }))
);

/* @add ns were added to a VM's clock, which is @ns at the host's TSC @tsc. */
TRACE_EVENT(kf_correct,
	    TP_PROTO(int pid, const char *where, s64 add, s64 ns, u64 tsc),
	    TP_ARGS(pid, where, add, ns, tsc),
	    TP_STRUCT__entry(__field(int, pid)
			     __array(char, where, 8)
			     __field(s64, add)
			     __field(s64, ns)
			     __field(u64, tsc)),
	    TP_fast_assign(__entry->pid = pid;
			   strscpy(__entry->where, where, 8);
			   __entry->add = add;
			   __entry->ns = ns;
			   __entry->tsc = tsc;),
	    TP_printk("pid=%d %s add=%lld ns=%lld tsc=%llu", __entry->pid,
		      __entry->where, __entry->add, __entry->ns, __entry->tsc)
);

#endif /* KVMCLOCK_FIX_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE kvmclock_fix_trace
#include <trace/define_trace.h>
