import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCommand } from '../../support/command.ts';
import { aCommandBank, type CommandBank } from '../../support/command-bank.ts';

let bank: CommandBank;
let bursar: CommandBank['bursar'];
beforeAll(async () => {
  bank = await aCommandBank();
  ({ bursar } = bank);
});
afterAll(() => bank[Symbol.asyncDispose]());

describe('one record', () => {
  test('--dry-run shows what would happen and changes nothing', async () => {
    const number = bank.anAccount();
    const before = [await bank.accountOf(number), await bank.deeds()];
    const { code, stdout, stderr } = await bank.freeze(number, '--dry-run', '--yes');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Freeze account: ${number}\n`);
    expect(stdout).toContain('stops deposits, withdrawals and transfers');
    const json = JSON.parse((await bank.freeze(number, '--dry-run', '--json')).stdout) as object;
    expect(json).toMatchObject({
      ok: true,
      dryRun: true,
      preview: { action: 'accounts.freeze', target: { label: number }, danger: 'plain' },
    });
    expect([await bank.accountOf(number), await bank.deeds()]).toEqual(before);
  });

  test('without --yes and without a terminal it shows the preview, asks for --yes and changes nothing', async () => {
    const number = bank.anAccount();
    const { code, stdout, stderr } = await bank.freeze(number);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('stops deposits, withdrawals and transfers');
    expect(stderr).toContain('bursar: nothing was done: there is no terminal to ask at; add --yes to do it, or --dry-run to only look\n');
    expect(await bank.statusOf(number)).toBe('active');
  });

  test('with --yes it is done, once, and leaves its trace', async () => {
    const number = bank.anAccount();
    const { code, stdout, stderr } = await bank.freeze(number, '--yes');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^froze ${number} \\(audit \\d+\\)\n$`));
    expect(stderr).toBe('to take it back: bursar accounts retract-freeze, within 10 minutes\n');
    expect(await bank.statusOf(number)).toBe('frozen');
    expect((await bank.deeds()).at(-1)).toMatchObject({
      action: 'accounts.freeze',
      outcome: 'success',
      operator: 'demo',
      reason: 'court order',
      note: 'order 4711 of the district court',
    });
  });

  test('the same --request again gives the first result and changes nothing', async () => {
    const number = bank.anAccount();
    const request = randomUUID();
    const first = await bank.freeze(number, '--yes', '--json', '--request', request);
    const after = [await bank.accountOf(number), await bank.deeds()];
    const again = await bank.freeze(number, '--yes', '--json', '--request', request.toUpperCase());
    expect([first.code, again.code]).toEqual([0, 0]);
    expect(JSON.parse(first.stdout)).toMatchObject({
      ok: true,
      action: 'accounts.freeze',
      request,
      replayed: false,
      target: { label: number },
    });
    expect(JSON.parse(again.stdout)).toEqual({ ...(JSON.parse(first.stdout) as object), replayed: true });
    expect([await bank.accountOf(number), await bank.deeds()]).toEqual(after);

    const other = await bursar(
      'accounts',
      'freeze',
      number,
      '--ground',
      'compliance',
      '--note',
      'something else altogether',
      '--yes',
      '--request',
      request,
    );
    expect(other.code).toBe(3);
    expect(other.stderr).toContain('was used before with other content');
  });

  test('what the record does not allow is refused, told as a document too, and recorded', async () => {
    const number = bank.anAccount();
    await bank.freeze(number, '--yes');
    const { code, stdout, stderr } = await bank.freeze(number, '--yes', '--json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      action: 'accounts.freeze',
      refusal: { kind: 'conflict', message: `${number} is frozen; only an active account can be frozen` },
    });
    expect(stderr).toContain(`${number} is frozen`);
    expect((await bank.deeds()).at(-1)).toMatchObject({
      action: 'accounts.freeze',
      outcome: 'refused',
      error: `${number} is frozen; only an active account can be frozen`,
    });
  });

  test('whoever lacks the permission is refused, and that is recorded', async () => {
    const number = bank.anAccount();
    const vera = aCommand({ url: bank.url, environment: { BURSAR_DEMO_OPERATOR: 'vera' } });
    const { code, stderr } = await vera(
      'accounts',
      'freeze',
      number,
      '--ground',
      'compliance',
      '--note',
      'vera only looks at things',
      '--yes',
    );
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: 'bursar: accounts.freeze needs the permission account.freeze: ask an administrator for a role that has it\n',
    });
    expect((await bank.deeds()).at(-1)).toMatchObject({ operator: 'vera', outcome: 'refused' });
    expect((await vera('audit', 'list')).stderr).toBe(
      'bursar: Audit needs the permission audit.read; ask an administrator for a role that has it\n',
    );
    expect(await bank.statusOf(number)).toBe('active');
  });

  test('--read-only reads and refuses every change', async () => {
    const number = bank.anAccount();
    expect((await bursar('--read-only', 'accounts', 'show', number)).code).toBe(0);
    const { code, stderr } = await bank.freeze(number, '--yes', '--read-only');
    expect({ code, stderr }).toEqual({ code: 3, stderr: 'bursar: this console is read-only; start it without --read-only\n' });
    expect(await bank.statusOf(number)).toBe('active');
  });
});

describe('input that cannot be', () => {
  const good = { ground: 'compliance', note: 'a note that is long enough' };
  test.each([
    [{ ...good, ground: 'whim' }, /Ground is one of suspicious pattern, .*, not "whim"/],
    [{ note: good.note }, /Ground is missing/],
    [{ ground: good.ground }, /Note is missing/],
    [{ ...good, note: 'short' }, /Note takes at least 10 characters/],
    [{ ...good, note: 'x'.repeat(1_000_000) }, /Note takes at most 2,000 characters/],
    [{ ...good, 'review-on': '2026-02-29' }, /Review on 2026-02-29 does not exist in the calendar/],
    [{ ...good, 'review-on': 'some day' }, /Review on "some day" is no day/],
    [{ ...good, 'review-on': 'in 400 days' }, /Review on must lie within the next 30 days/],
    [{ ...good, 'review-on': 'yesterday' }, /Review on must lie within the next 30 days/],
    [{ ...good, request: 'abc' }, /--request "abc" is no UUID; write one like /],
    [{ ...good, reason: 'x' }, /--reason takes at least 4 characters/],
    [{ ...good, because: 'x' }, /there is no flag --because here/],
  ])('%#', async (flags, message) => {
    const number = bank.anAccount();
    const before = [await bank.accountOf(number), await bank.deeds()];
    const { code, stderr } = await bursar(
      'accounts',
      'freeze',
      number,
      '--yes',
      ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.length).toBeLessThan(2_000);
    expect([await bank.accountOf(number), await bank.deeds()]).toEqual(before);
  });

  test.each([
    [['accounts', 'freeze'], 'Freeze account needs a record; write bursar accounts freeze NAME, or --filter TEXT'],
    [['accounts', 'freeze', 'x', '--filter', 'y'], 'name records or give --filter, not both'],
    [['users', 'create', 'x', 'y'], 'Create user takes no record; give what it needs as flags; see --help'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await bursar(...args, '--yes');
    expect({ code, stderr }).toEqual({ code: 2, stderr: `bursar: ${message}\n` });
  });

  test('an unknown account is refused', async () => {
    const { code, stderr } = await bank.freeze('447100000000', '--yes');
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: 'bursar: there is no account "447100000000"; look for it with: bursar accounts list\n',
    });
  });
});
