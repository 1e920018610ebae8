import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { enterDemo, entranceOf, gateOf } from '../../src/commands/entry.ts';
import { readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/database/client.ts';
import { asRole } from '../../src/database/role-url.ts';
import type { Gate } from '../../src/kit/gate.ts';
import type { Session } from '../../src/kit/session.ts';
import { actions, resources } from '../../src/resources/registry.ts';
import { App } from '../../src/tui/app.tsx';
import { openConsole, TestConsole, type ConsoleWishes } from '../support/console.ts';
import type { TestBank } from '../support/console-bank.ts';
import { aDatabase } from '../support/database.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';
import { query } from '../support/query.ts';
import type { StaffedBank } from '../support/staff.ts';

const registry = { resources, actions };

/** A database of a demo bank, whose operators come in as in the program itself. */
export type DemoBank = AsyncDisposable & {
  readonly url: string;
  readonly rows: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  /** A console of the demo operator who has a role; read-only, as it is for people. */
  readonly console: (role: string, wishes?: Pick<ConsoleWishes, 'pane' | 'size'>) => Promise<TestConsole>;
};

/** A demo bank with `:as`, as the program opens it; disposing leaves every session and drops it. */
export const aDemoBank = async (): Promise<DemoBank> => {
  const { url, drop } = await aDatabase('demo');
  const database = openDatabase({ url: asRole(url, 'bursar_operator'), applicationName: 'bursar test' });
  const config = readConfig({ BURSAR_HOME: tmpdir() }, tmpdir());
  const entrance = await entranceOf({ database, config, registry, readOnly: false });
  return {
    url,
    rows: (sql, values = []) => query(url, sql, values),
    console: async (role, wishes = {}) => {
      const entered = await enterDemo(entrance, role);
      if (!entered.ok) throw new Error(entered.refusal.message);
      return openConsole({ url, around: () => entered.value, ...wishes });
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of entrance.opened) await session.leave();
      await database.close();
      await drop();
    },
  };
};

/** The screen of a bank before anybody has signed in. */
export const atTheGate = async (
  bank: StaffedBank,
  around: (gate: Gate) => Gate = gate => gate,
  size: readonly [number, number] = [80, 24],
): Promise<TestConsole> => {
  const home = await mkdtemp(path.join(tmpdir(), 'bursar-home-'));
  const config = readConfig({ BURSAR_HOME: bank.home }, bank.home);
  const entrance = await entranceOf({ database: bank.database, config, registry, readOnly: false });
  const terminal = new FakeTerminal({ columns: size[0], rows: size[1] });
  const app = new App({ stage: terminal.stage, registry, home, seed: home, now: Date.now, log: () => undefined });
  const opened: TestBank = {
    get session(): Session {
      if (!app.state.session) throw new Error('nobody has signed in');
      return app.state.session;
    },
    url: bank.url,
    numbers: [],
    rows: bank.rows,
    audit: async () => [],
    [Symbol.asyncDispose]: async () => {
      for (const session of entrance.opened) await session.leave();
    },
  };
  app.open();
  app.dispatch({ kind: 'gate-opened', gate: around(gateOf(entrance)) });
  return new TestConsole(terminal, app, opened, home);
};

/** `ended within a second` on a machine of any speed: by so many pulses, one that was on its way, the next, and one while the screen was drawn. */
export const soon = 3;

/** How many pulses the console asks for until something is seen. */
export const pulsesUntil = async (console: TestConsole, seen: () => Promise<void>): Promise<number> => {
  const before = console.state.asked.pulse;
  await seen();
  return console.state.asked.pulse - before;
};

/** Waits until the pulse was felt, so that it is known whether one may write. */
export const feelPulse = (console: TestConsole): Promise<void> =>
  console.until(() => console.state.pulse.last !== undefined, 'the first pulse');
