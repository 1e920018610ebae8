import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomBytes } from 'node:crypto';
import { readSecretKey, seedKeyOf } from '../../../src/database/secret-key.ts';
import { signInWith } from '../../../src/database/sign-in.ts';
import { aCommandHome } from '../../support/command.ts';
import { aStaffedBank, recoveryCodeOf, staffPassword, type StaffedBank } from '../../support/staff.ts';

let bank: StaffedBank;
beforeAll(async () => {
  bank = await aStaffedBank({
    ada: ['admin'],
    bert: ['admin'],
    vera: ['viewer'],
    omar: ['operations'],
    ravi: ['analyst'],
    lena: ['support'],
    sven: ['sysop'],
  });
});
afterAll(() => bank[Symbol.asyncDispose]());

const wrong = 'not the password at all';
/** Failures long ago count for nobody; the address of each test is its own. */
const age = async (seconds: number): Promise<void> => {
  await bank.behindItsBack('UPDATE ops.sign_in_attempt SET at = at - make_interval(secs => $1)', [seconds]);
  await bank.behindItsBack('UPDATE ops.operator_credential SET failures_from = failures_from - make_interval(secs => $1)', [seconds]);
};

describe('five failures lock for 30 minutes', () => {
  test('the fifth says so, then the right password does not help either, and after 30 minutes it does', async () => {
    const messages: string[] = [];
    for (let failure = 1; failure <= 5; failure++) {
      // from addresses of their own: it is the operator who is locked
      const refused = await bank.signIn('vera', { password: wrong, address: `10.1.0.${failure}` });
      messages.push(refused.ok ? 'signed in' : `${refused.refusal.message}; ${refused.refusal.next}`);
    }
    expect(messages.slice(0, 4)).toEqual(
      Array.from({ length: 4 }, () => 'name, password or code is wrong; try again; five failures lock for 30 minutes'),
    );
    expect(messages[4]).toBe(
      'name, password or code is wrong; that was the fifth failure: wait 30 minutes, or have an administrator reset it',
    );
    const locked = await bank.signIn('vera', { address: '10.1.0.9' });
    expect(locked).toMatchObject({
      refusal: {
        message: 'this operator is locked after 5 failures',
        next: expect.stringMatching(/^try again at \d\d:\d\d UTC, or have an administrator reset it$/) as string,
      },
    });
    await age(29 * 60);
    expect(await bank.signIn('vera', { address: '10.1.0.9' })).toMatchObject({ ok: false });
    await age(61);
    expect(await bank.signIn('vera', { address: '10.1.0.9' })).toMatchObject({ ok: true });
  });

  test('five failures over 28 minutes lock as long: from the fifth on', async () => {
    for (let failure = 1; failure <= 5; failure++) {
      await bank.signIn('bert', { password: wrong, code: '123456', address: `10.8.0.${failure}` });
      if (failure < 5) await age(7 * 60);
    }
    await age(29 * 60);
    expect(await bank.signIn('bert', { address: '10.8.0.9' })).toMatchObject({
      refusal: { message: 'this operator is locked after 5 failures' },
    });
    await age(61);
    expect(await bank.signIn('bert', { address: '10.8.0.9' })).toMatchObject({ ok: true });
  });

  test('30 parallel guesses from as many addresses are counted one by one: none gets a sixth try', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => bank.signIn('omar', { password: wrong, code: '123456', address: `10.2.0.${index + 1}` })),
    );
    const tried = answers.filter(answer => !answer.ok && answer.refusal.message.startsWith('name, password')).length;
    const locked = answers.filter(answer => !answer.ok && answer.refusal.message.includes('locked')).length;
    expect([tried, locked]).toEqual([5, 25]);
  });

  test('a right password without a right code is a failure like any other, and uses no code up', async () => {
    const code = await bank.codeOf('ravi');
    expect(await bank.signIn('ravi', { password: wrong, code, address: '10.3.0.1' })).toMatchObject({ ok: false });
    expect(await bank.signIn('ravi', { code: '000000', address: '10.3.0.2' })).toMatchObject({
      refusal: { message: 'name, password or code is wrong' },
    });
    expect(await bank.signIn('ravi', { code, address: '10.3.0.3' })).toMatchObject({ ok: true });
  });
});

