import { done, invalid, type Outcome } from './outcome.ts';

/** Digits of the minor unit, by ISO 4217; two where a currency is not listed. */
const exponents: Readonly<Record<string, number>> = { EUR: 2, USD: 2, GBP: 2, CHF: 2, JPY: 0, KWD: 3 };

const exponentOf = (currency: string): number => exponents[currency] ?? 2;

const grouped = (digits: string): string => digits.replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** An amount of minor units as people write it, without its currency: `128,400.00`. */
export const formatAmount = (minor: bigint, currency: string): string => {
  const exponent = exponentOf(currency);
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0');
  const whole = grouped(digits.slice(0, digits.length - exponent));
  const sign = minor < 0n ? '-' : '';
  return exponent === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-exponent)}`;
};

/** `EUR 128,400.00`. */
export const formatMoney = (minor: bigint, currency: string): string => `${currency} ${formatAmount(minor, currency)}`;

/** Reads `2000`, `1,234.5` or `1234.56` into minor units; refuses fractions of the minor unit and anything above 10^15 units. */
export const parseAmount = (text: string, currency: string): Outcome<bigint> => {
  const exponent = exponentOf(currency);
  const match = /^(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (!match) return invalid(`"${text}" is no amount`, 'write it like 1,234.56');
  const [, sign = '', whole = '0', fraction = ''] = match;
  if (fraction.length > exponent) {
    return invalid(`"${text}" has a fraction below the smallest unit of ${currency}`, `use at most ${exponent} digits after the point`);
  }
  const digits = whole.replaceAll(',', '');
  if (digits.length > 15) return invalid(`"${text}" is too large`, 'amounts have at most 15 digits before the point');
  return done(BigInt(sign + digits + fraction.padEnd(exponent, '0')));
};
