// SPDX-License-Identifier: GPL-2.0-only
/* Which features to accept and how to use them: decisions only. */
#include "features.h"

#include <linux/bits.h>
#include <linux/poison.h>
#include <linux/virtio_balloon.h>

#include "queue.h"

/* The bits of the specification whose meaning all devices agree on. */
#define BR_FEATURES_KNOWN						\
	(BIT_ULL(VIRTIO_BALLOON_F_MUST_TELL_HOST) |			\
	 BIT_ULL(VIRTIO_BALLOON_F_STATS_VQ) |				\
	 BIT_ULL(VIRTIO_BALLOON_F_DEFLATE_ON_OOM) |			\
	 BIT_ULL(VIRTIO_BALLOON_F_FREE_PAGE_HINT) |			\
	 BIT_ULL(VIRTIO_BALLOON_F_PAGE_POISON) |			\
	 BIT_ULL(VIRTIO_BALLOON_F_REPORTING))

static bool has(u64 features, unsigned int bit)
{
	return features & BIT_ULL(bit);
}

/* The byte pattern of a free page, or 0 if the guest does not check it. */
static u32 features_poison_val(const struct br_guest *guest)
{
	if (guest->init_on_free || !guest->poisoning)
		return 0;
	return PAGE_POISON * 0x01010101U;
}

static const char *features_off_reason(const struct br_plan *plan,
				       const struct br_guest *guest)
{
	bool poison = has(plan->features, VIRTIO_BALLOON_F_PAGE_POISON);

	if (!has(plan->features, VIRTIO_BALLOON_F_REPORTING))
		return "the device does not offer it";
	if (guest->encrypted)
		return "the memory of this guest is encrypted";
	if (guest->crash_kernel)
		return "this kernel was booted for a crash dump";
	if (!guest->want_reporting)
		return "parameter reporting=0";
	if ((guest->init_on_free || guest->poisoning) && !poison)
		return "free pages must keep their contents: needs PAGE_POISON";
	if (plan->poison_val && !guest->report_poisoned)
		return "devices keep poisoned pages: see report_poisoned";
	return NULL;
}

struct br_plan br_features_plan(u64 offered, const struct br_guest *guest)
{
	bool persist = guest->init_on_free || guest->poisoning;
	struct br_plan plan = {
		.features = offered & BR_FEATURES_KNOWN,
		.queues = BIT(BR_Q_INFLATE) | BIT(BR_Q_DEFLATE),
		.inflate = !guest->encrypted && !guest->crash_kernel,
	};

	if (!persist)
		plan.features &= ~BIT_ULL(VIRTIO_BALLOON_F_PAGE_POISON);
	plan.poison_val = features_poison_val(guest);

	plan.off_reason = features_off_reason(&plan, guest);
	plan.report = !plan.off_reason;
	/* It is the last queue, so the numbers of the others do not shift. */
	if (!plan.report)
		plan.features &= ~BIT_ULL(VIRTIO_BALLOON_F_REPORTING);

	if (has(plan.features, VIRTIO_BALLOON_F_STATS_VQ))
		plan.queues |= BIT(BR_Q_STATS);
	if (has(plan.features, VIRTIO_BALLOON_F_FREE_PAGE_HINT))
		plan.queues |= BIT(BR_Q_HINT);
	if (plan.report)
		plan.queues |= BIT(BR_Q_REPORT);
	return plan;
}
