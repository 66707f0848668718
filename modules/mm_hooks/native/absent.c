// SPDX-License-Identifier: GPL-2.0-only
/* A kernel without the companion patch has no native engine. */
#include "../engine.h"

const struct mm_hooks_engine *const mm_hooks_native;
