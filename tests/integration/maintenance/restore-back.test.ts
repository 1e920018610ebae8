import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { urlOfDatabase } from '../../../src/maintenance/load.ts';
import { aBankOn, act, type Bank } from '../../support/acting.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { full, report } from '../../support/reliability.ts';
import { aRestoredPlatform, type RestoredPlatform } from '../../support/restored-platform.ts';
import { aRun, dropAll, inProcess, journalOf, restoreParts } from '../../support/restoring.ts';
import { smallDisk } from '../../support/small-disk.ts';

vi.setConfig({ testTimeout: full ? 3_600_000 : 120_000, hookTimeout: 180_000 });

describe('the way back from a restore', () => {
  let database: TestDatabase;
  let bank: Bank;
  let platform: RestoredPlatform;
  let name: string;
  let backup: string;
  let frozen: string;
  /** Whether the platform is well with the database that is in place. */
  let isWell: () => boolean | Promise<boolean> = () => true;
  const home = aCommandHome();
  /** Impatient only where the platform is not to become well: a busy machine takes its time for three looks. */
  const impatient = () => ({ ...platform.profile, healthPatienceSeconds: 4 });
  const host = (profile = platform.profile) => maintained(database.url, { home, platform: profile });
  const onServer = (sql: string) => query(urlOfDatabase(database.url, 'postgres'), sql);
  const searchPath = process.env['PATH'];

  /** Two accounts and 5,526 before a restore, one and 4,711 after it. */
  const facts = async () => {
    const [row] = await query(
      database.url,
      `SELECT (SELECT count(*)::int FROM bank.account) AS accounts, (SELECT sum(balance)::text FROM bank.account) AS sum, (SELECT problem FROM ops.verify_audit()) AS problem`,
    );
    return row;
  };
  const old = { accounts: 2, sum: '5526', problem: null };
  const restored = { accounts: 1, sum: '4711', problem: null };
  const isRestored = async (): Promise<boolean> => (await facts())?.['accounts'] === 1;
  const beside = async (): Promise<readonly string[]> => (await host().databases()).filter(one => one !== name);
  const replaced = async (): Promise<string> => (await beside()).find(one => one.includes('_old_')) ?? '';
  const parts = async (run: string): Promise<void> => {
    for (const [work, input] of restoreParts(run, backup, name).slice(0, 3)) await host().maintain(work, input);
  };
  /** The same for a way back, which loads nothing. */
  const partsBack = async (run: string): Promise<void> => {
    await host().maintain('restore-back', { run, database: name, old: await replaced() });
    await host().maintain('restore-carry', { run });
  };
  const switched = (run: string, profile = platform.profile) => host(profile).maintain('restore-switch', { run });
  const statusOf = async (id: string) =>
    (await query(database.url, 'SELECT status::text FROM bank.account WHERE id = $1', [id]))[0]?.['status'];

  beforeAll(async () => {
    platform = await aRestoredPlatform(() => isWell(), 60);
    process.env['PATH'] = `${platform.programs}:${searchPath}`;
    database = await aDatabase('empty');
    name = new URL(database.url).pathname.slice(1);
    bank = await aBankOn(database.url);
    frozen = (await bank.account({ status: 'active', balance: 4_711 })).id;
    backup = String((await host().maintain('backup'))['name']);
    await bank.account({ status: 'frozen', balance: 815 });
  });
  afterAll(async () => {
    process.env['PATH'] = searchPath;
    platform[Symbol.dispose]();
    await dropAll(database.url, await host().databases());
  });

  test('a platform that is not well with the restored database gets the one before back by itself, whole', async () => {
    isWell = async () => !(await isRestored());
    const run = aRun();
    await parts(run);
    platform.forget();
    const began = performance.now();
    await expect(switched(run, impatient())).rejects.toThrow(
      /was not well .*the one before is in its place again, nothing was lost, and the platform is well/,
    );
    const seconds = (performance.now() - began) / 1_000;
    expect(await facts()).toEqual(old);
    expect(await host().databases()).toEqual([name]);
    expect(platform.recorded()).toEqual(['stop', 'start', 'stop', 'start']);
    expect(platform.isMaintained()).toBe(false);
    expect(journalOf(home, run)).toContain('"state":"swapped back"');
    await expect(switched(run)).rejects.toThrow('ended already: swapped back');
    report('a restore that is taken back by itself', { 'seconds, with a patience of 4': Math.round(seconds * 10) / 10 });
  });

  test('rights that cannot be given, or a door that is still closed: it says where it stands, and is gone on with', async () => {
    isWell = () => true;
    const run = aRun();
    await parts(run);
    const [scratch = ''] = (await host().databases()).filter(one => one.includes('_restore_'));
    const inScratch = (sql: string) => query(urlOfDatabase(database.url, scratch), sql);
    await inScratch(
      `CREATE FUNCTION public.refuse_grant() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no rights today'; END $$`,
    );
    // a right too many, which is to be taken away
    await inScratch('GRANT DELETE ON bank.account TO PUBLIC');
    await inScratch(`CREATE EVENT TRIGGER refuse_grant ON ddl_command_start WHEN TAG IN ('REVOKE') EXECUTE FUNCTION public.refuse_grant()`);
    platform.forget();
    await expect(switched(run)).rejects.toThrow(
      new RegExp(
        `no rights today: the restored database is in place and maintenance mode stays on.*restore-resume --run ${run}.*restore-back .*--old ${await replaced()}`,
      ),
    );
    expect([platform.isMaintained(), platform.recorded()]).toEqual([true, ['stop']]);
    await query(database.url, 'DROP EVENT TRIGGER refuse_grant');
    await query(database.url, 'DROP FUNCTION public.refuse_grant()');
    // killed while it was about to go back: nobody is let in but into the replaced one, and nothing is decided
    await onServer(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
    const kept = await replaced();
    await onServer(`ALTER DATABASE "${kept}" ALLOW_CONNECTIONS true`);
    expect(await host().maintain('restore-resume', { run })).toMatchObject({ run, end: 'restored' });
    expect(await onServer(`SELECT datallowconn AS open FROM pg_database WHERE datname = '${kept}'`)).toEqual([{ open: false }]);
    expect(await facts()).toEqual(restored);
    expect([platform.isMaintained(), platform.recorded()]).toEqual([false, ['stop', 'start']]);
  });

  test('a service that does not start with either database: maintenance mode stays on until it does', async () => {
    isWell = () => true;
    const run = aRun();
    await partsBack(run);
    platform.forget();
    platform.mayStart(false);
    await expect(switched(run)).rejects.toThrow(
      new RegExp(`Unit bank is broken. The database from before the restore is in its place again.*restore-resume --run ${run}`),
    );
    expect(await facts()).toEqual(restored);
    expect(platform.isMaintained()).toBe(true);
    platform.mayStart(true);
    // as killed between the rename and its admission, in the middle of a line
    appendFileSync(path.join(home, 'restores', `${run}.jsonl`), '\n{"at":"2026-');
    await onServer(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
    expect(await host().maintain('restore-resume', { run })).toMatchObject({ end: 'swapped back' });
    expect([platform.isMaintained(), await facts()]).toEqual([false, restored]);
    // what it came from is a way back, and stays
    expect(await beside()).toEqual([await replaced()]);
  });

  test('killed with -9 while it goes back, it goes back all the same', async () => {
    const before = { ...restored };
    isWell = async () => (await facts())?.['accounts'] === 1;
    const points: readonly (readonly [point: string, when: (run: string) => boolean])[] = [
      ['about to look whether somebody wrote', () => platform.recorded().length === 3],
      ['decided', run => journalOf(home, run).includes('"state":"going back"')],
      ['its service starts', run => journalOf(home, run).includes('"state":"going back"') && platform.recorded().length === 4],
      ['gone back', run => journalOf(home, run).includes('"state":"swapped back"')],
    ];
    const times = full ? points.flatMap(point => Array.from({ length: 20 }, () => point)) : points.slice(1, 2);
    let [longest, killed] = [0, 0];
    for (const [index, [, when]] of times.entries()) {
      const run = aRun();
      await partsBack(run);
      platform.forget();
      const step = { url: database.url, home, name: 'restore-switch', input: { run }, platform: impatient() };
      if ((await inProcess(step, () => when(run))).signal === 'SIGKILL') killed += 1;
      const began = performance.now();
      // by the run, which begins its step again, and by a person on the host
      const again = index % 2 === 0 ? switched(run, impatient()) : host(impatient()).maintain('restore-resume', { run });
      expect(
        await again.then(
          ({ end }) => end,
          (error: Error) => error.message,
        ),
      ).toMatch(/in its place again|swapped back$/);
      longest = Math.max(longest, (performance.now() - began) / 1_000);
      expect([await facts(), platform.isMaintained()]).toEqual([before, false]);
      expect(await beside()).toEqual([await replaced()]);
    }
    report(`${times.length} restores killed while they went back`, {
      killed,
      'seconds for the longest afterwards': Math.round(longest * 10) / 10,
    });
    expect(longest).toBeLessThan(60);
  });

  test('somebody wrote: it is not taken back by itself but with an approval of its own, and what was frozen meanwhile stays frozen', async () => {
    // a way back first, so that the bank of before the restore is in place, and then the restore that goes wrong
    isWell = () => true;
    const first = aRun();
    await partsBack(first);
    await switched(first);
    expect(await facts()).toEqual(old);
    const run = aRun();
    await partsBack(run);
    let looks = 0;
    isWell = async () => {
      looks += 1;
      if (looks > 1) return false;
      const db = await bank.connect();
      await act(db, bank.one, 'accounts.freeze', connection =>
        connection.query(
          `SELECT ops.place_hold(id, version, 'compliance', 'seen in the restored bank', current_date + 7, false) FROM bank.account WHERE id = $1`,
          [frozen],
        ),
      );
      await db.end();
      return false;
    };
    const wrong = await switched(run, impatient()).catch((error: Error) => error.message);
    const kept = await replaced();
    expect(wrong).toContain(`(the audit log): it is not taken back by itself (run ${run})`);
    expect(wrong).toContain(`--old ${kept}`);
    expect([platform.isMaintained(), await facts()]).toEqual([true, restored]);
    isWell = () => true;
    const back = aRun();
    await partsBack(back);
    expect(await switched(back)).toMatchObject({ backup: kept });
    expect([platform.isMaintained(), await facts(), await statusOf(frozen)]).toEqual([false, old, 'frozen']);
    // the restore that was left half-way has ended with it
    await expect(host().maintain('restore-resume')).rejects.toThrow('no restore of this host is unfinished');
  });

  test('a replaced database goes after seven days or where space is scarce, once, and nothing else goes by that name', async () => {
    const kept = await replaced();
    await expect(host().maintain('drop-old-database', { old: kept })).rejects.toThrow(/stays until .* UTC: \d+ % of the disk are free/);
    const day = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
    const aged = kept.replace(/\d{14}$/, day(7));
    const young = kept.replace(/\d{14}$/, day(6.99));
    await onServer(`ALTER DATABASE "${kept}" RENAME TO "${young}"`);
    await expect(host().maintain('drop-old-database', { old: young })).rejects.toThrow('stays until');
    await onServer(`ALTER DATABASE "${young}" RENAME TO "${aged}"`);
    const strange = `other_old_${day(30)}`;
    await onServer(`CREATE DATABASE "${strange}"`);
    await expect(host().maintain('drop-old-database', { old: strange })).rejects.toThrow('no database that a restore of');
    expect(await onServer(`SELECT count(*)::int AS there FROM pg_database WHERE datname = '${strange}'`)).toEqual([{ there: 1 }]);
    await dropAll(database.url, [strange]);
    expect(await host().maintain('drop-old-database', { old: aged })).toEqual({ old: aged, dropped: true });
    expect(await host().maintain('drop-old-database', { old: aged })).toMatchObject({ dropped: false, why: 'it is gone already' });
    expect(await host().databases()).toEqual([name]);
    expect(await facts()).toEqual(old);
    await onServer(`CREATE DATABASE "${young}"`);
    const disk = smallDisk(16);
    // The disk of this machine is not filled for a test
    if (disk === undefined) return;
    const cramped = maintained(database.url, { home, backup: { folder: disk } });
    await expect(cramped.maintain('drop-old-database', { old: young })).rejects.toThrow('stays until');
    writeFileSync(path.join(disk, 'eaten'), Buffer.alloc(15_200_000));
    expect(await cramped.maintain('drop-old-database', { old: young })).toEqual({ old: young, dropped: true });
  });
});
