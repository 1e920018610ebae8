import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnsOf } from '../../../src/domain/safe-text.ts';
import { aCommand, saying } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';

let database: TestDatabase;
let bursar: ReturnType<typeof aCommand>;

const hostile = '=HYPERLINK("http://x","y")\u001b]52;c;eA==\u0007\u202e';

beforeAll(async () => {
  database = await aDatabase('demo');
  bursar = aCommand(database);
  await query(
    database.url,
    "SELECT bank.register_customer('zz-hostile', 'zz@example.org', $1, 'Q,\"uote', '1980-01-01', '+49 30 1', 'savings', 'EUR')",
    [hostile],
  );
});
afterAll(() => database.drop());

type Listed = { resource: string; rows: Record<string, string | null>[]; next: string | null };
const listed = async (...args: string[]): Promise<Listed> => {
  const { code, stdout, stderr } = await bursar(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Listed;
};

describe('list', () => {
  test('one JSON document: amounts and ids as text, instants in ISO 8601', async () => {
    const { resource, rows, next } = await listed('accounts', 'list', 'status=frozen', '--limit', '2');
    expect(resource).toBe('accounts');
    expect(next).toMatch(/^[\w-]+$/);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      id: expect.stringMatching(/^\d+$/) as string,
      number: expect.stringMatching(/^\d{12}$/) as string,
      balance: expect.stringMatching(/^\d+$/) as string,
      status: 'frozen',
      openedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      closedAt: null,
    });
  });

  test('pages by cursor meet every row once, in the order asked for', async () => {
    const seen: string[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const page = await listed('accounts', 'list', '--sort', '-balance', '--limit', '700', ...(after ? ['--after', after] : []));
      seen.push(...page.rows.map(row => String(row['id'])));
      after = page.next;
    }
    const inOrder = await query(database.url, 'SELECT id::text FROM bank.account a ORDER BY a.balance DESC, a.id DESC');
    expect(seen).toEqual(inOrder.map(row => row['id']));
  });

  test('everything streams in pages, and a list that was asked for is on record before it leaves', async () => {
    // the thirty days end a moment later at each look
    const newer = async (): Promise<number> =>
      Number(
        (await query(database.url, "SELECT count(*) AS n FROM bank.transaction WHERE posted_at >= now() - interval '30 days'"))[0]?.['n'],
      );
    const before = await newer();
    const pieces: string[] = [];
    const { code, stdout } = await aCommand({ ...database, onWrite: text => pieces.push(text) })(
      'transactions',
      'list',
      'since=30d',
      '--limit',
      'all',
      '--csv',
    );
    expect(code).toBe(0);
    expect(pieces.length).toBeGreaterThan(2);
    expect(Math.max(...pieces.map(piece => piece.length))).toBeLessThan(500_000);
    const lines = stdout.trimEnd().split('\r\n');
    const count = lines.length - 1;
    expect(count).toBeLessThanOrEqual(before);
    expect(count).toBeGreaterThanOrEqual(await newer());
    const [recorded] = await query(
      database.url,
      "SELECT operator, new FROM ops.audit WHERE verb = 'export' AND entity = 'transaction' ORDER BY seq DESC LIMIT 1",
    );
    expect(recorded).toEqual({ operator: 'demo', new: { filter: 'since=30d', rows: count } });
  });

  test('a spreadsheet runs no formula, a terminal obeys no name, and quotes are doubled', async () => {
    const { stdout } = await bursar('users', 'list', 'username=zz-hostile', '--csv');
    expect(stdout).toContain(`zz-hostile,"'=HYPERLINK(""http://x"",""y"")␛]52;c;eA==␇\\u{202E} Q,""uote",zz@example.org`);
    const table = await bursar('users', 'list', 'username=zz-hostile');
    const json = await bursar('users', 'list', 'username=zz-hostile', '--json');
    for (const { stdout: text } of [table, json]) expect(text.replaceAll('\n', '')).toMatch(/^[^\p{Cc}\u202e]*$/u);
    expect((JSON.parse(json.stdout) as Listed).rows[0]?.['firstName']).toBe(hostile);
  });

  test('words are searched for, quoted ones as one', async () => {
    expect((await listed('users', 'list', 'uote hostile', '--limit', '5')).rows).toEqual([]);
    expect((await listed('users', 'list', 'uote', 'hostile', '--limit', '5')).rows).toHaveLength(1);
    expect((await listed('users', 'list', '--filter', 'uote role=customer')).rows).toHaveLength(1);
  });

  test('a terminal sees a table that fits it', async () => {
    const { stdout, stderr } = await aCommand({ ...database, columns: 80 })('accounts', 'list', '--limit', '20');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(21);
    expect(lines[0]).toMatch(/^Number +Owner .*Balance +Status/);
    expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(80);
    expect(stderr).toMatch(/^more: add --after \S+\n$/);
  });

  test.each([
    [['status=frozn'], 'status is never "frozn"; it is one of pending, active, frozen, closed, rejected'],
    [['balance>10.001'], '"10.001" has a fraction below the smallest unit of EUR; use at most 2 digits after the point'],
    [['balance>ten'], '"ten" is no amount; write it like 1,234.56'],
    [['opened=2026-02-30'], '2026-02-30 does not exist in the calendar; write it like 2026-11-20, today or in 7 days'],
    [['"open'], 'a quotation mark is left open; close it with "'],
    [['colour=red'], /^bursar: there is no field colour here; filter by /],
    [['x'.repeat(501)], 'a filter has at most 500 characters'],
    [['--sort', 'owner'], /^bursar: "owner" is nothing to sort by; sort by number, balance, opened, changed/],
    [['--limit', '0'], '--limit "0" is no number of rows; write --limit 100 or --limit all'],
    [['--limit', '1e9'], '--limit "1e9" is no number of rows; write --limit 100 or --limit all'],
    [
      ['--after', 'x'],
      '--after takes what an earlier list of the same records in the same order gave; leave it out to begin at the first row',
    ],
    [['--json', '--csv'], '--json and --csv exclude one another'],
    [['--lmit', '3'], 'there is no flag --lmit here; did you mean --limit?'],
  ])('list %j is a usage error', async (args, message) => {
    const { code, stdout, stderr } = await bursar('accounts', 'list', ...args);
    expect(code).toBe(2);
    expect(stdout === '' || args.includes('--json')).toBe(true);
    expect(stderr).toEqual(saying(message));
  });

  test('a cursor of another order or another list is refused', async () => {
    const { next } = await listed('accounts', 'list', '--limit', '1');
    expect((await bursar('accounts', 'list', '--after', String(next), '--sort', 'balance')).code).toBe(2);
    expect((await bursar('users', 'list', '--after', String(next))).code).toBe(2);
  });
});

