import { expect, test, vi } from 'vitest';
import { seedDemo } from '../../../src/demo/seed-demo.ts';
import { aGuideBank } from '../../support/guide-bank.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { full, report } from '../../support/reliability.ts';
import { aRun, dropAll, restoreParts } from '../../support/restoring.ts';

vi.setConfig({ testTimeout: full ? 1_800_000 : 180_000 });

test('a bank is restored beside the live one and takes its place; the one before stays', async () => {
  await using bank = await aGuideBank();
  const database = new URL(bank.url).pathname.slice(1);
  const host = maintained(bank.url, { home: aCommandHome() });
  const backup = await host.maintain('backup');
  const number = await bank.value(`SELECT number FROM bank.account WHERE status = 'active' ORDER BY id LIMIT 1`);
  await bank.bursar('accounts', 'freeze', number, '--ground', 'compliance', '--note', 'seen after the backup', '--yes');

  const run = aRun();
  const [prepare = ['', {}], ...others] = restoreParts(run, String(backup['name']), database);
  const first = await host.maintain(...prepare);
  // Followed again, or begun again under its run, it tells of the same safety backup
  expect((await host.maintain(...prepare))['safetyBackup']).toMatchObject({ name: first['safety'], verified: true });
  for (const [name, input] of others) await host.maintain(name, input);
  expect(await bank.value('SELECT status::text FROM bank.account WHERE number = $1', [number])).toBe('frozen');
  const left = (await host.databases()).filter(name => name !== database);
  expect(left).toHaveLength(1);
  await dropAll(bank.url, left);
});

const facts = `
  SELECT (SELECT count(*) FROM bank.transaction)::int AS transactions, (SELECT sum(amount)::text FROM bank.transaction) AS posted,
         (SELECT count(*) FROM bank.account)::int AS accounts, (SELECT sum(balance)::text FROM bank.account) AS balances,
         (SELECT count(*) FROM bank."user")::int AS users, (SELECT count(*) FROM ops.audit)::int AS audited,
         (SELECT encode(hash, 'hex') FROM ops.audit_head) AS head`;

test('counts, sums and the head of the audit log are the same after backup and restore', async () => {
  const transactions = full ? 1_000_000 : 60_000;
  await using database = await aDatabase(full ? 'empty' : 'demo');
  if (full) await seedDemo(database.url, { transactions, auditRows: 100_000 });
  const before = await query(database.url, facts);
  const host = maintained(database.url, { home: aCommandHome() });
  const took: Record<string, number> = {};
  const timed = async (name: string, input?: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const began = performance.now();
    const result = await host.maintain(name, input);
    took[`s ${name}`] = Math.round((performance.now() - began) / 100) / 10;
    return result;
  };
  const backup = await timed('backup');
  let last: Record<string, unknown> = {};
  for (const [name, input] of restoreParts(aRun(), String(backup['name']), new URL(database.url).pathname.slice(1)))
    last = await timed(name, input);
  report('backup and restore', {
    ...before[0],
    ...took,
    'ms refused': Number(last['refused']),
    'ms for both renames': Number(last['renamed']),
  });
  expect(before[0]?.['transactions']).toBeGreaterThanOrEqual(transactions * 0.99);
  expect(await query(database.url, facts)).toEqual(before);
  await dropAll(
    database.url,
    (await host.databases()).filter(name => name !== new URL(database.url).pathname.slice(1)),
  );
});
