import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { urlOfDatabase } from '../../../src/maintenance/load.ts';
import { openJournal } from '../../../src/maintenance/restore/journal.ts';
import { formerStemOf, stemOf } from '../../../src/domain/names-beside.ts';
import { openDatabase } from '../../../src/database/client.ts';
import { namesFor } from '../../../src/maintenance/restore/restoring.ts';
import { oldDatabases } from '../../../src/resources/restores/queries.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { dropAll } from '../../support/restoring.ts';
import { settle } from '../../support/sealed-files.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

test('names of databases beside one are plain where they can be, and never those of another one', () => {
  expect(stemOf('bank')).toBe('bank');
  const names = ['bank', 'Bank', 'bank-prod', 'bank_prod', 'bank prod', `${'a'.repeat(32)}b`, `${'a'.repeat(32)}c`, 'a'.repeat(32), '9bank', 'dbank'];
  expect(new Set(names.map(stemOf)).size).toBe(names.length);
  for (const name of names) expect(stemOf(name)).toMatch(/^[a-z][a-z0-9_]{0,31}$/);
}); // prettier-ignore

describe('two databases that differ only in what names beside them cannot say', () => {
  let database: TestDatabase;
  let [one, other] = ['', ''];
  const made: string[] = [];
  const onServer = (sql: string) => query(urlOfDatabase(database.url, 'postgres'), sql);
  const create = async (name: string, template = 'template0'): Promise<void> => {
    await onServer(`CREATE DATABASE "${name}" TEMPLATE "${template}"`);
    made.push(name);
  };
  const isThere = async (name: string) => (await onServer(`SELECT FROM pg_database WHERE datname = '${name}'`)).length === 1;
  const hostOf = (name: string, home = aCommandHome()) => maintained(urlOfDatabase(database.url, name), { home });

  beforeAll(async () => {
    database = await aDatabase('empty');
    const name = new URL(database.url).pathname.slice(1);
    [one, other] = [`${name}-a`, `${name}_a`];
    await create(one, name);
    await create(other, name);
  });
  afterAll(async () => {
    await dropAll(database.url, made);
    await database.drop();
  });

  test('neither drops what a restore or a drill of the other one made, whoever asks for it', async () => {
    const beside = {
      drill: `${stemOf(one)}_drill`,
      scratch: namesFor(one, 'aaaa0000', new Date()).scratch,
      old: `${stemOf(one)}_old_20260102030405`,
    };
    for (const name of Object.values(beside)) await create(name, other);
    await onServer(`COMMENT ON DATABASE "${beside.drill}" IS 'bursar: drill of ${one}'`);
    settle(2 * 86_400_000);
    try {
      await expect(hostOf(other).maintain('drill')).rejects.toThrow('there is no whole backup');
      expect(await hostOf(other).maintain('orphans')).toMatchObject({ databases: 0 });
      expect(await hostOf(one).maintain('orphans')).toMatchObject({ databases: 2 });
    } finally {
      vi.restoreAllMocks();
    }
    await expect(hostOf(other).maintain('drop-old-database', { old: beside.old })).rejects.toThrow('no database that a restore of');
    for (const name of Object.values(beside)) expect(await isThere(name)).toBe(true);
    expect(await hostOf(one).maintain('drop-old-database', { old: beside.old })).toMatchObject({ dropped: true });
    // what it made itself the next one drops
    await expect(hostOf(one).maintain('drill')).rejects.toThrow('there is no whole backup');
    expect(await isThere(beside.drill)).toBe(false);
    await dropAll(database.url, [beside.scratch]);
  });

  test('of those that were replaced a console offers its own', async () => {
    const olds = [one, other].map(name => `${stemOf(name)}_old_20260102030405`);
    for (const name of olds) await create(name);
    for (const [index, name] of [one, other].entries()) {
      const bank = openDatabase({ url: urlOfDatabase(database.url, name), applicationName: 'bursar test' });
      expect(await oldDatabases(bank.reads)).toEqual([olds[index]]);
      await bank.close();
    }
    await dropAll(database.url, olds);
  });

  test('a database that only has such a name is nothing that a drill drops', async () => {
    const strange = `${stemOf(one)}_drill`;
    await create(strange, other);
    await expect(hostOf(one).maintain('drill')).rejects.toThrow(`there is a database ${strange} that no drill of ${one} made`);
    settle(2 * 86_400_000);
    try {
      expect(await hostOf(one).maintain('orphans')).toMatchObject({ databases: 0 });
    } finally {
      vi.restoreAllMocks();
    }
    expect(await isThere(strange)).toBe(true);
  });

  test('one that a restore replaced before names told them apart is known by the journal of its restore', async () => {
    const old = `${formerStemOf(one)}_old_20260102030405`;
    expect(formerStemOf(other)).toBe(formerStemOf(one));
    await create(old);
    const home = aCommandHome();
    await (await openJournal(home, 'a-restore')).note('finish', 'restored', { known: { database: one, scratch: 'gone', old } });
    const drop = (name: string, itsHome?: string) => hostOf(name, itsHome).maintain('drop-old-database', { old });
    await expect(drop(other)).rejects.toThrow('no database that a restore of');
    await expect(drop(other, home)).rejects.toThrow('no database that a restore of');
    await expect(drop(one)).rejects.toThrow('no database that a restore of');
    expect(await drop(one, home)).toMatchObject({ dropped: true });
  });
});
