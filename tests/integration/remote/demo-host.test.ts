import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newSshKey, readPorts, writeWhole } from '../../../src/demo/host/keys.ts';
import { demoUser, placesOf } from '../../../src/demo/host/places.ts';
import { registerHost } from '../../../src/demo/host/register.ts';
import { hostFingerprint, keepServingHost, prepareHost } from '../../../src/demo/host/serve.ts';
import { PlatformProfile } from '../../../src/domain/platform-profile.ts';
import { connect, type Connection, type RemoteTarget } from '../../../src/remote/connection.ts';
import { followDetached, startDetached } from '../../../src/remote/detached.ts';
import { openDirect } from '../../../src/database/direct.ts';
import { runbooks } from '../../../src/runbooks/registry.ts';
import { aDatabase } from '../../support/database.ts';
import { countOf, query } from '../../support/query.ts';
import { full } from '../../support/reliability.ts';
import { program } from '../../support/program.ts';

// the first to want a demo bank on a busy machine makes it
vi.setConfig({ testTimeout: 150_000 });

const timeoutMs = 20_000;
const octetsOut = full ? 100_000_000 : 20_000_000;
const self = { node: process.execPath, program };

/** A console that serves the demo's host of a home, as far as that goes. */
const aConsole = (home: string) => {
  const end = new AbortController();
  const state = { serving: 0, registered: 0, errors: [] as unknown[] };
  const work = keepServingHost({
    home, self, signal: end.signal,
    register: async () => void state.registered++,
    onError: error => state.errors.push(error),
    onServed: by => void (by === 'us' && state.serving++),
  }); // prettier-ignore
  return { state, leave: async () => (end.abort(), await work) };
};

describe('the host that a demo brings', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'bursar-demo-host-'));
  const places = placesOf(home);
  let first: ReturnType<typeof aConsole>;
  const target = (): RemoteTarget => ({
    at: { address: '127.0.0.1', port: readPorts(places)?.ssh ?? 0, user: demoUser },
    pinned: hostFingerprint(places) ?? '',
    credentials: { keyFile: places.keyFile },
  });
  const withHost = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await connect(target());
    try {
      return await work(connection);
    } finally {
      connection.close();
    }
  };
  const says = (...words: [string, ...string[]]): Promise<string> =>
    withHost(async connection => (await connection.run(words, { timeoutMs })).output);

  beforeAll(async () => {
    await prepareHost(home, self);
    // the platform has tests of its own
    writeWhole(places.stoppedFile, '');
    first = aConsole(home);
    await vi.waitUntil(() => first.state.serving === 1, { timeout: 60_000 });
  });
  afterAll(async () => {
    await first.leave();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });

  test('executes what it is told in a folder of its own, with nothing of the environment of the console', async () => {
    expect(
      await says('sh', '-c', 'pwd; echo "$HOME"; command -v bursar; command -v systemctl; echo "${BURSAR_HOME-none} ${NODE_ENV-none}"'),
    ).toBe(`${places.folder}\n${places.folder}\n${places.programs}/bursar\n${places.programs}/systemctl\nnone none\n`);
    const ended = await withHost(connection => connection.run(['sh', '-c', 'cat; echo wrong >&2; exit 7'], { timeoutMs, input: 'given' }));
    expect(ended).toMatchObject({ code: 7, output: 'given', errors: 'wrong\n' });
    const killed = await withHost(connection => connection.run(['sh', '-c', 'kill -9 $$'], { timeoutMs }));
    // as a shell says of what a signal ended
    expect(killed).toMatchObject({ code: 137 });
    expect(await says('systemctl', 'status', '--', 'bank')).toContain('Active: inactive');
    const errors = await says('journalctl', '--no-pager', '--quiet', '--output=short-iso', '--unit=bank', '--priority=err');
    expect(
      errors
        .split('\n')
        .slice(0, -1)
        .map(line => line.split(' ')[1]),
    ).toEqual(['ERROR', 'ERROR']);
    expect(await says('sh', '-c', 'apt-get install -y x 2>&1; reboot 2>&1; true')).toBe(
      "apt-get: the demo's host changes nothing of this machine\nreboot: the demo's host changes nothing of this machine\n",
    );
  });

  test('lets in nobody but its own key, and keeps that to its owner', async () => {
    const secrets = [places.keyFile, places.hostKeyFile, places.staffKeyFile, places.backupKeyFile];
    expect(secrets.map(file => statSync(file).mode & 0o777)).toEqual(secrets.map(() => 0o600));
    expect(statSync(places.folder).mode & 0o777).toBe(0o700);
    const stranger = path.join(home, 'stranger');
    writeFileSync(stranger, await newSshKey('stranger'), { mode: 0o600 });
    await expect(connect({ ...target(), credentials: { keyFile: stranger } })).rejects.toMatchObject({ fault: { kind: 'refused' } });
    await expect(connect({ ...target(), at: { ...target().at, user: 'root' } })).rejects.toMatchObject({ fault: { kind: 'refused' } });
    await expect(connect({ ...target(), pinned: `SHA256:${'A'.repeat(43)}` })).rejects.toMatchObject({ fault: { kind: 'changed-key' } });
  });

  test(`${octetsOut / 1_000_000} MB of output come through whole, at most what is asked for is kept`, async () => {
    let octets = 0;
    const { code, isCut } = await withHost(connection =>
      connection.run(['head', '-c', String(octetsOut), '/dev/zero'], { timeoutMs: 60_000, onOutput: piece => (octets += piece.length) }),
    );
    expect([code, isCut, octets]).toEqual([0, true, octetsOut]);
  });

  test('is served by one console at a time; where that ends another goes on, and so does what was begun', async () => {
    const second = aConsole(home);
    await expect.poll(() => first.state.registered, { timeout: 60_000 }).toBeGreaterThan(0);
    const id = `test-${crypto.randomUUID()}`;
    await withHost(connection =>
      startDetached(connection, { id, lock: id, words: ['sh', '-c', 'for i in 1 2 3 4 5; do echo "line $i"; sleep 0.5; done'] }),
    );
    expect(second.state.serving).toBe(0);
    await first.leave();
    await expect.poll(() => second.state.serving, { timeout: 60_000 }).toBe(1);
    await expect
      .poll(() => withHost(connection => followDetached(connection, id, 0)).then(({ state, piece }) => [state, piece.toString()]), {
        timeout: 60_000,
      })
      .toEqual([{ kind: 'ended', code: 0 }, 'line 1\nline 2\nline 3\nline 4\nline 5\n']);
    await second.leave();
    expect([...first.state.errors, ...second.state.errors]).toEqual([]);
  });

  test('leaves its port to a stranger who took it, and takes another', async () => {
    const taken = target().at.port;
    const stranger = createServer(socket => socket.destroy()).listen(taken, '127.0.0.1');
    await once(stranger, 'listening');
    first = aConsole(home);
    await expect.poll(() => first.state.serving, { timeout: 30_000 }).toBe(1);
    expect(target().at.port).not.toBe(taken);
    expect(await says('echo', 'here')).toBe('here\n');
    stranger.close();
  });
});

