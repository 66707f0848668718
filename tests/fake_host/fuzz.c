// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of sequences.  /sys/kernel/debug/fake_host/fuzz:
 *
 *   run	"SEED FIRST COUNT": start; sequence N of a seed is always the same
 *		"SEED FIRST COUNT guided": mutate sequences that reached new code, so each
 *		sequence depends on those before it.  Needs the module cover
 *		"replay": start; all sequences of "corpus"
 *   wait	read: "done" or "wedged", at the end of the run
 *   corpus	read: the sequences that reached new code; write: add one, in hexadecimal
 *   counts	see struct fz_counts
 *   suspend	sequences may suspend the guest
 *
 * The log says which sequence ran when the kernel panicked.
 */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/panic_notifier.h>
#include <linux/prandom.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "../cover/cover.h"
#include "fake_host.h"
#include "fuzz.h"

struct fz_counts fz_counts;
DECLARE_WAIT_QUEUE_HEAD(fz_wait);

/* One run at a time: set by the writer, cleared by the thread. */
static unsigned long running;
static struct {
	u64 seed;
	u64 first;
	u64 count;
	bool guided;
	bool replay;
} plan;

/* The sequence that runs. */
static u8 bytes[FZ_MAX];
static unsigned int n_bytes;
static u64 number;

static unsigned int offline_before;
static u32 (*covered)(void);

/* Pages of a balloon.  Walks the whole memory. */
static unsigned int count_offline(void)
{
	unsigned long pfn, end = 0;
	unsigned int n = 0;
	int nid;

	for_each_online_node(nid)
		end = max(end, node_end_pfn(nid));
	for (pfn = 0; pfn < end; pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (page && PageOffline(page))
			n++;
		if (!(pfn % 4096))
			cond_resched();
	}
	return n;
}

static void count_lost(void)
{
	unsigned int n = count_offline();

	if (n > offline_before) {
		pr_info("fake_host: %u pages lost at sequence %llu\n", n - offline_before,
			number);
		fz_counts.lost += n - offline_before;
	}
	offline_before = n;
}

static void make_random(struct rnd_state *random)
{
	unsigned int i;

	n_bytes = 24 + prandom_u32_state(random) % (FZ_MAX - 24 + 1);
	for (i = 0; i < n_bytes; i++)
		bytes[i] = prandom_u32_state(random);
}

/* A part of one sequence, then a part of another one. */
static void splice(struct rnd_state *random)
{
	unsigned int keep = prandom_u32_state(random) % (n_bytes + 1), n;
	const u8 *other = fz_corpus_get(prandom_u32_state(random) % fz_corpus_size(), &n);
	unsigned int from = prandom_u32_state(random) % (n + 1);

	n = min(n - from, FZ_MAX - keep);
	memcpy(bytes + keep, other + from, n);
	n_bytes = keep + n;
}

static void mutate(struct rnd_state *random)
{
	unsigned int changes = 1 + prandom_u32_state(random) % 8;
	const u8 *from = fz_corpus_get(prandom_u32_state(random) % fz_corpus_size(),
				       &n_bytes);

	memcpy(bytes, from, n_bytes);
	if (!(prandom_u32_state(random) % 4))
		splice(random);
	while (changes-- && n_bytes)
		bytes[prandom_u32_state(random) % n_bytes] = prandom_u32_state(random);
}

static void make_sequence(void)
{
	struct rnd_state random;

	prandom_seed_state(&random, plan.seed * 0x9e3779b97f4a7c15ULL + number);
	if (plan.guided && fz_corpus_size() && prandom_u32_state(&random) % 8)
		mutate(&random);
	else
		make_random(&random);
}

static void run_sequence(void)
{
	struct fz_input in = { bytes, bytes + n_bytes };
	u32 before = covered ? covered() : 0;
	bool surprise;

	fh_log("sequence %llu", number);
	fz_device(&in);
	surprise = fz_byte(&in) & 1;
	fz_watch("plug");
	fh_plug();
	while (in.at < in.end) {
		fz_op(&in);
		fz_counts.ops++;
	}
	fz_watch("unplug");
	fh_unplug(surprise);
	fz_watch("end");
	fz_forget_memory();
	fz_neutral();
	fz_memory_free();
	fz_files_restore();
	fz_counts.sequences++;
	if (covered && covered() != before && !plan.replay)
		fz_corpus_add(bytes, n_bytes);
	if (!(fz_counts.sequences % 256))
		count_lost();
}

static void run_plan(void)
{
	for (number = plan.first; number < plan.first + plan.count; number++) {
		if (plan.replay)
			memcpy(bytes, fz_corpus_get(number, &n_bytes), FZ_MAX);
		else
			make_sequence();
		run_sequence();
	}
}

