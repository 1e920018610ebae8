import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Client } from 'pg';
import { inject } from 'vitest';
import { openLocalServer, type LocalServer } from '../../src/database/local-server.ts';
import { migrate } from '../../src/database/migrate.ts';
import { applyRights } from '../../src/database/rights.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import { patient } from './patient.ts';
import { zoneAtNoon } from './zone-at-noon.ts';

/** `empty` has all migrations, `demo` the demo bank besides, `blank` nothing at all. */
export type DatabaseKind = 'blank' | 'empty' | 'demo';

export type TestDatabase = AsyncDisposable & { url: string; drop: () => Promise<void> };

const migrations = path.join(import.meta.dirname, '..', '..', 'prisma', 'migrations');
const demoSeed = 1;
/** Held while a template is built, so that test files that run side by side build it once: "TEST" in ASCII. */
const templateLock = 0x54_45_53_54;

let server: Promise<LocalServer> | undefined;

/**
 * Without fsync nothing that a test can see changes: only a crash of the machine could tell. Helpers of a query would be two new processes each time, for tables of
 * a few rows, on cores that are busy.
 */
const settings = { fsync: 'off', full_page_writes: 'off', max_parallel_workers_per_gather: '0' };

/** The run's one cluster, shared by all test files. It is never released: the sweeper stops it when the run ends. */
const cluster = (): Promise<LocalServer> => (server ??= openLocalServer({ home: path.join(inject('serverFolder'), 'cluster'), settings }));

const urlOf = async (database: string): Promise<string> => {
  const url = new URL((await cluster()).url);
  url.pathname = database;
  return url.href;
};

const onDatabase = async <T>(database: string, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client(patient(connectionSettings(await urlOf(database), { applicationName: 'tests', statementTimeoutMs: 0 })));
  await client.connect();
  try {
    // whoever comes second waits until the first has built the template
    await client.query('SET lock_timeout = 0');
    return await work(client);
  } finally {
    await client.end();
  }
};

/** What each template is made from, and what is added. */
const recipes: Record<Exclude<DatabaseKind, 'blank'>, { from: DatabaseKind; fill: (database: string) => Promise<void> }> = {
  empty: {
    from: 'blank',
    fill: async database => {
      await onDatabase(database, async client => {
        await migrate(client, migrations);
        await applyRights(client);
      });
    },
  },
  demo: {
    from: 'empty',
    fill: async database => {
      // loaded only by the one test file that builds the template
      const { seedDemo } = await import('../../src/demo/seed-demo.ts');
      // what people did today is planned up to now: by night it would be next to nothing, and at midnight it would be yesterday
      await onDatabase(database, client => client.query('UPDATE bank.calendar SET time_zone = $1', [zoneAtNoon()]));
      await seedDemo(await urlOf(database), { seed: demoSeed });
    },
  },
};

const build = async (admin: Client, kind: keyof typeof recipes, template: string): Promise<void> => {
  const { from, fill } = recipes[kind];
  const unfinished = `${template}_unfinished`;
  const base = await templateFor(admin, from);
  await admin.query(`DROP DATABASE IF EXISTS ${unfinished}`);
  await admin.query(`CREATE DATABASE ${unfinished} TEMPLATE ${base}`);
  await fill(unfinished);
  // a template must have no sessions while it is copied, and autovacuum would be one
  await admin.query(`ALTER DATABASE ${unfinished} ALLOW_CONNECTIONS false`);
  await admin.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
};

const templateFor = async (admin: Client, kind: DatabaseKind): Promise<string> => {
  if (kind === 'blank') return 'template0';
  const template = `bursar_${kind}`;
  const isBuilt = async () => (await admin.query('SELECT FROM pg_database WHERE datname = $1', [template])).rowCount === 1;
  if (await isBuilt()) return template;
  await admin.query('SELECT pg_advisory_lock($1)', [templateLock]);
  try {
    if (!(await isBuilt())) await build(admin, kind, template);
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [templateLock]);
  }
  return template;
};

/** A database of the test's own, copied from a template; `await using` drops it. */
export const aDatabase = async (kind: DatabaseKind): Promise<TestDatabase> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // 40 MB copy in half the time as files; for small ones the checkpoint that this needs is not worth it
  const strategy = kind === 'demo' ? 'file_copy' : 'wal_log';
  await onDatabase('postgres', async admin =>
    admin.query(`CREATE DATABASE ${name} TEMPLATE ${await templateFor(admin, kind)} STRATEGY ${strategy}`),
  );
  const drop = async () => {
    await onDatabase('postgres', admin => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  };
  return { url: await urlOf(name), drop, [Symbol.asyncDispose]: drop };
};
