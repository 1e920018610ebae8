import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { randomFrom } from '../../../src/demo/random.ts';
import { requestOf } from '../../../src/kit/run-bulk.ts';
import type { Bank } from '../../support/acting.ts';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { aDemoLikeBank } from '../../support/demo-like-bank.ts';
import { full, inParallel, report, seed } from '../../support/reliability.ts';

const runs = full ? 1_000 : 30;
/** The statements of an action are held up so long each, in seconds, that a kill in the middle of one is likely. */
const heldUp = 0.012;

type Deed = {
  readonly words: readonly string[];
  readonly records: readonly string[];
  readonly table: 'account' | 'user';
  readonly after: string;
};

let bank: Bank;
let home = '';
const names: Record<'pending' | 'active' | 'user', string[]> = { pending: [], active: [], user: [] };

beforeAll(async () => {
  home = aCommandHome();
  bank = await aDemoLikeBank();
  await bank.behindItsBack(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status)
     SELECT 'c' || lpad(n::text, 6, '0'), 'c' || n || '@mail.example', 'Customer', 'Number ' || n, 'customer', 'active' FROM generate_series(1, $1::int) n`,
    [runs * 3],
  );
  await bank.behindItsBack(
    `INSERT INTO bank.account (number, user_id, currency, status) SELECT bank.next_account_number(), u.id, 'EUR', s.status::bank.account_status
       FROM bank."user" u, (VALUES ('pending'), ('active')) s(status) WHERE u.username LIKE 'c0%'`,
  );
  const accounts = await bank.rows<{ number: string; status: 'pending' | 'active' }>(
    `SELECT number, status::text FROM bank.account ORDER BY id`,
  );
  for (const { number, status } of accounts) names[status].push(number);
  names.user = (await bank.rows<{ username: string }>(`SELECT username FROM bank."user" WHERE username LIKE 'c0%' ORDER BY id`)).map(
    row => row.username,
  );
  await bank.db.query(
    `CREATE FUNCTION public.hold_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(${heldUp}); RETURN new; END $$`,
  );
  for (const table of ['ops.action_run', 'bank.account', 'bank."user"', 'ops.hold', 'ops.audit'])
    await bank.db.query(`CREATE TRIGGER hold_up BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION public.hold_up()`);
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = ['--note', 'killed in the middle by a test', '--yes', '--json'];
const deeds = [
  (): Deed => ({ words: ['accounts', 'freeze'], records: names.active.splice(0, 1), table: 'account', after: 'frozen' }),
  (): Deed => ({ words: ['accounts', 'approve'], records: names.pending.splice(0, 1), table: 'account', after: 'active' }),
  (): Deed => ({ words: ['users', 'lock'], records: names.user.splice(0, 1), table: 'user', after: 'locked' }),
  (): Deed => ({ words: ['accounts', 'freeze'], records: names.active.splice(0, 3), table: 'account', after: 'frozen' }),
  (): Deed => ({ words: ['users', 'lock'], records: names.user.splice(0, 3), table: 'user', after: 'locked' }),
];

const argumentsOf = ({ words, records }: Deed, request: string): string[] => [
  ...words, ...records, ...(words[1] === 'freeze' ? ['--ground', 'compliance'] : []), ...note, '--request', request,
]; // prettier-ignore

const mine = async (pid: number | undefined, purpose: string): Promise<boolean> =>
  (await bank.rows(`SELECT FROM pg_stat_activity WHERE application_name LIKE $1`, [`bursar ${pid} % ${purpose}`])).length > 0;

/** How long a command took from where it connects to change something, and its exit code if it ended by itself; milliseconds. */
type Ended = { readonly code: number | null; readonly acted: number };

/** Starts the built program and kills it so long after it has connected; resolves when the server has noticed. */
const runAndKill = async (args: readonly string[], after: number): Promise<Ended> => {
  const { PATH = '' } = process.env;
  const environment = { PATH, LANG: 'C.UTF-8', DATABASE_URL: bank.url, BURSAR_HOME: home, NODE_COMPILE_CACHE: path.join(home, 'cache') };
  const program = path.join(import.meta.dirname, '..', '..', '..', 'bin', 'bursar.js');
  const child = spawn(process.execPath, [program, ...args], { env: environment, stdio: 'ignore' });
  let isOver = false;
  const ended = once(child, 'exit').finally(() => (isOver = true)) as Promise<[number | null]>;
  await vi.waitUntil(async () => isOver || (await mine(child.pid, 'writes')), { timeout: 20_000, interval: 4 });
  const connected = performance.now();
  await Promise.race([ended, pause(after)]);
  child.kill('SIGKILL');
  const [code] = await ended;
  const acted = performance.now() - connected;
  await vi.waitUntil(async () => !(await mine(child.pid, '%')), { timeout: 20_000, interval: 10 });
  return { code, acted };
};

type Trace = { readonly done: boolean; readonly changes: number; readonly successes: number };

/** What became of one record: whether it is in its new state, how often it was changed, and how often the log says so. */
const traceOf = async ({ table, after }: Deed, record: string, request: (id: string) => string): Promise<Trace> => {
  const name = table === 'account' ? 'number' : 'username';
  const [row] = await bank.rows<{ id: string; done: boolean; changes: number }>(
    `SELECT id::text, status::text = $2 AS done, version AS changes FROM bank."${table}" WHERE ${name} = $1`,
    [record, after],
  );
  if (!row) throw new Error(`${record} is gone`);
  const [told] = await bank.rows<{ successes: number }>(
    `SELECT count(*)::int AS successes FROM ops.audit WHERE outcome = 'success' AND entity_id = $1 AND request_id = $2`,
    [row.id, request(row.id)],
  );
  return { ...row, successes: told?.successes ?? 0 };
};

test(`kill -9 of the command at ${runs} random points`, { timeout: 3_600_000 }, async () => {
  const random = randomFrom(seed, 'killed commands');
  // Whole runs say how long there is something to kill; the first one also fills the cache of compiled code
  const whole: Ended[] = [];
  for (const deed of deeds.slice(3)) whole.push(await runAndKill(argumentsOf(deed(), randomUUID()), 60_000));
  expect(whole.map(({ code }) => code)).toEqual([0, 0]);
  const longest = Math.max(...whole.map(({ acted }) => acted));

  const figures = { 'killed before': 0, 'in the middle of a bulk': 0, 'after the last record': 0, 'ended before the kill': 0 };
  const wrong = {
    'effects without audit': 0,
    'successes without effect': 0,
    'done twice by the repeat': 0,
    'left undone by the repeat': 0,
  };
  const plans = Array.from({ length: runs }, () => ({
    deed: random.pick(deeds)(),
    after: longest * random.next(),
    request: randomUUID(),
  }));
  await inParallel([1, 2], plans, async (_, { deed, after, request }) => {
    const requestFor = (id: string): string => (deed.records.length === 1 ? request : requestOf(request, id));
    const look = async (): Promise<readonly Trace[]> => {
      const traces: Trace[] = [];
      for (const record of deed.records) traces.push(await traceOf(deed, record, requestFor));
      return traces;
    };
    const { code } = await runAndKill(argumentsOf(deed, request), after);
    const traces = await look();
    const done = traces.filter(trace => trace.done).length;
    figures[
      code !== null
        ? 'ended before the kill'
        : done === 0
          ? 'killed before'
          : done < traces.length
            ? 'in the middle of a bulk'
            : 'after the last record'
    ] += 1;
    wrong['effects without audit'] += traces.filter(trace => trace.done && trace.successes !== 1).length;
    wrong['successes without effect'] += traces.filter(trace => !trace.done && trace.successes > 0).length;

    const again = await aCommand({ url: bank.url, home })(...argumentsOf(deed, request));
    expect(again).toMatchObject({ code: 0 });
    const repeated = await look();
    wrong['done twice by the repeat'] += repeated.filter(trace => trace.changes > 1 || trace.successes > 1).length;
    wrong['left undone by the repeat'] += repeated.filter(trace => !trace.done || trace.successes !== 1).length;
    if (deed.records.length > 1) {
      const summaries = await bank.rows('SELECT FROM ops.audit WHERE request_id = $1 AND entity_id = $2', [request, `bulk ${request}`]);
      expect(summaries).toHaveLength(1);
    }
  });
  report(`${runs} commands killed`, { ...figures, ...wrong });
  expect(wrong).toEqual({
    'effects without audit': 0,
    'successes without effect': 0,
    'done twice by the repeat': 0,
    'left undone by the repeat': 0,
  });
  expect(await bank.rows('SELECT first_broken, problem FROM ops.verify_audit()')).toEqual([{ first_broken: null, problem: null }]);
  const [holds] = await bank.rows(`SELECT (SELECT count(*)::int FROM ops.hold) AS holds, count(*)::int AS told FROM ops.audit WHERE action = 'accounts.freeze' AND outcome = 'success' AND entity_label NOT LIKE '% records'`); // prettier-ignore
  expect(holds?.['holds']).toBe(holds?.['told']);
});
