import { ownerName } from '../domain/operator.ts';
import { done, forbidden, type Outcome } from '../domain/outcome.ts';
import { deriveKey } from '../domain/password.ts';
import type { Operator } from '../domain/permission.ts';
import { isLikeRecoveryCode, normalizeRecoveryCode } from '../domain/recovery-code.ts';
import type { Database, Db } from './client.ts';

/** What a console must know of a database before anybody looks at it. */
export type BankFacts = {
  /** Whether `bursar demo` filled it. */
  readonly demo: boolean;
  /** IANA name; business days are counted in it. */
  readonly timeZone: string;
  /** What the administered platform calls its environment. */
  readonly environment: string | undefined;
};

export const readBankFacts = async (db: Db): Promise<BankFacts> => {
  const [row] = await db.$queryRaw<{ demo: boolean; timeZone: string; environment: string | null }[]>`
    SELECT EXISTS (SELECT FROM platform.demo_marker) AS demo, time_zone AS "timeZone",
           (SELECT value #>> '{}' FROM platform.setting WHERE key = 'platform.environment') AS environment
      FROM bank.calendar`;
  if (!row) throw new Error('the database has no calendar: its migrations were tampered with');
  return { ...row, environment: row.environment ?? undefined };
};

/** Opens the first connections before they are needed, so many to read by; whoever needs them meets what is wrong with them. */
export const warmUp = async ({ reads, writes }: Database, readers: number): Promise<void> => {
  const opened = Array.from({ length: readers }, () => reads.$queryRaw`SELECT 1 AS warm`);
  await Promise.allSettled([...opened, writes.$queryRaw`SELECT 1 AS warm`]);
};

/** The program that somebody signs in with, and the address they sit at where that is known. */
type Client = { readonly name: string; readonly address?: string | undefined };

/** Signs a demo operator in; the token is the key to everything they may do and stays in memory. Only a demo database agrees. */
export const openDemoSession = async (db: Db, operator: string, token: string, client: Client): Promise<void> => {
  await db.$queryRaw`SELECT ops.open_demo_session(${operator}, ${token}, ${client.name}, ${client.address ?? null}::inet)::text`;
};

/** An operator with all that they may do now. Throws where there is none of that name. */
export const loadOperator = async (db: Db, name: string): Promise<Operator> => {
  const [row] = await db.$queryRaw<{ id: bigint; name: string; displayName: string; roles: string[]; permissions: string[] }[]>`
    SELECT o.id, o.name, o.display_name AS "displayName",
           ARRAY(SELECT r.role FROM ops.operator_role r JOIN ops.role ON role.name = r.role WHERE r.operator_id = o.id ORDER BY rank) AS roles,
           ARRAY(SELECT p FROM ops.permissions_of(o.id) AS p) AS permissions
      FROM ops.operator o WHERE o.name = ${name}`;
  if (!row) throw new Error(`there is no operator ${name}`);
  return { ...row, permissions: new Set(row.permissions) };
};

/** The active operator who has a role and as few others as possible; of a demo, where each role has its person. */
export const operatorWithRole = async (db: Db, role: string): Promise<string | undefined> => {
  const [row] = await db.$queryRaw<{ name: string }[]>`
    SELECT o.name FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id
     WHERE r.role = ${role} AND o.is_active AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
     ORDER BY (SELECT count(*) FROM ops.operator_role a WHERE a.operator_id = o.id), o.id LIMIT 1`;
  return row?.name;
};

/** Derives passwords as the database keeps them for one operator. A name that nobody has derives to nothing that fits. */
export const derivationFor =
  (db: Db, name: string) =>
  async (password: string): Promise<Buffer> => {
    const [challenge] = await db.$queryRaw<{ salt: Uint8Array }[]>`SELECT salt FROM ops.sign_in_challenge(${name})`;
    if (!challenge) throw new Error('the database gave no challenge');
    return deriveKey(password, Buffer.from(challenge.salt));
  };

/** What somebody signs in with; the token is made by the console and becomes the key to the session. */
export type SignIn = {
  readonly name: string;
  readonly password: string;
  /** Of the app, or a recovery code. */
  readonly code: string;
  /** Opens the seeds of the codes; it lies outside the database. */
  readonly seedKey: Buffer;
  readonly token: string;
  /** For a screen, which locks when idle and lasts 8 hours, or for commands, one hour. */
  readonly kind: 'screen' | 'token';
  readonly client: Client;
};

/** A code as the database takes it: blanks do not count, and recovery codes are read as they are meant. */
export const codeAsTyped = (code: string): string => (isLikeRecoveryCode(code) ? normalizeRecoveryCode(code) : code.replaceAll(/\s/g, ''));

/** Signs an operator in with what their password derives to. Refusals say what to do next and never which of the three was wrong. */
export const signInDerived = async (
  db: Db,
  { name, derived, code, seedKey, token, kind, client }: Omit<SignIn, 'password'> & { readonly derived: Buffer },
): Promise<Outcome<true>> => {
  const [answer] = await db.$queryRaw<{ refusal: string | null; next: string | null }[]>`
    SELECT refusal, next_step AS next FROM ops.sign_in(${name}, ${derived}, ${codeAsTyped(code)}, ${seedKey}, ${token}, ${kind}, ${client.name}, ${client.address ?? null}::inet)`;
  if (!answer) throw new Error('the database gave no answer');
  if (answer.refusal === null) return done(true);
  if (await hasNoOperators(db))
    return forbidden('this bank has no operators yet', 'whoever owns the database makes the first: bursar operators found NAME');
  return forbidden(answer.refusal, answer.next ?? undefined);
};

/** As `signInDerived`, with the password itself: deriving it takes a core a good while. */
export const signInWith = async (db: Db, { password, ...rest }: SignIn): Promise<Outcome<true>> =>
  signInDerived(db, { ...rest, derived: await derivationFor(db, rest.name)(password) });

const hasNoOperators = async (db: Db): Promise<boolean> =>
  (await db.operator.findFirst({ where: { name: { not: ownerName } }, select: { id: true } })) === null;

/** Who holds a login token, and whether it still lives; undefined where it does not. */
export const holderOf = async (db: Db, token: string): Promise<string | undefined> => {
  const [row] = await db.$queryRaw<{ name: string | null }[]>`SELECT ops.session_holder(${token}) AS name`;
  return row?.name ?? undefined;
};