test('an address waits longer after each failure, whoever it asks for, and others do not', async () => {
  const waits: number[] = [];
  for (let failure = 1; failure <= 9; failure++) {
    await bank.signIn(`nobody${failure}`, { password: wrong, code: '123456', address: '10.4.0.1' });
    // from the failure on: however long it took to ask
    const [row] = await bank.rows(
      `SELECT extract(epoch FROM ops.address_waits_until('10.4.0.1') - max(at)) AS seconds FROM ops.sign_in_attempt WHERE ip = '10.4.0.1'`,
    );
    waits.push(Math.round(Number(row?.['seconds'] ?? 0)));
    // the wait is over for the next try, but the failure still counts
    await bank.behindItsBack(`UPDATE ops.sign_in_attempt SET at = at - make_interval(secs => $1) WHERE ip = '10.4.0.1'`, [
      Math.max(0, waits.at(-1) ?? 0) + 1,
    ]);
  }
  console.log(`seconds an address waits after 1 to 9 failures: ${waits.join(', ')}`);
  expect(waits.slice(0, 5)).toEqual([0, 0, 2, 4, 8]);
  await bank.signIn('nobody', { password: wrong, code: '123456', address: '10.4.0.1' });
  expect(await bank.signIn('sven', { address: '10.4.0.1' })).toMatchObject({
    refusal: { message: 'too many failures from this address', next: expect.stringMatching(/^try again in \d+ s$/) as string },
  });
  expect(await bank.signIn('sven', { address: '10.4.0.2' })).toMatchObject({ ok: true });
});

describe('each code once', () => {
  test('a one-time code signs in once, also when two try it at the same moment', async () => {
    const code = await bank.codeOf('lena');
    const both = await Promise.all([1, 2].map(index => bank.signIn('lena', { code, address: `10.5.0.${index}` })));
    expect(both.filter(answer => answer.ok)).toHaveLength(1);
    expect(await bank.signIn('lena', { code, address: '10.5.0.3' })).toMatchObject({
      refusal: { message: 'name, password or code is wrong' },
    });
  });

  test('so does a recovery code, however it is typed', async () => {
    const code = recoveryCodeOf('lena', 3);
    const typed = code.toUpperCase().replaceAll(/(.{4})/g, '$1 ');
    expect(await bank.signIn('lena', { code: typed, address: '10.5.0.4' })).toMatchObject({ ok: true });
    expect(await bank.signIn('lena', { code, address: '10.5.0.5' })).toMatchObject({ ok: false });
    expect(await bank.value(`SELECT (ops.operator_standing(id)).recovery_codes FROM ops.operator WHERE name = 'lena'`)).toBe(9);
  });

  test('a console with another secret key opens no seed, and says nothing that tells why', async () => {
    const otherKey = seedKeyOf(await readSecretKey(aCommandHome()));
    const code = await bank.codeOf('lena');
    const client = { name: 'test', address: '10.5.0.6' };
    const tried = await signInWith(bank.database.writes, {
      name: 'lena',
      password: staffPassword,
      code,
      seedKey: otherKey,
      token: randomBytes(32).toString('hex'),
      kind: 'screen',
      client,
    });
    expect(tried).toMatchObject({ refusal: { message: 'name, password or code is wrong' } });
    expect(await bank.signIn('lena', { code, address: '10.5.0.7' })).toMatchObject({ ok: true });
  });
});

test('a disabled operator is refused as anybody is whom nobody knows', async () => {
  await bank.behindItsBack(`UPDATE ops.operator SET is_active = false WHERE name = 'sven'`);
  const answers = [
    await bank.signIn('sven', { address: '10.6.0.1' }),
    await bank.signIn('nobody-of-that-name', { code: '123456', address: '10.6.0.2' }),
  ];
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]).toMatchObject({ refusal: { message: 'name, password or code is wrong' } });
  await bank.behindItsBack(`UPDATE ops.operator SET is_active = true WHERE name = 'sven'`);
});

test('every refused sign-in is in the audit log, and nothing that was typed', async () => {
  await bank.signIn('bert', { password: 'my secret slipped out', code: '424242', address: '10.7.0.1' });
  const [row] = await bank.rows(`SELECT * FROM ops.audit WHERE action = 'sessions.open' AND ip = '10.7.0.1'`);
  expect(row).toMatchObject({ operator: 'bert', outcome: 'refused', error: 'name, password or code is wrong' });
  expect(JSON.stringify(await bank.rows('SELECT * FROM ops.audit'))).not.toMatch(/slipped|424242/);
});
