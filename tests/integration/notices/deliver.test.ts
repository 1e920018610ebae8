import { expect, test } from 'vitest';
import { renderNotice, type NoticeChannel } from '../../../src/domain/notice.ts';
import type { Channel, Delivered, OutgoingNotice } from '../../../src/notices/channel.ts';
import { commandChannel } from '../../../src/notices/channels/command.ts';
import { smtpChannel } from '../../../src/notices/channels/smtp.ts';
import type { Claimed, Outbox } from '../../../src/kit/outbox.ts';
import { deliverDue, keepDelivering, leaseSeconds } from '../../../src/notices/deliver.ts';
import { answer, bodyOf, headerOf, startMailServer, type MailServerWishes } from '../../support/mail-server.ts';
import { aClock, memoryOutbox } from '../../support/memory-outbox.ts';
import { aSecret, link } from '../../support/notices.ts';

const never = new AbortController().signal;
const at = new Date('2026-11-21T06:59:00Z');

const waiting = (id: string, changes: Partial<Claimed> = {}): Omit<Claimed, 'attempt' | 'claim'> => ({
  id,
  channel: 'email',
  to: 'ada@mail.example',
  template: 'account-frozen',
  ...renderNotice('account-frozen', { name: 'Ada Byron', account: '447100930012', at }),
  secret: undefined,
  createdAt: at,
  ...changes,
});
const aReset = (id: string, secret: string | undefined = link): Omit<Claimed, 'attempt' | 'claim'> =>
  waiting(id, { template: 'password-reset', ...renderNotice('password-reset', { name: 'Ada Byron', expires: at }), secret });

const mailTo = (port: number): Channel =>
  smtpChannel({ url: `smtp://127.0.0.1:${port}`, from: 'bank@mail.example' }, { password: aSecret() });
const only = (channel: Channel): ReadonlyMap<NoticeChannel, Channel> => new Map([[channel.name, channel]]);
const mailServer = async (wishes?: MailServerWishes) => {
  const server = await startMailServer(wishes);
  return { ...server, channels: only(mailTo(server.port)), ids: () => server.mails.map(({ raw }) => headerOf(raw, 'Message-ID')) };
};

test('what is due is sent, once each, also by two consoles at the same time', async () => {
  await using server = await mailServer();
  const clock = aClock();
  const ids = Array.from({ length: 30 }, (_, index) => `n-${index}`);
  const outbox = memoryOutbox(clock, ...ids.map(id => waiting(id)));
  const console = () => deliverDue(outbox, server.channels, { signal: never, now: clock.now });
  const counts = await Promise.all([console(), console()]);
  expect(counts.reduce((sum, { sent }) => sum + sent, 0)).toBe(30);
  expect(server.mails).toHaveLength(30);
  expect(new Set(server.ids())).toEqual(new Set(ids.map(id => `<${id}@bursar>`)));
  expect(await console()).toEqual({ sent: 0, failed: 0, dead: 0 });
});

test('a greylisted reset link arrives at the second attempt, and stands nowhere but in the mail', async () => {
  let patience = 1;
  await using server = await mailServer({
    judge: stage => (stage === 'recipient' && patience-- > 0 ? answer(451, '4.7.1 greylisted') : undefined),
  });
  const clock = aClock();
  const outbox = memoryOutbox(clock, aReset('r-1'));
  const deliver = () => deliverDue(outbox, server.channels, { signal: never, now: clock.now, random: () => 0.5 });
  expect(await deliver()).toEqual({ sent: 0, failed: 1, dead: 0 });
  expect(outbox.row('r-1').results).toEqual([
    { state: 'failed', error: 'the mail server answered 451 4.7.1 to RCPT TO', retryAt: new Date('2026-11-21T07:01:00Z') },
  ]);
  clock.pass(59);
  expect(await deliver()).toEqual({ sent: 0, failed: 0, dead: 0 });
  clock.pass(1);
  expect(await deliver()).toEqual({ sent: 1, failed: 0, dead: 0 });
  expect(bodyOf(server.mails[0]!.raw)).toContain(`\n  ${link}\n`);
  expect(outbox.stored()).not.toContain(link);
  expect(outbox.stored()).toContain('{secret}');
});

test('5xx is dead at once; a server that is away is tried eight times within about two hours', async () => {
  const clock = aClock();
  const outbox = memoryOutbox(clock, waiting('refused'), waiting('greylisted', { to: 'grey@mail.example' }));
  await using server = await mailServer({
    judge: (stage, address) => (stage === 'recipient' ? answer(address.startsWith('grey') ? 450 : 550, 'no') : undefined),
  });
  for (let minutes = 0; minutes <= 130; minutes += 1) {
    await deliverDue(outbox, server.channels, { signal: never, now: clock.now, random: () => 0.5 });
    clock.pass(60);
  }
  expect(outbox.row('refused').results).toEqual([{ state: 'dead', error: 'the mail server answered 550 no to RCPT TO' }]);
  expect(outbox.row('greylisted').results.map(({ state }) => state)).toEqual([...Array<string>(7).fill('failed'), 'dead']);
});

