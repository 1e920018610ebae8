import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { cancelNotice } from './queries.ts';
import { noticeFor, NoticeNumber, noticeTarget, whyNotCancel } from './target.ts';

export const cancelDelivery = defineAction({
  id: 'notices.cancel',
  title: 'Cancel notice',
  past: 'cancelled',
  permission: 'notice.edit',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'notice',
  irreversible: 'a notice that was cancelled is never sent; what it tells of stays as it is',
  input: z.object({ id: NoticeNumber, note: Note }),

  gather: ({ id }, context) => noticeFor(id, context, whyNotCancel),
  target: noticeTarget,
  preview: notice => [
    `"${notice.subject}" is not sent to ${notice.recipient}`,
    ...(notice.secretExpiresAt ? ['the link or code in it is erased; it goes on being valid, but nobody has it'] : []),
  ],

  execute: async (notice, _input, { db }) => {
    await cancelNotice(db, notice);
    return { summary: `cancelled notice ${notice.id}`, old: { status: notice.status }, new: { status: 'cancelled' } };
  },
});
