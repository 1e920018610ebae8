import type { Database } from '../database/client.ts';

/** How many events are new, and how many that were known went on. */
type Gathered = { readonly raised: number; readonly grown: number };

/** The database counts what asks for attention; a console only asks it to. */
export type SecurityWatch = { readonly gather: () => Promise<Gathered> };

/** Security events of a database, for the console of whoever has this token. */
export const securityWatchOf = ({ writes }: Database, token: string): SecurityWatch => ({
  gather: async () => {
    const [gathered] = await writes.$queryRaw<Gathered[]>`SELECT raised, grown FROM ops.gather_security_events(${token})`;
    if (!gathered) throw new Error('the database did not say what it gathered');
    return gathered;
  },
});
