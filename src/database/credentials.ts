import { createHash } from 'node:crypto';
import { done, forbidden, type Outcome } from '../domain/outcome.ts';
import { costText, deriveKey, newSalt } from '../domain/password.ts';
import { hashRecoveryCode, normalizeRecoveryCode } from '../domain/recovery-code.ts';
import type { Db } from './client.ts';
import { faultOf } from './fault.ts';
import { seal } from './secret-key.ts';
import { codeAsTyped, derivationFor } from './sign-in.ts';

type Client = { readonly name: string; readonly address?: string | undefined };
type Answer = { readonly refusal: string | null; readonly next: string | null };

const outcomeOf = ([answer]: readonly Answer[]): Outcome<true> => {
  if (!answer) throw new Error('the database gave no answer');
  return answer.refusal === null ? done(true) : forbidden(answer.refusal, answer.next ?? undefined);
};

/** What is kept of a password: how it is derived, and a hash of what it derives to. */
const verifierOf = async (password: string): Promise<{ readonly salt: Buffer; readonly verifier: Buffer }> => {
  const salt = newSalt();
  return {
    salt,
    verifier: createHash('sha256')
      .update(await deriveKey(password, salt))
      .digest(),
  };
};

export type Enrolment = {
  readonly name: string;
  /** What an administrator's act sent, or the owner's terminal showed. */
  readonly enrolmentCode: string;
  readonly password: string;
  /** Of the one-time codes; only its sealed form is kept. */
  readonly seed: Buffer;
  readonly seedKey: Buffer;
  /** The first code of the app, which proves that it has the seed. */
  readonly code: string;
  readonly recoveryCodes: readonly string[];
  readonly client: Client;
};

/** Sets password, one-time codes and recovery codes of whoever holds the code to enrol with. */
export const enrolWith = async (db: Db, enrolment: Enrolment): Promise<Outcome<true>> => {
  const { name, seedKey, client } = enrolment;
  const { salt, verifier } = await verifierOf(enrolment.password);
  const { iv, sealed } = seal(seedKey, enrolment.seed);
  const recovery = enrolment.recoveryCodes.map(code => hashRecoveryCode(code).toString('hex'));
  return outcomeOf(
    await db.$queryRaw<Answer[]>`
      SELECT refusal, next_step AS next FROM ops.enrol(${name}, ${normalizeRecoveryCode(enrolment.enrolmentCode)}, ${costText}, ${salt}, ${verifier}, ${iv}, ${sealed}, ${seedKey},
        ${codeAsTyped(enrolment.code)}, ARRAY(SELECT decode(h, 'hex') FROM unnest(${recovery}::text[]) h), ${client.name}, ${client.address ?? null}::inet)`,
  );
};

export type PasswordChange = { readonly name: string; readonly token: string; readonly current: string; readonly chosen: string };

/** Changes one's own password; every other session of one's own ends. */
export const changePasswordWith = async (db: Db, { name, token, current, chosen }: PasswordChange): Promise<Outcome<true>> => {
  const [derived, { salt, verifier }] = await Promise.all([derivationFor(db, name)(current), verifierOf(chosen)]);
  return outcomeOf(
    await db.$queryRaw<Answer[]>`
      SELECT refusal, next_step AS next FROM ops.change_password(${token}, ${derived}, ${costText}, ${salt}, ${verifier})`,
  );
};

/** When the session behind a token ends by itself; undefined where it has ended. */
export const endOfSession = async (db: Db, token: string): Promise<Date | undefined> => {
  const [pulse] = await db.$queryRaw<{ expiresAt: Date | null }[]>`SELECT expires_at AS "expiresAt" FROM ops.touch(${token}, false)`;
  return pulse?.expiresAt ?? undefined;
};

export const endSession = async (db: Db, token: string): Promise<void> => {
  await db.$queryRaw`SELECT ops.close_session(${token})::text`;
};

/** How many administrators can sign in or still enrol, and whether this connection may act as the owner of the database. */
export const readFounding = async (
  db: Db,
): Promise<{ readonly administrators: number; readonly owner: boolean; readonly demo: boolean }> => {
  const [row] = await db.$queryRaw<{ administrators: number; owner: boolean; demo: boolean }[]>`
    SELECT ops.administrators() AS administrators, has_function_privilege('ops.open_owner_session(text, text, text, inet)', 'EXECUTE') AS owner,
           EXISTS (SELECT FROM platform.demo_marker) AS demo`;
  if (!row) throw new Error('the database gave no answer');
  return row;
};

/** Lacks of rights are told by the server in these. */
const insufficientPrivilege = '42501';

/** Ten minutes in which whoever owns the database acts, by actions that are audited. Refused to every other login. */
export const openOwnerSession = async (db: Db, token: string, reason: string, client: Client): Promise<Outcome<true>> => {
  try {
    await db.$queryRaw`SELECT ops.open_owner_session(${token}, ${client.name}, ${reason}, ${client.address ?? null}::inet)::text`;
    return done(true);
  } catch (error) {
    if (faultOf(error).code !== insufficientPrivilege) throw error;
    return forbidden('this login does not own the database', 'name one that does in BURSAR_OWNER_URL');
  }
};
