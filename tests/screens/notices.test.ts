import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
let number = '';
beforeAll(async () => {
  bank = await aGuideBank();
  // What a bank without a demo marker would have; the demo keeps its own
  await bank.rows(
    `WITH quiet AS (SELECT set_config('session_replication_role', 'replica', false))
     INSERT INTO ops.notice (id, template, channel, recipient, subject, body, about_entity, about_id, created_by, created_at, due_at, request_id, status, attempts, last_error, secret_expires_at)
     SELECT n.id::uuid, n.template, 'email', n.recipient, n.subject, n.body, 'user', '7', 1, '2026-11-20 09:00Z', '2026-11-20 11:00Z', $3::uuid, 'dead', 8, 'the mail server cannot be reached', n.expires
       FROM quiet, (VALUES ($1, 'role-changed', 'grace@mail.example', 'Your role was changed', E'What you may do was changed.\\n', NULL::timestamptz),
                           ($2, 'password-reset', 'ada@mail.example', 'Choose a new password', E'A new password was asked for.\\n\\n  {secret}\\n\\nGive it to nobody.\\n', '2026-11-20 10:00Z'))
         AS n(id, template, recipient, subject, body, expires)`,
    [randomUUID(), randomUUID(), randomUUID()],
  );
  number = await bank.value(`SELECT number FROM ops.notice WHERE recipient = 'grace@mail.example'`);
});
afterAll(() => bank[Symbol.asyncDispose]());

const statusOf = (recipient: string) => bank.value('SELECT status FROM ops.notice WHERE recipient = $1', [recipient]);

test('the outbox shows what was told to whom, and a notice what it says, without its link', async () => {
  await using console = await bank.screen('notices', [80, 24]);
  await goTo(console, 'notices status=dead');
  await console.sees('grace@mail.example', 'ada@mail.example', 'dead');
  await goTo(console, 'notices recipient=ada@mail.example');
  await console.sees('1 of 1');
  await console.press('d');
  await console.sees('Choose a new password', '(secret, not shown)', 'the mail server cannot be reached', 'user 7');
  expect(console.frame()).not.toContain('{secret}');
});

test('what was given up is tried again, at the screen and by command', async () => {
  await using console = await bank.screen('notices');
  await goTo(console, 'notices recipient=grace@mail.example');
  await console.sees('1 of 1');
  await console.press('x', 't');
  await console.fill({ note: 'the mail server is mended' });
  await console.sees('it was tried 8 times, at last: the mail server cannot be reached');
  await console.confirm();
  await console.sees('[ok]');
  expect(await bank.rows(`SELECT status, attempts, forgiven FROM ops.notice WHERE number = $1`, [number])).toEqual([
    { status: 'waiting', attempts: 8, forgiven: 8 },
  ]);

  const again = await bank.tries('notices', 'retry', number, '--note', 'the mail server is mended', '--yes');
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining(`notice ${number} is waiting`) as string });
  const gone = await bank.value(`SELECT number FROM ops.notice WHERE recipient = 'ada@mail.example'`);
  const refused = await bank.tries('notices', 'retry', gone, '--note', 'the mail server is mended', '--yes');
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('its link or code is gone: make a new one') as string });
  expect(await statusOf('ada@mail.example')).toBe('dead');
});

test('one that shall not be sent is cancelled, with a note, and stays so', async () => {
  expect(await bank.bursar('notices', 'cancel', number, '--note', 'it was told by telephone', '--yes')).toContain(
    `cancelled notice ${number}`,
  );
  expect(await statusOf('grace@mail.example')).toBe('cancelled');
  expect(await bank.trail('notice', number)).toMatchObject([
    { action: 'notices.retry', outcome: 'success' },
    { action: 'notices.retry', outcome: 'refused' },
    {
      action: 'notices.cancel',
      outcome: 'success',
      note: 'it was told by telephone',
      old: { status: 'waiting' },
      new: { status: 'cancelled' },
    },
  ]);
});

test('the demo keeps its notices, sends none, and says so', async () => {
  const listed = JSON.parse(await bank.bursar('notices', 'list', '--filter', 'status=kept', '--json')) as {
    rows: readonly Record<string, unknown>[];
  };
  expect(listed.rows.length).toBeGreaterThan(3);
  const sent = await bank.tries('notices', 'send');
  expect(sent.code).toBe(3);
  expect(sent.stderr).toContain('a demo sends nothing');
});
