import { expect, test } from 'vitest';
import type { TestConsole } from '../support/console.ts';
import { report } from '../support/reliability.ts';
import { aDemoBank, feelPulse, type DemoBank } from './consoles.ts';

/** On a machine that others use as well, in milliseconds. */
const patience = 180_000;
const note = 'ticket 4711, looked at the papers';

const openWindow = async (console: TestConsole): Promise<void> => {
  await feelPulse(console);
  await console.press('W');
  await console.type('ticket 4711');
  await console.press('enter', 'enter');
  await console.sees('[ok] you may write until');
};

/** Frozen accounts that nobody asked about yet. */
const unasked = `status = 'frozen' AND NOT EXISTS (SELECT FROM ops.approval p WHERE p.entity_id = account.id::text AND p.status = 'pending')`;

/** The first of them; the demo has several. */
const frozen = async (bank: DemoBank): Promise<{ readonly id: string; readonly number: string }> => {
  const [row] = await bank.rows(`SELECT id::text, number FROM bank.account WHERE ${unasked} ORDER BY account.id LIMIT 1`);
  return { id: String(row?.['id']), number: String(row?.['number']) };
};
const statusOf = async (bank: DemoBank, id: string): Promise<unknown> =>
  (await bank.rows('SELECT status::text FROM bank.account WHERE id = $1', [id]))[0]?.['status'];

/** Opens a list that holds one record, and waits for it. */
const goTo = async (console: TestConsole, command: string): Promise<void> => {
  await console.command(command);
  const [pane, filter] = command.split(' ');
  await console.until(() => {
    const { resource, base, status, cursor } = console.state.view;
    return resource === pane && base === filter && status === 'ready' && cursor !== undefined;
  }, command);
};

/** Asks to unfreeze an account; gives the number of the request. */
const ask = async (console: TestConsole, number: string): Promise<string> => {
  await goTo(console, `accounts number=${number}`);
  await console.press('x', 'u');
  await console.fill({ findings: 'the holder came with a passport', resolved: 'yes' });
  await console.sees('takes two people: you ask, and somebody else with approval.decide decides', '[ Ask ]');
  await console.confirm();
  await console.sees(/\[--\] request \d+ waits for somebody with approval\.decide/, 'i shows the inbox');
  return /request (\d+) waits/.exec(console.frame())?.[1] ?? '';
};

const goToRequest = (console: TestConsole, request: string): Promise<void> => goTo(console, `inbox number=${request}`);

const giveDemoCode = async (console: TestConsole): Promise<void> => {
  await console.sees(/demo code \d{6}/);
  await console.type(/demo code (\d{6})/.exec(console.frame())?.[1] ?? '');
  await console.press('enter');
};

test(
  'one asks, :as makes another of the demo operator, the inbox counts, and a code carries it out exactly once',
  { timeout: patience },
  async () => {
    await using bank = await aDemoBank();
    await using console = await bank.console('operations', { pane: 'accounts', size: [100, 30] });
    const { id, number } = await frozen(bank);
    await openWindow(console);
    const request = await ask(console, number);
    expect(await statusOf(bank, id)).toBe('frozen');

    await console.press('i');
    await console.sees('Inbox', 'open=yes', 'accounts.unfreeze', number);
    await console.press(':');
    await console.type('as ma');
    await console.sees('manager');
    await console.press('tab', 'enter');
    await console.sees('[ok] you are mona now: manager', 'mona manager', 'READ-ONLY (W)', 'Inbox');
    await console.sees(/inbox \d+/);

    await goToRequest(console, request);
    await console.press('x', 'a');
    await console.sees('Open a write window');
    await console.type('ticket 4711');
    await console.press('enter', 'enter');
    await console.sees('Approve');
    await console.fill({ note });
    await console.sees('omar asks: the holder came with a passport', number);
    await console.confirm();
    await console.sees('One-time code');
    await console.type('000000');
    await console.press('enter');
    await console.sees('! the code is wrong');
    await giveDemoCode(console);
    await console.sees('[ok]', 'executed');
    expect(await statusOf(bank, id)).toBe('active');
    expect(
      await bank.rows(
        `SELECT count(*)::int AS count FROM ops.audit WHERE action = 'accounts.unfreeze' AND outcome = 'success' AND entity_id = $1`,
        [id],
      ),
    ).toEqual([{ count: 1 }]);
  },
);

