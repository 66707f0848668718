// SPDX-License-Identifier: GPL-2.0-only
/* Free page hinting: a command, blocks, STOP. */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/virtio_config.h>

#include "fake_host.h"
#include "pages.h"

static void hint_command(u32 cmd)
{
	lockdep_assert_held(&fh.lock);
	fh_log("hint: command %#x", cmd);
	if (cmd == VIRTIO_BALLOON_CMD_ID_STOP) {
		if (!fh.hint_id)
			fh_violation("hint: STOP without a command before it");
		fh.hint_id = 0;
		return;
	}
	if (cmd == VIRTIO_BALLOON_CMD_ID_DONE)
		fh_violation("hint: the driver sent DONE");
	if (fh.hint_id)
		fh_violation("hint: command %#x within %#x", cmd, fh.hint_id);
	if (cmd == fh.hint_said)
		fh_violation("hint: command %#x once more", cmd);
	fh.hint_id = cmd;
	fh.hint_said = cmd;
}

void fh_took_hint(struct fh_queue *q, const struct fh_buffer *buf)
{
	const __virtio32 *cmd;
	unsigned int i;

	lockdep_assert_held(&fh.lock);
	if (buf->out) {
		cmd = phys_to_virt(buf->sg[0].addr);
		if (buf->n != 1 || buf->out != sizeof(*cmd))
			fh_violation("hint: a command of %llu bytes", buf->out);
		else
			hint_command(virtio32_to_cpu(&fh.vdev, *cmd));
		return;
	}
	if (!fh.hint_id)
		fh_violation("hint: a block without a command");
	for (i = 0; i < buf->n; i++)
		fh_pages_take(fh_pages(buf->sg[i].addr),
			      fh_pages(buf->sg[i].len), FH_HINTED);
}

void fh_gives_hint(struct fh_queue *q, const struct fh_buffer *buf)
{
	unsigned int i;

	lockdep_assert_held(&fh.lock);
	if (buf->out)
		return;
	for (i = 0; i < buf->n; i++)
		fh_pages_give(fh_pages(buf->sg[i].addr),
			      fh_pages(buf->sg[i].len), FH_HINTED);
}
