/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sequences of what a hostile host does.
 *
 * A sequence is a string of bytes: first the device, then operations.  Every string is
 * a valid sequence, so strings can be random and can be mutated.
 */
#ifndef FAKE_HOST_FUZZ_H
#define FAKE_HOST_FUZZ_H

#include <linux/types.h>
#include <linux/wait.h>

/* Most bytes of a sequence. */
#define FZ_MAX 192

/**
 * struct fz_input - the rest of a sequence
 * @at:	 the next byte
 * @end: after the last byte
 */
struct fz_input {
	const u8 *at;
	const u8 *end;
};

/* The next byte; 0 after the last one. */
static inline u8 fz_byte(struct fz_input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static inline u32 fz_u32(struct fz_input *in)
{
	u32 value = fz_byte(in);

	value = value << 8 | fz_byte(in);
	value = value << 8 | fz_byte(in);
	return value << 8 | fz_byte(in);
}

/**
 * struct fz_counts - what a run has found
 * @sequences: sequences that came to their end
 * @ops:       operations in them
 * @hangs:     operations without progress for ten seconds
 * @wedged:    a hang did not end when the device served all its queues again
 * @lost:      pages that stayed in a balloon after its device was gone
 */
struct fz_counts {
	u64 sequences;
	u64 ops;
	u32 hangs;
	bool wedged;
	u32 lost;
};

extern struct fz_counts fz_counts;

/* Woken at the end of a run, and when it is wedged. */
extern wait_queue_head_t fz_wait;

/* ops.c: operations.  Context: process, no lock held. */
void fz_device(struct fz_input *in);
void fz_op(struct fz_input *in);
void fz_neutral(void);
void fz_rescue(void);
void fz_forget_memory(void);

/* guestops.c: operations of the guest on itself.  Context: process, no lock held. */
void fz_file(struct fz_input *in);
void fz_files_restore(void);
void fz_memory(struct fz_input *in);
void fz_memory_free(void);
void fz_rebind(struct fz_input *in);
void fz_freeze(struct fz_input *in);
extern bool fz_may_suspend;

/* corpus.c: sequences that reached new code.  Context: one task. */
int fz_corpus_init(void);
void fz_corpus_exit(void);
void fz_corpus_add(const u8 *bytes, unsigned int n);
const u8 *fz_corpus_get(unsigned int i, unsigned int *n);
unsigned int fz_corpus_size(void);

/* watch.c: operations that hang. */
void fz_watch_start(void);
void fz_watch_stop(void);
void fz_watch(const char *op);

/* fuzz.c.  fuzz: the folder in debugfs. */
struct dentry;
int fz_init(void);
void fz_exit(void);
void fz_debugfs(struct dentry *top);

#endif /* FAKE_HOST_FUZZ_H */
