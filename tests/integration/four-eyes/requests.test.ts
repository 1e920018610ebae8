import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Acting } from '../../../src/kit/request.ts';
import { hashOf, refusal, toStatus } from '../../support/acting.ts';
import { anActingBank, ask, type ActingBank } from '../../support/acting-session.ts';
import { inParallel, report } from '../../support/reliability.ts';
import { accountRow, approve, requestRow, successes, through } from '../../support/two-people.ts';

const count = 50;

let world: ActingBank;
let maker: Acting;
let one: Acting;
let two: Acting;
beforeAll(async () => {
  world = await anActingBank();
  maker = await world.as(world.bank.maker);
  one = world.acting;
  two = await world.as(world.bank.two);
});
afterAll(() => world[Symbol.asyncDispose]());

/** A request to unfreeze an account of its own. */
const aRequest = async (): Promise<{ readonly number: string; readonly account: string }> => {
  const { id } = await world.bank.account({ status: 'frozen' });
  return {
    number: await ask(world, maker, 'accounts.unfreeze', { id, findings: 'the court withdrew its order', resolved: 'yes' }),
    account: id,
  };
};
const requests = async (): Promise<readonly Awaited<ReturnType<typeof aRequest>>[]> => {
  const made: Awaited<ReturnType<typeof aRequest>>[] = [];
  while (made.length < count) made.push(await aRequest());
  return made;
};

test(
  'a request whose target changed meanwhile is refused as stale, marked as failed and never carried out',
  { timeout: 300_000 },
  async () => {
    const figures = { requests: 0, 'refused as stale': 0, 'marked as failed': 0, 'carried out': 0 };
    const accounts: string[] = [];
    while (accounts.length < count) accounts.push((await world.bank.account()).id);
    await inParallel([one, two], accounts, async (checker, id) => {
      const number = await ask(world, maker, 'accounts.close', { id, ground: 'request', note: 'the customer asked for it' });
      // frozen and taken back by other actions, it looks as it did, and is not
      expect(await through(checker, 'accounts.freeze', { id, ground: 'compliance', note: 'frozen meanwhile by somebody' })).toMatchObject({
        ok: true,
      });
      expect(await through(checker, 'accounts.retract-freeze', { id, findings: 'it was the wrong account' })).toMatchObject({ ok: true });
      const outcome = await approve(checker, number);
      figures.requests += 1;
      figures['refused as stale'] += Number(!outcome.ok && outcome.refusal.kind === 'stale');
      const { status, error } = await requestRow(world, number);
      figures['marked as failed'] += Number(status === 'failed' && error !== null);
      figures['carried out'] += Number((await accountRow(world, id))?.status !== 'active');
      expect(await approve(checker, number)).toMatchObject({ ok: false, refusal: { message: `request ${number} is failed already` } });
    });
    report('targets changed after the request', figures);
    expect(figures).toEqual({ requests: count, 'refused as stale': count, 'marked as failed': count, 'carried out': 0 });
  },
);

test('two checkers at once: one carries it out, and the other is told', { timeout: 180_000 }, async () => {
  const made = await requests();
  const figures = { requests: 0, executions: 0, 'told that it was decided': 0, 'executed more than once': 0 };
  for (const { number, account } of made) {
    const outcomes = await Promise.all([approve(one, number), approve(two, number)]);
    figures.requests += 1;
    figures.executions += outcomes.filter(outcome => outcome.ok).length;
    figures['told that it was decided'] += outcomes.filter(
      outcome => !outcome.ok && outcome.refusal.kind === 'conflict' && /is (executed|approved) already/.test(outcome.refusal.message),
    ).length;
    figures['executed more than once'] += Number((await successes(world, 'accounts.unfreeze', account)) !== 1);
    expect(await requestRow(world, number)).toMatchObject({ status: 'executed', error: null });
    expect(await accountRow(world, account)).toMatchObject({ status: 'active', version: 3 });
  }
  report('two checkers at once', figures);
  expect(figures).toEqual({ requests: count, executions: count, 'told that it was decided': count, 'executed more than once': 0 });
});

