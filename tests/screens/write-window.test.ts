import { expect, test, vi } from 'vitest';
import type { Presence } from '../../src/kit/presence.ts';
import type { Session } from '../../src/kit/session.ts';
import { anAccount, openConsole, type TestConsole } from '../support/console.ts';
import { report } from '../support/reliability.ts';
import { feelPulse, pulsesUntil, soon } from './consoles.ts';

// A machine that others use as well takes its time to make a bank and to check a password
vi.setConfig({ testTimeout: 90_000 });

const closeBySql = (console: TestConsole) =>
  console.bank.rows('UPDATE ops.write_window SET closed_at = clock_timestamp() WHERE closed_at IS NULL');
const windows = (console: TestConsole) =>
  console.bank.rows(
    `SELECT reason, closed_at IS NULL AS open, round(extract(epoch FROM expires_at - clock_timestamp()) / 60)::int AS minutes
       FROM ops.write_window WHERE reason <> 'a test writes' ORDER BY id`,
  );
const declare = (console: TestConsole) =>
  console.bank.rows(`
    SET session_replication_role = replica;
    INSERT INTO ops.incident (level, kind, title, opened_by) SELECT 3, 'security', 'cards are cloned at one machine', min(id) FROM ops.operator`);

/** A console whose window is closed before anything is done. */
const readOnlyConsole = async (): Promise<TestConsole> => {
  const console = await openConsole({ accounts: [anAccount({ balance: 100_00 })] });
  await closeBySql(console);
  await console.sees('READ-ONLY (W)');
  return console;
};

test('W asks for a reason and a length, opens the window, counts it down, and closes it again', async () => {
  await using console = await readOnlyConsole();
  await console.press('W');
  await console.sees('Open a write window', 'Reason or ticket', 'Minutes', '15');
  await console.press('enter', 'enter');
  await console.sees('! is missing');
  await console.type('abc');
  await console.press('enter', 'enter');
  await console.sees('takes at least 4 characters');
  await console.type(' ticket 4711');
  await console.press('enter', 'right', 'enter');
  await console.sees('[ok] you may write until', 'W closes it earlier');
  await console.sees(/WRITE (29|30)m/);
  expect(await windows(console)).toEqual([{ reason: 'abc ticket 4711', open: true, minutes: 30 }]);

  await console.press('W');
  await console.sees('Write window: open until', 'abc ticket 4711', 'only while an incident is open');
  await console.press('r');
  await console.sees('[!!] Renew it', 'only while an incident is open');
  await console.press('c');
  await console.sees('read-only again', 'READ-ONLY (W)');
  expect(await windows(console)).toMatchObject([{ open: false }]);
});

test('in an incident the window is renewed by one key after W, with the reason it had, even after it lapsed', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await console.sees(/WRITE 5\dm/);
  await closeBySql(console);
  await declare(console);
  await console.sees('READ-ONLY (W)', '!INCIDENT #1 L3!');
  await console.press('W');
  await console.sees('Write window: closed', 'it is closed already');
  await console.press('r');
  await console.sees('[ok] you may write until', '(W r)');
  expect(await console.bank.rows(`SELECT reason, incident_id::text FROM ops.write_window ORDER BY id DESC LIMIT 1`)).toEqual([
    { reason: 'a test writes', incident_id: '1' },
  ]);
  await console.press('W', 'r');
  await console.until(() => console.state.mode.kind === 'browse', 'the list');
});

test('a draft begun while read-only asks for the window on top, and goes on where it was', async () => {
  await using console = await readOnlyConsole();
  await console.press('x', 'f');
  await console.sees('Open a write window', 'What you began goes on afterwards');
  await console.type('ticket 4711');
  await console.press('enter', 'enter');
  await console.sees('Freeze account', 'choose one');
  await console.fill({ ground: 'court order', note: 'order 4711 of the district court' });
  await console.confirm();
  await console.sees('[ok] froze', 'frozen');
  expect(await console.audit()).toMatchObject([{ action: 'windows.open', note: 'ticket 4711' }, { action: 'accounts.freeze' }]);
});

test('whoever does not want to write keeps the draft, and is asked again when it would be done', async () => {
  await using console = await readOnlyConsole();
  await console.press('x', 'f');
  await console.sees('Open a write window');
  await console.press('esc');
  await console.sees('Freeze account', 'still read-only: nothing can be changed');
  await console.fill({ ground: 'court order', note: 'order 4711 of the district court' });
  await console.sees('stops deposits');
  await console.confirm();
  await console.sees('Open a write window');
  await console.press('esc');
  await console.sees('[ Cancel ]', 'stops deposits');
  expect(await console.audit()).toEqual([]);
  await console.confirm();
  await console.type('ticket 4711');
  await console.press('enter', 'enter');
  await console.sees('[ok] froze', 'frozen');
});

test('a window that lapses under a draft is told within a second, and loses nothing that was typed', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await feelPulse(console);
  await console.press('x', 'f');
  await console.fillIn({ ground: 'court order', note: 'order 4711 of the district court' });
  await console.sees('WRITE');
  await closeBySql(console);
  const closed = performance.now();
  const pulses = await pulsesUntil(console, () => console.sees('the write window closed: W opens it again, your draft is kept'));
  report('window closed elsewhere, told after', { ms: Math.round(performance.now() - closed), pulses });
  expect(pulses).toBeLessThanOrEqual(soon);
  await console.sees('READ-ONLY (W)', 'order 4711 of the district court', 'court order');
  await console.fill({});
  await console.confirm();
  await console.sees('Open a write window');
  await console.type('ticket 4712');
  await console.press('enter', 'enter');
  await console.sees('[ok] froze', 'frozen');
});

test('a window that closes between looking and doing is asked for when the database refuses', async () => {
  let isUnheard = false;
  // else a pulse may tell of the closing before the key is pressed
  const around = (session: Session): Session => {
    const { presence } = session;
    if (!presence) return session;
    const pulse: Presence['pulse'] = async (...given) => {
      const felt = await presence.pulse(...given);
      return isUnheard ? new Promise<never>(() => undefined) : felt;
    };
    return { ...session, presence: { ...presence, pulse } };
  };
  await using console = await openConsole({ accounts: [anAccount()], around });
  await feelPulse(console);
  await console.press('x', 'f');
  await console.fill({ ground: 'court order', note: 'order 4711 of the district court' });
  await console.until(() => console.state.mode.kind === 'confirm', 'the preview');
  await console.press('tab');
  await console.until(() => console.state.mode.kind === 'confirm' && console.state.now >= console.state.mode.confirm.armedAt, 'the button');
  isUnheard = true;
  await closeBySql(console);
  await console.press('enter');
  await console.sees('Open a write window');
  await console.type('ticket 4713');
  await console.press('enter', 'enter');
  await console.sees('[ok] froze', 'frozen');
  expect(await console.audit()).toMatchObject([
    { action: 'accounts.freeze', outcome: 'refused' },
    { action: 'windows.open' },
    { action: 'accounts.freeze', outcome: 'success' },
  ]);
});

test('the dialogs fit a small terminal, and one that shrinks under them', async () => {
  await using console = await readOnlyConsole();
  await console.press('x', 'f');
  await console.sees('Open a write window');
  await console.resize(60, 15);
  await console.sees('Reason or ticket', 'READ-ONLY (W)');
  await console.type('ticket 4711');
  await console.press('enter', 'enter');
  await console.sees('Freeze account');
  expect(console.state.mode.kind).toBe('form');
});
