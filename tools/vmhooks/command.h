/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands.  Each gets its own name as the first argument. */
#ifndef VMHOOKS_COMMAND_H
#define VMHOOKS_COMMAND_H

/* Exit statuses: done, failed or faults found, wrong usage. */
enum { EXIT_DONE, EXIT_FAULT, EXIT_USAGE };

int command_status(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_flush(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_takeover(int argc, char **argv);
int command_release(int argc, char **argv);
int command_metrics(int argc, char **argv);
int command_trim(int argc, char **argv);

/* The usage of the command in @argv, to the standard error.  Return: EXIT_USAGE. */
int command_usage(char **argv);

#endif /* VMHOOKS_COMMAND_H */
