// SPDX-License-Identifier: GPL-2.0-only
/* The transport: configuration space, status, features, reset. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fake_host.h"
#include "pages.h"
#include "virtio.h"

static struct irq_work config_irq;

bool fh_has(unsigned int feature)
{
	return fh.accepted & BIT_ULL(feature);
}

/* DRIVER_OK is set, and no reset followed. */
bool fh_live(void)
{
	return READ_ONCE(fh.status) & VIRTIO_CONFIG_S_DRIVER_OK;
}

/* It is live and has not set DEVICE_NEEDS_RESET. */
bool fh_serves(void)
{
	return fh_live() &&
	       !(READ_ONCE(fh.status) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

void fh_need_reset(void)
{
	mutex_lock(&fh.lock);
	if (fh_live())
		WRITE_ONCE(fh.status, fh.status | VIRTIO_CONFIG_S_NEEDS_RESET);
	fh_log("a reset is needed");
	mutex_unlock(&fh.lock);
}

static void config_get(struct virtio_device *vdev, unsigned int offset,
		       void *buf, unsigned int len)
{
	might_sleep();
	mutex_lock(&fh.lock);
	if (fh.gone || offset + len > sizeof(fh.config))
		memset(buf, 0xff, len);
	else
		memcpy(buf, (u8 *)&fh.config + offset, len);
	mutex_unlock(&fh.lock);
}

static void config_set_locked(unsigned int offset, u32 value)
{
	switch (offset) {
	case offsetof(struct virtio_balloon_config, actual):
		if (fh.config.actual == cpu_to_le32(value))
			fh_violation("actual was written and is %u already",
				     value);
		fh.config.actual = cpu_to_le32(value);
		break;
	case offsetof(struct virtio_balloon_config, poison_val):
		fh.config.poison_val = cpu_to_le32(value);
		fh.poison_writes++;
		fh_log("poison_val is %#x", value);
		if (fh_live())
			fh_violation("poison_val was written after DRIVER_OK");
		if (!fh_has(VIRTIO_BALLOON_F_PAGE_POISON))
			fh_violation("poison_val was written without PAGE_POISON");
		break;
	default:
		fh_violation("%#x was written at %u of the configuration",
			     value, offset);
	}
}

static void config_set(struct virtio_device *vdev, unsigned int offset,
		       const void *buf, unsigned int len)
{
	__le32 value = 0;

	might_sleep();
	if (len != sizeof(value)) {
		fh_violation("%u bytes were written at %u of the configuration",
			     len, offset);
		return;
	}
	memcpy(&value, buf, len);
	mutex_lock(&fh.lock);
	if (!fh.gone)
		config_set_locked(offset, le32_to_cpu(value));
	mutex_unlock(&fh.lock);
}

static u8 config_get_status(struct virtio_device *vdev)
{
	u8 status = READ_ONCE(fh.status);

	if (READ_ONCE(fh.gone) && fh.tricks.ones)
		return 0xff;
	return fh.tricks.refuse ? status & ~VIRTIO_CONFIG_S_FEATURES_OK : status;
}

static void config_set_status(struct virtio_device *vdev, u8 status)
{
	might_sleep();
	mutex_lock(&fh.lock);
	if (status & ~fh.status & VIRTIO_CONFIG_S_FEATURES_OK)
		fh_check_features();
	if (status & ~fh.status & VIRTIO_CONFIG_S_DRIVER_OK)
		fh_check_ready();
	WRITE_ONCE(fh.status, status);
	fh_log("status set");
	mutex_unlock(&fh.lock);
	fh_host_wake();
}

/*
 * After a reset the host neither touches the guest's memory nor interrupts it.  It
 * keeps "actual", as QEMU does.
 */
static void config_reset(struct virtio_device *vdev)
{
	struct fh_queue *q;

	might_sleep();
	if (fh.tricks.reset_ms)
		msleep(fh.tricks.reset_ms);
	mutex_lock(&fh.lock);
	fh_log("reset%s", fh.ignore_reset ? ", ignored" : "");
	fh.ignored = fh.ignore_reset;
	if (fh.ignored) {
		mutex_unlock(&fh.lock);
		return;
	}
	fh.untold += fh_pages_count(FH_IN_BALLOON) +
		     fh_pages_count(FH_LEAVING);
	fh_pages_forget();
	fh_host_forget();
	WRITE_ONCE(fh.status, 0);
	fh.poison_writes = 0;
	fh.resized = jiffies;
	mutex_unlock(&fh.lock);
	for (q = fh.q; q < fh.q + FH_QUEUES; q++)
		irq_work_sync(&q->irq);
	irq_work_sync(&config_irq);
}

static u64 config_get_features(struct virtio_device *vdev)
{
	return fh.features;
}

static int config_finalize_features(struct virtio_device *vdev)
{
	vring_transport_features(vdev);
	mutex_lock(&fh.lock);
	fh.accepted = vdev->features;
	fh_log("features %#llx", fh.accepted);
	mutex_unlock(&fh.lock);
	return 0;
}

static const char *config_bus_name(struct virtio_device *vdev)
{
	return "fake_host";
}

#ifdef VMHOOKS_HAVE_VIRTQUEUE_INFO
static int config_find_vqs(struct virtio_device *vdev, unsigned int n,
			   struct virtqueue *vqs[], struct virtqueue_info info[],
			   struct irq_affinity *desc)
{
	vq_callback_t *callbacks[FH_QUEUES] = {};
	const char *names[FH_QUEUES] = {};
	unsigned int i;

	if (n > FH_QUEUES)
		return -ENOENT;
	for (i = 0; i < n; i++) {
		callbacks[i] = info[i].callback;
		names[i] = info[i].name;
	}
	return fh_find_vqs(vdev, n, vqs, callbacks, names);
}
#else
static int config_find_vqs(struct virtio_device *vdev, unsigned int n,
			   struct virtqueue *vqs[], vq_callback_t *callbacks[],
			   const char *const names[], const bool *ctx,
			   struct irq_affinity *desc)
{
	return n > FH_QUEUES ? -ENOENT :
			       fh_find_vqs(vdev, n, vqs, callbacks, names);
}
#endif

const struct virtio_config_ops fh_config_ops = {
	.get = config_get,
	.set = config_set,
	.get_status = config_get_status,
	.set_status = config_set_status,
	.reset = config_reset,
	.find_vqs = config_find_vqs,
	.del_vqs = fh_del_vqs,
	.get_features = config_get_features,
	.finalize_features = config_finalize_features,
	.bus_name = config_bus_name,
};

static void config_irq_func(struct irq_work *irq)
{
	if (fh_live())
		virtio_config_changed(&fh.vdev);
}

void fh_config_changed(void)
{
	irq_work_queue(&config_irq);
}

void fh_config_init(void)
{
	init_irq_work(&config_irq, config_irq_func);
}
