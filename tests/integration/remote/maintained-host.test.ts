import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aCommand } from '../../support/command.ts';
import { aGuideBank, type GuideBank } from '../../support/guide-bank.ts';
import { aMaintainedHost, type MaintainedHost } from '../../support/maintained-host.ts';
import { plantRun } from '../../support/runs.ts';
import { whyNoSshServer } from '../../support/ssh-server.ts';

// each look at a run is a shell on the host, and a busy machine takes a second for one
vi.setConfig({ testTimeout: 120_000 });

describe.skipIf(whyNoSshServer !== undefined)('a host with bursar on it', () => {
  let bank: GuideBank;
  let host: MaintainedHost;
  beforeAll(async () => {
    bank = await aGuideBank();
    host = await aMaintainedHost({ url: bank.url, config: { platform: { service: 'bank' } } });
    await host.join(bank);
  });
  afterAll(async () => {
    await bank[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  test('runs find the program there, with the login of the owner and a configuration of its own', async () => {
    const run = await plantRun(
      bank,
      [{ words: ['bursar', '--version'] }, { words: ['bursar', 'audit', 'verify'] }].map(step => ({ ...step, host: 'db1' })),
    );
    expect(await aCommand({ url: bank.url, home: host.consoleHome })('runs', 'follow', run)).toMatchObject({ code: 0 });
    const steps = await bank.rows('SELECT tail FROM ops.run_step ORDER BY position');
    expect(steps.map(({ tail }) => tail)).toEqual([
      expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
      expect.stringContaining('rows') as string,
    ]);
  });
});
