// SPDX-License-Identifier: GPL-2.0-only
/*
 * As of v6.17 a transport may have get_extended_features() and no get_features(), and the
 * core has a function for both (virtio: introduce extended features).
 */
#include <linux/virtio.h>
#include <linux/virtio_config.h>

u64 vmhooks_probe(struct virtio_device *vdev);
u64 vmhooks_probe(struct virtio_device *vdev)
{
	typeof(vdev->features_array) features;

	virtio_get_features(vdev, features);
	return features[0];
}
