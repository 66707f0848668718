// SPDX-License-Identifier: GPL-2.0-only
/* What a hostile host does: its device, and one operation at a time. */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fake_host.h"
#include "fuzz.h"
#include "pages.h"

#define FZ_FEATURES (GENMASK_ULL(VIRTIO_BALLOON_F_REPORTING, 0) |	\
		     BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |		\
		     BIT_ULL(VIRTIO_F_VERSION_1))

/* Bits that no driver of this device should accept, or that the core handles. */
#define FZ_ODD_FEATURES (GENMASK_ULL(9, 6) | BIT_ULL(VIRTIO_F_ANY_LAYOUT) | \
			 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |		\
			 BIT_ULL(VIRTIO_F_ORDER_PLATFORM) | GENMASK_ULL(63, 41))

/* 100 is no power of two, so the ring cannot be created. */
static const u16 ring_sizes[] = {
	0, 1, 2, 1, 4, 8, 16, 32, 64, 100, 128, 256, 512, FH_RING_MAX, 1, 2
};

/* Milliseconds.  A sequence without a long wait is cheap. */
static const u16 waits[] = {
	0, 0, 1, 1, 2, 3, 5, 5, 10, 10, 20, 30, 50, 100, 250, 1500
};

static struct fh_queue *pick_queue(struct fz_input *in)
{
	return &fh.q[fz_byte(in) % FH_QUEUES];
}

/* Small balloons mostly: a page costs the same time at any size. */
static u32 pick_pages(struct fz_input *in)
{
	u8 how = fz_byte(in);

	if (how < 8)
		return fz_u32(in);
	if (how < 12)
		return U32_MAX >> (fz_byte(in) % 32);
	if (how < 32)
		return fz_byte(in) << 4;
	return fz_byte(in) & how;
}

static u32 pick_id(struct fz_input *in, const struct fh_queue *q)
{
	u8 how = fz_byte(in);

	if (how < 16)
		return fz_u32(in);
	if (how < 32)
		return q->ring.num;
	return how % (q->ring.num ?: 1);
}

/*
 * From here on the host's records of pages do not count: the driver may have been told
 * that the host returned them.
 */
static void host_lies(void)
{
	lockdep_assert_held(&fh.lock);
	WRITE_ONCE(fh.tricks.liar, true);
	WRITE_ONCE(fh.touch, false);
}

static u64 pick_features(struct fz_input *in)
{
	u8 how = fz_byte(in), which = fz_byte(in);
	u64 features = FZ_FEATURES;

	if (how & 1)
		features &= ~(u64)(which & 0x3f);
	if ((how & 0x06) == 0x06)
		features &= ~BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC);
	if ((how & 0x18) == 0x18)
		features &= ~BIT_ULL(VIRTIO_F_VERSION_1);
	if ((how & 0x60) == 0x60)
		features |= BIT_ULL(VIRTIO_RING_F_EVENT_IDX);
	if (which >= 0xf0)
		features |= FZ_ODD_FEATURES;
	return features;
}

static void device_queue(struct fz_input *in, struct fh_queue *q)
{
	u8 how = fz_byte(in), value = fz_byte(in);

	q->size = q == &fh.q[FH_REPORT] ? 32 : 128;
	if (how < 48)
		q->size = ring_sizes[value % ARRAY_SIZE(ring_sizes)];
	q->hold = how >= 0xf0;
	q->ack_ms = how & 2 ? value & 0x1f : 0;
	q->reverse = how & 4;
	q->lose_irq = (how & 0x18) == 0x18;
	q->batch = (how & 0xe0) == 0x60 ? value & 7 : 0;
	q->used_len = value >> 5 < 3 ? value >> 5 : FH_LEN_ZERO;
}

/* A device that is not plugged yet. */
void fz_device(struct fz_input *in)
{
	struct fh_queue *q;
	u8 tricks;

	mutex_lock(&fh.lock);
	fh.features = pick_features(in);
	for (q = fh.q; q < fh.q + FH_QUEUES; q++)
		device_queue(in, q);
	fh.config.num_pages = cpu_to_le32(pick_pages(in));
	tricks = fz_byte(in);
	if (tricks < 16)
		fh.config.free_page_hint_cmd_id = cpu_to_le32(fz_u32(in));
	fh.tricks.ones = tricks & 1;
	fh.tricks.refuse = tricks >= 0xfa;
	fh.tricks.fail_queue = tricks >= 0xf0 ? fz_byte(in) % 8 : 0;
	fh.tricks.reset_ms = (tricks & 0x70) == 0x70 ? fz_byte(in) : 0;
	fh.touch = tricks & 2;
	fh.die_us = tricks == 0x44 ? fz_byte(in) * 10 : 0;
	mutex_unlock(&fh.lock);
}

static void op_wait(struct fz_input *in)
{
	u8 which = fz_byte(in);
	unsigned int ms = waits[which % ARRAY_SIZE(waits)];

	if (ms)
		msleep(ms);
	else
		usleep_range(which, which + 1);
}

