import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { retryNotice } from './queries.ts';
import { noticeFor, NoticeNumber, noticeTarget, whyNotRetry } from './target.ts';

export const retryDelivery = defineAction({
  id: 'notices.retry',
  title: 'Try again',
  past: 'had tried again',
  permission: 'notice.edit',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'notice',
  input: z.object({ id: NoticeNumber, note: Note }),

  gather: ({ id }, context) => noticeFor(id, context, whyNotRetry),
  target: noticeTarget,
  preview: notice => [
    `"${notice.subject}" is sent to ${notice.recipient} by ${notice.channel} as soon as a console with that channel sees it`,
    `it was tried ${notice.attempts} times, at last: ${notice.lastError ?? '-'}; all its attempts are before it again`,
  ],

  execute: async (notice, _input, { db }) => {
    await retryNotice(db, notice);
    return { summary: `notice ${notice.id} waits to be sent again`, old: { status: notice.status }, new: { status: 'waiting' } };
  },
});
