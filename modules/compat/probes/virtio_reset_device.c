// SPDX-License-Identifier: GPL-2.0-only
/* v5.17, "virtio: wrap config->reset calls" */
#include <linux/virtio.h>

void vmhooks_probe(struct virtio_device *vdev);
void vmhooks_probe(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
}
