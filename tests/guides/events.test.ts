import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';
import { asRole } from '../../src/database/role-url.ts';
import { harmIn } from '../support/harmless.ts';
import { query } from '../support/query.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

type Listed = Record<string, unknown>;
const listed = async (pane: string, ...words: string[]) =>
  (JSON.parse(await bank.bursar(pane, 'list', ...words, '--json')) as { rows: Listed[] }).rows;

/** As the platform does, under its own role. */
const record = async (...event: readonly (string | null)[]): Promise<string> => {
  const [row] = await query(
    asRole(bank.url, 'bursar_platform'),
    'SELECT platform.record_event($1, $2, $3, $4, $5::text::bigint, $6::uuid, $7::jsonb)::text AS id',
    Array.from({ length: 7 }, (_, index) => event[index] ?? null),
  );
  return String(row?.['id']);
};

test('A27 the last events with level, source and message, those of one job, and one correlation id through everything', async () => {
  const correlation = '4f1c2d3e-0000-4000-8000-00000000a270';
  const id = await record(
    'error',
    'mailer',
    'the relay refused 12 letters',
    'letters-2026-11',
    null,
    correlation,
    '{"relay":"mx1","refused":12}',
  );
  await record('info', 'mailer', 'the relay takes letters again', 'letters-2026-11', null, correlation);
  await record('debug', 'cache', 'cleared');

  await using console = await bank.screen('events');
  await console.sees('cleared', 'the relay takes', 'the relay refused', 'mailer', 'error');
  const newest = await listed('events', '--limit', '20');
  expect(newest).toHaveLength(20);
  expect(newest.slice(0, 3).map(({ level, source, message }) => [level, source, message])).toEqual([
    ['debug', 'cache', 'cleared'],
    ['info', 'mailer', 'the relay takes letters again'],
    ['error', 'mailer', 'the relay refused 12 letters'],
  ]);

  await goTo(console, 'events job=letters-2026-11 level=error');
  await console.sees('1 of 1', `event ${id}`, 'Added by the platform', 'mx1', 'Same correlation');
  for (const [filter, found] of Object.entries({
    'source=mailer': 2,
    'job=letters-2026-11': 2,
    [`correlation=${correlation}`]: 2,
    'relay level=error': 1,
    'level=critical source=mailer': 0,
  }))
    expect([filter, (await listed('events', ...filter.split(' '))).length]).toEqual([filter, found]);
  expect(await bank.tries('events', 'list', 'level=loud')).toMatchObject({ code: 2 });

  // From the event to all that has its id, and on to the record itself
  await console.press('T');
  await console.sees('Trace', '1 of 2', 'the relay refused', 'the relay takes');
  await console.press('enter');
  await console.sees(`Events > id=${id}`);
});

