import { number, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

/** A session that waits, and the first one that it waits for. Its id is that of its process. */
export type LockRow = Keyed & {
  readonly waitsSeconds: bigint;
  readonly login: string | null;
  readonly client: string | null;
  readonly statement: string | null;
  readonly wants: string;
  readonly blocker: bigint;
  readonly blockerLogin: string | null;
  readonly blockerClient: string | null;
  readonly blockerState: string | null;
  readonly blockerSince: Date | null;
  readonly blockerStatement: string | null;
};

export const lockPage = pageOf<LockRow>({
  table: 'ops.waiting_sessions()',
  id: 't.pid',
  select: `t.waits_seconds AS "waitsSeconds", t.login, t.client, t.statement, t.wants, t.blocker_pid AS blocker, t.blocker_login AS "blockerLogin", t.blocker_client AS "blockerClient",
    t.blocker_state AS "blockerState", t.blocker_since AS "blockerSince", t.blocker_statement AS "blockerStatement"`,
  defaultSort: { field: 'waits', descending: true },
  fields: {
    text: text('t.client', { exact: ['lower(t.client || t.statement) LIKE {contains}'] }),
    id: number('t.pid'),
    waits: number('t.waits_seconds', { sortable: true }),
    login: text('t.login'),
    blocker: number('t.blocker_pid'),
  },
});
