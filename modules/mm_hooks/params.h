/* SPDX-License-Identifier: GPL-2.0-only */
/* The parameters of mm_hooks. */
#ifndef MMH_PARAMS_H
#define MMH_PARAMS_H

/* The parameter engine: "auto", "native" or "page_reporting". */
const char *mmh_wanted_engine(void);

#endif /* MMH_PARAMS_H */