static void op_num_pages(struct fz_input *in)
{
	u32 pages = pick_pages(in);

	mutex_lock(&fh.lock);
	fh.config.num_pages = cpu_to_le32(pages);
	mutex_unlock(&fh.lock);
	if (fz_byte(in) < 0xe0)
		fh_config_changed();
}

/* Commands are stop, done, a few that repeat, or anything. */
static void op_command(struct fz_input *in)
{
	u8 how = fz_byte(in);
	u32 id = how < 128 ? how % 4 : 0x80000000 + how % 4;

	if (how >= 0xf0)
		id = fz_u32(in);
	mutex_lock(&fh.lock);
	fh.config.free_page_hint_cmd_id = cpu_to_le32(id);
	mutex_unlock(&fh.lock);
	fh_config_changed();
}

/* The fields that the driver writes. */
static void op_config_write(struct fz_input *in)
{
	u32 value = fz_u32(in);

	mutex_lock(&fh.lock);
	host_lies();
	if (value & 1)
		fh.config.actual = cpu_to_le32(value);
	else
		fh.config.poison_val = cpu_to_le32(value);
	mutex_unlock(&fh.lock);
}

static void op_storm(struct fz_input *in)
{
	unsigned int n = fz_byte(in) + 1, step = fz_byte(in);

	while (n--) {
		mutex_lock(&fh.lock);
		le32_add_cpu(&fh.config.num_pages, n & 1 ? step : -step);
		mutex_unlock(&fh.lock);
		fh_config_changed();
	}
}

static void op_stats(struct fz_input *in)
{
	fh_ask_stats();
}

static void op_queue(struct fz_input *in)
{
	struct fh_queue *q = pick_queue(in);
	u8 how = fz_byte(in);

	mutex_lock(&fh.lock);
	q->hold = how & 1;
	q->reverse = how & 2;
	q->lose_irq = (how & 12) == 12;
	q->ack_ms = (how & 0x30) == 0x30 ? fz_byte(in) : 0;
	q->batch = (how & 0xc0) == 0xc0 ? fz_byte(in) & 15 : 0;
	mutex_unlock(&fh.lock);
	fh_host_wake();
}

/* In any order, whatever the settings say. */
static void op_use_one(struct fz_input *in)
{
	struct fh_queue *q = pick_queue(in);
	u8 which = fz_byte(in);

	mutex_lock(&fh.lock);
	if (q->vq && q->n_pending)
		fh_host_give(q, which % q->n_pending);
	mutex_unlock(&fh.lock);
}

static void op_use_any(struct fz_input *in)
{
	struct fh_queue *q = pick_queue(in);
	u32 id = pick_id(in, q), len = fz_byte(in) < 128 ? 0 : fz_u32(in);

	mutex_lock(&fh.lock);
	if (q->vq && fh_live()) {
		host_lies();
		fh_ring_use(q, id, len);
	}
	mutex_unlock(&fh.lock);
}

static void op_use_twice(struct fz_input *in)
{
	struct fh_queue *q = pick_queue(in);

	mutex_lock(&fh.lock);
	if (q->vq && fh_live() && q->used) {
		host_lies();
		fh_ring_use(q, le32_to_cpu((__force __le32)
			q->ring.used->ring[(q->used - 1) % q->ring.num].id), 0);
	}
	mutex_unlock(&fh.lock);
}

/* Entries of the used ring that nothing wrote. */
static void op_used_jump(struct fz_input *in)
{
	struct fh_queue *q = pick_queue(in);
	u8 by = fz_byte(in);

	mutex_lock(&fh.lock);
	if (q->vq && fh_live()) {
		host_lies();
		q->used += by < 128 ? by % 4 : by << 8;
		WRITE_ONCE(q->ring.used->idx, cpu_to_virtio16(&fh.vdev, q->used));
		irq_work_queue(&q->irq);
	}
	mutex_unlock(&fh.lock);
}

/* All that the device may write in a ring, except for the index. */
static void op_scribble(struct fz_input *in)
{
	struct fh_queue *q = pick_queue(in);
	u8 what = fz_byte(in);
	u32 value = fz_u32(in);

	mutex_lock(&fh.lock);
	if (q->vq && fh_live()) {
		host_lies();
		if (what < 64)
			q->ring.used->flags = cpu_to_virtio16(&fh.vdev, value);
		else if (what < 128)
			vring_avail_event(&q->ring) = cpu_to_virtio16(&fh.vdev, value);
		else
			q->ring.used->ring[what % q->ring.num].id =
				cpu_to_virtio32(&fh.vdev, value);
	}
	mutex_unlock(&fh.lock);
}

static void op_interrupt(struct fz_input *in)
{
	unsigned int n = fz_byte(in) & 15;
	struct fh_queue *q = pick_queue(in);

	do {
		mutex_lock(&fh.lock);
		if (q->vq)
			irq_work_queue(&q->irq);
		mutex_unlock(&fh.lock);
	} while (n--);
}

