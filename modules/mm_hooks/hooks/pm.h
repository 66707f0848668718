/* SPDX-License-Identifier: GPL-2.0-only */
/* No reports while the system is suspended. */
#ifndef MMH_PM_H
#define MMH_PM_H

/* Context: process, after mmh_engine_select().  Return: 0 or a negative errno. */
int mmh_pm_register(void);
void mmh_pm_unregister(void);

#endif /* MMH_PM_H */