const register = async (url: string, port: number, fingerprint: string, platform = PlatformProfile.parse({})): Promise<boolean> => {
  const connection = await openDirect(url, { applicationName: 'tests' }, () => undefined);
  try {
    return await registerHost(connection, { port, fingerprint }, platform);
  } finally {
    await connection.end();
  }
};

test('with its host a demo has a plan of the night and a machine; nothing is due soon, and nothing is said to have run', async () => {
  await using demo = await aDatabase('demo');
  const platform = PlatformProfile.parse({ certificates: ['/etc/bank.crt'], rotations: '/etc/logrotate.d', logs: ['/var/log/bank.log'] });
  const fingerprint = `SHA256:${'A'.repeat(43)}`;
  expect(await register(demo.url, 2_201, fingerprint, platform)).toBe(true);
  const jobs = await query(
    demo.url,
    `SELECT s.name, s.runbook, s.plan, o.name AS by, p.name AS paused, s.words, (s.next_due[1] AT TIME ZONE c.time_zone)::time::text AS at,
            s.next_due[1] > clock_timestamp() + interval '110 minutes' AND s.looked_until > clock_timestamp() + interval '110 minutes' AS later
       FROM bank.calendar c, ops.schedule s JOIN ops.operator o ON o.id = s.planned_by LEFT JOIN ops.operator p ON p.id = s.paused_by ORDER BY s.id`,
  );
  expect(jobs.map(({ name, at, paused }) => [name, at, paused])).toEqual([
    ['backup', '02:00:00', null],
    ['backup-files', '02:30:00', null],
    ['full-cleanup', '03:00:00', null],
    ['vacuum', '03:30:00', null],
    ['drill', '04:00:00', null],
    ['weekly-export', '04:30:00', null],
    ['log-rotation', '05:00:00', 'sven'],
    ['certificates', '05:30:00', null],
  ]);
  expect(jobs.filter(({ later, by }) => later !== true || by !== 'sven')).toEqual([]);
  for (const { runbook, plan } of jobs) {
    const known = runbooks.find(({ id }) => id === runbook);
    const { version, steps } = plan as { version: string; steps: { host: string }[] };
    expect([known?.version, known?.danger === 'typed-twice']).toEqual([version, false]);
    expect(steps.map(({ host }) => host)).toEqual(['demo1', ...steps.slice(1).map(() => 'demo1')]);
  }
  expect(jobs[0]).toMatchObject({ words: 'queues a run: Back up database: database on demo1', plan: { target: 'database on demo1' } });
  expect(
    await query(
      demo.url,
      `SELECT m.name, o.name AS as, m.place, m.used_at, k.valid_until - clock_timestamp() BETWEEN interval '11 days' AND interval '12 days' AS ends_soon
         FROM ops.machine m JOIN ops.operator o ON o.id = m.operator_id JOIN ops.machine_key k ON k.operator_id = o.id WHERE k.ended_at IS NULL`,
    ),
  ).toEqual([{ name: 'backup1', as: 'machine.backup1', place: 'demo1, nightly backups', used_at: null, ends_soon: true }]);
  // its history is made by real actions only
  const done = ['ops.run', 'ops.backup', 'ops.drill', 'ops.audit', 'ops.schedule_run r JOIN ops.schedule s ON s.id = r.schedule_id AND s.runbook IS NOT NULL']; // prettier-ignore
  expect(await Promise.all(done.map(table => countOf(demo.url, table)))).toEqual([0, 0, 0, 0, 0]);
  expect((await query(demo.url, 'SELECT * FROM ops.verify_audit()'))[0]).toMatchObject({ first_broken: null, problem: null });

  // what its user took back stays so
  await query(
    demo.url,
    `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true)) UPDATE ops.schedule SET unplanned_by = 1, unplanned_at = clock_timestamp(), next_due = '{}' FROM off WHERE name = 'drill'`,
  );
  expect(await register(demo.url, 2_202, fingerprint, platform)).toBe(true);
  expect([
    await countOf(demo.url, 'ops.schedule WHERE runbook IS NOT NULL AND unplanned_at IS NULL'),
    await countOf(demo.url, 'ops.machine'),
  ]).toEqual([7, 1]);
});

