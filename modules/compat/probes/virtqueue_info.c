// SPDX-License-Identifier: GPL-2.0-only
/* v6.11, "virtio: rename virtio_find_vqs_info() to virtio_find_vqs()" */
#include <linux/virtio.h>
#include <linux/virtio_config.h>

int vmhooks_probe(struct virtio_device *vdev, struct virtqueue *vqs[],
		  struct virtqueue_info info[]);
int vmhooks_probe(struct virtio_device *vdev, struct virtqueue *vqs[],
		  struct virtqueue_info info[])
{
	return virtio_find_vqs(vdev, 1, vqs, info, NULL);
}
