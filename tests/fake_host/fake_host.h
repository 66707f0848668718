/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio balloon device whose host is this module.
 *
 * The host can be slow, broken or hostile.  It checks the driver against the clauses
 * of the specification.  There is one device at a time.
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

/* Kinds of used lengths: fh_queue.used_len. */
enum fh_used_len { FH_LEN_ZERO, FH_LEN_SUM, FH_LEN_HUGE };

/**
 * struct fh_sg - one descriptor of a buffer
 * @addr: guest-physical address
 * @len:  its length
 * @in:	  device-writable
 */
struct fh_sg {
	u64 addr;
	u32 len;
	bool in;
};

/**
 * struct fh_buffer - a buffer as the driver made it available
 * @head: index of its first descriptor
 * @n:	  descriptors
 * @out:  bytes for the host to read
 * @in:	  bytes for the host to write
 * @indirect: the descriptors are in an indirect table
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
 * struct fh_pending - a buffer in flight
 * @head: index of its first descriptor
 * @due:  jiffies at which the host uses it
 */
struct fh_pending {
	u16 head;
	unsigned long due;
};

/**
 * struct fh_queue - the host side of a queue
 * @name:	as in the specification
 * @vq:		the driver's side, NULL when the driver has not set it up
 * @ring:	the shared memory
 * @enabled:	set up since the last reset
 * @last_avail:	next entry of the available ring
 * @used:	next entry of the used ring
 * @pending:	buffers in flight, oldest first
 * @n_pending:	buffers in flight
 * @irq:	the interrupt, in hardirq context as a real one
 * @size:	setting: entries; 0: the queue does not exist
 * @ack_ms:	setting: milliseconds until the host uses a buffer
 * @hold:	setting: the host uses no buffer
 * @oom_ms:	setting: @hold ends this long after the guest ran out of memory; 0:
 *		never
 * @oom_due:	jiffies at which @hold ends, 0 while the guest has memory
 * @reverse:	setting: the host uses the newest buffer first
 * @batch:	setting: use this many buffers at a time, or all after 200 ms
 * @used_len:	setting: enum fh_used_len
 * @lose_irq:	setting: no interrupt reaches the driver
 * @bad_id:	setting, once: mark the descriptor @bad_id - 1 as used instead
 * @full:	setting: the driver finds the ring full
 * @kicks:	notifications
 * @buffers:	buffers that the host has read
 * @indirect:	of these, buffers with an indirect table
 * @acked:	buffers used
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
 * struct fh_tricks - what no other device does; set by sequences (fuzz.h)
 * @ones:	the status of a device that is gone has all bits
 * @refuse:	FEATURES_OK does not stay set
 * @fail_queue: the creation of this queue fails, counted from 1; 0: of none
 * @reset_ms:	a reset takes so long, and the device serves meanwhile
 * @polls:	the host needs no kick
 * @liar:	the host has used buffers that it did not have, so nothing that the driver
 *		does is a violation
 */
struct fh_tricks {
	bool ones;
	bool refuse;
	u32 fail_queue;
	u32 reset_ms;
	bool polls;
	bool liar;
};

/**
 * struct fh_host - the device and its host
 * @vdev:	   the device
 * @parent:	   its parent device; suspends and resumes it
 * @plug_lock:	   serialises plugging
 * @plugged:	   the device is registered
 * @released:	   the last reference to @vdev was dropped
 * @lock:	   covers everything below and the queues.  Exception: @status and
 *		   counters
 * @status:	   the device status field
 * @features:	   setting: the features offered
 * @accepted:	   the features accepted by the driver
 * @config:	   the configuration space
 * @gone:	   the device was pulled out and does not answer
 * @stopped:	   setting: the host is paused
 * @touch:	   setting: write patterns into the pages that the host has
 * @ignore_reset:  setting: a reset changes nothing, the host continues
 * @ignored:	   a reset was ignored in this life
 * @tricks:	   more settings
 * @die_us:	   setting, once: this many microseconds after DRIVER_OK, mark an
 *		   invalid descriptor of the inflate queue as used
 * @poison_writes: how often poison_val was written in this life
 * @hint_id:	   command that the driver has sent, 0 if none
 * @hint_said:	   command that it sent last
 * @stats_head:	   the statistics buffer, valid when @stats_held
 * @stats_held:	   the host has the buffer
 * @stats_wanted:  statistics were requested without a buffer
 * @stats_n:	   entries in it
 * @stats:	   its contents
 * @stats_tags_n:  entries in the first one of this life, 0 before
 * @stats_tags:	   its tags
 * @report_sizes:  reported ranges, by order
 * @report_cuts:   reported ranges that end at a memory block's end, where another begins
 * @untold:	   pages that left the balloon by a reset, not by a deflation
 * @uninvited:	   pages deflated below num_pages
 * @exchange:	   the balloon's last change was an inflation of one page
 * @resized:	   jiffies of the last inflation, deflation, or resume
 * @q:		   the queues
 * @wait:	   wakes the host
 * @kicked:	   there may be work
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
	struct fh_tricks tricks;
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

/* main.c: plug and unplug the device.  Context: process, may sleep. */
int fh_plug(void);
void fh_unplug(bool surprise);

/* Freeze and restore the device.  Context: process, may sleep.  Return: 0 or an error. */
int fh_freeze(void);

/* config.c: the transport. */
extern const struct virtio_config_ops fh_config_ops;
void fh_config_init(void);
void fh_config_changed(void);
void fh_need_reset(void);
bool fh_has(unsigned int feature);
bool fh_live(void);
bool fh_serves(void);

/* queues.c: set up and delete the queues. */
int fh_find_vqs(struct virtio_device *vdev, unsigned int n,
		struct virtqueue *vqs[], vq_callback_t *const callbacks[],
		const char *const names[]);
void fh_del_vqs(struct virtio_device *vdev);
void fh_queues_init(void);

/* ring.c: the host side of a ring.  @lock held. */
bool fh_ring_empty(const struct fh_queue *q);
bool fh_ring_next(const struct fh_queue *q, u16 *head);
bool fh_ring_read(const struct fh_queue *q, u16 head, struct fh_buffer *buf);
void fh_ring_use(struct fh_queue *q, u32 id, u32 len);

/* host.c: the host's thread, and requests to it. */
int fh_host_start(void);
void fh_host_stop(void);
void fh_host_wake(void);
void fh_host_forget(void);
void fh_host_give(struct fh_queue *q, unsigned int i);
void fh_ask_stats(void);

/* clauses.c, hint.c, report.c: check the contents of buffers.  @lock held. */
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
