import type { Db } from '../../database/client.ts';
import { number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { NoticeTemplate } from '../../domain/notice-parameters.ts';
import { noticeChannels, noticeTemplates, type NoticeChannel } from '../../domain/notice.ts';
import type { Keyed } from '../../domain/page.ts';

const noticeStates = ['waiting', 'sending', 'sent', 'failed', 'dead', 'kept', 'cancelled'] as const;
type NoticeState = (typeof noticeStates)[number];

/** A notice of the outbox; its id is the number people call it by. */
export type NoticeRow = Keyed & {
  readonly uuid: string;
  readonly template: NoticeTemplate;
  readonly channel: NoticeChannel;
  readonly recipient: string;
  readonly subject: string;
  readonly aboutEntity: string;
  readonly aboutId: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly requestId: string;
  readonly status: NoticeState;
  /** All there ever were; the database compares it as the version that was looked at. */
  readonly attempts: number;
  /** Those before somebody had it tried again. */
  readonly forgiven: number;
  /** When it is tried next; for one that is being sent, when another console may take it over. */
  readonly dueAt: Date;
  readonly lastError: string | null;
  readonly detail: string | null;
  readonly sentAt: Date | null;
  /** Whose console had it last. */
  readonly claimedBy: string | null;
  readonly secretExpiresAt: Date | null;
};

export const noticePage = pageOf<NoticeRow>({
  table: 'ops.notice',
  id: 't.number',
  select: `t.id::text AS uuid, t.template, t.channel, t.recipient, t.subject, t.about_entity AS "aboutEntity", t.about_id AS "aboutId", o.name AS "createdBy",
    t.created_at AS "createdAt", t.request_id::text AS "requestId", t.status, t.attempts, t.forgiven, t.due_at AS "dueAt", t.last_error AS "lastError", t.detail,
    t.sent_at AS "sentAt", c.name AS "claimedBy", t.secret_expires_at AS "secretExpiresAt"`,
  joins: `JOIN ops.operator o ON o.id = t.created_by
    LEFT JOIN ops.operator_session s ON s.id = t.claimed_by LEFT JOIN ops.operator c ON c.id = s.operator_id`,
  defaultSort: { field: 'created', descending: true },
  fields: {
    text: text('t.recipient', { exact: [`lower(t.recipient || ' ' || t.subject) LIKE {contains}`] }),
    number: number('t.number'),
    status: oneOf('t.status', noticeStates),
    template: oneOf('t.template', noticeTemplates),
    channel: oneOf('t.channel', noticeChannels),
    recipient: text('t.recipient'),
    entity: text('t.about_entity'),
    record: text('t.about_id'),
    by: text('t.created_by', { exact: ['t.created_by = (SELECT o.id FROM ops.operator o WHERE o.name = {text})'] }),
    created: time('t.created_at', { sortable: true }),
  },
});

export const findNotice = (db: Db, id: bigint): Promise<NoticeRow | undefined> => noticePage.find(db, id);

/** What it says; where a link or a code belongs stands a placeholder. */
export const bodyOf = async (db: Db, id: bigint): Promise<string> => {
  const [row] = await db.$queryRaw<{ body: string }[]>`SELECT body FROM ops.notice WHERE number = ${id}`;
  return row?.body ?? '';
};

export const retryNotice = async (db: Db, { id, attempts }: NoticeRow): Promise<void> => {
  await db.$queryRaw`SELECT ops.retry_notice(${id}, ${attempts}::int)::text`;
};

export const cancelNotice = async (db: Db, { id, attempts }: NoticeRow): Promise<void> => {
  await db.$queryRaw`SELECT ops.cancel_notice(${id}, ${attempts}::int)::text`;
};
