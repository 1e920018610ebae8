import type { Direct } from '../database/direct.ts';
import { wholeDay } from './bank-days.ts';
import { operatorId } from './operators.ts';

/** What this bank has set otherwise than others; texts as JSON. */
const own: readonly (readonly [key: string, value: string])[] = [
  ['platform.name', 'Nordlicht Bank'],
  ['platform.environment', 'demo'],
  ['security.reset-link', 'https://nordlicht.example/password#{token}'],
  ['security.invite-link', 'https://nordlicht.example/register#{token}'],
  ['email.support-address', 'support@nordlicht.example'],
];

/** Somebody allowed more failures, and thought better of it. */
const changes = [
  { key: 'security.lockout-attempts', version: 1, value: 10, daysAgo: 96 },
  { key: 'security.lockout-attempts', version: 2, value: 5, daysAgo: 61 },
] as const;

/** Sets the settings and writes their history; `planted` says where the bank hides what. */
export const fillSettings = async (client: Direct, planted: unknown, midnight: number): Promise<void> => {
  await client.query('UPDATE platform.setting SET value = coalesce(default_value, value), version = 0');
  await client.query(
    `INSERT INTO platform.setting (key, value, description, label, type, is_public) VALUES
       ('platform.environment', '"demo"', 'demo, test or production', 'Environment', 'string', true),
       ('demo.planted', $1, 'Where the demo bank hides which suspicious pattern', 'Planted cases', 'json', false)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, description = excluded.description, label = excluded.label, type = excluded.type`,
    [JSON.stringify(planted)],
  );
  for (const [key, value] of own) {
    await client.query('UPDATE platform.setting SET value = $2, default_value = $2 WHERE key = $1', [key, JSON.stringify(value)]);
  }
  await client.query(
    'INSERT INTO platform.setting_version (key, version, value, changed_at) SELECT key, 0, coalesce(default_value, value), $1 FROM platform.setting',
    [new Date(midnight - 400 * wholeDay)],
  );
  for (const { key, version, value, daysAgo } of changes) {
    await client.query('INSERT INTO platform.setting_version (key, version, value, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5)', [
      key, version, JSON.stringify(value), operatorId('ada'), new Date(midnight - daysAgo * wholeDay),
    ]); // prettier-ignore
    await client.query('UPDATE platform.setting SET value = $2, version = $3 WHERE key = $1', [key, JSON.stringify(value), version]);
  }
};
