import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectionSettings } from '../../../src/database/settings.ts';
import { urlOfDatabase } from '../../../src/maintenance/load.ts';
import { findTools } from '../../../src/maintenance/tools.ts';
import { aCommand, aCommandHome, type Answer } from '../../support/command.ts';
import { aGuideBank, type GuideBank } from '../../support/guide-bank.ts';
import { aMaintainedHost, writeProgram, type MaintainedHost } from '../../support/maintained-host.ts';
import { maintained } from '../../support/maintained.ts';
import { full, report } from '../../support/reliability.ts';
import { aRestoredPlatform, type RestoredPlatform } from '../../support/restored-platform.ts';
import { dropAll } from '../../support/restoring.ts';
import { whyNoSshServer } from '../../support/ssh-server.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 240_000 });

const program = path.join(import.meta.dirname, '..', '..', '..', 'bin', 'bursar.js');
const note = 'the wrong backup was named';
const parts = ['prepare', 'load and check', 'carry forward', 'switch'] as const;

describe.skipIf(whyNoSshServer !== undefined)('a run that restores a bank on its host', () => {
  let bank: GuideBank;
  let host: MaintainedHost;
  let platform: RestoredPlatform;
  let database: string;
  let backup: string;
  /** While it is there the program of the host waits that is named so. */
  let folder: string;
  const holds = (name: string): string => path.join(folder, name);
  beforeAll(async () => {
    bank = await aGuideBank();
    database = new URL(bank.url).pathname.slice(1);
    folder = aCommandHome();
    platform = await aRestoredPlatform(() => !existsSync(holds('health')), 60);
    host = await aMaintainedHost({ url: bank.url, config: { platform: platform.profile } });
    const waiting = (name: string): string => `while [ -e '${holds(name)}' ]; do sleep 0.1; done`;
    writeProgram(
      host.programs,
      'systemctl',
      `PATH=/usr/bin:/bin; [ "$1" != stop ] || ${waiting('stop')}\nexec '${platform.programs}/systemctl' "$@"`,
    );
    const tools = await findTools(150_000, undefined, new AbortController().signal);
    for (const tool of tools === undefined ? [] : (['pg_dump', 'pg_dumpall', 'pg_restore'] as const)) {
      const wait = {
        pg_dump: `case "$*" in *--version) ;; *) ${waiting('prepare')};; esac\n`,
        pg_dumpall: '',
        pg_restore: `case "$*" in *--dbname*) ${waiting('load')};; esac\n`,
      };
      writeProgram(host.programs, tool, `${wait[tool]}exec '${tools?.folder ?? ''}/${tool}' "$@"`);
    }
    await host.join(bank);
    const { stdout } = await bursar('backups', 'backup', '--host', 'db1', '--note', note, '--yes');
    await bursar('runs', 'follow', /run (\d+)/.exec(stdout)?.[1] ?? '');
    backup = await bank.value(`SELECT name FROM ops.backup WHERE status = 'verified'`);
  });
  afterAll(async () => {
    platform[Symbol.dispose]();
    await dropAll(bank.url, await maintained(bank.url, { home: host.bursarHome }).databases());
    await host[Symbol.asyncDispose]();
  });

  const bursar = (...args: string[]): Promise<Answer> =>
    aCommand({ url: bank.url, home: host.consoleHome, environment: { BURSAR_REASON: note } })(...args);
  const transactions = async (): Promise<string> =>
    bank.value('SELECT count(*) FROM bank.transaction WHERE (SELECT problem IS NULL FROM ops.verify_audit())');
  const stepsOf = (run: string) =>
    bank.rows(
      'SELECT s.title, s.status, s.tail FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id WHERE r.number = $1 ORDER BY s.position',
      [run],
    );
  const stepOf = async (run: string, title: string) => (await stepsOf(run)).find(step => step['title'] === title);
  const wish = (...more: string[]): Promise<Answer> =>
    bursar('backups', 'restore', backup, '--database', database, '--note', note, '--yes', ...more);
  /** Asked for by one and approved by another; gives the number of the run. */
  const queued = async (): Promise<string> => {
    // what is to be typed is said where it is not given
    const words = /--confirm (.+)/.exec((await wish()).stderr)?.[1]?.replace(/^'(.*)'$/, '$1') ?? '';
    const asked = await wish('--confirm', words);
    expect(`${asked.code} ${asked.code === 4 ? '' : asked.stderr + asked.stdout}`).toBe('4 ');
    const request = /request (\d+)/.exec(asked.stderr)?.[1] ?? '';
    const approved = await bursar('--as', 'manager', 'inbox', 'approve', request, '--note', note, '--yes');
    expect(approved.stdout).toMatch(/run \d+/);
    return /run (\d+)/.exec(approved.stdout)?.[1] ?? '';
  };
  const abort = async (run: string): Promise<void> => {
    const { code, stderr } = await bursar('runs', 'abort', run, '--note', note, '--yes');
    expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
  };
  const until = (run: string, title: string, said: string | RegExp) =>
    expect.poll(async () => String((await stepOf(run, title))?.['tail']), { timeout: 240_000 }).toMatch(said);
  /** Whatever carries forward waits for this lock. */
  const locked = async (): Promise<() => Promise<void>> => {
    const client = new Client(connectionSettings(bank.url, { applicationName: 'tests' }));
    client.on('error', () => undefined); // it ends with the database that is replaced
    await client.connect();
    await client.query('SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE bank.auth_event IN ACCESS EXCLUSIVE MODE');
    return () => client.end();
  };

  const cases = [
    { at: 'load and check', hold: 'load', stopped: [] },
    { at: 'carry forward', hold: 'lock', stopped: [] },
    { at: 'switch', hold: 'stop', stopped: ['stop', 'start'] },
  ] as const;
  test.each(full ? cases : [])('that is aborted in "$at" before the swap leaves everything as it was', async ({ at, hold, stopped }) => {
    const before = await transactions();
    const run = await queued();
    platform.forget();
    writeFileSync(holds(hold === 'lock' ? 'load' : hold), '');
    const following = bursar('runs', 'follow', run);
    // a dump waits for no lock: what carries forward meets one that was taken after it
    await until(run, hold === 'stop' ? 'switch' : 'load and check', /%/);
    const free = hold === 'lock' ? await locked() : async () => rmSync(holds(hold), { force: true });
    if (hold === 'lock') rmSync(holds('load'));
    await until(run, at, /%/);
    await expect.poll(() => hold !== 'stop' || platform.isMaintained(), { timeout: 60_000 }).toBe(true);
    await abort(run);
    // what is stopped half-way is worse than either: that the service stops is waited for
    if (hold === 'stop') await until(run, at, 'asked to end');
    if (hold === 'stop') await free();
    expect(await following).toMatchObject({ code: 1, stdout: expect.stringContaining('aborted') as string });
    await free();
    expect(await stepOf(run, at)).toMatchObject({
      status: 'aborted',
      tail: expect.stringContaining('the scratch one is dropped') as string,
    });
    expect(await transactions()).toBe(before);
    expect(await maintained(bank.url, { home: host.bursarHome }).databases()).toEqual([database]);
    expect([platform.isMaintained(), platform.recorded()]).toEqual([false, stopped]);
  });

  test.each(full ? [parts.length] : [])(
    'goes on though its console is killed with -9 in each of its %s parts, and comes to its end',
    async killed => {
      for (const hold of ['prepare', 'load', 'stop']) writeFileSync(holds(hold), '');
      const run = await queued();
      let free: () => Promise<void> = async () => undefined;
      for (const [index, part] of parts.entries()) {
        const env = { ...process.env, BURSAR_HOME: host.consoleHome, DATABASE_URL: bank.url };
        const child = spawn(process.execPath, [program, 'runs', 'follow', run], { env, stdio: 'ignore' });
        const closed = once(child, 'close');
        await until(run, part, /%/);
        child.kill('SIGKILL');
        await closed;
        expect(await stepOf(run, part)).toMatchObject({ status: 'running' });
        if (part === 'load and check') free = await locked();
        const hold = ['prepare', 'load', '', 'stop'][index];
        if (hold !== '') rmSync(holds(hold ?? ''));
        else await free();
      }
      expect(await bursar('runs', 'follow', run)).toMatchObject({ code: 0 });
      expect((await stepsOf(run)).map(({ status }) => status)).toEqual(parts.map(() => 'succeeded'));
      expect(platform.isMaintained()).toBe(false);
      report('consoles killed while a bank was restored', { killed, 'begun twice': 0 });
    },
  );

  test('a drill that is aborted is waited for, drops what it loaded and says so', async () => {
    const { stdout } = await bursar('backups', 'drill', '--host', 'db1', '--note', note, '--yes');
    const run = /run (\d+)/.exec(stdout)?.[1] ?? '';
    writeFileSync(holds('load'), '');
    const following = bursar('runs', 'follow', run);
    await until(run, 'drill', /loads into/);
    const [scratch = ''] = (await maintained(bank.url, { home: host.bursarHome }).databases()).filter(one => one.endsWith('_drill'));
    // whoever has a lock of it keeps it from being dropped
    const client = new Client(connectionSettings(urlOfDatabase(bank.url, 'postgres'), { applicationName: 'tests' }));
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`SET idle_in_transaction_session_timeout = 0; BEGIN; COMMENT ON DATABASE "${scratch}" IS 'seen by a test'`);
    await abort(run);
    await until(run, 'drill', 'asked to end');
    // a program that is not waited for is killed after five seconds
    if (full) await new Promise(resolve => setTimeout(resolve, 8_000));
    expect(await stepOf(run, 'drill')).toMatchObject({ status: 'running' });
    await client.end();
    expect(await following).toMatchObject({ code: 1, stdout: expect.stringContaining('aborted') as string });
    rmSync(holds('load'));
    expect(await stepOf(run, 'drill')).toMatchObject({
      status: 'aborted',
      tail: expect.stringContaining('the scratch one is dropped') as string,
    });
    expect(await maintained(bank.url, { home: host.bursarHome }).databases()).toEqual([database]);
    expect(await bank.rows('SELECT FROM ops.drill')).toEqual([]);
  });

  test('that is aborted after the swap is finished, and says so', async () => {
    await bank.post({
      type: 'deposit',
      to: await bank.value(`SELECT number FROM bank.account WHERE status = 'active' ORDER BY id LIMIT 1`),
      amount: 4_711,
    });
    const before = await transactions();
    const run = await queued();
    platform.forget();
    writeFileSync(holds('health'), '');
    const following = bursar('runs', 'follow', run);
    await until(run, 'switch', 'three times in a row');
    await abort(run);
    await until(run, 'switch', 'asked to end');
    // a program that is not waited for is killed after five seconds
    if (full) await new Promise(resolve => setTimeout(resolve, 8_000));
    expect(await stepOf(run, 'switch')).toMatchObject({ status: 'running' });
    rmSync(holds('health'));
    expect(await following).toMatchObject({ code: 0, stdout: expect.stringContaining('succeeded') as string });
    expect((await stepsOf(run)).map(({ status }) => status)).toEqual(parts.map(() => 'succeeded'));
    expect([platform.isMaintained(), platform.recorded()]).toEqual([false, ['stop', 'start']]);
    expect(BigInt(await transactions())).toBeLessThan(BigInt(before));
  });
});