test('a code holds for five minutes: the second request of the same kind asks for none', { timeout: patience }, async () => {
  await using bank = await aDemoBank();
  await using maker = await bank.console('operations', { pane: 'accounts', size: [100, 30] });
  await openWindow(maker);
  const [one, two] = await bank.rows(`SELECT number FROM bank.account WHERE ${unasked} ORDER BY id LIMIT 2`);
  const requests = [await ask(maker, String(one?.['number'])), await ask(maker, String(two?.['number']))];
  await using checker = await bank.console('manager', { pane: 'inbox', size: [100, 30] });
  await openWindow(checker);
  for (const [index, request] of requests.entries()) {
    await goToRequest(checker, request);
    await checker.press('x', 'a');
    await checker.fill({ note });
    await checker.confirm();
    if (index === 0) await giveDemoCode(checker);
    await checker.sees('[ok]', 'executed');
  }
  expect(
    await bank.rows(`SELECT count(*)::int AS count FROM ops.approval WHERE status = 'executed' AND number = ANY ($1::bigint[])`, [
      requests,
    ]),
  ).toEqual([{ count: 2 }]);
});

test('two checkers at once: one carries it out, the other is told', { timeout: patience }, async () => {
  await using bank = await aDemoBank();
  const { id, number } = await frozen(bank);
  await using maker = await bank.console('operations', { pane: 'accounts', size: [100, 30] });
  await openWindow(maker);
  const request = await ask(maker, number);
  await bank.rows(`
    SET session_replication_role = replica;
    INSERT INTO ops.operator_role (operator_id, role) SELECT id, 'manager' FROM ops.operator WHERE name = 'sven'`);
  await using one = await bank.console('sysop', { pane: 'inbox', size: [100, 30] });
  await using two = await bank.console('manager', { pane: 'inbox', size: [100, 30] });
  expect(one.state.session?.operator.name).not.toBe(two.state.session?.operator.name);
  const ready = [one, two];
  for (const console of ready) {
    await openWindow(console);
    await goToRequest(console, request);
    await console.press('x', 'a');
    await console.fill({ note });
    await console.until(() => console.state.mode.kind === 'confirm', 'the preview');
    await bank.rows(`UPDATE ops.operator_session SET code_at = clock_timestamp()`);
    await console.until(() => console.state.pulse.codeUntil > Date.now(), 'the code to be known');
  }
  await Promise.all(ready.map(console => console.confirm()));
  for (const console of ready)
    await console.until(() => console.state.mode.kind !== 'confirm' || !console.state.mode.confirm.waiting, 'an answer');
  const told = ready.map(console => (console.frame().includes('[ok]') ? 'done' : 'told'));
  expect(told.toSorted()).toEqual(['done', 'told']);
  expect(await statusOf(bank, id)).toBe('active');
  expect(
    await bank.rows(
      `SELECT count(*)::int AS count FROM ops.audit WHERE action = 'accounts.unfreeze' AND outcome = 'success' AND entity_id = $1`,
      [id],
    ),
  ).toEqual([{ count: 1 }]);
});

test(
  'a hundred times somebody tries to approve what they asked for themselves: never once does it go through',
  { timeout: 180_000 },
  async () => {
    await using bank = await aDemoBank();
    // holds the rights of both sides
    await bank.rows(`
    SET session_replication_role = replica;
    INSERT INTO ops.operator_role (operator_id, role) SELECT id, 'manager' FROM ops.operator WHERE name = 'omar'`);
    await using console = await bank.console('operations', { pane: 'accounts', size: [100, 30] });
    const { id, number } = await frozen(bank);
    await openWindow(console);
    const request = await ask(console, number);
    await bank.rows(`UPDATE ops.operator_session SET code_at = clock_timestamp() + interval '1 hour'`);
    await goToRequest(console, request);
    let refused = 0;
    for (let attempt = 0; attempt < 100; attempt += 1) {
      await console.press('x', 'a');
      await console.fill({ note });
      await console.sees('whoever made a request cannot decide it');
      refused += 1;
      await console.press('esc');
      await console.seesNo('whoever made a request cannot decide it');
      expect(console.state.mode.kind).toBe('browse');
    }
    const succeeded = Number(
      (await bank.rows(`SELECT count(*)::int AS count FROM ops.approval WHERE number = $1 AND status <> 'pending'`, [request]))[0]?.[
        'count'
      ],
    );
    report('approving one’s own request on screen', { attempts: 100, refused, succeeded });
    expect([refused, succeeded]).toEqual([100, 0]);
    expect(await statusOf(bank, id)).toBe('frozen');
  },
);
