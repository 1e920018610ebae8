import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aGuideBank, type GuideBank } from '../support/guide-bank.ts';
import { whyNoSshServer } from '../support/ssh-server.ts';
import { anUpkeptHost, type UpkeptHost } from '../support/upkept-host.ts';
import { expectSuccess, onApp, said, statuses } from '../support/upkept-runs.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/**
 * The SSH server, its quoting, the order of the steps, git, openssl, logrotate, curl and bursar are real. systemctl, apt-get, unattended-upgrade and certbot are
 * small programs that write down what they were given: a test installs nothing and restarts nothing on the machine that it runs on.
 */
describe.skipIf(whyNoSshServer !== undefined)('deployment, secrets and weeks of a platform', () => {
  let bank: GuideBank;
  let upkept: UpkeptHost;
  beforeAll(async () => {
    bank = await aGuideBank();
    upkept = await anUpkeptHost(bank);
  });
  afterAll(async () => {
    await upkept[Symbol.asyncDispose]();
    await bank[Symbol.asyncDispose]();
  });

  test('A2, A29 a deployment: variables, backup, migrations, start, health; a wrong variable ends it before anything is changed; making migrations is refused', async () => {
    upkept.forget();
    const [secret, other] = ['d8f0b6c2a49e71355f0c9a1be47d2086', 'N3v-er!sh0wn_Zq81Lw0-77bXyTr5Ko9'];
    const variables = (more: string): void =>
      writeFileSync(upkept.place('.env'), `# of the platform\nSECRET_KEY="${secret}"\nexport DATABASE_URL=postgres://bank@localhost/bank\nSERVICE_TO_SERVICE_SECRET=${other}\n${more}`);
    variables('SKIP_SERVICE_AUTH=true\n');
    const wrong = await upkept.runs('deploy-platform', ...onApp, '--confirm', 'application on app1');
    expect([wrong.code, statuses(wrong)[0]]).toEqual([1, 'variables: failed']);
    expect(said(wrong, 'variables')).toContain('SKIP_SERVICE_AUTH is on, which is for development only');
    expect(upkept.recorded()).toEqual(['']);

    variables('ADMIN_IP_ALLOWLIST=10.0.0.0/8,192.0.2.1\n');
    const deployed = await upkept.runs('deploy-platform', ...onApp, '--confirm', 'application on app1');
    expectSuccess(deployed);
    expect(statuses(deployed).slice(0, 4)).toEqual(['variables', 'backup', 'migrations: apply', 'restart bank'].map(title => `${title}: succeeded`));
    const everything = await bank.value(`SELECT string_agg(tail || words::text || coalesce(result::text, ''), '') FROM ops.run_step`);
    expect([secret, other].filter(value => everything.includes(value))).toEqual([]);

    const applied = await upkept.runs('apply-migrations', '--host', 'app1', '--confirm', 'migrations on app1');
    expectSuccess(applied);
    expect(applied.steps.at(-1)?.['result']).toMatchObject({ pending: [] });
    const made = execFileSync('sh', ['-c', `"${path.join(upkept.host.programs, 'bursar')}" maintain migrations --what make || true`], { encoding: 'utf8' });
    expect(made).toContain('refused: migrations are made by developers');
  }); // prettier-ignore

  test('A12 the service token is rotated, back end first: both are taken in between, the old one is refused at the end, and nobody sees either', async () => {
    upkept.forget();
    const tokens = () => ['tokens', 'shown'].map(name => readFileSync(upkept.place(name), 'utf8').trim().split('\n'));
    const old = tokens()[1]?.[0] ?? '';
    const rotated = await upkept.runs('rotate-service-token', '--host', 'app1', '--confirm', 'service token on app1');
    expectSuccess(rotated);
    const [accepted, shown] = tokens();
    const fresh = shown?.[0] ?? '';
    expect(fresh).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect([accepted, fresh === old]).toEqual([[fresh], false]);
    expect(upkept.recorded()).toEqual(['systemctl restart -- bank', 'systemctl restart -- front', 'systemctl restart -- bank']);
    expect(rotated.steps.find(({ title }) => title === 'both are taken')?.['result']).toMatchObject({
      accepted: [expect.any(String), expect.any(String)],
    });
    expect(rotated.steps.at(-1)?.['result']).toMatchObject({ valid: true, refused: [expect.stringMatching(/^sha256:[0-9a-f]{16}$/)] });
    expect(statSync(upkept.place('tokens')).mode & 0o077).toBe(0);
    expect(readdirSync(path.dirname(upkept.place('tokens'))).filter(name => /retired|part/.test(name))).toEqual([]);
    const told = await bank.value(
      `SELECT (SELECT string_agg(tail || words::text || coalesce(result::text, ''), '') FROM ops.run_step) || (SELECT string_agg(a::text, '') FROM ops.audit a)`,
    );
    expect([old, fresh].filter(token => told.includes(token))).toEqual([]);

    // a back end that does not take what the front end shows is told
    writeFileSync(upkept.place('shown'), `${'b'.repeat(43)}\n`);
    const refused = await upkept.runs('verify-service-token', '--host', 'app1');
    expect([refused.code, statuses(refused)[0], tokens()[0]]).toEqual([1, 'verify: failed', [fresh]]);
    writeFileSync(upkept.place('shown'), `${fresh}\n`);
  });

  test('P17 by the week: the newest thousand rows of the log and how large everything is, as two files for their owner, with what it has grown', async () => {
    const folder = path.join(upkept.host.bursarHome, 'weekly');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(path.join(folder, 'weekly_stats.json'), '{"databaseOctets":"1000"}');
    const exported = await upkept.runs('weekly-export', '--host', 'app1');
    expectSuccess(exported);
    const [activity, stats] = ['weekly_activity.json', 'weekly_stats.json'].map(name => {
      expect(statSync(path.join(folder, name)).mode & 0o077).toBe(0);
      return JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Record<string, unknown>;
    });
    const rows = activity?.['rows'] as { seq: string }[];
    expect(exported.steps[0]?.['result']).toMatchObject({ folder, rows: rows.length });
    const newest = Number(rows[0]?.seq);
    expect([rows.length > 1 && rows.length <= 1_000, rows.map(({ seq }) => Number(seq))]).toEqual([
      true,
      rows.map((_, index) => newest - index),
    ]);
    expect(Number(stats?.['databaseOctets'])).toBeGreaterThan(1_000_000);
    expect(Number(stats?.['grownOctets'])).toBe(Number(stats?.['databaseOctets']) - 1_000);
    for (const part of ['tables', 'usersByRole', 'actionsOfDay']) expect([part, Array.isArray(stats?.[part])]).toEqual([part, true]);
  });

  test('in production what changes the platform takes two, whatever the console says', async () => {
    await bank.rows(
      `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true)) UPDATE ops.host h SET environment = 'production' FROM off WHERE h.name = 'app1'`,
    );
    const asked = await upkept.bursar(
      'runs',
      'rotate-logs',
      ...onApp,
      '--note',
      'asked for by a test',
      '--yes',
      '--confirm',
      'rotation bank on app1',
    );
    expect(asked).toMatchObject({ code: 4, stderr: expect.stringContaining('approval.decide') as string });
    const looked = await upkept.bursar('runs', 'certificate-days', ...onApp, '--note', 'asked for by a test', '--yes');
    expect(looked.code).toBe(0);
  });
});
