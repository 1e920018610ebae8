import { done, forbidden, type Outcome } from '../domain/outcome.ts';
import type { Db } from './client.ts';

type MachineSignIn = {
  readonly name: string;
  /** The key that it works with, and the one that may have been approved instead. */
  readonly keys: readonly string[];
  /** Of the session that is opened; of one that lives: it is prolonged. */
  readonly token: string;
  readonly client: string;
};

type MachineSignedIn = {
  /** Of the key that was taken. */
  readonly fingerprint: string;
  /** How long the session lasts by the clock of the database, in milliseconds. */
  readonly lastsMs: number;
};

/** Opens or prolongs the session of a machine. What is refused is on record, and so is every session that begins. */
export const signInMachine = async (db: Db, { name, keys, token, client }: MachineSignIn): Promise<Outcome<MachineSignedIn>> => {
  const [answer] = await db.$queryRaw<
    { fingerprint: string | null; lastsMs: number | null; refusal: string | null; next: string | null }[]
  >`
    SELECT fingerprint, (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::float8 AS "lastsMs", refusal, next_step AS next
      FROM ops.open_machine_session(${name}, ${[...keys]}::text[], ${token}, ${client})`;
  if (!answer) throw new Error('the database gave no answer');
  if (answer.refusal !== null) return forbidden(answer.refusal, answer.next ?? undefined);
  if (answer.fingerprint === null || answer.lastsMs === null) throw new Error('the database did not say which key it took');
  return done({ fingerprint: answer.fingerprint, lastsMs: answer.lastsMs });
};
