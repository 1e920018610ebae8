/**
 * One column each, and each a grapheme of its own: ASCII, Latin, Greek, Cyrillic, punctuation, currencies, arrows, lines and blocks, as the
 * inside of a character class. Text of these needs neither ICU nor Unicode tables, whose first use costs 50 ms of the start.
 */
export const simpleCharacters =
  '\\x20-\\x7e\\xa1-\\xac\\xae-\\u02ff\\u0370-\\u0377\\u037a-\\u0482\\u048a-\\u052f\\u2010-\\u2027\\u2030-\\u205e\\u20a0-\\u20c0\\u2190-\\u2193\\u2500-\\u259f';
