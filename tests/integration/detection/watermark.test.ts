import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { detect, type Detected } from '../../../src/detection/run.ts';
import { aDetectionBank, type DetectionBank } from '../../support/detection-bank.ts';
import { everyDeposit } from '../../support/every-deposit.ts';
import { post } from '../../support/posting.ts';
import { full, report } from '../../support/reliability.ts';

let world: DetectionBank;
let account: string;
beforeAll(async () => {
  world = await aDetectionBank();
  // What runs look at twice is not to hide what they would have missed
  await world.set('detection.overlap-seconds', 0);
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  ({ id: account } = await world.bank.account());
});

const run = async (): Promise<Detected> => {
  const detected = await detect(world.watch, [everyDeposit]);
  if (!detected?.finished) throw new Error(`a run did not finish: ${JSON.stringify(detected?.results.map(({ error }) => String(error)))}`);
  return detected;
};
const found = ({ results }: Detected): number => results[0]?.found ?? 0;
const hits = async (of: string): Promise<readonly string[]> =>
  (await world.bank.rows<{ id: string }>('SELECT last_id AS id FROM ops.rule_hit WHERE account_id = $1 ORDER BY last_id', [of])).map(
    ({ id }) => id,
  );

test('what is posted is found once, however often it is looked for', async () => {
  const id = await world.deposit(account);
  expect(found(await run())).toBe(1);
  expect(found(await run())).toBe(0);
  const again = await detect(world.watch, [everyDeposit], { hours: 24 });
  expect(again?.results[0]).toMatchObject({ found: 0 });
  expect(again?.results[0]?.hits).toBeGreaterThan(0);
  expect(await hits(account)).toEqual([id]);
});

test('a posting that stays open over several runs is found by the run after its commit, and what was seen meanwhile is neither lost nor found again', async () => {
  const late = await world.bank.connect();
  const { id: other } = await world.bank.account();
  await run();
  await late.query('BEGIN');
  const { transaction_id: held } = await post(late, { type: 'deposit', to: account, amount: 100 });
  const meanwhile: string[] = [];
  for (let turn = 0; turn < 5; turn++) {
    meanwhile.push(await world.deposit(other));
    expect(found(await run())).toBe(1);
  }
  expect(await hits(account)).toEqual([]);
  await late.query('COMMIT');
  await late.end();
  expect(found(await run())).toBe(1);
  expect(await hits(account)).toEqual([held]);
  expect(await hits(other)).toEqual(meanwhile);
  // and from some time on nobody looks there any more: any writing transaction on the server that is open, of another test too, puts that off
  const [posted] = await world.bank.rows<{ at: Date }>('SELECT posted_at AS at FROM bank.transaction WHERE id = $1', [held]);
  await vi.waitUntil(async () => (await run()).run.since > (posted?.at ?? new Date()), { timeout: 60_000, interval: 50 });
}, 120_000);

test('a posting that begins before a run and commits after it had read is found by the next', async () => {
  const late = await world.bank.connect();
  await run();
  await late.query('BEGIN');
  const { transaction_id: held } = await post(late, { type: 'deposit', to: account, amount: 100 });
  const begun = await world.watch.begin();
  // it ends between the moment at which the run began, which still saw it open, and its end
  await late.query('COMMIT');
  await late.end();
  if (!begun) throw new Error('no run was begun');
  await world.watch.finish(begun);
  expect(found(await run())).toBe(1);
  expect(await hits(account)).toEqual([held]);
});

test('a run that never finished is not relied on', async () => {
  await run();
  const id = await world.deposit(account);
  const begun = await world.begin();
  expect(begun.until.getTime()).toBeGreaterThan(begun.since.getTime());
  await world.bank.behindItsBack('UPDATE ops.detection_run SET lease_until = started_at WHERE id = $1', [begun.id]);
  expect(found(await run())).toBe(1);
  expect(await hits(account)).toEqual([id]);
});

test(
  'writers who keep their postings open for a while, and abort some, while runs follow one another: every deposit is found, and once',
  async () => {
    const accounts: string[] = [];
    while (accounts.length < 6) accounts.push((await world.bank.account()).id);
    const end = Date.now() + (full ? 60_000 : 2_500);
    const ended = new AbortController();
    const posted: string[] = [];
    const writers = accounts.map(async (own, index) => {
      const db = await world.bank.connect();
      for (let turn = 0; Date.now() < end; turn++) {
        await db.query('BEGIN');
        const { transaction_id: id } = await post(db, { type: 'deposit', to: own, amount: 100 });
        await pause((turn * 7 + index * 13) % 60);
        const gives = (turn + index) % 7 !== 0;
        await db.query(gives ? 'COMMIT' : 'ROLLBACK');
        if (gives && id !== null) posted.push(id);
      }
      await db.end();
    });
    const all = Promise.all(writers).finally(() => ended.abort());
    let runs = 0;
    let naive = 0;
    let newest = new Date(0);
    while (!ended.signal.aborted) {
      const { run: looked, results } = await run();
      const [{ late } = { late: 0 }] = await world.bank.rows<{ late: number }>(
        'SELECT count(*)::int AS late FROM ops.rule_hit WHERE run_id = $1 AND at < $2',
        [looked.id, newest],
      );
      naive += late;
      newest = looked.until;
      runs += 1;
      if (results[0]?.hits === 0) await pause(5);
    }
    await all;
    await run();
    const seen: string[] = [];
    for (const own of accounts) seen.push(...(await hits(own)));
    report('detection beside writers', {
      runs,
      'deposits committed': posted.length,
      found: seen.length,
      'committed after a run had passed their time': naive,
      lost: posted.filter(id => !seen.includes(id)).length,
    });
    expect(seen.toSorted()).toEqual(posted.toSorted());
    expect(naive).toBeGreaterThan(0);
  },
  full ? 120_000 : 120_000,
);
