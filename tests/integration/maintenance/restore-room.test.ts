import { chownSync, mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDirect, type Direct } from '../../../src/database/direct.ts';
import { urlOfDatabase } from '../../../src/maintenance/load.ts';
import { stemOf } from '../../../src/domain/names-beside.ts';
import type { Manifest } from '../../../src/maintenance/manifest.ts';
import { demandOffline, type OfflineRoom } from '../../../src/maintenance/restore/space-offline.ts';
import { demandDisks } from '../../../src/maintenance/restore/space.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { aWorkContext } from '../../support/work-context.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let database: TestDatabase;
let server: Direct;
let name: string;
const home = aCommandHome();
beforeAll(async () => {
  database = await aDatabase('empty');
  name = new URL(database.url).pathname.slice(1);
  server = await openDirect(urlOfDatabase(database.url, 'postgres'), { applicationName: 'test' }, () => undefined);
});
afterAll(async () => {
  await server.end();
  await database.drop();
});

test('a drill is refused where the disk on which the server would fill another copy has no room, and that disk is named', async () => {
  const disk = smallDisk(8);
  // not every account may make a disk
  if (disk === undefined) return;
  const place = path.join(disk, 'space');
  mkdirSync(place);
  const [files] = await query(database.url, `SELECT current_setting('data_directory') AS folder`);
  const { uid, gid } = statSync(String(files?.['folder']));
  chownSync(place, uid, gid);
  const space = `space_of_${name}`.slice(0, 60);
  await server.query(`CREATE TABLESPACE ${space} LOCATION '${place}'`);
  try {
    await query(database.url, `CREATE TABLE public.filling TABLESPACE ${space} AS SELECT repeat(md5(n::text), 30) FROM generate_series(1, 4800) n`);
    await expect(maintained(database.url, { home }).maintain('drill')).rejects.toThrow(
      new RegExp(`^the drill needs [67] MB of the disk of ${place} and [1-3] MB are free: nothing was begun`),
    );
  } finally {
    await query(database.url, 'DROP TABLE IF EXISTS public.filling');
    await server.query(`DROP TABLESPACE ${space}`);
  }
}); // prettier-ignore

test('where nobody can tell which disk that is it says so, and what it will take there', async () => {
  const role = `asker_of_${name}`.slice(0, 60);
  const said: string[] = [];
  const asked = () =>
    demandDisks('the restore', 1, {
      server, url: database.url, context: { home, backup: { databaseDays: 30, mediaDays: 7, keepAtLeast: 7 }, progress: (_done, words) => void said.push(words) },
    }); // prettier-ignore
  const plain = await asked();
  expect(plain.free).toBeGreaterThan(plain.needed);
  expect(said).toEqual([]);
  await server.query(`CREATE ROLE ${role}; SET ROLE ${role}`);
  try {
    await asked();
    expect(said).toEqual([
      expect.stringMatching(
        /^whether the disk of the database has room nobody here can tell, since its login may not ask where they lie .*: one more copy of it takes \d+ MB there$/,
      ),
    ]);
  } finally {
    await server.query(`RESET ROLE; DROP ROLE ${role}`);
  }
});

describe('a restore of a database that cannot be read', () => {
  const manifest = { octets: 5_000_000, encrypted: false } as Manifest;
  /** What it says; throws what it refuses. */
  const asked = async (wish: Partial<OfflineRoom>, place = home): Promise<readonly string[]> => {
    const said: string[] = [];
    const context = aWorkContext({ home: place, url: database.url, backup: {}, onProgress: words => void said.push(words) });
    await demandOffline({ embedded: false, database: name, manifest, insists: false, ...wish }, context);
    return said;
  };
  const tooLarge = { ...manifest, octets: 12e12, encrypted: true };

  test('asks the disks first, and begins all the same where it is told to', async () => {
    expect(await asked({})).toEqual([]);
    await expect(asked({ manifest: tooLarge })).rejects.toThrow(
      /^the restore needs 12,\d{3},\d{3} MB of the disk of .* are free: nothing was begun; make room there, or say --although-too-full$/,
    );
    expect(await asked({ manifest: tooLarge, insists: true })).toEqual([
      expect.stringMatching(/^the restore needs .* are free: it is begun all the same$/),
    ]);
  });

  test('says where nobody can tell, and is not kept by that', async () => {
    const words = 'whether the disk of the database has room nobody here can tell, since';
    expect(await asked({ database: `${name}_gone` })).toEqual([`${words} it is gone: the backup has 5 MB, and what comes of it is larger`]);
    const empty = aCommandHome();
    expect(await asked({ embedded: true }, empty)).toEqual([expect.stringContaining(`${words} its files are gone`)]);
    mkdirSync(path.join(empty, 'data', 'base'), { recursive: true });
    writeFileSync(path.join(empty, 'data', 'base', '1'), 'x'.repeat(1_000));
    expect(await asked({ embedded: true }, empty)).toEqual([]);
    truncateSync(path.join(empty, 'data', 'base', '1'), 12e12);
    await expect(asked({ embedded: true }, empty)).rejects.toThrow(/^the restore needs 14,400,\d{3} MB of the disk of /);
  });
});

test('the statement that a killed restore left under way is waited for, and not taken for another restore', async () => {
  const killed = await openDirect(urlOfDatabase(database.url, 'postgres'), { applicationName: 'test' }, () => undefined);
  await killed.query('SELECT pg_advisory_lock($1, hashtext($2))', [0x52_45_53_54, name]);
  const ended = killed.query('SELECT pg_sleep(0.5)').then(() => killed.end());
  const old = `${stemOf(name)}_old_20260102030405`;
  expect(await maintained(database.url, { home }).maintain('drop-old-database', { old })).toMatchObject({ why: 'it is gone already' });
  await ended;
});
