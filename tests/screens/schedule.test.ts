import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const stateOf = (name: string): Promise<string> =>
  bank.value(
    `SELECT CASE WHEN s.paused_at IS NOT NULL THEN 'paused by ' || o.name ELSE 'going' END FROM ops.schedule s LEFT JOIN ops.operator o ON o.id = s.paused_by WHERE s.name = $1`,
    [name],
  );

test('the pane shows when each job ran and is due; it is paused, resumed and asked for by keys', async () => {
  await using console = await bank.screen('schedule');
  await console.sees('audit-verify', /30 3 \* \* \* in Etc\/GMT[+-]\d+/, 'ready', 'succeeded in 2 s', 'detection', 'built in');
  await goTo(console, 'schedule name=audit-verify');
  await console.sees('History', 'missed: no console that may execute', 'up to 12 h later', 'Next');

  await console.press('x', 'p');
  await console.fill({ note: 'the log is being moved today' });
  await console.sees('is not made up for');
  await console.confirm();
  await console.sees('[ok] paused audit-verify', 'not until it is resumed');
  expect(await stateOf('audit-verify')).toBe('paused by demo');

  await console.press('x', 'g');
  await console.fill({ note: 'the log stands where it belongs' });
  await console.confirm();
  await console.sees('[ok] resumed audit-verify');
  expect(await stateOf('audit-verify')).toBe('going');

  await console.press('x', 'r');
  await console.fill({ note: 'whether the move went well' });
  await console.sees('executed once, within seconds');
  await console.confirm();
  await console.sees('[ok] asked for audit-verify now', 'waiting');
  expect(
    (await bank.trail('schedule', await bank.value(`SELECT id FROM ops.schedule WHERE name = 'audit-verify'`))).map(row => row['action']),
  ).toEqual(['schedule.pause', 'schedule.resume', 'schedule.run-now']);
});

test('the same by command; what belongs to every console is neither paused nor asked for, and a viewer sees nothing', async () => {
  const listed = JSON.parse(await bank.bursar('jobs', 'list', '--json')) as { rows: { name: string; state: string }[] };
  expect(listed.rows.map(({ name, state }) => `${name} ${state}`)).toContain('security-events built in');
  await bank.bursar('schedule', 'pause', 'ledger', '--note', 'paused by a command', '--yes');
  expect(await stateOf('ledger')).toBe('paused by demo');
  await bank.bursar('schedule', 'resume', 'ledger', '--note', 'resumed by a command', '--yes');
  await bank.bursar('schedule', 'run-now', 'ledger', '--note', 'asked for by a command', '--yes');
  expect(await bank.tries('schedule', 'run-now', 'ledger', '--note', 'asked for by a command', '--yes')).toMatchObject({ code: 3 });
  expect(await bank.tries('schedule', 'pause', 'detection', '--note', 'paused by a command', '--yes')).toMatchObject({ code: 3 });
  expect(await bank.tries('--as', 'viewer', 'schedule', 'list')).toMatchObject({ code: 3 });
});
