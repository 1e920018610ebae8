import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fingerprintOfKey, isMachineName, KeyDays, keyEnds, MachineName, MachineNetworks, standingOf } from '../../src/domain/machine.ts';

const now = new Date('2026-11-21T10:00:00Z');
const inDays = (days: number): Date => new Date(now.getTime() + days * 86_400_000);

describe('the key of a machine', () => {
  test('is warned of in its last fourteen days', () => {
    const standing = (validUntil: Date | null, isActive = true) => standingOf({ isActive, validUntil, now });
    expect(standing(inDays(14.01))).toBe('active');
    expect(standing(inDays(14))).toBe('ends soon');
    expect(standing(inDays(0))).toBe('ended');
    expect(standing(inDays(80), false)).toBe('revoked');
    expect(standing(null)).toBe('revoked');
    expect(keyEnds(inDays(89.9), now)).toBe('until 2027-02-19 07:36:00, 89 days');
    expect(keyEnds(inDays(-3), now)).toMatch(/, 0 days$/);
  });

  test('is known by its SHA-256, as ssh-keygen prints one', () => {
    const hash = createHash('sha256').update('a key').digest('base64');
    expect(fingerprintOfKey('a key')).toBe(`SHA256:${hash.slice(0, 43)}`);
  });
});

test('names, addresses and days are as they may be', () => {
  expect(['backup1', 'db-2-night'].every(name => MachineName.safeParse(name).success)).toBe(true);
  expect(['Backup', '1a', 'a b', 'machine.a', 'a'.repeat(41), ''].filter(name => MachineName.safeParse(name).success)).toEqual([]);
  expect(isMachineName('machine.backup1')).toBe(true);
  expect(isMachineName('machiner')).toBe(false);
  expect(MachineNetworks.parse('10.0.0.5, 2001:DB8::/32 10.0.0.5')).toEqual(['10.0.0.5', '2001:db8::/32']);
  expect(MachineNetworks.parse(undefined)).toEqual([]);
  expect(MachineNetworks.safeParse('10.0.0.300').success).toBe(false);
  expect(MachineNetworks.safeParse(Array.from({ length: 21 }, (_, n) => `10.0.0.${n}`).join(' ')).success).toBe(false);
  expect(['0', '367', '1.5', 'x'].filter(days => KeyDays.safeParse(days).success)).toEqual([]);
});
