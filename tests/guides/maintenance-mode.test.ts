import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { placesOf } from '../../src/demo/host/places.ts';
import { runPlatform } from '../../src/demo/host/platform.ts';
import { aCommand, aCommandHome } from '../support/command.ts';
import { aGuideBank, askAndApprove, goTo, type GuideBank } from '../support/guide-bank.ts';
import { aMaintainedHost, type MaintainedHost } from '../support/maintained-host.ts';
import { connectAs } from '../support/role-connection.ts';
import { whyNoSshServer } from '../support/ssh-server.ts';

vi.setConfig({ testTimeout: 90_000 });

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'the disks of the server are changed';
const told = async (): Promise<Record<string, unknown>> =>
  (await bank.rows('SELECT platform.public_settings() AS told'))[0]?.['told'] as Record<string, unknown>;
const change = (key: string, value: string) =>
  ['settings', 'edit', key, '--value', value, '--note', note, '--yes', '--confirm', key] as const;
/** Moves the end of what is on into the past, as time would. */
const letItEnd = () =>
  bank.rows(
    `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))
     UPDATE platform.maintenance SET from_at = from_at - interval '2 hours', until = clock_timestamp() FROM off WHERE ended_at IS NULL`,
  );

test('A4 sharing is switched off; services need their token anywhere but in development; maintenance mode is a window that ends by itself', async () => {
  expect(await told()).toMatchObject({ 'platform.maintenance-mode': false, 'platform.disable-sharing': false, 'platform.skip-service-auth': false });
  await bank.bursar(...change('platform.disable-sharing', 'yes'));
  expect(await told()).toMatchObject({ 'platform.disable-sharing': true });

  // A switch of security: two people, and in this bank not even they
  const asked = await bank.tries(...change('platform.skip-service-auth', 'yes'));
  expect(asked.code).toBe(4);
  const [, number = ''] = /request (\d+)/.exec(asked.stderr) ?? [];
  const agreed = await bank.tries('--as', 'manager', 'inbox', 'approve', number, '--note', note, '--yes');
  expect(agreed.stderr).toContain('platform.skip-service-auth is for development only, and this is demo');
  const environment = (name: string) =>
    bank.rows(`WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true)) UPDATE platform.setting SET value = to_jsonb($1::text) FROM off WHERE key = 'platform.environment'`, [name]);
  await environment('development');
  await askAndApprove(bank, ...change('platform.skip-service-auth', 'yes'));
  expect(await told()).toMatchObject({ 'platform.skip-service-auth': true });
  await environment('demo');
  expect(await told()).toMatchObject({ 'platform.skip-service-auth': false });

  await using console = await bank.screen('maintenance');
  await using other = await bank.screen('accounts', [80, 24], 'mona');
  await console.press('x', 's');
  await console.fill({ for: '30m', message: 'We are back at three.', note });
  await console.sees('all but its staff with 503', 'We are back at three.', 'users of the platform');
  await console.confirm('maintenance');
  await console.sees('[ok] maintenance from', '!MAINTENANCE until');
  await other.sees('!MAINT');
  expect(await told()).toMatchObject({ 'platform.maintenance-mode': true });
  const platform = await connectAs(bank.url, 'bursar_platform');
  const now = async () => (await platform.query('SELECT message, until > clock_timestamp() AS ahead FROM platform.maintenance_now()')).rows as unknown[];
  expect(await now()).toEqual([{ message: 'We are back at three.', ahead: true }]);

  const second = await bank.tries('maintenance', 'start', '--for', '10m', '--message', 'once more', '--note', note, '--yes', '--confirm', 'maintenance');
  expect(second).toMatchObject({ code: 3, stderr: expect.stringContaining('maintenance is on until') as string });
  await goTo(console, 'maintenance state=on');
  await console.press('x', 'e');
  await console.fill({ for: '1h', note });
  await console.sees('instead of');
  await console.confirm('maintenance');
  await console.sees('[ok] maintenance is extended');

  await letItEnd();
  expect(await now()).toEqual([]);
  await platform.end();
  await console.until(() => !console.frame().includes('MAINTENANCE until'), 'the warning goes');
  expect(await told()).toMatchObject({ 'platform.maintenance-mode': false });
  const events = await bank.rows(`SELECT level, message FROM platform.event WHERE source = 'maintenance' ORDER BY id`);
  expect(events).toMatchObject([
    { level: 'warning', message: expect.stringMatching(/^maintenance is on until .*: We are back at three\.$/) as string },
    { level: 'warning', message: expect.stringContaining('extended') as string },
  ]);
  expect((await bank.rows(`SELECT action FROM ops.audit WHERE entity = 'maintenance' AND outcome = 'success' AND verb <> 'view' ORDER BY seq`)).map(row => row['action'])).toEqual(['maintenance.start', 'maintenance.extend']);
}); // prettier-ignore

