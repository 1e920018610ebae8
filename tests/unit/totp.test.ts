import { expect, test } from 'vitest';
import { base32, codeAt, newSeed, otpauthUri } from '../../src/domain/totp.ts';

/** RFC 6238, appendix B: seconds since 1970 and the last six of the eight digits given there. */
const vectors = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
] as const;

test.each(vectors)('the code at second %i is that of RFC 6238', (seconds, code) => {
  expect(codeAt(Buffer.from('12345678901234567890'), seconds * 1_000)).toBe(code);
});

test('a code holds for its 30 seconds and no millisecond longer', () => {
  const seed = Buffer.from('12345678901234567890');
  expect(codeAt(seed, 59_999)).toBe(codeAt(seed, 30_000));
  expect(codeAt(seed, 60_000)).not.toBe(codeAt(seed, 59_999));
});

/** RFC 4648, 10. */
const spelled = { '': '', f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' };

test('base32 is that of RFC 4648 without its padding', () => {
  for (const [text, letters] of Object.entries(spelled)) expect(base32(Buffer.from(text))).toBe(letters);
});

test('a seed is 160 random bits', () => {
  expect(newSeed()).toHaveLength(20);
  expect(newSeed().equals(newSeed())).toBe(false);
});

test('the address for an app names issuer, account and seed, whatever letters they have', () => {
  const seed = Buffer.from('12345678901234567890');
  const uri = otpauthUri({ issuer: 'Bursar: eu-1 & co', account: 'ada?secret=x', seed });
  expect(uri).toBe(
    'otpauth://totp/Bursar%20%20eu-1%20%26%20co:ada%3Fsecret%3Dx?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bursar%20%20eu-1%20%26%20co',
  );
  expect(Object.fromEntries(new URL(uri).searchParams)).toEqual({ secret: base32(seed), issuer: 'Bursar  eu-1 & co' });
});
