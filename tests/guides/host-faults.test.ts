import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { flows } from '../../src/domain/flow.ts';
import { resources } from '../../src/resources/registry.ts';
import { aGuideBank, arrive, goTo, type GuideBank } from '../support/guide-bank.ts';

vi.setConfig({ testTimeout: 120_000 });

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
  for (const name of ['app1', 'db1'])
    await bank.rows(
      `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))
       INSERT INTO ops.host (name, address, username, fingerprint, environment, pinned_by, added_by) SELECT $1, 'host.example', 'deploy', 'SHA256:' || repeat('A', 43), 'test', 1, 1 FROM off`,
      [name],
    );
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'customers cannot sign in';
const begin = async (flow: string, about: string): Promise<string> => {
  await bank.bursar('flows', 'begin', '--flow', flow, '--about', about, '--note', note, '--yes');
  return bank.value('SELECT max(id) FROM ops.flow');
};

test('H25, A31 a service that fails as a walkthrough: status, log, host, variables, migrations, restart; each runbook one key away, ticked by its run', async () => {
  await using console = await bank.screen('flows');
  await console.press('x', 'n');
  await console.fill({ flow: 'service-fault', about: 'app1', note });
  await console.sees('Service fault about app1: 7 steps', '1. What systemd says of the service');
  await console.confirm();
  await console.sees('[ok] began walkthrough #1');
  await goTo(console, 'flow-steps flow=1');
  await console.sees('[ ] What systemd says of the service', 'x t');
  await console.press('x');
  await console.sees('Service status');
  await console.seesNo('Deactivate user');
  await console.press('t');
  // the host is filled in
  await console.fill({ service: 'bank', note });
  await console.sees('app1: systemctl status');
  await console.confirm();
  await console.sees('[ok] queued run', '[x] What systemd says of the service');

  // by command, and by whoever asks for it; a run on another host ticks nothing
  await bank.bursar('runs', 'host-report', '--hosts', 'db1', '--note', note, '--yes');
  expect(await bank.bursar('flow-steps', 'show', '103')).toContain('bursar runs host-report --hosts app1');
  expect(await bank.bursar('flow-steps', 'list', 'flow=1', 'state=open', '--json')).toContain('Is the host itself well');
  await bank.bursar('runs', 'host-report', '--hosts', 'app1', '--note', note, '--yes');
  await bank.bursar('flow-steps', 'settle', '107', '--note', 'well since half an hour', '--yes');
  const states = [...(await bank.bursar('flow-steps', 'list', 'flow=1', '--json')).matchAll(/"state":\s*"([a-z ]+)"/g)].map(
    ([, state]) => state,
  );
  expect(states).toEqual(['done', 'to do', 'done', 'to do', 'to do', 'to do', 'noted']);
  expect(await bank.bursar('flows', 'close', '1', '--findings', 'the disk was full, freed', '--dry-run')).toContain(
    'left undone: 2. Errors of its log',
  );
});

test('H25, A31 every fault of the guides has its walkthrough, whose keys lead to runbooks and panes that exist', async () => {
  const steps = resources.find(({ id }) => id === 'flow-steps');
  const about = flows.filter(flow => flow.about === 'host');
  expect(about.map(({ id }) => id)).toEqual(['service-fault', 'database-fault', 'mail-fault', 'slowness', 'memory', 'jobs-fault', 'full-recovery']);
  const [host] = await bank.rows(`SELECT id FROM ops.host WHERE name = 'db1'`);
  const standing = { id: host?.['id'] as bigint, name: 'db1', status: 'up', sessions: 0, address: null, blocked: false, grant: null, developer: false };
  for (const { acts = [], look, id } of about.flatMap(flow => flow.steps)) {
    for (const { key, action } of acts) expect([key, steps?.actions[key]?.action]).toEqual([key, action]);
    const there = look?.(standing);
    const leads = there === undefined ? acts.length > 0 : resources.some(pane => pane.id === there.resource);
    expect([id, leads]).toEqual([id, true]);
  }
  for (const flow of ['database-fault', 'mail-fault', 'slowness', 'memory', 'jobs-fault']) {
    const number = await begin(flow, 'db1');
    for (const line of (await bank.bursar('flows', 'show', number)).matchAll(/bursar ([a-z-]+) list ?([^\n│|]*)/g))
      await bank.bursar(line[1] ?? '', 'list', ...(line[2] ?? '').trim().split(' ').filter(word => word !== ''), '--json');
  }
}); // prettier-ignore

test('D34 a full recovery as a walkthrough: environment, code, database, media, start, each by its runbook, and nothing is forgotten when it is closed', async () => {
  const number = await begin('full-recovery', 'db1');
  const shown = await bank.bursar('flows', 'show', number);
  const order = ['host-report', 'backups list', 'validate-environment', 'update-application', 'restore', 'show-migrations', 'deploy-platform', 'certificate-days', 'verify-service-token', 'backup --host'];
  const places = order.map(words => shown.indexOf(words));
  expect([places.includes(-1), places]).toEqual([false, places.toSorted((a, b) => a - b)]);
  await using console = await bank.screen('hosts');
  await goTo(console, `flow-steps flow=${number}`);
  await arrive(console, 'flow-steps');
  await console.press('x');
  await console.sees('Host report');
  await console.press('h');
  await console.fill({ note });
  await console.confirm();
  await console.sees('[ok] queued run', '[x] Is the new host as it should be');
  const left = await bank.bursar('flows', 'close', number, '--findings', 'only rehearsed, the host is well', '--dry-run');
  expect(left).toContain('left undone: 5. Restore the database');
}); // prettier-ignore
