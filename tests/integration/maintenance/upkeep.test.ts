import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDirect, type Direct } from '../../../src/database/direct.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';
import { aWork, type WorkWishes } from '../../support/works.ts';

vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
let owner: Direct;
beforeAll(async () => {
  database = await aDatabase('empty');
  owner = await openDirect(database.url, { applicationName: 'test', statementTimeoutMs: 0 }, () => undefined);
  await owner.query('SET idle_in_transaction_session_timeout = 0');
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

const work = (name: string, input: object = {}, wishes: Partial<WorkWishes> = {}) => aWork({ url: database.url, ...wishes })(name, input);
const planted = (sql: string): Promise<unknown> => owner.query(`BEGIN; SET LOCAL session_replication_role = replica; ${sql}; COMMIT`);

test('vacuum frees dead rows table by table and says how far it is', async () => {
  await owner.query(
    `CREATE TABLE public.worn (n int) WITH (autovacuum_enabled = false); INSERT INTO public.worn SELECT generate_series(1, 5000); DELETE FROM public.worn WHERE n > 100`,
  );
  const said: string[] = [];
  await expect
    .poll(
      async () => (await owner.query<{ n: string }>(`SELECT n_dead_tup AS n FROM pg_stat_user_tables WHERE relname = 'worn'`)).rows[0]?.n,
      { timeout: 40_000 },
    )
    .toBe('4900');
  const done = await work('vacuum', { table: 'public.worn' }, { progress: (_fraction, words) => said.push(words) });
  expect(done).toMatchObject({ tables: 1, each: [{ table: 'public.worn', dead: 4_900, left: 0 }] });
  expect(said[0]).toMatch(/^public\.worn: 4,900 dead rows, \d+ ms$/);
  await expect(work('vacuum', { table: 'public.nothing' })).rejects.toThrow('there is no table public.nothing');
});

test('vacuum that is to end is cancelled by the server, in the middle of a table as well', async () => {
  const end = new AbortController();
  await owner.query('CREATE TABLE public.held (n int); INSERT INTO public.held SELECT generate_series(1, 1000)');
  await owner.query('BEGIN; LOCK TABLE public.held IN SHARE MODE');
  const waiting = work('vacuum', { table: 'public.held' }, { signal: end.signal }).catch((error: unknown) => String(error));
  const isWaiting = `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bursar maintain' AND wait_event_type = 'Lock'`;
  // on another connection: this one sees the sessions of when its transaction first looked
  await expect.poll(async () => (await query(database.url, isWaiting))[0]?.['n'], { timeout: 40_000 }).toBe('1');
  end.abort();
  expect(await waiting).toContain('canceling statement');
  await owner.query('ROLLBACK');
  expect(await work('vacuum', { table: 'public.held' })).toMatchObject({ tables: 1 });
});

test('indexes that nobody used are told, those that keep a rule are not', async () => {
  await owner.query(
    'CREATE TABLE public.listed (n int PRIMARY KEY, m int UNIQUE, o int); INSERT INTO public.listed SELECT n, n, n FROM generate_series(1, 20000) n; CREATE INDEX idle_idx ON public.listed (o)',
  );
  const found = JSON.stringify((await work('unused-indexes'))['each']);
  expect(found).toContain('public.idle_idx');
  expect(found).not.toMatch(/listed_pkey|listed_m_key/);
});

test('orphans are told apart: what goes by its policy, and what a person judges', async () => {
  const home = aCommandHome();
  const [media, backups] = [path.join(home, 'platform', 'media'), path.join(home, 'backups')];
  for (const folder of [media, backups]) mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(media, 'ID-1.pdf'), 'of a customer');
  writeFileSync(path.join(media, 'nobody.pdf'), 'of nobody');
  writeFileSync(path.join(backups, 'bank.dump.part'), 'cut short');
  await planted(`
    INSERT INTO bank.document (user_id, kind, reference) VALUES (1, 'identity', 'ID-1'), (1, 'address', 'BILL-1');
    INSERT INTO bank.auth_event (type, username, user_id, ip) VALUES ('login_success', 'gone', 999, '10.0.0.1');
    INSERT INTO ops.note (entity, entity_id, text, written_by) VALUES ('account', '4711', 'about an account that is gone', 1)`);
  const found = (await work('orphans', {}, { home, platform: { media: [media] } }))['each'] as Record<string, unknown>[];
  expect(Object.fromEntries(found.map(({ what, count, goes }) => [String(what).replace(backups, 'backups'), [count, goes]]))).toMatchObject(
    {
      'sign-ins of customers that are gone': [1, true],
      'events of customers that are gone': [0, true],
      'notes about what is gone': [1, false],
      'media files without a document': [1, false],
      'documents without a file': [1, false],
      'unfinished files in backups': [1, true],
    },
  );
});

test('statistics count small tables exactly', async () => {
  const found = await work('statistics');
  const { rows } = await owner.query<{ n: string }>('SELECT count(*) AS n FROM ops.action_permission');
  expect(found['tables']).toContainEqual(expect.objectContaining({ name: 'ops.action_permission', rows: Number(rows[0]?.n), exact: true }));
  expect(found).toMatchObject({ database: { name: expect.stringContaining('test_') as string }, temporary: { files: 0 } });
});
