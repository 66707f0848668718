// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's side of a split ring.
 *
 * Addresses are guest-physical and this is the guest: the direct map has them.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fake_host.h"

static u16 avail_idx(const struct fh_queue *q)
{
	return virtio16_to_cpu(&fh.vdev, READ_ONCE(q->ring.avail->idx));
}

bool fh_ring_empty(const struct fh_queue *q)
{
	return !q->vq || avail_idx(q) == q->used;
}

bool fh_ring_next(const struct fh_queue *q, u16 *head)
{
	if (avail_idx(q) == q->last_avail)
		return false;
	virtio_rmb(true);	/* the entry after the index */
	*head = virtio16_to_cpu(&fh.vdev,
				q->ring.avail->ring[q->last_avail % q->ring.num]);
	return true;
}

bool fh_ring_read(const struct fh_queue *q, u16 head, struct fh_buffer *buf)
{
	const struct vring_desc *desc;
	unsigned int i = head;
	u16 flags;

	buf->head = head;
	buf->n = 0;
	buf->in = 0;
	buf->out = 0;
	do {
		if (i >= q->ring.num || buf->n == q->ring.num)
			return false;
		desc = &q->ring.desc[i];
		flags = virtio16_to_cpu(&fh.vdev, desc->flags);
		if (flags & VRING_DESC_F_INDIRECT)
			return false;
		buf->sg[buf->n] = (struct fh_sg){
			.addr = virtio64_to_cpu(&fh.vdev, desc->addr),
			.len = virtio32_to_cpu(&fh.vdev, desc->len),
			.in = flags & VRING_DESC_F_WRITE,
		};
		if (buf->sg[buf->n].in)
			buf->in += buf->sg[buf->n].len;
		else
			buf->out += buf->sg[buf->n].len;
		buf->n++;
		i = virtio16_to_cpu(&fh.vdev, desc->next);
	} while (flags & VRING_DESC_F_NEXT);
	return true;
}

void fh_ring_use(struct fh_queue *q, u32 id, u32 len)
{
	struct vring_used_elem *elem = &q->ring.used->ring[q->used % q->ring.num];

	elem->id = cpu_to_virtio32(&fh.vdev, id);
	elem->len = cpu_to_virtio32(&fh.vdev, len);
	virtio_wmb(true);	/* the entry before the index */
	q->used++;
	WRITE_ONCE(q->ring.used->idx, cpu_to_virtio16(&fh.vdev, q->used));
	virtio_mb(true);	/* the index before the driver's wish */
	if (READ_ONCE(q->ring.avail->flags) &
	    cpu_to_virtio16(&fh.vdev, VRING_AVAIL_F_NO_INTERRUPT))
		return;
	if (!q->lose_irq)
		irq_work_queue(&q->irq);
}
