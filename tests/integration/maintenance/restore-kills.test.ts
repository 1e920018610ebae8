import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { restoreSteps, type RestoreStep } from '../../../src/maintenance/restore/journal.ts';
import { urlOfDatabase } from '../../../src/maintenance/load.ts';
import { aBankOn, type Bank } from '../../support/acting.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { full, report } from '../../support/reliability.ts';
import { aRun, beginOf, dropAll, inProcess, journalOf, partOf, restoreParts } from '../../support/restoring.ts';

vi.setConfig({ testTimeout: 3_600_000, hookTimeout: 180_000 });

describe('a restore that is killed', () => {
  let database: TestDatabase;
  let bank: Bank;
  let name: string;
  let backup: string;
  const home = aCommandHome();
  beforeAll(async () => {
    database = await aDatabase('empty');
    name = new URL(database.url).pathname.slice(1);
    bank = await aBankOn(database.url);
    await bank.account({ status: 'active', balance: 4_711 });
    backup = String((await maintained(database.url, { home }).maintain('backup'))['name']);
    await bank.account({ status: 'frozen', balance: 815 });
    await bank.account({ status: 'active' });
  });
  afterAll(async () => {
    await dropAll(database.url, await maintained(database.url, { home }).databases());
  });

  /** The bank as one of the two: what it was before, or what was restored; never a mixture, and always there. */
  const whole = async (): Promise<'old' | 'new'> => {
    const [row] = await query(
      database.url,
      `SELECT (SELECT count(*)::int FROM bank.account) AS accounts, (SELECT sum(balance)::text FROM bank.account) AS sum, (SELECT problem FROM ops.verify_audit()) AS problem,
              (SELECT count(*)::int FROM ops.operator) AS operators`,
    );
    expect(row).toMatchObject({ problem: null });
    const [accounts, sum] = [row?.['accounts'], row?.['sum']];
    if (accounts === 3 && sum === '5526') return 'old';
    expect([accounts, sum]).toEqual([1, '4711']);
    return 'new';
  };
  const step = (run: string, part: number) => {
    const [work, input] = restoreParts(run, backup, name)[part] ?? ['', {}];
    return { url: database.url, home, name: work, input };
  };
  const begins = (run: string, wanted: RestoreStep) => () => journalOf(home, run).includes(beginOf(wanted));

  const isAfterSwap = (wanted: RestoreStep): boolean => restoreSteps.indexOf(wanted) > restoreSteps.indexOf('swap');
  const kill = async (run: string, wanted: RestoreStep): Promise<void> => {
    // with the full counts it runs on, and is killed wherever it is by then
    const standsStillAt = full ? undefined : beginOf(wanted);
    const killed = await inProcess({ ...step(run, partOf[wanted]), standsStillAt }, begins(run, wanted));
    expect(`${wanted} ${killed.signal} ${killed.signal === 'SIGKILL' ? '' : killed.said}`).toBe(`${wanted} SIGKILL `);
  };
  const host = () => maintained(database.url, { home });
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work();
    return (performance.now() - began) / 1_000;
  };
  /** The bank from before the restore once more. */
  const putOldBack = async (): Promise<void> => {
    const [old] = (await host().databases()).filter(one => one.includes('_old_'));
    const admin = urlOfDatabase(database.url, 'postgres');
    await query(admin, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    await query(admin, `DROP DATABASE "${name}" WITH (FORCE)`);
    await query(admin, `ALTER DATABASE "${old}" RENAME TO "${name}"`);
    await query(admin, `ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
  };

  test('is undone before the swap and goes on after it, whichever step it was killed at', async () => {
    const times = full ? restoreSteps.flatMap(one => Array.from({ length: 20 }, () => one)) : (['swap'] as const);
    const ends: string[] = [];
    let longest = 0;
    for (const wanted of times) {
      const run = aRun();
      for (const [work, input] of restoreParts(run, backup, name).slice(0, partOf[wanted])) await host().maintain(work, input);
      await kill(run, wanted);
      let end = '';
      longest = Math.max(longest, await timed(async () => (end = String((await host().maintain('restore-resume', { run }))['end']))));
      expect(await whole()).toBe(end === 'restored' ? 'new' : 'old');
      expect((await host().databases()).filter(one => one.includes('_restore_'))).toEqual([]);
      if (end === 'restored') await putOldBack();
      ends.push(end);
    }
    report(`${times.length} restores that were killed and resumed`, {
      'ended restored': ends.filter(end => end === 'restored').length,
      'were undone': ends.filter(end => end === 'rolled back').length,
      'seconds for the longest': Math.round(longest * 10) / 10,
    });
    expect(longest).toBeLessThan(60);
  });

  const wantedSteps = full ? restoreSteps : (['safety backup', 'load', 'carry forward', 'swap', 'start'] as const);
  test(`at ${wantedSteps.length} of its ten steps, and begun again each time, comes to its end`, async () => {
    const run = aRun();
    let longest = 0;
    for (const [index, wanted] of wantedSteps.entries()) {
      await kill(run, wanted);
      // between a kill in the swap and its resumption nobody may be let in
      if (wanted === 'swap') continue;
      expect(await whole()).toBe(isAfterSwap(wanted) ? 'new' : 'old');
      const next = wantedSteps[index + 1];
      if (next !== undefined && partOf[next] === partOf[wanted]) continue;
      const [work, input] = restoreParts(run, backup, name)[partOf[wanted]] ?? ['', {}];
      longest = Math.max(longest, await timed(() => host().maintain(work, input)));
    }
    expect(await whole()).toBe('new');
    report(`a restore killed once at each of ${wantedSteps.length} steps`, {
      'seconds for the longest part afterwards': Math.round(longest * 10) / 10,
    });
    expect(longest).toBeLessThan(60);
  });
});
