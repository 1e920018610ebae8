import type { Db } from '../../database/client.ts';
import { digits, flag, money, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import { accountStatuses, accountTypes, type AccountStatus, type AccountType } from '../../domain/account.ts';
import type { Applicant, EvidenceDocument, LikePerson } from '../../domain/opening-check.ts';

export type AccountRow = Keyed & {
  readonly number: string;
  readonly ownerId: bigint;
  readonly ownerName: string;
  readonly username: string;
  readonly type: AccountType;
  readonly currency: string;
  readonly status: AccountStatus;
  readonly balance: bigint;
  readonly openedAt: Date;
  readonly activatedAt: Date | null;
  readonly closedAt: Date | null;
  readonly changedAt: Date;
  readonly openAlerts: number;
  /** Of its gravest open alert; 0 without one. */
  readonly topScore: number;
  readonly openCases: number;
  readonly openDisputes: number;
  readonly version: number;
};

const byOwner = 't.user_id IN (SELECT id FROM bank."user" WHERE search_text LIKE {contains})';

// Text that is no number must find nothing; cast, it would be an error
const ofIncident = `t.id IN (SELECT l.entity_id::bigint FROM ops.incident_link l
    WHERE l.incident_id = CASE WHEN {text} ~ '^[0-9]{1,18}$' THEN {text}::bigint END AND l.entity = 'account' AND l.removed_at IS NULL)`;

export const accountPage = pageOf<AccountRow>({
  table: 'bank.account',
  select: `t.number, t.user_id AS "ownerId", u.first_name || ' ' || u.last_name AS "ownerName", u.username, t.type::text, t.currency, t.status::text,
    t.balance, t.opened_at AS "openedAt", t.activated_at AS "activatedAt", t.closed_at AS "closedAt", t.changed_at AS "changedAt", l.open AS "openAlerts", l.top AS "topScore",
    (SELECT count(*)::int FROM ops.case_file c WHERE c.account_id = t.id AND c.finding IS NULL) AS "openCases",
    (SELECT count(*)::int FROM ops.dispute d WHERE d.account_id = t.id AND d.status IN ('received', 'investigating')) AS "openDisputes", t.version`,
  joins: `JOIN bank."user" u ON u.id = t.user_id
    LEFT JOIN LATERAL (SELECT count(*)::int AS open, coalesce(max(a.score), 0)::int AS top FROM ops.alert a
                        WHERE a.account_id = t.id AND a.status IN ('open', 'in review')) l ON true`,
  defaultSort: { field: 'opened', descending: true },
  fields: {
    text: text('t.number', {
      exact: ['t.number BETWEEN {text} AND {upTo}', byOwner],
      like: ['t.number BETWEEN {text} AND {upTo}', byOwner],
    }),
    id: number('t.id'),
    number: digits('t.number', { sortable: true }),
    owner: text('t.user_id', { exact: ['t.user_id = (SELECT id FROM bank."user" WHERE username = {text})'], like: [byOwner] }),
    status: oneOf('t.status', accountStatuses, 'bank.account_status'),
    type: oneOf('t.type', accountTypes, 'bank.account_type'),
    balance: money('t.balance', { sortable: true }),
    opened: time('t.opened_at', { sortable: true }),
    changed: time('t.changed_at', { sortable: true }),
    incident: text('t.id', { exact: [ofIncident] }),
    due: flag('t.id IN (SELECT account_id FROM ops.hold WHERE released_at IS NULL AND review_on <= (SELECT bank.business_day()))'),
  },
});

export type Account = AccountRow & { readonly activatedBy: bigint | null };

/** The account as it is now, or undefined. */
export const findAccount = async (db: Db, id: bigint): Promise<Account | undefined> => {
  const row = await accountPage.find(db, id);
  if (!row) return undefined;
  const account = await db.account.findUnique({ where: { id }, select: { activatedBy: true } });
  return { ...row, activatedBy: account?.activatedBy ?? null };
};

/** Where the owner of an account is written to. */
export const addressOfOwner = async (db: Db, id: bigint): Promise<string> => {
  const { user } = await db.account.findUniqueOrThrow({ where: { id }, select: { user: { select: { email: true } } } });
  return user.email;
};

export type Hold = {
  readonly ground: string;
  readonly note: string;
  readonly reviewOn: Date;
  readonly placedBy: string;
  readonly placedAt: Date;
  readonly releasedAt: Date | null;
  readonly findings: string | null;
};

/** The holds of an account, newest first. */
export const holdsOf = async (db: Db, accountId: bigint): Promise<readonly Hold[]> => {
  const holds = await db.hold.findMany({
    where: { accountId },
    orderBy: { id: 'desc' },
    take: 20,
    include: { placer: { select: { name: true } } },
  });
  return holds.map(hold => ({ ...hold, placedBy: hold.placer.name }));
};

export type Flow = { readonly credits: bigint; readonly debits: bigint; readonly postings: number };

/** Money in and out since an instant; amounts in minor units. */
export const flowOf = async (db: Db, accountId: bigint, since: Date): Promise<Flow> => {
  const [flow] = await db.$queryRaw<Flow[]>`
    SELECT coalesce(sum(amount) FILTER (WHERE credit), 0)::bigint AS credits, coalesce(sum(amount) FILTER (WHERE NOT credit), 0)::bigint AS debits,
           count(*)::int AS postings
      FROM (SELECT amount, true AS credit FROM bank.transaction WHERE to_account_id = ${accountId} AND posted_at >= ${since}
            UNION ALL SELECT amount, false FROM bank.transaction WHERE from_account_id = ${accountId} AND posted_at >= ${since}) legs`;
  return flow ?? { credits: 0n, debits: 0n, postings: 0 };
};

/** Whether anything was ever posted on the account. */
export const hasPostings = async (db: Db, accountId: bigint): Promise<boolean> => {
  const found = await db.transaction.findFirst({
    where: { OR: [{ fromAccountId: accountId }, { toAccountId: accountId }] },
    select: { id: true },
  });
  return found !== null;
};

export type StatementLine = {
  readonly id: bigint;
  readonly postedAt: Date;
  readonly type: string;
  readonly amount: bigint;
  readonly credit: boolean;
  readonly description: string;
};

/** The newest postings of an account, each side from its own index. */
export const recentPostings = async (db: Db, accountId: bigint, limit: number): Promise<readonly StatementLine[]> =>
  db.$queryRaw<StatementLine[]>`
    SELECT id, posted_at AS "postedAt", type::text, amount, to_account_id IS NOT DISTINCT FROM ${accountId} AS credit, coalesce(counterparty || ' ', '') || description AS description
      FROM ((SELECT * FROM bank.transaction WHERE from_account_id = ${accountId} ORDER BY posted_at DESC, id DESC LIMIT ${limit})
            UNION (SELECT * FROM bank.transaction WHERE to_account_id = ${accountId} ORDER BY posted_at DESC, id DESC LIMIT ${limit})) both_sides
     ORDER BY posted_at DESC, id DESC LIMIT ${limit}`;

/** How many postings were refused on an account since an instant. */
export const refusalsOf = async (db: Db, accountId: bigint, since: Date): Promise<number> =>
  db.postingRefusal.count({ where: { refusedAt: { gte: since }, OR: [{ fromAccountId: accountId }, { toAccountId: accountId }] } });

export type RefusalLine = {
  readonly refusedAt: Date;
  readonly type: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly message: string;
};

/** The newest refused postings of an account, each side from its own index. */
export const recentRefusals = async (db: Db, accountId: bigint, limit: number): Promise<readonly RefusalLine[]> =>
  db.$queryRaw<RefusalLine[]>`
    SELECT refused_at AS "refusedAt", type::text, amount, currency, message
      FROM ((SELECT * FROM bank.posting_refusal WHERE from_account_id = ${accountId} ORDER BY refused_at DESC LIMIT ${limit})
            UNION (SELECT * FROM bank.posting_refusal WHERE to_account_id = ${accountId} ORDER BY refused_at DESC LIMIT ${limit})) both_sides
     ORDER BY refused_at DESC LIMIT ${limit}`;

export type FlagLine = {
  readonly transactionId: bigint;
  readonly note: string;
  readonly flaggedBy: string;
  readonly flaggedAt: Date;
  readonly clearedAt: Date | null;
};

/** The flags set on transactions that an account sent, newest first. */
export const flagsOf = async (db: Db, accountId: bigint, limit: number): Promise<readonly FlagLine[]> =>
  db.$queryRaw<FlagLine[]>`
    SELECT f.transaction_id AS "transactionId", f.note, o.name AS "flaggedBy", f.flagged_at AS "flaggedAt", f.cleared_at AS "clearedAt"
      FROM ops.transaction_flag f JOIN ops.operator o ON o.id = f.flagged_by
     WHERE f.account_id = ${accountId} ORDER BY f.id DESC LIMIT ${limit}`;

export type Application = {
  readonly applicant: Applicant;
  readonly documents: readonly EvidenceDocument[];
  readonly alike: readonly LikePerson[];
};

const dayOf = (date: Date | null): string | null => date?.toISOString().slice(0, 10) ?? null;

/** What an account's opening is judged by: its owner, their documents, and everybody who looks like the same person. */
export const applicationOf = async (db: Db, ownerId: bigint): Promise<Application> => {
  const [owner, documents, alike] = await Promise.all([
    db.user.findUniqueOrThrow({
      where: { id: ownerId },
      select: { firstName: true, lastName: true, birthDate: true, phone: true, emailVerifiedAt: true, status: true },
    }),
    db.document.findMany({ where: { userId: ownerId }, orderBy: { id: 'asc' } }),
    db.$queryRaw<{ username: string; accounts: number }[]>`
      SELECT o.username, (SELECT count(*)::int FROM bank.account a WHERE a.user_id = o.id) AS accounts
        FROM bank."user" u JOIN bank."user" o
          ON lower(o.last_name) = lower(u.last_name) AND lower(o.first_name) = lower(u.first_name) AND o.birth_date = u.birth_date AND o.id <> u.id
       WHERE u.id = ${ownerId} ORDER BY o.id LIMIT 10`,
  ]);
  return {
    applicant: { ...owner, birthDate: dayOf(owner.birthDate) },
    documents: documents.map(document => ({ ...document, expiresOn: dayOf(document.expiresOn) })),
    alike,
  };
};

type Move = { readonly id: bigint; readonly version: number };

/** Freezes: from the commit on no posting touches the account. The database refuses a stale version. */
export const placeHold = async (
  db: Db,
  account: Move,
  hold: { ground: string; note: string; reviewOn: string; notify: boolean },
): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.place_hold(${account.id}, ${account.version}::int, ${hold.ground}, ${hold.note}, ${hold.reviewOn}::date, ${hold.notify})`;
};

/** Releases every open hold, which unfreezes. */
export const releaseHolds = async (db: Db, account: Move, findings: string): Promise<void> => {
  await db.$queryRaw`SELECT ops.release_holds(${account.id}, ${account.version}::int, ${findings})`;
};

/** Takes back one's own hold; the database refuses after ten minutes and from anybody else. */
export const retractHold = async (db: Db, account: Move, findings: string): Promise<void> => {
  await db.$queryRaw`SELECT ops.retract_hold(${account.id}, ${account.version}::int, ${findings})`;
};

/** Takes back one's own approval; the database refuses after ten minutes, from anybody else, and after a posting. */
export const retractApproval = async (db: Db, account: Move): Promise<void> => {
  await db.$queryRaw`SELECT id FROM bank.retract_approval(${account.id}, ${account.version}::int)`;
};

export const setAccountStatus = async (db: Db, account: Move, after: AccountStatus): Promise<void> => {
  await db.$queryRaw`SELECT id FROM bank.set_account_status(${account.id}, ${after}::bank.account_status, ${account.version}::int)`;
};
