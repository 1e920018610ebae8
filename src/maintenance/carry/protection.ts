import type { Direct } from '../../database/direct.ts';
import { fetchRows, mergeArrivals, since, updateByArrivals, type Sides } from './merge.ts';
import { WorkRefused } from '../define-work.ts';
import { commonOf, otherChecks, setAside, tablesOf, type Table } from './tables.ts';

/** How many of what was carried. */
export type Carried = { readonly what: string; readonly rows: number };

/** The tables of bank and platform that change here; their triggers judge people, and this is what people decided already. */
const touched = [
  'bank.account', 'bank."user"', 'bank.auth_session', 'bank.auth_event', 'bank.password_reset', 'bank.password_history', 'bank.limit_override', 'bank.posting_refusal',
  'bank.idempotency_key', 'platform.ip_rule', 'platform.invite', 'platform.invite_use', 'platform.setting', 'platform.setting_version', 'platform.role',
  'platform.role_permission', 'platform.role_grant', 'ops.hold', 'ops.action_run',
]; // prettier-ignore
/** Of them, as far as both know them: what came after the first release. */
const touchedLater = ['platform.maintenance'];

const knownAccount = 'EXISTS (SELECT FROM bank.account a WHERE a.id = n.account_id)';
const knownUser = 'EXISTS (SELECT FROM bank."user" u WHERE u.id = n.user_id)';

/** Tables whose rows come over as they are: what was blocked, revoked, used up or ended must not revive. */
const whole: readonly (readonly [table: string, what: string, only: string])[] = [
  ['platform.ip_rule', 'IP rules', 'true'],
  ['platform.maintenance', 'windows of maintenance', 'true'],
  ['platform.invite', 'invitations', 'true'],
  ['platform.invite_use', 'uses of invitations', 'true'],
  ['bank.password_reset', 'password links', knownUser],
  ['bank.password_history', 'earlier passwords', knownUser],
  ['bank.limit_override', 'granted limits', knownAccount],
  [
    'platform.setting',
    'settings that protect',
    `n.key ~ '^(security|abuse|detection|health)[.]' AND EXISTS (SELECT FROM platform.setting s WHERE s.key = n.key)`,
  ],
  [
    'platform.setting_version',
    'versions of settings that protect',
    `n.key ~ '^(security|abuse|detection|health)[.]' AND EXISTS (SELECT FROM platform.setting s WHERE s.key = n.key)`,
  ],
];

