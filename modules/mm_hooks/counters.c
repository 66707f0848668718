// SPDX-License-Identifier: GPL-2.0-only
/* What mm_hooks counts. */
#include "counters.h"

struct mmh_counters mmh_counters;
u64 mmh_longest_lock_ns;
unsigned long mmh_last_pass;
