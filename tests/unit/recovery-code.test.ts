import { expect, test } from 'vitest';
import { hashRecoveryCode, isLikeRecoveryCode, newRecoveryCodes, normalizeRecoveryCode } from '../../src/domain/recovery-code.ts';

test('ten codes of four groups, without i, l, o and u, no two alike', () => {
  const codes = newRecoveryCodes();
  expect(codes).toHaveLength(10);
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/);
});

test('every letter comes up about as often as every other', () => {
  const letters = Array.from({ length: 200 }, newRecoveryCodes).flat().join('').replaceAll('-', '');
  const counts = new Map<string, number>();
  for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  expect(counts.size).toBe(32);
  // 1,000 of each are expected, with a standard deviation of 31
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(190);
});

test('a code read from paper is the same code', () => {
  const code = 'k70f-31xw-9trd-h2nz';
  for (const typed of ['K70F-31XW-9TRD-H2NZ', ' k70f 31xw 9trd h2nz\n', 'k7of–3lxw–9trd–h2nz', 'K7OF3IXW9TRDH2NZ']) {
    expect(normalizeRecoveryCode(typed)).toBe('k70f31xw9trdh2nz');
    expect(hashRecoveryCode(typed)).toEqual(hashRecoveryCode(code));
    expect(isLikeRecoveryCode(typed)).toBe(true);
  }
});

test('another code has another hash', () => {
  expect(hashRecoveryCode('k70f-31xw-9trd-h2n0')).not.toEqual(hashRecoveryCode('k70f-31xw-9trd-h2nz'));
  expect(hashRecoveryCode('k70f-31xw-9trd-h2nz')).toHaveLength(32);
});

test('one-time codes and half a recovery code are none', () => {
  for (const typed of ['', '287082', '287 082', 'k70f-31xw-9trd', 'k70f-31xw-9trd-h2nzz', 'k70f-31xw-9trd-h2n!']) {
    expect(isLikeRecoveryCode(typed)).toBe(false);
  }
});