/** Each takes what arrived of a table, as `n`, and says what it changed. Where the live database allows less, it has the last word. */
const decisions: readonly (readonly [table: string, what: string, sql: string])[] = [
  [
    'bank.account', 'freezes',
    `UPDATE bank.account a SET status = 'frozen', version = greatest(a.version, n.version) + 1, changed_at = clock_timestamp()
       FROM pg_temp.arrivals n WHERE n.id = a.id AND n.status = 'frozen' AND a.status <> 'frozen'`,
  ],
  [
    'bank.account', 'releases, as their holds are released',
    `UPDATE bank.account a SET status = 'active', version = greatest(a.version, n.version) + 1, changed_at = clock_timestamp()
       FROM pg_temp.arrivals n WHERE n.id = a.id AND n.status = 'active' AND a.status = 'frozen'`,
  ],
  [
    'bank.account', 'closures',
    `UPDATE bank.account a SET status = 'closed', closed_at = n.closed_at, version = greatest(a.version, n.version) + 1, changed_at = clock_timestamp()
       FROM pg_temp.arrivals n WHERE n.id = a.id AND n.status = 'closed' AND a.status <> 'closed' AND a.balance = 0`,
  ],
  [
    'bank.account', 'rejections',
    `UPDATE bank.account a SET status = 'rejected', version = greatest(a.version, n.version) + 1, changed_at = clock_timestamp()
       FROM pg_temp.arrivals n WHERE n.id = a.id AND n.status = 'rejected' AND a.status = 'pending'`,
  ],
  [
    'bank.account', 'closed accounts that hold money again, frozen now',
    `UPDATE bank.account a SET status = 'frozen', version = greatest(a.version, n.version) + 1, changed_at = clock_timestamp()
       FROM pg_temp.arrivals n WHERE n.id = a.id AND n.status = 'closed' AND a.status NOT IN ('closed', 'frozen') AND a.balance <> 0`,
  ],
  [
    'bank."user"', 'deactivations, locks and passwords first set',
    `UPDATE bank."user" u SET status = n.status, version = greatest(u.version, n.version) + 1
       FROM pg_temp.arrivals n
      WHERE n.id = u.id AND n.status <> u.status AND (u.status = 'invited' OR array_position('{active,invited,locked,deactivated}'::bank.user_status[], n.status)
            > array_position('{active,invited,locked,deactivated}'::bank.user_status[], u.status))`,
  ],
  [
    'bank."user"', 'passwords',
    `UPDATE bank."user" u SET password_hash = n.password_hash, must_change_password = n.must_change_password, version = greatest(u.version, n.version) + 1
       FROM pg_temp.arrivals n WHERE n.id = u.id AND (n.password_hash, n.must_change_password) IS DISTINCT FROM (u.password_hash, u.must_change_password)`,
  ],
  [
    'bank."user"', 'addresses that passwords are reset by',
    `UPDATE bank."user" u SET email = n.email, email_verified_at = n.email_verified_at, email_changed_at = n.email_changed_at, version = greatest(u.version, n.version) + 1
       FROM pg_temp.arrivals n WHERE n.id = u.id AND n.email <> u.email AND NOT EXISTS (SELECT FROM bank."user" o WHERE lower(o.email) = lower(n.email) AND o.id <> u.id)`,
  ],
  [
    'bank."user"', 'roles that were taken away',
    `UPDATE bank."user" u SET role = n.role, version = greatest(u.version, n.version) + 1
       FROM pg_temp.arrivals n, bank.role less, bank.role more WHERE n.id = u.id AND less.name = n.role AND more.name = u.role AND less.rank > more.rank`,
  ],
  [
    'bank.auth_session', 'sessions that were ended',
    `UPDATE bank.auth_session s SET ended_at = n.ended_at FROM pg_temp.arrivals n WHERE n.id = s.id AND s.ended_at IS NULL AND n.ended_at IS NOT NULL`,
  ],
  [
    'platform.role', 'roles of users that were switched off',
    `UPDATE platform.role r SET is_active = false, version = greatest(r.version, n.version) + 1 FROM pg_temp.arrivals n WHERE n.id = r.id AND r.is_active AND NOT n.is_active`,
  ],
  [
    'platform.role_grant', 'grants that were revoked or end earlier',
    `UPDATE platform.role_grant g SET revoked_at = n.revoked_at, revoked_by = n.revoked_by, expires_at = least(g.expires_at, n.expires_at)
       FROM pg_temp.arrivals n WHERE n.id = g.id AND (g.revoked_at IS NULL AND n.revoked_at IS NOT NULL OR n.expires_at < coalesce(g.expires_at, 'infinity'))`,
  ],
]; // prettier-ignore

/** A hold is the record of why an account is frozen: what was closed and is frozen now gets one, or nobody could release it. */
const holdFrozen = `
  INSERT INTO ops.hold (account_id, ground, note, review_on, placed_by)
  SELECT a.id, 'compliance', 'closed after the backup that was restored, and holds money again', current_date + 1, (SELECT min(o.id) FROM ops.operator o)
    FROM bank.account a WHERE a.status = 'frozen' AND NOT EXISTS (SELECT FROM ops.hold h WHERE h.account_id = a.id AND h.released_at IS NULL)
     AND EXISTS (SELECT FROM ops.operator)`;

/** A permission that a role has no more is not in the live table at all: the whole of it is compared. */
const removedPermissions = async (sides: Sides, table: Table): Promise<Carried> => {
  await fetchRows(sides, table, 'true');
  const { rowCount } = await sides.scratch.query(
    `DELETE FROM platform.role_permission p WHERE NOT EXISTS (SELECT FROM pg_temp.arrivals n WHERE (n.role_id, n.permission_id) = (p.role_id, p.permission_id))`,
  );
  return { what: 'permissions taken from roles of users', rows: rowCount ?? 0 };
};

