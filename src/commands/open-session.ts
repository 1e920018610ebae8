import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import type { Database } from '../database/client.ts';
import type { Direct } from '../database/direct.ts';
import { migrate, migrationStatus } from '../database/migrate.ts';
import { lackingWords } from '../domain/lacking.ts';
import { lackingIn } from '../kit/lacking.ts';
import { refuseToGoOn } from '../database/migration-record.ts';
import { applyRights, rightsAreCurrent } from '../database/rights.ts';
import { oldestPostgres, readSetup, serverVersion } from '../database/setup.ts';
import { warmUp } from '../database/sign-in.ts';
import { DemoRefused, seedDemo } from '../demo/seed-demo.ts';
import { makeDemoHost } from './demo-host.ts';
import { enterByLogin, enterDemo, entranceOf, gateOf, type Entrance } from './entry.ts';
import { loginsOf } from './logins.ts';
import { enterByMachine, type MachinePresence } from './machine-entry.ts';
import type { Patience } from './machine-wait.ts';
import { SignInRefused } from './sign-in-refused.ts';
import { NotReady } from './not-ready.ts';
import { isAsRestored } from '../maintenance/restore/catch-up.ts';
import { findDatabase, withConnection, type Address } from './with-database.ts';
import type { Gate } from '../kit/gate.ts';
import type { Registry, Session } from '../kit/session.ts';

export type Wishes = {
  readonly config: Config;
  /** Loaded while the server answers, where it is not there yet. */
  readonly registry: () => Promise<Registry>;
  /** The folder `prisma/migrations`. */
  readonly migrations: string;
  readonly readOnly: boolean;
  /** In a demo: the role whose operator acts. */
  readonly as: string | undefined;
  /** A screen asks who is there; a command takes the login that was left for it. */
  readonly screen: boolean;
  /** A machine whose key lies here goes before a login, and waits until its key is approved: what goes on for days must not depend on somebody's hour. */
  readonly unattended?: Patience | undefined;
  /** What the program is busy with, for whoever waits. */
  readonly onProgress: (text: string) => void;
};

/** A bank that is open, with everything that must be closed again. Sessions are left before. */
export type Bank = {
  /** Undefined while nobody has signed in: the gate asks. */
  readonly session: Session | undefined;
  /** Where it is a machine that has signed in: its session is another one after a while. */
  readonly machine?: MachinePresence;
  readonly gate: Gate;
  readonly url: string;
  /** What a demo's traffic posts with, where there is such a login. */
  readonly platformUrl: string | undefined;
  readonly close: () => Promise<void>;
};

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
    : `this database lacks ${pending} of ${pending + applied} migrations: make a backup and run "bursar migrate", or where an older backup was restored "bursar maintain migrations --what apply" on its host`;

/** An embedded database is brought up to date and filled at its first start; any other is its owner's to prepare. */
const prepare = ({ url, embedded }: Address, { config, migrations, onProgress }: Wishes): Promise<void> =>
  withConnection(url, { name: 'start', readOnly: false }, async connection => {
    if (Math.floor((await serverVersion(connection)) / 10_000) < oldestPostgres) {
      throw new NotReady(`the server is older than Postgres ${oldestPostgres}: update it, or leave DATABASE_URL out for the embedded one`);
    }
    const status = await migrationStatus(connection, migrations);
    refuseToGoOn(status);
    if (status.pending.length > 0 && !embedded) throw new NotReady(lacking(status.pending.length, status.applied.length));
    // Of a restore because of a migration: it must not run again by itself
    if (status.pending.length > 0 && (await isAsRestored(config.home, status.applied)))
      throw new NotReady(lackingWords(status.pending.length));
    if (status.pending.length > 0) {
      onProgress('Creating tables');
      await migrate(connection, migrations);
    }
    // Another console may be filling the bank right now, with its tables locked
    if (embedded) await connection.query("SET lock_timeout = '5min'");
    if (embedded && !(await rightsAreCurrent(connection))) await applyRights(connection);
    if (embedded && (await readSetup(connection)).empty) await seedUnlessSomebodyElseDid(connection, url, onProgress);
  });

type Entered = Pick<Bank, 'session' | 'machine'>;

const byMachine = async (entrance: Entrance, { unattended }: Wishes): Promise<Entered | undefined> => {
  const machine = await enterByMachine(entrance, unattended);
  return machine && { machine, session: machine.session() };
};

const byLogin = async (entrance: Entrance): Promise<Entered | undefined> => {
  const session = await enterByLogin(entrance);
  return session && { session };
};

/** Who is there already: in a demo by name, elsewhere by the login of `bursar login` or the key of a machine, neither of which a screen uses. */
const signIn = async (entrance: Entrance, wishes: Wishes): Promise<Entered> => {
  const { as, screen, unattended } = wishes;
  if (entrance.facts.demo) {
    const entered = await enterDemo(entrance, as);
    if (!entered.ok) throw new SignInRefused(entered.refusal);
    return { session: entered.value };
  }
  if (screen) return { session: undefined };
  const ways = unattended ? [byMachine, byLogin] : [byLogin, byMachine];
  for (const way of ways) {
    const entered = await way(entrance, wishes);
    if (entered) return entered;
  }
  return { session: undefined };
};

/** A screen begins with the overview, which asks so much at once. */
const firstQuestions = 4;

/** Opens everything between a configuration and a session: server, tables, first demo bank, connections, sign-in. */
export const openBank = async (wishes: Wishes): Promise<Bank> => {
  // Prisma takes long to load, and the embedded server to start
  const [{ openDatabase }, address] = await Promise.all([import('../database/client.ts'), findDatabase(wishes.config, wishes.onProgress)]);
  let database: Database | undefined;
  try {
    const logins = await loginsOf(address, wishes.config, wishes.readOnly);
    database = openDatabase({ url: logins.console, applicationName: `bursar ${process.pid} ${randomBytes(4).toString('hex')}` });
    await Promise.all([prepare(address, wishes), warmUp(database, wishes.screen ? firstQuestions : 1)]);
    const open = database;
    const { config, readOnly } = wishes;
    const [registry] = await Promise.all([wishes.registry(), lackingIn(database)]);
    const entrance = await entranceOf({ database, config, registry, readOnly, asOwner: logins.asOwner });
    if (entrance.facts.demo && !readOnly) await makeDemoHost(config, wishes.migrations);
    const entered = await signIn(entrance, wishes);
    const close = async (): Promise<void> => {
      try {
        for (const session of entrance.opened) await session.leave();
        await open.close();
      } finally {
        await address.release();
      }
    };
    return { ...entered, gate: gateOf(entrance), url: logins.console, platformUrl: logins.platform, close };
  } catch (error) {
    await database?.close();
    await address.release();
    throw error;
  }
};