describe('a request is decided once', () => {
  test('not after it expired', async () => {
    const { number, account } = await aRequest();
    await world.bank.behindItsBack(
      `UPDATE ops.approval SET made_at = now() - interval '25 hours', expires_at = clock_timestamp() - interval '1 ms' WHERE number = $1`,
      [number],
    );
    expect(await approve(one, number)).toMatchObject({
      ok: false,
      refusal: { message: `request ${number} has expired: it must be made anew` },
    });
    expect(await accountRow(world, account)).toMatchObject({ status: 'frozen' });
    expect(await successes(world, 'accounts.unfreeze', account)).toBe(0);
    // and it can be asked for anew
    await ask(world, maker, 'accounts.unfreeze', { id: account, findings: 'the court withdrew its order', resolved: 'yes' });
  });

  test.each([
    ['cancelled', 'approvals.cancel', 'maker'],
    ['rejected', 'approvals.reject', 'two'],
  ] as const)('not after it was %s', async (status, action, who) => {
    const { number, account } = await aRequest();
    const acting = who === 'maker' ? maker : two;
    expect(await through(acting, action, { id: number, note: 'no longer needed at all' })).toMatchObject({ ok: true });
    for (const checker of [one, two])
      expect(await approve(checker, number)).toMatchObject({
        ok: false,
        refusal: { kind: 'conflict', message: `request ${number} is ${status} already` },
      });
    expect(await requestRow(world, number)).toMatchObject({ status, executed_at: null });
    expect(await accountRow(world, account)).toMatchObject({ status: 'frozen' });
  });

  test('not by its maker, nor cancelled by anybody else', async () => {
    const { number, account } = await aRequest();
    expect(await approve(maker, number)).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } });
    expect(await through(maker, 'approvals.reject', { id: number, note: 'not even rejected' })).toMatchObject({
      ok: false,
      refusal: { kind: 'forbidden' },
    });
    expect(await through(two, 'approvals.cancel', { id: number, note: 'somebody else has it' })).toMatchObject({
      ok: false,
      refusal: { kind: 'forbidden' },
    });
    expect(await requestRow(world, number)).toMatchObject({ status: 'pending' });
    expect(await accountRow(world, account)).toMatchObject({ status: 'frozen' });
  });

  test('the same decision again gives the first result and does nothing', async () => {
    const { number, account } = await aRequest();
    const request = randomUUID();
    const first = await approve(one, number, request);
    expect(first).toMatchObject({ ok: true, value: { replayed: false } });
    const again = await approve(one, number, request);
    expect(again).toEqual({ ok: true, value: { ...(first.ok ? first.value : {}), replayed: true } });
    expect(await successes(world, 'accounts.unfreeze', account)).toBe(1);
    expect(await approve(two, number, request)).toMatchObject({ ok: false });
  });

  test('one target is asked about once at a time', async () => {
    const { account } = await aRequest();
    const twice = await through(await world.as(world.bank.two), 'accounts.unfreeze', {
      id: account,
      findings: 'another reason altogether',
      resolved: 'yes',
    });
    expect(twice).toMatchObject({
      ok: false,
      refusal: { kind: 'conflict', message: expect.stringContaining('waits in the inbox') as string },
    });
  });
});

