import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { asRole } from '../../src/database/role-url.ts';
import { readSecretKey, seal, seedKeyOf } from '../../src/database/secret-key.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import { derivationFor, loadOperator, signInDerived, signInWith } from '../../src/database/sign-in.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { costText, deriveKey, newSalt } from '../../src/domain/password.ts';
import { hashRecoveryCode } from '../../src/domain/recovery-code.ts';
import { codeAt, newSeed } from '../../src/domain/totp.ts';
import type { Receipt, Typed } from '../../src/kit/request.ts';
import { openSession, type Session } from '../../src/kit/session.ts';
import { actions, resources } from '../../src/resources/registry.ts';
import { aCommandHome } from './command.ts';
import { aDatabase } from './database.ts';
import { patient } from './patient.ts';
import { query } from './query.ts';
import { actionNamed } from './session.ts';

/** Everybody's: what it protects against is not what these tests are about. */
export const staffPassword = 'nineteen otters juggle lemons';

/** An operator who is signed in and may write, with what they do. */
export type Member = {
  readonly id: bigint;
  readonly name: string;
  readonly token: string;
  readonly session: Session;
  readonly run: (action: string, typed: Typed, request?: string) => Promise<Outcome<Receipt>>;
};

/** A bank that is no demo, whose operators have passwords, one-time codes and recovery codes. */
export type StaffedBank = AsyncDisposable & {
  readonly url: string;
  readonly home: string;
  readonly seedKey: Buffer;
  /** As consoles connect. */
  readonly database: Database;
  /** As the owner, whom no grant of the database stops: what else stops it is what a test is about. */
  readonly root: Database;
  readonly rows: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  readonly value: (sql: string, values?: unknown[]) => Promise<unknown>;
  /** What only a superuser can do: with all triggers off. */
  readonly behindItsBack: (sql: string, values?: unknown[]) => Promise<void>;
  readonly idOf: (name: string) => Promise<bigint>;
  /** Tells the seed of somebody who enrolled in a test. */
  readonly learn: (name: string, seed: Buffer) => void;
  /** A code that was not used yet. */
  readonly codeOf: (name: string) => Promise<string>;
  readonly signIn: (
    name: string,
    given?: { readonly password?: string; readonly code?: string; readonly address?: string; readonly kind?: 'screen' | 'token' },
  ) => Promise<Outcome<string>>;
  /** Signs in, and opens a write window unless said. */
  readonly member: (name: string, writes?: boolean) => Promise<Member>;
  /** Has `maker` ask for something and `checker` approve it; gives the checker's outcome. */
  readonly both: (maker: Member, checker: Member, action: string, typed: Typed) => Promise<Outcome<Receipt>>;
};

/** `ada: ['admin']`: who there is, with which roles; each has ten recovery codes named after them, such as `0000-ada-1`. */
export type Staff = Readonly<Record<string, readonly string[]>>;

export const recoveryCodeOf = (name: string, index: number): string =>
  `${String(index).padStart(4, '0')}${name.padEnd(12, '0').slice(0, 12)}`;

const staffSalt = newSalt();
let staffKey: Promise<Buffer> | undefined;
/** What everybody's password derives to, by the salt that all of them have: derived once in a process, since it takes a core for half a second. */
const keyOfStaff = (): Promise<Buffer> => (staffKey ??= deriveKey(staffPassword, staffSalt));

const insertStaff = async (url: string, staff: Staff, seedKey: Buffer, seeds: Map<string, Buffer>): Promise<void> => {
  const verifier = createHash('sha256')
    .update(await keyOfStaff())
    .digest();
  for (const [name, roles] of Object.entries(staff)) {
    const seed = newSeed();
    seeds.set(name, seed);
    const { iv, sealed } = seal(seedKey, seed);
    const [row] = await query(
      url,
      `INSERT INTO ops.operator (name, display_name, email) VALUES ($1, initcap($1), $1 || '@bank.example') RETURNING id`,
      [name],
    );
    await query(url, 'INSERT INTO ops.operator_role (operator_id, role) SELECT $1, unnest($2::text[])', [row?.['id'], roles]);
    await query(
      url,
      'INSERT INTO ops.operator_credential (operator_id, cost, salt, verifier, seed_iv, seed) VALUES ($1, $2, $3, $4, $5, $6)',
      [row?.['id'], costText, staffSalt, verifier, iv, sealed],
    );
    const codes = Array.from({ length: 10 }, (_, index) => hashRecoveryCode(recoveryCodeOf(name, index)).toString('hex'));
    await query(url, `INSERT INTO ops.recovery_code (operator_id, code_hash) SELECT $1, decode(unnest($2::text[]), 'hex')`, [
      row?.['id'],
      codes,
    ]);
  }
};

