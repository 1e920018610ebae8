import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { restoreSteps, type RestoreStep } from '../../../src/maintenance/restore/journal.ts';
import { aBankOn, type Bank } from '../../support/acting.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { report } from '../../support/reliability.ts';
import { aRun, dropAll, inProcess, journalOf, restoreParts } from '../../support/restoring.ts';

vi.setConfig({ testTimeout: 3_600_000, hookTimeout: 120_000 });

/** Which part of a restore does which steps. */
const partOf: Readonly<Record<RestoreStep, number>> = {
  'lock': 0, 'safety backup': 0, 'space and manifest': 0, 'load': 1, 'check': 1, 'carry forward': 2, 'stop': 3, 'swap': 3, 'start': 3, 'finish': 3,
}; // prettier-ignore

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
    const account = await bank.account({ status: 'active', balance: 4_711 });
    backup = String((await maintained(database.url, { home }).maintain('backup'))['name']);
    const later = await bank.account({ status: 'frozen', balance: 815 });
    await bank.account({ status: 'active' });
    expect([account.number, later.number]).toHaveLength(2);
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
  const begins = (run: string, wanted: RestoreStep) => () => journalOf(home, run).includes(`"step":"${wanted}","state":"begun"`);

  test('at every one of its ten steps, and begun again each time, comes to its end', async () => {
    const run = aRun();
    let longest = 0;
    for (const wanted of restoreSteps) {
      const killed = await inProcess(step(run, partOf[wanted]), begins(run, wanted));
      expect(killed.signal, `${wanted}: ${killed.said}`).toBe('SIGKILL');
      if (wanted !== 'swap') expect(await whole()).toBe(restoreSteps.indexOf(wanted) > restoreSteps.indexOf('swap') ? 'new' : 'old');
      const next = restoreSteps[restoreSteps.indexOf(wanted) + 1];
      if (next !== undefined && partOf[next] === partOf[wanted]) continue;
      const began = performance.now();
      const ended = await inProcess(step(run, partOf[wanted]));
      expect(ended.code, `${wanted}: ${ended.said}`).toBe(0);
      longest = Math.max(longest, performance.now() - began);
    }
    expect(await whole()).toBe('new');
    report('a restore killed once at each of ten steps', { 'seconds for the longest part afterwards': Math.round(longest / 100) / 10 });
    expect(longest).toBeLessThan(60_000);
  });
});