/** A table as both know it; `isBehind` where the live one lacks columns, which then stay as they are. */
type Common = Table & { readonly isBehind: boolean };

/** What both know of bank and platform. */
const commonTables = async ({ live, scratch }: Sides): Promise<ReadonlyMap<string, Common>> => {
  const common = new Map<string, Common>();
  for (const schema of ['bank', 'platform']) {
    const there = await tablesOf(live, schema);
    for (const [name, table] of await tablesOf(scratch, schema)) {
      const other = there.get(name);
      if (other) common.set(name, { ...commonOf(other, table), isBehind: table.columns.some(column => !other.columns.includes(column)) });
    }
  }
  return common;
};

const oneOf = (tables: ReadonlyMap<string, Common>, name: string): Common => {
  const table = tables.get(name);
  if (!table) throw new WorkRefused(`the backup, or the bank of today, is too old to be carried forward: it has no table ${name}`);
  return table;
};

/** Sign-ins that failed lock an account out for a while, and the security log is not to have a hole. */
const signIns = async (sides: Sides, table: Table): Promise<Carried> => {
  const { rows } = await sides.scratch.query<{ last: string }>('SELECT coalesce(max(id), 0)::text AS last FROM bank.auth_event');
  await fetchRows(sides, table, `id > ${BigInt(rows[0]?.last ?? 0)}`);
  const known = `(n.user_id IS NULL OR ${knownUser})`;
  return { what: 'sign-ins and failed sign-ins', rows: await mergeArrivals(sides.scratch, table, known) };
};

/** Where the backup's schema cannot say that a limit was ended early, its time is over instead: it must not be in force again. */
const endLimits = async ({ live, scratch }: Sides, common: Table): Promise<void> => {
  const there = (await tablesOf(live, 'bank')).get(common.name);
  if (common.columns.includes('ended_at') || !there?.columns.includes('ended_at')) return;
  const { rows } = await live.query<{ id: string; ended: string }>(
    `SELECT id::text, ended_at::text AS ended FROM ${common.name} WHERE ended_at IS NOT NULL`,
  );
  await scratch.query(
    `UPDATE ${common.name} o SET expires_at = least(o.expires_at, e.ended) FROM unnest($1::bigint[], $2::timestamptz[]) AS e (id, ended) WHERE e.id = o.id`,
    [rows.map(({ id }) => id), rows.map(({ ended }) => ended)],
  );
};

const decide = async (scratch: Direct, sql: string): Promise<number> => (await scratch.query(sql)).rowCount ?? 0;

/** Carries over what protects in bank and platform. The console's own part must have been carried before: holds follow statuses. */
export const carryProtection = async (
  sides: Sides,
  horizon: string | undefined,
  also: (tables: ReadonlyMap<string, Table>) => Promise<readonly Carried[]>,
): Promise<readonly Carried[]> => {
  const tables = await commonTables(sides);
  for (const name of touched) if (!name.startsWith('ops.')) oneOf(tables, name);
  const work = async (): Promise<readonly Carried[]> => {
    const carried: Carried[] = [];
    for (const [name, what, only] of whole) {
      if (touchedLater.includes(name) && !tables.has(name)) continue;
      const table = oneOf(tables, name);
      await fetchRows(sides, table, since(horizon));
      carried.push({ what, rows: await (table.isBehind ? updateByArrivals : mergeArrivals)(sides.scratch, table, only) });
    }
    await endLimits(sides, oneOf(tables, 'bank.limit_override'));
    let fetched = '';
    for (const [name, what, sql] of decisions) {
      const table = oneOf(tables, name);
      if (name !== fetched) await fetchRows(sides, table, since(horizon));
      fetched = name;
      carried.push({ what, rows: await decide(sides.scratch, sql) });
    }
    await sides.scratch.query(holdFrozen);
    carried.push(await removedPermissions(sides, oneOf(tables, 'platform.role_permission')));
    carried.push(await signIns(sides, oneOf(tables, 'bank.auth_event')));
    carried.push(...(await also(tables)));
    return carried;
  };
  const all = [...touched, ...touchedLater.filter(name => tables.has(name))];
  return setAside(sides.scratch, all, work, await otherChecks(sides.live, sides.scratch));
};
