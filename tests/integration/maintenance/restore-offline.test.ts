import { cp } from 'node:fs/promises';
import { hostname } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { urlOfDatabase } from '../../../src/maintenance/load.ts';
import { stemOf } from '../../../src/domain/names-beside.ts';
import { aBankOn } from '../../support/acting.ts';
import { aCommand, aCommandHome, type Answer } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { full, report, inFullOnly } from '../../support/reliability.ts';
import { aRun, beginOf, dropAll, offlineJournals, struck, type Ended } from '../../support/restoring.ts';

vi.setConfig({ testTimeout: full ? 3_600_000 : 120_000, hookTimeout: 180_000 });

/** Every line that an offline restore writes, in their order, but its last. */
const points = ['lock begun', 'stop begun', 'load begun', 'check done', 'swap begun', 'swap done', 'start done'] as const;
type Point = (typeof points)[number];

/** How a database comes to be one that nobody can read. */
const deaths: Readonly<Record<string, (name: string, url: string) => readonly (readonly [url: string, sql: string])[]>> = {
  'its catalog is damaged': (_name, url) => [
    [url, `SET allow_system_table_mods = on; DELETE FROM pg_catalog.pg_attribute WHERE attrelid = 'bank."user"'::regclass AND attname = 'email'`],
  ],
  'it is closed': (name, url) => [[urlOfDatabase(url, 'postgres'), `ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`]],
  'it is gone': (name, url) => [[urlOfDatabase(url, 'postgres'), `DROP DATABASE "${name}" WITH (FORCE)`]],
}; // prettier-ignore

