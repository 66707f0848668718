// SPDX-License-Identifier: GPL-2.0-only
/* Set-up and deletion of the queues. */
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fake_host.h"

static struct fh_queue *queue_of(struct virtqueue *vq)
{
	return vq->priv;
}

/* The driver's kick, in any context. */
static bool queue_notify(struct virtqueue *vq)
{
	struct fh_queue *q = queue_of(vq);

	q->kicks++;
	if (!(READ_ONCE(fh.status) & VIRTIO_CONFIG_S_DRIVER_OK))
		fh_violation("%s was kicked outside DRIVER_OK", q->name);
	if (READ_ONCE(fh.gone))
		return false;
	fh_host_wake();
	return true;
}

/* In hardirq context, like the interrupt of a real device. */
static void queue_irq(struct irq_work *irq)
{
	struct fh_queue *q = container_of(irq, struct fh_queue, irq);

	if (fh_live() && q->vq)
		vring_interrupt(0, q->vq);
}

/* Queue numbers depend on the offered features.  Return: NULL for an invalid number. */
static struct fh_queue *queue_numbered(unsigned int number)
{
	unsigned int id, n = 0;

	for (id = 0; id < FH_QUEUES; id++) {
		if (id == FH_STATS &&
		    !(fh.features & BIT_ULL(VIRTIO_BALLOON_F_STATS_VQ)))
			continue;
		if (id == FH_HINT &&
		    !(fh.features & BIT_ULL(VIRTIO_BALLOON_F_FREE_PAGE_HINT)))
			continue;
		if (id == FH_REPORT &&
		    !(fh.features & BIT_ULL(VIRTIO_BALLOON_F_REPORTING)))
			continue;
		if (n++ == number)
			return &fh.q[id];
	}
	return NULL;
}

static int queue_create(struct fh_queue *q, unsigned int number,
			vq_callback_t *callback, const char *name)
{
	struct virtqueue *vq;

	if (!q || !q->size || q->vq)
		return -ENOENT;
	if (fh.tricks.fail_queue == number + 1)
		return -ENOMEM;
	vq = vring_create_virtqueue(number, q->size, PAGE_SIZE, &fh.vdev, true,
				    false, false, queue_notify, callback, name);
	if (!vq)
		return -ENOMEM;
	vq->priv = q;
	q->ring = *virtqueue_get_vring(vq);
	q->last_avail = 0;
	q->used = 0;
	q->n_pending = 0;
	q->full = false;
	q->enabled = true;
	q->vq = vq;
	return 0;
}

/*
 * As in the kernel's transports, queues without a name are left out of the numbering.
 * Both balloon drivers put each queue at its place in enum fh_queue_id.
 */
int fh_find_vqs(struct virtio_device *vdev, unsigned int n,
		struct virtqueue *vqs[], vq_callback_t *const callbacks[],
		const char *const names[])
{
	unsigned int i, number = 0;
	int err = 0;

	mutex_lock(&fh.lock);
	for (i = 0; i < n && !err; i++) {
		struct fh_queue *q = NULL;

		vqs[i] = NULL;
		if (!names[i])
			continue;
		q = queue_numbered(number);
		err = queue_create(q, number++, callbacks[i], names[i]);
		fh_log("queue %u is %s for the host and %s for the driver: %d",
		       number - 1, q ? q->name : "none", names[i], err);
		if (err)
			break;
		if (q != &fh.q[i])
			fh_violation("%s and %s were mixed up", q->name,
				     names[i]);
		vqs[i] = q->vq;
	}
	mutex_unlock(&fh.lock);
	if (err)
		fh_del_vqs(vdev);
	return err;
}

void fh_del_vqs(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;
	struct fh_queue *q;

	if (fh_live() && !fh.gone && !list_empty(&vdev->vqs))
		fh_violation("queues of a live device were deleted");
	mutex_lock(&fh.lock);
	/* After an ignored reset the driver's buffers are still in use. */
	list_for_each_entry_safe(vq, next, &vdev->vqs, list) {
		q = queue_of(vq);
		irq_work_sync(&q->irq);
		q->vq = NULL;
		vring_del_virtqueue(vq);
	}
	mutex_unlock(&fh.lock);
}

void fh_queues_init(void)
{
	static const char *const names[FH_QUEUES] = {
		"inflate", "deflate", "stats", "hint", "report"
	};
	unsigned int id;

	for (id = 0; id < FH_QUEUES; id++) {
		fh.q[id].name = names[id];
		fh.q[id].size = id == FH_REPORT ? 32 : 128;
		init_irq_work(&fh.q[id].irq, queue_irq);
	}
}
