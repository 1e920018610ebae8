import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { aCommand, type Answer } from './command.ts';
import { openConsole, type ConsoleWishes, type TestConsole } from './console.ts';
import { aDatabase } from './database.ts';
import { query } from './query.ts';

type Posting = {
  readonly type: 'deposit' | 'withdrawal' | 'transfer';
  readonly from?: string;
  readonly to?: string;
  readonly amount: number;
};

/** A demo bank on which the guides are followed: by screen, by command, and what its rows say. */
export type GuideBank = AsyncDisposable & {
  readonly url: string;
  readonly rows: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  /** The first value of the first row, as text. */
  readonly value: (sql: string, values?: unknown[]) => Promise<string>;
  readonly screen: (pane: string, size?: ConsoleWishes['size'], operator?: string) => Promise<TestConsole>;
  /** `bursar …`; fails the test where the command fails. */
  readonly bursar: (...args: string[]) => Promise<string>;
  /** `bursar …` that may be refused. */
  readonly tries: (...args: string[]) => Promise<Answer>;
  /** Posts as the platform does, in minor units between account numbers; gives the refusal's message, or null. */
  readonly post: (posting: Posting) => Promise<string | null>;
  /** What was changed or tried on a record, oldest first. */
  readonly trail: (entity: string, id: string) => Promise<Record<string, unknown>[]>;
};

/** Waits until a pane shows what it found. */
export const arrive = (console: TestConsole, pane: string, what = `the pane ${pane}`): Promise<void> =>
  console.until(() => {
    const { resource, status, window } = console.state.view;
    return resource === pane && status === 'ready' && window.rows.length > 0;
  }, what);

/** Types a command line and waits for what it finds. */
export const goTo = async (console: TestConsole, line: string): Promise<void> => {
  await console.command(line);
  await arrive(console, line.replace(/^tx\b/, 'transactions').split(' ')[0] ?? '', `what "${line}" finds`);
};

/** The number of the request that a screen or a command says it made. */
const requestIn = (text: string): string => {
  const [, number] = /request (\d+)/.exec(text) ?? [];
  if (number === undefined) throw new Error(`nobody was asked: ${text}`);
  return number;
};

const agreed = 'looked at the papers as well';

/** Somebody else approves on their own screen what was asked for on this one. */
export const approveOnScreen = async (bank: GuideBank, asking: TestConsole, done: string): Promise<void> => {
  await asking.sees(/request \d+ waits for somebody with approval\.decide/);
  await using deciding = await bank.screen('inbox', undefined, 'mona');
  await goTo(deciding, `inbox number=${requestIn(asking.frame())}`);
  await deciding.press('x', 'a');
  await deciding.fill({ note: agreed });
  await deciding.sees('demo asks:');
  await deciding.confirm();
  await deciding.sees(`[ok] ${done}`);
};

/** `bursar …` for what takes two people: one asks, and a manager approves. */
export const askAndApprove = async (bank: GuideBank, ...args: string[]): Promise<string> => {
  const asked = await bank.tries(...args);
  expect(asked).toMatchObject({ code: 4, stdout: '' });
  return bank.bursar('--as', 'manager', 'inbox', 'approve', requestIn(asked.stderr), '--note', agreed, '--yes');
};

export const aGuideBank = async (): Promise<GuideBank> => {
  const { url, drop } = await aDatabase('demo');
  const rows = (sql: string, values: unknown[] = []) => query(url, sql, values);
  const tries = aCommand({ url, environment: { BURSAR_REASON: 'a guide is followed' } });
  return {
    url,
    rows,
    value: async (sql, values) => String(Object.values((await rows(sql, values))[0] ?? {})[0]),
    screen: (pane, size = [120, 40], operator = 'demo') => openConsole({ url, pane, size, operator }),
    tries,
    bursar: async (...args) => {
      const { code, stdout, stderr } = await tries(...args);
      if (code !== 0) throw new Error(`bursar ${args.join(' ')} ended with ${code}: ${stderr}`);
      return stdout;
    },
    post: async ({ type, from = null, to = null, amount }) => {
      const [answer] = await rows(
        `SELECT (p).message FROM (SELECT bank.post_transaction($1, $2::bank.transaction_type, (SELECT id FROM bank.account WHERE number = $3),
           (SELECT id FROM bank.account WHERE number = $4), $5, 'EUR', 'branch') AS p) posted`,
        [randomUUID(), type, from, to, amount],
      );
      return answer?.['message'] as string | null;
    },
    trail: (entity, id) =>
      rows(
        `SELECT operator, action, verb, outcome::text, reason, note, old, new FROM ops.audit
          WHERE entity = $1 AND entity_id = $2 AND verb <> 'view' ORDER BY seq`,
        [entity, id],
      ),
    [Symbol.asyncDispose]: drop,
  };
};
