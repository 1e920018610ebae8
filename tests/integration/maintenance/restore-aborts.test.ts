import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { undoneCode } from '../../../src/domain/ending-itself.ts';
import { restoreSteps, type RestoreStep } from '../../../src/maintenance/restore/journal.ts';
import { urlOfDatabase } from '../../../src/maintenance/load.ts';
import { aBankOn, type Bank } from '../../support/acting.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { writeHome } from '../../support/maintained-host.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { full, report } from '../../support/reliability.ts';
import { aRestoredPlatform, type RestoredPlatform } from '../../support/restored-platform.ts';
import { aRun, dropAll, journalOf, partOf, restoreParts } from '../../support/restoring.ts';

vi.setConfig({ testTimeout: full ? 3_600_000 : 180_000, hookTimeout: 180_000 });

const program = path.join(import.meta.dirname, '..', '..', '..', 'bin', 'bursar.js');

describe('a restore that is asked to end', () => {
  let database: TestDatabase;
  let bank: Bank;
  let platform: RestoredPlatform;
  let name: string;
  let backup: string;
  const home = aCommandHome();
  const host = () => maintained(database.url, { home, platform: platform.profile });
  const searchPath = process.env['PATH'];

  beforeAll(async () => {
    platform = await aRestoredPlatform(() => true);
    process.env['PATH'] = `${platform.programs}:${searchPath}`;
    writeHome(home, { platform: platform.profile });
    database = await aDatabase('empty');
    name = new URL(database.url).pathname.slice(1);
    bank = await aBankOn(database.url);
    await bank.account({ status: 'active', balance: 4_711 });
    backup = String((await host().maintain('backup'))['name']);
    await bank.account({ status: 'active' });
  });
  afterAll(async () => {
    process.env['PATH'] = searchPath;
    platform[Symbol.dispose]();
    await dropAll(database.url, await host().databases());
  });

  const accounts = async (): Promise<unknown> =>
    (await query(database.url, 'SELECT count(*)::int AS n FROM bank.account WHERE (SELECT problem IS NULL FROM ops.verify_audit())'))[0]?.[
      'n'
    ];

  /** The program itself, as a run starts it; TERM, twice, as soon as the journal says that the step has begun. */
  const ended = async (run: string, step: RestoreStep): Promise<{ readonly code: number | null; readonly said: string }> => {
    const [work = '', input = {}] = restoreParts(run, backup, name)[partOf[step]] ?? [];
    const words = Object.entries(input).flatMap(([flag, value]) => [`--${flag}`, value]);
    const env = { ...process.env, BURSAR_HOME: home, DATABASE_URL: database.url, BURSAR_OWNER_URL: database.url };
    const child = spawn(process.execPath, [program, 'maintain', work, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += piece.toString()));
    const closed = once(child, 'close');
    while (child.exitCode === null && !journalOf(home, run).includes(`"step":"${step}","state":"begun"`)) await pause(1);
    // the second one comes from a console that took the run over from the first
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    await closed;
    return { code: child.exitCode, said };
  };
  const putOldBack = async (): Promise<void> => {
    const [kept] = (await host().databases()).filter(one => one.includes('_old_'));
    const admin = urlOfDatabase(database.url, 'postgres');
    await query(admin, `DROP DATABASE "${name}" WITH (FORCE)`);
    await query(admin, `ALTER DATABASE "${kept}" RENAME TO "${name}"`);
    await query(admin, `ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
  };

  const steps = full ? restoreSteps : (['stop'] as const);
  test.each(steps)('at its step "%s" undoes everything before the swap, and is finished from there on', async step => {
    const times = full ? 20 : 1;
    let longest = 0;
    for (let time = 0; time < times; time++) {
      const run = aRun();
      for (const [work, input] of restoreParts(run, backup, name).slice(0, partOf[step])) await host().maintain(work, input);
      platform.forget();
      const began = performance.now();
      const { code, said } = await ended(run, step);
      longest = Math.max(longest, (performance.now() - began) / 1_000);
      const isFinished = restoreSteps.indexOf(step) >= restoreSteps.indexOf('swap');
      expect(`${code} ${said}`).toMatch(
        isFinished ? /^0 [^]*\nresult \{/ : new RegExp(`^${undoneCode} [^]*asked to end[^]*refused: aborted: the live`),
      );
      expect([await accounts(), platform.isMaintained()]).toEqual([isFinished ? 1 : 2, false]);
      expect(platform.recorded()).toEqual(isFinished || step === 'stop' ? ['stop', 'start'] : []);
      expect((await host().databases()).filter(one => one.includes('_restore_'))).toEqual([]);
      expect(journalOf(home, run)).toContain(`"state":"${isFinished ? 'restored' : 'rolled back'}"`);
      if (isFinished) await putOldBack();
    }
    report(`${times} restores asked to end at "${step}"`, { 'seconds for the longest': Math.round(longest * 10) / 10 });
  });
});
