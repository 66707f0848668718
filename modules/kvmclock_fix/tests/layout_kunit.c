// SPDX-License-Identifier: GPL-2.0-only
/* A page proves the layout only if it follows from each field that the module uses. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../line.c"
#include "../layout.c"

#define GHZ 1000000000ULL

/* A host at 2 GHz, and a page that follows from all fields. */
struct sample {
	struct vm_parts vm;
	struct vcpu_parts vcpu;
	struct now now;
	struct pvclock_vcpu_time_info clock;
};

static struct sample sample_of(bool stable, u64 ratio, u32 khz)
{
	struct sample s = {
		.vm = { .on = stable, .ns = 7 * GHZ, .cycles = 14 * GHZ,
			.offset = -(s64)(5 * GHZ) },
		.vcpu = { .mul = div_u64((u64)NSEC_PER_MSEC << 32, khz), .khz = khz,
			  .ratio = ratio, .offset = 0xffff888012345678 },
		.now = { .tsc = 15 * GHZ, .base = 7 * GHZ + GHZ / 2,
			 .khz = 2000000, .scale_bits = 32 },
	};
	const struct kf_scale scale = kf_scale_of(ratio, 32, 2000000, khz);

	s.clock.tsc_to_system_mul = s.vcpu.mul;
	s.clock.flags = (stable ? PVCLOCK_TSC_STABLE_BIT : 0) | PVCLOCK_GUEST_STOPPED;
	s.clock.system_time = s.vm.ns + s.vm.offset;
	s.clock.tsc_timestamp = kf_scale_cycles(&scale, s.vm.cycles) + s.vcpu.offset;
	return s;
}

static bool follows(const struct sample *s)
{
	return is_page_of(&s->vm, &s->vcpu, &s->now, &s->clock);
}

/* Ratios: no scaling, SVM's one, and 1.5 GHz on 2 GHz. */
static const struct {
	u64 ratio;
	u32 khz;
} machines[] = {
	{ 1, 2000000 },
	{ 1ULL << 32, 2000000 },
	{ 3ULL << 30, 1500000 },
};

static void page_that_follows_is_a_proof(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		struct sample s = sample_of(true, machines[i].ratio, machines[i].khz);

		KUNIT_EXPECT_TRUE(test, follows(&s));
		s = sample_of(false, machines[i].ratio, machines[i].khz);
		KUNIT_EXPECT_TRUE(test, follows(&s));
	}
}

/* One field after another is what lies 8 bytes beside it, or another value. */
static void each_wrong_field_is_found(struct kunit *test)
{
	unsigned int i, stable;

	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		for (stable = 0; stable < 2; stable++) {
			const struct sample fine = sample_of(stable, machines[i].ratio,
							     machines[i].khz);
			struct sample s;

#define EXPECT_WRONG(_field, _value) do {		\
	s = fine;					\
	s._field = _value;				\
	KUNIT_EXPECT_FALSE(test, follows(&s));		\
} while (0)
			EXPECT_WRONG(vm.on, !stable);
			EXPECT_WRONG(vm.on, 0x80);
			EXPECT_WRONG(vm.offset, 0);
			EXPECT_WRONG(vm.offset, (s64)0xffff888012345678);
			EXPECT_WRONG(vcpu.mul, fine.vcpu.mul + 1);
			EXPECT_WRONG(vcpu.shift, 1);
			EXPECT_WRONG(vcpu.khz, 0);
			EXPECT_WRONG(vcpu.khz, 1234567);
			EXPECT_WRONG(vcpu.ratio, 0);
			EXPECT_WRONG(vcpu.ratio, 1ULL << 40);
			EXPECT_WRONG(vcpu.ratio, 0xffff888012345678);
			EXPECT_WRONG(vcpu.offset, 0);
			EXPECT_WRONG(vcpu.offset, (u64)-3 * GHZ);
			if (!stable)
				continue;
			EXPECT_WRONG(vm.ns, 0);
			EXPECT_WRONG(vm.ns, fine.vm.cycles);
			EXPECT_WRONG(vm.cycles, 0);
			EXPECT_WRONG(vm.cycles, fine.vm.cycles + 2);
			EXPECT_WRONG(vcpu.offset, fine.vcpu.offset + 1);
#undef EXPECT_WRONG
		}
	}
}

static void ratio_of_one_is_a_ratio_of_the_machine(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kf_scale_of(1, 48, 2000000, 2000000).ratio, 1ULL);
	KUNIT_EXPECT_EQ(test, kf_scale_of(1ULL << 48, 48, 2000000, 2000000).bits, 0U);
	KUNIT_EXPECT_EQ(test, kf_scale_of(1ULL << 32, 48, 2000000, 2000000).ratio, 0ULL);
	KUNIT_EXPECT_EQ(test, kf_scale_of(0, 32, 2000000, 2000000).ratio, 0ULL);
	KUNIT_EXPECT_EQ(test, kf_scale_of(3ULL << 30, 32, 2000000, 1500000).bits, 32U);
	KUNIT_EXPECT_EQ(test, kf_scale_of(3ULL << 30, 32, 2000000, 1500001).ratio, 0ULL);
}

/* Reads that fault end the check, and nothing is read or written afterwards. */
static void fault_is_a_mismatch_at_once(struct kunit *test)
{
	struct kvm_vcpu *vcpu = ERR_PTR(-EFAULT);
	struct pvclock_vcpu_time_info clock = { };

	kf_layout_reset();
	KUNIT_EXPECT_FALSE(test, kf_check_layout_publish(vcpu, &clock));
	KUNIT_EXPECT_EQ(test, (int)kf_layout, (int)KF_LAYOUT_MISMATCH);
	kf_layout_reset();
	KUNIT_EXPECT_FALSE(test, kf_check_layout_update(vcpu, 0, &clock));
	KUNIT_EXPECT_EQ(test, (int)kf_layout, (int)KF_LAYOUT_MISMATCH);
	kf_layout_reset();
	KUNIT_EXPECT_FALSE(test, is_own_vm(ERR_PTR(-EFAULT)));
	KUNIT_EXPECT_EQ(test, (int)kf_layout, (int)KF_LAYOUT_MISMATCH);
}

static struct kunit_case layout_cases[] = {
	KUNIT_CASE(page_that_follows_is_a_proof),
	KUNIT_CASE(each_wrong_field_is_found),
	KUNIT_CASE(ratio_of_one_is_a_ratio_of_the_machine),
	KUNIT_CASE(fault_is_a_mismatch_at_once),
	{}
};

static struct kunit_suite layout_suite = {
	.name = "kvmclock_fix_layout",
	.test_cases = layout_cases,
};

kunit_test_suite(layout_suite);

MODULE_DESCRIPTION("KUnit tests of the check of KVM's layout");
MODULE_LICENSE("GPL");
