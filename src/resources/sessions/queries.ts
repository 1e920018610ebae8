import type { Db } from '../../database/client.ts';
import { meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

const sessionKinds = ['user', 'operator'] as const;
type SessionState = 'open' | 'locked' | 'expired' | 'ended';

/** A session of a user of the platform, or of an operator of this console. */
export type SessionRow = Keyed & {
  readonly kind: (typeof sessionKinds)[number];
  /** Its number among those of its kind. */
  readonly number: bigint;
  readonly whoId: bigint;
  readonly who: string;
  readonly client: string;
  readonly ip: string | null;
  readonly startedAt: Date;
  readonly lastSeenAt: Date;
  readonly endedAt: Date | null;
  readonly expiresAt: Date | null;
  readonly endedBy: string | null;
  readonly state: SessionState;
};

const open = 't.ended_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())';
const ofUser = `t.kind = 'user' AND t.who_id = (SELECT u.id FROM bank."user" u WHERE u.username = {text})`;
const ofOperator = `t.kind = 'operator' AND t.who_id = (SELECT o.id FROM ops.operator o WHERE o.name = {text})`;

export const sessionPage = pageOf<SessionRow>({
  table: 'ops.session_list',
  select: `t.kind, t.id / 2 AS number, t.who_id AS "whoId", coalesce(u.username, o.name) AS who, t.client, host(t.ip) AS ip, t.started_at AS "startedAt",
    t.last_seen_at AS "lastSeenAt", t.ended_at AS "endedAt", t.expires_at AS "expiresAt", e.name AS "endedBy",
    CASE WHEN t.ended_at IS NOT NULL THEN 'ended' WHEN t.expires_at <= clock_timestamp() THEN 'expired' WHEN t.locked_at IS NOT NULL THEN 'locked' ELSE 'open' END AS state`,
  joins: `LEFT JOIN bank."user" u ON t.kind = 'user' AND u.id = t.who_id LEFT JOIN ops.operator o ON t.kind = 'operator' AND o.id = t.who_id
    LEFT JOIN ops.operator e ON e.id = t.ended_by`,
  defaultSort: { field: 'started', descending: true },
  fields: {
    text: text('t.who_id', { exact: [ofUser, ofOperator, 'host(t.ip) = {text}'] }),
    id: number('t.id'),
    kind: oneOf('t.kind', sessionKinds),
    user: text('t.who_id', { exact: [ofUser] }),
    operator: text('t.who_id', { exact: [ofOperator] }),
    ip: text('host(t.ip)', { like: ['host(t.ip) BETWEEN {text} AND {upTo}'] }),
    state: meaning({ open, ended: `NOT (${open})` }),
    started: time('t.started_at', { sortable: true }),
    seen: time('t.last_seen_at', { sortable: true }),
  },
});

export const findSession = (db: Db, id: bigint): Promise<SessionRow | undefined> => sessionPage.find(db, id);

/** Ends one session of a user. */
export const endSession = async (db: Db, session: SessionRow): Promise<void> => {
  await db.$queryRaw`SELECT bank.end_session(${session.number})`;
};

/** Ends an operator's session: what that operator writes next is refused. */
export const endOperatorSession = async (db: Db, session: SessionRow): Promise<void> => {
  await db.$queryRaw`SELECT ops.end_operator_session(${session.number})`;
};

export type Deed = { readonly at: Date; readonly action: string; readonly label: string | null; readonly outcome: string };

/** What was done and tried in an operator's session, the newest first. */
export const deedsIn = async (db: Db, session: SessionRow): Promise<readonly Deed[]> =>
  session.kind === 'user'
    ? []
    : db.$queryRaw<Deed[]>`
        SELECT a.at, a.action, coalesce(a.entity_label, a.entity || ' ' || a.entity_id) AS label, a.outcome::text
          FROM ops.audit a JOIN ops.operator_session s ON s.id = a.session_id WHERE s.number = ${session.number} ORDER BY a.at DESC LIMIT 15`;

export type OtherSession = { readonly client: string; readonly ip: string | null; readonly startedAt: Date; readonly lastSeenAt: Date };

/** The other open sessions of the same person. */
export const othersOf = async (db: Db, session: SessionRow): Promise<readonly OtherSession[]> =>
  db.$queryRaw<OtherSession[]>`
    SELECT client, host(ip) AS ip, started_at AS "startedAt", last_seen_at AS "lastSeenAt" FROM ops.session_list
     WHERE kind = ${session.kind} AND who_id = ${session.whoId} AND id <> ${session.id} AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())
     ORDER BY last_seen_at DESC LIMIT 20`;