test('a console that ends in the middle leaves the notice to the next: after the lease, under the same Message-ID', async () => {
  await using server = await mailServer();
  const clock = aClock();
  const outbox = memoryOutbox(clock, waiting('n-1'));
  const dying: Outbox = {
    ...outbox,
    settle: () => Promise.reject(new Error('the console is gone')),
  };
  await expect(deliverDue(dying, server.channels, { signal: never, now: clock.now })).rejects.toThrow('the console is gone');
  const next = () => deliverDue(outbox, server.channels, { signal: never, now: clock.now });
  clock.pass(leaseSeconds - 1);
  expect(await next()).toEqual({ sent: 0, failed: 0, dead: 0 });
  clock.pass(1);
  expect(await next()).toEqual({ sent: 1, failed: 0, dead: 0 });
  expect(server.ids()).toEqual(['<n-1@bursar>', '<n-1@bursar>']);
});

test('one that was asked to end settles nothing that it did not see to its end', async () => {
  const clock = aClock();
  const outbox = memoryOutbox(clock, waiting('n-1', { channel: 'command' }));
  const ending = new AbortController();
  const command = commandChannel({ program: '/bin/sleep', args: ['60'] }, { environment: process.env });
  const running = deliverDue(outbox, only(command), { signal: ending.signal, now: clock.now });
  await expect.poll(() => outbox.row('n-1').attempt).toBe(1);
  ending.abort();
  expect(await running).toEqual({ sent: 0, failed: 0, dead: 0 });
  expect(outbox.row('n-1')).toMatchObject({ state: 'waiting', results: [] });
});

test('a claim that outlived its lease does not overwrite what came after it', async () => {
  const clock = aClock();
  const outbox = memoryOutbox(clock, waiting('n-1'));
  const answers: ((delivered: Delivered) => void)[] = [];
  const slow: Channel = { name: 'email', deliver: () => new Promise(resolve => void answers.push(resolve)) };
  const first = deliverDue(outbox, only(slow), { signal: never, now: clock.now });
  await expect.poll(() => answers.length).toBe(1);
  clock.pass(leaseSeconds);
  const second = deliverDue(outbox, only(slow), { signal: never, now: clock.now });
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.({ ok: true, detail: '250' });
  await second;
  answers[0]?.({ ok: false, permanent: true, error: 'too late' });
  await first;
  expect(outbox.row('n-1')).toMatchObject({ state: 'sent', results: [{ state: 'sent', detail: '250' }] });
});

test('a link that is no longer valid, or a notice that ended every console, is given up unsent', async () => {
  await using server = await mailServer();
  const clock = aClock();
  const expired = { ...aReset('expired'), secret: undefined };
  const outbox = memoryOutbox(clock, expired, waiting('poison'));
  outbox.row('poison').attempt = 8;
  expect(await deliverDue(outbox, server.channels, { signal: never, now: clock.now })).toEqual({ sent: 0, failed: 0, dead: 2 });
  expect(outbox.row('expired').results).toEqual([{ state: 'dead', error: 'its link or code is no longer valid' }]);
  expect(outbox.row('poison').results).toEqual([{ state: 'dead', error: 'given up after 8 attempts without an answer' }]);
  expect(server.mails).toEqual([]);
});

test('only what a channel is set up for is claimed; without channels nothing is', async () => {
  await using server = await mailServer();
  const clock = aClock();
  const outbox = memoryOutbox(clock, waiting('hook', { channel: 'webhook' }), waiting('mail'));
  expect(await deliverDue(outbox, new Map(), { signal: never, now: clock.now })).toEqual({ sent: 0, failed: 0, dead: 0 });
  expect(outbox.row('mail').attempt).toBe(0);
  expect(await deliverDue(outbox, server.channels, { signal: never, now: clock.now })).toEqual({ sent: 1, failed: 0, dead: 0 });
  expect(outbox.row('hook')).toMatchObject({ attempt: 0, state: 'waiting' });
});

test('the loop outlives a database that is away, and ends with its console', async () => {
  const clock = aClock();
  const outbox = memoryOutbox(clock, waiting('n-1'));
  const seen: OutgoingNotice[] = [];
  const channel: Channel = {
    name: 'email',
    deliver: async notice => {
      seen.push(notice);
      return { ok: true, detail: '250' };
    },
  };
  let failures = 2;
  const shaky: Outbox = {
    ...outbox,
    claim: (limit, channels) => (failures-- > 0 ? Promise.reject(new Error('no database')) : outbox.claim(limit, channels)),
  };
  const troubles: unknown[] = [];
  const ending = new AbortController();
  const loop = keepDelivering(() => shaky, only(channel), {
    signal: ending.signal,
    now: clock.now,
    everyMs: 5,
    onError: error => void troubles.push(error),
  });
  await expect.poll(() => outbox.row('n-1').state).toBe('sent');
  ending.abort();
  await loop;
  // twice, told once
  expect(failures).toBeLessThan(0);
  expect(troubles.map(String)).toEqual(['Error: no database']);
  expect(seen).toHaveLength(1);
});
