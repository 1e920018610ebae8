import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { placesOf } from '../../src/demo/host/places.ts';
import { maintenanceFileText } from '../../src/domain/maintenance.ts';
import { launchCommand, type Answer } from '../support/command.ts';
import { aHome, type TestHome } from '../support/home.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const program = path.join(import.meta.dirname, '..', '..', 'bin', 'bursar.js');
/** Transactions of a bank that is made quickly. */
const smallest = '5000';
const note = ['--note', 'tried on the host of the demo'] as const;

describe.skipIf(process.platform !== 'linux')('a demo and the host that it brings', () => {
  let home: TestHome;
  let daemon: ChildProcess | undefined;
  const bursar = (...args: string[]): Promise<Answer> => launchCommand({ home: home.path, built: true }, ...args);
  const places = () => placesOf(home.path);
  const platform = (page: string, headers: Record<string, string> = {}): Promise<Response> => {
    const { bank } = JSON.parse(readFileSync(places().portsFile, 'utf8')) as { bank: number };
    return fetch(`http://127.0.0.1:${bank}${page}`, { headers });
  };
  /** The process of the service, as its manager wrote it down. */
  const servicePid = (): string => readFileSync(places().pidFile, 'utf8').split(' ')[0] ?? '';
  /** `bursar …`; fails the test where the command fails. */
  const carryOut = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await bursar(...words);
    if (code !== 0) throw new Error(`bursar ${words.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  };
  const startDaemon = async (): Promise<void> => {
    const { PATH = '' } = process.env;
    const env = { PATH, BURSAR_HOME: home.path, BURSAR_REASON: 'a test writes', BURSAR_TRAFFIC: '0' };
    daemon = spawn(process.execPath, [program, 'daemon'], { env, stdio: 'ignore' });
    const status = (): Promise<number> =>
      platform('/health').then(
        answer => answer.status,
        () => 0,
      );
    await vi.waitUntil(async () => (await status()) === 200, { timeout: 120_000, interval: 200 });
  };
  const endDaemon = async (): Promise<void> => {
    const running = daemon;
    daemon = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise(resolve => running.once('exit', resolve));
    running.kill('SIGTERM');
    await ended;
  };

  beforeAll(async () => {
    home = aHome();
    await carryOut('demo', '--scale', smallest);
  });
  afterAll(async () => {
    await endDaemon();
    // the service goes with the file of its manager
    rmSync(places().pidFile, { force: true });
    await home[Symbol.asyncDispose]();
  });

  test('a command alone reaches it: what it needs is there and it is in the inventory', async () => {
    expect(await carryOut('hosts', 'ask')).toMatch(/^demo1: up, answered in \d+ ms\n$/);
  });

  test('A1 the platform is started, stopped and looked at on its host; its health is what its database says, its log is kept', async () => {
    // the server of the database went with the command, and that is what the platform says
    expect((await platform('/health')).status).toBe(503);
    await startDaemon();
    for (const page of ['/api/healthz/', '/healthz', '/health']) {
      const answer = await platform(page);
      expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
    }
    const before = servicePid();
    const words = ['runs', 'restart-service', '--hosts', 'demo1', '--service', 'bank', ...note, '--yes', '--confirm', 'bank on demo1'];
    const [, number = ''] = /run (\d+)/.exec(await carryOut(...words)) ?? [];
    expect(await carryOut('runs', 'follow', number)).toBe(`run ${number} succeeded\n`);
    expect(servicePid()).not.toBe(before);
    expect((await platform('/health')).status).toBe(200);
    expect(readFileSync(places().logFile, 'utf8')).toMatch(
      /ERROR the database does not answer: .*\n(.*\n)*.* INFO the database answers again\n/,
    );

    // closed for all but staff, and told as a program or a person wants to be told
    const until = new Date(Date.now() + 600_000);
    writeFileSync(places().maintenanceFile, maintenanceFileText('back at <three>', until, 'demo'));
    const [json, html, health] = [await platform('/'), await platform('/', { Accept: 'text/html' }), await platform('/health')];
    expect([json.status, await json.json()]).toEqual([
      503,
      { status: 'maintenance', message: 'back at <three>', until: until.toISOString() },
    ]);
    expect([html.status, await html.text()]).toEqual([503, expect.stringContaining('back at &#60;three&#62;')]);
    expect([health.status, await health.json()]).toEqual([503, { status: 'maintenance', database: 'ok' }]);
    const staff = readFileSync(places().staffKeyFile, 'utf8').trim();
    expect((await platform('/', { 'X-Staff': staff })).status).toBe(200);
    expect((await platform('/', { 'X-Staff': `${staff.slice(0, -1)}!` })).status).toBe(503);
    rmSync(places().maintenanceFile);
    expect((await platform('/')).status).toBe(200);
    expect(readFileSync(places().logFile, 'utf8')).toMatch(/SECURITY staff key refused: GET \/ from/);
  });

  test('a bank that is filled anew has it again, and the service goes on when the daemon has ended', async () => {
    await carryOut('demo', '--replace', '--scale', smallest);
    await expect.poll(() => carryOut('hosts', 'list'), { timeout: 60_000, interval: 1_000 }).toContain('demo1');
    expect(await carryOut('schedule', 'list')).toMatch(/backup .* 0 2 \* \* \* .*ready/);
    expect(await carryOut('machines', 'list')).toMatch(/backup1 .*ends soon/);
    const running = servicePid();
    await endDaemon();
    expect((await platform('/health')).status).toBe(503);
    expect(servicePid()).toBe(running);
  });
});