static int run_thread(void *unused)
{
	offline_before = count_offline();
	covered = symbol_get(cover_count);
	fz_neutral();
	fz_watch_start();
	run_plan();
	fz_watch_stop();
	fh.tricks.polls = false;
	count_lost();
	if (covered)
		symbol_put(cover_count);
	covered = NULL;
	clear_bit_unlock(0, &running);
	wake_up_all(&fz_wait);
	module_put_and_kthread_exit(0);
	return 0;
}

static int run_start(void)
{
	struct task_struct *thread;

	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	thread = kthread_run(run_thread, NULL, "fake_host_fuzz");
	if (!IS_ERR(thread))
		return 0;
	module_put(THIS_MODULE);
	clear_bit_unlock(0, &running);
	return PTR_ERR(thread);
}

static int run_parse(const char *text)
{
	char word[8] = "";

	memset(&plan, 0, sizeof(plan));
	if (sysfs_streq(text, "replay")) {
		plan.replay = true;
		plan.count = fz_corpus_size();
		return 0;
	}
	if (sscanf(text, "%llu %llu %llu %7s", &plan.seed, &plan.first, &plan.count,
		   word) < 3)
		return -EINVAL;
	plan.guided = sysfs_streq(word, "guided");
	return 0;
}

static ssize_t run_write(struct file *file, const char __user *from, size_t n, loff_t *at)
{
	char text[64] = "";
	int err;

	if (n >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, n))
		return -EFAULT;
	if (test_and_set_bit_lock(0, &running))
		return -EBUSY;
	err = run_parse(text);
	if (err)
		clear_bit_unlock(0, &running);
	else
		err = run_start();
	return err ?: n;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.write = run_write,
};

static int fz_wait_show(struct seq_file *s, void *unused)
{
	int err = wait_event_interruptible(fz_wait, !test_bit(0, &running) ||
					   READ_ONCE(fz_counts.wedged));

	if (!err)
		seq_puts(s, fz_counts.wedged ? "wedged\n" : "done\n");
	return err;
}
DEFINE_SHOW_ATTRIBUTE(fz_wait);

static int fz_counts_show(struct seq_file *s, void *unused)
{
	seq_printf(s, "sequences %llu\nops %llu\nhangs %u\nwedged %u\nlost %u\n"
		   "violations %u\ncorpus %u\nnumber %llu\n",
		   fz_counts.sequences, fz_counts.ops, fz_counts.hangs, fz_counts.wedged,
		   fz_counts.lost, fh_violations(), fz_corpus_size(), number);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(fz_counts);

static int corpus_show(struct seq_file *s, void *unused)
{
	unsigned int i, k, n;

	for (i = 0; i < fz_corpus_size(); i++) {
		const u8 *at = fz_corpus_get(i, &n);

		for (k = 0; k < n; k++)
			seq_printf(s, "%02x", at[k]);
		seq_putc(s, '\n');
	}
	return 0;
}

static int corpus_open(struct inode *inode, struct file *file)
{
	return single_open(file, corpus_show, NULL);
}

static ssize_t corpus_write(struct file *file, const char __user *from, size_t n,
			    loff_t *at)
{
	char text[2 * FZ_MAX + 2] = "";
	u8 binary[FZ_MAX];
	size_t digits;

	if (n >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, n))
		return -EFAULT;
	digits = strcspn(text, "\n");
	if (digits % 2 || digits > 2 * FZ_MAX || hex2bin(binary, text, digits / 2))
		return -EINVAL;
	if (test_and_set_bit_lock(0, &running))
		return -EBUSY;
	fz_corpus_add(binary, digits / 2);
	clear_bit_unlock(0, &running);
	return n;
}

static const struct file_operations corpus_fops = {
	.owner = THIS_MODULE,
	.open = corpus_open,
	.read = seq_read,
	.write = corpus_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* So that the sequence can be repeated. */
static int on_panic(struct notifier_block *nb, unsigned long unused, void *why)
{
	unsigned int i;

	if (!test_bit(0, &running))
		return NOTIFY_DONE;
	pr_emerg("fake_host: seed %llu, sequence %llu\n", plan.seed, number);
	for (i = 0; i < n_bytes; i += 64)
		pr_emerg("fake_host: %*phN\n", min(n_bytes - i, 64U), bytes + i);
	return NOTIFY_DONE;
}

static struct notifier_block panic_nb = { .notifier_call = on_panic };

int fz_init(void)
{
	int err = fz_corpus_init();

	if (!err)
		atomic_notifier_chain_register(&panic_notifier_list, &panic_nb);
	return err;
}

void fz_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_nb);
	fz_corpus_exit();
}

void fz_debugfs(struct dentry *top)
{
	struct dentry *dir = debugfs_create_dir("fuzz", top);

	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("wait", 0400, dir, NULL, &fz_wait_fops);
	debugfs_create_file("counts", 0400, dir, NULL, &fz_counts_fops);
	debugfs_create_file("corpus", 0600, dir, NULL, &corpus_fops);
	debugfs_create_bool("suspend", 0600, dir, &fz_may_suspend);
}
