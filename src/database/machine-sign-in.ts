import { done, forbidden, type Outcome, type Refusal } from '../domain/outcome.ts';
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

/** What became of a key that lies here: it is shown to the database, waited for, or there is nothing to wait for. */
export type KeyProspect =
  | { readonly is: 'shown' }
  /** `ask` is the command by which its approval is asked for. */
  | { readonly is: 'waiting'; readonly ask: string }
  | { readonly is: 'refused'; readonly refusal: Refusal };

type Found = { readonly known: boolean; readonly added: boolean; readonly asked: string | null; readonly number: bigint | null };

/** Whether a key is one that people have yet to approve. Asked without showing it: what is shown and not known is counted as an attempt to break in. */
export const prospectOf = async (db: Db, name: string, fingerprints: readonly string[]): Promise<KeyProspect> => {
  const newest = fingerprints.at(-1) ?? '';
  const [found] = await db.$queryRaw<Found[]>`
    SELECT EXISTS (SELECT FROM ops.machine_key k WHERE k.fingerprint = ${newest} OR (k.fingerprint = ANY (${[...fingerprints]}::text[]) AND k.ended_at IS NULL AND k.valid_until > clock_timestamp()))
             OR EXISTS (SELECT FROM ops.machine m JOIN ops.operator o ON o.id = m.operator_id WHERE m.name = ${name} AND NOT o.is_active) AS known,
           EXISTS (SELECT FROM ops.machine m WHERE m.name = ${name}) AS added, a.status AS asked, a.number
      FROM (SELECT 1) one LEFT JOIN LATERAL (
        SELECT CASE WHEN p.status = 'pending' AND p.expires_at <= clock_timestamp() THEN 'expired' ELSE p.status END AS status, p.number FROM ops.approval p
         WHERE p.entity = 'machine' AND p.action IN ('machines.add', 'machines.rotate') AND btrim(p.input ->> 'fingerprint') = ${newest} ORDER BY p.number DESC LIMIT 1) a ON true`;
  if (!found) throw new Error('the database gave no answer');
  if (found.known || found.asked === 'executed') return { is: 'shown' };
  if (found.asked === null || ['pending', 'approved', 'cancelled'].includes(found.asked))
    return { is: 'waiting', ask: found.added ? `machines rotate ${name}` : 'machines add' };
  return {
    is: 'refused',
    refusal: {
      kind: 'forbidden',
      message: `the key of the machine ${name} was not approved: request ${found.number} ${found.asked === 'expired' ? 'has expired' : `was ${found.asked}`}`,
      next: `ask an administrator; then have it added under this fingerprint, or make another: bursar machines enrol ${name}`,
    },
  };
};
