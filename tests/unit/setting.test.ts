import { describe, expect, test } from 'vitest';
import { brokenStandard, parseSetting, settingText, type SettingShape } from '../../src/domain/setting.ts';

const aSetting = (wish: Partial<SettingShape>): SettingShape => ({
  key: 'a.setting',
  type: 'integer',
  min: null,
  max: null,
  pattern: null,
  safeMin: null,
  safeMax: null,
  standard: null,
  ...wish,
});

describe('a setting', () => {
  test.each([
    ['integer', '900', 900],
    ['integer', '-5', -5],
    ['decimal', '0.25', 0.25],
    ['boolean', 'yes', true],
    ['boolean', 'false', false],
    ['string', '  a text ', 'a text'],
    ['json', '{"a":[1]}', { a: [1] }],
  ] as const)('of type %s takes %j', (type, typed, value) => {
    expect(parseSetting(aSetting({ type }), typed)).toEqual({ ok: true, value });
  });

  test.each([
    ['integer', '1.5'],
    ['integer', '007'],
    ['integer', 'many'],
    ['integer', '9'.repeat(30)],
    ['decimal', '1e9'],
    ['boolean', 'perhaps'],
    ['json', '{'],
  ] as const)('of type %s refuses %j', (type, typed) => {
    expect(parseSetting(aSetting({ type }), typed)).toMatchObject({ ok: false, refusal: { kind: 'invalid' } });
  });

  test('keeps its bounds and its pattern, in which Postgres and the console read the same', () => {
    const bounded = aSetting({ min: 3, max: 100 });
    expect(parseSetting(bounded, '2').ok).toBe(false);
    expect(parseSetting(bounded, '3').ok).toBe(true);
    expect(parseSetting(bounded, '101').ok).toBe(false);
    const link = aSetting({ type: 'string', pattern: '^https://[!-~]*[{]token[}][!-~]*$' });
    expect(parseSetting(link, 'https://bank.example/#{token}').ok).toBe(true);
    expect(parseSetting(link, 'http://bank.example/#{token}').ok).toBe(false);
    expect(parseSetting(link, 'https://bank.example/').ok).toBe(false);
    const address = aSetting({ type: 'string', pattern: '^[^[:space:]@]+@[^[:space:]@]+[.][^[:space:]@]+$' });
    expect(parseSetting(address, 'help@bank.example').ok).toBe(true);
    expect(parseSetting(address, 'help me@bank.example').ok).toBe(false);
    const name = aSetting({ type: 'string', pattern: '^[^[:cntrl:]]{1,80}$' });
    expect(parseSetting(name, 'Nordlicht Bank').ok).toBe(true);
    expect(parseSetting(name, 'two\nlines').ok).toBe(false);
  });

  test('names the standard that a value breaks, on either side', () => {
    const length = aSetting({ safeMin: 15, standard: 'NIST' });
    expect(brokenStandard(length, 14)).toBe('NIST');
    expect(brokenStandard(length, 15)).toBeUndefined();
    const rule = aSetting({ type: 'boolean', safeMax: 0, standard: 'ASVS' });
    expect(brokenStandard(rule, true)).toBe('ASVS');
    expect(brokenStandard(rule, false)).toBeUndefined();
    expect(brokenStandard(aSetting({ type: 'string' }), 'text')).toBeUndefined();
  });

  test('is shown as it is typed', () => {
    expect([true, false, 'text', 15, { a: 1 }].map(settingText)).toEqual(['yes', 'no', 'text', '15', '{"a":1}']);
  });
});
