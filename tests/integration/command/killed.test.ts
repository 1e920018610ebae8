import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomFrom } from '../../../src/demo/random.ts';
import { requestOf } from '../../../src/kit/run-bulk.ts';
import type { Bank } from '../../support/acting.ts';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { aDemoLikeBank } from '../../support/demo-like-bank.ts';
import { heldUp, holdUp, runAndKill } from '../../support/kill-command.ts';
import { full, report, seed } from '../../support/reliability.ts';

const runs = full ? 1_000 : 10;
/** Statements of a command that are held up, from signing in, over the write window, to signing out: with one record, with three and the row for the whole. */
const ofOne = 10;
const ofThree = 23;

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
  await holdUp(bank);
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
  const figures = { 'with nothing committed': 0, 'with part of a bulk committed': 0, 'with all committed': 0, 'faster than the kill': 0 };
  const wrong = {
    'effects without audit': 0,
    'successes without effect': 0,
    'done twice by the repeat': 0,
    'left undone by the repeat': 0,
    'bulks not told once': 0,
  };
  for (let run = 0; run < runs; run++) {
    const deed = random.pick(deeds)();
    const request = randomUUID();
    const step = random.between(1, deed.records.length === 1 ? ofOne : ofThree);
    const requestFor = (id: string): string => (deed.records.length === 1 ? request : requestOf(request, id));
    const look = async (): Promise<readonly Trace[]> => {
      const traces: Trace[] = [];
      for (const record of deed.records) traces.push(await traceOf(deed, record, requestFor));
      return traces;
    };
    const code = await runAndKill({ bank, home }, argumentsOf(deed, request), { step, after: heldUp * random.next() });
    const traces = await look();
    const done = traces.filter(trace => trace.done).length;
    figures[
      code !== null
        ? 'faster than the kill'
        : done === 0
          ? 'with nothing committed'
          : done < traces.length
            ? 'with part of a bulk committed'
            : 'with all committed'
    ] += 1;
    wrong['effects without audit'] += traces.filter(trace => trace.done && trace.successes !== 1).length;
    wrong['successes without effect'] += traces.filter(trace => !trace.done && trace.successes > 0).length;

    const again = await aCommand({ url: bank.url, home })(...argumentsOf(deed, request));
    expect(again).toMatchObject({ code: 0 });
    const repeated = await look();
    wrong['done twice by the repeat'] += repeated.filter(trace => trace.changes > 1 || trace.successes > 1).length;
    wrong['left undone by the repeat'] += repeated.filter(trace => !trace.done || trace.successes !== 1).length;
    const summaries = await bank.rows('SELECT FROM ops.audit WHERE request_id = $1 AND entity_id = $2', [request, `bulk ${request}`]);
    wrong['bulks not told once'] += Number(summaries.length !== (deed.records.length > 1 ? 1 : 0));
  }
  report(`${runs} commands killed`, { ...figures, ...wrong });
  expect(Object.values(wrong)).toEqual([0, 0, 0, 0, 0]);
  expect(await bank.rows('SELECT first_broken, problem FROM ops.verify_audit()')).toEqual([{ first_broken: null, problem: null }]);
  const [holds] = await bank.rows(`SELECT (SELECT count(*)::int FROM ops.hold) AS holds, count(*)::int AS told FROM ops.audit WHERE action = 'accounts.freeze' AND outcome = 'success' AND entity_label NOT LIKE '% records'`); // prettier-ignore
  expect(holds?.['holds']).toBe(holds?.['told']);
});
