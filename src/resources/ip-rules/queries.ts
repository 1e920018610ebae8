import type { Db } from '../../database/client.ts';
import { meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import { ruleWords, type Behind, type BlockFacts, type MadeRule } from '../../domain/ip-rule.ts';
import { ipScopes, type IpScope } from '../../domain/network.ts';
import type { Keyed } from '../../domain/page.ts';

type IpRuleKind = 'allow' | 'block';

/** An address or network that is let in or kept out. */
export type IpRuleRow = Keyed & {
  readonly kind: IpRuleKind;
  readonly network: string;
  readonly scope: IpScope;
  readonly reason: string;
  readonly hits: bigint;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly removedAt: Date | null;
  readonly removedBy: string | null;
  readonly state: 'active' | 'expired' | 'removed';
};

const active = 't.removed_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())';
// What is no address finds nothing; cast, it would be an error
const holds = `CASE WHEN {text} ~ '^[0-9]{1,3}([.][0-9]{1,3}){3}$' OR {text} ~ '^[0-9a-f:]+:[0-9a-f:.]*$' THEN {text}::inet <<= t.network END`;

export const ipRulePage = pageOf<IpRuleRow>({
  table: 'platform.ip_rule',
  select: `t.kind, t.network::text, t.scope, t.reason, t.hits, c.name AS "createdBy", t.created_at AS "createdAt", t.expires_at AS "expiresAt",
    t.removed_at AS "removedAt", r.name AS "removedBy",
    CASE WHEN t.removed_at IS NOT NULL THEN 'removed' WHEN t.expires_at <= clock_timestamp() THEN 'expired' ELSE 'active' END AS state`,
  joins: 'LEFT JOIN ops.operator c ON c.id = t.created_by LEFT JOIN ops.operator r ON r.id = t.removed_by',
  defaultSort: { field: 'created', descending: true },
  fields: {
    text: text('t.network', { exact: [`t.network::text = {text} OR host(t.network) = {text} OR lower(t.reason) LIKE {contains}`] }),
    id: number('t.id'),
    network: text('t.network', {
      exact: ['t.network::text = {text} OR host(t.network) = {text}'],
      like: ['t.network::text LIKE {contains}'],
    }),
    holds: text('t.network', { exact: [holds] }),
    kind: oneOf('t.kind', ['allow', 'block']),
    scope: oneOf('t.scope', ipScopes),
    state: meaning({
      active,
      expired: 't.removed_at IS NULL AND t.expires_at <= clock_timestamp()',
      removed: 't.removed_at IS NOT NULL',
    }),
    created: time('t.created_at', { sortable: true }),
  },
});

export const findIpRule = (db: Db, id: bigint): Promise<IpRuleRow | undefined> => ipRulePage.find(db, id);

/** Who came from a network within 30 days, the last first: who a rule for it is about. */
export const behind = async (db: Db, network: string): Promise<readonly Behind[]> =>
  db.$queryRaw<Behind[]>`
    SELECT DISTINCT ON (s.kind, s.who_id) s.kind, coalesce(u.username, o.name) AS who, host(s.ip) AS ip, s.last_seen_at AS at,
           s.ended_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp()) AS open
      FROM ops.session_list s LEFT JOIN bank."user" u ON s.kind = 'user' AND u.id = s.who_id LEFT JOIN ops.operator o ON s.kind = 'operator' AND o.id = s.who_id
     WHERE s.ip <<= ${network}::cidr AND s.last_seen_at > now() - interval '30 days'
     ORDER BY s.kind, s.who_id, s.last_seen_at DESC LIMIT 200`;

/** A network as it is kept (no bits beyond its mask), and what a block of it would meet. */
export const blockFacts = async (db: Db, typed: string, scope: IpScope): Promise<BlockFacts> => {
  const [row] = await db.$queryRaw<{ network: string; failures: number; allowed: string | null }[]>`
    SELECT n.network::text, (SELECT count(*)::int FROM bank.auth_event e WHERE e.type = 'login_failure' AND e.at > now() - interval '1 day' AND e.ip <<= n.network) AS failures,
           (SELECT r.network::text FROM platform.ip_rules_now('allow', ${scope}) r WHERE r.network && n.network LIMIT 1) AS allowed
      FROM (SELECT network(${typed}::inet) AS network) n`;
  if (!row) throw new Error('the database made nothing of an address');
  return { ...row, behind: await behind(db, row.network) };
};

export type AllowFacts = {
  readonly network: string;
  readonly behind: readonly Behind[];
  /** Entries that the allowlist has already. */
  readonly others: number;
  /** Open sessions of operators that would be on none of them. */
  readonly outside: number;
};

/** A network as it is kept, and what the allowlist would be with it. */
export const allowFacts = async (db: Db, typed: string, scope: IpScope): Promise<AllowFacts> => {
  const [row] = await db.$queryRaw<{ network: string; others: number; outside: number }[]>`
    SELECT n.network::text, (SELECT count(*)::int FROM platform.ip_rules_now('allow', ${scope})) AS others,
           (SELECT count(*)::int FROM ops.operator_session s WHERE s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AND s.ip IS NOT NULL
               AND NOT s.ip <<= n.network AND NOT EXISTS (SELECT FROM platform.ip_rules_now('allow', 'admin') r WHERE s.ip <<= r.network)) AS outside
      FROM (SELECT network(${typed}::inet) AS network) n`;
  if (!row) throw new Error('the database made nothing of an address');
  return { ...row, behind: await behind(db, row.network) };
};

type NewRule = {
  readonly kind: IpRuleKind;
  readonly network: string;
  readonly scope: IpScope;
  readonly reason: string;
  /** How long it stands; undefined for ever. */
  readonly hours: number | undefined;
};

/** Adds a rule; the database refuses one that shuts out who makes it. */
export const addIpRule = async (db: Db, { kind, network, scope, reason, hours }: NewRule): Promise<MadeRule> => {
  const [made] = await db.$queryRaw<MadeRule[]>`
    SELECT id, network::text, expires_at AS "expiresAt" FROM platform.add_ip_rule(${kind}, ${network}::cidr, ${scope}, ${reason}, ${hours ?? null}::int)`;
  if (!made) throw new Error('the database made a rule and returned none');
  return made;
};

type Block = { readonly scope: IpScope; readonly hours: number; readonly note: string };

/** Blocks a network, whichever pane it was begun in; says what was done for the audit row. */
export const blockNetwork = async (db: Db, network: string, { scope, hours, note }: Block) => {
  const made = await addIpRule(db, { kind: 'block', network, scope, reason: note, hours });
  return {
    summary: `blocked ${ruleWords(made)}`,
    target: { id: String(made.id), label: network, version: 0 },
    new: { kind: 'block', network, scope, expires: made.expiresAt?.toISOString() ?? null },
  };
};

export const removeIpRule = async (db: Db, id: bigint): Promise<void> => {
  await db.$queryRaw`SELECT id FROM platform.remove_ip_rule(${id})`;
};
