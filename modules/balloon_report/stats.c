// SPDX-License-Identifier: GPL-2.0-only
/* Memory statistics: one buffer that the device returns to ask for new ones. */
#include "stats.h"

#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/vmstat.h>

#include "queue.h"
#include "state.h"
#include "work.h"

/* Older hosts reject tags that the uapi header of this kernel does not define. */
static void stats_set(struct br_stat_values *v, unsigned int tag, u64 value)
{
	if (tag >= VIRTIO_BALLOON_S_NR)
		return;
	v->value[tag] = value;
	v->have |= BIT(tag);
}

static u64 pages(u64 n)
{
	return n << PAGE_SHIFT;
}

#ifdef CONFIG_VM_EVENT_COUNTERS
static u64 stalls(const unsigned long *event)
{
	u64 sum = 0;
	int z;

	for (z = 0; z < MAX_NR_ZONES; z++)
		sum += event[ALLOCSTALL_NORMAL - ZONE_NORMAL + z];
	return sum;
}

static void stats_collect_events(struct br_stat_values *v)
{
	unsigned long event[NR_VM_EVENT_ITEMS];

	all_vm_events(event);
	stats_set(v, VIRTIO_BALLOON_S_SWAP_IN, pages(event[PSWPIN]));
	stats_set(v, VIRTIO_BALLOON_S_SWAP_OUT, pages(event[PSWPOUT]));
	stats_set(v, VIRTIO_BALLOON_S_MAJFLT, event[PGMAJFAULT]);
	stats_set(v, VIRTIO_BALLOON_S_MINFLT, event[PGFAULT]);
	stats_set(v, BR_S_OOM_KILL, event[OOM_KILL]);
	stats_set(v, BR_S_ALLOC_STALL, stalls(event));
	stats_set(v, BR_S_ASYNC_SCAN, pages(event[PGSCAN_KSWAPD]));
	stats_set(v, BR_S_DIRECT_SCAN, pages(event[PGSCAN_DIRECT]));
	stats_set(v, BR_S_ASYNC_RECLAIM, pages(event[PGSTEAL_KSWAPD]));
	stats_set(v, BR_S_DIRECT_RECLAIM, pages(event[PGSTEAL_DIRECT]));
#ifdef CONFIG_HUGETLB_PAGE
	stats_set(v, VIRTIO_BALLOON_S_HTLB_PGALLOC, event[HTLB_BUDDY_PGALLOC]);
	stats_set(v, VIRTIO_BALLOON_S_HTLB_PGFAIL,
		  event[HTLB_BUDDY_PGALLOC_FAIL]);
#endif
}
#else
static void stats_collect_events(struct br_stat_values *v)
{
}
#endif

static void stats_collect(struct br_stat_values *v)
{
	struct sysinfo info;

	si_meminfo(&info);
	stats_set(v, VIRTIO_BALLOON_S_MEMFREE, pages(info.freeram));
	stats_set(v, VIRTIO_BALLOON_S_MEMTOT, pages(info.totalram));
	stats_set(v, VIRTIO_BALLOON_S_AVAIL,
		  pages(max(si_mem_available(), 0L)));
	stats_set(v, VIRTIO_BALLOON_S_CACHES,
		  pages(global_node_page_state(NR_FILE_PAGES)));
	stats_collect_events(v);
}

/* Jiffies until a failed send is retried. */
#define STATS_RETRY HZ

static int stats_send(struct br_device *dev)
{
	struct br_stat_values values = {};
	struct scatterlist sg;
	unsigned int n;
	int err;

	stats_collect(&values);
	n = br_stats_encode(dev->stats.entries, &values,
			    virtio_is_little_endian(dev->vdev));
	sg_init_one(&sg, dev->stats.entries,
		    n * sizeof(dev->stats.entries[0]));
	err = br_queue_send(dev, &dev->q[BR_Q_STATS], &sg, 1, false,
			    &dev->stats, true);
	if (!err)
		br_count(dev, stats_updates);
	return err;
}

/* The device asks by returning the only buffer.  Without a retry statistics would end. */
static void stats_answer(struct br_device *dev)
{
	if (!stats_send(dev))
		return;
	WRITE_ONCE(dev->stats.used, true);
	/* Queues a restart if the queue is broken. */
	br_queue_drain(dev, &dev->q[BR_Q_STATS]);
	br_work_queue(dev, &dev->stats.work, STATS_RETRY);
}

static void stats_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, stats.work.work);

	br_wakeup_begin(dev, BR_WAKEUP_STATS);
	/* The device owns the buffer until it has used it. */
	if (xchg(&dev->stats.used, false))
		stats_answer(dev);
	br_wakeup_end(dev, BR_WAKEUP_STATS);
}

static void stats_on_used(struct br_device *dev, void *token)
{
	WRITE_ONCE(dev->stats.used, true);
	br_wakeup_event(dev, BR_WAKEUP_STATS);
	br_work_queue(dev, &dev->stats.work, 0);
}

void br_stats_start(struct br_device *dev)
{
	dev->stats.used = false;
	if (dev->q[BR_Q_STATS].vq)
		stats_answer(dev);
}

void br_stats_init(struct br_device *dev)
{
	dev->q[BR_Q_STATS].on_used = stats_on_used;
	INIT_DELAYED_WORK(&dev->stats.work, stats_func);
}
