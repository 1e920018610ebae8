import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { linkWith, newOneTimeSecret, placeOf } from '../../src/domain/one-time-secret.ts';

test('a secret has 256 bits, its own hash and a hint, and is never the same', () => {
  const secrets = Array.from({ length: 200 }, newOneTimeSecret);
  expect(new Set(secrets.map(({ text }) => text)).size).toBe(200);
  for (const { text, hash, hint } of secrets) {
    expect(Buffer.from(text, 'base64url')).toHaveLength(32);
    expect(hash).toEqual(createHash('sha256').update(text).digest());
    expect(text.endsWith(hint)).toBe(true);
    expect(hint).toHaveLength(4);
  }
});

test.each([
  ['https://bank.example/password#{token}', 'https://bank.example/password'],
  ['https://bank.example/password?token={token}', 'https://bank.example/password'],
  ['https://bank.example/invite/{token}', 'https://bank.example/invite'],
  ['https://bank.example/a?lang=en&token={token}', 'https://bank.example/a'],
])('%s leads to %s', (pattern, place) => {
  const secret = newOneTimeSecret();
  expect(placeOf(pattern)).toBe(place);
  expect(linkWith(pattern, secret)).toBe(pattern.replace('{token}', secret.text));
});
