// SPDX-License-Identifier: GPL-2.0-only
/* Which features to accept, and what to use them for: decisions only. */
#include "features.h"

#include <linux/bits.h>
#include <linux/poison.h>
#include <linux/virtio_balloon.h>

#include "queue.h"

/* Every bit that the specification defines and hosts agree on. */
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

/* What a page holds while it is free; 0 where nothing checks it. */
static u32 features_poison_val(const struct br_guest *guest)
{
	if (guest->init_on_free || !guest->poisoning)
		return 0;
	return PAGE_POISON * 0x01010101U;
}

static const char *features_why_not(const struct br_plan *plan,
				    const struct br_guest *guest)
{
	bool poison = has(plan->features, VIRTIO_BALLOON_F_PAGE_POISON);

	if (guest->encrypted)
		return "this guest's memory is encrypted, none of it is given away";
	if (guest->crashed)
		return "this kernel was started for a crash dump and keeps what it has";
	if (!guest->want_reporting)
		return "reporting=0 was asked for";
	if ((guest->init_on_free || guest->poisoning) && !poison)
		return "free pages must keep their contents and the host does not offer to";
	if (plan->poison_val && !guest->report_poisoned)
		return "free pages are poisoned and hosts keep such: see report_poisoned";
	return NULL;
}

struct br_plan br_features_plan(u64 offered, const struct br_guest *guest)
{
	bool persist = guest->init_on_free || guest->poisoning;
	struct br_plan plan = {
		.features = offered & BR_FEATURES_KNOWN,
		.queues = BIT(BR_Q_INFLATE) | BIT(BR_Q_DEFLATE),
		.inflate = !guest->encrypted && !guest->crashed,
	};

	if (!persist)
		plan.features &= ~BIT_ULL(VIRTIO_BALLOON_F_PAGE_POISON);
	plan.poison_val = features_poison_val(guest);

	if (has(plan.features, VIRTIO_BALLOON_F_REPORTING)) {
		plan.why_not = features_why_not(&plan, guest);
		plan.report = !plan.why_not;
	}
	/* The last queue: it may be declined without moving another. */
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