/** Opens a bank of the test's own with these operators; disposing drops it. */
export const aStaffedBank = async (staff: Staff): Promise<StaffedBank> => {
  const { url, drop } = await aDatabase('empty');
  const home = aCommandHome();
  const seedKey = seedKeyOf(await readSecretKey(home));
  const seeds = new Map<string, Buffer>();
  await insertStaff(url, staff, seedKey, seeds);
  const database = openDatabase({ url: asRole(url, 'bursar_operator'), applicationName: 'bursar test' });
  const root = openDatabase({ url, applicationName: 'bursar test as owner' });
  const rows = (sql: string, values: unknown[] = []) => query(url, sql, values);
  const value = async (sql: string, values?: unknown[]) => Object.values((await rows(sql, values))[0] ?? {})[0];
  const idOf = async (name: string) => BigInt(String(await value('SELECT id FROM ops.operator WHERE name = $1', [name])));

  const codeOf = async (name: string): Promise<string> => {
    await rows('UPDATE ops.operator_credential SET last_step = 0 WHERE operator_id = (SELECT id FROM ops.operator WHERE name = $1)', [
      name,
    ]);
    return codeAt(seeds.get(name) ?? newSeed(), Date.now());
  };
  const signIn: StaffedBank['signIn'] = async (name, given = {}) => {
    const { password = staffPassword, code = await codeOf(name), address, kind = 'screen' } = given;
    const token = randomBytes(32).toString('hex');
    const client = { name: 'test', address };
    const wish = { name, code, seedKey, token, kind, client };
    const hasOwn = await value(
      'SELECT salt <> $2 FROM ops.operator_credential c JOIN ops.operator o ON o.id = c.operator_id WHERE o.name = $1',
      [name, staffSalt],
    );
    const signedIn =
      password === staffPassword && hasOwn === false
        ? await signInDerived(database.writes, { ...wish, derived: await keyOfStaff() })
        : await signInWith(database.writes, { ...wish, password });
    return signedIn.ok ? { ok: true, value: token } : signedIn;
  };
  const member: StaffedBank['member'] = async (name, writes = true) => {
    const signedIn = await signIn(name);
    if (!signedIn.ok) throw new Error(`${name} cannot sign in: ${signedIn.refusal.message}`);
    const token = signedIn.value;
    const operator = await loadOperator(database.reads, name);
    const session = openSession({
      database,
      operator,
      token,
      environment: { name: 'test', production: true, demo: false, timeZone: 'UTC', currency: 'EUR' },
      registry: { resources, actions },
      credentials: {
        seedKey: async () => seedKey,
        derive: derivationFor(database.writes, name),
        sealSecret: async text => `sealed:${text}`,
        openSecret: async sealed => sealed.slice('sealed:'.length),
      },
    });
    if (writes) await session.presence?.openWindow('a test writes', 60);
    const run: Member['run'] = (action, typed, request = randomUUID()) => session.run(actionNamed(action), typed, { request });
    return { id: operator.id, name, token, session, run };
  };
  const both: StaffedBank['both'] = async (maker, checker, action, typed) => {
    const asked = await maker.run(action, typed);
    if (asked.ok || asked.refusal.kind !== 'waiting-for-approval') return asked;
    const number = await value('SELECT max(number)::text FROM ops.approval WHERE maker_id = $1', [String(maker.id)]);
    return checker.run('approvals.approve', { id: String(number), note: 'looked at it and agree' });
  };
  const behindItsBack = async (sql: string, values: unknown[] = []): Promise<void> => {
    const client = new Client(patient(connectionSettings(url, { applicationName: 'test' })));
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query('SET session_replication_role = replica');
      await client.query(sql, values);
    } finally {
      await client.end();
    }
  };
  return {
    url, home, seedKey, database, root, rows, value, behindItsBack, idOf, learn: (name, seed) => void seeds.set(name, seed), codeOf, signIn, member, both,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([database.close(), root.close()]);
      await drop();
    },
  }; // prettier-ignore
};
