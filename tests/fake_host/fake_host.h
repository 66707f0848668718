/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio balloon device whose host is this module.
 *
 * The host can be told to be slow, broken or hostile, and it watches the driver
 * for what the specification asks of it.  One device at a time.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <linux/completion.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_ring.h>
#include <linux/wait.h>

/* Most entries that a queue may have. */
#define FH_RING_MAX 1024
/* Most tags that a statistics buffer may have. */
#define FH_STATS_MAX 64

/* A range has fewer than 2^32 bytes, which are 2^20 pages. */
#define FH_REPORT_SIZES 20

/* In the order of the specification. */
enum fh_queue_id {
	FH_INFLATE,
	FH_DEFLATE,
	FH_STATS,
	FH_HINT,
	FH_REPORT,
	FH_QUEUES
};

/* What used lengths are: fh_queue.used_len. */
enum fh_used_len { FH_LEN_ZERO, FH_LEN_SUM, FH_LEN_HUGE };

/**
 * struct fh_sg - one descriptor of a buffer
 * @addr: guest-physical address
 * @len:  its length
 * @in:	  the host may write it
 */
struct fh_sg {
	u64 addr;
	u32 len;
	bool in;
};

/**
 * struct fh_buffer - a buffer as the driver made it available
 * @head: its number in the ring
 * @n:	  descriptors
 * @out:  bytes for the host to read
 * @in:	  bytes that it may write
 * @indirect: the descriptors are in a table of their own
 * @sg:	  the descriptors
 */
struct fh_buffer {
	u16 head;
	unsigned int n;
	u64 out;
	u64 in;
	bool indirect;
	struct fh_sg sg[FH_RING_MAX];
};

/**
 * struct fh_pending - a buffer that the host has taken and not yet used
 * @head: its number in the ring
 * @due:  jiffies at which it is to be acknowledged
 */
struct fh_pending {
	u16 head;
	unsigned long due;
};

/**
 * struct fh_queue - a queue, the host's side of it
 * @name:	of the specification
 * @vq:		the driver's side, NULL when the driver has not set it up
 * @ring:	the memory that both share
 * @enabled:	set up since the last reset
 * @last_avail:	how far the host has read the ring
 * @used:	how far it has written it
 * @pending:	what it holds, oldest first
 * @n_pending:	how many those are
 * @irq:	the interrupt, in hard interrupt context as a real one
 * @size:	setting: entries; 0: the host lacks the queue
 * @ack_ms:	setting: how long the host holds a buffer
 * @hold:	setting: the host acknowledges nothing
 * @oom_ms:	setting: @hold ends so long after the guest is out of memory; 0: it
 *		does not
 * @oom_due:	jiffies at which it ends, 0 while the guest has memory
 * @reverse:	setting: the newest buffer is acknowledged first
 * @batch:	setting: acknowledge that many at a time, or after 200 ms
 * @used_len:	setting: enum fh_used_len
 * @lose_irq:	setting: no interrupt reaches the driver
 * @bad_id:	setting, once: acknowledge this number + 1 instead
 * @full:	setting: the driver finds no room in the ring
 * @kicks:	notifications
 * @buffers:	buffers taken
 * @indirect:	of those, buffers with a table of descriptors
 * @acked:	buffers acknowledged
 */
struct fh_queue {
	const char *name;
	struct virtqueue *vq;
	struct vring ring;
	bool enabled;
	u16 last_avail;
	u16 used;
	struct fh_pending pending[FH_RING_MAX];
	u32 n_pending;
	struct irq_work irq;
	u32 size;
	u32 ack_ms;
	bool hold;
	u32 oom_ms;
	unsigned long oom_due;
	bool reverse;
	u32 batch;
	u32 used_len;
	bool lose_irq;
	u32 bad_id;
	bool full;
	u32 kicks;
	u32 buffers;
	u32 indirect;
	u32 acked;
};