test('the inventory has the host of the demo once, follows its port and key, and leaves alone what somebody else called so', async () => {
  await using demo = await aDatabase('demo');
  await using real = await aDatabase('empty');
  const [one, other] = [`SHA256:${'A'.repeat(43)}`, `SHA256:${'B'.repeat(43)}`];
  const hosts = (url: string) => query(url, 'SELECT name, port, fingerprint, environment, tags, version FROM ops.host ORDER BY name');
  expect(await register(demo.url, 2_201, one)).toBe(true);
  expect(await register(demo.url, 2_201, one)).toBe(true);
  expect(await hosts(demo.url)).toEqual([
    { name: 'demo1', port: 2_201, fingerprint: one, environment: 'demo', tags: ['demo', 'db', 'web'], version: 0 },
  ]);
  expect(await register(demo.url, 2_202, other)).toBe(true);
  expect(await hosts(demo.url)).toMatchObject([{ port: 2_202, fingerprint: other, version: 1 }]);

  const setAside = `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))`;
  await query(demo.url, `${setAside} UPDATE ops.host SET address = 'db1.example' FROM off`);
  expect(await register(demo.url, 2_203, one)).toBe(false);
  expect(await hosts(demo.url)).toMatchObject([{ port: 2_202, fingerprint: other }]);
  expect(await register(real.url, 2_201, one)).toBe(false);
  expect(await hosts(real.url)).toEqual([]);
});

test('two consoles that make the host at once make one', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'bursar-demo-twice-'));
  const places = placesOf(home);
  await Promise.all(Array.from({ length: 5 }, () => prepareHost(home, self)));
  const [type, encoded] = readFileSync(`${places.keyFile}.pub`, 'utf8').split(' ');
  const { default: ssh2 } = await import('ssh2');
  const key = ssh2.utils.parseKey(readFileSync(places.keyFile));
  if (key instanceof Error) throw key;
  expect([type, encoded?.trim()]).toEqual([key.type, key.getPublicSSH().toString('base64')]);
  rmSync(home, { recursive: true });
});
