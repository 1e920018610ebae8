import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aCommand } from '../support/command.ts';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';
import { aMaintainedHost, writeProgram, type MaintainedHost } from '../support/maintained-host.ts';
import { whyNoSshServer } from '../support/ssh-server.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

type Found = {
  readonly measure: string;
  readonly host: string | null;
  readonly subject: string;
  readonly value: number | null;
  readonly grade: string;
  readonly words: string;
};

const listening = (server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown }): Promise<number> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

describe.skipIf(whyNoSshServer !== undefined)('the health of a bank', () => {
  let bank: GuideBank;
  let host: MaintainedHost;
  let asked: { readonly code: number; readonly stdout: string; readonly stderr: string };
  let found: readonly Found[];
  const web = createServer((_request, response) => response.writeHead(200).end('{"status":"ok"}'));
  const valkey = createTcpServer(socket => socket.on('error', () => undefined).on('data', () => socket.write('+PONG\r\n')));

  const bursar = (...args: string[]) => aCommand({ url: bank.url, home: host.consoleHome })(...args);
  const of = (measure: string): Found | undefined => found.find(one => one.measure === measure);

  beforeAll(async () => {
    bank = await aGuideBank();
    const platform = { health: `http://127.0.0.1:${await listening(web)}/api/healthz/`, valkey: `127.0.0.1:${await listening(valkey)}`, service: 'bank', ports: [1] };
    host = await aMaintainedHost({ url: bank.url });
    const certificate = path.join(host.folder, 'bank.pem');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '5', '-subj', '/CN=bank.example', '-keyout', `${certificate}.key`, '-out', certificate], { stdio: 'ignore' });
    writeFileSync(path.join(host.bursarHome, 'config.json'), JSON.stringify({ platform: { ...platform, certificates: [certificate] } }));
    writeProgram(host.programs, 'systemctl', 'case "$*" in "is-active -- bank") echo active;; *) exit 4;; esac');
    writeProgram(host.programs, 'apt', `printf '%s\\n' 'openssl/stable-security 3 amd64 [upgradable from: 2]' 'vim/stable 3 amd64 [upgradable from: 2]'`);
    // what listens and whether a firewall is there is the machine's own; here it is a host with a forgotten service and no firewall
    writeProgram(host.programs, 'ss', `printf '%s\\n' 'LISTEN 0 128 0.0.0.0:443 0.0.0.0:*' 'LISTEN 0 128 [::]:22 [::]:*' 'LISTEN 0 128 127.0.0.1:9000 0.0.0.0:*' 'LISTEN 0 128 *:6380 *:*'`);
    for (const name of ['nft', 'iptables']) writeProgram(host.programs, name, 'exit 1');
    writeFileSync(path.join(host.bursarHome, 'config.json'), JSON.stringify({ platform: { ...platform, certificates: [certificate], ports: [22, 80, 443] } }));
    await host.join(bank, 'db1');
    asked = await bursar('health', '--ask', '--json');
    if (asked.stderr !== '') throw new Error(asked.stderr);
    found = (JSON.parse(asked.stdout) as { measures: Found[] }).measures;
    await bank.rows(`SELECT ops.keep_readings(NULL, (SELECT jsonb_agg(to_jsonb(m)) FROM ops.measure_health() m))`);
  }); // prettier-ignore
  afterAll(async () => {
    web.close();
    valkey.close();
    await Promise.all([host[Symbol.asyncDispose](), bank[Symbol.asyncDispose]()]);
  });

  test('D27 health: the database with its speed, disk, memory and CPU of its host, on screen and by command, with what helps', async () => {
    expect(
      ['connections', 'lock-waits', 'slowest-statement', 'cache-hits', 'host-disk', 'host-memory', 'host-load'].filter(
        measure => !of(measure),
      ),
    ).toEqual([]);
    expect(of('host-disk')?.words).toMatch(/GB used, .* GB free/);
    await using console = await bank.screen('overview', [200, 50]);
    await goTo(console, 'health');
    await console.sees('Certificate ends in', 'Disk used: /', 'Memory available', 'Connections');
    // the worst stands first
    expect(console.frame().indexOf('wrong')).toBeLessThan(console.frame().indexOf('Connections'));
    await goTo(console, 'health name=host-disk:db1:/');
    await console.press('d');
    await console.sees('What helps', 'cleanup of temporary files', '24 hours');
  });

  test('D28 size of the database, statistics of its tables, the slowest statements, locks and unused indexes', async () => {
    expect(of('database-size')?.value).toBeGreaterThan(1_000_000);
    const tables = await bank.bursar('tables', 'list', '--json');
    expect(tables).toContain('"bank.transaction"');
    await using console = await bank.screen('overview', [200, 50]);
    await goTo(console, 'health name=database-size');
    await console.press('enter');
    await console.sees('Tables', 'bank.transaction', 'DEAD %', 'VACUUMED');
    await goTo(console, 'statements');
    await console.sees('MEAN', 'CALLS', 'STATEMENT');
    await console.command('locks');
    await console.sees('Nobody waits for a lock');
    await goTo(console, 'indexes');
    await console.sees('unused', 'USE');
  });

  test('H2 the floor of 2 CPUs, 4 GB and 50 GB is held against what the host has', async () => {
    const floor = of('host-floor');
    expect(floor?.words).toMatch(/^\d+ CPUs, [\d.]+ GB of memory, \d+ GB of disk$/);
    const [cpus = 0, memory = 0, disk = 0] = floor?.words.match(/[\d.]+/g)?.map(Number) ?? [];
    expect(floor?.value).toBe(Number(cpus < 2) + Number(memory < 3.43) + Number(disk < 45));
  });

  test('H17 ports beside 22, 80 and 443 are told, a firewall that is not there, and TLS below 1.2', async () => {
    expect(of('host-ports')).toMatchObject({ value: 1, grade: 'warn', words: 'not expected: 6380; nothing listens on 80' });
    expect(of('host-firewall')?.words).toMatch(/^(neither nftables nor|none of nftables)/);
    // plain HTTP speaks no TLS at all: nothing is said of its versions
    expect(of('platform-tls')).toBeUndefined();
    expect(await bank.bursar('help', 'health')).toContain('exit 1 where something is wrong');
  });

  test('H18 the platform answers 200 on its address of health, Postgres answers as pg_isready asks, Valkey says PONG', async () => {
    expect(of('platform-http')?.words).toBe('200 {"status":"ok"}');
    expect(of('platform-postgres')?.words).toMatch(/^Postgres \d+\.\d+ answers$/);
    expect(of('platform-valkey')?.words).toMatch(/says PONG$/);
  });

  test('A1 whether the platform is up: /api/healthz/ with {"status":"ok"}, and its service', async () => {
    expect(of('platform-http')).toMatchObject({
      grade: expect.not.stringMatching('bad') as string,
      host: 'db1',
      words: '200 {"status":"ok"}',
    });
    expect(of('host-service')).toMatchObject({ subject: 'bank', value: 1, words: 'systemd says that it is active' });
  });

  test('P13 one document tells the health of everything, and its exit code whether anything is wrong', async () => {
    expect(asked.code).toBe(1); // a certificate that ends in four days
    const document = JSON.parse(asked.stdout) as { ok: boolean; counts: Record<string, number> };
    expect(document.ok).toBe(false);
    expect(document.counts['bad']).toBe(found.filter(({ grade }) => grade === 'bad').length);
    expect(found.filter(({ grade }) => grade === 'bad').map(({ measure }) => measure)).toContain('host-certificate');
    await bank.rows(`UPDATE ops.health_series SET value = 90, grade = NULL WHERE grade = 'bad' OR measure = 'host-certificate'`);
    expect(await bursar('health')).toMatchObject({ code: 0, stderr: '' });
    expect((await bursar('health', '--strict')).code).toBe(1);
  });

  test('P16 a bank that became slow: its figures, what cleanup would remove, vacuum with its host filled in, and watching it go back', async () => {
    await bank.rows(
      `SELECT ops.keep_readings(NULL, '[{"measure":"dead-rows","value":63,"words":"bank.auth_event: 1,200,000 of 1,900,000 rows are dead, last vacuum never"}]')`,
    );
    await using console = await bank.screen('health', [200, 50]);
    await goTo(console, 'health name=dead-rows');
    await console.sees('wrong', '1,200,000 of 1,900,000 rows are dead');
    await console.press('x');
    await console.sees('Database statistics', 'Estimate cleanup', 'Vacuum and analyze');
    await console.press('v');
    await console.sees('Host of the database', 'db1');
    await console.fill({ note: 'slow since this morning' });
    await console.sees('bursar maintain vacuum', 'nobody who reads or writes waits for it');
    await console.confirm();
    await console.sees('[ok] queued run');
    await bank.rows(`SELECT ops.keep_readings(NULL, '[{"measure":"dead-rows","value":0,"words":"no table has 10,000 dead rows"}]')`);
    await goTo(console, 'health name=dead-rows');
    await console.sees('no table has 10,000 dead rows', 'good');
    expect(
      await bank.rows(
        `SELECT h.name, s.words FROM ops.run_step s JOIN ops.host h ON h.id = s.host_id JOIN ops.run r ON r.id = s.run_id WHERE r.runbook = 'vacuum'`,
      ),
    ).toEqual([{ name: 'db1', words: ['bursar', 'maintain', 'vacuum'] }]);
  });

  test('D36 capacity is planned from what was measured: growth a day, the day on which the disk is full, and the updates that wait', async () => {
    await bank.rows(
      `INSERT INTO ops.health_sample (series_id, at, value, hourly)
       SELECT s.id, now() - make_interval(hours => h), 200e9 - h / 24.0 * r.value / 20, true FROM ops.health_series s, ops.health_series r, generate_series(1, 240) h
        WHERE s.measure = 'database-size' AND r.measure = 'host-database-room'`,
    );
    await bank.rows(
      `DELETE FROM ops.health_sample s USING ops.health_series r WHERE r.id = s.series_id AND r.measure = 'database-size' AND s.at > now() - interval '30 minutes'`,
    );
    const { measures } = JSON.parse((await bursar('health', '--json')).stdout) as { measures: Found[] };
    const capacity = measures.find(({ measure }) => measure === 'capacity');
    expect(capacity).toMatchObject({ grade: 'warn' });
    expect(capacity?.value).toBeCloseTo(20, 0);
    expect(capacity?.words).toMatch(/are free on db1, at .* a day until \d{4}-\d{2}-\d{2}$/);
    expect(of('host-updates')).toMatchObject({ value: 1, grade: 'warn', words: '2 packages, 1 of them security' });
  });

  test('D38 days that certificates still hold, and renewing them one key away', async () => {
    expect(of('host-certificate')).toMatchObject({ value: 4, grade: 'bad', subject: expect.stringMatching(/bank\.pem$/) as string });
    await using console = await bank.screen('health', [200, 50]);
    await goTo(console, 'health Certificate');
    await console.press('x');
    await console.sees('Renew certificates');
    expect(of('host-certificate')?.words).toMatch(/^CN=bank\.example until \d{4}-\d{2}-\d{2}$/);
  });
});