/**
 * struct fh_host - the device and its host
 * @vdev:	   the device
 * @parent:	   what it hangs from; suspends and resumes it
 * @plug_lock:	   serialises plugging
 * @plugged:	   the device is registered
 * @released:	   nobody refers to @vdev any more
 * @lock:	   covers everything below and the queues, but for @status and
 *		   counters
 * @status:	   the device status field
 * @features:	   setting: what the host offers
 * @accepted:	   what the driver took
 * @config:	   the configuration space
 * @gone:	   the device was pulled out: it answers nothing
 * @stopped:	   setting: the host does nothing for now
 * @touch:	   setting: write patterns into what the host holds
 * @ignore_reset:  setting: a reset changes nothing, the host goes on
 * @ignored:	   a reset was ignored in this life
 * @die_us:	   setting, once: after DRIVER_OK and as many microseconds more, use a
 *		   buffer of the inflate queue that is not there
 * @poison_writes: how often poison_val was written in this life
 * @hint_id:	   command that the driver has announced, 0 when none
 * @hint_said:	   command that it announced last
 * @stats_head:	   the statistics buffer, valid when @stats_held
 * @stats_held:	   the host has it
 * @stats_wanted:  statistics were asked for while it had none
 * @stats_n:	   entries in it
 * @stats:	   what it said
 * @stats_tags_n:  entries in the first one of this life, 0 before
 * @stats_tags:	   its tags
 * @report_sizes:  reported ranges, by the power of two of pages that they have
 * @report_cuts:   reported ranges that end at a memory block's end, where the next begins
 * @untold:	   pages that resets took from the balloon without a deflation
 * @uninvited:	   pages deflated although the host wanted them in the balloon
 * @exchange:	   the balloon's last change was one page that came
 * @resized:	   jiffies when inflation or deflation was last acknowledged, or the
 *		   guest woke up
 * @q:		   the queues
 * @wait:	   wakes the host
 * @kicked:	   something may be there to do
 */
struct fh_host {
	struct virtio_device vdev;
	struct device *parent;
	struct mutex plug_lock;		/* see above */
	bool plugged;
	struct completion released;

	struct mutex lock;		/* see above */
	u8 status;
	u64 features;
	u64 accepted;
	struct virtio_balloon_config config;
	bool gone;
	bool stopped;
	bool touch;
	bool ignore_reset;
	bool ignored;
	u32 die_us;
	u32 poison_writes;
	u32 hint_id;
	u32 hint_said;
	u16 stats_head;
	bool stats_held;
	bool stats_wanted;
	u32 stats_n;
	struct virtio_balloon_stat stats[FH_STATS_MAX];
	u32 stats_tags_n;
	u16 stats_tags[FH_STATS_MAX];
	u32 report_sizes[FH_REPORT_SIZES];
	u32 report_cuts;
	u32 untold;
	u32 uninvited;
	bool exchange;
	unsigned long resized;
	struct fh_queue q[FH_QUEUES];

	wait_queue_head_t wait;
	bool kicked;
};

extern struct fh_host fh;

/* main.c: the device comes and goes.  Context: process, may sleep. */
int fh_plug(void);
void fh_unplug(bool surprise);

/* config.c: what a transport does. */
extern const struct virtio_config_ops fh_config_ops;
void fh_config_init(void);
void fh_config_changed(void);
void fh_need_reset(void);
bool fh_has(unsigned int feature);
bool fh_live(void);
bool fh_serves(void);

/* queues.c: coming and going of the queues. */
int fh_find_vqs(struct virtio_device *vdev, unsigned int n,
		struct virtqueue *vqs[], vq_callback_t *const callbacks[],
		const char *const names[]);
void fh_del_vqs(struct virtio_device *vdev);
void fh_queues_init(void);

/* ring.c: the host's side of a ring.  @lock held. */
bool fh_ring_empty(const struct fh_queue *q);
bool fh_ring_next(const struct fh_queue *q, u16 *head);
bool fh_ring_read(const struct fh_queue *q, u16 head, struct fh_buffer *buf);
void fh_ring_use(struct fh_queue *q, u32 id, u32 len);

/* host.c: the host's thread, and what it can be asked for. */
int fh_host_start(void);
void fh_host_stop(void);
void fh_host_wake(void);
void fh_host_forget(void);
void fh_ask_stats(void);

/* clauses.c, hint.c, report.c: what a buffer must be.  @lock held. */
void fh_check_features(void);
void fh_check_ready(void);
void fh_check_actual(void);
void fh_took_pfns(struct fh_queue *q, const struct fh_buffer *buf);
void fh_gives_pfns(struct fh_queue *q, const struct fh_buffer *buf);
void fh_took_stats(struct fh_queue *q, const struct fh_buffer *buf);
void fh_took_hint(struct fh_queue *q, const struct fh_buffer *buf);
void fh_gives_hint(struct fh_queue *q, const struct fh_buffer *buf);
void fh_took_report(struct fh_queue *q, const struct fh_buffer *buf);
void fh_gives_report(struct fh_queue *q, const struct fh_buffer *buf);

/* log.c.  Context: any. */
__printf(1, 2) void fh_log(const char *fmt, ...);
__printf(1, 2) void fh_violation(const char *fmt, ...);
u32 fh_violations(void);
struct seq_file;
int fh_log_show(struct seq_file *s, void *unused);
int fh_complaints_show(struct seq_file *s, void *unused);

/* debugfs.c */
void fh_debugfs_init(void);
void fh_debugfs_exit(void);

#endif /* FAKE_HOST_H */
