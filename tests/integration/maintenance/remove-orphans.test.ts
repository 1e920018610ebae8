import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openDirect, type Direct } from '../../../src/database/direct.ts';
import { urlOfDatabase } from '../../../src/maintenance/load.ts';
import { databaseOf } from '../../../src/maintenance/restore/databases.ts';
import { drillRemark } from '../../../src/maintenance/restore/drill.ts';
import { openJournal } from '../../../src/maintenance/restore/journal.ts';
import { stemOf } from '../../../src/domain/names-beside.ts';
import { namesFor } from '../../../src/maintenance/restore/restoring.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { filesBelow, settle } from '../../support/sealed-files.ts';
import { aWork } from '../../support/works.ts';

vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
let planter: Direct;
let server: Direct;
beforeAll(async () => {
  database = await aDatabase('empty');
  planter = await openDirect(database.url, { applicationName: 'test', statementTimeoutMs: 0 }, () => undefined);
  await planter.query('SET session_replication_role = replica');
  server = await openDirect(urlOfDatabase(database.url, 'postgres'), { applicationName: 'test', statementTimeoutMs: 0 }, () => undefined);
});
afterAll(async () => {
  await planter.end();
  await server.end();
  await database.drop();
});
afterEach(() => vi.restoreAllMocks());

const day = 86_400_000;
const aHost = () => {
  const home = aCommandHome();
  const media = path.join(home, 'platform', 'media');
  mkdirSync(path.join(media, 'kyc'), { recursive: true });
  const said: string[] = [];
  const work = aWork({ url: database.url, home, platform: { media: [media] }, progress: (_done, words) => void said.push(words) });
  return { home, media, said, work, write: (name: string, text = name) => writeFileSync(path.join(media, name), text) };
};
const documented = (...references: readonly string[]) =>
  planter.query(`INSERT INTO bank.document (user_id, kind, reference) SELECT 1, 'identity', unnest($1::text[])`, [references]);
const left = (media: string) => filesBelow(media).map(file => path.relative(media, file)).toSorted((a, b) => a.localeCompare(b)); // prettier-ignore

test('exactly what was listed goes: what changed since, got a document, is younger than a day or stands elsewhere stays', async () => {
  const { home, media, said, work, write } = aHost();
  await documented('kept-by-name', 'kyc/Ausweis-Jürgen.pdf'.normalize('NFC'));
  for (const name of ['kept-by-name.png', 'kyc/one', 'kyc/two', 'kyc/three', 'kyc/four', 'elsewhere', 'kyc/$(rm -rf)\n']) write(name);
  write('kyc/Ausweis-Jürgen.pdf'.normalize('NFD'));
  settle(day + 60_000);
  const listed = await work('orphans');
  expect(listed).toMatchObject({ files: 6, databases: 0, list: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  // what came after the list was written is not in it, however old it says it is
  write('kyc/later');
  utimesSync(path.join(media, 'kyc', 'later'), 1, 1);
  write('kyc/two', 'TWO, of another length');
  rmSync(path.join(media, 'kyc', 'three'));
  await documented('kyc/four');
  const remove = (under: string, what = 'media') => work('remove-orphans', { list: listed['list'], what, under });
  await expect(remove(home)).rejects.toThrow('name a folder of platform.media');
  await expect(remove(path.join(media, '..', 'media-2'))).rejects.toThrow('name a folder of platform.media');
  expect(await remove(path.join(media, 'kyc'))).toMatchObject({ removed: 2, left: 3 });
  expect(left(media)).toEqual(
    ['elsewhere', 'kept-by-name.png', 'kyc/Ausweis-Jürgen.pdf'.normalize('NFD'), 'kyc/four', 'kyc/later', 'kyc/two'].toSorted((a, b) =>
      a.localeCompare(b),
    ),
  );
  expect(said.filter(words => words.includes('stays:'))).toEqual([
    expect.stringContaining('kyc/four stays: a document names it by now'),
    expect.stringContaining('kyc/three stays: it is gone already'),
    expect.stringContaining('kyc/two stays: it changed since'),
  ]);
});

test('a folder that became a link leads nowhere, and a list that was changed removes nothing', async () => {
  const { home, media, work, write } = aHost();
  write('kyc/one');
  write('kyc/two');
  settle(2 * day);
  const listed = await work('orphans');
  const elsewhere = aCommandHome();
  renameSync(path.join(media, 'kyc'), path.join(elsewhere, 'kyc'));
  symlinkSync(path.join(elsewhere, 'kyc'), path.join(media, 'kyc'));
  expect(await work('remove-orphans', { list: listed['list'], what: 'media', under: media })).toMatchObject({ removed: 0, left: 2 });
  expect(readdirSync(path.join(elsewhere, 'kyc'))).toHaveLength(2);
  const file = path.join(home, 'orphans', `${String(listed['list'])}.jsonl`);
  writeFileSync(file, `{"listedAt":""}\n`);
  await expect(work('remove-orphans', { list: listed['list'], what: 'media', under: media })).rejects.toThrow(
    'was changed after it was written',
  );
  await expect(work('remove-orphans', { list: '0'.repeat(64), what: 'media', under: media })).rejects.toThrow('list the orphans again');
});

test('databases that killed restores and drills left are dropped; one that a restore needs, somebody uses or is young stays', async () => {
  const { home, work } = aHost();
  const own = databaseOf(database.url);
  const names = {
    drill: `${stemOf(own)}_drill`,
    ended: namesFor(own, 'aaaa0000', new Date()).scratch,
    open: namesFor(own, 'bbbb0000', new Date()).scratch,
    old: `${stemOf(own)}_old_20260102030405`,
  };
  for (const name of Object.values(names)) await server.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  const remark = `COMMENT ON DATABASE ${names.drill} IS '${drillRemark(own)}'`;
  await server.query(remark);
  const began = async (run: string, scratch: string) => {
    const journal = await openJournal(home, run);
    await journal.note('lock', 'begun', { known: { database: own, scratch, old: `${stemOf(own)}_old_20260303030303` } });
    return journal;
  };
  const ended = await began('aaaa0000', names.ended);
  await ended.note('finish', 'rolled back');
  await began('bbbb0000', names.open);
  const young = await work('orphans');
  expect(young).toMatchObject({ databases: 0 });

  settle(2 * day);
  const connected = await openDirect(urlOfDatabase(database.url, names.drill), { applicationName: 'test' }, () => undefined);
  expect(await work('orphans')).toMatchObject({ databases: 1 });
  await connected.end();
  await vi.waitFor(async () => expect(await work('orphans')).toMatchObject({ databases: 2 }), { timeout: 60_000 });
  const listed = await work('orphans');
  // another of the same name since it was listed, and a restore that needs the other one
  const needing = await began('cccc0000', names.ended);
  await server.query(`DROP DATABASE ${names.drill}`);
  await server.query(`CREATE DATABASE ${names.drill} TEMPLATE template0`);
  await server.query(remark);
  const remove = () => work('remove-orphans', { list: listed['list'], what: 'databases' });
  expect(await remove()).toMatchObject({ removed: 0, left: 2 });
  await needing.note('finish', 'rolled back');
  expect(await remove()).toMatchObject({ removed: 1, left: 1 });
  const there = async () => (await server.query<{ name: string }>('SELECT datname AS name FROM pg_database WHERE datname = ANY ($1) ORDER BY 1', [Object.values(names)])).rows.map(({ name }) => name); // prettier-ignore
  expect(await there()).toEqual([names.drill, names.old, names.open].toSorted((a, b) => (a < b ? -1 : 1)));
  for (const name of await there()) await server.query(`DROP DATABASE ${name}`);
});
