import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { aGuideBank, goTo, type GuideBank } from '../../support/guide-bank.ts';
import { program } from '../../support/program.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

test('a daemon does what is asked for and what is due, a line each, until SIGTERM; an open console shows it', async () => {
  await using console = await bank.screen('schedule');
  await goTo(console, 'schedule name=audit-verify');
  await bank.bursar('schedule', 'run-now', 'audit-verify', '--note', 'asked for by a test', '--yes');
  await bank.bursar('schedule', 'run-now', 'ledger', '--note', 'asked for by a test', '--yes');
  const { PATH = '' } = process.env;
  const env = { PATH, LANG: 'C.UTF-8', BURSAR_HOME: aCommandHome(), DATABASE_URL: bank.url, BURSAR_TRAFFIC: '0' };
  const child = spawn(process.execPath, [program, 'daemon'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  try {
    await vi.waitUntil(() => /ledger of .* UTC succeeded/.test(said) && /audit-verify of .* UTC succeeded/.test(said), { timeout: 40_000 });
    expect(said).toMatch(/^audit-verify of \S+ \S+ UTC succeeded: [\d,]+ rows, unbroken/m);
    expect(told).toContain('the daemon works for demo');
    await console.sees(/succeeded in \d s for demo by demo,/);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
});

test('a daemon whose login has ended says what is needed, and ends', async () => {
  const bursar = aCommand({ url: bank.url, environment: { BURSAR_TRAFFIC: '0' } });
  const live = `SELECT count(*)::int FROM ops.operator_session WHERE revoked_at IS NULL AND operator_id = (SELECT id FROM ops.operator WHERE name = 'demo')`;
  const before = Number(await bank.value(live));
  const ended = bursar('daemon');
  await vi.waitUntil(async () => Number(await bank.value(live)) > before, { timeout: 60_000 });
  await bank.rows(
    `UPDATE ops.operator_session SET revoked_at = clock_timestamp() WHERE id = (SELECT id FROM ops.operator_session ORDER BY number DESC LIMIT 1)`,
  );
  expect(await ended).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('sign in with "bursar login NAME" and start it again') as string,
  });
});

test('without a permission or with words there is no daemon', async () => {
  expect(await bank.tries('daemon', 'now')).toMatchObject({ code: 2 });
  expect(await bank.tries('--as', 'viewer', 'daemon')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('schedule.run') as string,
  });
  expect(await bank.tries('--read-only', 'daemon')).toMatchObject({ code: 3 });
});
