import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aCommand, type Answer } from '../support/command.ts';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';
import { aMaintainedHost, type MaintainedHost } from '../support/maintained-host.ts';
import { carriedOutHere } from '../support/works.ts';
import { eventsOlder, plantEvents, plantSecurityEvents } from '../support/old-rows.ts';
import { whyNoSshServer } from '../support/ssh-server.ts';

// each look at a run is a shell on the host, and a busy machine takes seconds for one
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const note = 'as the guide says';

describe.skipIf(whyNoSshServer !== undefined)('cleanup, vacuum and statistics by the guides', () => {
  let bank: GuideBank;
  let host: MaintainedHost;
  let temporary: string;
  beforeAll(async () => {
    bank = await aGuideBank();
    host = await aMaintainedHost({ url: bank.url });
    temporary = path.join(host.bursarHome, 'platform', 'tmp');
    mkdirSync(temporary, { recursive: true });
    writeFileSync(path.join(host.bursarHome, 'config.json'), JSON.stringify({ platform: { temporary: [temporary] } }));
    await host.join(bank);
  });
  afterAll(async () => {
    await bank[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  const tries = (role: string, ...args: string[]): Promise<Answer> =>
    aCommand({ url: bank.url, home: host.consoleHome, environment: { BURSAR_REASON: 'a guide is followed' } })('--as', role, ...args);
  const bursar = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await tries('sysop', ...args);
    if (code !== 0) throw new Error(`bursar ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  };
  const runIn = (said: string): string => /run (\d+)/.exec(said)?.[1] ?? '';
  /** Has a run executed that a command asked for, over SSH; gives what its step found out. */
  const followed = async (said: string): Promise<Record<string, unknown>> => {
    await bursar('runs', 'follow', runIn(said));
    const [row] = await bank.rows('SELECT s.result FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id WHERE r.number = $1', [
      runIn(said),
    ]);
    return row?.['result'] as Record<string, unknown>;
  };
  /** The same without a connection: its words are done here, which takes a tenth of the time. */
  const done = (said: string) => carriedOutHere(bank, runIn(said), host.bursarHome);
  const runs = async (runbook: string, ...args: string[]) =>
    done(await bursar('cleanups', runbook, '--host', 'db1', ...args, '--note', note, '--yes'));
  const cleanUp = async (cleanup: unknown) =>
    done(await bursar('cleanups', 'cleanup', String(cleanup), '--note', note, '--yes', '--confirm', 'database on db1'));

  test('P6 statistics: how large the database is, its tables, how many records they hold, temporary files', async () => {
    writeFileSync(path.join(temporary, 'young'), '12345');
    const found = await followed(await bursar('cleanups', 'statistics', '--host', 'db1', '--note', note, '--yes'));
    const accounts = Number(await bank.value('SELECT count(*) FROM bank.account'));
    expect(found).toMatchObject({ database: { tables: expect.any(Number) as number }, temporary: { files: 1, bytes: 5 } });
    expect(Number((found['database'] as Record<string, unknown>)['bytes'])).toBeGreaterThan(5_000_000);
    expect(found['tables']).toContainEqual(expect.objectContaining({ name: 'bank.account', rows: accounts, exact: true }));
    await using console = await bank.screen('runs', [160, 50], 'sven');
    await console.press('d');
    await console.sees('Database statistics', 'succeeded', 'bank.transaction');
  });

  test('P7 an estimate first, for any number of days: 60 of the activity log', async () => {
    await plantEvents(bank, 40, 61);
    const [at60, at90] = [
      await runs('cleanup-estimate', '--policy', 'activity-logs', '--days', '60'),
      await runs('cleanup-estimate', '--policy', 'activity-logs'),
    ];
    expect(Number(at60['rows'])).toBeGreaterThanOrEqual(Number(at90['rows']) + 40);
    // fewer days than the policy says take two people; fewer than its floor nobody gets
    const asked = await tries(
      'sysop',
      'cleanups',
      'cleanup',
      String(at60['cleanup']),
      '--note',
      note,
      '--yes',
      '--confirm',
      'database on db1',
    );
    expect(asked).toMatchObject({ code: 4, stderr: expect.stringContaining('approval.decide') as string });
    const below = await tries(
      'sysop',
      'cleanups',
      'cleanup-estimate',
      '--host',
      'db1',
      '--policy',
      'activity-logs',
      '--days',
      '20',
      '--note',
      note,
      '--yes',
    );
    expect(below).toMatchObject({ code: 3, stderr: expect.stringContaining('at least 30 days') as string });
    expect(await eventsOlder(bank, 60)).toBeGreaterThanOrEqual(40);
  });

  test('P5 full cleanup: activity 90 days, execution 30 days, temporary files 24 hours; the security log is archived first and audit stays', async () => {
    await plantEvents(bank, 120, 91);
    await plantSecurityEvents(bank, 25, 91);
    const old = path.join(temporary, 'old');
    writeFileSync(old, 'left behind');
    const audit = await bank.value('SELECT count(*) FROM ops.audit');
    await using console = await bank.screen('cleanups', [160, 50], 'sven');
    await console.press('x', 'e');
    await console.fill({ host: 'db1', note });
    await console.sees('what all policies would remove is counted');
    await console.confirm();
    await console.sees('[ok] queued run');
    const counted = await done(console.frame());
    await goTo(console, `cleanups id=${String(counted['cleanup'])}`);
    await console.press('x', 'c');
    await console.fill({ note });
    await console.sees('events of the platform, from', 'it stops at 110 % of the count');
    await console.confirm('database on db1');
    await console.sees('[ok] queued run');
    // a day later, as far as temporary files go
    await bank.rows(`WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))
      UPDATE ops.cleanup_part p SET boundary = clock_timestamp() + interval '1 minute', rows = p.rows + 2 FROM off WHERE p.policy = 'temp-files' AND p.cleanup_id = ${String(counted['cleanup'])}`);
    expect(await followed(console.frame())).toMatchObject({ cleanup: counted['cleanup'] });
    expect(await eventsOlder(bank, 90)).toBe(0);
    expect([existsSync(old), existsSync(temporary)]).toEqual([false, true]);
    const [archive] = await bank.rows(
      'SELECT archive, archive_rows::int AS rows FROM ops.cleanup_part WHERE cleanup_id = $1 AND archive IS NOT NULL',
      [counted['cleanup']],
    );
    expect(readFileSync(String(archive?.['archive']), 'utf8').trimEnd().split('\n')).toHaveLength(25);
    expect(Number(await bank.value('SELECT count(*) FROM ops.audit'))).toBeGreaterThan(Number(audit));
    expect(await bursar('cleanups', 'list')).toMatch(/all +done/);
  });

  test('P8 single ones: activity logs, temporary files, orphaned data, vacuum', async () => {
    await plantEvents(bank, 30, 91);
    for (const policy of ['activity-logs', 'temp-files', 'orphaned-data']) {
      const counted = await runs('cleanup-estimate', '--policy', policy);
      if (counted['rows'] !== 0) await cleanUp(counted['cleanup']);
    }
    expect(await eventsOlder(bank, 90)).toBe(0);
    const orphans = await runs('orphans');
    expect(orphans['each']).toContainEqual(expect.objectContaining({ what: 'notes about what is gone', goes: false }));
    expect(await runs('vacuum', '--table', 'platform.event')).toMatchObject({ tables: 1, each: [{ table: 'platform.event' }] });
  });

  test('D35 weekly: vacuum analyze, and indexes that nobody uses', async () => {
    expect(Number((await runs('vacuum'))['tables'])).toBeGreaterThan(0);
    const analyzed = `SELECT count(*) FROM pg_stat_user_tables WHERE schemaname = 'bank' AND n_mod_since_analyze > 0 AND relname <> 'auth_event'`;
    expect(await bank.value(analyzed)).toBe('0');
    const unused = await runs('unused-indexes');
    expect(unused['each']).toContainEqual(expect.objectContaining({ scans: 0 }));
    // what keeps a rule is no candidate, however seldom it is scanned
    expect((unused['each'] as { index: string }[]).filter(({ index }) => /_pkey$|_key$/.test(index))).toEqual([]);
  });

  test('H21 weekly VACUUM ANALYZE is a run of one word', async () => {
    await bank.rows(`UPDATE platform.demo_marker SET seed = seed`).catch(() => undefined);
    const found = await runs('vacuum', '--table', 'bank.transaction');
    expect(found).toMatchObject({ tables: 1 });
    expect(
      await bank.value(
        `SELECT last_analyze > now() - interval '5 minutes' FROM pg_stat_user_tables WHERE relid = 'bank.transaction'::regclass`,
      ),
    ).toBe('true');
  });

  test('P16 degradation: statistics, cleanup, vacuum, watch, as a walkthrough that ticks what was done', async () => {
    await bursar('flows', 'begin', '--flow', 'slowness', '--about', 'db1', '--note', 'pages take seconds', '--yes');
    await using console = await bank.screen('flow-steps', [160, 50], 'sven');
    await console.sees('[ ] How large everything is', '[ ] Vacuum and analyze', '[ ] Watch it for a while');
    const step = (words: string) => console.until(() => console.frame().includes(words), words);
    expect(await done(await bursar('runs', 'statistics', '--host', 'db1', '--note', note, '--yes'))).toHaveProperty('database');
    await goTo(console, 'flow-steps');
    await step('[x] How large everything is');
    const counted = await runs('cleanup-estimate');
    if (Number(counted['rows']) > 0) await cleanUp(counted['cleanup']);
    expect(await done(await bursar('runs', 'vacuum', '--host', 'db1', '--note', note, '--yes'))).toHaveProperty('dead');
    await goTo(console, 'flow-steps');
    await step('[x] Vacuum and analyze');
    const watch = (await bank.rows(`SELECT id FROM ops.flow WHERE flow = 'slowness'`))[0]?.['id'];
    expect(await bursar('flow-steps', 'list', `flow=${String(watch)}`)).toContain('Clean up what nobody needs');
  });

  test('retention is a policy that two people change, never below its floor', async () => {
    const id = 'activity-logs';
    const change = (days: string) => tries('sysop', 'policies', 'edit', id, '--days', days, '--note', note, '--yes', '--confirm', id);
    expect(await change('20')).toMatchObject({ code: 3, stderr: expect.stringContaining('at least 30 days') as string });
    const asked = await change('45');
    expect(asked.code).toBe(4);
    const request = /request (\d+)/.exec(asked.stderr)?.[1] ?? '';
    expect(await bank.value(`SELECT days FROM ops.cleanup_policy WHERE name = '${id}'`)).toBe('90');
    expect((await tries('manager', 'inbox', 'approve', request, '--note', note, '--yes')).code).toBe(0);
    expect(await bank.value(`SELECT days FROM ops.cleanup_policy WHERE name = '${id}'`)).toBe('45');
    expect((await tries('sysop', 'policies', 'edit', 'audit', '--days', '400', '--note', note, '--yes', '--confirm', 'audit')).code).toBe(
      3,
    );
  });
});