/** A port of loopback that nobody has. */
const aPort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

describe.skipIf(whyNoSshServer !== undefined)('a platform that reads a file', () => {
  let host: MaintainedHost;
  let url: string;
  const end = new AbortController();
  let running: Promise<void>;
  const places = placesOf(aCommandHome());
  beforeAll(async () => {
    host = await aMaintainedHost({ url: bank.url, config: { platform: { maintenanceFile: places.maintenanceFile } } });
    await host.join(bank);
    for (const file of [places.logFile, places.pidFile]) mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(places.pidFile, `${process.pid}\n`);
    writeFileSync(places.staffKeyFile, 'the key of staff\n');
    const port = await aPort();
    url = `http://127.0.0.1:${port}/`;
    running = runPlatform({ places, port, signal: end.signal, askDatabase: async () => undefined });
    await vi.waitUntil(async () => (await fetch(url).catch(() => undefined))?.status === 200, { timeout: 20_000 });
  });
  afterAll(async () => {
    end.abort();
    await running;
    await host[Symbol.asyncDispose]();
  });

  const ask = async (headers: Record<string, string> = {}) => {
    const answer = await fetch(url, { headers });
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
  };
  const bursar = (...args: string[]) => aCommand({ url: bank.url, home: host.consoleHome, environment: { BURSAR_REASON: note } })(...args);
  const run = async (runbook: string): Promise<void> => {
    const asked = await bursar('runs', runbook, '--hosts', 'db1', '--note', note, '--yes', '--confirm', 'maintenance file on db1');
    expect(asked).toMatchObject({ code: 0 });
    const [, number = ''] = /queued run (\d+)/.exec(asked.stdout) ?? [];
    expect(await bursar('runs', 'follow', number)).toMatchObject({ code: 0 });
  };

  test('A15 in maintenance all but staff are answered with 503, as JSON or as a page, with the message; it ends by itself or by hand', async () => {
    expect((await bursar('runs', 'maintenance-on', '--hosts', 'db1', '--note', note, '--dry-run')).stderr).toContain('maintenance mode is off');
    const message = `Back soon, "really": $(touch /tmp/x) 'ok'`;
    expect(await bursar('maintenance', 'start', '--for', '1h', '--message', message, '--note', note, '--yes', '--confirm', 'maintenance')).toMatchObject({ code: 0 });
    expect((await ask()).status).toBe(200);
    await run('maintenance-on');

    const json = await ask({ accept: 'application/json' });
    expect(json).toMatchObject({ status: 503, type: expect.stringContaining('application/json') as string });
    expect(JSON.parse(json.text)).toMatchObject({ status: 'maintenance', message });
    const page = await ask({ accept: 'text/html' });
    expect(page).toMatchObject({ status: 503, type: expect.stringContaining('text/html') as string });
    expect(page.text).toContain('Back soon');
    expect((await ask({ 'x-staff': 'the key of staff' })).status).toBe(200);
    expect((await ask({ 'x-staff': 'a key of nobody' })).status).toBe(503);
    const file = JSON.parse(readFileSync(places.maintenanceFile, 'utf8')) as Record<string, unknown>;
    expect(file).toMatchObject({ message, by: 'demo' });

    // By itself: nobody takes the file away
    writeFileSync(places.maintenanceFile, JSON.stringify({ ...file, until: new Date().toISOString() }));
    expect((await ask()).status).toBe(200);
    await run('maintenance-on');
    expect((await ask()).status).toBe(503);
    const window = await bank.value('SELECT max(id) FROM platform.maintenance');
    expect(await bursar('maintenance', 'end', window, '--note', note, '--yes', '--confirm', 'maintenance')).toMatchObject({ code: 0 });
    await run('maintenance-off');
    expect((await ask()).status).toBe(200);
  });
}); // prettier-ignore