static void op_break(struct fz_input *in)
{
	struct fh_queue *q = pick_queue(in);

	mutex_lock(&fh.lock);
	if (q->vq)
		__virtqueue_break(q->vq);
	mutex_unlock(&fh.lock);
}

static void op_needs_reset(struct fz_input *in)
{
	fh_need_reset();
	if (fz_byte(in) & 1)
		fh_config_changed();
}

static void op_stopped(struct fz_input *in)
{
	WRITE_ONCE(fh.stopped, fz_byte(in) & 1);
	fh_host_wake();
}

static void op_transport(struct fz_input *in)
{
	u8 how = fz_byte(in);

	mutex_lock(&fh.lock);
	fh.tricks.refuse = how >= 0xf0;
	fh.tricks.fail_queue = (how & 3) == 3 ? fz_byte(in) % 8 : 0;
	fh.tricks.reset_ms = (how & 0x0c) == 0x0c ? fz_byte(in) : 0;
	mutex_unlock(&fh.lock);
}

/* Another offer, which no device may make before it is unplugged. */
static void op_features(struct fz_input *in)
{
	mutex_lock(&fh.lock);
	WRITE_ONCE(fh.tricks.liar, true);
	fh.features = pick_features(in);
	mutex_unlock(&fh.lock);
}

static void op_resize_queue(struct fz_input *in)
{
	struct fh_queue *q = pick_queue(in);

	WRITE_ONCE(q->size, ring_sizes[fz_byte(in) % ARRAY_SIZE(ring_sizes)]);
}

static void op_plug(struct fz_input *in)
{
	fh_unplug(fz_byte(in) & 1);
	fz_forget_memory();
	fh_plug();
}

#define OP(_name) { #_name, op_##_name }

/* Repeated where it is to be more likely. */
static const struct {
	const char *name;
	void (*run)(struct fz_input *in);
} ops[] = {
	OP(wait), OP(wait), OP(wait), OP(wait), OP(wait), OP(wait),
	OP(num_pages), OP(num_pages), OP(num_pages), OP(num_pages),
	OP(command), OP(command), OP(command),
	OP(queue), OP(queue), OP(queue), OP(use_one), OP(use_one),
	{ "memory", fz_memory }, { "memory", fz_memory }, { "memory", fz_memory },
	OP(stats), OP(interrupt), OP(storm), OP(stopped), OP(features),
	OP(resize_queue), OP(transport), OP(needs_reset), OP(break),
	OP(use_any), OP(use_twice), OP(used_jump), OP(scribble),
	OP(config_write), OP(plug),
	{ "rebind", fz_rebind }, { "freeze", fz_freeze },
	{ "file", fz_file }, { "file", fz_file },
};

void fz_op(struct fz_input *in)
{
	unsigned int op = fz_byte(in) % ARRAY_SIZE(ops);

	fz_watch(ops[op].name);
	fh_log("operation %s", ops[op].name);
	ops[op].run(in);
}

/* The host as it was when the module was loaded. */
void fz_neutral(void)
{
	struct fh_queue *q;

	mutex_lock(&fh.lock);
	for (q = fh.q; q < fh.q + FH_QUEUES; q++) {
		q->size = q == &fh.q[FH_REPORT] ? 32 : 128;
		q->hold = false;
		q->ack_ms = 0;
		q->reverse = false;
		q->lose_irq = false;
		q->batch = 0;
		q->used_len = FH_LEN_ZERO;
	}
	fh.config.num_pages = 0;
	fh.config.free_page_hint_cmd_id = 0;
	fh.features = FZ_FEATURES;
	fh.stopped = false;
	fh.touch = true;
	fh.die_us = 0;
	fh.tricks = (struct fh_tricks){ .polls = true };
	mutex_unlock(&fh.lock);
}

/*
 * The host serves everything again, so that a driver which waits can continue.  No lock
 * is taken: the operation that hangs may have it.
 */
void fz_rescue(void)
{
	struct fh_queue *q;

	WRITE_ONCE(fh.gone, false);
	WRITE_ONCE(fh.stopped, false);
	WRITE_ONCE(fh.status, fh.status & ~VIRTIO_CONFIG_S_NEEDS_RESET);
	WRITE_ONCE(fh.tricks.reset_ms, 0);
	for (q = fh.q; q < fh.q + FH_QUEUES; q++) {
		WRITE_ONCE(q->hold, false);
		WRITE_ONCE(q->lose_irq, false);
		WRITE_ONCE(q->ack_ms, 0);
		WRITE_ONCE(q->batch, 0);
	}
	__virtio_unbreak_device(&fh.vdev);
	for (q = fh.q; q < fh.q + FH_QUEUES; q++)
		if (q->vq)
			irq_work_queue(&q->irq);
	fh_host_wake();
}

/* A device that is gone has no pages, whatever its host recorded. */
void fz_forget_memory(void)
{
	mutex_lock(&fh.lock);
	fh_pages_drop();
	fh_host_forget();
	fh.status = 0;
	mutex_unlock(&fh.lock);
}
