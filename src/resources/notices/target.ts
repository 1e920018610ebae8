import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findNotice, type NoticeRow } from './queries.ts';

/** Names the notice by its number; filled from the record, or given as a flag. */
export const NoticeNumber = z.coerce.bigint().positive().meta({ hidden: true, title: 'Notice' });

/** Why a notice is not tried again; undefined if it can be. */
export const whyNotRetry = ({ id, status, channel, recipient, secretExpiresAt }: NoticeRow): string | undefined => {
  if (status === 'kept') return 'a demo sends nothing';
  if (status !== 'dead' && status !== 'failed') return `notice ${id} is ${status}`;
  if (channel === 'email' && !recipient.includes('@')) return 'there is no address to send it to';
  // What was given up has lost its secret, so that it lies nowhere for no use
  return secretExpiresAt !== null && (status === 'dead' || secretExpiresAt <= new Date())
    ? 'its link or code is gone: make a new one'
    : undefined;
};

/** Why a notice is not taken back; undefined if it can be. */
export const whyNotCancel = ({ id, status }: NoticeRow): string | undefined =>
  status === 'waiting' || status === 'failed' || status === 'dead' ? undefined : `notice ${id} is ${status}`;

/** The notice if there is one and the rule has nothing against it. */
export const noticeFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (notice: NoticeRow) => string | undefined,
): Promise<Outcome<NoticeRow>> => {
  const notice = await findNotice(db, id);
  if (!notice) return notFound(`there is no notice ${id}`);
  const objection = whyNot(notice);
  return objection === undefined ? done(notice) : conflict(objection);
};

/** How audit and confirmation name a notice. */
export const noticeTarget = (notice: NoticeRow): Target => ({
  id: String(notice.id),
  label: `notice ${notice.id} ${notice.template}`,
  version: notice.attempts,
});