describe('a database that nobody can read, on a server of its own', () => {
  let database: TestDatabase;
  let template: TestDatabase;
  let name: string;
  let home: string;
  const backups: string[] = [];
  const source = aCommandHome();
  beforeAll(async () => {
    template = await aDatabase('empty');
    await using bank = await aBankOn(template.url);
    await bank.account({ balance: 4_711 });
    const host = maintained(template.url, { home: source });
    backups.push(String((await host.maintain('backup', { run: 'first' }))['name']));
    await bank.account({ balance: 815 });
    backups.push(String((await host.maintain('backup', { run: 'second' }))['name']));
  });
  afterAll(() => template.drop());
  beforeEach(async () => {
    database = await aDatabase('empty');
    name = new URL(database.url).pathname.slice(1);
    home = aCommandHome();
    await cp(source, home, { recursive: true });
    return async () => dropAll(database.url, [name, ...(await host().databases())]);
  });
  const host = () => maintained(database.url, { home });
  const dies = async (death: string): Promise<void> => {
    for (const [url, sql] of deaths[death]?.(name, database.url) ?? []) await query(url, sql);
  };
  const flags = (backup = backups[1] ?? ''): readonly string[] => [
    'maintain', 'restore-offline', '--backup', backup, '--reason-offline', 'the disk of the database died', '--confirm', `${hostname()} ${name}`,
    '--second', 'Mona Meyer', '--second-confirm', backup,
  ]; // prettier-ignore
  const offline = (...args: readonly string[]): Promise<Answer> => aCommand({ url: database.url, home })(...args);
  const journals = () => offlineJournals(home);
  const hasLine = (point: Point) => (): boolean => {
    const [step, state] = point.split(' ');
    return journals().some(text => text.includes(`"step":"${step}","state":"${state}"`));
  };
  const strike = (signal: NodeJS.Signals, when: () => boolean, standsStillAt?: string): Promise<Ended> =>
    struck({ home, url: database.url, signal, args: flags(), standsStillAt }, when);

  /** One bank, whole, with one row of who restored it; beside it the dead one, where it was there, and nothing half. */
  const expectRestored = async (hadDead: boolean, balance = '5526'): Promise<void> => {
    expect(await query(database.url, 'SELECT sum(balance)::text AS sum FROM bank.account')).toEqual([{ sum: balance }]);
    expect(await query(database.url, `SELECT note, new ->> 'second' AS second FROM ops.audit WHERE action = 'restores.offline'`)).toEqual([
      { note: 'the disk of the database died', second: 'Mona Meyer' },
    ]);
    expect(await query(database.url, `SELECT problem, (SELECT count(*)::int FROM ops.operator_session WHERE revoked_at IS NULL AND kind <> 'owner') AS open FROM ops.verify_audit()`)).toEqual([{ problem: null, open: 0 }]); // prettier-ignore
    const beside = (await host().databases()).filter(one => one !== name);
    expect(beside.map(one => one.replace(/\d+$/, ''))).toEqual(hadDead ? [`${stemOf(name)}_old_`] : []);
    expect(await query(urlOfDatabase(database.url, 'postgres'), 'SELECT datallowconn AS open FROM pg_database WHERE datname = $1', [name])).toEqual([{ open: true }]); // prettier-ignore
    expect(journals().at(-1)).toContain('"state":"restored"');
    // once it is over it answers, and an ordinary restore is not held up by it
    expect(await offline(...flags())).toMatchObject({ code: 3, stderr: expect.stringContaining('the live database answers') as string });
    if (!full) return;
    const run = aRun();
    await host().maintain('restore-prepare', { run, backup: backups[1], database: name });
    expect(await host().maintain('restore-resume', { run })).toMatchObject({ end: 'rolled back' });
  };

  const kills = full ? points.flatMap(point => Object.keys(deaths).map(death => [point, death] as const)) : [];
  test.each(kills)('killed with -9 at %s where %s, and begun again, comes to its end', async (point, death) => {
    await dies(death);
    const killed = await strike('SIGKILL', hasLine(point));
    expect(`${killed.signal} ${killed.signal === 'SIGKILL' ? '' : killed.said}`).toBe('SIGKILL ');
    // without a backup's name it is the one that was begun with
    const again = await offline(...flags().toSpliced(2, 2));
    expect(`${again.code} ${again.code === 0 ? '' : again.stderr}`).toBe('0 ');
    expect(again.stderr).toContain('it is gone on with');
    await expectRestored(death !== 'it is gone');
  });

  test('killed when the door was closed, and once more between both renames and their line: nothing is loaded or told twice', async () => {
    await query(urlOfDatabase(database.url, 'postgres'), `ALTER DATABASE "${name}" SET bursar.test TO 'kept'`);
    await dies('its catalog is damaged');
    await strike('SIGKILL', hasLine('swap begun'), beginOf('swap'));
    const [, scratch = '', old = ''] = /"scratch":"([a-z0-9_]+)","old":"([a-z0-9_]+)"/.exec(journals().join('')) ?? [];
    const admin = urlOfDatabase(database.url, 'postgres');
    // as if it had been killed a moment later, between the renames and the line that says so
    if ((await host().databases()).includes(scratch)) {
      await query(admin, `ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
      await query(admin, `ALTER DATABASE "${name}" RENAME TO "${old}"`);
      await query(admin, `ALTER DATABASE "${scratch}" RENAME TO "${name}"`);
    }
    await expect(host().maintain('restore-resume')).rejects.toThrow(
      'the restored database is in place: bursar maintain restore-offline goes on',
    );
    const again = await offline(...flags());
    expect(`${again.code} ${again.code === 0 ? '' : again.stderr}`).toBe('0 ');
    expect(again.stderr).not.toContain('loads into');
    expect(JSON.parse(again.stdout)).toMatchObject({ kept: old, users: 1, transactions: 2, waiting: [] });
    expect(await query(database.url, `SHOW bursar.test`)).toEqual([{ 'bursar.test': 'kept' }]);
    await expectRestored(true);
  });

  test.each(inFullOnly)('killed before the renames, with the door closed already, it can be undone as well', async () => {
    await dies('its catalog is damaged');
    await strike('SIGKILL', hasLine('load begun'));
    await query(urlOfDatabase(database.url, 'postgres'), `ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
    expect(await host().maintain('restore-resume')).toMatchObject({ end: 'rolled back' });
    expect(await host().databases()).toEqual([name]);
  });

  test('asked to end by TERM while it loads it puts all back; killed and begun again with another backup it is that one', async () => {
    await dies('it is closed');
    const ended = await strike('SIGTERM', hasLine('load begun'));
    expect(ended.said).toContain('aborted: the dead database is as it was, the scratch one is dropped');
    expect(await host().databases()).toEqual([name]);
    await dies('it is closed');
    await strike('SIGKILL', () => journals().filter(text => text.includes('"step":"load"')).length === 2, beginOf('load'));
    const again = await offline(...flags(backups[0]));
    expect(`${again.code} ${again.code === 0 ? '' : again.stderr}`).toBe('0 ');
    expect(journals()).toHaveLength(3);
    expect(journals().filter(text => text.includes('"state":"rolled back"'))).toHaveLength(2);
    expect(await query(database.url, 'SELECT sum(balance)::text AS sum FROM bank.account')).toEqual([{ sum: '4711' }]);
    expect(await host().databases()).toHaveLength(2);
  });

  test('of two at once exactly one goes on', async () => {
    const races = full ? 20 : 1;
    let restored = 0;
    for (let race = 0; race < races; race++) {
      await dies('it is gone');
      const both = await Promise.all([offline(...flags()), offline(...flags())]);
      restored += both.filter(({ code }) => code === 0).length;
      expect(both.find(({ code }) => code !== 0)?.stderr).toMatch(/another restore-offline is under way|somebody else restored/);
    }
    report(`${races} races of two offline restores`, { restored });
    expect(restored).toBe(races);
    await expectRestored(false);
  });
});
