import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { passwordObjection } from '../../src/domain/password-check.ts';
import { costText, deriveKey, hashPassword, newSalt } from '../../src/domain/password.ts';

describe('a key', () => {
  test('is 32 bytes that belong to password and salt', async () => {
    const salt = newSalt();
    const key = await deriveKey('thunder marble otter seven', salt);
    expect(key).toHaveLength(32);
    expect(await deriveKey('thunder marble otter seven', salt)).toEqual(key);
    expect(await deriveKey('thunder marble otter eight', salt)).not.toEqual(key);
    expect(await deriveKey('thunder marble otter seven', newSalt())).not.toEqual(key);
  });

  test('is that of argon2id with 64 MiB, three passes and one lane', async () => {
    // computed by another implementation (hash-wasm)
    const key = await deriveKey('thunder marble otter seven', Buffer.from('0123456789abcdef'));
    expect(key.toString('hex')).toBe('5c9f67ac7b85cdfa1430c69ef8dfc06985d426e659164e804a21e7f4140dc0e7');
    expect(costText).toBe('$argon2id$v=19$m=65536,t=3,p=1');
  });

  test('is the same however the keyboard composes its letters', async () => {
    const salt = newSalt();
    expect(await deriveKey('caf\u00e9 caf\u00e9 caf\u00e9', salt)).toEqual(await deriveKey('cafe\u0301 cafe\u0301 cafe\u0301', salt));
  });

  test('is what a password kept in PHC format ends with', async () => {
    const [, kind, version, cost, salt = '', key] = (await hashPassword('thunder marble otter seven')).split('$');
    expect(`$${kind}$${version}$${cost}`).toBe(costText);
    const derived = await deriveKey('thunder marble otter seven', Buffer.from(salt, 'base64'));
    expect(key).toBe(derived.toString('base64').replaceAll('=', ''));
  });
});

describe('what is guessed first is refused:', () => {
  const about = ['ada.byron', 'Ada Byron', 'José Núñez', 'ada@countess.example'];
  const refused = {
    'takes at least 15 characters': ['thunder marble', ''],
    'takes at most 256 characters': ['thunder marble otter seven '.repeat(10)],
    'repeats a few characters only': ['aaaaaaaaaaaaaaa', 'abababababababab'],
    'repeats a short piece': ['passwordpassword', 'k!7QmPk!7QmPk!7QmP', 'letmeinletmein123', 'Winter2026Winter2026', 'kT9#vQ2zkT9#vQ2z'],
    'runs along the keyboard': ['abcdefghijklmnop', '!@#$%^&*()_+}{POIU', 'zyxwvutsrqponml'],
    'is made of what is guessed first': [
      'qwertyuiopasdfgh',
      'qwerty-asdfgh-zxcvbn',
      '1q2w3e4r5t6y7u8i',
      'administrator2026',
      'P@ssw0rd2026!!!!',
      'masterpassword1234',
      'iloveyou iloveyou',
      'monkey dragon shadow',
      '123456789012345',
      '147258369147258',
    ],
    'holds a name': [
      'ada.byron is my name',
      'thunder marble BYRON seven',
      'thunder ada otter seven',
      'jose thunder marble otter',
      'thunder-nunez-marble-otter',
      'thunder countess marble otter',
      'thunder b-y-r-o-n marble otter',
      'Bursar-thunder-marble-otter',
    ],
  };
  const cases = Object.entries(refused).flatMap(([words, passwords]) => passwords.map(password => [password, words] as const));

  test.each(cases)('%s', async (password, words) => {
    const objection = await passwordObjection(password, about);
    expect(objection).toContain(words);
    expect(objection).toMatch(/: take four or more words|at most 256 characters$/);
    // nothing of the password, which would end up in answers and logs
    for (const piece of password.match(/[^\s-]{5,}/g) ?? []) expect(objection).not.toContain(piece);
  });

  const taken = [
    'correct horse battery staple',
    'thunder-marble-otter-42',
    'canada thunder marble otter',
    'my cat eats 7 fish daily',
    'x8Kq-93jf-Lm2p-wQ',
    'ich esse gern drei Brezeln',
    'пять синих чашек на крыше',
    '!@)#(x*&$^%q~?><":z',
  ];
  test.each(taken)('not %s', async password => {
    expect(await passwordObjection(password, about)).toBeUndefined();
  });

  test('not what a password manager makes, nor the longest password, in good time', async () => {
    for (const length of [12, 16, 32, 190]) {
      const started = process.cpuUsage();
      expect(await passwordObjection(randomBytes(length).toString('base64'), about)).toBeUndefined();
      // of this process alone, in microseconds: what else the machine does is not counted
      expect(process.cpuUsage(started).user).toBeLessThan(20_000_000);
    }
  });
});
