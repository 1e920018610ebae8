import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import type { Database } from '../database/client.ts';
import type { Direct } from '../database/direct.ts';
import { migrate, migrationStatus } from '../database/migrate.ts';
import { refuseToGoOn } from '../database/migration-record.ts';
import { oldestPostgres, readSetup, serverVersion } from '../database/setup.ts';
import { warmUp } from '../database/sign-in.ts';
import { DemoRefused, seedDemo } from '../demo/seed-demo.ts';
import { forbidden } from '../domain/outcome.ts';
import { enterDemo, entranceOf } from './entry.ts';
import { SignInRefused } from './sign-in-refused.ts';
import { NotReady } from './not-ready.ts';
import { findDatabase, withConnection, type Address } from './with-database.ts';
import type { Registry, Session } from '../kit/session.ts';

export type Wishes = {
  readonly config: Config;
  readonly registry: Registry;
  /** The folder `prisma/migrations`. */
  readonly migrations: string;
  readonly readOnly: boolean;
  /** In a demo: the role whose operator acts. */
  readonly as: string | undefined;
  /** What the program is busy with, for whoever waits. */
  readonly onProgress: (text: string) => void;
};

/** A bank that is open, with everything that must be closed again. */
export type Bank = { readonly session: Session; readonly url: string; readonly close: () => Promise<void> };

const percent = (fraction: number): string => `${Math.round(fraction * 100)} %`;

/** Another console may have filled the bank while this one waited for it. */
const seedUnlessSomebodyElseDid = async (connection: Direct, url: string, onProgress: (text: string) => void): Promise<void> => {
  try {
    await seedDemo(url, { onProgress: (message, fraction) => onProgress(`First start: ${message} (${percent(fraction)})`) });
  } catch (error) {
    if (!(error instanceof DemoRefused) || !(await readSetup(connection)).demo) throw error;
  }
};

const lacking = (pending: number, applied: number): string =>
  applied === 0
    ? 'this database has no tables of Bursar: run "bursar demo" to make a demo bank in it, or "bursar migrate" for an empty one'
    : `this database lacks ${pending} of ${pending + applied} migrations: make a backup and run "bursar migrate"`;

/** An embedded database is brought up to date and filled at its first start; any other is its owner's to prepare. */
const prepare = ({ url, embedded }: Address, { migrations, onProgress }: Wishes): Promise<void> =>
  withConnection(url, { name: 'start', readOnly: false }, async connection => {
    if (Math.floor((await serverVersion(connection)) / 10_000) < oldestPostgres) {
      throw new NotReady(`the server is older than Postgres ${oldestPostgres}: update it, or leave DATABASE_URL out for the embedded one`);
    }
    const status = await migrationStatus(connection, migrations);
    refuseToGoOn(status);
    if (status.pending.length > 0 && !embedded) throw new NotReady(lacking(status.pending.length, status.applied.length));
    if (status.pending.length > 0) {
      onProgress('Creating tables');
      await migrate(connection, migrations);
    }
    if (embedded && (await readSetup(connection)).empty) await seedUnlessSomebodyElseDid(connection, url, onProgress);
  });

const signIn = async (database: Database, { config, registry, readOnly, as }: Wishes): Promise<Session> => {
  const entrance = await entranceOf({ database, config, registry, readOnly });
  const entered = entrance.facts.demo
    ? await enterDemo(entrance, as)
    : forbidden('nobody is signed in', 'sign in with "bursar login NAME", or start the console, which asks');
  if (!entered.ok) throw new SignInRefused(entered.refusal);
  return entered.value;
};

const closeAll = async (session: Session, { release }: Address): Promise<void> => {
  try {
    await session.close();
  } finally {
    await release();
  }
};

/** Opens everything between a configuration and a session: server, tables, first demo bank, connections, sign-in. */
export const openBank = async (wishes: Wishes): Promise<Bank> => {
  // Prisma takes long to load, and the embedded server to start
  const [{ openDatabase }, address] = await Promise.all([import('../database/client.ts'), findDatabase(wishes.config, wishes.onProgress)]);
  let database: Database | undefined;
  try {
    database = openDatabase({ url: address.url, applicationName: `bursar ${process.pid} ${randomBytes(4).toString('hex')}` });
    await Promise.all([prepare(address, wishes), warmUp(database)]);
    const session = await signIn(database, wishes);
    return { session, url: address.url, close: () => closeAll(session, address) };
  } catch (error) {
    await database?.close();
    await address.release();
    throw error;
  }
};