describe('what was asked for is what is done', () => {
  test('a request whose parameters were changed is refused, and cannot be changed', async () => {
    const { number } = await aRequest();
    for (const change of [
      `input = '{}'`,
      `input_hash = sha256('x')`,
      `entity_id = '1'`,
      `entity_version = 99`,
      `note = 'another note of ten'`,
      `action = 'accounts.close'`,
      `expires_at = now() + interval '6 days'`,
      'maker_id = maker_id + 1',
    ])
      expect(
        (await refusal(world.bank.db, () => world.bank.rows(`UPDATE ops.approval SET ${change} WHERE number = $1`, [number]))).code,
      ).toBe('BU010');
    const [row] = await world.bank.rows<{ id: string }>('SELECT id FROM ops.approval WHERE number = $1', [number]);
    for (const [action, input] of [
      ['accounts.unfreeze', 'another input'],
      ['accounts.close', 'accounts.close'],
    ] as const) {
      const begin = () =>
        world.bank.rows('SELECT ops.begin_action($1, $2, $3, $4, $5)', [
          world.bank.one.token,
          action,
          hashOf(input),
          randomUUID(),
          row?.id,
        ]);
      expect((await refusal(world.bank.db, begin)).code).toBe('BU003');
    }
    expect(await requestRow(world, number)).toMatchObject({ status: 'pending' });
  });

  test('a checker whom the maker made decides nothing, and spoils nothing', async () => {
    const { number, account } = await aRequest();
    await world.bank.behindItsBack('UPDATE ops.operator SET created_by = $1 WHERE id = $2', [world.bank.maker.id, world.bank.two.id]);
    try {
      const outcome = await approve(two, number);
      expect(outcome).toMatchObject({ ok: false, refusal: { message: 'an operator never decides requests of the one who created it' } });
      expect(await through(two, 'approvals.reject', { id: number, note: 'no, by their creature' })).toMatchObject({ ok: false });
      expect(await requestRow(world, number)).toMatchObject({ status: 'pending' });
    } finally {
      await world.bank.behindItsBack('UPDATE ops.operator SET created_by = NULL WHERE id = $1', [world.bank.two.id]);
    }
    expect(await approve(one, number)).toMatchObject({ ok: true });
    expect(await accountRow(world, account)).toMatchObject({ status: 'active' });
  });

  test('a maker who may no longer ask for it asked in vain', async () => {
    const { number, account } = await aRequest();
    await world.bank.behindItsBack('UPDATE ops.operator SET is_active = false WHERE id = $1', [world.bank.maker.id]);
    try {
      expect(await approve(one, number)).toMatchObject({
        ok: false,
        refusal: { kind: 'forbidden', message: expect.stringContaining('may no longer ask for it') as string },
      });
    } finally {
      await world.bank.behindItsBack('UPDATE ops.operator SET is_active = true WHERE id = $1', [world.bank.maker.id]);
    }
    expect(await accountRow(world, account)).toMatchObject({ status: 'frozen' });
  });
});

describe('taking back what one did oneself, unchanged and within ten minutes, needs nobody else', () => {
  test('a freeze', async () => {
    const { id } = await world.bank.account();
    await toStatus(world.bank.db, world.bank.one, id, 'frozen');
    expect(await through(two, 'accounts.retract-freeze', { id, findings: 'somebody else took it back' })).toMatchObject({ ok: false });
    expect(await through(one, 'accounts.retract-freeze', { id, findings: 'it was the wrong account' })).toMatchObject({ ok: true });
    expect(await accountRow(world, id)).toMatchObject({ status: 'active' });
    await toStatus(world.bank.db, world.bank.one, id, 'frozen');
    await world.bank.behindItsBack(
      `UPDATE ops.hold SET placed_at = placed_at - interval '10 minutes' WHERE account_id = $1 AND released_at IS NULL`,
      [id],
    );
    expect(await through(one, 'accounts.retract-freeze', { id, findings: 'it was the wrong account' })).toMatchObject({ ok: false });
    expect(await accountRow(world, id)).toMatchObject({ status: 'frozen' });
  });

  test('an approval', async () => {
    const { id } = await world.bank.account({ status: 'pending' });
    await toStatus(world.bank.db, world.bank.one, id, 'active');
    expect(await through(two, 'accounts.retract-approval', { id, note: 'somebody else took it back' })).toMatchObject({ ok: false });
    expect(await through(one, 'accounts.retract-approval', { id, note: 'a paper was missing here' })).toMatchObject({ ok: true });
    expect(await accountRow(world, id)).toMatchObject({ status: 'pending' });
  });
});
