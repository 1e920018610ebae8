import { describe, expect, test } from 'vitest';
import { DemoRefused, seedDemo, type DemoOptions } from '../../src/demo/seed-demo.ts';
import { aDatabase } from '../support/database.ts';
import { countOf, query } from '../support/query.ts';

const now = new Date('2026-11-21T14:07:30Z');
const small: DemoOptions = { transactions: 6_000, now };

/** One checksum over every row of what a demo fills; identities that the database gives are part of it. */
const checksum = async (url: string): Promise<unknown> => {
  const tables = [
    'bank."user"',
    'bank.account',
    'bank.transaction',
    'bank.document',
    'bank.auth_event',
    'bank.auth_session',
    'bank.posting_refusal',
    'ops.hold',
    'ops.transaction_flag',
  ];
  const sums = tables.map(
    table => `(SELECT md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM ${table} t) AS "${table.replaceAll('"', '')}"`,
  );
  return (await query(url, `SELECT ${sums.join(', ')}`))[0];
};

describe('seeding', () => {
  test('the same seed and time give the same bank, another seed another one', async () => {
    await using bank = await aDatabase('empty');
    await seedDemo(bank.url, { ...small, seed: 5 });
    const first = await checksum(bank.url);
    const figures = await seedDemo(bank.url, { ...small, seed: 5, replace: true });
    expect(await checksum(bank.url)).toEqual(first);
    expect(figures).toMatchObject({ seed: 5, transactions: 6_000, accounts: 250, users: 200 });
    await seedDemo(bank.url, { ...small, seed: 6, replace: true });
    expect(await checksum(bank.url)).not.toEqual(first);
  });

  test('indexes, foreign keys and triggers are those of the migrations afterwards, and ids go on', async () => {
    await using bank = await aDatabase('empty');
    const structure = `
      SELECT (SELECT array_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE schemaname IN ('bank', 'ops')) AS indexes,
             (SELECT array_agg(conname || pg_get_constraintdef(oid) ORDER BY conrelid, conname) FROM pg_constraint WHERE contype = 'f') AS keys,
             (SELECT array_agg(format('%s %s %s', tgrelid::regclass, tgname, tgenabled) ORDER BY tgrelid, tgname) FROM pg_trigger WHERE NOT tgisinternal) AS triggers`;
    const before = await query(bank.url, structure);
    await seedDemo(bank.url, small);
    expect(await query(bank.url, structure)).toEqual(before);
    const [registered] = await query(
      bank.url,
      `SELECT r.id, r.number FROM bank.register_customer('new.person', 'new@mail.example', 'New', 'Person', '1990-01-01', NULL, 'savings', 'EUR') r`,
    );
    expect(registered).toMatchObject({ id: '251' });
    const [posted] = await query(
      bank.url,
      `SELECT (p).transaction_id FROM bank.post_transaction(gen_random_uuid(), 'deposit', NULL, (SELECT min(id) FROM bank.account WHERE status = 'active'), 100, 'EUR', 'branch') p`,
    );
    expect(posted).toEqual({ transaction_id: '6001' });
  });

  test('a database that holds something no demo put there is refused and stays as it was', async () => {
    await using bank = await aDatabase('empty');
    await query(
      bank.url,
      `SELECT bank.register_customer('real.person', 'real@bank.example', 'Real', 'Person', '1990-01-01', NULL, 'savings', 'EUR')`,
    );
    await expect(seedDemo(bank.url, { ...small, replace: true })).rejects.toThrow(DemoRefused);
    await expect(seedDemo(bank.url, small)).rejects.toThrow(
      'This database holds accounts that no demo put there: it may be a real bank and was not touched. Name an empty database.',
    );
    expect([
      await countOf(bank.url, 'bank."user"'),
      await countOf(bank.url, 'ops.operator'),
      await countOf(bank.url, 'platform.demo_marker'),
    ]).toEqual([1, 0, 0]);
  });

  test('a demo bank is replaced only when that is asked for', async () => {
    await using bank = await aDatabase('demo');
    await expect(seedDemo(bank.url, small)).rejects.toThrow(
      'This database holds a demo bank already. Ask to replace it if it may be deleted.',
    );
    expect(await countOf(bank.url, 'bank.transaction')).toBe(60_000);
    await seedDemo(bank.url, { ...small, replace: true });
    expect(await countOf(bank.url, 'bank.transaction')).toBe(6_000);
  });

  test('a database without tables is refused with what to do', async () => {
    await using bank = await aDatabase('blank');
    await expect(seedDemo(bank.url, small)).rejects.toThrow('Run "bursar migrate" first');
  });

  test('invented audit rows form an unbroken chain that real ones continue', async () => {
    await using bank = await aDatabase('empty');
    await seedDemo(bank.url, { ...small, auditRows: 3_000 });
    expect(await query(bank.url, 'SELECT * FROM ops.verify_audit()')).toEqual([{ checked: '3000', first_broken: null, problem: null }]);
    await query(bank.url, `SELECT ops.open_demo_session('demo', repeat('x', 40), 'test')`);
    expect(await query(bank.url, 'SELECT * FROM ops.verify_audit()')).toEqual([{ checked: '3001', first_broken: null, problem: null }]);
  });

  test('progress is told from 0 to 1 and never goes back', async () => {
    await using bank = await aDatabase('empty');
    const fractions: number[] = [];
    await seedDemo(bank.url, { ...small, onProgress: (_, fraction) => fractions.push(fraction) });
    expect([fractions[0], fractions.at(-1)]).toEqual([0, 1]);
    expect(fractions.toSorted((a, b) => a - b)).toEqual(fractions);
  });
});
