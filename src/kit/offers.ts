import type { Db } from '../database/client.ts';

/** What a field may be filled in with, as the bank has it now; `many`: several of them, with commas between. */
type Offer = { readonly choices: readonly string[]; readonly many: boolean };

/** Offers by the keys of the fields. */
export type Offers = Readonly<Record<string, Offer>>;

/** More hosts than this are looked up, not chosen from. */
const mostHosts = 200;

/** The hosts in use, for the fields of a runbook that name some. */
export const offerHosts = async (db: Db, keys: readonly string[]): Promise<Offers> => {
  if (!keys.some(key => key === 'host' || key === 'hosts')) return {};
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT name FROM ops.host WHERE retired_at IS NULL ORDER BY name LIMIT ${mostHosts + 1}::int`;
  const choices = rows.map(({ name }) => name);
  if (choices.length === 0 || choices.length > mostHosts) return {};
  return Object.fromEntries(keys.flatMap(key => (key === 'host' || key === 'hosts' ? [[key, { choices, many: key === 'hosts' }]] : [])));
};

/** The one thing that an empty field can be filled in with; undefined where there is none, or a choice. */
export const onlyChoice = (offers: Offers, key: string): string | undefined => {
  const choices = offers[key]?.choices ?? [];
  return choices.length === 1 ? choices[0] : undefined;
};
