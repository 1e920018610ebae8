import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAmount, formatMoney, parseAmount } from '../../src/domain/money.ts';

const currencies = { EUR: 2, JPY: 0, KWD: 3 } as const;
const aCurrency = fc.constantFrom<keyof typeof currencies>('EUR', 'JPY', 'KWD');

test.each([
  [12_840_000n, 'EUR', '128,400.00'],
  [0n, 'EUR', '0.00'],
  [5n, 'EUR', '0.05'],
  [-5n, 'EUR', '-0.05'],
  [-123_456n, 'EUR', '-1,234.56'],
  [123_456n, 'JPY', '123,456'],
  [1_234n, 'KWD', '1.234'],
])('%s of %s %s', (minor, currency, written) => {
  expect(formatAmount(minor, currency)).toBe(written);
  expect(formatMoney(minor, currency)).toBe(`${currency} ${written}`);
});

test.each([
  ['2000', 200_000n],
  ['1,234.5', 123_450n],
  ['1234.56', 123_456n],
  [' 7 ', 700n],
  ['-0.01', -1n],
  ['999999999999999', 99_999_999_999_999_900n],
])('reads %s', (typed, minor) => {
  expect(parseAmount(typed, 'EUR')).toEqual({ ok: true, value: minor });
});

test('fractions of the smallest unit are refused, even when they are zero', () => {
  for (const [typed, currency, digits] of [
    ['1.005', 'EUR', 2],
    ['1.000', 'EUR', 2],
    ['1.5', 'JPY', 0],
    ['0.0001', 'KWD', 3],
  ] as const) {
    expect(parseAmount(typed, currency)).toEqual({
      ok: false,
      refusal: {
        kind: 'invalid',
        message: `"${typed}" has a fraction below the smallest unit of ${currency}`,
        next: `use at most ${digits} digits after the point`,
      },
    });
  }
});

test.each(['', '-', '.', '.5', '5.', '1,23', '1,2345', '12,34,567', '1.2.3', '1e3', '0x10', '+5', 'NaN', '٣', '5 EUR', '--5'])(
  '"%s" is no amount',
  typed => {
    expect(parseAmount(typed, 'EUR')).toMatchObject({ ok: false, refusal: { message: `"${typed}" is no amount` } });
  },
);

test('sixteen digits are too many', () => {
  expect(parseAmount('1000000000000000', 'EUR')).toMatchObject({ ok: false, refusal: { message: '"1000000000000000" is too large' } });
});

test('what is written is read back as the same amount', () => {
  fc.assert(
    fc.property(aCurrency, fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n }), (currency, minor) => {
      expect(parseAmount(formatAmount(minor, currency), currency)).toEqual({ ok: true, value: minor });
    }),
    { seed: 20_261_120, numRuns: 500 },
  );
});
