/* SPDX-License-Identifier: GPL-2.0-only */
/* Migration of balloon pages by compaction. */
#ifndef BALLOON_REPORT_MIGRATE_H
#define BALLOON_REPORT_MIGRATE_H

struct br_device;

/* Let compaction move pages.  Context: process.  Return: 0 or a negative errno. */
int br_migrate_start(struct br_device *dev);

/* Wait until compaction has released all pages.  Context: process, may sleep. */
void br_migrate_stop(struct br_device *dev);

#endif /* BALLOON_REPORT_MIGRATE_H */
