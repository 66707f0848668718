// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host side of a split ring.
 *
 * Addresses are guest-physical.  This module runs in the guest, so the direct map has
 * them.
 */
#include <linux/io.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fake_host.h"
#include "pages.h"

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

static u16 desc_flags(const struct vring_desc *desc)
{
	return virtio16_to_cpu(&fh.vdev, desc->flags);
}

/* Return: false if there is no such memory, as in a table that the driver has freed. */
static bool buffer_add(struct fh_buffer *buf, const struct vring_desc *desc)
{
	struct fh_sg *sg = &buf->sg[buf->n++];

	sg->addr = virtio64_to_cpu(&fh.vdev, desc->addr);
	sg->len = virtio32_to_cpu(&fh.vdev, desc->len);
	sg->in = desc_flags(desc) & VRING_DESC_F_WRITE;
	if (sg->in)
		buf->in += sg->len;
	else
		buf->out += sg->len;
	return fh_memory_has(sg->addr, sg->len);
}

/* Follow a chain through @num descriptors, of the ring or of an indirect table. */
static bool buffer_fill(struct fh_buffer *buf, const struct vring_desc *descs,
			unsigned int num, unsigned int i)
{
	const struct vring_desc *desc;

	do {
		if (i >= num || buf->n == num)
			return false;
		desc = &descs[i];
		if (desc_flags(desc) & VRING_DESC_F_INDIRECT ||
		    !buffer_add(buf, desc))
			return false;
		i = virtio16_to_cpu(&fh.vdev, desc->next);
	} while (desc_flags(desc) & VRING_DESC_F_NEXT);
	return true;
}

/* A single entry of the ring that refers to an indirect table, if negotiated. */
static bool buffer_fill_indirect(struct fh_buffer *buf,
				 const struct vring_desc *desc,
				 unsigned int most)
{
	u32 len = virtio32_to_cpu(&fh.vdev, desc->len);
	unsigned int num = len / sizeof(*desc);

	buf->indirect = true;
	if (!fh_has(VIRTIO_RING_F_INDIRECT_DESC) ||
	    desc_flags(desc) & VRING_DESC_F_NEXT ||
	    !num || num > most || len % sizeof(*desc) ||
	    !fh_memory_has(virtio64_to_cpu(&fh.vdev, desc->addr), len))
		return false;
	return buffer_fill(buf,
			   phys_to_virt(virtio64_to_cpu(&fh.vdev, desc->addr)),
			   num, 0);
}

bool fh_ring_read(const struct fh_queue *q, u16 head, struct fh_buffer *buf)
{
	const struct vring_desc *desc = &q->ring.desc[head];

	buf->head = head;
	buf->n = 0;
	buf->in = 0;
	buf->out = 0;
	buf->indirect = false;
	if (head < q->ring.num && desc_flags(desc) & VRING_DESC_F_INDIRECT)
		return buffer_fill_indirect(buf, desc, q->ring.num);
	return buffer_fill(buf, q->ring.desc, q->ring.num, head);
}

void fh_ring_use(struct fh_queue *q, u32 id, u32 len)
{
	struct vring_used_elem *elem = &q->ring.used->ring[q->used % q->ring.num];

	elem->id = cpu_to_virtio32(&fh.vdev, id);
	elem->len = cpu_to_virtio32(&fh.vdev, len);
	virtio_wmb(true);	/* the entry before the index */
	q->used++;
	WRITE_ONCE(q->ring.used->idx, cpu_to_virtio16(&fh.vdev, q->used));
	virtio_mb(true);	/* the index before the driver's flags */
	if (READ_ONCE(q->ring.avail->flags) &
	    cpu_to_virtio16(&fh.vdev, VRING_AVAIL_F_NO_INTERRUPT))
		return;
	if (!q->lose_irq)
		irq_work_queue(&q->irq);
}
