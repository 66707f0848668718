// SPDX-License-Identifier: GPL-2.0-only
/* Before v6.11: separate arrays for callbacks and names. */
#include <linux/virtio.h>
#include <linux/virtio_config.h>

int vmhooks_probe(struct virtio_device *vdev, struct virtqueue *vqs[],
		  vq_callback_t *callbacks[], const char * const names[]);
int vmhooks_probe(struct virtio_device *vdev, struct virtqueue *vqs[],
		  vq_callback_t *callbacks[], const char * const names[])
{
	return virtio_find_vqs(vdev, 1, vqs, callbacks, names, NULL);
}
