import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDirect } from '../../../src/database/direct.ts';
import { openingOf, writtenSince } from '../../../src/maintenance/restore/written.ts';
import { keepScheduling } from '../../../src/schedule/keep.ts';
import { act } from '../../support/acting.ts';
import { aCommandHome } from '../../support/command.ts';
import { writeProgram } from '../../support/maintained-host.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { aRun, dropAll, restoreParts } from '../../support/restoring.ts';
import { aScheduleBank, notChecking, testJobs, type ScheduleBank } from '../../support/schedule-bank.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const until = (condition: () => boolean | Promise<boolean>) => vi.waitUntil(condition, { timeout: 60_000, interval: 20 });

describe('consoles that work on a schedule while a restore is taken back', () => {
  let world: ScheduleBank;
  let name: string;
  let backup: string;
  let account: string;
  const home = aCommandHome();
  const searchPath = process.env['PATH'];
  /** A service that does not start the first time after the swap, and says so only when it may. */
  const [programs, broken, held] = [aCommandHome(), path.join(home, 'broken'), path.join(home, 'held')];
  const host = () => maintained(world.bank.url, { home, platform: { service: 'bank' } });
  const events = async () => (await query(world.bank.url, 'SELECT count(*)::int AS n FROM platform.event'))[0]?.['n'];
  const say = (words: string) =>
    query(world.bank.url, `INSERT INTO platform.event (level, source, message) VALUES ('info', 'test', $1)`, [words]);
  /** A restore whose service does not start; resolves with how it ended. Consoles may write until `work` is done. */
  const restored = async (work: () => Promise<void>): Promise<string> => {
    const run = aRun();
    for (const [part, input] of restoreParts(run, backup, name).slice(0, 3)) await host().maintain(part, input);
    for (const file of [broken, held]) writeFileSync(file, '');
    const ended = host()
      .maintain('restore-switch', { run })
      .then(JSON.stringify, (error: Error) => error.message);
    await until(() => !existsSync(broken));
    await work();
    rmSync(held);
    return ended;
  };

  beforeAll(async () => {
    writeProgram(
      programs,
      'systemctl',
      `[ "$1" = start ] && [ -e '${broken}' ] || exit 0; rm '${broken}'; while [ -e '${held}' ]; do sleep 0.02; done; echo broken >&2; exit 1`,
    );
    process.env['PATH'] = `${programs}:${searchPath}`;
    world = await aScheduleBank();
    name = new URL(world.bank.url).pathname.slice(1);
    await say('before the backup');
    account = (await world.bank.account({ status: 'active' })).id;
    backup = String((await host().maintain('backup'))['name']);
    await say('after the backup');
  });
  afterAll(async () => {
    process.env['PATH'] = searchPath;
    const left = await host().databases();
    await world[Symbol.asyncDispose]();
    await dropAll(world.bank.url, left);
  });

  test('it comes back by itself all the same, and what they executed meanwhile is not executed again', async () => {
    await world.plant('test-1', 3);
    const executed: string[] = [];
    const jobs = testJobs(async (job, at) => {
      executed.push(`${job} ${at.toISOString()}`);
      return 'done';
    });
    const end = new AbortController();
    let scheduling = Promise.resolve();
    const ended = await restored(async () => {
      const options = { ...notChecking, signal: end.signal, beat: '* * * * * *', onExecuted: () => undefined, onMissed: () => undefined };
      // its connections are cut when the databases change their names, and it tries again
      scheduling = keepScheduling(() => world.as(world.bank.one), jobs, { ...options, onError: () => undefined });
      await until(() => executed.length >= 3);
      await until(
        async () => (await query(world.bank.url, `SELECT FROM ops.schedule_run WHERE status = 'succeeded'`)).length === executed.length,
      );
      expect(await events()).toBe(1);
    });
    expect(ended).toMatch(/the one before is in its place again, nothing was lost/);
    expect([await events(), await host().databases()]).toEqual([2, [name]]);
    // the same console goes on with the database that came back
    await query(world.bank.url, `UPDATE ops.schedule SET next_due = '{}' WHERE name = 'test-1'`);
    await until(
      async () => (await query(world.bank.url, `SELECT FROM ops.schedule WHERE name = 'test-1' AND next_due <> '{}'`)).length === 1,
    );
    end.abort();
    await scheduling;
    expect(executed).toEqual([...new Set(executed)]);
    expect(await query(world.bank.url, 'SELECT problem FROM ops.verify_audit()')).toEqual([{ problem: null }]);
  });

  test('every way of writing is seen, and what the console keeps for itself is not somebody', async () => {
    const { bank } = world;
    const connection = await openDirect(bank.url, { applicationName: 'test' }, () => undefined);
    const seen = async (write: () => Promise<unknown>): Promise<string | undefined> => {
      const opening = await openingOf(connection);
      expect(await writtenSince(connection, opening)).toBeUndefined();
      await write();
      return writtenSince(connection, opening);
    };
    const silently = (sql: string) => () => query(bank.url, `SET session_replication_role = replica; ${sql}`);
    try {
      expect(await seen(() => say('added'))).toBe('platform.event');
      expect(await seen(silently(`UPDATE bank.account SET version = version WHERE id = ${account}`))).toBe('bank.account');
      expect(await seen(silently('DELETE FROM platform.event'))).toBe('platform.event');
      expect(await seen(silently('CREATE TABLE public.their_own (id int)'))).toBe('public.their_own');
      expect(await seen(silently('DROP TABLE public.their_own'))).toBe('public.their_own');
      const client = await bank.connect();
      const hold = `SELECT ops.place_hold(id, version, 'compliance', 'seen by a test', current_date + 7, false) FROM bank.account WHERE id = $1`;
      expect(await seen(() => act(client, bank.one, 'accounts.freeze', db => db.query(hold, [account])))).toBe('the audit log');
      await client.end();
      expect(await seen(silently('UPDATE ops.operator_session SET last_seen_at = clock_timestamp()'))).toBeUndefined();
      expect(await seen(silently(`UPDATE ops.schedule SET looked_until = clock_timestamp()`))).toBeUndefined();
    } finally {
      await connection.end();
    }
  });
});
