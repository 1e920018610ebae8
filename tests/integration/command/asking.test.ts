import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCommand } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';

let database: TestDatabase;
let bursar: ReturnType<typeof aCommand>;
const unused: string[] = [];

beforeAll(async () => {
  database = await aDatabase('demo');
  bursar = aCommand(database);
  const rows = await query(database.url, "SELECT number FROM bank.account WHERE status = 'active' AND balance > 0 ORDER BY id LIMIT 40");
  unused.push(...rows.map(row => String(row['number'])));
});
afterAll(() => database.drop());

/** An active account that no other test here has touched. */
const anAccount = (): string => unused.shift() ?? 'there are no more accounts';
const freeze = (number: string, ...more: string[]) =>
  bursar('accounts', 'freeze', number, '--ground', 'court order', '--note', 'order 4711 of the district court', ...more);

const accountOf = async (number: string) =>
  (await query(database.url, 'SELECT status, version, changed_at FROM bank.account WHERE number = $1', [number]))[0];
const statusOf = async (number: string) => (await accountOf(number))?.['status'];

/** What was changed or attempted: signing in, opening a write window and looking is not. */
const deeds = () =>
  query(
    database.url,
    "SELECT action, outcome, operator, reason, note, error, request_id, correlation_id FROM ops.audit WHERE verb NOT IN ('login', 'logout', 'view', 'export') AND action <> 'windows.open' ORDER BY seq",
  );

describe('danger that must be typed', () => {
  const close = (number: string, ...more: string[]) =>
    bursar('accounts', 'close', number, '--ground', 'request', '--note', 'the customer asked for it', ...more);
  const anEmptyAccount = async () =>
    String(
      (await query(database.url, "SELECT number FROM bank.account WHERE status = 'active' AND balance = 0 ORDER BY id LIMIT 1"))[0]?.[
        'number'
      ],
    );

  test('--yes alone is too little, another name is none, the right one asks for it', async () => {
    const number = await anEmptyAccount();
    expect(await close(number, '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining(`add --confirm ${number}`) as string });
    expect(await close(number, '--yes', '--confirm', '1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`"1" is not ${number}: nothing was done`) as string,
    });
    expect(await statusOf(number)).toBe('active');
    const asked = await close(number, '--yes', '--confirm', number);
    expect(asked).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(
        /nothing was changed yet: asked for close account \d+: request \d+; somebody else with the permission approval\.decide/,
      ) as string,
    });
    expect(await statusOf(number)).toBe('active');
    const request = / request (\d+);/.exec(asked.stderr)?.[1] ?? '';
    const approve = (...more: string[]) => bursar('inbox', 'approve', request, '--note', 'looked at it as well', '--yes', ...more);
    expect(await approve()).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('whoever made a request cannot decide it') as string,
    });
    expect(await statusOf(number)).toBe('active');
    expect(await approve('--as', 'manager')).toMatchObject({ code: 0 });
    expect(await statusOf(number)).toBe('closed');
  });

  test('at a terminal it is asked for', async () => {
    const number = await anEmptyAccount();
    const ask = (...answers: string[]) =>
      aCommand({ ...database, answers })('accounts', 'close', number, '--ground', 'request', '--note', 'the customer asked for it');
    expect(await ask('y')).toMatchObject({ code: 2, stderr: expect.stringContaining(`Type ${number} to confirm`) as string });
    expect(await statusOf(number)).toBe('active');
    expect((await ask(number)).code).toBe(4);
    expect((await deeds()).at(-1)).toMatchObject({ action: 'approvals.request', outcome: 'success', reason: 'request' });
  });
});

describe('a person at a terminal', () => {
  const asked = (number: string, ...answers: (string | (() => Promise<string>))[]) =>
    aCommand({ ...database, answers })('accounts', 'freeze', number, '--ground', 'compliance', '--note', 'asked at the terminal');

  test.each([['', 'n', 'yess', 'no', 'Yes please']])('anything but yes is no', async (...answers) => {
    const number = unused[0] ?? '';
    for (const answer of answers) {
      const { code, stderr } = await asked(number, answer);
      expect(code).toBe(2);
      expect(stderr).toContain(`Freeze account ${number}? [y/N]`);
      expect(stderr).toContain('nothing was done: it was not confirmed');
    }
    expect(await statusOf(number)).toBe('active');
  });

  test('yes does it, and the preview that was seen is in the audit row', async () => {
    const number = anAccount();
    expect((await asked(number, 'y')).code).toBe(0);
    const [row] = await query(
      database.url,
      "SELECT new ->> 'preview' AS seen FROM ops.audit WHERE action = 'accounts.freeze' ORDER BY seq DESC LIMIT 1",
    );
    expect(row?.['seen']).toMatch(/^[0-9a-f]{64}$/);
  });

  test('what changed while they read is refused as stale', async () => {
    const number = anAccount();
    const meanwhile = async () => {
      await freeze(number, '--yes');
      await bursar('accounts', 'retract-freeze', number, '--findings', 'it was the wrong account', '--yes');
      return 'y';
    };
    const { code, stderr } = await asked(number, meanwhile);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining(`bursar: ${number} changed since you looked at it; look again and decide anew`) as string,
    });
    expect(await statusOf(number)).toBe('active');
  });
});
