import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCommand } from '../../support/command.ts';
import { askAndApprove, goTo, type GuideBank } from '../../support/guide-bank.ts';
import { aHostedBank, type HostedBank } from '../../support/hosted-bank.ts';
import { whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

const why = ['--note', 'the new server of the database', '--confirm', 'db1', '--yes'];

describe.skipIf(whyNoSshServer !== undefined)('the inventory of hosts', () => {
  let hosted: HostedBank;
  let bank: GuideBank;
  let server: SshServer;
  beforeAll(async () => {
    hosted = await aHostedBank();
    ({ bank, server } = hosted);
  });
  afterAll(() => hosted[Symbol.asyncDispose]());

  const bursar = (answers?: readonly string[]) =>
    aCommand({
      url: bank.url,
      home: hosted.home,
      environment: { BURSAR_REASON: 'hosts are looked after' },
      ...(answers ? { answers } : {}),
    });
  const place = () => [
    '--address',
    server.at.address,
    '--port',
    String(server.at.port),
    '--username',
    server.at.user,
    '--environment',
    'test',
  ];
  const stored = async () =>
    (await bank.rows(`SELECT fingerprint, state, latency_ms IS NOT NULL AS timed, version FROM ops.host WHERE name = 'db1'`))[0];

  test('shows the key of a new host and pins it after a yes; without a yes, or a terminal, nothing is added', async () => {
    expect(await bursar()('hosts', 'add', 'db1', ...place(), ...why)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nobody can compare the key') as string,
    });
    expect(await bursar(['n'])('hosts', 'add', 'db1', ...place(), ...why)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('was not confirmed') as string,
    });
    expect(await stored()).toBeUndefined();

    const added = await bursar(['y'])('hosts', 'add', 'db1', ...place(), ...why);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('added db1') as string });
    expect(added.stderr).toContain(`ssh-ed25519 ${server.fingerprint}`);
    expect(await stored()).toEqual({ fingerprint: server.fingerprint, state: 'not asked', timed: false, version: 0 });
    expect(server.log()).not.toContain('Accepted publickey');
  });

  test('asks hosts: with the pinned key they are up, with another nothing is sent; the new one is pinned by two', async () => {
    expect(await bursar()('hosts', 'ask')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^db1: up, answered in \d+ ms\n$/) as string,
    });
    expect(await stored()).toMatchObject({ state: 'up', timed: true, version: 0 });

    const changed = await server.changeKey();
    const told = await bursar()('hosts', 'ask', 'db1', '--json');
    expect([told.code, JSON.parse(told.stdout)]).toMatchObject([1, { ok: false, hosts: [{ host: 'db1', state: 'changed-key' }] }]);
    expect(server.log()).not.toContain('Accepted publickey');
    await using console = await bank.screen('hosts');
    await goTo(console, 'hosts name=db1');
    await console.sees('changed-key');
    await console.press('d');
    await console.sees('nothing is sent to it');

    const approved = await askAndApprove(
      bank,
      'hosts',
      'repin',
      'db1',
      '--fingerprint',
      changed,
      '--note',
      'installed anew this morning',
      '--confirm',
      'db1',
      '--yes',
    );
    expect(approved).toContain('pinned another key for db1');
    expect(await bursar()('hosts', 'ask', 'db1')).toMatchObject({ code: 0 });
    expect(await stored()).toMatchObject({ fingerprint: changed, state: 'up' });
  });

  test('who may only look asks no host; names that no host has are told', async () => {
    expect(await bursar()('--as', 'auditor', 'hosts', 'ask')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('host.use') as string,
    });
    expect(await bursar()('hosts', 'ask', 'db2')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('there is no host db2') as string,
    });
  });
});
