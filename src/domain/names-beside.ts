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
