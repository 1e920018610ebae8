import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCommand } from '../../support/command.ts';
import { aCommandBank, type CommandBank } from '../../support/command-bank.ts';
import { query } from '../../support/query.ts';

let bank: CommandBank;
let bursar: CommandBank['bursar'];
beforeAll(async () => {
  bank = await aCommandBank();
  ({ bursar } = bank);
});
afterAll(() => bank[Symbol.asyncDispose]());

describe('danger that must be typed', () => {
  const close = (number: string, ...more: string[]) =>
    bursar('accounts', 'close', number, '--ground', 'request', '--note', 'the customer asked for it', ...more);
  const anEmptyAccount = async () =>
    String(
      (await query(bank.url, "SELECT number FROM bank.account WHERE status = 'active' AND balance = 0 ORDER BY id LIMIT 1"))[0]?.['number'],
    );

  test('--yes alone is too little, another name is none, the right one asks for it', async () => {
    const number = await anEmptyAccount();
    expect(await close(number, '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining(`add --confirm ${number}`) as string });
    expect(await close(number, '--yes', '--confirm', '1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`"1" is not ${number}: nothing was done`) as string,
    });
    expect(await bank.statusOf(number)).toBe('active');
    const asked = await close(number, '--yes', '--confirm', number);
    expect(asked).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(
        /nothing was changed yet: asked for close account \d+: request \d+; somebody else with the permission approval\.decide/,
      ) as string,
    });
    expect(await bank.statusOf(number)).toBe('active');
    const request = / request (\d+);/.exec(asked.stderr)?.[1] ?? '';
    const approve = (...more: string[]) => bursar('inbox', 'approve', request, '--note', 'looked at it as well', '--yes', ...more);
    expect(await approve()).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('whoever made a request cannot decide it') as string,
    });
    expect(await bank.statusOf(number)).toBe('active');
    expect(await approve('--as', 'manager')).toMatchObject({ code: 0 });
    expect(await bank.statusOf(number)).toBe('closed');
  });

  test('at a terminal it is asked for', async () => {
    const number = await anEmptyAccount();
    const ask = (...answers: string[]) =>
      aCommand({ url: bank.url, answers })('accounts', 'close', number, '--ground', 'request', '--note', 'the customer asked for it');
    expect(await ask('y')).toMatchObject({ code: 2, stderr: expect.stringContaining(`Type ${number} to confirm`) as string });
    expect(await bank.statusOf(number)).toBe('active');
    expect((await ask(number)).code).toBe(4);
    expect((await bank.deeds()).at(-1)).toMatchObject({ action: 'approvals.request', outcome: 'success', reason: 'request' });
  });
});

describe('a person at a terminal', () => {
  const asked = (number: string, ...answers: (string | (() => Promise<string>))[]) =>
    aCommand({ url: bank.url, answers })('accounts', 'freeze', number, '--ground', 'compliance', '--note', 'asked at the terminal');

  test.each([['', 'n', 'yess', 'no', 'Yes please']])('anything but yes is no', async (...answers) => {
    const number = bank.anAccount();
    for (const answer of answers) {
      const { code, stderr } = await asked(number, answer);
      expect(code).toBe(2);
      expect(stderr).toContain(`Freeze account ${number}? [y/N]`);
      expect(stderr).toContain('nothing was done: it was not confirmed');
    }
    expect(await bank.statusOf(number)).toBe('active');
  });

  test('yes does it, and the preview that was seen is in the audit row', async () => {
    const number = bank.anAccount();
    expect((await asked(number, 'y')).code).toBe(0);
    const [row] = await query(
      bank.url,
      "SELECT new ->> 'preview' AS seen FROM ops.audit WHERE action = 'accounts.freeze' ORDER BY seq DESC LIMIT 1",
    );
    expect(row?.['seen']).toMatch(/^[0-9a-f]{64}$/);
  });

  test('what changed while they read is refused as stale', async () => {
    const number = bank.anAccount();
    const meanwhile = async () => {
      await bank.freeze(number, '--yes');
      await bursar('accounts', 'retract-freeze', number, '--findings', 'it was the wrong account', '--yes');
      return 'y';
    };
    const { code, stderr } = await asked(number, meanwhile);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining(`bursar: ${number} changed since you looked at it; look again and decide anew`) as string,
    });
    expect(await bank.statusOf(number)).toBe('active');
  });
});
