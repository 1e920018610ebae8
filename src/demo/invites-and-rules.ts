import type { Direct } from '../database/direct.ts';
import { hour, wholeDay } from './bank-days.ts';
import { operatorId } from './operators.ts';
import type { Person } from './person.ts';
import { randomFrom } from './random.ts';

type Invite = {
  readonly email: string;
  readonly role: string;
  readonly by: string;
  /** Days before the running day, and how long it is valid. */
  readonly daysAgo: number;
  readonly days: number;
  readonly maxUses: number;
  readonly uses: number;
  readonly revoked?: true;
};

const invites: readonly Invite[] = [
  { email: 'auditors@example.org', role: 'viewer', by: 'lena', daysAgo: 74, days: 7, maxUses: 1, uses: 1 },
  { email: 'temp.clerk@example.org', role: 'viewer', by: 'lena', daysAgo: 41, days: 7, maxUses: 1, uses: 0 },
  { email: 'contractor@example.net', role: 'viewer', by: 'lena', daysAgo: 20, days: 14, maxUses: 2, uses: 0, revoked: true },
  { email: 'open.day@nordlicht.example', role: 'customer', by: 'demo', daysAgo: 3, days: 14, maxUses: 25, uses: 2 },
  { email: 'new.colleague@nordlicht.example', role: 'viewer', by: 'lena', daysAgo: 1, days: 7, maxUses: 1, uses: 0 },
];

const fillInvites = async (client: Direct, people: readonly Person[], midnight: number, seed: number): Promise<void> => {
  const random = randomFrom(seed, 'invites');
  for (const { email, role, by, daysAgo, days, maxUses, uses, revoked } of invites) {
    const made = midnight - daysAgo * wholeDay + 10 * hour;
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO platform.invite (code_hash, code_hint, email, role, created_by, created_at, expires_at, max_uses, uses, revoked_at, revoked_by)
       VALUES (sha256(convert_to($1, 'UTF8')), right($1, 4), $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
      [
        `${random.uuid()}${random.uuid()}`, email, role, operatorId(by), new Date(made), new Date(made + days * wholeDay), maxUses, uses,
        revoked ? new Date(made + 2 * hour) : null, revoked ? operatorId(by) : null,
      ], // prettier-ignore
    );
    const registered = people.filter(person => person.role === role && person.createdBy === null).slice(-uses);
    for (const { username, createdAt } of uses === 0 ? [] : registered) {
      await client.query('INSERT INTO platform.invite_use (invite_id, username, used_at, used_in) VALUES ($1, $2, $3, 0)', [
        rows[0]?.id,
        username,
        new Date(createdAt),
      ]);
    }
  }
};

type Rule = {
  readonly kind: 'allow' | 'block';
  readonly network: string;
  readonly scope: 'admin' | 'platform' | 'everything';
  readonly reason: string;
  readonly hoursAgo: number;
  readonly hours: number;
  readonly hits: number;
  readonly removed?: true;
};

const rules: readonly Rule[] = [
  { kind: 'allow', network: '192.0.2.0/28', scope: 'admin', reason: 'auditors worked from their own office', hoursAgo: 700, hours: 240, hits: 0 },
  { kind: 'block', network: '203.0.113.40/32', scope: 'platform', reason: 'guessed at 4 usernames for 20 minutes', hoursAgo: 400, hours: 24, hits: 214 },
  { kind: 'block', network: '198.51.100.0/24', scope: 'platform', reason: 'credential stuffing from a hosting provider', hoursAgo: 90, hours: 336, hits: 1_380 },
  { kind: 'block', network: '203.0.113.180/32', scope: 'platform', reason: 'a customer behind a shared address', hoursAgo: 60, hours: 72, hits: 3, removed: true },
  { kind: 'block', network: '203.0.113.9/32', scope: 'everything', reason: 'tried the names of operators at night', hoursAgo: 30, hours: 168, hits: 41 },
]; // prettier-ignore

const fillRules = async (client: Direct, midnight: number): Promise<void> => {
  for (const { kind, network, scope, reason, hoursAgo, hours, hits, removed } of rules) {
    const made = midnight - hoursAgo * hour;
    await client.query(
      `INSERT INTO platform.ip_rule (kind, network, scope, reason, created_by, created_at, expires_at, hits, removed_at, removed_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        kind, network, scope, reason, operatorId(kind === 'allow' ? 'ada' : 'omar'), new Date(made), new Date(made + hours * hour), hits,
        removed ? new Date(made + 3 * hour) : null, removed ? operatorId('omar') : null,
      ], // prettier-ignore
    );
  }
};

/** Invites and address rules of the last weeks. */
export const fillInvitesAndRules = async (client: Direct, people: readonly Person[], midnight: number, seed: number): Promise<void> => {
  await fillInvites(client, people, midnight, seed);
  await fillRules(client, midnight);
};
