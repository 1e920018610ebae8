import { createHash } from 'node:crypto';

const longestStem = 32;
const hashLength = 7;

/** How the names of databases beside one began before they told apart what has one such beginning: `bank-prod` and `bank_prod` have. */
export const formerStemOf = (database: string): string =>
  database
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_')
    .replace(/^[^a-z]/, 'd')
    .slice(0, longestStem);

/** How the names of databases beside one begin: short enough for Postgres, and no other database's. Where characters had to be changed or cut off a hash of the name tells. */
export const stemOf = (database: string): string => {
  const plain = formerStemOf(database);
  if (plain === database) return plain;
  const hash = createHash('sha256').update(database).digest('hex').slice(0, hashLength);
  return `${plain.slice(0, longestStem - hashLength - 1)}_${hash}`;
};

/** An instant as the end of such a name, to the second in UTC: `20261121020000`. */
export const stampOf = (at: Date): string => at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');

/** When a restore replaced a database, as the stamp at the end of its name says; no date where there is none. */
export const replacedAt = (old: string): Date =>
  new Date(old.slice(-14).replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z'));
