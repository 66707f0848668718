// SPDX-License-Identifier: GPL-2.0-only
/* A kernel without CONFIG_PAGE_REPORTING has no in-tree engine. */
#include "engine.h"

const struct mm_hooks_engine *const mm_hooks_intree;
