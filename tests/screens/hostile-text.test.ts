import xterm from '@xterm/headless';
import { afterEach, expect, test, vi } from 'vitest';
import { openConsole } from '../support/console.ts';
import { harmInFrames } from '../support/harmless.ts';
import { aHostileBank } from '../support/hostile-bank.ts';
import { report } from '../support/reliability.ts';

/** Notes of a million characters and documents of 10 MB cost a frame no more than this, in milliseconds of this process alone: what else the machine does is not counted. */
const longestFrame = 100;

afterEach(() => vi.restoreAllMocks());

/** Everything that the program sends to terminals. */
const listenIn = (): (() => string) => {
  const { mock } = vi.spyOn(xterm.Terminal.prototype, 'write');
  return () => mock.calls.map(([data]) => String(data)).join('');
};

test(
  'every pane, detail and form over hostile text sends nothing that a terminal obeys, hides or reorders',
  { timeout: 120_000 },
  async () => {
    await using bank = await aHostileBank();
    const sent = listenIn();
    await using console = await openConsole({ url: bank.url, pane: 'users', size: [120, 40] });
    const frames: number[] = [];
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) {
        const begun = process.cpuUsage();
        await console.press(key);
        const { user, system } = process.cpuUsage(begun);
        frames.push((user + system) / 1_000);
      }
    };
    for (const pane of ['users', 'accounts', 'transactions', 'audit', 'overview']) {
      await console.command(pane);
      await console.until(() => console.state.view.resource === pane && console.state.view.status === 'ready', pane);
      for (let row = 0; row < 42; row++) {
        await press('j');
        if (row % 6 !== 0) continue;
        await press('d');
        await console.until(() => console.state.view.detail?.sections !== undefined || pane === 'overview', 'the detail');
        await press('j', 'pagedown', 'esc');
      }
    }
    await console.command('dump');
    await console.sees('wrote');
    report('hostile text on screen', {
      keys: frames.length,
      'bytes sent': sent().length,
      'ms for the slowest key': Math.round(Math.max(...frames)),
    });
    expect(harmInFrames(sent())).toBeUndefined();
    expect(console.left).toBeUndefined();
    expect(frames.toSorted((a, b) => a - b)[Math.floor(frames.length * 0.95)]).toBeLessThan(longestFrame);
  },
);

test('hostile keys and pastes: typed text is shown as harmlessly as any other', async () => {
  const sent = listenIn();
  await using console = await openConsole({ accounts: [{ owner: '[ok] frozen', status: 'active', balance: 0 }] });
  await console.sees('[ok] frozen', 'active');
  await console.press('x', 'f');
  await console.fillIn({ ground: 'compliance' });
  await console.press('tab');
  await console.paste('a note\u001b]52;c;eA==\u0007 with \u202e\u200b\u0000 and \r\n\u009b2J in it');
  await console.press('tab', 'tab', 'tab', 'enter');
  await console.until(() => console.state.mode.kind !== 'form' || !console.state.mode.form.waiting, 'an answer');
  await console.press('esc', 'esc');
  await console.filter('owner:\u202e\u0000x');
  await console.until(() => console.state.view.reading === undefined, 'the answer to the filter');
  expect(harmInFrames(sent())).toBeUndefined();
  expect(console.left).toBeUndefined();
  expect(console.frame()).not.toContain('[ok] froze ');
});
