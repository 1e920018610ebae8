import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { keepDetecting } from '../../../src/detection/keep.ts';
import { detect, type Detected } from '../../../src/detection/run.ts';
import type { Watch } from '../../../src/kit/watch.ts';
import { aDetectionBank, type DetectionBank } from '../../support/detection-bank.ts';
import { everyDeposit } from '../../support/every-deposit.ts';

let world: DetectionBank;
beforeAll(async () => {
  world = await aDetectionBank();
});
afterAll(() => world[Symbol.asyncDispose]());

test('beside a screen the rules run again and again, for whoever is signed in; what goes wrong is told and tried again', async () => {
  const { id: account } = await world.bank.account();
  const end = new AbortController();
  const runs: Detected[] = [];
  const troubles: unknown[] = [];
  let signedIn: Watch | undefined;
  const kept = keepDetecting(() => signedIn, [everyDeposit], {
    signal: end.signal,
    firstAfterMs: 1,
    everyMs: 20,
    onRun: run => runs.push(run),
    onError: error => troubles.push(error),
  });
  signedIn = world.watch;
  await vi.waitUntil(() => runs.length > 0, { timeout: 60_000 });
  await world.deposit(account);
  await vi.waitUntil(() => runs.some(({ results }) => results[0]?.found === 1), { timeout: 60_000 });

  signedIn = world.as({ id: '', name: 'nobody', token: 'a token that nobody has' });
  await vi.waitUntil(() => troubles.length > 0, { timeout: 60_000 });
  expect(String(troubles[0])).toContain('this session has ended');

  signedIn = world.watch;
  const before = runs.length;
  await vi.waitUntil(() => runs.length > before, { timeout: 60_000 });
  end.abort();
  await kept;
  // the last one may have been under way when it ended
  expect(runs.slice(0, -1).every(({ finished }) => finished)).toBe(true);
});

test('a rule that fails lets the others look; its run does not count, and the next looks from the same time', async () => {
  const { id: account } = await world.bank.account();
  await world.watch.finish(await world.begin());
  await world.deposit(account);
  const broken = {
    ...everyDeposit,
    id: 4,
    parameters: {},
    sql: 'SELECT 1 / 0 FROM bank.transaction WHERE posted_at >= :from AND posted_at < :to',
  };
  const detected = await detect(world.watch, [broken, everyDeposit]);
  expect(detected).toMatchObject({ finished: false, results: [{ found: 0 }, { found: 1 }] });
  expect(String(detected?.results[0]?.error)).toContain('division by zero');
  // until its lease ends nobody else begins
  expect(await detect(world.watch, [everyDeposit])).toBeUndefined();
  const next = await world.begin();
  expect(next.since.getTime()).toBeLessThanOrEqual(detected?.run.since.getTime() ?? 0);
  await world.watch.finish(next);
});
