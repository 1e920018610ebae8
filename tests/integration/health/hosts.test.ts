import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { askHost } from '../../../src/commands/measure.ts';
import { plainProbes } from '../../../src/domain/host-probe.ts';
import type { ListedHost } from '../../../src/kit/hosts.ts';
import { aCommand } from '../../support/command.ts';
import { aGuideBank, type GuideBank } from '../../support/guide-bank.ts';
import { aMaintainedHost, writeProgram, type MaintainedHost } from '../../support/maintained-host.ts';
import { anSshServer, whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

// package lists and a Node of its own take a busy machine some seconds
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const listening = (server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown }): Promise<number> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

/** Says one line when it is connected to, and answers lines. */
const aTalker = async (greeting: string, answer: (heard: string) => string) => {
  const server = createTcpServer(socket => {
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    socket.on('data', piece => socket.write(answer(piece.toString())));
  });
  return { server, port: await listening(server) };
};

describe.skipIf(whyNoSshServer !== undefined)('the health of hosts', () => {
  let bank: GuideBank;
  let host: MaintainedHost;
  let plain: SshServer;
  let web: Server;
  let status = 200;
  const closing: { close(): unknown }[] = [];

  beforeAll(async () => {
    bank = await aGuideBank();
    web = createServer((_request, response) => response.writeHead(status).end('{"status":"ok"}'));
    const valkey = await aTalker('', heard => (heard.includes('PING') ? '+PONG\r\n' : '+OK\r\n'));
    const mail = await aTalker('220 mail.example ESMTP\r\n', () => '221 bye\r\n');
    closing.push(web, valkey.server, mail.server);
    const health = `http://127.0.0.1:${await listening(web)}/healthz`;
    const config = { platform: { health, valkey: `127.0.0.1:${valkey.port}`, smtp: `127.0.0.1:${mail.port}`, service: 'bank', ports: [22, 80, 443] } };
    host = await aMaintainedHost({ url: bank.url, config });
    const certificate = path.join(host.folder, 'bank.pem');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '20', '-subj', '/CN=bank.example', '-keyout', `${certificate}.key`, '-out', certificate], { stdio: 'ignore' });
    writeFileSync(path.join(host.bursarHome, 'config.json'), JSON.stringify({ platform: { ...config.platform, certificates: [certificate, '/nowhere/else.pem'] } }));
    writeProgram(host.programs, 'systemctl', 'case "$*" in "is-active -- bank") echo failed; exit 3;; *) exit 4;; esac');
    // the real one is asked in the unit test: it takes seconds
    const packages = ['a/stable-security 2 amd64 [upgradable from: 1]', 'b/stable 2 amd64 [upgradable from: 1]', 'c/stable 2 amd64 [upgradable from: 1]'];
    const apt = `printf '%s\\n' 'Listing...' ${packages.map(line => `'${line}'`).join(' ')}`;
    const without = path.join(host.folder, 'without-bursar');
    mkdirSync(without);
    for (const folder of [host.programs, without]) writeProgram(folder, 'apt', apt);
    await host.join(bank, 'db1');
    plain = await anSshServer({ searchPath: `${without}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin` });
  }); // prettier-ignore
  afterAll(async () => {
    for (const server of closing) server.close();
    await Promise.all([host[Symbol.asyncDispose](), plain[Symbol.asyncDispose](), bank[Symbol.asyncDispose]()]);
  });

  const bursar = (...args: string[]) => aCommand({ url: bank.url, home: host.consoleHome })(...args);
  const listed = ({ at, fingerprint }: SshServer, pinned = fingerprint): ListedHost => ({ id: 1n, name: 'db1', at, pinned });
  const answerOf = async (server: SshServer, pinned?: string) => {
    const { report, readings } = await askHost(listed(server, pinned), () => ({ keyFile: server.keyFile }));
    return { report, readings, by: new Map(readings.map(reading => [reading.measure, reading])) };
  };

  test('a Linux without Bursar is asked by plain commands, and nothing is written there', async () => {
    const before = readdirSync(plain.folder);
    const { report, by } = await answerOf(plain);
    expect(report).toMatchObject({ state: 'up', detail: null });
    expect([...by.keys()].toSorted()).toEqual([
      'host-disk', 'host-firewall', 'host-floor', 'host-inodes', 'host-listening', 'host-load', 'host-memory', 'host-network', 'host-up', 'host-updates', 'host-uptime',
    ]); // prettier-ignore
    expect(by.get('host-up')?.words).toContain('plain commands');
    expect(by.get('host-uptime')?.value).toBeGreaterThan(0);
    expect(by.get('host-updates')).toMatchObject({ value: 1, words: '3 packages, 1 of them security' });
    expect(readdirSync(plain.folder)).toEqual(before);
  });

  test('where Bursar is, it asks with its profile: service, certificates, ports, platform, database, mail, all of them real', async () => {
    const { by, readings } = await answerOf(host);
    expect(by.get('host-up')?.words).toContain('a Bursar of its own');
    expect(by.get('platform-http')).toMatchObject({ words: '200 {"status":"ok"}' });
    expect(by.get('platform-valkey')?.words).toMatch(/says PONG$/);
    expect(by.get('platform-smtp')?.words).toMatch(/greets with 220 mail\.example ESMTP$/);
    expect(by.get('platform-postgres')?.words).toMatch(/^Postgres 15\.\d+ answers$/);
    expect(by.get('host-database-room')?.value).toBeGreaterThan(0);
    expect(by.get('host-service')).toMatchObject({ subject: 'bank', value: 0, words: 'systemd says that it is failed' });
    const certificates = readings.filter(({ measure }) => measure === 'host-certificate');
    expect(certificates.map(({ value, grade, words }) => [value, grade ?? null, words.slice(0, 17)])).toEqual([
      [19, null, 'CN=bank.example u'],
      [null, 'warn', 'cannot be read: E'],
    ]);
    // what listens to other hosts on this machine is not in the profile, if anything does
    const open = [...(by.get('host-listening')?.words.matchAll(/\d+/g) ?? [])].map(Number);
    expect(by.get('host-ports')?.value).toBe(open.filter(port => ![22, 80, 443].includes(port)).length);
  });

  test('what answers wrongly, not at all or with another key is bad in words, and the others are asked all the same', async () => {
    status = 503;
    const { by } = await answerOf(host);
    status = 200;
    expect(by.get('platform-http')).toMatchObject({ value: null, grade: 'bad', words: 'answers 503: {"status":"ok"}' });
    expect(by.get('platform-valkey')?.words).toMatch(/PONG$/);
    const foreign = await answerOf(host, plain.fingerprint);
    expect(foreign.report.state).toBe('changed-key');
    expect(foreign.readings).toMatchObject([{ measure: 'host-up', value: null, grade: 'bad' }]);
    await plain.cut();
    const gone = await answerOf(plain);
    await plain.start();
    expect(gone.readings).toMatchObject([{ measure: 'host-up', value: null, grade: 'bad', words: expect.stringContaining('cannot be reached') as string }]);
  }); // prettier-ignore

  test('bursar health asks when told to, names what is wrong and what helps, and fails because of it', async () => {
    const asked = await bursar('health', '--ask', '--json');
    expect(asked.code).toBe(1);
    const { ok, measures } = JSON.parse(asked.stdout) as { ok: boolean; measures: { measure: string; host: string | null; grade: string; helps: string }[] };
    expect(ok).toBe(false);
    expect(measures.filter(({ grade }) => grade === 'bad')).toMatchObject([{ measure: 'host-service', host: 'db1', helps: expect.stringContaining('restart') as string }]);
    expect(measures[0]?.grade).toBe('bad');
    expect(await bank.value(`SELECT state FROM ops.host WHERE name = 'db1'`)).toBe('up');
    // once asked, they are told without asking
    const told = await bursar('health');
    expect(told).toMatchObject({ code: 1, stdout: expect.stringMatching(/^wrong\s+Service is active: bank\s+db1\s+no .* -> look at its status and log; restart it$/m) as string });
    expect(await bank.value(`SELECT count(*) FROM ops.audit WHERE verb <> 'view' AND action LIKE '%health%'`)).toBe('0');
  }); // prettier-ignore

  test('a run that asks leaves what was said in the pane, and shows before what it would say to a host without Bursar', async () => {
    await bank.rows('DELETE FROM ops.health_series WHERE host_id IS NOT NULL');
    await bursar('runs', 'probe-hosts', '--hosts', 'db1', '--note', 'asked by a test', '--yes');
    expect(await bursar('runs', 'follow', '1')).toMatchObject({ code: 0 });
    expect(Number(await bank.value(`SELECT count(*) FROM ops.health_series WHERE measure IN ('platform-http', 'host-certificate', 'host-memory')`))).toBe(4);
    // The only host need not be named; its scripts stand below their commands, word for word
    const shown = await bursar('runs', 'probe-hosts', '--by', 'plain commands', '--note', 'asked by a test', '--dry-run');
    expect(shown).toMatchObject({ code: 0, stderr: expect.stringContaining('--hosts db1, as there is no other') as string });
    expect(shown.stdout).toMatch(/^ *1\. db1: sh -c \(script 1\) \(at most 1 min\)/m);
    for (const { script } of plainProbes) for (const line of script.trim().split('\n')) expect(shown.stdout).toContain(`| ${line}`);
  }); // prettier-ignore
});
