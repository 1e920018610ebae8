import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomFrom } from '../../../src/demo/random.ts';
import { anActingBank, ask, type ActingBank } from '../../support/acting-session.ts';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { heldUp, holdUp, runAndKill } from '../../support/kill-command.ts';
import { full, report, seed } from '../../support/reliability.ts';
import { accountRow, requestRow, successes } from '../../support/two-people.ts';

const runs = full ? 500 : 10;
/** Statements that are held up from signing in to signing out; where the approval's own begin, and how many there are. */
const before = 5;
const ofApproval = 8;

let world: ActingBank;
let home = '';
const made: { readonly number: string; readonly account: string }[] = [];

beforeAll(async () => {
  home = aCommandHome();
  world = await anActingBank({ others: { demo: ['manager', 'operations'] } });
  const { bank } = world;
  await bank.behindItsBack('INSERT INTO platform.demo_marker (seed, scale) VALUES (1, 1)');
  const maker = await world.as(bank.maker);
  while (made.length < runs) {
    const { id } = await bank.account({ status: 'frozen' });
    const typed = { id, findings: 'the court withdrew its order', resolved: 'yes' };
    made.push({ number: await ask(world, maker, 'accounts.unfreeze', typed), account: id });
  }
  await holdUp(bank, ['ops.action_run', 'ops.approval', 'bank.account', 'ops.hold', 'ops.audit']);
});
afterAll(() => world[Symbol.asyncDispose]());

test(`kill -9 of the command at ${runs} random points of an approval`, { timeout: 3_600_000 }, async () => {
  const random = randomFrom(seed, 'killed approvals');
  const figures = { 'left pending': 0, executed: 0, 'faster than the kill': 0 };
  const wrong = {
    'between pending and executed': 0,
    'effects without audit': 0,
    'audit without effect': 0,
    'not exactly once after the repeat': 0,
  };
  for (const { number, account } of made) {
    const args = ['inbox', 'approve', number, '--note', 'looked at it a second time', '--yes', '--json', '--request', randomUUID()];
    const code = await runAndKill({ bank: world.bank, home }, args, {
      step: before + random.between(1, ofApproval),
      after: heldUp * random.next(),
    });
    const { status } = await requestRow(world, number);
    const isActive = (await accountRow(world, account))?.status === 'active';
    const told = await successes(world, 'accounts.unfreeze', account);
    figures[code !== null ? 'faster than the kill' : status === 'executed' ? 'executed' : 'left pending'] += 1;
    wrong['between pending and executed'] += Number(status !== 'pending' && status !== 'executed');
    wrong['effects without audit'] += Number((isActive || status === 'executed') && told !== 1);
    wrong['audit without effect'] += Number(told > 0 && !(isActive && status === 'executed'));

    expect(await aCommand({ url: world.bank.url, home })(...args)).toMatchObject({ code: 0 });
    const after = await requestRow(world, number);
    const row = await accountRow(world, account);
    wrong['not exactly once after the repeat'] += Number(
      after.status !== 'executed' ||
        row?.status !== 'active' ||
        row.version !== 3 ||
        (await successes(world, 'accounts.unfreeze', account)) !== 1,
    );
  }
  report(`${runs} approvals killed`, { ...figures, ...wrong });
  expect(Object.values(wrong)).toEqual([0, 0, 0, 0]);
  expect(await world.bank.rows('SELECT first_broken, problem FROM ops.verify_audit()')).toEqual([{ first_broken: null, problem: null }]);
});
