import { expect, test } from 'vitest';
import { maintenanceFileText, parseInstant, readMaintenanceFile } from '../../src/domain/maintenance.ts';

const until = new Date('2026-11-21T14:00:00.000Z');
const before = new Date('2026-11-21T13:59:59.999Z');

test('the file of maintenance mode ends by itself', () => {
  const text = maintenanceFileText('back at two "o\'clock"', until, 'lena');
  expect(text).toBe('{"message":"back at two \\"o\'clock\\"","until":"2026-11-21T14:00:00.000Z","by":"lena"}\n');
  expect(readMaintenanceFile(text, before)).toEqual({ message: 'back at two "o\'clock"', until, by: 'lena' });
  expect(readMaintenanceFile(text, until)).toBeUndefined();
  expect(readMaintenanceFile(undefined, before)).toBeUndefined();
});

test('a file that nobody can read keeps people out', () => {
  for (const text of ['', '{', '[]', '{"message":"x"}', '{"message":"back soon","until":"tomorrow","by":"lena"}', `{"message":"${'x'.repeat(5_000)}"}`]) {
    expect(readMaintenanceFile(text, before)).toEqual({ message: 'closed for maintenance', until: null, by: null });
  }
}); // prettier-ignore

test('what the platform could not show is not written', () => {
  expect(() => maintenanceFileText('two\nlines', until, 'lena')).toThrow('one line');
  expect(() => maintenanceFileText('\u202Eevil', until, 'lena')).toThrow('one line');
  expect(() => maintenanceFileText('x'.repeat(301), until, 'lena')).toThrow('300');
});

test('a time is read as UTC, and nothing else is one', () => {
  expect(parseInstant('2026-11-22 02:00')).toMatchObject({ ok: true, value: new Date('2026-11-22T02:00:00Z') });
  for (const text of ['2026-11-22', '2026-11-22 24:00', '2026-02-30 02:00', '02:00', 'tomorrow', ''])
    expect(parseInstant(text).ok).toBe(false);
});
