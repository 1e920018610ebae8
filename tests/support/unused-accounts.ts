import type { GuideBank } from './guide-bank.ts';

/** The number and id of an account. */
export type AccountOfGuide = { readonly number: string; readonly id: string };

/** Finds accounts of a demo bank in some state, none of them twice. */
export const unusedAccounts = () => {
  const used = new Set<string>();
  return async (bank: GuideBank, condition: string): Promise<AccountOfGuide> => {
    const rows = await bank.rows(`SELECT number, id FROM bank.account a WHERE currency = 'EUR' AND ${condition} ORDER BY id LIMIT 100`);
    const free = rows.map(row => ({ number: String(row['number']), id: String(row['id']) })).find(({ number }) => !used.has(number));
    if (!free) throw new Error(`there is no account left with ${condition}`);
    used.add(free.number);
    return free;
  };
};

/** Makes one after another: each may depend on those before. */
export const several = async <T>(count: number, make: () => Promise<T>): Promise<readonly T[]> => {
  const made: T[] = [];
  while (made.length < count) made.push(await make());
  return made;
};
