import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aGuideBank, type GuideBank } from '../support/guide-bank.ts';
import { whyNoSshServer } from '../support/ssh-server.ts';
import { anUpkeptHost, type UpkeptHost } from '../support/upkept-host.ts';
import { expectSuccess, onApp, said, statuses } from '../support/upkept-runs.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const whyNoRotation = readdirSync('/usr/sbin').includes('logrotate') ? undefined : 'there is no logrotate';

/**
 * The SSH server, its quoting, the order of the steps, git, openssl, logrotate, curl and bursar are real. systemctl, apt-get, unattended-upgrade and certbot are
 * small programs that write down what they were given: a test installs nothing and restarts nothing on the machine that it runs on.
 */
describe.skipIf(whyNoSshServer !== undefined)('releases, certificates and logs of a platform', () => {
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

  test('D37, H22 an update: what comes is looked at first; backup, pull, dependencies, static files, restart, health, proxy; and the way back', async () => {
    upkept.release('two');
    const look = await upkept.runs('check-update', ...onApp);
    expect(said(look, 'what comes')).toMatch(/^[0-9a-f]{7,} two\n$/);
    expect(upkept.recorded()).toEqual([]);

    const preview = await upkept.bursar('runs', 'update-application', '--hosts', 'app1,app2', '--note', 'the new release', '--dry-run');
    expect(preview.stdout).toMatch(
      /1\. app1: bursar maintain backup[\s\S]*git pull --ff-only[\s\S]*systemctl restart -- bank[\s\S]*systemctl reload -- nginx/,
    );
    // the first host whole before the next, and nothing is asked for yet
    const order = ['app1: systemctl restart -- bank', 'app1: systemctl reload -- nginx', 'app2: git -C', 'app2: systemctl restart -- bank'];
    const places = order.map(words => preview.stdout.indexOf(words));
    expect([places.includes(-1), places]).toEqual([false, places.toSorted((one, other) => one - other)]);
    expect(await bank.value(`SELECT count(*) FROM ops.run WHERE runbook = 'update-application'`)).toBe('0');

    const update = await upkept.runs('update-application', ...onApp, '--confirm', 'application on app1');
    expectSuccess(update);
    expect(statuses(update)[0]).toBe('backup: succeeded');
    expect(upkept.recorded()).toEqual(['systemctl restart -- bank', 'systemctl reload -- nginx']);
    const files = () => ['dependencies', 'static'].map(name => readFileSync(upkept.place(name), 'utf8').trim());
    expect(files()).toEqual(['two', 'two']);

    // a release that fails its checks: the proxy is not reloaded, and it is not remembered as a good one
    upkept.release('broken');
    upkept.forget();
    const broken = await upkept.runs('update-application', ...onApp, '--confirm', 'application on app1');
    expect(broken.code).toBe(1);
    expect(statuses(broken).filter(line => line.endsWith('failed'))).toEqual(['check: grep --quiet --invert-match: failed']);
    expect(upkept.recorded()).toEqual(['systemctl restart -- bank']);
    expect(files()).toEqual(['broken', 'broken']);

    expectSuccess(await upkept.runs('roll-back-application', ...onApp, '--confirm', 'application on app1'));
    expect([readFileSync(upkept.place('checkout', 'version'), 'utf8'), files()[1]]).toEqual(['two\n', 'two']);
    // the next update goes forward again
    const behind = execFileSync('git', ['-C', upkept.place('checkout'), 'rev-list', '--count', 'HEAD..@{upstream}'], { encoding: 'utf8' });
    expect(behind).toBe('1\n');
  });

  test('D38 a security update: simulated first, security alone, restart told, health and check --deploy before the next host', async () => {
    upkept.forget();
    const look = await upkept.runs('check-security-updates', ...onApp);
    expect(upkept.recorded()).toEqual([
      'apt-get --quiet update',
      'apt-get --simulate --quiet upgrade',
      'unattended-upgrade --dry-run --verbose',
    ]);
    expect(said(look, 'restart needed')).toMatch(/restart/);
    upkept.forget();
    const update = await upkept.runs('security-update', ...onApp, '--confirm', 'packages of app1');
    expectSuccess(update);
    expect(upkept.recorded()).toEqual([
      'apt-get --quiet update', 'apt-get --simulate --quiet upgrade', 'unattended-upgrade --dry-run --verbose', 'unattended-upgrade --verbose',
    ]); // prettier-ignore
    expect(statuses(update).slice(-4)).toEqual(
      ['healthy, 1 of 3', 'healthy, 2 of 3', 'healthy, 3 of 3', 'check: grep --quiet --invert-match'].map(title => `${title}: succeeded`),
    );
  });

  test('H4 certificates: rehearsed, renewed, copied with owner and mode kept, proxy reloaded, days left told; too few days fail', async () => {
    upkept.forget();
    writeFileSync(upkept.place('served', 'cert.pem'), 'old', { mode: 0o640 });
    const renewed = await upkept.runs('renew-certificates', ...onApp, '--confirm', 'certificates of app1');
    expectSuccess(renewed);
    expect(upkept.recorded()).toEqual([
      'certbot renew --dry-run --non-interactive',
      'certbot renew --non-interactive',
      'systemctl reload -- nginx',
    ]);
    expect(readFileSync(upkept.place('served', 'cert.pem'), 'utf8')).toBe(readFileSync(upkept.place('live', 'cert.pem'), 'utf8'));
    expect(statSync(upkept.place('served', 'cert.pem')).mode & 0o777).toBe(0o640);
    expect(said(renewed, 'days left')).toMatch(/(59|60) days left/);

    const soon = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '5',
      '-subj',
      '/CN=bank.example',
    ];
    execFileSync('openssl', [...soon, '-keyout', upkept.place('live', 'key.pem'), '-out', upkept.place('served', 'cert.pem')], {
      stdio: 'ignore',
    });
    const days = await upkept.runs('certificate-days', ...onApp);
    expect([days.code, said(days, 'days left')]).toEqual([1, expect.stringMatching(/[45] days left/)]);
  });

  test.skipIf(whyNoRotation !== undefined)(
    'D29, H20 log rotation is installed once logrotate has read it, and rotates: daily, 30, compressed, 644, reload',
    async () => {
      upkept.forget();
      mkdirSync(upkept.place('logs'), { recursive: true });
      const log = upkept.place('logs', 'app.log');
      expectSuccess(await upkept.runs('install-log-rotation', ...onApp, '--name', 'bank', '--confirm', 'rotation bank on app1'));
      const part = readFileSync(upkept.place('rotations', 'bank'), 'utf8');
      expect(part).toBe(
        `"${log}"\n{\n  daily\n  rotate 30\n  compress\n  delaycompress\n  missingok\n  notifempty\n  create 0644\n  sharedscripts\n` +
          '  postrotate\n    systemctl reload -- bank\n  endscript\n}\n',
      );
      for (const day of ['one', 'two']) {
        writeFileSync(log, `${day}\n`, { mode: 0o600 });
        expectSuccess(await upkept.runs('rotate-logs', ...onApp, '--name', 'bank', '--confirm', 'rotation bank on app1'));
      }
      expect(readdirSync(upkept.place('logs')).toSorted()).toEqual(['app.log', 'app.log.1', 'app.log.2.gz']);
      expect([readFileSync(`${log}.1`, 'utf8'), statSync(log).mode & 0o777]).toEqual(['two\n', 0o644]);
      expect(upkept.recorded()).toEqual(['systemctl reload -- bank', 'systemctl reload -- bank']);
    },
  );

  test('D30 the last 20 lines with ERROR, the last 20 with SECURITY, and the transactions of today, of several hosts and logs', async () => {
    const log = upkept.place('logs', 'app.log');
    const today = await bank.value('SELECT bank.business_day()::text');
    const day = new Date(`${today}T12:00:00Z`).toISOString().slice(0, 10);
    writeFileSync(log, Array.from({ length: 60 }, (_, n) => `${n < 30 ? '2020-01-01' : day} ${['INFO', 'ERROR', 'SECURITY'][n % 3]} transaction ${n}\n`).join(''));
    for (const level of ['ERROR', 'SECURITY']) {
      const found = await upkept.runs('search-log', ...onApp, '--file', log, '--level', level, '--last', '20');
      const lines = said(found, 'search').trimEnd().split('\n').slice(1);
      expect([found.code, lines.length, lines.every(line => line.includes(` ${level} `))]).toEqual([0, 20, true]);
    }
    const ofToday = await upkept.runs('search-log', ...onApp, '--file', log, '--words', 'transaction', '--today');
    expect(said(ofToday, 'search').trimEnd().split('\n').slice(1).map(line => line.slice(0, 10))).toEqual(Array.from({ length: 30 }, () => day));
    const none = await upkept.runs('search-log', ...onApp, '--file', log, '--words', 'never said');
    expect([none.code, said(none, 'search')]).toEqual([0, `== ${log}\nnothing was found\n`]);
  }); // prettier-ignore

  test('of several hosts the first is worked on whole, and then there is a pause', async () => {
    const asked = await upkept.bursar('runs', 'certificate-days', '--hosts', 'app2,app1', '--note', 'asked for by a test', '--yes');
    const [, run = ''] = /run (\d+)/.exec(asked.stdout) ?? [];
    const steps = await bank.rows(
      'SELECT h.name, s.pause_after FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id JOIN ops.host h ON h.id = s.host_id WHERE r.number = $1 ORDER BY s.position',
      [run],
    );
    expect(steps).toEqual([
      { name: 'app2', pause_after: true },
      { name: 'app1', pause_after: false },
    ]);
    expect((await upkept.bursar('runs', 'abort', run, '--note', 'was only looked at', '--yes')).code).toBe(0);
  });
});
