import { chmodSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fingerprintOfKey } from '../../../src/domain/machine.ts';
import { aCommand } from '../../support/command.ts';
import { aDaemon, type DaemonProcess } from '../../support/daemon-process.ts';
import { aMaintainedHost, type MaintainedHost } from '../../support/maintained-host.ts';
import { addMachine } from '../../support/machines.ts';
import { inFullOnly } from '../../support/reliability.ts';
import { plantRun } from '../../support/runs.ts';
import { whyNoSshServer } from '../../support/ssh-server.ts';
import { aStaffedBank, type Member, type StaffedBank } from '../../support/staff.ts';

vi.setConfig({ testTimeout: 120_000 });
const note = 'done by a test of machines';

describe.skipIf(whyNoSshServer !== undefined)('a daemon with the key of a machine', () => {
  let bank: StaffedBank;
  let host: MaintainedHost;
  let [ada, bert, sam] = [] as unknown as [Member, Member, Member];
  let home: string;
  let machine: bigint;
  let daemon: DaemonProcess;

  beforeAll(async () => {
    bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'], sam: ['sysop'] });
    [ada, bert, sam] = await Promise.all([bank.member('ada'), bank.member('bert'), bank.member('sam')]);
    host = await aMaintainedHost({ url: bank.url });
    await host.join(bank);
    home = host.consoleHome;
    daemon = aDaemon({ url: bank.url, home });
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
    await bank[Symbol.asyncDispose]();
  });

  const bursar = (...args: string[]) => aCommand({ url: bank.url, home })(...args);
  const keyFile = (): string => path.join(home, 'machine', readdirSync(path.join(home, 'machine'))[0] ?? '');
  const keys = (): readonly string[] => (JSON.parse(readFileSync(keyFile(), 'utf8')) as { keys: string[] }).keys;
  const sessions = (): Promise<Record<string, unknown>[]> =>
    bank.rows(
      `SELECT id, revoked_at IS NULL AND expires_at > clock_timestamp() AS live FROM ops.operator_session WHERE operator_id = $1 ORDER BY number`,
      [String(machine)],
    );
  const runEnds = (number: string, status: string, timeout = 60_000) =>
    vi.waitFor(async () => expect(await bank.value('SELECT status FROM ops.run WHERE number = $1', [number])).toBe(status), {
      timeout,
      interval: 100,
    });
  /** Nobody else is there. */
  const peopleLeave = () =>
    bank.rows(`UPDATE ops.operator_session SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL AND kind <> 'machine'`);
  const start = async (): Promise<void> => {
    daemon = aDaemon({ url: bank.url, home }, '--debug-log', path.join(home, 'debug.log'));
    await vi.waitUntil(() => daemon.said().includes('works for machine.backup1'), { timeout: 90_000 });
  };

  test('does not start without a key, nor with one that nobody approved; the key is in a file of its own and shown nowhere', async () => {
    expect(await daemon.ended).toBe(3);
    expect(daemon.said()).toContain('nobody is signed in');
    const enrolled = await bursar('machines', 'enrol', 'backup1');
    expect(enrolled).toMatchObject({ code: 0, stdout: `${fingerprintOfKey(keys()[0] ?? '')}\n` });
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
    expect(enrolled.stdout + enrolled.stderr).not.toContain(keys()[0]);
    expect(await bursar('notices', 'send')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('the name or the key of this machine is wrong') as string,
    });
    expect(await bursar('machines', 'enrol', 'Backup 1')).toMatchObject({ code: 2 });
    expect(await bursar('machines', 'enrol', 'other')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('the key of the machine backup1') as string,
    });
    chmodSync(keyFile(), 0o644);
    expect(await bursar('notices', 'send')).toMatchObject({ code: 1, stderr: expect.stringContaining('can be read by others') as string });
    chmodSync(keyFile(), 0o600);
  });

  test('executes the planned backup that is due while nobody is signed in, over SSH, and all of it is on record under its name', async () => {
    machine = (await addMachine(bank, { maker: ada, checker: bert }, 'backup1', {}, keys()[0])).id;
    const planned = await sam.run('schedule.plan', {
      name: 'nightly-backup',
      runbook: 'backup',
      with: 'host=db1',
      cron: '0 2 * * *',
      catchUp: '30h',
      note,
    });
    expect(planned).toMatchObject({ ok: true });
    await peopleLeave();
    // a minute before it was due the last time: in 25 hours it is due twice, whenever the clock stands between two and three
    await bank.behindItsBack(
      `UPDATE ops.schedule SET looked_until = (date_trunc('day', now() AT TIME ZONE c.time_zone - interval '2 hours') + interval '2 hours') AT TIME ZONE c.time_zone - interval '1 minute'
         FROM bank.calendar c WHERE name = 'nightly-backup'`,
    );
    await start();
    await vi.waitUntil(async () => (await bank.value('SELECT count(*)::int FROM ops.run')) === 1, { timeout: 30_000 });
    await runEnds('1', 'succeeded', 90_000);
    await vi.waitUntil(async () => (await bank.value(`SELECT count(*)::int FROM ops.backup WHERE status = 'verified'`)) === 1, {
      timeout: 30_000,
    });
    const trail = await bank.rows(`SELECT operator, action, outcome::text FROM ops.audit WHERE entity = 'run' ORDER BY seq`);
    expect(trail).toEqual([
      { operator: 'machine.backup1', action: 'schedule.queue-run', outcome: 'success' },
      { operator: 'machine.backup1', action: 'runs.finish', outcome: 'success' },
    ]);
  });

  test('goes on past the end of its session, a session that somebody ended, and connections that broke', async () => {
    const before = await sessions();
    // short, as the session of a person who signed in nearly an hour ago: what is left is prolonged by the key, or it is over
    await bank.rows('UPDATE ops.operator_session SET expires_at = clock_timestamp() WHERE operator_id = $1 AND revoked_at IS NULL', [
      String(machine),
    ]);
    await vi.waitUntil(async () => (await sessions()).length === before.length + 1, { timeout: 60_000 });
    await bank.rows('UPDATE ops.operator_session SET revoked_at = clock_timestamp() WHERE operator_id = $1 AND revoked_at IS NULL', [
      String(machine),
    ]);
    await vi.waitUntil(async () => (await sessions()).length === before.length + 2, { timeout: 60_000 });
    await bank.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name ~ '^bursar [0-9]+ '`,
    );
    await runEnds(await plantRun(bank, [{ words: ['true'], host: 'db1' }]), 'succeeded');
    expect(daemon.child.exitCode).toBeNull();
  });

  test.each(inFullOnly)('killed in the middle of a run, what it began is taken up by the next, once', async () => {
    const file = path.join(host.folder, 'once');
    const number = await plantRun(bank, [{ words: ['sh', '-c', `echo once >> ${file}; sleep 2; echo ended >> ${file}`], host: 'db1' }]);
    await vi.waitUntil(() => readdirSync(host.folder).includes('once'), { timeout: 30_000 });
    await daemon.end('SIGKILL');
    // the fifteen seconds of its lease, at once
    await bank.behindItsBack(`UPDATE ops.run SET lease_until = clock_timestamp() WHERE number = $1`, [number]);
    await start();
    await runEnds(number, 'succeeded');
    expect(readFileSync(file, 'utf8')).toBe('once\nended\n');
  });

  test('is asked for its new key by nobody: enrolled and approved, it takes over while the daemon works', async () => {
    [ada, bert] = await Promise.all([bank.member('ada'), bank.member('bert')]);
    const [old] = keys();
    await bursar('machines', 'enrol', 'backup1');
    expect(keys()[0]).toBe(old);
    const rotated = await bank.both(ada, bert, 'machines.rotate', {
      id: String(machine),
      fingerprint: fingerprintOfKey(keys()[1] ?? ''),
      note,
    });
    expect(rotated).toMatchObject({ ok: true });
    await vi.waitUntil(() => keys().length === 1 && keys()[0] !== old, { timeout: 60_000 });
    expect((await sessions()).at(-1)).toMatchObject({ live: true });
    expect(daemon.child.exitCode).toBeNull();
  });

  test('commands act as the machine where nobody signed in, and it may ask for nothing', async () => {
    expect(await bursar('whoami')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^machine\.backup1 .*\n.*\nmay: detection\.run, host\.read/) as string,
    });
    expect(await bursar('hosts', 'ask', 'db1')).toMatchObject({ code: 0 });
    expect(await bursar('schedule', 'list')).toMatchObject({ code: 0, stdout: expect.stringContaining('nightly-backup') as string });
    expect(await bursar('users', 'list')).toMatchObject({ code: 3 });
    const asked = await bursar('schedule', 'run-now', 'ledger', '--note', note, '--yes');
    expect(asked).toMatchObject({ code: 3, stderr: expect.stringContaining('a machine asks for nothing') as string });
  });

  test('revoked, its next write is refused and the daemon ends with a sentence and code 3; its keys are found nowhere', async () => {
    sam = await bank.member('sam');
    expect(await sam.run('machines.revoke', { id: String(machine), note })).toMatchObject({ ok: true });
    expect(await daemon.ended).toBe(3);
    expect(daemon.said()).toContain('the machine backup1 was revoked');
    const tables = await bank.rows(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('bank', 'ops', 'platform')`,
    );
    const stored: unknown[] = [];
    for (const { name } of tables) stored.push(await bank.value(`SELECT string_agg(t::text, '|') FROM ${String(name)} t`));
    const everything = `${daemon.said()}${readFileSync(path.join(home, 'debug.log'), 'utf8')}${JSON.stringify(stored)}`;
    expect(everything).toContain(fingerprintOfKey(keys()[0] ?? ''));
    for (const key of keys()) expect(everything).not.toContain(key);
  });
});
