// SPDX-License-Identifier: GPL-2.0-only
/* The log of events, and the list of violations. */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>

#include "fake_host.h"

#define LOG_LINES 1024
#define LOG_WIDTH 120
#define COMPLAINTS 32

static DEFINE_SPINLOCK(log_lock);	/* covers all below */
static char log[LOG_LINES][LOG_WIDTH];
static unsigned int log_next;
static char complaints[COMPLAINTS][LOG_WIDTH];
static u32 violations;

static __printf(2, 0) void log_line(char *line, const char *fmt, va_list args)
{
	int n = scnprintf(line, LOG_WIDTH, "%u ms status %#x: ",
			  jiffies_to_msecs(jiffies - INITIAL_JIFFIES),
			  READ_ONCE(fh.status));

	vscnprintf(line + n, LOG_WIDTH - n, fmt, args);
}

void fh_log(const char *fmt, ...)
{
	unsigned long flags;
	va_list args;

	va_start(args, fmt);
	spin_lock_irqsave(&log_lock, flags);
	log_line(log[log_next++ % LOG_LINES], fmt, args);
	spin_unlock_irqrestore(&log_lock, flags);
	va_end(args);
}

void fh_violation(const char *fmt, ...)
{
	char line[LOG_WIDTH];
	unsigned long flags;
	va_list args;

	if (READ_ONCE(fh.tricks.liar))
		return;
	va_start(args, fmt);
	log_line(line, fmt, args);
	va_end(args);
	fh_log("VIOLATION %s", line);
	spin_lock_irqsave(&log_lock, flags);
	if (violations < COMPLAINTS)
		strscpy(complaints[violations], line, LOG_WIDTH);
	violations++;
	spin_unlock_irqrestore(&log_lock, flags);
}

u32 fh_violations(void)
{
	return READ_ONCE(violations);
}

int fh_log_show(struct seq_file *s, void *unused)
{
	unsigned int i;

	spin_lock_irq(&log_lock);
	i = log_next > LOG_LINES ? log_next - LOG_LINES : 0;
	for (; i < log_next; i++)
		seq_printf(s, "%s\n", log[i % LOG_LINES]);
	spin_unlock_irq(&log_lock);
	return 0;
}

int fh_complaints_show(struct seq_file *s, void *unused)
{
	unsigned int i;

	spin_lock_irq(&log_lock);
	for (i = 0; i < min_t(u32, violations, COMPLAINTS); i++)
		seq_printf(s, "%s\n", complaints[i]);
	spin_unlock_irq(&log_lock);
	return 0;
}