describe('show', () => {
  test('an account by its number, a user by name, a transaction and an audit row by id', async () => {
    const [account] = (await listed('accounts', 'list', 'status=active', '--limit', '1')).rows;
    const shown = await bursar('accounts', 'show', String(account?.['number']), '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      resource: 'accounts',
      record: account,
      detail: [{ title: 'Account' }, { title: 'Limits today' }, { title: 'Last postings' }],
    });
    expect((await bursar('users', 'show', String(account?.['username']))).stdout).toContain(`Username    ${account?.['username']}`);
    expect((await bursar('tx', 'show', '17')).code).toBe(0);
    expect((await bursar('audit', 'show', '1')).stdout).toContain('sessions.open');
  });

  test('looking at a person is on record', async () => {
    await bursar('users', 'show', 'zz-hostile');
    const [row] = await query(
      database.url,
      "SELECT operator, action FROM ops.audit WHERE verb = 'view' AND entity = 'user' ORDER BY seq DESC LIMIT 1",
    );
    expect(row).toEqual({ operator: 'demo', action: 'user.view' });
  });

  test('a name that is the id of another record is asked back', async () => {
    await query(database.url, "SELECT bank.register_customer('0000042', 'n42@example.org', 'N', 'N', '1980-01-01', '1', 'savings', 'EUR')");
    const { code, stderr } = await bursar('users', 'show', '0000042');
    expect(code).toBe(3);
    expect(stderr).toMatch(/"0000042" names two records: one is called so, another has this id; write id=\d+ or id=42/);
    expect((await bursar('users', 'show', 'id=42')).code).toBe(0);
  });

  test.each([
    [['nobody-of-this-name'], 3, 'there is no user "nobody-of-this-name"; look for it with: bursar users list'],
    [['999999999'], 3, 'there is no user "999999999"; look for it with: bursar users list'],
    [['id=9x'], 2, 'id=9x is no id; write it like id=42'],
    [['9'.repeat(30)], 3, `there is no user "${'9'.repeat(30)}"; look for it with: bursar users list`],
    [["x' OR true --"], 3, `there is no user "x' OR true --"; look for it with: bursar users list`],
    [[], 2, 'show takes one record; write bursar users show NAME'],
    [['a', 'b'], 2, 'show takes one record; write bursar users show NAME'],
  ])('show %j', async (words, expected, message) => {
    const { code, stdout, stderr } = await bursar('users', 'show', ...words);
    expect({ code, stdout, stderr }).toEqual({ code: expected, stdout: '', stderr: `bursar: ${message}\n` });
  });
});

describe('words that mean nothing', () => {
  test.each([
    [['acounts', 'list'], 'there is no resource or command "acounts"; did you mean accounts?'],
    [['accounts', 'fereze'], 'there is no verb of accounts "fereze"; did you mean freeze?'],
    [['accounts'], /^bursar: what about accounts\?; write bursar accounts and one of list, show, approve/],
    [['audit', 'verfy'], /there is no verb of audit "verfy"/],
    [['help', 'users', 'delete'], /there is no verb of users "delete"/],
    [['zzz\u001b[2J'], /there is no resource or command "zzz␛\[2J"/],
  ])('%j', async (args, message) => {
    const { code, stderr } = await bursar(...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: saying(message) });
  });
});