test('A27 a trace goes through events, postings, refusals, acts, requests and notices, in the order of time', async () => {
  const [posting] = await bank.rows(
    `SELECT k.key, k.transaction_id AS id FROM bank.idempotency_key k JOIN platform.event e ON e.correlation_id = k.key WHERE k.transaction_id IS NOT NULL
      GROUP BY k.key, k.transaction_id HAVING count(*) >= 3 ORDER BY count(*) DESC, 2 LIMIT 1`,
  );
  const steps = await listed('trace', String(posting?.['key']));
  expect(steps.length).toBeGreaterThanOrEqual(4);
  expect(steps.map(({ at }) => String(at))).toEqual(steps.map(({ at }) => String(at)).toSorted());
  expect(steps.map(({ kind }) => kind)).toContain('posting');
  expect(steps.find(({ kind }) => kind === 'posting')).toMatchObject({ record: String(posting?.['id']), state: 'posted' });

  const [refusal] = await bank.rows('SELECT k.key FROM bank.idempotency_key k WHERE k.refusal_id IS NOT NULL LIMIT 1');
  expect((await listed('trace', `correlation=${String(refusal?.['key'])}`)).map(({ kind }) => kind)).toContain('refusal');

  // What two people did: the request, what asked for it, what was carried out under it and whom it told
  const number = await bank.value(`SELECT number FROM bank.account WHERE status = 'active' ORDER BY id LIMIT 1`);
  await bank.bursar('accounts', 'freeze', number, '--ground', 'compliance', '--note', 'papers are missing so far', '--notify', '--yes');
  const asked = await bank.tries('accounts', 'unfreeze', number, '--findings', 'the papers have arrived', '--resolved', '--yes');
  expect(asked.code).toBe(4);
  const request = /request (\d+)/.exec(asked.stderr)?.[1] ?? '';
  await bank.bursar('--as', 'manager', 'inbox', 'approve', request, '--note', 'seen, all are there', '--yes');
  const uuid = await bank.value('SELECT id FROM ops.approval WHERE number = $1', [request]);
  const twoPeople = await listed('trace', uuid);
  expect(twoPeople.map(({ kind, who }) => [kind, who])).toEqual(
    expect.arrayContaining([['request', 'demo'], ['act', 'demo'], ['act', 'mona']]), // prettier-ignore
  );
  const frozen = await bank.value(
    `SELECT request_id FROM ops.audit WHERE action = 'accounts.freeze' AND outcome = 'success' ORDER BY seq DESC LIMIT 1`,
  );
  expect((await listed('trace', frozen)).map(({ kind }) => kind)).toEqual(expect.arrayContaining(['act', 'notice']));

  await using console = await bank.screen('audit');
  await goTo(console, 'audit action=accounts.freeze outcome=success');
  await console.press('T');
  await console.sees(`Trace > correlation=${frozen}`, 'act', 'accounts.freeze', 'notice', 'account-frozen about account');
  await console.command('trace');
  await console.sees('Which correlation id?', 'Write :trace and the id');

  // Whoever may not read the audit log sees that there is something, and what it takes
  const seen = JSON.parse(await bank.bursar('--as', 'support', 'trace', 'list', frozen, '--json')) as { rows: Listed[] };
  expect(seen.rows.find(({ kind }) => kind === 'act')).toMatchObject({
    what: 'not shown: it takes the permission audit.read',
    who: '-',
    record: '',
  });
  expect(JSON.stringify(seen)).not.toContain('accounts.freeze');
  expect(await listed('trace', '%')).toEqual([]);
  expect(await listed('trace')).toEqual([]);
});

test('events stay as the platform wrote them, and no operator writes one', async () => {
  const hostile = '\u001b[2J\u202Ethe log\u0007\nsecond line =HYPERLINK("x")';
  const id = await record(
    'warning',
    hostile,
    hostile,
    hostile,
    '987654321',
    null,
    JSON.stringify({ [hostile]: hostile, long: 'x'.repeat(20_000) }),
  );
  await record('info', 'x'.repeat(500), 'y'.repeat(9_000));
  for (const sql of [`UPDATE platform.event SET message = 'never mind'`, 'DELETE FROM platform.event', 'TRUNCATE platform.event'])
    await expect(bank.rows(sql)).rejects.toThrow('kept as it was written');
  for (const role of ['bursar_operator', 'bursar_reader', 'bursar_auditor'] as const) {
    const url = asRole(bank.url, role);
    await expect(query(url, `SELECT platform.record_event('info', 'me', 'I was never here')`)).rejects.toThrow('permission denied');
    await expect(query(url, `INSERT INTO platform.event (level, source, message) VALUES ('info', 'me', 'here')`)).rejects.toThrow(
      'permission denied',
    );
  }
  await expect(query(asRole(bank.url, 'bursar_platform'), `DELETE FROM platform.event`)).rejects.toThrow('permission denied');

  await using console = await bank.screen('events');
  await goTo(console, `events id=${id}`);
  await console.sees('1 of 1', 'the log', 'nobody has this id, id 987654321', 'cut');
  expect(harmIn(console.frame())).toBeUndefined();
  const [shown, csv] = [await bank.bursar('events', 'show', id), await bank.bursar('events', 'list', `id=${id}`, '--csv')];
  expect([harmIn(shown), harmIn(csv, '\r\n')]).toEqual([undefined, undefined]);
});
