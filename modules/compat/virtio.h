/* SPDX-License-Identifier: GPL-2.0-only */
/* virtio_find_vqs() and virtio_reset_device() as of Linux 6.12. */
#ifndef VMHOOKS_COMPAT_VIRTIO_H
#define VMHOOKS_COMPAT_VIRTIO_H

#include <linux/virtio.h>
#include <linux/virtio_config.h>

#ifndef VMHOOKS_HAVE_VIRTIO_RESET_DEVICE
static inline void virtio_reset_device(struct virtio_device *vdev)
{
	vdev->config->reset(vdev);
}
#endif

/* The first 64 features that the device offers. */
static inline u64 vmhooks_virtio_features(struct virtio_device *vdev)
{
#ifdef VMHOOKS_HAVE_VIRTIO_GET_FEATURES
	typeof(vdev->features_array) features;

	virtio_get_features(vdev, features);
	return features[0];
#else
	return vdev->config->get_features(vdev);
#endif
}

#if !defined(VMHOOKS_HAVE_VIRTQUEUE_INFO) && \
	!defined(VMHOOKS_HAVE_VIRTQUEUE_NAMES)
#error "virtio_find_vqs() has unknown arguments: see modules/compat/probed.log"
#endif

#ifndef VMHOOKS_HAVE_VIRTQUEUE_INFO
struct virtqueue_info {
	const char *name;
	vq_callback_t *callback;
	bool ctx;
};

#define VMHOOKS_FIND_VQS_MAX 8

static inline int vmhooks_find_vqs(struct virtio_device *vdev,
				   unsigned int nvqs, struct virtqueue *vqs[],
				   struct virtqueue_info info[],
				   struct irq_affinity *desc)
{
	vq_callback_t *callbacks[VMHOOKS_FIND_VQS_MAX];
	const char *names[VMHOOKS_FIND_VQS_MAX];
	unsigned int i;

	if (nvqs > VMHOOKS_FIND_VQS_MAX)
		return -EINVAL;
	for (i = 0; i < nvqs; i++) {
		callbacks[i] = info[i].callback;
		names[i] = info[i].name;
	}
	return virtio_find_vqs(vdev, nvqs, vqs, callbacks, names, desc);
}

#define virtio_find_vqs vmhooks_find_vqs
#endif

#endif /* VMHOOKS_COMPAT_VIRTIO_H */
