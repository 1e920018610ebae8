import type { Db } from '../../database/client.ts';
import { meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import { disputeKinds, disputeStatuses, type DisputeKind, type DisputeStatus } from '../../domain/dispute.ts';
import { DisputeEvidence } from '../../domain/dispute-evidence.ts';
import type { Keyed } from '../../domain/page.ts';

export type DisputeRow = Keyed & {
  readonly transactionId: bigint;
  readonly accountId: bigint;
  readonly accountNumber: string;
  readonly ownerName: string;
  readonly username: string;
  readonly kind: DisputeKind;
  readonly statement: string;
  readonly status: DisputeStatus;
  readonly amount: bigint;
  readonly currency: string;
  readonly postedAt: Date;
  readonly reversedBy: bigint | null;
  readonly gatheredAt: Date | null;
  readonly receivedBy: string;
  readonly receivedAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly finding: string | null;
  readonly version: number;
};

const byNumber = 't.account_id = (SELECT id FROM bank.account WHERE number = {text})';
const open = `t.status IN ('received', 'investigating')`;

export const disputePage = pageOf<DisputeRow>({
  table: 'ops.dispute',
  select: `t.transaction_id AS "transactionId", t.account_id AS "accountId", a.number AS "accountNumber", u.first_name || ' ' || u.last_name AS "ownerName", u.username,
    t.kind, t.statement, t.status, x.amount, x.currency, x.posted_at AS "postedAt", (SELECT r.id FROM bank.transaction r WHERE r.reverses = t.transaction_id) AS "reversedBy",
    t.gathered_at AS "gatheredAt", p.name AS "receivedBy", t.received_at AS "receivedAt", d.name AS "decidedBy", t.decided_at AS "decidedAt", t.finding, t.version`,
  joins: `JOIN bank.transaction x ON x.id = t.transaction_id JOIN bank.account a ON a.id = t.account_id JOIN bank."user" u ON u.id = a.user_id
    JOIN ops.operator p ON p.id = t.received_by LEFT JOIN ops.operator d ON d.id = t.decided_by`,
  defaultSort: { field: 'received', descending: true },
  fields: {
    text: text('t.account_id', {
      exact: [byNumber, 't.account_id IN (SELECT a.id FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE u.search_text LIKE {contains})'],
    }),
    id: number('t.id'),
    transaction: number('t.transaction_id'),
    account: text('t.account_id', { exact: [byNumber] }),
    user: text('t.account_id', {
      exact: ['t.account_id IN (SELECT a.id FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE u.username = {text})'],
    }),
    status: oneOf('t.status', disputeStatuses),
    state: meaning({ open, decided: `t.status IN ('upheld', 'denied')` }),
    kind: oneOf('t.kind', disputeKinds),
    received: time('t.received_at', { sortable: true }),
  },
}); // prettier-ignore

export const findDispute = (db: Db, id: bigint): Promise<DisputeRow | undefined> => disputePage.find(db, id);

/** What was gathered when it was investigated; undefined before. */
export const evidenceOf = async (db: Db, id: bigint): Promise<DisputeEvidence | undefined> => {
  const [row] = await db.$queryRaw<{ evidence: unknown }[]>`SELECT evidence FROM ops.dispute WHERE id = ${id}`;
  return row?.evidence ? DisputeEvidence.parse(row.evidence) : undefined;
};

/** The disputes about a transaction, newest first. */
export type DisputeLine = {
  readonly id: bigint;
  readonly kind: DisputeKind;
  readonly status: DisputeStatus;
  readonly statement: string;
  readonly finding: string | null;
  readonly receivedAt: Date;
  readonly version: number;
};

export const disputesAbout = (db: Db, transactionId: bigint): Promise<readonly DisputeLine[]> =>
  db.$queryRaw<DisputeLine[]>`
    SELECT id, kind, status, statement, finding, received_at AS "receivedAt", version FROM ops.dispute WHERE transaction_id = ${transactionId} ORDER BY id DESC LIMIT 20`;

/** The account that a dispute would be about, and how many open or decided ones it has besides. */
export const earlierDisputes = async (db: Db, accountId: bigint): Promise<number> => {
  const [row] = await db.$queryRaw<
    { disputes: number }[]
  >`SELECT count(*)::int AS disputes FROM ops.dispute WHERE account_id = ${accountId}`;
  return row?.disputes ?? 0;
};

type Move = Pick<DisputeRow, 'id' | 'version'>;

/** Takes a dispute in; gives its number. The database finds the account, and refuses a second open one. */
export const receiveDispute = async (db: Db, transactionId: bigint, kind: DisputeKind, statement: string): Promise<bigint> => {
  const [made] = await db.$queryRaw<{ id: bigint }[]>`SELECT id FROM ops.receive_dispute(${transactionId}, ${kind}, ${statement})`;
  if (!made) throw new Error('the database took a dispute in and returned none');
  return made.id;
};

/** Gathers the evidence, once. */
export const investigateDispute = async (db: Db, { id, version }: Move): Promise<DisputeEvidence> => {
  const [row] = await db.$queryRaw<{ evidence: unknown }[]>`SELECT evidence FROM ops.investigate_dispute(${id}, ${version}::int)`;
  return DisputeEvidence.parse(row?.evidence);
};

export const decideDispute = async (db: Db, { id, version }: Move, verdict: 'upheld' | 'denied', finding: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.decide_dispute(${id}, ${version}::int, ${verdict}, ${finding})`;
};

export const reopenDispute = async (db: Db, { id, version }: Move): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.reopen_dispute(${id}, ${version}::int)`;
};
